"""The default reader: PP-OCRv6 from the wheel of rapidocr, Arabic lines by a second recogniser."""

from __future__ import annotations

from epic_features import models
from epic_features.settings import Settings
from epic_features.stage import Backend
from epic_features.text.arabic_reader import arabic_reader
from epic_features.text.pipeline import LineByLineReader
from epic_features.text.ppocr import (
    DETECTOR,
    RECOGNISER,
    Detector,
    Recogniser,
    bundled_model,
    wheel_version,
)


class RapidReader(LineByLineReader):
    """Finds text with the PP-OCRv6 detector and reads it with the PP-OCRv6 recogniser.

    Parameters
    ----------
    settings : Settings
        `groups`, `text`, `text_threshold`, `arabic` and `model_dir` are used.

    Raises
    ------
    ModelNotFound
        When a network is not on this machine.
    """

    def __init__(self, settings: Settings) -> None:
        detector, recogniser = bundled_model(DETECTOR), bundled_model(RECOGNISER)
        backends = tuple(
            Backend(role, "rapidocr", wheel_version(), models.sha256(path))
            for role, path in (("text detection", detector), ("text recognition", recogniser))
        )
        super().__init__(
            Detector(detector, settings.text_threshold),
            Recogniser(recogniser, looks="writing" in settings.groups),
            arabic_reader(settings),
            backends,
            settings.text_budget,
        )
