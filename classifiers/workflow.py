"""From pictures or a feature file to labels: what the commands share."""

from __future__ import annotations

import json
import logging
import os
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from classifiers.explanation import explain
from classifiers.fusion import FusionClassifier
from classifiers.guarantee import decide
from classifiers.rule import Rule
from classifiers.table import (
    check_provenance,
    column_of,
    groups_needed,
    names_of,
    provenance_of,
)
from classifiers.tabular import TabularClassifier
from epic_features import Settings, dump
from epic_features.dump_folder import MANIFEST
from epic_features.engines import make_engine
from epic_features.errors import SettingsError, SettingsMismatch, SourceError
from epic_features.extras.embedding import DEFAULT
from epic_features.settings import EMBEDDING_GROUP
from epic_features.sources import ImageLike, ImageReference, check_exists, references, shown

METADATA_GROUPS = ("core", "cartoon", "quality", "exif", "layout", "texture")

TRAINING = Settings(groups=(*METADATA_GROUPS, "writing"), embedding=DEFAULT)
"""How the pictures of a new model are looked at: with all that helps to tell classes apart."""

Progress = Callable[[int, int], None]

_TIME_LIMIT = 60.0

logger = logging.getLogger(__name__)


def settings_of(model: TabularClassifier | Rule) -> Settings:
    """Return the settings with which a table for a model is extracted."""
    trained = model.provenance_.get("settings", {})
    columns = model.columns if isinstance(model, Rule) else model.encoder_.columns_used_
    groups = trained.get("groups") or groups_needed(columns)
    return Settings.from_record({**trained, "groups": groups})


def new_model(table: pa.Table, protect: Sequence[str] = ()) -> TabularClassifier:
    """Return a model to be trained on a table, as the shipped ones are made.

    Parameters
    ----------
    table : pyarrow.Table
        Feature rows. Without the column ``embedding`` the model is of the other columns alone.
    protect : sequence of str
        Classes that must not be hidden.
    """
    if "embedding" in names_of(table):
        return FusionClassifier("product", protect=protect)
    return TabularClassifier(protect=protect)


def paths_of(source: str | os.PathLike[str]) -> list[str]:
    """Return the paths of the pictures of a source, as its feature table will have them.

    Raises
    ------
    SourceError
        There is no such source.
    """
    check_exists(source)
    return [reference.relative_path or "" for reference in references(source)]


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
    source: ImageLike | Sequence[ImageLike],
    kept: Path,
    settings: Settings,
    *,
    root: str | os.PathLike[str] | None = None,
    begin_anew: bool = False,
    whatsapp: bool = False,
    workers: int | None = None,
    on_progress: Progress | None = None,
) -> tuple[pa.Table, int]:
    """Return the features of a source; what was extracted before is not extracted again.

    Parameters
    ----------
    source : str or sequence of str
        Folder, glob pattern or address of pictures.
    kept : Path
        Of a Parquet file the rows of the pictures in the source are taken, and what it lacks is
        extracted with the settings of the file; the file stays as it is. Any other path is the
        folder of a dump, which is begun, resumed or brought up to date; one that was begun with
        more column groups keeps them.
    settings : Settings
        How to extract.
    begin_anew : bool
        Whether a folder that was begun with other settings is thrown away instead of refused.
    root, whatsapp, workers, on_progress
        As for `epic_features.dump`.

    Returns
    -------
    table : pyarrow.Table
        Feature rows.
    rejected : int
        How many pictures could not be read.

    Raises
    ------
    SourceError
        There is no such source, or none of its pictures is in the Parquet file.
    SettingsError
        The folder was begun with other settings.
    SettingsMismatch
        The embeddings in the Parquet file are of another network than the one of that name is now.
    """
    if kept.is_file():
        wanted = references(source, root, whatsapp)
        return _matched(shown(root or source), wanted, kept, workers, on_progress)
    extract = partial(
        dump,
        source,
        kept,
        settings=_settings_of_dump(kept, settings),
        root=root,
        whatsapp=whatsapp,
        workers=workers,
        on_progress=on_progress,
    )
    there = (kept / MANIFEST).exists()
    try:
        report = extract(update=there)
    except SettingsError as error:
        if not there:
            raise
        if not begin_anew:
            raise _other_features(kept, settings) or error from None
        report = extract(overwrite=True)
    return read_features(kept), len(report.rejected)


