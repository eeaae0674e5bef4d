"""Text: readers behind one protocol, layout, and words."""

from __future__ import annotations

from epic_features.settings import Settings
from epic_features.text.stage import TextStage


def build_text_stage(settings: Settings) -> TextStage:
    """Return the stage of the text columns with the reader the settings ask for.

    Raises
    ------
    ModelNotFound
        When a model file is not on this machine; the message says how to get it.
    MissingExtra
        When the reader needs a library that isn't installed.
    """
    wanted = {"arrangement": "layout" in settings.groups, "writing": "writing" in settings.groups}
    if settings.text == "counts":
        from epic_features.text.boxes import BoxesStage

        return BoxesStage(settings.text_threshold, **wanted)
    if settings.ocr == "paddle":
        from epic_features.text.paddle import PaddleReader

        return TextStage(PaddleReader(settings), **wanted)
    from epic_features.text.rapid import RapidReader

    return TextStage(RapidReader(settings), **wanted)
