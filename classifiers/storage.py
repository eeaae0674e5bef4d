"""Models on disk: LightGBM's text, JSON and plain arrays, nothing that could run code."""

from __future__ import annotations

import hashlib
import io
import json
import os
import zipfile
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from classifiers.extras import require_lightgbm
from classifiers.guarantee import Guarantee
from epic_features.errors import ModelFileError, OutputError

if TYPE_CHECKING:
    from classifiers.tabular import TabularClassifier

FORMAT = 1
_TREES, _REST, _ARRAYS = "model.txt", "model.json", "model.npz"


def save(model: TabularClassifier, folder: str | os.PathLike[str]) -> None:
    """Write a model to a folder.

    ``model.txt`` holds the trees, ``model.npz`` what an embedding and the like are multiplied with
    (only for a `FusionClassifier`), ``model.json`` everything else.

    Raises
    ------
    OutputError
        The folder can't be written.
    """
    target = Path(folder)
    guarantee = model.guarantee_
    trees = model.booster_.model_to_string().encode()
    arrays = _packed(model.encoder_.to_arrays())
    record = {
        "format": FORMAT,
        "trees_sha256": hashlib.sha256(trees).hexdigest(),
        "arrays_sha256": arrays and hashlib.sha256(arrays).hexdigest(),
        "kind": model.kind,
        "parameters": _plain(model.get_params()),
        "classes": model.classes_.tolist(),
        "temperature": model.temperature_,
        "log_shares": model.log_shares_.tolist(),
        "guarantee": None if guarantee is None else asdict(guarantee),
        "encoder": model.encoder_.to_dict(),
        "provenance": model.provenance_,
    }
    if len(model.part_temperatures_) > 1:
        record["part_temperatures"] = model.part_temperatures_.tolist()
    try:
        target.mkdir(parents=True, exist_ok=True)
        _replace(target / _TREES, trees)
        if arrays is None:
            (target / _ARRAYS).unlink(missing_ok=True)
        else:
            _replace(target / _ARRAYS, arrays)
        text = json.dumps(record, ensure_ascii=False, indent=1) + "\n"
        _replace(target / _REST, text.encode())
    except OSError as error:
        raise OutputError(f"can't write the model {target}: {error.strerror}") from error


def load(folder: str | os.PathLike[str]) -> TabularClassifier:
    """Read a model that `save` wrote.

    Raises
    ------
    ModelFileError
        A file is missing, damaged, or of a later version of this library.
    """
    require_lightgbm()
    import lightgbm

    from classifiers.fusion import FusionClassifier
    from classifiers.tabular import TabularClassifier

    kinds = {kind.kind: kind for kind in (TabularClassifier, FusionClassifier)}
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
        raise ModelFileError(_other_file(source, _TREES))
    try:
        model = kinds[record["kind"]](**record["parameters"])
        model.classes_ = np.array(record["classes"])
        model.temperature_ = float(record["temperature"])
        model.part_temperatures_ = np.array(record.get("part_temperatures", [1.0]), np.float64)
        # Models of before added scores, in which the shares of the classes are, as they were.
        no_shares = [0.0] * len(model.classes_)
        model.log_shares_ = np.array(record.get("log_shares", no_shares), np.float64)
        if model.log_shares_.shape != model.classes_.shape:
            raise ValueError(f"{len(model.log_shares_)} shares of classes")
        guarantee = record["guarantee"]
        model.guarantee_ = None if guarantee is None else Guarantee(**guarantee)
        model.encoder_ = model._new_encoder().restore(
            record["encoder"], _arrays(source, record.get("arrays_sha256"))
        )
        model.provenance_ = dict(record["provenance"])
        model.booster_ = lightgbm.Booster(model_str=trees)
        count = model._parts_count
        if model.part_temperatures_.shape != (count,) or not (model.part_temperatures_ > 0).all():
            raise ValueError(f"temperatures {model.part_temperatures_.tolist()}")
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


def _packed(arrays: dict[str, NDArray[Any]]) -> bytes | None:
    if not arrays:
        return None
    packed = io.BytesIO()
    np.savez(packed, **dict[str, Any](arrays))
    return packed.getvalue()


def _arrays(source: Path, sha256: str | None) -> dict[str, NDArray[Any]]:
    if sha256 is None:
        return {}
    try:
        packed = (source / _ARRAYS).read_bytes()
        if hashlib.sha256(packed).hexdigest() != sha256:
            raise ModelFileError(_other_file(source, _ARRAYS))
        with np.load(io.BytesIO(packed), allow_pickle=False) as stored:
            return {name: stored[name] for name in stored.files}
    except (OSError, ValueError, EOFError, zipfile.BadZipFile) as error:
        raise ModelFileError(f"can't read {source / _ARRAYS}: {error}") from error


def _other_file(source: Path, name: str) -> str:
    return f"the model {source} is damaged: {name} is not the file that {_REST} was written with"


def _replace(path: Path, content: bytes) -> None:
    """Write a file so that it is either the old or the new one."""
    part = path.with_name(path.name + ".part")
    part.write_bytes(content)
    part.replace(path)
