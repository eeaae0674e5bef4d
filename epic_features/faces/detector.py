"""What a face detector is, and what it returns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from epic_features.image import Image
from epic_features.stage import Backend


@dataclass(frozen=True)
class Face:
    """A detected face.

    Attributes
    ----------
    box : tuple of float
        Bounding box (x1, y1, x2, y2) in pixels of the upright image, not clipped to it.
    score : float
        Confidence in [0, 1].
    """

    box: tuple[float, float, float, float]
    score: float


class FaceDetector(Protocol):
    """Finds faces. Safe to call from several threads."""

    @property
    def backends(self) -> tuple[Backend, ...]:
        """The libraries and models used."""
        ...

    def detect(self, image: Image) -> list[Face]:
        """Return the faces of an image, most confident first."""
        ...
