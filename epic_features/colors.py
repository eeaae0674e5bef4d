"""Dominant colours: k-means over all pixels, computed on the distinct colours.

Pixels of one colour always share a cluster, so k-means over the distinct colours weighted by their
counts *is* k-means over the pixels.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from epic_features.color_clusters import Histogram, cluster
from epic_features.color_counts import ColorCounts, count_colors
from epic_features.image import Image
from epic_features.schema import N_COLORS
from epic_features.stage import Backend


@dataclass(frozen=True, eq=False)
class Palette:
    """The dominant colours of an image, most frequent first.

    Attributes
    ----------
    centers : ndarray of float64, shape (n, 3)
        Centres of the clusters, sRGB in [0, 255].
    shares : ndarray of float64, shape (n,)
        Share of the pixels nearest to each centre, in (0, 1]; descending, sums to 1. The centres
        count as they are, not rounded to `hex`.
    """

    centers: NDArray[np.float64]
    shares: NDArray[np.float64]

    @property
    def hex(self) -> tuple[str, ...]:
        """Centres rounded to ``#rrggbb``; in a nearly flat image two of them can be equal."""
        return tuple("#{:02x}{:02x}{:02x}".format(*c) for c in np.rint(self.centers).astype(int))


class ColorsStage:
    """The columns ``dominant_color_1..5`` and ``color_to_image_ratio_1..5``.

    Fewer than five distinct colours leave both columns null from there on.
    """

    group = "colors"
    backends: tuple[Backend, ...] = ()

    def __call__(self, image: Image) -> Mapping[str, Any]:
        """Return one value for every column of the group."""
        palette = palette_of(image.color_counts, N_COLORS)
        row: dict[str, Any] = {}
        for i in range(N_COLORS):
            known = i < len(palette.shares)
            row[f"dominant_color_{i + 1}"] = palette.hex[i] if known else None
            row[f"color_to_image_ratio_{i + 1}"] = float(palette.shares[i]) if known else None
        return row


def dominant_colors(pixels: NDArray[np.uint8], k: int = N_COLORS) -> Palette:
    """Cluster the pixels of an image by colour.

    The answer depends on the colours and how many pixels have each, on nothing else: not on where
    they are, on the number of threads or on an earlier call.

    Parameters
    ----------
    pixels : ndarray of uint8, shape (height, width, 3)
        RGB.
    k : int
        Number of clusters, at least 1. An image of fewer distinct colours has one for each.

    Returns
    -------
    Palette
        At most `k` colours; equally frequent ones in ascending order of (R, G, B).

    Raises
    ------
    ValueError
        No pixels, not RGB of 8 bits, or `k` below 1.
    """
    if k < 1:
        raise ValueError(f"k={k} clusters; ask for at least 1")
    return palette_of(count_colors(pixels), k)


def palette_of(counted: ColorCounts, k: int = N_COLORS) -> Palette:
    """Do what `dominant_colors` does with colours that have been counted."""
    exact = Histogram.of(counted)
    few = exact.size <= k
    centers, sizes = (exact.colors.T, exact.counts) if few else cluster(exact, k)
    order = np.lexsort((centers[:, 2], centers[:, 1], centers[:, 0], -sizes))
    return Palette(centers=centers[order], shares=sizes[order] / exact.counts.sum())
