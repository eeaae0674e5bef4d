"""What the text detector and the face detector see inside, as one network.

The two networks that the library runs anyway were trained on far more pictures than anybody here
has. How strongly their inner layers answer over a picture tells what kind of picture it is. So both
are cut off before the layers that find boxes, joined on one input, and their maps are pooled: the
mean and the standard deviation of each channel over the picture.

Weights are stored as whole numbers with a scale for each output channel, and multiplied out once,
when the network is loaded: a quarter of the size, the same speed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from epic_features import models
from epic_features.text.ppocr import DETECTOR, bundled_model

SIDE = 320
POOLED, EMBEDDING = "pooled", "embedding"
_OPSET = 13
LIMIT = 6.0
"""Standard deviations beyond which a pooled number says no more."""
_FEWEST = 1000
"""Fewer weights than these are not worth rounding."""


@dataclass(frozen=True)
class Part:
    """The layers of a network up to some of its maps.

    Attributes
    ----------
    prefix : str
        Put before the names of its tensors.
    given : str
        Name of its input.
    maps : sequence of str
        Names of the maps that are pooled.
    """

    prefix: str
    given: str
    maps: Sequence[str]


# The ends of the four stages: 48, 96, 192 and 384 channels at 1/4 to 1/32 of the picture's size.
TEXT = Part(
    "text/",
    "x",
    ("p2o.pd_op.add.14.0", "p2o.pd_op.add.27.0", "p2o.pd_op.add.50.0", "p2o.pd_op.add.63.0"),
)
# The ends of the seven stages of its MobileNet V2: 16 to 320 channels at 1/2 to 1/32.
FACE = Part("face/", "input.1", ("369", "387", "411", "437", "455", "498", "507"))


@dataclass(frozen=True)
class Head:
    """A dense layer with ReLU on the pooled maps.

    Attributes
    ----------
    mean, scale : ndarray of float32, shape (n_pooled,)
        A pooled number goes in as (number - mean) / scale, cut off at `LIMIT`.
    weights : ndarray of float32, shape (length, n_pooled)
        What is added to each number of the embedding.
    bias : ndarray of float32, shape (length,)
        Its value when all pooled numbers are their means.
    """

    mean: NDArray[np.float32]
    scale: NDArray[np.float32]
    weights: NDArray[np.float32]
    bias: NDArray[np.float32]

    def __call__(self, pooled: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return embeddings, shape (n, length)."""
        given = np.clip((pooled - self.mean) / self.scale, -LIMIT, LIMIT)
        return np.asarray(np.maximum(given @ self.weights.T + self.bias, 0), np.float32)


def join(
    text: Path | None = None, face: Path | None = None, head: Head | None = None
) -> onnx.ModelProto:
    """Return a network of one picture, RGB from -1 to 1.

    Parameters
    ----------
    text, face : Path, optional
        The ONNX files of the text detector and of CenterFace; by default those of the library.
    head : Head, optional
        Makes the output ``embedding`` of the pooled maps; without it they are the output, `POOLED`.
    """
    graph = onnx.GraphProto(name="backbones")
    graph.input.append(
        helper.make_tensor_value_info("picture", TensorProto.FLOAT, ["n", 3, SIDE, SIDE])
    )
    # The text detector was trained on BGR from -1 to 1, CenterFace on RGB from 0 to 255.
    _constant(graph, "bgr", np.array([2, 1, 0], np.int64))
    _constant(graph, "half", np.array(127.5, np.float32))
    _node(graph, "Gather", ["picture", "bgr"], TEXT.prefix + TEXT.given, axis=1)
    _node(graph, "Mul", ["picture", "half"], "scaled")
    _node(graph, "Add", ["scaled", "half"], FACE.prefix + FACE.given)
    pools = [
        *_append(graph, bundled_model(DETECTOR) if text is None else text, TEXT),
        *_append(graph, models.find("centerface") if face is None else face, FACE),
    ]
    _node(graph, "Concat", pools, "maps", axis=1)
    _node(graph, "Flatten", ["maps"], POOLED)
    if head is not None:
        _add_head(graph, head)
    name = POOLED if head is None else EMBEDDING
    graph.output.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n", None]))
    opset = [helper.make_opsetid("", _OPSET)]
    made = helper.make_model(graph, opset_imports=opset, ir_version=7)
    onnx.checker.check_model(made, full_check=True)
    return made


