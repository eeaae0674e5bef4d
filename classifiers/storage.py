"""Models on disk: LightGBM's text and one JSON file, nothing that could run code."""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from classifiers.guarantee import Guarantee
from epic_features.errors import EpicError, OutputError

if TYPE_CHECKING:
    from classifiers.tabular import TabularClassifier

FORMAT = 1
_TREES, _REST = "model.txt", "model.json"


class ModelFileError(EpicError):
    """A saved model can't be read."""


def save(model: TabularClassifier, folder: str | os.PathLike[str]) -> None:
    """Write a model to a folder: ``model.txt`` (the trees) and ``model.json`` (everything else).

    Raises
    ------
    OutputError
        The folder can't be written.
    """
    target = Path(folder)
    guarantee = model.guarantee_
    trees = model.booster_.model_to_string()
    record = {
        "format": FORMAT,
        "trees_sha256": hashlib.sha256(trees.encode()).hexdigest(),
        "kind": "tabular",
        "parameters": _plain(model.get_params()),
        "classes": model.classes_.tolist(),
        "temperature": model.temperature_,
        "guarantee": None if guarantee is None else asdict(guarantee),
        "encoder": model.encoder_.to_dict(),
        "provenance": model.provenance_,
    }
    try:
        target.mkdir(parents=True, exist_ok=True)
        _replace(target / _TREES, trees)
        _replace(target / _REST, json.dumps(record, ensure_ascii=False, indent=1) + "\n")
    except OSError as error:
        raise OutputError(f"can't write the model {target}: {error.strerror}") from error


def load(folder: str | os.PathLike[str]) -> TabularClassifier:
    """Read a model that `save` wrote.

    Raises
    ------
    ModelFileError
        A file is missing, damaged, or of a later version of this library.
    """
    import lightgbm
    import numpy as np

    from classifiers.tabular import TabularClassifier

    source = Path(folder)
    try:
        record = json.loads((source / _REST).read_text(encoding="utf-8"))
        trees = (source / _TREES).read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise ModelFileError(
            f"{source} holds no model: {Path(error.filename).name} is missing; train one with "
            "`epic train`"
        ) from error
    except (OSError, ValueError) as error:
        raise ModelFileError(f"can't read the model {source}: {error}") from error
    if not isinstance(record, dict) or record.get("format") != FORMAT:
        raise ModelFileError(f"{source} is not a model of format {FORMAT}; update epic-features")
    # LightGBM ends the whole process over some damaged files.
    if record.get("trees_sha256") != hashlib.sha256(trees.encode()).hexdigest():
        raise ModelFileError(
            f"the model {source} is damaged: {_TREES} is not the file that {_REST} was written with"
        )
    try:
        model = TabularClassifier(**record["parameters"])
        model.classes_ = np.array(record["classes"])
        model.temperature_ = float(record["temperature"])
        guarantee = record["guarantee"]
        model.guarantee_ = None if guarantee is None else Guarantee(**guarantee)
        model.encoder_ = model._new_encoder().restore(record["encoder"])
        model.provenance_ = dict(record["provenance"])
        model.booster_ = lightgbm.Booster(model_str=trees)
        trees_classes = max(2, model.booster_.num_model_per_iteration())
        known = set(model.classes_.tolist())
        if len(known) != len(model.classes_) or not set(model.protect) <= known:
            raise ValueError("its classes don't fit together")
        if not isinstance(model.provenance_.get("settings", {}), dict):
            raise ValueError("its settings are none")
        if len(model.classes_) != trees_classes or not model.temperature_ > 0:
            raise ValueError(f"{len(model.classes_)} classes, temperature {model.temperature_}")
    except (
        AttributeError,
        IndexError,
        KeyError,
        TypeError,
        ValueError,
        lightgbm.basic.LightGBMError,
    ) as error:
        raise ModelFileError(f"the model {source} is damaged: {error}") from error
    expected = len(model.encoder_.feature_names_)
    if model.booster_.num_feature() != expected:
        raise ModelFileError(
            f"the model {source} is damaged: its trees want {model.booster_.num_feature()} "
            f"numbers, its description gives {expected}"
        )
    return model


def _plain(parameters: dict[str, Any]) -> dict[str, Any]:
    return {
        name: list(value) if isinstance(value, tuple) else value
        for name, value in parameters.items()
    }


def _replace(path: Path, text: str) -> None:
    """Write a file so that it is either the old or the new one."""
    part = path.with_name(path.name + ".part")
    part.write_text(text, encoding="utf-8")
    part.replace(path)
