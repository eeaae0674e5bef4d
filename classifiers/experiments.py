"""Every variant of the seed's networks on the same folds, one at a time, resumably."""

from __future__ import annotations

import hashlib
import json
import logging
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from classifiers.folds import make_folds
from classifiers.known_labels import folder_labels, read_sheet, sheet_labels
from classifiers.pictures import load_pictures
from classifiers.variants import Variant
from epic_features.errors import OutputError, SourceError

if TYPE_CHECKING:
    pass

logger = logging.getLogger(__name__)

FOLDS = 5
DOUBTFUL = 0.9
"""A picture whose label is doubted this much is left out of cleaned data."""

Progress = Callable[[Variant, int, int, int], None]
"""Told of a variant, a fold, an epoch done and the most epochs."""


@dataclass(frozen=True)
class ExperimentData:
    """Pictures, what is known about them, and how they are divided.

    Attributes
    ----------
    root : Path
        Folder of the pictures.
    paths : ndarray of str, shape (n,)
        Relative to the root.
    pixels : ndarray of uint8, shape (n, side, side, 3)
        Squares.
    labels : ndarray of str, shape (n,)
        Classes.
    groups : ndarray or None, shape (n,)
        What is never divided.
    fold : ndarray of int, shape (n,)
        In which fold a picture is held out.
    table : pyarrow.Table, n rows
        Feature table.
    """

    root: Path
    paths: NDArray[Any]
    pixels: NDArray[np.uint8]
    labels: NDArray[Any]
    groups: NDArray[Any] | None
    fold: NDArray[np.intp]
    table: pa.Table

    def digest(self) -> str:
        """Return a checksum of the pictures, their labels and folds."""
        found = hashlib.sha256(np.ascontiguousarray(self.pixels).data)
        found.update("\n".join([*map(str, self.paths), *map(str, self.labels)]).encode())
        found.update(self.fold.astype(np.int64).tobytes())
        return found.hexdigest()


@dataclass(frozen=True)
class Outcome:
    """What one variant made of one fold.

    Attributes
    ----------
    variant : str
        Its name.
    fold : int
        The fold held out.
    rows : ndarray of int, shape (m,)
        The pictures held out.
    probabilities : ndarray of float32, shape (m, n_classes)
        Of all classes of the data, in alphabetical order.
    trained : int
        Pictures trained on.
    epochs : int
        Passes over them, of the network that predicts.
    parameters : int
        Numbers in that network.
    seconds : float
        CPU time of the training.
    """

    variant: str
    fold: int
    rows: NDArray[np.intp]
    probabilities: NDArray[np.float32]
    trained: int
    epochs: int
    parameters: int
    seconds: float


def read_data(folder: str | os.PathLike[str], table: pa.Table) -> ExperimentData:
    """Read pictures for experiments.

    Parameters
    ----------
    folder : path-like
        A folder of pictures for each class. A ``manifest.csv`` in it gives, in the columns
        ``file``, ``class``, ``fold`` and ``source_repo``, labels, folds and groups; without it the
        names of the folders are the classes, and the folds are drawn.
    table : pyarrow.Table
        The feature table of the pictures; one that it lacks is left out.

    Raises
    ------
    SourceError, TableError
        The manifest lacks a column or does not name any picture; or a picture can't be read.
    """
    root = Path(folder)
    listed = table["relative_path"].to_pylist()
    manifest = root / "manifest.csv"
    if manifest.is_file():
        columns = {"label": "class", "fold": "fold", "group": "source_repo"}
        known = sheet_labels(listed, read_sheet(manifest, columns))
        fold = _folds(manifest, known.columns["fold"])
    else:
        known = folder_labels(listed)
        fold = make_folds(np.unique(known.labels, return_inverse=True)[1], None, FOLDS, 0)
    if said := str(known):
        logger.warning("%s", said)
    labels, groups = known.labels.astype(str), known.columns.get("group")
    paths = np.array(listed, dtype=object)[known.rows]
    pixels = load_pictures([root / path for path in paths])
    groups = None if groups is None else groups.astype(str)
    return ExperimentData(root, paths, pixels, labels, groups, fold, table.take(known.rows))


def run(
    chosen: Sequence[Variant],
    data: ExperimentData,
    output: Path,
    *,
    epochs: int = 30,
    on_progress: Progress | None = None,
    **common: Any,
) -> list[Outcome]:
    """Train and judge variants on each fold; what was done before is not done again.

    Parameters
    ----------
    chosen : sequence of Variant
        Which.
    data : ExperimentData
        On what.
    output : Path
        Folder for the outcomes and the checkpoints.
    epochs : int
        Most passes over the pictures.
    on_progress : callable, optional
        See `Progress`.
    **common
        Further parameters of every network.

    Returns
    -------
    list of Outcome
        Of each variant and fold.

    Raises
    ------
    OutputError
        The folder holds outcomes with other data or parameters, or can't be written.
    """
    _claim(output, data, {"epochs": epochs, **common})
    found = []
    for variant in chosen:
        for fold in np.unique(data.fold):
            path = output / "runs" / f"{variant.name}-{fold}.npz"
            if not path.exists():
                outcome = _one(variant, int(fold), data, output, epochs, on_progress, common)
                _write(outcome, path)
            found.append(read_outcome(path))
    return found


