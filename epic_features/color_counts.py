"""The distinct colours of an image and how many pixels have each."""

from __future__ import annotations

from typing import Any, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

_CHUNK = 1 << 24  # pixels sorted at a time: 64 MiB of working memory
_BLOCK = 1 << 16  # pixels marked at a time: what stays in a core's cache
_MOST_WEIGHT = np.uint32(255)
_COUNT = np.uint64(0xFFFFFFFF)
_SHIFT = np.uint64(32)


class ColorCounts(NamedTuple):
    """The distinct colours of an image.

    Attributes
    ----------
    colors : ndarray of uint8, shape (n, 3)
        RGB, in ascending order.
    counts : ndarray of int64, shape (n,)
        Pixels of each colour.
    """

    colors: NDArray[np.uint8]
    counts: NDArray[np.int64]


def count_colors(pixels: NDArray[np.uint8]) -> ColorCounts:
    """Count the pixels of every distinct colour, exactly.

    Parameters
    ----------
    pixels : ndarray of uint8, shape (height, width, 3)
        RGB.

    Raises
    ------
    ValueError
        No pixels, or not RGB of 8 bits.
    """
    if pixels.dtype != np.uint8 or pixels.ndim != 3 or pixels.shape[2] != 3 or pixels.size == 0:
        raise ValueError(
            f"pixels of type {pixels.dtype} and shape {pixels.shape}; give uint8 RGB, (H, W, 3)"
        )
    flat = np.ascontiguousarray(pixels).reshape(1, -1, 3)
    runs = [_count_chunk(flat[:, i : i + _CHUNK]) for i in range(0, flat.shape[1], _CHUNK)]
    runs_joined = runs[0] if len(runs) == 1 else _merge(np.concatenate(runs))
    codes = (runs_joined >> _SHIFT).astype("<u4")
    colors = codes.view(np.uint8).reshape(-1, 4)[:, 2::-1]
    return ColorCounts(colors, (runs_joined & _COUNT).astype(np.int64))


def count_weighted_colors(
    pixels: NDArray[np.uint8], weights: NDArray[np.uint8]
) -> NDArray[np.int64]:
    """Return the sum of the weights of the pixels of every distinct colour.

    Parameters
    ----------
    pixels : ndarray of uint8, shape (height, width, 3)
        RGB.
    weights : ndarray of uint8, shape (height, width)
        What each pixel counts.

    Returns
    -------
    ndarray of int64, shape (n,)
        In the order of `count_colors`.
    """
    # A colour takes three of the four bytes that are sorted; its weight travels in the fourth.
    codes = _codes(pixels.reshape(1, -1, 3))
    codes <<= np.uint32(8)
    codes |= weights.ravel()
    codes.sort()
    last = np.flatnonzero((codes[1:] ^ codes[:-1]) > _MOST_WEIGHT)
    totals = np.cumsum(codes.astype(np.uint8), dtype=np.int64)
    return np.asarray(np.diff(totals[np.append(last, -1)], prepend=0), np.int64)


def count_distinct(pixels: NDArray[np.uint8]) -> int:
    """Return how many colours `count_colors` would find, on large pictures in a third of the time.

    Parameters
    ----------
    pixels : ndarray of uint8, shape (height, width, 3)
        RGB.
    """
    flat = np.ascontiguousarray(pixels).reshape(1, -1, 3)
    seen = np.zeros(1 << 24, np.bool_)
    for i in range(0, flat.shape[1], _BLOCK):
        # With the highest byte 255 they are negative: places counted from the end of the table.
        codes = _codes(flat[:, i : i + _BLOCK]).view("<i4")
        seen[codes.astype(np.intp)] = True
    return int(np.count_nonzero(seen))


def _count_chunk(pixels: NDArray[np.uint8]) -> NDArray[np.uint64]:
    """Return colour (upper half) and count (lower half) of every distinct colour, sorted."""
    codes = _codes(pixels)
    codes.sort()
    starts = _run_starts(codes)
    counts = np.diff(starts, append=len(codes))
    return (codes[starts].astype(np.uint64) << _SHIFT) | counts.astype(np.uint64)


def _codes(pixels: NDArray[np.uint8]) -> NDArray[np.uint32]:
    # Bytes B, G, R, A read as a little-endian number: A << 24 | R << 16 | G << 8 | B.
    return np.asarray(cv2.cvtColor(pixels, cv2.COLOR_RGB2BGRA)).view("<u4").ravel()


def _merge(runs: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Add up the counts of equal colours; one image has fewer than 2**32 pixels."""
    runs.sort()
    starts = _run_starts(runs >> _SHIFT)
    counts = np.add.reduceat(runs & _COUNT, starts)
    return (runs[starts] & ~_COUNT) | counts


def _run_starts(ordered: NDArray[Any]) -> NDArray[np.intp]:
    return np.flatnonzero(np.concatenate(([True], ordered[1:] != ordered[:-1])))
