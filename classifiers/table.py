"""Reading columns of a feature table, whatever holds it, and checking that they fit a model."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable, Mapping, Sequence
from numbers import Real
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from epic_features.errors import EpicError, SettingsMismatch
from epic_features.extractor import METADATA_KEY
from epic_features.schema import CORE_COLUMNS, EXTRA_COLUMNS, Column
from epic_features.settings import (
    CORE_GROUPS,
    EMBEDDING_GROUP,
    EMBEDDING_ROLES,
    EXTRA_GROUPS,
    LIST_GROUPS,
    Settings,
)

if TYPE_CHECKING:
    import pandas as pd

Table: TypeAlias = "pd.DataFrame | pa.Table"

logger = logging.getLogger(__name__)

COLUMNS: Mapping[str, Column] = {column.name: column for column in (*CORE_COLUMNS, *EXTRA_COLUMNS)}

WORD_COLUMNS = ("en_words_segmented_and_lemmatized", "ar_words_lemmatized")
"""The lemmas of both languages."""

LIST_COLUMNS = {"embedding": "--embed NETWORK", "writing": "--groups core,writing"}
"""What a network makes of a picture, as a list of numbers: column, and option of `epic extract`."""

# A cut-off file gives a row or none; the row itself means the same. A network may lie elsewhere on
# another machine: it is told by its checksum.
_HARMLESS = frozenset({"allow_truncated", "groups", "embedding"})


class TableError(EpicError, ValueError):
    """What is given is no feature table, or it lacks a column, or has one of another type."""


def number_columns(table: Table, wanted: Iterable[str] | None = None) -> list[str]:
    """Return the number and yes/no columns of a table that the schema knows, in its order.

    Parameters
    ----------
    table : pandas.DataFrame or pyarrow.Table
        A feature table.
    wanted : iterable of str, optional
        Only these; all of them must be there.

    Raises
    ------
    TableError
        A column that was asked for is unknown or missing, or none of the core columns is there.
    """
    present = names_of(table)
    if wanted is not None:
        wanted = set(wanted)
        if unknown := sorted(wanted - set(COLUMNS)):
            raise TableError(f"no such columns: {', '.join(unknown)}; see docs/columns.md")
        if missing := sorted(wanted - present):
            raise TableError(_missing(missing))
        present = wanted
    elif not present & set(COLUMNS):
        raise TableError(
            "the table has none of the feature columns; make it with `epic extract` or "
            "epic_features.extract"
        )
    elif missing := sorted({c.name for c in CORE_COLUMNS if c.group != "file"} - present):
        raise TableError(_missing(missing))
    return [name for name, column in COLUMNS.items() if name in present and _is_number(column)]


def check_table(table: object) -> None:
    """Raise `TableError` for what is no table, such as an array or a single row of a frame."""
    if isinstance(table, pa.Table):
        return
    import pandas as pd

    if not isinstance(table, pd.DataFrame):
        raise TableError(
            f"a feature table is a pandas DataFrame or a pyarrow Table, not a "
            f"{type(table).__name__}; one row of a frame is a table as `frame.iloc[[0]]`"
        )


def names_of(table: Table) -> set[str]:
    """Return the names of the columns of a table."""
    check_table(table)
    return set(table.column_names if isinstance(table, pa.Table) else table.columns)


def without_record(table: Table) -> Table:
    """Return a table without ``attrs``, which pandas copies deeply with each column it gives."""
    check_table(table)
    if isinstance(table, pa.Table):
        return table
    bare = table.copy(deep=False)
    bare.attrs = {}
    return bare


def column_of(table: Table, name: str) -> NDArray[Any]:
    """Return one column: float64 with NaN for numbers, objects with None for texts and lists.

    Raises
    ------
    TableError
        The column is missing, or does not have the type of the schema; or there is no table.
    """
    check_table(table)
    try:
        values = table[name]
    except KeyError:
        raise TableError(_missing([name])) from None
    try:
        if _is_number(COLUMNS[name]):
            return _as_numbers(values)
        return _as_objects(values, list if pa.types.is_list(COLUMNS[name].type) else str)
    except (TypeError, ValueError, pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        raise TableError(
            f"column {name} should be {COLUMNS[name].type}, but {error}; make the table with "
            "`epic extract`"
        ) from error


def provenance_of(table: Table, used: Sequence[str] | None = None) -> dict[str, Any]:
    """Return version, settings and back ends a table was made with; empty when it does not say.

    Parameters
    ----------
    table : pandas.DataFrame or pyarrow.Table
        A feature table.
    used : sequence of str, optional
        Columns that matter; the column groups of the settings are then only theirs.

    Raises
    ------
    TableError
        It is no table, or what it says of itself is damaged.
    """
    check_table(table)
    if isinstance(table, pa.Table):
        record = _parsed((table.schema.metadata or {}).get(METADATA_KEY))
    else:
        record = table.attrs.get("provenance")
    if not _is_record(record := record or {}):
        raise TableError(
            "what the table says of how it was made is damaged; make it again with `epic extract`"
        )
    record = dict(record)
    if record and used is not None:
        settings = record.get("settings", {})
        needed = groups_needed(used)
        # A group that was not computed left nulls to learn from; it is not needed either.
        groups = [group for group in settings.get("groups", ()) if group in needed]
        record["settings"] = {**settings, "groups": groups}
        if "embedding" in settings and EMBEDDING_GROUP not in groups:
            record["settings"]["embedding"] = None
            used_too = [b for b in record.get("backends", ()) if b["role"] not in EMBEDDING_ROLES]
            record["backends"] = used_too
    return record


def _parsed(encoded: bytes | None) -> Any:
    """Return what a table says of itself; of what is no JSON the bytes."""
    try:
        return json.loads(encoded) if encoded else None
    except ValueError:
        return encoded


def _is_record(record: Any) -> bool:
    if not isinstance(record, Mapping):
        return False
    settings, backends = record.get("settings", {}), record.get("backends", [])
    return (
        isinstance(settings, Mapping)
        and isinstance(settings.get("groups", []), list | tuple)
        and isinstance(backends, list | tuple)
        and all(isinstance(backend, Mapping) and _is_backend(backend) for backend in backends)
    )


def _is_backend(backend: Mapping[str, Any]) -> bool:
    known = [backend.get(name) for name in ("role", "name")]
    rest = [backend.get(name) for name in ("version", "sha256")]
    return all(isinstance(text, str) for text in known) and all(
        text is None or isinstance(text, str) for text in rest
    )


def check_provenance(table: Table, trained: Mapping[str, Any]) -> None:
    """Refuse a table that was made in another way than the one a model was trained on.

    Parameters
    ----------
    table : pandas.DataFrame or pyarrow.Table
        The table to predict.
    trained : mapping
        What `provenance_of` returned for the training table. Without it, or when `table` does not
        say where it comes from, nothing can be compared; that is logged.

    Raises
    ------
    SettingsMismatch
        Naming every difference: a setting that changes rows, a column group that is missing,
        another major version of the columns, or an embedding by another network.
    TableError
        There is no table.
    """
    found = provenance_of(table)
    if not len(table):  # Nothing in it can be wrong.
        return
    if not found or not trained:
        logger.warning(
            "can't check the settings: the table or the model does not say with which it was made"
        )
        return
    differences = [
        *_version_differs(found, trained),
        *_settings_differ(found, trained),
        *embedding_differs(found, trained),
    ]
    if differences:
        raise SettingsMismatch(
            f"the table was not made like the one the model was trained on: "
            f"{'; '.join(differences)}. Extract it again with those settings, or train again"
        )
    for role, name in _backends(trained).items():
        if role in EMBEDDING_ROLES:
            continue
        other = _backends(found).get(role, name)
        # One and the same model file, told by its checksum, may be run by another library.
        if other.rsplit(" ", 1)[1] != name.rsplit(" ", 1)[1]:
            logger.warning("%s: the model was trained with %s, the table has %s", role, name, other)


def _version_differs(found: Mapping[str, Any], trained: Mapping[str, Any]) -> list[str]:
    ours, theirs = (str(p.get("version", "")).split(".")[0] for p in (trained, found))
    return [] if ours == theirs else [f"columns of version {theirs}, not {ours}"]


def _settings_differ(found: Mapping[str, Any], trained: Mapping[str, Any]) -> list[str]:
    ours, theirs = trained.get("settings", {}), found.get("settings", {})
    # A setting that a record lacks was not there to be chosen.
    pairs = {
        name: [side.get(name, getattr(Settings, name)) for side in (theirs, ours)]
        for name in Settings.row_fields()
        if name not in _HARMLESS
    }
    different = [
        f"{name}={their!r} instead of {our!r}"
        for name, (their, our) in pairs.items()
        if their != our
    ]
    missing = [g for g in ours.get("groups", ()) if g not in theirs.get("groups", ())]
    if missing:
        measured = [group for group in ours["groups"] if group != EMBEDDING_GROUP]
        options = [f"--groups {','.join(measured)}"] if measured else []
        if EMBEDDING_GROUP in ours["groups"]:
            options.append(f"--embed {ours['embedding']}")
        different.append(
            f"without the column groups {', '.join(missing)} (extract with `{' '.join(options)}`)"
        )
    return different


def embedding_differs(found: Mapping[str, Any], trained: Mapping[str, Any]) -> list[str]:
    """Tell in what the embedding of a table is another than the one that was trained with.

    Parameters
    ----------
    found, trained : mapping
        What `provenance_of` returned for the two tables.
    """
    if EMBEDDING_GROUP not in found.get("settings", {}).get("groups", ()):
        return []  # That is said with the other column groups.
    ours, theirs = _backends(trained), _backends(found)
    different = [
        f"{role} by {theirs.get(role, 'nothing known')} instead of {ours[role]}"
        for role in EMBEDDING_ROLES
        if role in ours and theirs.get(role) != ours[role]
    ]
    if different:
        different[-1] += f" (extract with `--embed {trained['settings']['embedding']}`)"
    return different


def _backends(record: Mapping[str, Any]) -> dict[str, str]:
    return {
        item["role"]: f"{item['name']} {(item.get('sha256') or item.get('version') or '')[:12]}"
        for item in record.get("backends", ())
    }


def groups_needed(columns: Sequence[str]) -> tuple[str, ...]:
    """Return the column groups that compute these columns."""
    groups = {COLUMNS[name].group for name in columns if name in COLUMNS}
    known = (*CORE_GROUPS, *EXTRA_GROUPS, *LIST_GROUPS)
    return tuple(group for group in known if group in groups)


def _is_number(column: Column) -> bool:
    kind = column.type
    return bool(
        pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_boolean(kind)
    )


def _as_numbers(values: pd.Series | pa.ChunkedArray) -> NDArray[np.float64]:
    import pandas as pd

    if isinstance(values, pa.ChunkedArray):
        return np.asarray(values.cast(pa.float64(), safe=False).to_numpy(), np.float64)
    if pd.api.types.is_numeric_dtype(values) or pd.api.types.is_bool_dtype(values):
        return np.asarray(values.to_numpy(np.float64, na_value=np.nan), np.float64)
    # Columns of a frame may have no type of their own: all null, or booleans and null.
    plain = values.astype(object).where(values.notna(), np.nan)
    if wrong := [value for value in plain if not isinstance(value, Real | np.bool_)]:
        raise TypeError(f"it holds a {type(wrong[0]).__name__}")
    return np.asarray(plain, np.float64)


def _as_objects(values: pd.Series | pa.ChunkedArray, kind: type) -> NDArray[np.object_]:
    items = values.to_pylist() if isinstance(values, pa.ChunkedArray) else values.tolist()
    result = np.empty(len(items), object)
    for index, item in enumerate(items):
        if isinstance(item, np.ndarray):
            item = item.tolist()
        if isinstance(item, kind):
            result[index] = item
        elif item is not None and not _is_missing(item):
            raise TypeError(f"row {index} holds a {type(item).__name__}")
    return result


def _is_missing(item: object) -> bool:
    import pandas as pd

    return pd.api.types.is_scalar(item) and bool(pd.isna(item))


def _missing(names: Sequence[str]) -> str:
    lacks = f"the table lacks {', '.join(names)}"
    needed = groups_needed(names)
    if not needed:
        return f"{lacks}; make it with `epic extract`"
    own = (*CORE_GROUPS, EMBEDDING_GROUP)
    options = [f"--groups {','.join(['core', *(g for g in needed if g not in own)])}"]
    if EMBEDDING_GROUP in needed:
        options.append(LIST_COLUMNS["embedding"])
    return f"{lacks}; extract it with `epic extract {' '.join(options)}`"
