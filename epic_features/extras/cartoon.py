"""Measures that tell drawings from photographs: few colours, flat areas, sharp outlines."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from epic_features.color_counts import count_colors, count_weighted_colors
from epic_features.image import Image
from epic_features.stage import Backend

_TOP_SIDE = 1024
_TOP_COLORS = 512
_SMALL_SIDE = 256
_DIAMETER, _SIGMA = 5, 50.0
_CANNY = (50, 150)


class CartoonStage:
    """The columns of the group ``cartoon``.

    - ``distinct_colors_ratio``: distinct colours of all pixels / pixels. A small image can't
      repeat its colours as often as a large one: compare images of one size.
    - ``top512_colors_ratio``: share of the pixels of a 1024 x 1024 resize, proportions not kept,
      that have one of its 512 most frequent colours. Nearest-neighbour, so that no colour appears
      which the image does not have.
    - ``bilateral_similarity``: Pearson correlation of the histograms (256 bins for each of R, G, B,
      one after another) before and after a bilateral filter of diameter 5, sigma 50 in colour and
      in space; 1 where a histogram is uniform. Smoothing changes few colours of a drawing and many
      of a photo.
    - ``edge_density``: share of the pixels that Canny's detector marks (3 x 3 Sobel, L1 norm,
      thresholds 50 and 150 of the 8-bit luma).

    The last two look at a copy with a longest side of at most 256 pixels, where the noise of
    sensors and JPEG is averaged out. On 120 drawings and 120 photos larger copies, wider filters
    and joint colour histograms separated no better (area under the ROC curve .62 for the filter,
    .64 for the edges, .74 for the 512 colours).
    """

    group = "cartoon"
    backends: tuple[Backend, ...] = ()

    def __call__(self, image: Image) -> Mapping[str, Any]:
        """Return one value for every column of the group."""
        distinct, resized = _color_counts(image)
        small = image.fitted(_SMALL_SIDE)
        return {
            "distinct_colors_ratio": distinct / (image.width * image.height),
            "top512_colors_ratio": _top_share(resized),
            "bilateral_similarity": _bilateral_similarity(small),
            "edge_density": _edge_density(small),
        }


def top512_colors_ratio(image: Image) -> float:
    """Return the column ``top512_colors_ratio`` of an image, in (0, 1]."""
    return _top_share(_color_counts(image)[1])


def _top_share(counts: NDArray[np.int64]) -> float:
    return float(np.sort(counts)[-_TOP_COLORS:].sum() / _TOP_SIDE**2)


def _color_counts(image: Image) -> tuple[int, NDArray[np.int64]]:
    """Return how many colours there are, and how often each occurs in the resize."""
    rows, columns = _repetitions(image.height), _repetitions(image.width)
    if min(rows.min(), columns.min()) > 0 and rows.max() * columns.max() <= 255:
        # Every pixel is there, repeated: there is no need to sort the repetitions.
        counts = count_weighted_colors(image.pixels, np.outer(rows, columns).astype(np.uint8))
        return len(counts), counts
    size = (_TOP_SIDE, _TOP_SIDE)
    resized = cv2.resize(image.pixels, size, interpolation=cv2.INTER_NEAREST)
    counts = count_colors(np.asarray(resized, np.uint8)).counts
    return image.distinct_colors, counts


def _repetitions(length: int) -> NDArray[np.int64]:
    """Return how often each of so many rows or columns is taken into the resize."""
    places = np.arange(length, dtype=np.float32)[:, None]
    taken = cv2.resize(places, (1, _TOP_SIDE), interpolation=cv2.INTER_NEAREST)
    return np.bincount(taken.ravel().astype(np.int64), minlength=length)


def bilateral_similarity(image: Image) -> float:
    """Return the column ``bilateral_similarity`` of an image, in [-1, 1]."""
    return _bilateral_similarity(image.fitted(_SMALL_SIDE))


def _bilateral_similarity(pixels: NDArray[np.uint8]) -> float:
    filtered = np.asarray(cv2.bilateralFilter(pixels, _DIAMETER, _SIGMA, _SIGMA), np.uint8)
    before, after = _histogram(pixels), _histogram(filtered)
    correlation = cv2.compareHist(before, after, cv2.HISTCMP_CORREL)
    return float(np.clip(correlation, -1, 1))


def _histogram(pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
    channels = [cv2.calcHist([pixels], [i], None, [256], [0, 256]) for i in range(3)]
    return np.concatenate(channels).astype(np.float32, copy=False)


def _edge_density(pixels: NDArray[np.uint8]) -> float:
    edges = cv2.Canny(cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY), *_CANNY)
    return float(np.count_nonzero(edges) / edges.size)
