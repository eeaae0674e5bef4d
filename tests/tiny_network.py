"""A network as small as can be, and what it should say."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

onnx = pytest.importorskip("onnx", reason="makes tiny networks with the package onnx")

SIDE = 8
FIELDS = {
    "input_size": SIDE,
    "mean": [0.5, 0.4, 0.3],
    "std": [0.5, 0.25, 0.2],
    "interpolation": "bilinear",
    "crop": 1.0,
    "layout": "NCHW",
    "output": "embedding",
}


def make_network(
    path: Path,
    *,
    layout: str = "NCHW",
    batch: object = "n",
    side: object = SIDE,
    out: str = "embedding",
    keep_axes: bool = False,
    scale: float = 1.0,
    inputs: int = 1,
) -> Path:
    """Write a network that gives the mean of each channel, times `scale`."""
    helper, kind = onnx.helper, onnx.TensorProto.FLOAT
    shape = [batch, 3, side, side] if layout == "NCHW" else [batch, side, side, 3]
    axes = [2, 3] if layout == "NCHW" else [1, 2]
    nodes = [
        helper.make_node("ReduceMean", ["x", "axes"], ["m"], keepdims=int(keep_axes)),
        helper.make_node("Mul", ["m", "scale"], [out]),
        helper.make_node("Identity", ["x"], ["picture"]),
    ]
    ends = {False: [batch, 3], True: [batch, 3, 1, 1] if layout == "NCHW" else [batch, 1, 1, 3]}
    graph = helper.make_graph(
        nodes,
        "means",
        [helper.make_tensor_value_info("x", kind, shape)]
        + [helper.make_tensor_value_info(f"y{i}", kind, [1]) for i in range(inputs - 1)],
        [
            helper.make_tensor_value_info(out, kind, ends[keep_axes]),
            helper.make_tensor_value_info("picture", kind, shape),
        ],
        [
            helper.make_tensor("axes", onnx.TensorProto.INT64, [2], axes),
            helper.make_tensor("scale", kind, [], [scale]),
        ],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    path.write_bytes(model.SerializeToString())
    return path


def describe(folder: Path, **changes: object) -> None:
    (folder / "preprocess.json").write_text(json.dumps(FIELDS | changes))


def noise(height: int, width: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)
