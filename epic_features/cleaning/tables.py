"""Tables of findings on disk, with the folder that their paths refer to."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from epic_features.errors import OutputError
from epic_features.sources.names import printable

if TYPE_CHECKING:
    import pandas as pd

ROOT_KEY = b"epic_features.root"


def write_table(
    table: pd.DataFrame,
    path: Path,
    root: str | os.PathLike[str] | None = None,
    *,
    overwrite: bool = False,
) -> None:
    """Write a table as CSV or Parquet; Parquet also holds the root of its paths.

    Raises
    ------
    OutputError
        The name ends neither in .csv nor in .parquet, the file exists, or it can't be written.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    check_output(path, overwrite=overwrite)
    text = table.assign(
        **{
            name: [printable(v) if isinstance(v, str) else v for v in table[name]]
            for name in ("path", "target")
            if name in table
        }
    )
    try:
        if path.suffix.lower() == ".csv":
            text.to_csv(path, index=False)
            return
        arrow = pa.Table.from_pandas(text, preserve_index=False)
        if root is not None:
            metadata = {**(arrow.schema.metadata or {}), ROOT_KEY: os.fsencode(root)}
            arrow = arrow.replace_schema_metadata(metadata)
        pq.write_table(arrow, path)
    except OSError as error:
        raise OutputError(f"can't write {path}: {error}") from error


def check_output(path: Path, *, overwrite: bool = False) -> None:
    """Refuse an output before any work is done; see `write_table`."""
    if path.suffix.lower() not in (".csv", ".parquet"):
        raise OutputError(f"{path}: the name must end in .csv or .parquet")
    check_new(path, overwrite=overwrite)


def check_new(path: Path, *, overwrite: bool = False) -> None:
    """Raise OutputError when a file is there already or its folder is not."""
    if path.exists() and not overwrite:
        raise OutputError(f"{path} exists; choose another path or give --overwrite")
    if not path.absolute().parent.is_dir():
        raise OutputError(f"the folder {path.parent} does not exist")


def root_in(path: Path) -> Path | None:
    """Return the root that `write_table` noted in a Parquet file; None when there is none."""
    noted = place_in(path)
    return Path(noted) if noted else None


def place_in(path: Path) -> str | None:
    """Return the same as it was noted: it may be the address of a folder on a server."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    if path.suffix.lower() != ".parquet" or path.is_dir():
        return None
    try:
        noted = (pq.read_schema(path).metadata or {}).get(ROOT_KEY)
    except (OSError, pa.ArrowException):
        return None
    return os.fsdecode(noted) if noted else None
