"""The feature rows of the images of a folder: from a file, or computed when there is none."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Collection, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from epic_features.cleaning.plan import on_disk
from epic_features.errors import SettingsError, SourceError
from epic_features.settings import CORE_GROUPS, Settings

if TYPE_CHECKING:
    import pandas as pd

Progress = Callable[[int, int], None]

ABSENT = ("", "nan", "NaN")
"""What a CSV file has where nothing is known: not NA or None, which are names of classes too."""


def images_below(folder: Path, root: Path) -> list[str]:
    """Return the paths of the images below a folder, relative to a root, as they are on disk.

    Raises
    ------
    SourceError
        There is none.
    """
    from epic_features.sources import local

    paths = [Path(path).relative_to(root).as_posix() for path in local.walk(folder)]
    if not paths or not folder.is_dir():
        raise SourceError(f"no image found in {folder}; check the path")
    return paths


def read_table(path: str | os.PathLike[str]) -> pd.DataFrame:
    """Read a table of features, findings or scores.

    Parameters
    ----------
    path : path
        A Parquet file, a folder of them (a dump), or a CSV file.

    Raises
    ------
    SourceError
        It can't be read, or has no column ``relative_path`` or ``path``.
    """
    import pyarrow as pa
    import pyarrow.dataset as ds

    from epic_features.frame import to_pandas

    place = Path(path).expanduser()
    try:
        if place.suffix.lower() == ".csv":
            table = _read_csv(place)
        else:
            parts = sorted(map(str, place.glob("part-*.parquet"))) if place.is_dir() else str(place)
            table = to_pandas(ds.dataset(parts, format="parquet").to_table())
    except (OSError, ValueError, pa.ArrowException) as error:
        raise SourceError(f"can't read the table {path}: {error}") from error
    if "relative_path" not in table and "path" not in table:
        raise SourceError(f"the table {path} has no column relative_path or path")
    return table


def _read_csv(path: Path) -> pd.DataFrame:
    """Read a CSV file; NA is nothing among numbers, and a name among texts."""
    import pandas as pd

    table = pd.read_csv(path)
    as_text = pd.read_csv(path, dtype=str, keep_default_na=False, na_values=ABSENT)
    for name in table:
        known = table[name].dropna()
        if not len(known) or any(isinstance(value, str) for value in known):
            table[name] = as_text[name]
    return table


def read_manifest(path: str | os.PathLike[str]) -> pd.DataFrame:
    """Read a CSV file as text; raises SourceError when it can't be."""
    import pandas as pd

    try:
        return pd.read_csv(path, dtype=str, keep_default_na=False, na_values=ABSENT)
    except (OSError, ValueError) as error:
        raise SourceError(f"can't read {path}: {error}") from error


def features_of(
    folder: Path,
    root: Path,
    *,
    features: pd.DataFrame | None = None,
    columns: Collection[str] = (),
    groups: Collection[str] = (),
    on_progress: Progress | None = None,
) -> pd.DataFrame:
    """Return the feature rows of the images below a folder.

    Parameters
    ----------
    folder, root : Path
        Images are taken from `folder`; paths are relative to `root`, a folder above it or itself.
    features : DataFrame, optional
        A table with ``relative_path`` (or ``path``) relative to `root` or to `folder`. Without it,
        the column groups that are needed are computed.
    columns : collection of str
        Columns that are needed; nothing is computed when they are none of the library's.
    groups : collection of str
        Column groups that are needed.
    on_progress : callable, optional
        Called while features are computed with the numbers of rows and of rejected images.

    Returns
    -------
    DataFrame
        One row per image, in the order of the folder, with its ``path`` below `root` as it is on
        disk; the other columns are null where `features` has no row.
    """
    import pandas as pd

    from epic_features.sources.names import printable

    paths = images_below(folder, root)
    if features is None:
        features = _computed(folder, root, columns, groups, on_progress)
    key = "relative_path" if "relative_path" in features else "path"
    known = features.drop_duplicates(key).set_index(key)
    below = "" if folder == root else folder.relative_to(root).as_posix() + "/"
    keys = [printable(path) for path in paths]
    if not known.index.isin(keys).any():
        keys = [name.removeprefix(printable(below)) for name in keys]
    rows = known.reindex(pd.Index(keys, dtype=object)).reset_index(drop=True)
    return rows.drop(columns=["path"], errors="ignore").assign(path=pd.Series(paths, dtype=object))


def labels_of(paths: Iterable[str]) -> list[str]:
    """Return the class of each path of a folder-per-class data set: its first folder, or empty."""
    from epic_features.sources.names import printable

    return [printable(path.partition("/")[0]) if "/" in path else "" for path in paths]


def locate(table: pd.DataFrame, root: Path) -> list[str]:
    """Return the paths of a table below a root, as they are on disk."""
    key = "relative_path" if "relative_path" in table else "path"
    return [on_disk(root, str(path)) for path in table[key]]


def groups_of(columns: Collection[str]) -> tuple[str, ...]:
    """Return the column groups that compute some columns.

    Raises
    ------
    SettingsError
        A column is none of the library's.
    """
    from epic_features.schema import CORE_COLUMNS, EXTRA_COLUMNS

    homes = {column.name: column.group for column in (*CORE_COLUMNS, *EXTRA_COLUMNS)}
    unknown = sorted(set(columns) - set(homes))
    if unknown:
        raise SettingsError(
            f"no column is called {unknown[0]!r}; give a table that has it with --features, or use "
            f"one of: {', '.join(homes)}"
        )
    return tuple(sorted({homes[name] for name in columns} - {"file"}))


def _computed(
    folder: Path,
    root: Path,
    columns: Collection[str],
    groups: Collection[str],
    on_progress: Progress | None,
) -> pd.DataFrame:
    from epic_features.dumping import dump

    needed = {*groups, *groups_of(columns)} or {CORE_GROUPS[0]}
    with tempfile.TemporaryDirectory(prefix="epic-") as place:
        target = Path(place, "features.parquet")
        settings = Settings(groups=tuple(needed))
        dump(folder, target, settings=settings, root=root, on_progress=on_progress)
        return read_table(target)
