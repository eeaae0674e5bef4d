"""Shapes of letters that no font of the training has: leaning, hollow, heavy, thin, wavy, wide."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

Mask = NDArray[np.uint8]

# A hollow letter needs room for two strokes and the gap between them.
_LEAST_HOLLOW = 20


def reshaped(rng: np.random.Generator, mask: Mask, size: int) -> Mask:
    """Return letters in another shape.

    Fonts for headings lean, are hollow, thick or uneven far beyond what the fonts of the training
    show, and digits most of all, which are read without the help of a word around them.

    Parameters
    ----------
    rng : numpy.random.Generator
    mask : ndarray of uint8, shape (height, width)
        The letters, cut to the ink.
    size : int
        Size of the font in pixels.

    Returns
    -------
    ndarray of uint8, shape (height', width')
        The letters, cut to the ink again.
    """
    kind = rng.random()
    if kind < 0.4:
        changed = _leaning(mask, rng.uniform(-0.5, 0.5))
    elif kind < 0.55:
        changed = _hollow(rng, mask, size) if size >= _LEAST_HOLLOW else mask
    elif kind < 0.75:
        changed = _weighed(rng, mask, size)
    elif kind < 0.9:
        changed = _wavy(rng, mask, size)
    else:
        stretch = float(np.exp(rng.uniform(-0.4, 0.5)))
        changed = np.asarray(cv2.resize(mask, None, fx=stretch, fy=1.0), np.uint8)
    return _cut(changed, mask)


def _leaning(mask: Mask, slant: float) -> Mask:
    height, width = mask.shape
    room = int(abs(slant) * height) + 1
    matrix = np.array([[1, -slant, max(slant, 0) * height], [0, 1, 0]], np.float32)
    return np.asarray(cv2.warpAffine(mask, matrix, (width + room, height)), np.uint8)


def _hollow(rng: np.random.Generator, mask: Mask, size: int) -> Mask:
    stroke = max(1, round(size * rng.uniform(0.02, 0.05)))
    padded = np.pad(mask, stroke)
    wider = cv2.dilate(padded, _disc(stroke)) if rng.random() < 0.5 else padded
    inner = cv2.erode(np.asarray(wider, np.uint8), _disc(stroke))
    return np.asarray(cv2.subtract(np.asarray(wider, np.uint8), inner), np.uint8)


def _weighed(rng: np.random.Generator, mask: Mask, size: int) -> Mask:
    stroke = max(1, round(size * rng.uniform(0.01, 0.05)))
    padded = np.pad(mask, stroke)
    if rng.random() < 0.25:
        thinner = np.asarray(cv2.erode(padded, _disc(1)), np.uint8)
        # Hairlines would break into dots.
        return thinner if int(thinner.sum()) > 0.5 * int(mask.sum()) else mask
    return np.asarray(cv2.dilate(padded, _disc(stroke)), np.uint8)


def _wavy(rng: np.random.Generator, mask: Mask, size: int) -> Mask:
    reach = size * rng.uniform(0.02, 0.08)
    room = int(np.ceil(reach))
    padded = np.pad(mask, room)
    rows, columns = np.indices(padded.shape, np.float32)
    few = [max(2, round(side / (size * rng.uniform(0.4, 1.2)))) for side in padded.shape]
    moves = [
        cv2.resize(
            rng.uniform(-reach, reach, few).astype(np.float32),
            padded.shape[::-1],
            interpolation=cv2.INTER_CUBIC,
        )
        for _ in range(2)
    ]
    return np.asarray(
        cv2.remap(padded, columns + moves[0], rows + moves[1], cv2.INTER_LINEAR), np.uint8
    )


def _disc(radius: int) -> Mask:
    side = 2 * radius + 1
    return np.asarray(cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side)), np.uint8)


def _cut(changed: Mask, mask: Mask) -> Mask:
    """Return the letters cut to their ink; as they were when hardly any of them is left."""
    left, top, width, height = cv2.boundingRect(changed)
    if min(width, height) < 3 or changed.max() < 100:
        return mask
    return changed[top : top + height, left : left + width]
