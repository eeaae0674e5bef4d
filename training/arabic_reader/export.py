"""From a checkpoint to the file that ships: ONNX, weights of 16 bits, checked against PyTorch."""

from __future__ import annotations

import logging
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import Tensor, nn

from epic_features.text.arabic_line import HEIGHT
from training.arabic_reader.text import SYMBOLS
from training.arabic_reader.train import averaged_network

_log = logging.getLogger(__name__)
_SMALL = 256
# Weights of 16 bits move no probability by more than this.
_TOLERANCE = 0.02


class _WithProbabilities(nn.Module):
    def __init__(self, network: nn.Module, temperature: float) -> None:
        super().__init__()
        self.network = network
        self.temperature = temperature

    def forward(self, lines: Tensor) -> Tensor:
        return torch.softmax(self.network(lines) / self.temperature, dim=-1)


def export(checkpoint: Path, path: Path, temperature: float = 1.0) -> None:
    """Write the averaged network of a checkpoint as ONNX and check that it reads the same.

    Input ``line`` (batch, 1, 40, width) float32 in [-1, 1], dark letters positive; output
    ``symbols`` (batch, width / 2, classes) probabilities. The metadata entry ``character`` lists
    the symbols, one a line.

    Raises
    ------
    ValueError
        When the file's probabilities differ from those of PyTorch by more than .02.
    """
    network = _WithProbabilities(averaged_network(checkpoint), temperature).eval()
    sample = torch.randn(1, 1, HEIGHT, 320).clamp(-1, 1)
    axes = {"line": {0: "batch", 3: "width"}, "symbols": {0: "batch", 1: "steps"}}
    torch.onnx.export(
        network, (sample,), str(path), input_names=["line"], output_names=["symbols"],
        dynamic_axes=axes, opset_version=17, dynamo=False,
    )  # fmt: skip
    model = onnx.load(str(path))
    _halve(model.graph)
    model.metadata_props.add(key="character", value="\n".join(SYMBOLS))
    onnx.checker.check_model(model)
    onnx.save(model, str(path))
    worst = _difference(network, path)
    _log.info("%s: %d bytes, differs by %.4f", path, path.stat().st_size, worst)
    if worst > _TOLERANCE:
        raise ValueError(f"{path} differs from PyTorch by {worst:.3f}; allowed are {_TOLERANCE}")


def _halve(graph: onnx.GraphProto) -> None:
    """Store the large weights in 16 bits; the runtime widens them once, when it loads the file."""
    casts = []
    for weights in graph.initializer:
        values = numpy_helper.to_array(weights)
        if values.dtype != np.float32 or values.size < _SMALL:
            continue
        name = weights.name
        half = numpy_helper.from_array(values.astype(np.float16), f"{name}_half")
        weights.CopyFrom(half)
        casts.append(helper.make_node("Cast", [f"{name}_half"], [name], to=TensorProto.FLOAT))
    for node in reversed(casts):
        graph.node.insert(0, node)


def _difference(network: nn.Module, path: Path) -> float:
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    worst = 0.0
    for width in (16, 200, 1000):
        line = torch.rand(1, 1, HEIGHT, width) * 2 - 1
        with torch.no_grad():
            wanted = network(line).numpy()
        (got,) = session.run(None, {"line": line.numpy()})
        worst = max(worst, float(np.abs(got - wanted).max()))
    return worst
