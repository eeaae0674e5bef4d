"""Networks whose file allows one size only, made to take any."""

from __future__ import annotations

import json
import subprocess
import sys

import numpy as np
import onnx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from scipy.signal import correlate

from epic_features.networks import open_session, with_free_size, with_outputs

# More than 127 bytes, so that lengths take more than one byte.
WEIGHTS = np.random.default_rng(0).normal(size=(2, 3, 3, 3)).astype(np.float32)


def made_of(size: tuple[int, ...], *, listed: bool) -> bytes:
    """Return a network of one convolution, as an old exporter would have written it."""
    picture = helper.make_tensor_value_info("picture", TensorProto.FLOAT, size)
    weights = helper.make_tensor_value_info("weights", TensorProto.FLOAT, WEIGHTS.shape)
    inside = helper.make_tensor_value_info("inside", TensorProto.FLOAT, (size[0], 2, *size[2:]))
    output = helper.make_tensor_value_info("output", TensorProto.FLOAT, (size[0], 2, *size[2:]))
    graph = helper.make_graph(
        [
            helper.make_node("Conv", ["picture", "weights"], ["inside"], pads=[1, 1, 1, 1]),
            helper.make_node("Relu", ["inside"], ["output"]),
        ],
        "graph",
        [picture, weights] if listed else [picture],
        [output],
        [numpy_helper.from_array(WEIGHTS, "weights")],
        value_info=[inside],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 9)], ir_version=4)
    onnx.checker.check_model(model)
    return bytes(model.SerializeToString())


def expected(picture: NDArray[np.float32]) -> NDArray[np.float32]:
    found = [
        sum(correlate(picture[0, i], kernel[i], mode="same") for i in range(3))
        for kernel in WEIGHTS
    ]
    return np.maximum(np.stack(found)[None], 0)


@pytest.mark.parametrize("listed", [True, False])
def test_the_weights_are_constants_and_nothing_else_changes(listed: bool) -> None:
    freed = onnx.load_from_string(with_free_size(made_of((10, 3, 8, 8), listed=listed)))
    onnx.checker.check_model(freed)
    (only,) = freed.graph.input
    assert only.name == "picture"
    assert [d.WhichOneof("value") for d in only.type.tensor_type.shape.dim] == [None] * 4
    before = onnx.load_from_string(made_of((10, 3, 8, 8), listed=listed))
    assert freed.graph.node == before.graph.node
    assert freed.graph.initializer == before.graph.initializer
    assert freed.opset_import == before.opset_import
    assert freed.ir_version == before.ir_version


SESSION = open_session(with_free_size(made_of((10, 3, 8, 8), listed=True)))


@settings(max_examples=20, deadline=None)
@given(height=st.integers(3, 30), width=st.integers(3, 30))
def test_every_size_is_taken(height: int, width: int) -> None:
    picture = np.random.default_rng(height).normal(size=(1, 3, height, width)).astype(np.float32)
    (found,) = SESSION.run(None, {"picture": picture})
    assert np.allclose(found, expected(picture), atol=1e-4)


def test_without_it_only_the_size_of_the_file_is_taken() -> None:
    session = open_session(made_of((1, 3, 8, 8), listed=True))
    with pytest.raises(Exception, match="invalid dimensions"):
        session.run(None, {"picture": np.zeros((1, 3, 9, 8), np.float32)})


def test_inner_values_come_after_the_networks_own_outputs() -> None:
    picture = np.random.default_rng(3).normal(size=(1, 3, 8, 8)).astype(np.float32)
    model = made_of((1, 3, 8, 8), listed=False)
    session = open_session(with_outputs(model, ["inside"]))
    after, before = session.run(None, {"picture": picture})
    np.testing.assert_allclose(after, expected(picture), atol=1e-4)
    assert (before < 0).any()
    np.testing.assert_array_equal(np.maximum(before, 0), after)


def test_an_inner_value_that_is_not_there_is_not_made_up() -> None:
    with pytest.raises(Exception, match="elsewhere"):
        open_session(with_outputs(made_of((1, 3, 8, 8), listed=False), ["elsewhere"]))


# In a process of its own: what others have done with could be used again here.
_GROWTH = """
import json
from pathlib import Path
import numpy as np
from epic_features.networks import open_session
from epic_features.text.ppocr import DETECTOR, bundled_model

def held():
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS:")) / 1024

picture, grown, kept = np.zeros((1, 3, 736, 960), np.float32), [], []
for _ in range(2):
    session = open_session(bundled_model(DETECTOR))
    before = held()
    session.run(None, {session.get_inputs()[0].name: picture})
    grown.append(held() - before)
    kept.append(session)
print(json.dumps(grown))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="asks the Linux kernel for the memory")
def test_networks_share_what_they_work_with() -> None:
    done = subprocess.run(
        [sys.executable, "-c", _GROWTH], check=True, stdout=subprocess.PIPE, text=True
    )
    first, second = json.loads(done.stdout)
    assert first > 50  # MiB
    assert second < first / 4
