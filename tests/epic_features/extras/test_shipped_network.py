"""The networks that come with the library."""

from __future__ import annotations

import hashlib

import numpy as np
import onnxruntime
import pytest

from epic_features import Settings, extract
from epic_features.errors import SettingsError
from epic_features.extras.embedding import DEFAULT, SHIPPED, Embedder

NETWORKS = {"backbones": (512, 320, "picture", 6), "vcnn": (128, 128, "pixels", 0.5)}
"""Length of the embedding, side of the input, its name, most MiB."""


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


def test_the_default_is_one_of_them():
    assert Embedder().path == SHIPPED / DEFAULT / f"{DEFAULT}.onnx"
    assert {path.name for path in SHIPPED.iterdir()} == set(NETWORKS)


@pytest.mark.parametrize("name", NETWORKS)
def test_each_is_small_and_has_a_card(name):
    length, _, _, most = NETWORKS[name]
    embedder = Embedder(name)
    assert embedder.path.stat().st_size < most * 2**20
    assert embedder.size == length
    card = (SHIPPED / name / "README.md").read_text(encoding="utf-8")
    assert hashlib.sha256(embedder.path.read_bytes()).hexdigest() in card


@pytest.mark.parametrize("name", NETWORKS)
def test_its_answers_are_those_of_the_network_by_hand(name, pictures):
    from PIL import Image

    _, side, given, _ = NETWORKS[name]
    session = onnxruntime.InferenceSession(SHIPPED / name / f"{name}.onnx")
    squares = [
        np.asarray(Image.fromarray(p).resize((side, side), Image.Resampling.BILINEAR))
        for p in pictures
    ]
    inputs = np.stack(squares).transpose(0, 3, 1, 2).astype(np.float32) / 127.5 - 1
    (wanted,) = session.run(["embedding"], {given: inputs})
    found = Embedder(name).embed(pictures)
    assert found == pytest.approx(wanted, abs=1e-3)
    assert np.abs(found[0] - found[1]).max() > 0.1


@pytest.mark.parametrize("name", NETWORKS)
def test_it_is_a_name_for_the_column(name, pictures):
    frame = extract(pictures, settings=Settings(groups=("shape",), embedding=name))
    assert np.stack(frame["embedding"]).shape == (3, NETWORKS[name][0])


def test_another_name_is_refused():
    with pytest.raises(SettingsError, match="neither a file or folder nor.*backbones, vcnn"):
        Embedder("vcnm")