def _append(graph: onnx.GraphProto, path: Path, part: Part) -> list[str]:
    """Add the layers that lead to the maps, and their pooling; return the pooled tensors."""
    source = onnx.load(path).graph
    made_by = {name: node for node in source.node for name in node.output}
    wanted, needed = list(part.maps), set[str]()
    while wanted:
        if (name := wanted.pop()) not in needed:
            needed.add(name)
            wanted += made_by[name].input if name in made_by else ()
    for values in source.initializer:
        if values.name in needed:
            _weights(graph, part.prefix + values.name, numpy_helper.to_array(values))
    for node in source.node:
        if needed.isdisjoint(node.output):
            continue
        copy = graph.node.add()
        copy.CopyFrom(node)
        copy.name = ""
        copy.input[:] = [part.prefix + name for name in node.input]
        copy.output[:] = [part.prefix + name for name in node.output]
    return [pool for name in part.maps for pool in _pool(graph, part.prefix + name)]


def _pool(graph: onnx.GraphProto, name: str) -> tuple[str, str]:
    mean, away, square, variance, deviation = (
        f"{name}/{what}" for what in ("mean", "away", "square", "variance", "deviation")
    )
    _node(graph, "GlobalAveragePool", [name], mean)
    _node(graph, "Sub", [name, mean], away)
    _node(graph, "Mul", [away, away], square)
    _node(graph, "GlobalAveragePool", [square], variance)
    _node(graph, "Sqrt", [variance], deviation)
    return mean, deviation


def _add_head(graph: onnx.GraphProto, head: Head) -> None:
    limits = np.array(-LIMIT, np.float32), np.array(LIMIT, np.float32)
    for name, values in (
        *(("head/mean", head.mean), ("head/scale", head.scale), ("head/bias", head.bias)),
        *(("head/least", limits[0]), ("head/most", limits[1])),
    ):
        _constant(graph, name, values)
    _weights(graph, "head/weights", head.weights)
    _node(graph, "Sub", [POOLED, "head/mean"], "head/away")
    _node(graph, "Div", ["head/away", "head/scale"], "head/given")
    _node(graph, "Clip", ["head/given", "head/least", "head/most"], "head/cut")
    _node(graph, "Gemm", ["head/cut", "head/weights", "head/bias"], "head/sum", transB=1)
    _node(graph, "Relu", ["head/sum"], EMBEDDING)


def _weights(graph: onnx.GraphProto, name: str, values: NDArray[np.float32]) -> None:
    """Store weights, whose first axis is that of the output channels."""
    if values.ndim < 2 or values.size < _FEWEST:
        _constant(graph, name, values)
        return
    scale = np.abs(values).max(axis=tuple(range(1, values.ndim)), keepdims=True) / 127
    scale[scale == 0] = 1
    _constant(graph, f"{name}/whole", np.round(values / scale).astype(np.int8))
    _constant(graph, f"{name}/scale", scale.astype(np.float32))
    _node(graph, "Cast", [f"{name}/whole"], f"{name}/cast", to=TensorProto.FLOAT)
    _node(graph, "Mul", [f"{name}/cast", f"{name}/scale"], name)


def _constant(graph: onnx.GraphProto, name: str, values: NDArray[np.generic]) -> None:
    graph.initializer.append(numpy_helper.from_array(values, name))


def _node(
    graph: onnx.GraphProto, kind: str, given: Sequence[str], made: str, **attributes: int
) -> None:
    graph.node.append(helper.make_node(kind, list(given), [made], **attributes))
