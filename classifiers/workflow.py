"""From pictures or a feature file to labels: what the commands share."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from classifiers.explanation import explain
from classifiers.guarantee import decide
from classifiers.table import TableError, check_provenance, groups_needed
from classifiers.tabular import TabularClassifier
from epic_features import Settings, dump
from epic_features.dumping import DumpReport
from epic_features.errors import SourceError

TRAINING_GROUPS = ("core", "cartoon", "quality", "exif", "layout", "texture")

Progress = Callable[[int, int], None]


def settings_of(model: TabularClassifier) -> Settings:
    """Return the settings with which a table for a model is extracted."""
    trained = model.provenance_.get("settings", {})
    known = {name: trained[name] for name in Settings.row_fields() if name in trained}
    groups = trained.get("groups") or groups_needed(model.encoder_.columns_used_)
    return Settings(**{**known, "groups": groups})


def read_features(path: str | os.PathLike[str]) -> pa.Table:
    """Read a feature table: a Parquet file, or the folder of a dump.

    Raises
    ------
    SourceError
        There is no such file, or it is not Parquet.
    """
    target = Path(path)
    parts = sorted(target.glob("part-*.parquet")) if target.is_dir() else [target]
    if not parts:
        raise SourceError(f"{target} holds no part-*.parquet; make one with `epic extract`")
    try:
        tables = [pq.read_table(part) for part in parts]
    except FileNotFoundError as error:
        raise SourceError(f"{target} does not exist; make it with `epic extract`") from error
    except (OSError, pa.ArrowInvalid) as error:
        raise SourceError(f"{target} is not a feature table in Parquet: {error}") from error
    return pa.concat_tables(tables).combine_chunks()


def extract_features(
    source: str,
    kept: Path,
    settings: Settings,
    *,
    whatsapp: bool = False,
    workers: int | None = None,
    on_progress: Progress | None = None,
) -> tuple[pa.Table, DumpReport | None]:
    """Return the features of a source; what a file or folder of features has is not done again.

    Parameters
    ----------
    source : str
        Folder, glob pattern or address of pictures.
    kept : Path
        A Parquet file that exists is read and nothing else is done. Any other path is the folder
        of a dump, which is begun, resumed or brought up to date.
    settings : Settings
        How to extract.
    whatsapp, workers, on_progress
        As for `epic_features.dump`.
    """
    if kept.is_file():
        return read_features(kept), None
    report = dump(
        source,
        kept,
        settings=settings,
        whatsapp=whatsapp,
        workers=workers,
        update=(kept / "dump.json").exists(),
        on_progress=on_progress,
    )
    return read_features(kept), report


def with_labels(
    table: pa.Table, labels: str | os.PathLike[str], columns: dict[str, str]
) -> tuple[pa.Table, dict[str, np.ndarray[Any, Any]]]:
    """Join a CSV file of labels to a feature table by path.

    Parameters
    ----------
    table : pyarrow.Table
        Feature rows.
    labels : path
        CSV with a column ``file`` or ``relative_path`` and the columns asked for.
    columns : dict of str to str
        Names of the CSV's columns by what they are: ``label``, and ``group`` or ``fold``.

    Returns
    -------
    table : pyarrow.Table
        The rows that have a label.
    found : dict of str to ndarray
        The columns by what they are.

    Raises
    ------
    SourceError
        The file can't be read or lacks a column.
    TableError
        No row has a label.
    """
    import pandas as pd

    try:
        sheet = pd.read_csv(labels, dtype=str, keep_default_na=False)
    except (OSError, ValueError) as error:
        raise SourceError(f"can't read the labels {labels}: {error}") from error
    key = "file" if "file" in sheet.columns else "relative_path"
    if missing := [name for name in (key, *columns.values()) if name not in sheet.columns]:
        raise SourceError(
            f"{labels} lacks the columns {', '.join(missing)}; it has {', '.join(sheet.columns)}"
        )
    sheet = sheet.drop_duplicates(key).set_index(key, drop=False)
    paths = table["relative_path"].to_pylist()
    joined = sheet.reindex(paths)
    label = joined[columns["label"]]
    known = (label.notna() & (label != "")).to_numpy()
    if not known.any():
        raise TableError(f"none of the {len(paths)} images has a label in {labels}")
    kept = table.filter(pa.array(known))
    return kept, {what: joined[name].to_numpy()[known] for what, name in columns.items()}


def folder_labels(table: pa.Table) -> tuple[pa.Table, dict[str, np.ndarray[Any, Any]]]:
    """Take the labels from the names of the folders.

    Raises
    ------
    TableError
        No image lies in the folder of a class.
    """
    known = pc.is_valid(table["class"])
    kept = table.filter(known)
    if not len(kept):
        raise TableError(
            "no image lies in a folder below the source; put the images of each class into a "
            "folder of its name, or give a CSV of labels"
        )
    return kept, {"label": np.asarray(kept["class"].cast(pa.string()).to_pylist(), dtype=object)}


def classify(model: TabularClassifier, table: pa.Table, *, reasons: bool = False) -> pa.Table:
    """Return the labels of a feature table.

    Returns
    -------
    pyarrow.Table
        ``file_name``, ``relative_path``, ``label`` (the likeliest class), ``decision`` (the class,
        or "unsure" where the guarantee forbids to act), ``confidence`` (of the label), one column
        ``p_<class>`` for each class and, when asked for, ``reasons``.
    """
    check_provenance(table, model.provenance_)
    probabilities = model.predict_proba(table)
    labels = model.classes_[probabilities.argmax(axis=1)]
    columns: dict[str, Any] = {
        "file_name": table["file_name"],
        "relative_path": table["relative_path"],
        "label": pa.array(labels.tolist(), pa.string()),
        "decision": pa.array(
            decide(probabilities, model.classes_, model.protect, model.guarantee_).tolist(),
            pa.string(),
        ),
        "confidence": pa.array(probabilities.max(axis=1), pa.float32()),
        **{
            f"p_{name}": pa.array(probabilities[:, index], pa.float32())
            for index, name in enumerate(model.classes_)
        },
    }
    if reasons:
        texts = [explanation.sentence() for explanation in explain(model, table)]
        columns["reasons"] = pa.array(texts, pa.string())
    return pa.table(columns)
