"""From what a worker found to the picture object of the API."""

from __future__ import annotations

from typing import Any

from epic_features.engines import Result
from epic_features.extractor import Rejected
from epic_features.image import looks_encoded
from epic_gallery.service.looking import Question
from epic_gallery.service.refusals import Problem

_ADVICE = {
    "not_a_picture": "send the bytes of a JPEG, PNG, WebP, HEIC, AVIF, GIF, BMP or TIFF file",
    "broken_picture": "send the whole file, or save it anew",
    "too_many_pixels": "send a smaller copy of it",
    "too_large": "send a smaller copy of it",
    "picture_failed": "please report it, with the version of epic-features",
}


def answer_of(result: Result, question: Question, seconds: float) -> dict[str, Any]:
    """Return the picture object of the API, without ``index`` and ``name``.

    Parameters
    ----------
    result : Result
        Of a `epic_gallery.service.looking.Looker`.
    question : Question
        What was asked.
    seconds : float
        How long the worker took.
    """
    if result.row is None:
        assert result.rejected is not None
        code = _code(result.rejected, question)
        reason = f"{question.name}: {result.rejected.reason}; {_ADVICE[code]}"
        return Problem(code, reason).json
    return {"sha256": result.sha256, **result.row, "milliseconds": round(1000 * seconds, 1)}


def _code(rejected: Rejected, question: Question) -> str:
    if rejected.stage != "decode":
        return "picture_failed" if rejected.stage != "source" else "broken_picture"
    if "max_pixels=" in rejected.reason:
        return "too_many_pixels"
    if "max_bytes=" in rejected.reason:
        return "too_large"
    content = question.content
    if isinstance(content, bytes) and not looks_encoded(content[:16]):
        return "not_a_picture"
    return "broken_picture"
