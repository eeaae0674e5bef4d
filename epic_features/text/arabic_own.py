"""Arabic lines read by the network that comes with this library."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from epic_features import models
from epic_features.networks import open_session
from epic_features.stage import Backend
from epic_features.text.arabic_line import prepare
from epic_features.text.arabic_spelling import respell
from epic_features.text.direction import logical_order
from epic_features.text.ppocr import decode, symbols_of
from epic_features.text.script import clean

MODEL = "arabic_line.onnx"


def model_path() -> Path:
    """Return the path of the network's file in the installed package."""
    return Path(str(resources.files("epic_features.text") / "data" / MODEL))


class ArabicOwn:
    """Reads cropped lines of Arabic, with Latin words and digits among them.

    Safe to call from several threads. How the network was trained, on what, and where it fails is
    written in ``docs/arabic-reader.md``.

    Parameters
    ----------
    path : Path, optional
        ONNX file; input (1, 1, 40, width) in [-1, 1], output (1, steps, symbols) probabilities;
        its metadata entry ``character`` lists the symbols, one a line.

    """

    def __init__(self, path: Path | None = None) -> None:
        path = path or model_path()
        self._session = open_session(path)
        self._input = self._session.get_inputs()[0].name
        self._symbols = symbols_of(self._session)
        self.backend = Backend("Arabic recognition", "epic-features", MODEL, models.sha256(path))

    def __call__(self, line: NDArray[np.uint8]) -> tuple[str, float]:
        """Return the cleaned text of an RGB line in logical order, and its mean confidence.

        Words that are in no list are respelled if a likely change of one letter makes them known.
        """
        steps = self._steps(prepare(line))
        _, score = decode(steps, self._symbols)
        return clean(logical_order(respell(steps, self._symbols))), score

    def symbols(self, prepared: NDArray[np.uint8]) -> tuple[str, float]:
        """Return the symbols of a prepared line as they stand, left to right, and their mean score.

        Parameters
        ----------
        prepared : ndarray of uint8, shape (40, width)
            What `epic_features.text.arabic_line.prepare` gives.
        """
        return decode(self._steps(prepared), self._symbols)

    def _steps(self, prepared: NDArray[np.uint8]) -> NDArray[np.float32]:
        blob = (1 - prepared.astype(np.float32) / 127.5)[None, None]
        return np.asarray(self._session.run(None, {self._input: blob})[0][0], np.float32)
