"""Labels as they are given, checked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from classifiers.guarantee import UNSURE
from classifiers.table import TableError


def labels_of(y: ArrayLike, rows: int) -> NDArray[Any]:
    """Return labels as an array of texts or numbers.

    Raises
    ------
    TableError
        There are none, not one for every row, some are missing, or they are of several types.
    """
    import pandas as pd

    labels = pd.Series(np.asarray(y, dtype=object))
    if not rows or not len(labels):
        raise TableError("the table has no rows; there is nothing to train on")
    if len(labels) != rows:
        raise TableError(f"{len(labels)} labels for {rows} rows")
    if labels.isna().any():
        raise TableError(
            f"{int(labels.isna().sum())} of {rows} rows have no label; leave them out, or put "
            "every image into the folder of its class"
        )
    if labels.map(lambda label: isinstance(label, str)).all():
        return np.asarray(labels, dtype=str)
    kinds = {type(label) for label in labels}
    if len(kinds) > 1:
        names = ", ".join(sorted(kind.__name__ for kind in kinds))
        raise TableError(f"labels are of several types ({names}); give texts")
    return np.asarray(labels.tolist())


def check_classes(
    classes: NDArray[np.str_], counts: NDArray[np.intp], protect: Sequence[str]
) -> None:
    """Refuse classes that nothing can be learned of, and protected ones that are none.

    Raises
    ------
    TableError
        Saying which.
    """
    if len(classes) < 2:
        raise TableError(f"there is only the class {str(classes[0])!r}; at least two are needed")
    if (counts < 2).any():
        alone = ", ".join(map(str, classes[counts < 2]))
        raise TableError(f"only one image of: {alone}; a class needs at least two")
    if UNSURE in classes:
        raise TableError(f"a class can't be called {UNSURE!r}, which is an answer of `decide`")
    if set(classes) <= set(protect):
        raise TableError("every class is protected; there would be nothing to tell them from")
    if unknown := sorted(set(protect) - set(classes)):
        raise TableError(
            f"no images of the protected classes {', '.join(unknown)}; there are "
            f"{', '.join(classes)}"
        )


def row_weights(
    class_weight: str | Mapping[str, float] | None,
    classes: NDArray[Any],
    codes: NDArray[np.intp],
    sample_weight: ArrayLike | None,
) -> NDArray[np.float64]:
    """Return the weight of each row: that of its class, times its own.

    Raises
    ------
    TableError
        Those of the rows are wrong, or all weights are 0.
    """
    counts = np.bincount(codes, minlength=len(classes))
    if class_weight == "balanced":
        by_class = counts.sum() / (len(counts) * counts)
    elif isinstance(class_weight, Mapping):
        by_class = np.array([float(class_weight.get(name, 1.0)) for name in classes])
    else:
        by_class = np.ones(len(counts))
    weights: NDArray[np.float64] = by_class[codes]
    if sample_weight is not None:
        given = np.asarray(sample_weight, np.float64)
        if given.shape != weights.shape or not np.isfinite(given).all() or (given < 0).any():
            raise TableError("sample_weight must be one finite number >= 0 for every row")
        weights = weights * given
    if not weights.any():
        raise TableError("every row has the weight 0; there is nothing to train on")
    return weights


def check_weights(weights: NDArray[np.float64], fold: NDArray[np.intp]) -> None:
    """Raise `TableError` where all rows that a part of the training needs have the weight 0."""
    if not weights[fold >= 0].any():
        raise TableError("every row that is tested has the weight 0; there is nothing to judge by")
    for number in np.unique(fold[fold >= 0]):
        if not weights[(fold != number) & (fold >= 0)].any():
            raise TableError(
                f"every row that is tested outside of fold {number} has the weight 0; there is "
                "nothing to go by while it is held out"
            )
