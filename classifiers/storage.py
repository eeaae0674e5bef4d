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

FORMAT = 2
_TREES, _REST, _ARRAYS = "model.txt", "model.json", "model.npz"


def save(model: TabularClassifier, folder: str | os.PathLike[str]) -> None:
    """Write a model to a folder.

    ``model.txt`` holds the trees, ``model.npz`` what numbers, an embedding and the like are
    multiplied with, ``model.json`` everything else.

    Raises
    ------
    OutputError
        The folder can't be written.
    """
    target = Path(folder)
    guarantee = model.guarantee_
    trees = model.booster_.model_to_string().encode()
    arrays = _packed({**model.encoder_.to_arrays(), **model.parts_.regression.to_arrays()})
    record = {
        "format": FORMAT,
        "trees_sha256": hashlib.sha256(trees).hexdigest(),
        "arrays_sha256": hashlib.sha256(arrays).hexdigest(),
        "kind": model.kind,
        "parameters": _plain(model.get_params()),
        "classes": model.classes_.tolist(),
        "weights": model.weights_.tolist(),
        "shares": model.parts_.shares.tolist(),
        "guarantee": None if guarantee is None else asdict(guarantee),
        "encoder": model.encoder_.to_dict(),
        "provenance": model.provenance_,
    }
    try:
        target.mkdir(parents=True, exist_ok=True)
        _replace(target / _TREES, trees)
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
        A file is missing, damaged, or of another version of this library.
    """
    require_lightgbm()
    import lightgbm

    from classifiers.fusion import FusionClassifier
    from classifiers.parts import Parts
    from classifiers.regression import Regression
    from classifiers.tabular import TabularClassifier

    kinds = {kind.kind: kind for kind in (TabularClassifier, FusionClassifier)}
    source = Path(folder)
    try:
        record = json.loads((source / _REST).read_text(encoding="utf-8"))
        _check_format(source, record)
        trees = (source / _TREES).read_text(encoding="utf-8")
        packed = (source / _ARRAYS).read_bytes()
    except FileNotFoundError as error:
        raise ModelFileError(
            f"{source} holds no model: {Path(error.filename).name} is missing; train one with "
            "`epic train`"
        ) from error
    except (OSError, ValueError) as error:
        raise ModelFileError(f"can't read the model {source}: {error}") from error
    # LightGBM ends the whole process over some damaged files.
    if record.get("trees_sha256") != hashlib.sha256(trees.encode()).hexdigest():
        raise ModelFileError(_other_file(source, _TREES))
    try:
        model = kinds[record["kind"]](**record["parameters"])
        model.classes_ = np.array(record["classes"])
        guarantee = record["guarantee"]
        model.guarantee_ = None if guarantee is None else Guarantee(**guarantee)
        model.provenance_ = dict(record["provenance"])
        if not isinstance(model.provenance_.get("settings", {}), dict):
            raise ValueError("its settings are none")
        arrays = _arrays(source, packed, record["arrays_sha256"])
        model.parts_ = Parts(
            model._new_encoder().restore(record["encoder"], arrays),
            lightgbm.Booster(model_str=trees),
            Regression.from_arrays(arrays),
            np.array(record["shares"], np.float64),
        )
        model.weights_ = np.array(record["weights"], np.float64)
        _check(model)
    except (
        AttributeError,
        IndexError,
        KeyError,
        TypeError,
        ValueError,
        lightgbm.basic.LightGBMError,
    ) as error:
        raise ModelFileError(f"the model {source} is damaged: {error}") from error
    return model


def _check_format(source: Path, record: Any) -> None:
    if not isinstance(record, dict) or record.get("format") != FORMAT:
        raise ModelFileError(
            f"{source} is not a model of format {FORMAT}; update epic-features, or train it again "
            "with `epic train`"
        )


def _check(model: TabularClassifier) -> None:
    """Raise ValueError where what was read does not fit together."""
    classes, parts, weights = model.classes_, model.parts_, model.weights_
    known, count = set(classes.tolist()), len(model.classes_)
    if len(known) != count or not set(model.protect) <= known:
        raise ValueError("its classes don't fit together")
    if count != max(2, parts.booster.num_model_per_iteration()):
        raise ValueError(f"{count} classes, but the trees know others")
    if parts.shares.shape != (count,):
        raise ValueError(f"{len(parts.shares)} shares of classes")
    features = len(parts.encoder.feature_names_)
    if parts.booster.num_feature() != features:
        raise ValueError(
            f"its trees want {parts.booster.num_feature()} numbers, its description gives "
            f"{features}"
        )
    if parts.regression.weights.shape != (parts.encoder.plain_count_, count):
        raise ValueError("model.npz has another shape than model.json says")
    own = parts.encoder.evidence(np.zeros((0, features), np.float32), classes)
    if weights.shape != (2 + len(own),) or not ((weights >= 0) & (weights <= 1)).all():
        raise ValueError(f"weights {weights.tolist()}")


def _plain(parameters: dict[str, Any]) -> dict[str, Any]:
    return {
        name: list(value) if isinstance(value, tuple) else value
        for name, value in parameters.items()
    }


def _packed(arrays: dict[str, NDArray[Any]]) -> bytes:
    packed = io.BytesIO()
    np.savez(packed, **dict[str, Any](arrays))
    return packed.getvalue()


def _arrays(source: Path, packed: bytes, sha256: str) -> dict[str, NDArray[Any]]:
    if hashlib.sha256(packed).hexdigest() != sha256:
        raise ModelFileError(_other_file(source, _ARRAYS))
    try:
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