def read_outcome(path: Path) -> Outcome:
    """Read what `run` wrote.

    Raises
    ------
    SourceError
        The file is missing or damaged.
    """
    try:
        with np.load(path, allow_pickle=False) as stored:
            record = json.loads(str(stored["record"]))
            return Outcome(**record, rows=stored["rows"], probabilities=stored["probabilities"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise SourceError(f"can't read the outcome {path}: {error}; remove it") from error


def clean_rows(data: ExperimentData, rows: NDArray[np.intp]) -> NDArray[np.intp]:
    """Return the rows that stay when training data are cleaned as by ``epic clean``.

    Of copies the best one stays (`find_duplicates`); a picture goes whose label is doubted by
    `DOUBTFUL` or more (`label_doubt`), unless its class had none left.
    """
    from epic_features.cleaning import find_duplicates, label_doubt
    from epic_features.frame import to_pandas

    features = to_pandas(data.table.take(pa.array(rows)))
    paths = data.paths[rows]
    findings = find_duplicates(
        [data.root / path for path in paths], root=data.root, features=features
    )
    copies = set(findings["path"][findings["suggestion"] == "trash"])
    labels = data.labels[rows]
    doubt = label_doubt(features, labels, None if data.groups is None else data.groups[rows])
    stays = (doubt < DOUBTFUL) & ~np.isin(paths.astype(str), list(copies))
    for name in np.unique(labels):
        if not stays[labels == name].any():
            stays |= labels == name
    return rows[stays]


def _one(
    variant: Variant,
    fold: int,
    data: ExperimentData,
    output: Path,
    epochs: int,
    on_progress: Progress | None,
    common: dict[str, Any],
) -> Outcome:
    test = np.flatnonzero(data.fold == fold)
    train = np.flatnonzero(data.fold != fold)
    started = time.process_time()
    if variant.cleaned:
        train = clean_rows(data, train)
    cleaning = time.process_time() - started
    told: dict[str, Any] = {}
    if on_progress is not None:
        told["on_epoch"] = lambda epoch: on_progress(variant, fold, epoch.number + 1, epochs)
    model = variant.build(
        checkpoints=output / "checkpoints", fold=fold, epochs=epochs, **told, **common
    )
    groups = None if data.groups is None else data.groups[train]
    with_table = variant.model == "MCNN"
    seen = {"metadata": data.table.take(pa.array(train))} if with_table else {}
    model.fit(data.pixels[train], data.labels[train], groups=groups, **seen)
    unseen = {"metadata": data.table.take(pa.array(test))} if with_table else {}
    likely = model.predict_proba(data.pixels[test], **unseen)
    classes = np.unique(data.labels)
    probabilities = np.zeros((len(test), len(classes)), np.float32)
    probabilities[:, np.searchsorted(classes, model.classes_)] = likely
    network: Any = model.network_ if variant.model == "XCNN" else model
    seconds = getattr(model, "seconds_", sum(epoch.seconds for epoch in network.history_))
    return Outcome(
        variant=variant.name,
        fold=fold,
        rows=test,
        probabilities=probabilities,
        trained=len(train),
        epochs=len(network.history_),
        parameters=network.n_parameters_,
        seconds=float(seconds + cleaning),
    )


def _write(outcome: Outcome, path: Path) -> None:
    record = {
        name: getattr(outcome, name)
        for name in ("variant", "fold", "trained", "epochs", "parameters", "seconds")
    }
    part = path.with_name(f".{path.name}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with part.open("wb") as file:
            np.savez(
                file,
                record=np.array(json.dumps(record)),
                rows=outcome.rows,
                probabilities=outcome.probabilities,
            )
        part.replace(path)
    except OSError as error:
        raise OutputError(f"can't write {path}: {error.strerror}") from error


def _claim(output: Path, data: ExperimentData, parameters: dict[str, Any]) -> None:
    """Let the folder be of these data and parameters alone."""
    record = {"data": data.digest(), "parameters": parameters}
    path = output / "experiments.json"
    try:
        if path.exists():
            there = json.loads(path.read_text(encoding="utf-8"))
            if there != record:
                raise OutputError(
                    f"{output} holds outcomes with other pictures, folds or parameters "
                    f"({there.get('parameters')}); choose another folder"
                )
            return
        output.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    except (OSError, ValueError) as error:
        raise OutputError(f"can't use the folder {output}: {error}") from error


def _folds(manifest: Path, said: NDArray[Any]) -> NDArray[np.intp]:
    try:
        return said.astype(np.intp)
    except ValueError as error:
        raise SourceError(f"a fold in {manifest} is no whole number: {error}") from error
