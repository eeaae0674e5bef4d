"""What is compared of two pictures to tell whether one is a copy of the other."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from epic_features.image import Image

# Measured on real pictures (folds 0-2 of the project's test data), copies of them (down to a
# quarter of the side at JPEG quality 30) and pictures in which one part was replaced: hashes of
# copies differed in at most 4 bits; the worst window of a copy differed by at most .083 (99th
# percentile: .038), that of an edited picture by at least .26.
_MOST_DIFFERENCE = 0.15
_SIDE = 128
_LEAST_SIDE = 32
_NOISE = 100.0  # variance, in levels², of what a coarse JPEG adds or removes
_TINTS = 8
_MOST_TINT_DIFFERENCE = 12.0  # levels
_MOST_STRETCH = 0.03


@dataclass(frozen=True, eq=False)
class Look:
    """What is compared of a picture.

    Attributes
    ----------
    luma : ndarray of uint8, shape (side, side)
        Brightness, averaged over cells; `side` is 128, or less for a smaller picture.
    tints : ndarray of float32, shape (8, 8, 3)
        Mean colours of a coarse grid.
    aspect_ratio : float
        Width / height.
    area, size : int
        Pixels of the picture and bytes of its file.
    sha256 : str
        Checksum of the file.
    """

    luma: NDArray[np.uint8]
    tints: NDArray[np.float32]
    aspect_ratio: float
    area: int
    size: int
    sha256: str


def look_of(image: Image) -> Look:
    """Return what is compared of an image that was read from a file."""
    encoded = image.encoded or b""
    side = min(_SIDE, max(_LEAST_SIDE, min(image.width, image.height)))
    # A square: copies have the same proportions, so those are compared as one number.
    luma = np.asarray(cv2.cvtColor(image.pixels, cv2.COLOR_RGB2GRAY), np.uint8)
    return Look(
        _shrunk(luma, side),
        np.asarray(_shrunk(image.pixels, _TINTS), np.float32),
        image.width / image.height,
        image.width * image.height,
        len(encoded),
        hashlib.sha256(encoded).hexdigest(),
    )


def likeness(one: Look, other: Look) -> float:
    """Return how alike two pictures are, in [0, 1], if one is a copy of the other, else 0.

    A window of an eighth of the side slides over the details of both (brightness less its own
    blur), shrunk to the size of the smaller one. Where the difference is largest compared with the
    details themselves, as where another caption is, it tells copies from similar pictures.
    """
    if abs(np.log(one.aspect_ratio / other.aspect_ratio)) > _MOST_STRETCH:
        return 0.0
    if np.abs(one.tints - other.tints).max() > _MOST_TINT_DIFFERENCE:
        return 0.0
    side = min(len(one.luma), len(other.luma))
    first, second = _details(one.luma, side), _details(other.luma, side)
    window = (side // 8, side // 8)
    change = cv2.blur((first - second) ** 2, window)
    amount = cv2.blur(first**2, window) + cv2.blur(second**2, window) + _NOISE
    difference = float((change / amount).max())
    return 1 - difference if difference <= _MOST_DIFFERENCE else 0.0


def _details(luma: NDArray[np.uint8], side: int) -> NDArray[np.float32]:
    # The slight blur hides how a copy was resampled.
    smooth = cv2.GaussianBlur(_shrunk(luma, side).astype(np.float32), (0, 0), 1.0)
    return np.asarray(smooth - cv2.GaussianBlur(smooth, (0, 0), side / 12), np.float32)


def _shrunk(pixels: NDArray[np.uint8], side: int) -> NDArray[np.uint8]:
    return np.asarray(cv2.resize(pixels, (side, side), interpolation=cv2.INTER_AREA), np.uint8)
