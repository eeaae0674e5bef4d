"""Trained networks as ONNX: written with PyTorch, run without it."""

from __future__ import annotations

import io
import warnings
from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from epic_features.errors import ModelFileError
from epic_features.networks import open_session

if TYPE_CHECKING:
    from classifiers.networks import Network

PIXELS, METADATA = "pixels", "metadata"

_BATCH = 64


class OnnxNetwork:
    """Runs an exported network, with one thread.

    Parameters
    ----------
    model : bytes
        The ONNX file.
    outputs : sequence of str
        Outputs it has to have.

    Raises
    ------
    ModelFileError
        When it is first run: it is no such network.
    """

    def __init__(self, model: bytes, outputs: Sequence[str]) -> None:
        self.model = model
        self.outputs = tuple(outputs)

    def run(
        self, pixels: NDArray[np.uint8], metadata: NDArray[np.float32] | None = None
    ) -> dict[str, NDArray[np.float32]]:
        """Return each output of some pictures.

        Parameters
        ----------
        pixels : ndarray of uint8, shape (n, side, side, 3)
            RGB.
        metadata : ndarray of float32, shape (n, m), optional
            When the network wants them.

        Returns
        -------
        dict of str to ndarray of float32
            Each of shape (n, length).
        """
        found: list[list[NDArray[np.float32]]] = []
        for start in range(0, max(1, len(pixels)), _BATCH):
            part = slice(start, start + _BATCH)
            known = {PIXELS: _normalised(pixels[part])}
            if metadata is not None:
                known[METADATA] = np.ascontiguousarray(metadata[part], np.float32)
            try:
                found.append(self._session.run(list(self.outputs), known))
            except ModelFileError:
                raise
            except Exception as error:  # Those of onnxruntime have no common base.
                reason = " ".join(str(error).split())[:300]
                raise ModelFileError(f"the network can't be run: {reason}") from error
        return {
            name: np.concatenate([outputs[k] for outputs in found])
            for k, name in enumerate(self.outputs)
        }

    @cached_property
    def _session(self) -> Any:
        try:
            session = open_session(self.model)
        except Exception as error:  # As above.
            reason = " ".join(str(error).split())[:300]
            raise ModelFileError(f"not an ONNX file that can be run: {reason}") from error
        there = [item.name for item in session.get_outputs()]
        if missing := [name for name in self.outputs if name not in there]:
            raise ModelFileError(
                f"the network has no output {missing[0]!r}; it has {', '.join(there)}"
            )
        return session

    def __getstate__(self) -> dict[str, Any]:
        return {"model": self.model, "outputs": self.outputs}


def export(network: Network, outputs: Sequence[str], side: int) -> bytes:
    """Return a network as an ONNX file of any number of pictures.

    Parameters
    ----------
    network : Network
        Trained.
    outputs : sequence of str
        What it shall give: ``"embedding"`` and names of heads.
    side : int
        Width and height of a picture.
    """
    import torch

    from classifiers.networks import Exported

    inputs = [torch.zeros(1, 3, side, side)]
    if network.metadata:
        inputs.append(torch.zeros(1, network.metadata))
    names = [PIXELS, METADATA][: len(inputs)]
    buffer = io.BytesIO()
    with warnings.catch_warnings():
        # The exporter that is not deprecated needs two more packages and writes the same graph.
        warnings.simplefilter("ignore")
        torch.onnx.export(
            Exported(network.eval(), outputs),
            tuple(inputs),
            buffer,
            dynamo=False,
            input_names=names,
            output_names=list(outputs),
            dynamic_axes={name: {0: "n"} for name in (*names, *outputs)},
        )
    return buffer.getvalue()


def _normalised(pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
    values = np.asarray(pixels, np.float32) / np.float32(127.5) - np.float32(1)
    return np.ascontiguousarray(values.transpose(0, 3, 1, 2))
