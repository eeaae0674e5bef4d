"""Which recogniser reads the Arabic lines."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from epic_features import models
from epic_features.settings import Settings
from epic_features.stage import Backend
from epic_features.text.arabic_own import ArabicOwn
from epic_features.text.direction import logical_order
from epic_features.text.pipeline import ArabicRecogniser
from epic_features.text.ppocr import Recogniser, wheel_version
from epic_features.text.script import clean
from epic_features.text.tesseract import ArabicLines, find_tessdata


def arabic_reader(settings: Settings) -> ArabicRecogniser | None:
    """Return the recogniser that `settings` asks for; None when it asks for none.

    Raises
    ------
    ModelNotFound
        With ``arabic="rapid"`` or ``"tesseract"``, when a model file is not on this machine.
    MissingExtra
        With ``arabic="tesseract"``, when tesserocr can't be imported.
    """
    cache = models.cache_dir(settings.model_dir)
    if settings.arabic == "none":
        return None
    if settings.arabic == "rapid":
        return ArabicRapid(models.find("arabic-ppocrv5", cache=cache))
    if settings.arabic == "tesseract":
        return ArabicLines(find_tessdata(cache))
    return ArabicOwn()


class ArabicRapid:
    """Reads cropped lines of Arabic with a PP-OCR recogniser trained on it.

    Parameters
    ----------
    path : Path
        ONNX file with its dictionary in the metadata entry ``character``.
    """

    def __init__(self, path: Path) -> None:
        self._recognise = Recogniser(path)
        self.backend = Backend("Arabic recognition", "PP-OCR", wheel_version(), models.sha256(path))

    def __call__(self, line: NDArray[np.uint8]) -> tuple[str, float]:
        """Return the cleaned text of an RGB line in logical order, and its confidence."""
        text, score, _ = self._recognise(line)
        return clean(logical_order(text)), score
