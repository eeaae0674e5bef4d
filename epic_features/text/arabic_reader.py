"""Which recogniser reads the Arabic lines."""

from __future__ import annotations

import logging
import re
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from epic_features import models
from epic_features.errors import MissingExtra, ModelNotFound
from epic_features.settings import Settings
from epic_features.stage import Backend
from epic_features.text.pipeline import ArabicRecogniser
from epic_features.text.ppocr import Recogniser, wheel_version
from epic_features.text.script import clean
from epic_features.text.tesseract import ArabicLines, find_tessdata

_log = logging.getLogger(__name__)

# A run starts and ends with a letter or digit of the left-to-right kind and holds no Arabic.
_STRONG = r"[0-9A-Za-z\u00c0-\u02af\u0660-\u0669\u06f0-\u06f9]"
_LEFT_TO_RIGHT = re.compile(
    rf"({_STRONG}(?:[^\u0600-\u065f\u066a-\u06ef\u06fa-\u08ff]*{_STRONG})?)"
)
_MIRRORED = str.maketrans("()[]{}<>«»", ")(][}{><»«")


def arabic_reader(settings: Settings) -> ArabicRecogniser | None:
    """Return the recogniser that `settings` asks for; None when it asks for none or has none.

    A missing Tesseract is worth a warning, because it is the default; a model that was asked for
    by name is an error.

    Raises
    ------
    ModelNotFound
        With ``arabic="rapid"``, when the model file is not on this machine.
    """
    cache = models.cache_dir(settings.model_dir)
    if settings.arabic == "none":
        return None
    if settings.arabic == "rapid":
        return ArabicRapid(models.find("arabic-ppocrv5", cache=cache))
    try:
        return ArabicLines(find_tessdata(cache))
    except (ModelNotFound, MissingExtra) as error:
        _log.warning(
            "Arabic can't be read, so the Arabic columns will be null: %s. "
            'Settings(arabic="none") silences this.',
            error,
        )
        return None


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
        text, score = self._recognise(line)
        return clean(logical_order(text)), score


def logical_order(text: str) -> str:
    """Turn an Arabic line from the order on paper, left to right, into the order of reading.

    Runs that are written left to right (Latin words, numbers) keep their inner order, brackets
    between them are mirrored.

    Examples
    --------
    >>> logical_order("2025 سطسغأ")
    'أغسطس 2025'
    """
    pieces = _LEFT_TO_RIGHT.split(text[::-1].translate(_MIRRORED))
    # Every other piece is a run that reads left to right: put back as it stood.
    return "".join(
        piece[::-1].translate(_MIRRORED) if index % 2 else piece
        for index, piece in enumerate(pieces)
    )
