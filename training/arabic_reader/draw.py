"""Letters: a line of text drawn in one font, as a mask, with its symbols in the order on paper."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

import numpy as np
from bidi.algorithm import get_display
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from training.arabic_reader.fonts import Face, latin_faces, sized, symbols_of

_RIGHT_TO_LEFT = re.compile("[\u0600-\u065f\u066a-\u06ef\u06fa-\u08ff]")
_LEFT_TO_RIGHT = re.compile("[A-Za-z0-9\u0660-\u0669\u06f0-\u06f9]")
_MIRRORED = str.maketrans("()[]{}<>«»", ")(][}{><»«")


class Drawing(NamedTuple):
    """A drawn line.

    Attributes
    ----------
    mask : ndarray of uint8, shape (height, width)
        How much of each pixel is ink, 0 to 255; cut to the ink.
    symbols : str
        What is written, from left to right.
    """

    mask: NDArray[np.uint8]
    symbols: str


def draw(
    text: str, face: Face, size: int, stretch: str | None = None, gap: float = 0.0
) -> Drawing | None:
    """Draw a line of text; None when the fonts lack one of its symbols.

    Parameters
    ----------
    text : str
        In logical order.
    face : Face
        Font of the Arabic letters; what it lacks is taken from its partner or a Latin font.
    size : int
        Size of the font in pixels.
    stretch : str, optional
        The same text with kashida, to be drawn in its place.
    gap : float, optional
        Pixels between the symbols, each of which is then drawn by itself: for digits.
    """
    symbols = get_display(text, base_dir="R")
    visual = symbols if stretch is None else get_display(stretch, base_dir="R")
    runs = []
    for run, right_to_left in [(symbol, False) for symbol in visual] if gap else _runs(visual):
        shown = run[::-1].translate(_MIRRORED) if right_to_left else run
        path = _font_of(shown, face)
        if path is None:
            return None
        runs.append((shown, right_to_left, sized(path, size)))
    widths = [font.getlength(run, direction=_direction(rtl)) for run, rtl, font in runs]
    room = sum(widths) + gap * len(runs)
    canvas = Image.new("L", (int(room) + 4 * size, 6 * size))
    painter = ImageDraw.Draw(canvas)
    left = 2.0 * size
    for (run, rtl, font), width in zip(runs, widths, strict=True):
        painter.text(
            (left, 3.5 * size),
            run,
            fill=255,
            font=font,
            anchor="ls",
            direction=_direction(rtl),
            language="ar" if rtl else None,
        )
        left += width + gap
    box = canvas.getbbox()
    if box is None or box[3] - box[1] < 3:
        return None
    return Drawing(np.asarray(canvas.crop(box)), symbols)


def draw_foreign(text: str, path: Path, size: int) -> Drawing | None:
    """Draw a line in a script that is not to be read: its symbols are ""."""
    if not {ord(char) for char in text if char != " "} <= symbols_of(path):
        return None
    font = sized(path, size)
    canvas = Image.new("L", (int(font.getlength(text)) + 4 * size, 4 * size))
    ImageDraw.Draw(canvas).text((2 * size, 2.5 * size), text, fill=255, font=font, anchor="ls")
    box = canvas.getbbox()
    return Drawing(np.asarray(canvas.crop(box)), "") if box and box[3] - box[1] > 3 else None


def with_icon(
    drawing: Drawing, icon: tuple[Path, str], size: int, gap: int, on_the_left: bool
) -> Drawing:
    """Put an icon beside the letters; the symbols stay the same."""
    path, symbol = icon
    canvas = Image.new("L", (3 * size, 3 * size))
    ImageDraw.Draw(canvas).text(
        (size, 2 * size), symbol, fill=255, font=sized(path, size), anchor="ls"
    )
    box = canvas.getbbox()
    if box is None:
        return drawing
    mark = np.asarray(canvas.crop(box))
    height = max(mark.shape[0], drawing.mask.shape[0])
    parts = [
        _centred(mark, height),
        np.zeros((height, gap), np.uint8),
        _centred(drawing.mask, height),
    ]
    joined = np.concatenate(parts if on_the_left else parts[::-1], axis=1)
    return Drawing(joined, drawing.symbols)


def _centred(mask: NDArray[np.uint8], height: int) -> NDArray[np.uint8]:
    above = (height - mask.shape[0]) // 2
    return np.pad(mask, ((above, height - mask.shape[0] - above), (0, 0)))


def _runs(visual: str) -> list[tuple[str, bool]]:
    """Cut a line, in the order on paper, into runs; with each whether it runs right to left."""
    runs: list[tuple[str, bool]] = []
    rtl, start, neutral = True, 0, 0
    for index, char in enumerate(visual):
        kind = True if _RIGHT_TO_LEFT.match(char) else False if _LEFT_TO_RIGHT.match(char) else None
        if kind is None:
            continue
        if index and kind is not rtl and any(_strong(other) for other in visual[start:index]):
            # Symbols between two runs belong to the one that runs right to left.
            cut = neutral if rtl is False else index
            runs.append((visual[start:cut], rtl))
            start = cut
        rtl, neutral = kind, index + 1
    runs.append((visual[start:], rtl))
    return [(run, rtl) for run, rtl in runs if run]


def _strong(char: str) -> bool:
    return bool(_RIGHT_TO_LEFT.match(char) or _LEFT_TO_RIGHT.match(char))


def _font_of(run: str, face: Face) -> Path | None:
    needed = {ord(char) for char in run if char != " "}
    if needed <= face.symbols:
        return face.path
    if face.partner is not None and needed <= symbols_of(face.partner):
        return face.partner
    if any(_RIGHT_TO_LEFT.match(char) for char in run):
        return None
    fallbacks = latin_faces()
    first = sum(face.path.name.encode()) % max(len(fallbacks), 1)
    for path in (*fallbacks[first:], *fallbacks[:first]):
        if needed <= symbols_of(path):
            return path
    return None


def _direction(right_to_left: bool) -> str:
    return "rtl" if right_to_left else "ltr"
