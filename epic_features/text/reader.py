"""What a text reader is, and what it returns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from epic_features.image import Image
from epic_features.stage import Backend
from epic_features.text.script import Script


class Reading(NamedTuple):
    """What a recogniser makes of a line.

    Attributes
    ----------
    text : str
        Its symbols.
    score : float
        Mean confidence of the symbols, in [0, 1].
    look : ndarray of float32, shape (864,), or None
        What the letters look like to the recogniser, whatever they say; see `TextBox`.
    """

    text: str
    score: float
    look: NDArray[np.float32] | None = None


@dataclass(frozen=True, eq=False)
class TextBox:
    """One detected piece of text, at most one line high.

    Attributes
    ----------
    polygon : ndarray of float32, shape (4, 2)
        Corners (x, y) in pixels of the upright image: top left, top right, bottom right, bottom
        left as seen by a reader of the line.
    text : str
        What was read: Unicode NFC, logical order; empty when nothing could be read.
    score : float
        Mean recognition confidence in [0, 1]; 0 when nothing could be read.
    script : Script
        Script of most letters of `text`; ``Script.OTHER`` when that is neither Latin nor Arabic.
    look : ndarray of float32, shape (864,), or None
        What its letters look like: mean and standard deviation, over the line, of what the
        recogniser sees in its first and last convolutions. None when nobody asked, or another
        recogniser read the line.
    """

    polygon: NDArray[np.float32]
    text: str
    score: float
    script: Script
    look: NDArray[np.float32] | None = None


class TextReader(Protocol):
    """Finds and reads the text of an image. Safe to call from several threads."""

    @property
    def reads_arabic(self) -> bool:
        """Whether an Arabic recogniser is at hand; the Arabic columns are null otherwise."""
        ...

    @property
    def backends(self) -> tuple[Backend, ...]:
        """The libraries and models used."""
        ...

    def read(self, image: Image) -> list[TextBox]:
        """Return the text boxes of an image, in no particular order."""
        ...
