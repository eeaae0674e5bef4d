"""Splitting rows so that what belongs together stays together."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from classifiers.table import TableError


def make_folds(
    codes: NDArray[np.intp], groups: ArrayLike | None, folds: int, random_state: int
) -> NDArray[np.intp]:
    """Return the fold of each row, shape (n,).

    Parameters
    ----------
    codes : ndarray of int, shape (n,)
        Index of the class of each row; the folds get similar shares of each class.
    groups : array, shape (n,), optional
        Rows of one group share a fold.
    folds : int
        How many; fewer when there are not as many groups, or images of the rarest class.
    random_state : int
        Seed of the shuffling.

    Raises
    ------
    TableError
        There is only one group, or one image of a class, or `groups` does not have one entry for
        every row.
    """
    from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold

    fold = np.zeros(len(codes), np.intp)
    if folds < 2:
        raise TableError(f"folds={folds}; at least 2 are needed")
    members = np.arange(len(codes)) if groups is None else np.asarray(groups)
    if members.shape != codes.shape:
        raise TableError(f"{len(members)} groups for {len(codes)} rows")
    sizes = np.bincount(codes)
    # Every class in every part when rows are alone; with groups that can't be had anyway.
    least = int(sizes[np.unique(codes)].min() if groups is None else sizes.max())
    count = min(folds, len(np.unique(members)), least)
    if count < 2:
        raise TableError(
            "all rows are of one group, or a class has a single image; there is nothing to test on"
        )
    if groups is None:
        splitter = StratifiedKFold(count, shuffle=True, random_state=random_state)
        parts = splitter.split(codes, codes)
    else:
        splitter = StratifiedGroupKFold(count, shuffle=True, random_state=random_state)
        parts = splitter.split(codes, codes, members)
    for number, (_, test) in enumerate(parts):
        fold[test] = number
    return fold


def given_folds(fold: ArrayLike, codes: NDArray[np.intp]) -> NDArray[np.intp]:
    """Return folds that somebody else made; -1 marks rows that are never tested.

    Raises
    ------
    TableError
        There is just one, or not one whole number for every row.
    """
    given = np.asarray(fold)
    if given.shape != codes.shape or not np.issubdtype(given.dtype, np.integer):
        raise TableError(f"fold must be one whole number for each of the {len(codes)} rows")
    if len(np.unique(given[given >= 0])) < 2:
        raise TableError("all rows are of one fold; there is nothing to test on")
    return given.astype(np.intp)


def stop_rows(
    codes: NDArray[np.intp],
    groups: ArrayLike | None,
    tested: NDArray[np.bool_],
    folds: int,
    random_state: int,
) -> NDArray[np.bool_] | None:
    """Choose the training rows that tell when to stop; None when there are too few.

    Parameters
    ----------
    codes, groups, folds, random_state
        As for `make_folds`.
    tested : ndarray of bool, shape (n,)
        Which rows are good enough to judge by.
    """
    try:
        stop = (make_folds(codes, groups, folds, random_state) == 0) & tested
    except TableError:
        return None
    enough = stop.any() and len(np.unique(codes[~stop])) == len(np.unique(codes))
    return stop if enough else None
