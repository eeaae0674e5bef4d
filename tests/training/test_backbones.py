"""The default embedding is what the shipped detectors see inside, pooled."""

from __future__ import annotations

import numpy as np
import pytest

onnx = pytest.importorskip("onnx", reason="needs the package onnx")

import onnxruntime  # noqa: E402

from epic_features import models  # noqa: E402
from epic_features.text.ppocr import DETECTOR, bundled_model  # noqa: E402
from training import backbones  # noqa: E402


@pytest.fixture(scope="module")
def face():
    try:
        return models.find("centerface")
    except models.ModelNotFound as error:
        pytest.skip(f"{error}")


@pytest.fixture(scope="module")
def text():
    return bundled_model(DETECTOR)


def maps(path, names, name, values):
    """What a whole network gives at some of its inner tensors, by making outputs of them."""
    network = onnx.load(path)
    stored = {item.name for item in network.graph.initializer}
    picture = next(item for item in network.graph.input if item.name not in stored)
    assert picture.name == name
    for place, dim in enumerate(picture.type.tensor_type.shape.dim):
        dim.dim_param = f"d{place}"
    del network.graph.output[:]
    network.graph.output.extend(
        onnx.helper.make_tensor_value_info(n, onnx.TensorProto.FLOAT, None) for n in names
    )
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    session = onnxruntime.InferenceSession(network.SerializeToString(), options)
    return session.run(None, {name: values})


@pytest.fixture(scope="module")
def pixels():
    coarse = np.random.default_rng(0).integers(0, 256, (1, 3, 10, 10), dtype=np.uint8)
    return coarse.repeat(32, axis=2).repeat(32, axis=3).astype(np.float32)


def run(network, pixels):
    session = onnxruntime.InferenceSession(network.SerializeToString())
    (found,) = session.run(None, {"picture": pixels / 127.5 - 1})
    return found


def test_it_is_what_the_two_networks_see(text, face, pixels):
    seen = [
        *maps(text, backbones.TEXT.maps, "x", pixels[:, ::-1].copy() / 127.5 - 1),
        *maps(face, backbones.FACE.maps, "input.1", pixels),
    ]
    wanted = np.concatenate([v for m in seen for v in (m.mean((2, 3)), m.std((2, 3)))], axis=1)
    found = run(backbones.join(text, face), pixels)
    assert found.shape == wanted.shape == (1, 2864)
    # Weights are rounded to 255 steps a channel.
    assert np.corrcoef(found[0], wanted[0])[0, 1] > 0.999
    assert np.abs(found - wanted).max() < 0.1 * np.abs(wanted).max()


def test_the_head_is_the_same_inside_and_outside_the_network(text, face, pixels):
    random = np.random.default_rng(1)
    pooled = run(backbones.join(text, face), pixels)
    head = backbones.Head(
        mean=(pooled[0] + random.normal(0, 3, 2864)).astype(np.float32),
        scale=random.uniform(0.2, 1, 2864).astype(np.float32),
        weights=random.normal(0, 1, (20, 2864)).astype(np.float32),
        bias=random.normal(0, 1, 20).astype(np.float32),
    )
    found = run(backbones.join(text, face, head), pixels)
    wanted = head(pooled)
    assert found.shape == (1, 20)
    assert (found >= 0).all()
    assert 0 < (wanted == 0).sum() < 20
    assert np.abs(found - wanted).max() < 0.02 * wanted.max()
