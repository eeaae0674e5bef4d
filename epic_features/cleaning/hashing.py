"""Rows of many images for the finders, and pairs of hashes that differ in a few bits."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from itertools import combinations
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from epic_features.engines import Engine, Result, make_engine
from epic_features.errors import SettingsError
from epic_features.settings import Settings
from epic_features.sources import ImageReference

Progress: TypeAlias = Callable[[int, int], None]
"""Called with the number of images done and their total."""

_BANDS = 4
_BAND_BITS = 16
_MOST_PAIRS_AT_ONCE = 4_000_000


def results_of(
    references: Sequence[ImageReference],
    settings: Settings,
    engine: Engine | None = None,
    on_progress: Progress | None = None,
) -> Iterator[Result]:
    """Yield one result per image, in order; a bad image gives one with a rejection.

    Parameters
    ----------
    references : sequence of ImageReference
        The images.
    settings : Settings
        Which columns to compute.
    engine : Engine, optional
        Where the work runs; by default in one process per core.
    on_progress : callable, optional
        Called with the number of images done and their total.
    """
    if not references:
        return
    engine = engine or make_engine("processes")
    with closing(engine.run(references, settings)) as results:
        for done, result in enumerate(results, 1):
            yield result
            if on_progress:
                on_progress(done, len(references))


def as_numbers(hashes: Iterable[str]) -> NDArray[np.uint64]:
    """Turn hashes of 16 hex digits, as in the columns ``phash`` and ``dhash``, into numbers."""
    return np.array([int(text, 16) for text in hashes], np.uint64)


def near_pairs(hashes: NDArray[np.uint64], distance: int) -> NDArray[np.int64]:
    """Return all pairs of 64-bit hashes that differ in at most `distance` bits.

    Multi-index hashing (Norouzi, Punjani, Fleet 2012): two hashes at most ``d`` bits apart have a
    quarter in which they differ by at most ``d // 4`` bits, so that it is enough to look up, for
    each quarter, the hashes that such a change leads to.

    Parameters
    ----------
    hashes : ndarray of uint64, shape (n,)
        The hashes; equal ones are pairs too, so that many equal ones are better passed once.
    distance : int
        Most differing bits, 0 to 15.

    Returns
    -------
    ndarray of int64, shape (m, 2)
        Positions ``i < j`` of each pair, once, sorted.

    Raises
    ------
    SettingsError
        `distance` is out of range.
    """
    if not 0 <= distance < 16:
        raise SettingsError(f"distance={distance!r}; it must be from 0 to 15 bits")
    radius = distance // _BANDS
    shifts = np.arange(_BANDS, dtype=np.uint64) * np.uint64(_BAND_BITS)
    bands = ((hashes[:, None] >> shifts) & np.uint64(2**_BAND_BITS - 1)).astype(np.int64)
    found = [np.empty((0, 2), np.int64)]
    for band in range(_BANDS):
        keys = bands[:, band]
        order = np.argsort(keys, kind="stable")
        starts = np.searchsorted(keys[order], np.arange(2**_BAND_BITS + 1))
        for change in _changes(radius):
            wanted = keys ^ change
            for one, other in _joined(order, starts[wanted], starts[wanted + 1]):
                near = np.bitwise_count(hashes[one] ^ hashes[other]) <= distance
                pair = np.column_stack([one, other])[near & (one < other)]
                # A pair that an earlier quarter leads to has been found already.
                earlier = bands[pair[:, 0], :band] ^ bands[pair[:, 1], :band]
                found.append(pair[(np.bitwise_count(earlier) > radius).all(axis=1)])
    pairs = np.concatenate(found)
    return pairs[np.lexsort(pairs.T[::-1])]


def _changes(radius: int) -> Iterator[int]:
    """Yield every number of 16 bits with at most `radius` ones."""
    for count in range(radius + 1):
        for bits in combinations(range(_BAND_BITS), count):
            yield sum(1 << bit for bit in bits)


def _joined(
    order: NDArray[np.int64], starts: NDArray[np.int64], stops: NDArray[np.int64]
) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """Pair each position with the positions in its slice of `order`, in bounded memory."""
    lengths = stops - starts
    ends = np.cumsum(lengths)
    first = 0
    while first < len(starts):
        before = ends[first - 1] if first else 0
        last = max(first + 1, int(np.searchsorted(ends, before + _MOST_PAIRS_AT_ONCE, "right")))
        part = lengths[first:last]
        one = np.repeat(np.arange(first, last), part)
        within = np.arange(len(one)) - np.repeat(np.cumsum(part) - part, part)
        yield one, order[np.repeat(starts[first:last], part) + within]
        first = last
