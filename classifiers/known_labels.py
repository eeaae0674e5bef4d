"""The labels that pictures have already: from the names of their folders, or from a sheet."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from classifiers.table import TableError
from epic_features.errors import SourceError


@dataclass(frozen=True)
class KnownLabels:
    """What is known of some pictures.

    Attributes
    ----------
    rows : ndarray of int, shape (n_known,)
        Positions of the pictures that have a label.
    columns : dict of str to ndarray of str, shape (n_known,)
        Their labels under ``label``, and what else was asked for.
    absent : int
        How many pictures have no label.
    unused : int
        How many labels name no picture.
    """

    rows: NDArray[np.intp]
    columns: dict[str, NDArray[Any]]
    absent: int
    unused: int = 0

    @property
    def labels(self) -> NDArray[Any]:
        """The labels, shape (n_known,)."""
        return self.columns["label"]

    def __str__(self) -> str:
        """Say what was left out; empty if nothing was."""
        said = []
        if self.absent:
            every = self.absent + len(self.rows)
            said.append(f"{self.absent} of {every} pictures have no label and are left out")
        if self.unused:
            said.append(f"{self.unused} labels name no picture")
        return "; ".join(said)


def folder_labels(paths: Sequence[str]) -> KnownLabels:
    """Take the labels from the first folder of each path.

    Parameters
    ----------
    paths : sequence of str
        Paths relative to the source, with "/" between their parts.

    Raises
    ------
    TableError
        No image lies in the folder of a class.
    """
    parts = [path.partition("/") for path in paths]
    rows = np.flatnonzero([bool(slash) for _, slash, _ in parts])
    if not len(rows):
        raise TableError(
            "no image lies in a folder below the source; put the images of each class into a "
            "folder of its name, or give a CSV of labels"
        )
    labels = np.array([parts[row][0] for row in rows], dtype=object)
    return KnownLabels(rows, {"label": labels}, absent=len(parts) - len(rows))


def sheet_labels(
    paths: Sequence[str], sheet: str | os.PathLike[str], columns: Mapping[str, str]
) -> KnownLabels:
    """Take the labels from a CSV file.

    Parameters
    ----------
    paths : sequence of str
        Paths relative to the source.
    sheet : path
        CSV with a column ``file`` or ``relative_path`` and the columns asked for.
    columns : mapping of str to str
        Names of the CSV's columns by what they are: ``label``, and ``group`` or ``fold``.

    Raises
    ------
    SourceError
        The file can't be read, lacks a column, or says different things of a picture.
    TableError
        No picture has a label.
    """
    import pandas as pd

    try:
        said = pd.read_csv(sheet, dtype=str, keep_default_na=False)
    except (OSError, ValueError) as error:
        raise SourceError(f"can't read the labels {sheet}: {error}") from error
    key = "relative_path" if "relative_path" in said and "file" not in said else "file"
    if missing := [name for name in (key, *columns.values()) if name not in said.columns]:
        raise SourceError(
            f"{sheet} lacks the columns {', '.join(missing)}; it has {', '.join(said.columns)} "
            "(columns are separated by commas)"
        )
    said[key] = said[key].str.removeprefix("./")
    said = said[[key, *dict.fromkeys(name for name in columns.values() if name != key)]]
    said = said.drop_duplicates()
    if twice := sorted(set(said[key][said[key].duplicated()])):
        raise SourceError(
            f"{sheet} says different things of the same picture, such as {twice[0]} "
            f"({len(twice)} in all)"
        )
    said = said.set_index(key, drop=False)
    joined = said.reindex(list(paths))
    label = joined[columns["label"]]
    known = (label.notna() & (label != "")).to_numpy()
    if not known.any():
        example = f", such as {paths[0]}," if len(paths) else ""
        theirs = f"; it names {said.index[0]}" if len(said) else ""
        raise TableError(f"none of the {len(paths)} images{example} has a label in {sheet}{theirs}")
    found = {what: joined[name].to_numpy()[known] for what, name in columns.items()}
    unused = len(said) - int(said.index.isin(paths).sum())
    return KnownLabels(np.flatnonzero(known), found, int((~known).sum()), unused)
