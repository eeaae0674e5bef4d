"""How a cropped line is prepared for our Arabic recogniser, in training and in use."""

from __future__ import annotations

import math
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

HEIGHT = 40
"""Height in pixels of the network's input."""
STRIDE = 4
"""Pixels of width for each step of the network; an input's width is a multiple of it."""

_WHITE = 255
# Share of the contrast that a row must show to hold ink. The noise of a JPEG stays below.
_INK = 0.3
_LEAST_WIDTH, _MOST_WIDTH = 16, 2000
_MARGIN = 0.05


def prepare(line: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Turn a line into grey pixels of one height, stretched, dark on light, without empty rows.

    Empty rows above and below the letters make them small in a loose box: without cutting them
    off, twice as many characters are misread there.

    Parameters
    ----------
    line : ndarray of uint8, shape (height, width, 3) or (height, width)
        RGB or grey pixels of a line in reading position.

    Returns
    -------
    ndarray of uint8, shape (40, width)
        The width a multiple of 4 from 16 to 2,000, padded with the colour of the background.
    """
    grey = cv2.cvtColor(line, cv2.COLOR_RGB2GRAY) if line.ndim == 3 else line
    counts = cv2.calcHist([grey], [0], None, [256], [0, 256]).ravel()
    low, high = _quantile(counts, 0.01), _quantile(counts, 0.99)
    # What is left of a plain surface is noise; it must not be stretched to full contrast.
    scale = _WHITE / max(high - low, 16.0)
    within = np.clip(np.arange(256.0), low, high)
    levels = cv2.convertScaleAbs(within, alpha=scale, beta=-low * scale).ravel()
    if _quantile(np.bincount(levels, counts, 256), 0.5) < _WHITE / 2:
        levels = _WHITE - levels
    stretched = np.asarray(cv2.LUT(grey, levels), np.uint8)
    trimmed = _without_empty_rows(stretched)
    height, width = trimmed.shape
    width = min(max(_LEAST_WIDTH, round(width * HEIGHT / height)), _MOST_WIDTH)
    how = cv2.INTER_AREA if height > HEIGHT else cv2.INTER_LINEAR
    resized = cv2.resize(trimmed, (width, HEIGHT), interpolation=how)
    missing = -width % STRIDE
    if missing:
        resized = cv2.copyMakeBorder(resized, 0, 0, 0, missing, cv2.BORDER_REPLICATE)
    return np.asarray(resized, np.uint8)


def _quantile(counts: NDArray[Any], share: float) -> float:
    """Return a quantile of grey levels of which is known how often each occurs."""
    totals = np.cumsum(counts, dtype=np.int64)
    place = share * float(totals[-1] - 1)
    low, high = np.searchsorted(totals, (int(place), math.ceil(place)), side="right").tolist()
    return float(low + (high - low) * (place - int(place)))


def _without_empty_rows(grey: NDArray[np.uint8]) -> NDArray[np.uint8]:
    contrast = grey.max(axis=1).astype(np.int16) - grey.min(axis=1)
    inked = np.flatnonzero(contrast > _INK * _WHITE)
    if not len(inked):
        return grey
    margin = max(1, round(_MARGIN * (inked[-1] - inked[0])))
    return grey[max(0, inked[0] - margin) : inked[-1] + 1 + margin]
