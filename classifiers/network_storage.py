"""Networks on disk: ONNX and JSON, nothing that could run code."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path

import numpy as np

from classifiers.cnn import HCNN, MCNN, VCNN
from classifiers.metadata_numbers import MetadataNumbers
from classifiers.onnx_network import OnnxNetwork
from epic_features.errors import ModelFileError, OutputError

FORMAT = 1
_NETWORK, _REST = "network.onnx", "network.json"
_KINDS = {kind.kind: kind for kind in (VCNN, MCNN, HCNN)}


def save(model: VCNN, folder: str | os.PathLike[str]) -> None:
    """Write a fitted network to a folder: ``network.onnx`` and ``network.json``.

    Raises
    ------
    OutputError
        The folder can't be written.
    """
    target = Path(folder)
    record = {
        "format": FORMAT,
        "kind": model.kind,
        "sha256": hashlib.sha256(model.network_.model).hexdigest(),
        "outputs": list(model.network_.outputs),
        "classes": model.classes_.tolist(),
        "side": model.side_,
        "temperature": model.temperature_,
    }
    if isinstance(model, MCNN):
        record["metadata"] = model.metadata_.to_dict()
    if isinstance(model, HCNN):
        record["few_colors"] = list(model.few_colors_)
    try:
        target.mkdir(parents=True, exist_ok=True)
        (target / _NETWORK).write_bytes(model.network_.model)
        text = json.dumps(record, ensure_ascii=False, indent=1) + "\n"
        (target / _REST).write_text(text, encoding="utf-8")
    except OSError as error:
        raise OutputError(f"can't write the network {target}: {error.strerror}") from error


def load(folder: str | os.PathLike[str]) -> VCNN:
    """Read a network that `save` wrote; PyTorch is not needed.

    Raises
    ------
    ModelFileError
        A file is missing, damaged, or of a later version of this library.
    """
    source = Path(folder)
    try:
        record = json.loads((source / _REST).read_text(encoding="utf-8"))
        network = (source / _NETWORK).read_bytes()
    except FileNotFoundError as error:
        raise ModelFileError(
            f"{source} holds no network: {Path(error.filename).name} is missing"
        ) from error
    except (OSError, ValueError) as error:
        raise ModelFileError(f"can't read the network {source}: {error}") from error
    if not isinstance(record, dict) or record.get("format") != FORMAT:
        raise ModelFileError(f"{source} is not a network of format {FORMAT}; update epic-features")
    if record.get("sha256") != hashlib.sha256(network).hexdigest():
        raise ModelFileError(
            f"the network {source} is damaged: {_NETWORK} is not the file that {_REST} was written "
            "with"
        )
    try:
        model = _KINDS[record["kind"]]()
        model.network_ = OnnxNetwork(network, record["outputs"])
        model.classes_ = np.array(record["classes"])
        model.side_ = int(record["side"])
        model.temperature_ = float(record["temperature"])
        if isinstance(model, MCNN):
            model.metadata_ = MetadataNumbers.from_dict(record["metadata"])
        if isinstance(model, HCNN):
            model.few_colors_ = tuple(record["few_colors"])
    except (KeyError, TypeError, ValueError) as error:
        raise ModelFileError(f"the network {source} is damaged: {error}") from error
    return model
