"""A tiny network for the tests of embeddings."""

from __future__ import annotations

import json
from pathlib import Path

import pytest


@pytest.fixture
def network(tmp_path: Path) -> Path:
    """The folder of a network and its ``preprocess.json``."""
    from tiny_network import FIELDS, make_network

    folder = tmp_path / "network"
    folder.mkdir()
    make_network(folder / "means.onnx")
    (folder / "preprocess.json").write_text(json.dumps(FIELDS))
    return folder
