"""Light, contrast, sharpness, and two hashes that survive resizing and recompression."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from epic_features.image import Image
from epic_features.stage import Backend

_SHARPNESS_SIDE = 1024
_HASH_SIDE = 8
_DCT_SIDE = 32


class QualityStage:
    """The columns ``brightness``, ``contrast``, ``sharpness``, ``phash`` and ``dhash``.

    Luma is ITU-R BT.601 (0.299 R + 0.587 G + 0.114 B), rounded to 8 bits.

    - ``brightness``, ``contrast``: mean and standard deviation of the luma of all pixels / 255.
    - ``sharpness``: variance of the Laplacian (3 x 3 kernel with -4 in the middle) of the 8-bit
      luma, after shrinking the longest side to at most 1024 pixels, so that large and small copies
      compare (the measure is that of Pech-Pacheco et al. 2000). Above 3,584 pixels the copy is made
      of halves and this is about 7 % less.
    - ``phash``, ``dhash``: see `phash` and `dhash`; of pictures above 2,048 pixels those of a copy
      of 1,024, of which at most two bits in 64 differ.
    """

    group = "quality"
    backends: tuple[Backend, ...] = ()

    def __call__(self, image: Image) -> Mapping[str, Any]:
        """Return one value for every column of the group."""
        whole = _luma(image.pixels)
        mean, deviation = cv2.meanStdDev(whole)
        # Of a picture that is small enough these copies are the picture itself.
        overview = whole if image.overview is image.pixels else _luma(image.overview)
        shrunk = image.fitted(_SHARPNESS_SIDE)
        fitted = overview if shrunk is image.overview else _luma(shrunk)
        _, spread = cv2.meanStdDev(cv2.Laplacian(fitted, cv2.CV_16S, ksize=1))
        return {
            "brightness": float(mean[0, 0]) / 255,
            "contrast": float(deviation[0, 0]) / 255,
            "sharpness": float(spread[0, 0]) ** 2,
            "phash": phash(overview),
            "dhash": dhash(overview),
        }


def phash(luma: NDArray[np.uint8]) -> str:
    """Return the DCT hash of an image: 64 bits as 16 hex digits.

    The luma is resized to 32 x 32 (Lanczos) and transformed by an unscaled DCT-II; each of the
    8 x 8 lowest frequencies, row by row from the constant term, gives a 1 when it is above their
    median (Zauner 2010, with the constant term kept as the Python package ImageHash does).

    Parameters
    ----------
    luma : ndarray of uint8, shape (height, width)
        Brightness of the pixels.
    """
    angles = np.outer(np.arange(_HASH_SIDE), 2 * np.arange(_DCT_SIDE) + 1) * (np.pi / 2 / _DCT_SIDE)
    waves = np.cos(angles)
    low = waves @ _small(luma, _DCT_SIDE, _DCT_SIDE).astype(np.float64) @ waves.T
    # What is 0 in theory, as every wave of a flat picture, must not get its bit from rounding.
    low = low.round(6)
    return _as_hex(low > np.median(low))


def dhash(luma: NDArray[np.uint8]) -> str:
    """Return the difference hash of an image: 64 bits as 16 hex digits.

    The luma is resized to 9 x 8 (Lanczos); a pixel brighter than its left neighbour gives a 1, row
    by row from the top left.

    Parameters
    ----------
    luma : ndarray of uint8, shape (height, width)
        Brightness of the pixels.
    """
    small = _small(luma, _HASH_SIDE + 1, _HASH_SIDE)
    return _as_hex(small[:, 1:] > small[:, :-1])


def _luma(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return np.asarray(cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY), np.uint8)


def _small(luma: NDArray[np.uint8], width: int, height: int) -> NDArray[np.uint8]:
    # Pillow's Lanczos widens its window when it shrinks; OpenCV's does not and would alias.
    from PIL import Image as PILImage

    size = (width, height)
    return np.asarray(PILImage.fromarray(luma).resize(size, PILImage.Resampling.LANCZOS))


def _as_hex(bits: NDArray[np.bool_]) -> str:
    return np.packbits(bits).tobytes().hex()
