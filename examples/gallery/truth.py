"""What is known for certain about a drawn picture."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

Script = Literal["en", "ar", "other"]
Point = tuple[float, float]
Quad = tuple[Point, Point, Point, Point]

# Every symbol the texts of this gallery use that counts as maths whatever stands around it.
_ALWAYS_MATHS = frozenset("+=±×÷−∑∫√∂∞∈∉∩∪≤≥≠≈∀∃∇°%½²³¹⁰₀₁₂₃")
_MATHS_BETWEEN_OPERANDS = frozenset("-*/<>")


@dataclass(frozen=True)
class Line:
    """One line of text as it was drawn.

    Attributes
    ----------
    text : str
        Unicode NFC in logical order, without presentation forms.
    script : {"en", "ar", "other"}
        Script of its letters; "other" when it has none, such as a clock.
    polygon : tuple of four (x, y) points
        Box around the ink in pixels of the upright picture: top left, top right, bottom right,
        bottom left as they stand on the page.
    """

    text: str
    script: Script
    polygon: Quad


@dataclass(frozen=True)
class Drawing:
    """The truth about one picture.

    Attributes
    ----------
    path : str
        Path below the gallery's folder, with ``/``.
    label : str
        Its class, which is also the name of its folder.
    width, height : int
        Pixels of the upright picture.
    faces : int or None
        Human faces; None when nobody counted them.
    lines : tuple of Line
        Lines that were written, from top to bottom. Lettering that a photograph shows of its own
        accord, such as a name tag, is not in it.
    blocks : int or None
        Paragraphs those lines form, where that is beyond doubt.
    maths : int
        Digits and mathematical symbols in the lines.
    colors : tuple of (str, float)
        Flat colours as ``#rrggbb``, each with the share of the pixels painted exactly in it before
        the picture was encoded, largest first; not all colours of the picture.
    """

    path: str
    label: str
    width: int
    height: int
    faces: int | None
    lines: tuple[Line, ...]
    blocks: int | None
    maths: int
    colors: tuple[tuple[str, float], ...]


def script_of(text: str) -> Script:
    """Tell the script of a text that is never a mixture: the first letter decides."""
    for char in text:
        if "\u0620" <= char <= "\u064a":
            return "ar"
        if char.isascii() and char.isalpha():
            return "en"
    return "other"


def count_maths(text: str) -> int:
    """Count the digits and mathematical symbols of a line of this gallery.

    A rule of its own, which knows only the symbols that the gallery writes, so that it can be held
    against the library's.
    """
    return sum(_is_maths(text, i) for i in range(len(text)))


def write_truth(drawings: Iterable[Drawing], path: Path) -> None:
    """Write the truth as JSON: a list with one object for each picture."""
    entries = [asdict(drawing) for drawing in drawings]
    path.write_text(json.dumps(entries, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def _is_maths(text: str, at: int) -> bool:
    char = text[at]
    if char.isdecimal() or char in _ALWAYS_MATHS:
        return True
    if "α" <= char.lower() <= "ω":
        return True  # the gallery writes no Greek words
    return (
        char in _MATHS_BETWEEN_OPERANDS
        and _is_operand(text[:at].rstrip()[::-1])
        and _is_operand(text[at + 1 :].lstrip())
    )


def _is_operand(outward: str) -> bool:
    """Tell whether a text begins with an operand: a digit, a bracket or a lone letter."""
    first, second = outward[:1], outward[1:2]
    if first.isalpha():
        return not second.isalpha()
    return first.isdecimal() or first in tuple("()[]")
