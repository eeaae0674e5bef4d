"""The network that comes with the library."""

from __future__ import annotations

import hashlib

import numpy as np
import onnxruntime
import pytest

from epic_features import Settings, extract
from epic_features.errors import SettingsError
from epic_features.extras.embedding import DEFAULT, SHIPPED, Embedder

LENGTH = 128


@pytest.fixture(scope="module")
def pictures():
    random = np.random.default_rng(0)
    return [
        np.full((60, 90, 3), 200, np.uint8),
        random.integers(0, 256, (300, 200, 3), dtype=np.uint8),
        np.repeat(np.arange(0, 256, 2, dtype=np.uint8)[None, :, None], 77, axis=0).repeat(
            3, axis=2
        ),
    ]


def test_it_is_the_default_and_small():
    embedder = Embedder()
    assert embedder.path == SHIPPED / DEFAULT / f"{DEFAULT}.onnx"
    assert embedder.path.stat().st_size < 2 * 2**20
    assert embedder.size == LENGTH
    card = (SHIPPED / DEFAULT / "README.md").read_text(encoding="utf-8")
    assert hashlib.sha256(embedder.path.read_bytes()).hexdigest() in card


def test_its_answers_are_those_of_the_network_by_hand(pictures):
    from PIL import Image

    session = onnxruntime.InferenceSession(SHIPPED / DEFAULT / f"{DEFAULT}.onnx")
    squares = [
        np.asarray(Image.fromarray(p).resize((128, 128), Image.Resampling.BILINEAR))
        for p in pictures
    ]
    inputs = np.stack(squares).transpose(0, 3, 1, 2).astype(np.float32) / 127.5 - 1
    (wanted,) = session.run(["embedding"], {"pixels": inputs})
    found = Embedder().embed(pictures)
    assert found == pytest.approx(wanted, abs=1e-4)
    assert np.abs(found[0] - found[1]).max() > 0.1


def test_it_is_a_name_for_the_column(pictures):
    frame = extract(pictures, settings=Settings(groups=("shape",), embedding="vcnn"))
    assert np.stack(frame["embedding"]).shape == (3, LENGTH)
    with pytest.raises(SettingsError, match="neither a file or folder nor.*names are: vcnn"):
        Embedder("vcnm")
