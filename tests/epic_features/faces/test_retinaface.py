"""The wrapper of retina-face, run for real on stand-in weights that see red squares as faces.

Needs an environment of its own (see ``make test-backends``): retina-face brings another OpenCV.
"""

from __future__ import annotations

import importlib.util
import os
import socket
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from epic_features.errors import MissingExtra, ModelNotFound
from epic_features.faces import build_detector
from epic_features.faces.retinaface import RetinaFace
from epic_features.image import Image
from epic_features.settings import Settings

installed = importlib.util.find_spec("retinaface") is not None
needs_library = pytest.mark.skipif(not installed, reason="needs the extra retinaface")


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder for the weights, and nobody to download them from."""
    monkeypatch.setenv("DEEPFACE_HOME", str(tmp_path))

    def refuse(*args: object) -> None:
        raise AssertionError("the network was used")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    return tmp_path


@pytest.fixture
def weights(home: Path) -> Path:
    """Weights whose confidence is how red a cell is; boxes are the anchors as they are."""
    onnx = pytest.importorskip("onnx")
    from onnx import helper

    nodes = [helper.make_node("Transpose", ["pixels"], ["planes"], perm=[0, 3, 1, 2])]
    constants, outputs = [], []
    for stride in (32, 16, 8):
        # Per cell: two anchors, each with background and face, 4 corners, 5 landmarks.
        for kind, channels in (("score", 4), ("box", 8), ("points", 20)):
            name = f"{kind}{stride}"
            kernel = np.zeros((channels, 3, stride, stride), np.float32)
            bias = np.zeros(channels, np.float32)
            if kind == "score":
                bias[:] = -1000
                # Only the smaller anchor of the middle stride (64 pixels) ever sees a face.
                if stride == 16:
                    kernel[3, 0], kernel[3, 1:] = 1, -1
                    kernel[3] *= 8 / 255 / stride**2
                    bias[3] = -4  # 4 for pure red, -4 for black and white
            constants += [
                onnx.numpy_helper.from_array(kernel, f"{name}_kernel"),
                onnx.numpy_helper.from_array(bias, f"{name}_bias"),
            ]
            inputs = ["planes", f"{name}_kernel", f"{name}_bias"]
            nodes.append(
                helper.make_node(
                    "Conv", inputs, [f"{name}_map"], strides=[stride, stride], name=name
                )
            )
            last = f"{name}_map"
            if kind == "score":
                nodes.append(helper.make_node("Sigmoid", [last], [last := f"{name}_share"]))
            nodes.append(helper.make_node("Transpose", [last], [name], perm=[0, 2, 3, 1]))
            shape = [None, None, None, channels]
            outputs.append(helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, shape))
    pixels = helper.make_tensor_value_info("pixels", onnx.TensorProto.FLOAT, [None, None, None, 3])
    graph = helper.make_graph(nodes, "stand-in", [pixels], outputs, constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    path = home / ".deepface" / "weights" / "retinaface.onnx"
    path.parent.mkdir(parents=True)
    onnx.save(model, path)
    return path


def red_square(width: int, height: int, left: int, top: int, side: int) -> np.ndarray:
    pixels = np.zeros((height, width, 3), np.uint8)
    pixels[top : top + side, left : left + side, 0] = 255
    return pixels


@needs_library
def test_face_is_found_where_it_is(weights: Path):
    # retina-face enlarges this four times, so the square covers one cell of 16 pixels.
    detector = build_detector(Settings(faces="retinaface"))
    (face,) = detector.detect(Image(red_square(300, 256, left=199, top=99, side=6)))
    assert face.score == pytest.approx(1 / (1 + np.exp(-4)), abs=1e-3)
    x, y = (face.box[0] + face.box[2]) / 2, (face.box[1] + face.box[3]) / 2
    assert (x, y) == pytest.approx((202, 102), abs=2)
    assert face.box[2] - face.box[0] == pytest.approx(64 / 4, abs=1)
    assert all(type(value) is float for value in (*face.box, face.score))


@needs_library
def test_colours_are_in_the_right_order(weights: Path):
    blue = np.ascontiguousarray(red_square(256, 256, 100, 100, 4)[:, :, ::-1])
    assert RetinaFace().detect(Image(blue)) == []


@needs_library
def test_threshold(weights: Path):
    image = Image(red_square(256, 256, 100, 100, 4))
    assert len(RetinaFace(0.95).detect(image)) == 1
    assert RetinaFace(0.99).detect(image) == []


@needs_library
@pytest.mark.parametrize("shape", [(1, 1), (3000, 1), (2, 900), (100, 5900)])
def test_strips_and_dots(weights: Path, shape: tuple[int, int]):
    assert RetinaFace().detect(Image(np.zeros((*shape, 3), np.uint8))) == []


@needs_library
def test_backends(weights: Path):
    from epic_features import models

    library, runtime = RetinaFace().backends
    assert (library.name, library.version) == ("retina-face", "0.0.19")
    assert library.sha256 == models.sha256(weights)
    assert runtime.name == "onnxruntime"


@needs_library
def test_without_weights_it_is_an_error_and_no_download(home: Path):
    with pytest.raises(ModelNotFound) as caught:
        build_detector(Settings(faces="retinaface"))
    assert str(home / ".deepface" / "weights" / "retinaface.onnx") in str(caught.value)
    assert "epic models get retinaface" in str(caught.value)


@needs_library
def test_nothing_is_left_to_the_library(weights: Path):
    detector = RetinaFace()
    weights.unlink()  # what it needs it has; the library must not look for it again
    assert detector.detect(Image(red_square(256, 256, 100, 100, 4)))
    library = importlib.import_module("retinaface.RetinaFace")
    assert not hasattr(library, "model"), "it loaded weights of its own"


UNCHANGED = """
import os, warnings
from epic_features.faces.retinaface import RetinaFace
before = list(warnings.filters), dict(os.environ)
RetinaFace()
assert (list(warnings.filters), dict(os.environ)) == before
"""


@needs_library
def test_nothing_around_it_is_changed(weights: Path):
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    environment.pop("DEEPFACE_BACKEND_ENGINE", None)
    subprocess.run([sys.executable, "-c", UNCHANGED], env=environment, check=True)


@pytest.mark.skipif(installed, reason="retina-face is installed")
def test_missing_library_names_the_extra(home: Path):
    with pytest.raises(MissingExtra, match=r"pip install 'epic-features\[retinaface\]'"):
        build_detector(Settings(faces="retinaface"))
