"""K-means over weighted colours: how `epic_features.colors` finds its centres.

The search runs on coarser and coarser versions of the histogram of distinct colours; the last step
and the sizes of the clusters are exact again. Distances are element-wise arithmetic; what is added
up are whole numbers below 2**53, which no order of adding rounds. So the answer doesn't depend on
the number of threads.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from epic_features.color_counts import ColorCounts

_BLOCK = 1 << 14  # colours assigned at a time: what stays in a core's cache

# Of 300 real pictures none cost more than 1 % over the best of 48 starts with these.
_STARTS = 24
_COARSE = 512  # colours at most while all starts compete,
_COARSE_ROUNDS = 8
_FINALISTS = 3
_FINE = 4096  # and while the finalists do
_FINE_ROUNDS = 30
_SEED = 20

_Floats = NDArray[np.float64]
_Labels = NDArray[np.unsignedinteger[Any]]


class Histogram(NamedTuple):
    """Colours with weights: the distinct ones of an image, or means of cubes of colour space.

    Attributes
    ----------
    colors : ndarray of float64, shape (3, n)
        Red, green and blue in [0, 255]; one row per channel, so that arithmetic runs along memory.
    totals : ndarray of float64, shape (4, n)
        Of each colour the number of its pixels, at least 1, and the sums of their red, green and
        blue. All are whole numbers.
    """

    colors: _Floats
    totals: _Floats

    @classmethod
    def of(cls, counted: ColorCounts) -> Histogram:
        """Turn exact counts into a histogram."""
        colors = np.ascontiguousarray(counted.colors.T, np.float64)
        counts = counted.counts.astype(np.float64)
        return cls(colors, np.stack([counts, *(colors * counts)]))

    @property
    def counts(self) -> _Floats:
        """Pixels of each colour, shape (n,)."""
        return np.asarray(self.totals[0])

    @property
    def size(self) -> int:
        """Number of colours."""
        return int(self.totals.shape[1])

    def blocks(self) -> Iterator[Histogram]:
        """Yield the histogram in parts that a core's cache holds."""
        for i in range(0, self.size, _BLOCK):
            yield self.some(slice(i, i + _BLOCK))

    def some(self, which: slice | NDArray[np.intp]) -> Histogram:
        """Return some of the colours."""
        return Histogram(self.colors[:, which], self.totals[:, which])

    def coarsened(self, most: int) -> Histogram:
        """Return the finest version, by halving each channel's resolution, of at most `most`."""
        if self.size <= most:
            return self
        cubes = self.colors.astype(np.int64)
        for halvings in range(1, 9):
            if self.size > most * 8**halvings:
                continue  # Even if every cube were full there would be too many.
            bits = 8 - halvings
            red, green, blue = cubes >> halvings
            codes = (red << 2 * bits) | (green << bits) | blue
            occupied = np.zeros(8**bits, np.bool_)
            occupied[codes] = True
            if np.count_nonzero(occupied) <= most:
                break
        return self._joined(codes, np.flatnonzero(occupied))

    def thinned(self, most: int) -> Histogram:
        """Return at most `most` colours: the heaviest stay as they are, only the rest is joined.

        A dark or pale picture has nearly all its pixels in a few cubes; joining those too would
        hide the clusters inside them (measured: cost up to 52 % too high, 0.3 % this way).
        """
        if self.size <= most:
            return self
        order = np.argsort(-self.counts, kind="stable")
        heavy, light = np.sort(order[: most // 2]), np.sort(order[most // 2 :])
        kept, rest = self.some(heavy), self.some(light).coarsened(most - most // 2)
        return Histogram(*(np.concatenate(both, axis=1) for both in zip(kept, rest, strict=True)))

    def _joined(self, codes: NDArray[np.int64], used: NDArray[np.intp]) -> Histogram:
        ranks = np.empty(used[-1] + 1, np.intp)
        ranks[used] = np.arange(len(used))
        rank = ranks[codes]
        totals = np.stack([_totals(rank, each, len(used)) for each in self.totals])
        return Histogram(totals[1:] / totals[0], totals)


def cluster(exact: Histogram, k: int) -> tuple[_Floats, _Floats]:
    """Group more than `k` distinct colours into `k` clusters.

    Returns
    -------
    centers : ndarray of float64, shape (k, 3)
        Their centres.
    sizes : ndarray of float64, shape (k,)
        Pixels nearest to each centre, all above 0.
    """
    return _settle(exact, _search(exact, k))


def _search(exact: Histogram, k: int) -> _Floats:
    """Find good centres, shape (k, 3): many starts on few colours, the best ones on more."""
    fine = exact.coarsened(_FINE)
    coarse = fine.thinned(max(_COARSE, 2 * k))
    centers, costs = _lloyd(coarse, _plus_plus(coarse, k), _COARSE_ROUNDS)
    finalists = np.argsort(costs, kind="stable")[:_FINALISTS]
    centers, costs = _lloyd(fine, centers[finalists], _FINE_ROUNDS)
    best: _Floats = centers[np.argmin(costs)]
    return best


def _settle(exact: Histogram, centers: _Floats) -> tuple[_Floats, _Floats]:
    """Move centres once to the exact means; return them with the exact sizes of their clusters."""
    sizes, sums = _assign(exact, centers)
    if sizes.all():
        centers = sums / sizes[:, None]
    sizes = _sizes(exact, centers)
    while not sizes.all():
        # Possible when the search saw cubes: their means fell to a centre, their colours do not.
        # Each turn lowers the cost, so it ends; k + 1 colours leave no cluster without one.
        centers = centers.copy()
        centers[np.argmin(sizes)] = exact.colors[:, _farthest(exact, centers)]
        sizes = _sizes(exact, centers)
    return centers, sizes


def _assign(exact: Histogram, centers: _Floats) -> tuple[_Floats, _Floats]:
    """Return sizes and sums of all clusters."""
    k = len(centers)
    sizes, sums = np.zeros(k), np.zeros((k, 3))
    for block in exact.blocks():
        labels, _ = _nearest(block.colors, centers[None])
        block_sizes, block_sums = _gather(block.totals, labels, k)
        sizes += block_sizes[0]
        sums += block_sums[0]
    return sizes, sums


def _sizes(exact: Histogram, centers: _Floats) -> _Floats:
    sizes = np.zeros(len(centers))
    for block in exact.blocks():
        labels, _ = _nearest(block.colors, centers[None])
        sizes += _totals(labels[0], block.counts, len(centers))
    return sizes


def _farthest(exact: Histogram, centers: _Floats) -> int:
    """Return which colour is farthest from its centre."""
    distances = [
        (block.colors * block.colors).sum(axis=0) - 2 * _nearest(block.colors, centers[None])[1][0]
        for block in exact.blocks()
    ]
    return int(np.argmax(np.concatenate(distances)))


def _plus_plus(histogram: Histogram, k: int) -> _Floats:
    """Draw starts by k-means++ (Arthur & Vassilvitskii 2007), shape (_STARTS, k, 3)."""
    colors, counts = histogram.colors, histogram.counts
    random = np.random.Generator(np.random.PCG64(_SEED))
    centers = np.empty((_STARTS, k, 3))
    weights = np.broadcast_to(counts, (_STARTS, len(counts)))
    distances = np.full(weights.shape, np.inf)
    for i in range(k):
        mass = np.cumsum(weights, axis=1)
        drawn = random.random((_STARTS, 1)) * mass[:, -1:]
        chosen = np.count_nonzero(mass <= drawn, axis=1)
        centers[:, i] = colors[:, chosen].T
        offsets = colors[:, None, :] - centers[:, i].T[:, :, None]
        distances = np.minimum(distances, (offsets * offsets).sum(axis=0))
        weights = counts * distances
    return centers


def _lloyd(histogram: Histogram, centers: _Floats, rounds: int) -> tuple[_Floats, _Floats]:
    """Improve several starts at once by Lloyd's iteration.

    Returns the centres, shape (starts, k, 3), and what is left of each start's cost, shape
    (starts,), less the part that is the same for all of them.
    """
    centers = centers.copy()
    costs = np.empty(len(centers))
    moving = np.arange(len(centers))
    labels = None
    for _ in range(rounds):
        before = labels
        labels, gains = _nearest(histogram.colors, centers[moving])
        costs[moving] = -(gains * histogram.counts).sum(axis=1)
        if before is not None:
            changed = (labels != before).any(axis=1)
            moving, labels = moving[changed], labels[changed]
            if not len(moving):
                break
        sizes, sums = _gather(histogram.totals, labels, centers.shape[1])
        # A cluster that lost all its colours stays where it is.
        means = sums / np.maximum(sizes, 1)[..., None]
        centers[moving] = np.where(sizes[..., None] > 0, means, centers[moving])
    return centers, costs


def _nearest(colors: _Floats, centers: _Floats) -> tuple[_Labels, _Floats]:
    """Assign colours, shape (3, n), to centres, shape (starts, k, 3).

    Returns labels and gains, both of shape (starts, n). The squared distance is
    ``|colour|² - 2 * gain``, so the greatest gain is the least distance.
    """
    red, green, blue = colors
    half_norms = (centers * centers).sum(axis=2) / 2
    shape = len(centers), colors.shape[1]
    labels = np.zeros(shape, np.min_scalar_type(centers.shape[1]))
    best, other, part = (np.empty(shape) for _ in range(3))
    for i in range(centers.shape[1]):
        r, g, b = centers[:, i].T[:, :, None]
        gain = other if i else best
        np.multiply(r, red, out=gain)
        gain += np.multiply(g, green, out=part)
        gain += np.multiply(b, blue, out=part)
        gain -= half_norms[:, i, None]
        if not i:
            continue
        # The last one that is better; quicker than to write to the places where it is.
        np.maximum(labels, (gain > best) * labels.dtype.type(i), out=labels)
        np.maximum(best, gain, out=best)
    return labels, best


def _gather(totals: _Floats, labels: _Labels, k: int) -> tuple[_Floats, _Floats]:
    """Return sizes, shape (starts, k), and sums of colour, shape (starts, k, 3), of clusters."""
    belongs = labels[:, None, :] == np.arange(k, dtype=labels.dtype)[:, None]
    gathered = belongs.astype(np.float64) @ totals.T
    return gathered[..., 0], gathered[..., 1:]


def _totals(groups: NDArray[np.integer[Any]], weights: _Floats, n: int) -> _Floats:
    """Return the sum of the weights of each of `n` groups, shape (n,)."""
    return np.asarray(np.bincount(groups, weights, minlength=n), np.float64)