def _matched(
    source: str,
    listed: Iterable[ImageReference],
    file: Path,
    workers: int | None,
    on_progress: Progress | None,
) -> tuple[pa.Table, int]:
    """Take the rows of pictures from a file, and extract those it lacks."""
    table = read_features(file)
    if "relative_path" not in table.column_names:
        raise SourceError(f"{file} is not a feature table; make it with `epic extract`")
    wanted = {reference.relative_path: reference for reference in listed}
    paths = table["relative_path"].to_pylist()
    known = set(paths)
    if len(known) < len(paths):
        twice = next(path for path, count in Counter(paths).items() if count > 1)
        raise SourceError(f"{file} has more than one row of {twice}; make it with `epic extract`")
    found = table.filter(pc.is_in(table["relative_path"], pa.array(list(wanted), pa.string())))
    missing = [reference for path, reference in wanted.items() if path not in known]
    if not len(found):
        raise SourceError(
            f"none of the {len(wanted)} pictures of {source} is in {file}; give the source that it "
            "was extracted from, or a folder in which features are to be kept"
        )
    if not missing:
        return found, 0
    record = provenance_of(table)
    settings = Settings.from_record(record.get("settings", {}))
    _check_network(file, record, settings)
    rows = []
    for number, result in enumerate(
        make_engine("processes", workers=workers, time_limit=_TIME_LIMIT).run(missing, settings), 1
    ):
        rows += [result.row] if result.row is not None else []
        if on_progress:
            on_progress(len(found) + len(rows), number - len(rows))
    added = pa.Table.from_pylist(rows, schema=found.schema)
    return pa.concat_tables([found, added]).combine_chunks(), len(missing) - len(rows)


def _check_network(file: Path, record: Mapping[str, Any], settings: Settings) -> None:
    """Refuse to add to a file what another network than its own makes of pictures."""
    if settings.embedding is None:
        return
    from epic_features.extras.embedding import Embedder

    theirs = {item["role"]: item.get("sha256") for item in record.get("backends", ())}
    for backend in Embedder(settings.embedding, settings.model_dir).backends:
        if theirs.get(backend.role) != backend.sha256:
            raise SettingsMismatch(
                f"{file} lacks pictures of the source, and {settings.embedding} is not the network "
                f"any more that it was extracted with ({backend.role} by {backend.name} "
                f"{(backend.sha256 or '')[:12]} instead of {(theirs.get(backend.role) or '')[:12]})"
                "; extract it again"
            )


def _begun_with(folder: Path) -> Settings | None:
    """Return the settings that a dump was begun with."""
    try:
        there = json.loads((folder / MANIFEST).read_bytes())["settings"]
        return Settings.from_record(there)
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _other_features(folder: Path, settings: Settings) -> SettingsError | None:
    """Return an error that says which column groups a dump lacks, if it does."""
    theirs = _begun_with(folder)
    if theirs is None or not (lacking := set(settings.groups) - set(theirs.groups)):
        return None
    groups = [group for group in settings.groups if group != EMBEDDING_GROUP]
    network = f" --embed {settings.embedding}" if settings.embedding else ""
    return SettingsError(
        f"the features in {folder} lack the groups {', '.join(sorted(lacking))}; name another "
        "folder, which is then made, or make one for this and other models: epic extract SOURCE "
        f"-o FOLDER --groups {','.join(groups)}{network}"
    )


def _settings_of_dump(folder: Path, settings: Settings) -> Settings:
    """Return the settings a dump was begun with, when they do and more column groups are there."""
    theirs = _begun_with(folder)
    if theirs is None or not set(settings.groups) <= set(theirs.groups):
        return settings
    network = settings.embedding or theirs.embedding
    wider = replace(settings, groups=theirs.groups, embedding=network)
    here = {name: getattr(settings, name) for name in ("max_pixels", "max_bytes", "model_dir")}
    return wider if replace(theirs, **here) == wider else settings


def classify(
    model: TabularClassifier | Rule, table: pa.Table, *, reasons: bool = False
) -> pa.Table:
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
        "file_name": pa.array(column_of(table, "file_name"), pa.string()),
        "relative_path": pa.array(column_of(table, "relative_path"), pa.string()),
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
        columns["reasons"] = pa.array(_reasons(model, table), pa.string())
    return pa.table(columns)


def _reasons(model: TabularClassifier | Rule, table: pa.Table) -> list[str]:
    if isinstance(model, Rule):
        return model.reasons(table)
    return [explanation.sentence() for explanation in explain(model, table)]
