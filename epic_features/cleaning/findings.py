"""What a finder tells about a file, and the one table that all finders return."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

import pyarrow as pa

from epic_features.errors import SettingsError
from epic_features.frame import to_pandas

if TYPE_CHECKING:
    import pandas as pd

SUGGESTIONS = ("trash", "rename", "keep", "review")

FINDINGS: pa.Schema = pa.schema(
    [
        ("path", pa.string()),
        ("finder", pa.string()),
        ("kind", pa.string()),
        ("value", pa.float32()),
        ("group", pa.int32()),
        ("keep", pa.bool_()),
        ("suggestion", pa.string()),
        ("target", pa.string()),
        ("reason", pa.string()),
        ("class", pa.string()),
    ]
)
"""Columns of the table of `table_of`, one for each attribute of `Finding`."""


@dataclass(frozen=True)
class Finding:
    """One remark about one file.

    Attributes
    ----------
    path : str
        Path below the root with ``/``, written as the column ``relative_path`` of feature tables.
    finder : str
        ``"corrupt"``, ``"placeholders"`` or ``"duplicates"``.
    kind : str
        What it is, in the words of the finder.
    suggestion : str
        ``"trash"``, ``"rename"``, ``"keep"`` or ``"review"``; nothing is done by a finder.
    reason : str
        One line for people.
    value : float or None
        A figure of the finder, for sorting.
    group : int or None
        Number of the set of files that are copies of one another.
    keep : bool
        Whether this is the copy of its group to keep.
    target : str or None
        For ``"rename"``: the new path below the root.
    label : str or None
        Class of a folder-per-class data set; the column is called ``class``.
    """

    path: str
    finder: str
    kind: str
    suggestion: str
    reason: str
    value: float | None = None
    group: int | None = None
    keep: bool = False
    target: str | None = None
    label: str | None = None

    def __post_init__(self) -> None:
        if self.suggestion not in SUGGESTIONS:
            known = ", ".join(SUGGESTIONS)
            raise SettingsError(f"suggestion={self.suggestion!r} is not known; choose from {known}")


def table_of(findings: Iterable[Finding]) -> pd.DataFrame:
    """Return findings as a table with the columns of `FINDINGS`, in the order given."""
    rows = [asdict(finding) for finding in findings]
    for row in rows:
        row["class"] = row.pop("label")
    return to_pandas(pa.Table.from_pylist(rows, schema=FINDINGS))
