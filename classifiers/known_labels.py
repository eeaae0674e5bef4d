"""The labels that pictures have already: from the names of their folders, or from a sheet."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from classifiers.table import TableError
from epic_features.cleaning.feature_tables import labels_of, read_manifest
from epic_features.errors import SourceError

if TYPE_CHECKING:
    import pandas as pd


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
            said.append(f"left out because they have no label: {self.absent} of {every} pictures")
        if self.unused:
            said.append(f"labels that name no picture: {self.unused}")
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
    labels = np.array(labels_of(paths), dtype=object)
    rows = np.flatnonzero(labels != "")
    if not len(rows):
        raise TableError(
            "no image lies in a folder below the source; put the images of each class into a "
            "folder of its name, or give a CSV of labels"
        )
    return KnownLabels(rows, {"label": labels[rows]}, absent=len(labels) - len(rows))


def read_sheet(path: str | os.PathLike[str], columns: Mapping[str, str]) -> pd.DataFrame:
    """Read what a CSV file says of pictures.

    Parameters
    ----------
    path : path
        CSV with a column ``file`` or ``relative_path`` and the columns asked for.
    columns : mapping of str to str
        Names of the CSV's columns by what they are: ``label``, and ``group`` or ``fold``.

    Returns
    -------
    pandas.DataFrame
        A row for each picture, by its path; the columns are named by what they are.

    Raises
    ------
    SourceError
        The file can't be read, lacks a column, or says different things of a picture.
    """
    import pandas as pd

    said = read_manifest(path).fillna("")
    key = "relative_path" if "relative_path" in said and "file" not in said else "file"
    if missing := [name for name in (key, *columns.values()) if name not in said.columns]:
        raise SourceError(
            f"{path} lacks the columns {', '.join(missing)}; it has {', '.join(said.columns)} "
            "(columns are separated by commas)"
        )
    said[key] = said[key].str.removeprefix("./")
    sheet = pd.DataFrame({what: said[name] for what, name in columns.items()})
    sheet = sheet.set_index(pd.Index(said[key], name=str(path)))
    sheet = sheet[~sheet.assign(path=sheet.index).duplicated()]
    if twice := sorted(set(sheet.index[sheet.index.duplicated()])):
        raise SourceError(
            f"{path} says different things of the same picture, such as {twice[0]} "
            f"({len(twice)} in all)"
        )
    return sheet


def sheet_labels(paths: Sequence[str], sheet: pd.DataFrame) -> KnownLabels:
    """Take the labels from what `read_sheet` returned.

    Parameters
    ----------
    paths : sequence of str
        Paths relative to the source.
    sheet : pandas.DataFrame
        A row for each picture, with the column ``label``.

    Raises
    ------
    TableError
        No picture has a label.
    """
    joined = sheet.reindex(list(paths))
    known = (joined["label"].notna() & (joined["label"] != "")).to_numpy()
    if not known.any():
        example = f", such as {paths[0]}," if len(paths) else ""
        theirs = f"; it names {sheet.index[0]}" if len(sheet) else ""
        raise TableError(
            f"none of the {len(paths)} images{example} has a label in {sheet.index.name}{theirs}"
        )
    found = {str(what): joined[what].to_numpy()[known] for what in joined}
    unused = len(sheet) - int(sheet.index.isin(paths).sum())
    return KnownLabels(np.flatnonzero(known), found, int((~known).sum()), unused)
