"""How the surface of a picture looks: paper, sensor noise, flat paint, screens."""

from __future__ import annotations

from collections.abc import Mapping
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
        magnitude = np.hypot(gx, gy)
        return {
            "noise_level": _noise(_luma(_middle(image.pixels))),
            **_quantiles("luma", luma),
            **_quantiles("local_contrast", magnitude),
            **_edges(gx, gy, magnitude),
            **_flatness(luma),
            **_colors(small),
            **_paper(luma),
            "local_pattern_entropy": _entropy(_local_patterns(luma)),
            **_bands(small, luma, magnitude),
        }


def _luma(pixels: NDArray[np.uint8]) -> _Gray:
    return np.asarray(cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY), np.uint8)


def _slope(luma: NDArray[Any], x: int, y: int) -> _Real:
    return np.asarray(cv2.Sobel(luma, cv2.CV_32F, x, y), np.float32) / np.float32(4)


def _middle(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    height, width = pixels.shape[:2]
    top, left = max(0, (height - _SIDE) // 2), max(0, (width - _SIDE) // 2)
    return np.ascontiguousarray(pixels[top : top + _SIDE, left : left + _SIDE])


def _noise(luma: _Gray) -> float:
    values = luma.astype(np.float32)
    kernel = np.array([[1, -2, 1], [-2, 4, -2], [1, -2, 1]], np.float32)
    response = np.abs(cv2.filter2D(values, cv2.CV_32F, kernel))
    steps = np.hypot(_slope(values, 1, 0), _slope(values, 0, 1))
    smooth = response[steps < _EDGE / 4]
    return float(np.sqrt(np.pi / 2) / 6 * smooth.mean()) if smooth.size else 0.0


def _quantiles(name: str, values: NDArray[Any]) -> dict[str, float]:
    found = np.quantile(values, _QUANTILES) / 255
    return {
        f"{name}_p{round(100 * q):02d}": float(v) for q, v in zip(_QUANTILES, found, strict=True)
    }


def _edges(gx: _Real, gy: _Real, magnitude: _Real) -> dict[str, float]:
    strong = magnitude >= _EDGE
    count = int(strong.sum())
    x, y = np.abs(gx[strong]), np.abs(gy[strong])
    weak = magnitude[(magnitude >= _EDGE / 8) & ~strong]
    return {
        "outline_ratio": count / magnitude.size,
        "vertical_outline_ratio": float((y <= _AXIS * x).mean()) if count else 0.0,
        "horizontal_outline_ratio": float((x <= _AXIS * y).mean()) if count else 0.0,
        "soft_edge_ratio": weak.size / (weak.size + count) if weak.size + count else 0.0,
    }


def _flatness(luma: _Gray) -> dict[str, float]:
    values = luma.astype(np.int16)
    right = np.abs(np.diff(values, axis=1, append=values[:, -1:]))
    below = np.abs(np.diff(values, axis=0, append=values[-1:]))
    flat = (right <= _FLAT) & (below <= _FLAT)
    border = np.concatenate([values[0], values[-1], values[:, 0], values[:, -1]])
    return {
        "flat_ratio": float(flat.mean()),
        "plain_rows_ratio": float((values.std(axis=1) < _PLAIN_LINE).mean()),
        "plain_columns_ratio": float((values.std(axis=0) < _PLAIN_LINE).mean()),
        "border_contrast": float(border.std() / 255),
        "border_brightness": float(border.mean() / 255),
    }


def _colors(pixels: NDArray[np.uint8]) -> dict[str, float]:
    hsv = cv2.cvtColor(pixels, cv2.COLOR_RGB2HSV)
    hue, saturation = hsv[..., 0].ravel(), hsv[..., 1].ravel() / np.float32(255)
    hues = np.bincount(hue // 5, weights=saturation, minlength=36)
    cells = pixels.reshape(-1, 3).astype(np.int32) >> 4
    counts = np.bincount(cells[:, 0] * 256 + cells[:, 1] * 16 + cells[:, 2])
    _, cr, cb = cv2.split(cv2.cvtColor(pixels, cv2.COLOR_RGB2YCrCb))
    # Chai and Ngan's (1999) ranges of skin in the chroma plane.
    skin = (cr >= 133) & (cr <= 173) & (cb >= 77) & (cb <= 127)
    top = np.sort(counts)[::-1]
    return {
        "saturation_mean": float(saturation.mean()),
        "saturation_contrast": float(saturation.std()),
        "vivid_ratio": float((saturation > 0.6).mean()),
        "gray_ratio": float((saturation < 0.06).mean()),
        "hue_entropy": _entropy(hues),
        "color_entropy": _entropy(counts),
        "top_cell_ratio": float(top[0] / counts.sum()),
        "top_8_cells_ratio": float(top[:8].sum() / counts.sum()),
        "skin_ratio": float(skin.mean()),
    }


def _paper(luma: _Gray) -> dict[str, float]:
    """Look at the light on the ground: the 90th percentile of the luma in 8 x 8 blocks."""
    ground = np.array(
        [
            [
                np.quantile(block, 0.9)
                for block in np.array_split(row, _PAPER_BLOCKS, axis=1)
                if block.size
            ]
            for row in np.array_split(luma, _PAPER_BLOCKS)
            if row.size
        ]
    )
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
    middle = luma[1:-1, 1:-1].astype(np.int16)
    height, width = luma.shape
    around = ((0, 0), (0, 1), (0, 2), (1, 2), (2, 2), (2, 1), (2, 0), (1, 0))
    bits = np.stack(
        [
            luma[y : height - 2 + y, x : width - 2 + x].astype(np.int16) > middle + 2
            for y, x in around
        ]
    )
    changes = (bits != np.roll(bits, 1, axis=0)).sum(axis=0)
    codes = np.where(changes <= 2, bits.sum(axis=0), 9)
    return np.bincount(codes.ravel(), minlength=10)


def _bands(pixels: NDArray[np.uint8], luma: _Gray, magnitude: _Real) -> dict[str, float]:
    """Compare four horizontal bands, top to bottom: captions, title bars, keyboards."""
    parts: dict[str, float] = {}
    edges = np.array_split(np.arange(luma.shape[0]), _BANDS)
    spread = pixels.max(axis=2).astype(np.int16) - pixels.min(axis=2)
    for number, rows in enumerate(edges, 1):
        empty = rows.size == 0
        parts[f"band_{number}_brightness"] = 0.0 if empty else float(luma[rows].mean() / 255)
        parts[f"band_{number}_colorfulness"] = 0.0 if empty else float(spread[rows].mean() / 255)
        parts[f"band_{number}_outlines"] = (
            0.0 if empty else float((magnitude[rows] >= _EDGE).mean())
        )
    return parts


def _entropy(counts: NDArray[Any]) -> float:
    """Return the Shannon entropy of counts in bits; 0 when there are none."""
    total = counts.sum()
    if not total:
        return 0.0
    shares = counts[counts > 0] / total
    return float(-(shares * np.log2(shares)).sum() + 0.0)
