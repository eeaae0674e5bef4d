"""Detect boxes, read each one, and decide which of two recognisers to believe.

The readers differ in the networks they run; what happens to a line is the same and stands here.
The general recogniser knows no Arabic: on an Arabic line it returns nothing, or a few symbols
without much confidence. Such lines are read again by an Arabic recogniser.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple, Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from epic_features.image import Image
from epic_features.stage import Backend
from epic_features.text.crops import crop, readings, side_lengths
from epic_features.text.reader import Reading, TextBox
from epic_features.text.script import Script, clean, script_of, words

Detect = Callable[[NDArray[np.uint8]], Sequence[NDArray[np.float32]]]
"""Takes RGB pixels; returns the corners of the text boxes, shape (4, 2), around each."""

Recognise = Callable[[NDArray[np.uint8]], Reading]
"""Takes the RGB pixels of a line."""


class ArabicRecogniser(Protocol):
    """Reads cropped lines of Arabic. Safe to call from several threads."""

    backend: Backend

    def __call__(self, line: NDArray[np.uint8]) -> tuple[str, float]:
        """Return the cleaned text of an RGB line and a confidence in [0, 1]."""
        ...


# Of 163 English lines none was read with less confidence, of 60 Arabic ones two with more.
_SURE_LATIN = 0.8
# An Arabic reading with this score, so many letters and none of Latin script needs no second one:
# of 2,000 real lines in other scripts none was read so.
_PLAINLY_ARABIC, _PLAIN_LETTERS = 0.9, 4
# Readings below this are guesses. A lone symbol is more often an icon or a texture than a letter.
_READABLE = 0.5
_READABLE_SYMBOL = 0.75
# Width to height from which a box looks like a line. An unreadable line is written in a script that
# nobody here reads; other unreadable boxes are windows, tiles, leaves and whole textures.
_LINE_SHAPE = 1.5
# Icons are often read as two or three Arabic letters.
_READABLE_SQUARE_ARABIC = 0.85
# A line of this quality settles which script a picture is written in.
_SURE_ARABIC, _SURE_LETTERS = 0.8, 4
_SURE_LATIN_PICTURE = 0.9


class _Bar(NamedTuple):
    """What an Arabic reading must reach: a score, and a lead over the trust in the Latin one."""

    score: float
    lead: float


# Chosen on the lines of 98 real pictures in Arabic, English, Russian, Hebrew and Spanish: Tesseract
# makes Arabic letters of anything, seldom with more confidence than .5 and hardly ever than .7.
_ARABIC_PICTURE = _Bar(0.4, -0.2)
_UNKNOWN_PICTURE = _Bar(0.5, 0.1)
_LATIN_PICTURE = _Bar(0.7, 0.1)


class _Candidate(NamedTuple):
    """What both recognisers made of a box."""

    polygon: NDArray[np.float32]
    latin: str
    latin_score: float
    latin_trust: float
    arabic: str
    arabic_score: float
    look: NDArray[np.float32] | None = None


class LineByLineReader:
    """A `TextReader` made of a detector and one or two line recognisers.

    Parameters
    ----------
    detect : callable
        RGB pixels to polygons.
    recognise : callable
        RGB line to text and confidence, for everything but Arabic.
    arabic : ArabicRecogniser or None
        Recogniser of Arabic lines; None when there is none.
    backends : tuple of Backend
        What `detect` and `recognise` run on.
    budget : int or None
        How many boxes of a picture are read, the largest; None reads all.
    """

    def __init__(
        self,
        detect: Detect,
        recognise: Recognise,
        arabic: ArabicRecogniser | None,
        backends: tuple[Backend, ...],
        budget: int | None = None,
    ) -> None:
        self._detect = detect
        self._recognise = recognise
        self._arabic = arabic
        self._budget = budget
        self._backends = backends if arabic is None else (*backends, arabic.backend)

    @property
    def reads_arabic(self) -> bool:
        """Whether an Arabic recogniser is at hand."""
        return self._arabic is not None

    @property
    def backends(self) -> tuple[Backend, ...]:
        """The libraries and models used."""
        return self._backends

    def read(self, image: Image) -> list[TextBox]:
        """Return the text boxes of an image, in no particular order.

        Those beyond the budget hold no text.
        """
        pixels = image.pixels
        polygons = self._detect(pixels)
        if self._budget is not None:
            polygons = sorted(polygons, key=cv2.contourArea, reverse=True)
        found: list[_Candidate] = []
        # Before the first is read: a network leaves nothing in the cache of what cutting needs.
        cut = [
            [(corners, crop(pixels, corners)) for corners in readings(polygon)]
            for polygon in polygons[: self._budget]
        ]
        for lines in cut:
            arabic_first = self._arabic is not None and _holds_arabic(found)
            found.append(self._candidate(lines, arabic_first))
        bar = _bar(found)
        boxes = [box for box in (_decide(candidate, bar) for candidate in found) if box is not None]
        unread = [] if self._budget is None else polygons[self._budget :]
        return boxes + [_box(readings(polygon)[0], "", 0.0) for polygon in unread]

    def _candidate(
        self, lines: list[tuple[NDArray[np.float32], NDArray[np.uint8]]], arabic_first: bool
    ) -> _Candidate:
        """Read a box in every way in which it may stand; the surest reading wins.

        Once a picture is known to hold Arabic, every line is read as Arabic first: that is the
        cheaper reading, and the only one of a line such as "7:00 ص", of which the general
        recogniser sees just the digits and is sure of them.
        """
        ways = []
        for corners, line in lines:
            way = _Candidate(corners, "", 0.0, 0.0, "", 0.0)
            if arabic_first:
                way = self._with_arabic(line, way)
            if not _is_plainly_arabic(way):
                way = self._with_latin(line, way)
            ways.append((line, way))
        if (
            self._arabic is not None
            and not arabic_first
            and all(way.latin_trust < _SURE_LATIN for _, way in ways)
        ):
            ways = [(line, self._with_arabic(line, way)) for line, way in ways]
        return max((way for _, way in ways), key=lambda way: max(way.latin_trust, way.arabic_score))

    def _with_arabic(self, line: NDArray[np.uint8], way: _Candidate) -> _Candidate:
        assert self._arabic is not None
        text, score = self._arabic(line)
        return way._replace(arabic=text, arabic_score=score) if _is_arabic(text) else way

    def _with_latin(self, line: NDArray[np.uint8], way: _Candidate) -> _Candidate:
        text, score, look = self._recognise(line)
        text = clean(text)
        trust = score * _coverage(text, line)
        if trust >= _SURE_LATIN and _letters(text, Script.LATIN):
            way = way._replace(arabic="", arabic_score=0.0)
        return way._replace(latin=text, latin_score=score, latin_trust=trust, look=look)


def _coverage(text: str, line: NDArray[np.uint8]) -> float:
    """Return which share of the line's width the text accounts for, at most 1.

    A letter is rarely wider than a detected line is high, so a reading with fewer symbols than
    that has left out what it could not read: "(8)" of a line with three Arabic words before it.
    """
    height, width = line.shape[:2]
    symbols = len(text.replace(" ", ""))
    return min(1.0, symbols * float(height / width))


def _is_arabic(text: str) -> bool:
    digits = sum(char.isdecimal() for char in text)
    if script_of(text) is Script.ARABIC:
        return _letters(text, Script.ARABIC) >= 2 or digits > 0
    return script_of(text) is Script.OTHER and sum("٠" <= char <= "٩" for char in text) >= 2


def _is_plainly_arabic(way: _Candidate) -> bool:
    return (
        way.arabic_score >= _PLAINLY_ARABIC
        and _letters(way.arabic, Script.ARABIC) >= _PLAIN_LETTERS
        and not _letters(way.arabic, Script.LATIN)
    )


def _holds_arabic(found: Sequence[_Candidate]) -> bool:
    """Whether one of the lines settles that there is Arabic in the picture."""
    return any(
        way.arabic_score >= _SURE_ARABIC and _letters(way.arabic, Script.ARABIC) >= _SURE_LETTERS
        for way in found
    )


def _bar(found: Sequence[_Candidate]) -> _Bar:
    """Set the bar for Arabic readings by what else stands in the picture."""
    if _holds_arabic(found):
        return _ARABIC_PICTURE
    arabic = sum(way.arabic_score >= _UNKNOWN_PICTURE.score for way in found)
    latin = sum(
        way.latin_trust >= _SURE_LATIN_PICTURE
        and _letters(way.latin, Script.LATIN) >= _SURE_LETTERS
        for way in found
    )
    return _LATIN_PICTURE if latin > arabic else _UNKNOWN_PICTURE


def _letters(text: str, script: Script) -> int:
    return sum(map(len, words(text, script)))


def _decide(candidate: _Candidate, bar: _Bar) -> TextBox | None:
    """Return the box with the more believable reading; None for what is not text at all."""
    width, height = side_lengths(candidate.polygon)
    is_line = width >= _LINE_SHAPE * height
    least = bar.score if is_line else _READABLE_SQUARE_ARABIC
    if candidate.arabic_score >= max(least, candidate.latin_trust + bar.lead):
        return _box(candidate.polygon, candidate.arabic, candidate.arabic_score, candidate.look)
    readable = _READABLE if len(candidate.latin) > 1 else _READABLE_SYMBOL
    if candidate.latin and candidate.latin_trust >= readable:
        return _box(candidate.polygon, candidate.latin, candidate.latin_score, candidate.look)
    return _box(candidate.polygon, "", 0.0, candidate.look) if is_line else None


def _box(
    polygon: NDArray[np.float32], text: str, score: float, look: NDArray[np.float32] | None = None
) -> TextBox:
    return TextBox(polygon, text, min(max(score, 0.0), 1.0), script_of(text), look)
