"""How the surface of a picture looks: paper, sensor noise, flat paint, screens."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from epic_features.image import Image
from epic_features.stage import Backend

_SIDE = 512
_BANDS = 4
_EDGE = 60.0  # Sobel magnitude / 4: steps of 60 grey levels and more are outlines, not texture
_AXIS = np.tan(np.radians(4.0))
_FLAT = 1  # JPEG leaves plain areas within one grey level
_PLAIN_LINE = 2.0  # standard deviation of the luma of a row or column without content
_PAPER_BLOCKS = 8
_QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)

_Gray = NDArray[np.uint8]
_Real = NDArray[np.float32]
_Mask = NDArray[np.uint8]


class TextureStage:
    """The columns of the group ``texture``.

    All are measured on a copy with a longest side of at most 512 pixels, except ``noise_level``,
    which looks at a crop of that size from the middle of the picture, because shrinking averages
    the noise of a sensor away.

    - ``noise_level``: Immerkaer's (1996) estimate of the standard deviation of the noise, over
      pixels that are no outline.
    - ``local_contrast_*``: quantiles of the magnitude of the luma's gradient (Sobel / 4).
    - ``local_pattern_entropy``: entropy of the ten rotation invariant uniform local binary patterns
      (Ojala et al. 2002).
    - ``hue_entropy``, ``color_entropy``: 36 hues weighted by saturation; 4096 RGB cells.
    """

    group = "texture"
    backends: tuple[Backend, ...] = ()

    def __call__(self, image: Image) -> Mapping[str, Any]:
        """Return one value for every column of the group."""
        small = image.fitted(_SIDE)
        luma = _luma(small)
        gx, gy = _slope(luma, 1, 0), _slope(luma, 0, 1)
        magnitude = _length(gx, gy)
        outlines = _at_least(magnitude, _EDGE)
        return {
            "noise_level": _noise(_luma(_middle(image.pixels))),
            **_named("luma", _quantiles_of_counts(_counts(luma), _QUANTILES)),
            **_named("local_contrast", _quantiles(magnitude)),
            **_edges(gx, gy, magnitude, outlines),
            **_flatness(luma),
            **_colors(small),
            **_paper(luma),
            "local_pattern_entropy": _entropy(_local_patterns(luma)),
            **_bands(small, luma, outlines),
        }


def _luma(pixels: NDArray[np.uint8]) -> _Gray:
    return np.asarray(cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY), np.uint8)


def _slope(luma: _Gray, x: int, y: int) -> _Real:
    return np.asarray(cv2.Sobel(luma, cv2.CV_32F, x, y, scale=0.25), np.float32)


def _length(gx: _Real, gy: _Real) -> _Real:
    # Not cv2.magnitude: its last bit depends on where in memory the numbers happen to lie. The sum
    # of the squares of quarters is exact, so that only the root rounds.
    return np.sqrt(gx * gx + gy * gy)


def _at_least(values: _Real, limit: float) -> _Mask:
    return (values >= np.float32(limit)).view(np.uint8)


def _share(mask: _Mask) -> float:
    return cv2.countNonZero(mask) / mask.size


def _mean(values: NDArray[Any]) -> float:
    return float(cv2.sumElems(values)[0] / values.size)


def _counts(values: _Gray) -> NDArray[np.int64]:
    """Count every value of a grey picture."""
    found = cv2.calcHist([values], [0], None, [256], [0, 256])
    return np.asarray(found, np.int64).ravel()


def _middle(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    height, width = pixels.shape[:2]
    top, left = max(0, (height - _SIDE) // 2), max(0, (width - _SIDE) // 2)
    return np.ascontiguousarray(pixels[top : top + _SIDE, left : left + _SIDE])


def _noise(luma: _Gray) -> float:
    kernel = np.array([[1, -2, 1], [-2, 4, -2], [1, -2, 1]], np.float32)
    response = np.abs(cv2.filter2D(luma, cv2.CV_16S, kernel)).astype(np.uint16)
    steps = _length(_slope(luma, 1, 0), _slope(luma, 0, 1))
    smooth = (steps < np.float32(_EDGE / 4)).view(np.uint8)
    return float(np.sqrt(np.pi / 2) / 6 * cv2.mean(response, smooth)[0])


def _named(name: str, quantiles: NDArray[Any]) -> dict[str, float]:
    return {
        f"{name}_p{round(100 * q):02d}": float(value / 255)
        for q, value in zip(_QUANTILES, quantiles, strict=True)
    }


def _quantiles(values: _Real) -> NDArray[Any]:
    # Sorting all is faster than partitioning at ten places.
    ordered = np.sort(values, axis=None)
    return _between(ordered.__getitem__, len(ordered), _QUANTILES)


def _quantiles_of_counts(counts: NDArray[np.int64], shares: Sequence[float]) -> NDArray[Any]:
    """Return quantiles of numbers of which only is known how often each occurs.

    Parameters
    ----------
    counts : ndarray of int64, shape (..., values)
        At least one number in each row.
    shares : sequence of float
        In [0, 1].
    """
    totals = counts.cumsum(axis=-1)

    def at(ranks: NDArray[np.intp]) -> NDArray[np.float64]:
        # Of the numbers in order, the one at a rank is the number of values used up before.
        return np.asarray((totals[..., None, :] <= ranks[..., None]).sum(axis=-1), np.float64)

    return _between(at, totals[..., -1:], shares)


def _between(
    at: Callable[[NDArray[np.intp]], NDArray[Any]],
    count: int | NDArray[np.int64],
    shares: Sequence[float],
) -> NDArray[Any]:
    """Interpolate linearly between the numbers at the two nearest ranks."""
    place = np.asarray(shares) * (count - 1)
    low = np.floor(place).astype(np.intp)
    high = np.minimum(low + 1, count - 1)
    found: NDArray[Any] = at(low) + (at(high) - at(low)) * (place - low)
    return found


def _edges(gx: _Real, gy: _Real, magnitude: _Real, outlines: _Mask) -> dict[str, float]:
    count = cv2.countNonZero(outlines)
    strong = outlines > 0
    x, y = np.abs(gx[strong]), np.abs(gy[strong])
    seen = cv2.countNonZero(_at_least(magnitude, _EDGE / 8))
    return {
        "outline_ratio": count / magnitude.size,
        "vertical_outline_ratio": float((y <= _AXIS * x).mean()) if count else 0.0,
        "horizontal_outline_ratio": float((x <= _AXIS * y).mean()) if count else 0.0,
        "soft_edge_ratio": (seen - count) / seen if seen else 0.0,
    }


def _flatness(luma: _Gray) -> dict[str, float]:
    height, width = luma.shape
    flat = np.ones((height, width), np.bool_)
    flat[:, :-1] &= cv2.absdiff(luma[:, 1:], luma[:, :-1]) <= _FLAT if width > 1 else True
    flat[:-1] &= cv2.absdiff(luma[1:], luma[:-1]) <= _FLAT if height > 1 else True
    border = np.concatenate([luma[0], luma[-1], luma[:, 0], luma[:, -1]]).astype(np.float64)
    return {
        "flat_ratio": float(np.count_nonzero(flat) / flat.size),
        "plain_rows_ratio": _plain_lines(luma, 1),
        "plain_columns_ratio": _plain_lines(luma, 0),
        "border_contrast": float(border.std() / 255),
        "border_brightness": float(border.mean() / 255),
    }


def _plain_lines(luma: _Gray, axis: int) -> float:
    """Return the share of the rows (axis 1) or columns (axis 0) without content."""
    count = luma.shape[axis]
    sums = cv2.reduce(luma, axis, cv2.REDUCE_SUM, dtype=cv2.CV_64F)
    squares = cv2.reduce(luma, axis, cv2.REDUCE_SUM2, dtype=cv2.CV_64F)
    # n² times the variance, of whole numbers and therefore exact.
    return float((count * squares - sums * sums < (count * _PLAIN_LINE) ** 2).mean())


def _colors(pixels: NDArray[np.uint8]) -> dict[str, float]:
    hsv = cv2.cvtColor(pixels, cv2.COLOR_RGB2HSV)
    found = cv2.calcHist([hsv], [0, 1], None, [180, 256], [0, 180, 0, 256])
    by_hue = np.asarray(found, np.float64).reshape(36, 5, 256).sum(axis=1)
    levels, counts = np.arange(256) / 255, by_hue.sum(axis=0)
    saturation = float(counts @ levels / counts.sum())
    cells = cv2.calcHist([pixels], [0, 1, 2], None, [16] * 3, [0, 256] * 3)
    top = np.sort(np.asarray(cells, np.float64), axis=None)[::-1]
    # Chai and Ngan's (1999) ranges of skin in the chroma plane.
    chroma = cv2.cvtColor(pixels, cv2.COLOR_RGB2YCrCb)
    skin = cv2.inRange(chroma, np.array([0, 133, 77]), np.array([255, 173, 127]))
    return {
        "saturation_mean": saturation,
        "saturation_contrast": float(np.sqrt(counts @ (levels - saturation) ** 2 / counts.sum())),
        "vivid_ratio": float(counts[levels > 0.6].sum() / counts.sum()),
        "gray_ratio": float(counts[levels < 0.06].sum() / counts.sum()),
        "hue_entropy": _entropy(by_hue @ levels),
        "color_entropy": _entropy(top),
        "top_cell_ratio": float(top[0] / top.sum()),
        "top_8_cells_ratio": float(top[:8].sum() / top.sum()),
        "skin_ratio": _share(np.asarray(skin, np.uint8)),
    }


def _paper(luma: _Gray) -> dict[str, float]:
    """Look at the light on the ground: the 90th percentile of the luma in 8 x 8 blocks."""
    blocks = [
        cv2.calcHist([np.ascontiguousarray(block)], [0], None, [256], [0, 256]).ravel()
        for row in np.array_split(luma, _PAPER_BLOCKS)
        for block in np.array_split(row, _PAPER_BLOCKS, axis=1)
        if block.size
    ]
    ground = _quantiles_of_counts(np.array(blocks, np.int64), (0.9,))
    return {
        "ground_brightness": float(np.median(ground) / 255),
        "ground_contrast": float(ground.std() / 255),
        "white_ratio": float((luma >= 250).mean()),
        "black_ratio": float((luma <= 16).mean()),
    }


def _local_patterns(luma: _Gray) -> NDArray[np.int64]:
    """Count the ten rotation invariant uniform patterns of the 8 neighbours of each pixel."""
    if min(luma.shape) < 3:
        return np.ones(1, np.int64)
    height, width = luma.shape
    # At most 255, which no neighbour exceeds either.
    limit = np.minimum(luma[1:-1, 1:-1], 253) + np.uint8(2)
    around = ((0, 0), (0, 1), (0, 2), (1, 2), (2, 2), (2, 1), (2, 0), (1, 0))
    codes = np.zeros(limit.shape, np.uint8)
    for place, (y, x) in enumerate(around):
        near = luma[y : height - 2 + y, x : width - 2 + x]
        codes |= np.asarray(cv2.compare(near, limit, cv2.CMP_GT), np.uint8) & np.uint8(1 << place)
    return np.bincount(_PATTERNS, weights=_counts(codes), minlength=10).astype(np.int64)


def _bands(pixels: NDArray[np.uint8], luma: _Gray, outlines: _Mask) -> dict[str, float]:
    """Compare four horizontal bands, top to bottom: captions, title bars, keyboards."""
    parts: dict[str, float] = {}
    edges = np.array_split(np.arange(luma.shape[0]), _BANDS)
    red, green, blue = cv2.split(pixels)
    most, least = (f(f(red, green), blue) for f in (cv2.max, cv2.min))
    spread = np.asarray(cv2.subtract(most, least), np.uint8)
    for number, rows in enumerate(edges, 1):
        band = slice(rows[0], rows[-1] + 1) if rows.size else slice(0)
        parts[f"band_{number}_brightness"] = _mean(luma[band]) / 255 if rows.size else 0.0
        parts[f"band_{number}_colorfulness"] = _mean(spread[band]) / 255 if rows.size else 0.0
        parts[f"band_{number}_outlines"] = _share(outlines[band]) if rows.size else 0.0
    return parts


def _pattern(code: int) -> int:
    """Return the pattern of eight bits: their number when they are in one run, else 9."""
    bits = [code >> place & 1 for place in range(8)]
    changes = sum(bits[i] != bits[i - 1] for i in range(8))
    return sum(bits) if changes <= 2 else 9


_PATTERNS = np.array([_pattern(code) for code in range(256)])


def _entropy(counts: NDArray[Any]) -> float:
    """Return the Shannon entropy of counts in bits; 0 when there are none."""
    total = counts.sum()
    if not total:
        return 0.0
    shares = counts[counts > 0] / total
    return float(-(shares * np.log2(shares)).sum() + 0.0)
