"""Numbers of a feature table on one scale, without holes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

# So many standard deviations from the mean a number tells no more, and would drown the others.
_MOST = 5.0


@dataclass(frozen=True)
class Scaling:
    """Numbers as standard deviations from their mean.

    Attributes
    ----------
    mean, deviation : ndarray of float64, shape (n_numbers,)
        Of what is known of each number; 0 and 1 where nothing is, and 1 where all are the same.
    """

    mean: Floats
    deviation: Floats

    @classmethod
    def of(cls, numbers: NDArray[np.floating]) -> Self:
        """Return the scaling of numbers of shape (n, n_numbers); what is not finite is unknown."""
        wide = numbers.astype(np.float64)
        known = np.isfinite(wide)
        count = np.maximum(known.sum(axis=0), 1)
        mean = np.where(known, wide, 0).sum(axis=0) / count
        spread = np.sqrt(np.where(known, (wide - mean) ** 2, 0).sum(axis=0) / count)
        return cls(mean, np.where(spread > 0, spread, 1.0))

    def apply(self, numbers: NDArray[np.floating]) -> Floats:
        """Return the numbers in [-5, 5], shape (n, n_numbers); 0, the mean, for what is unknown."""
        scaled = (numbers.astype(np.float64) - self.mean) / self.deviation
        return without_holes(np.clip(scaled, -_MOST, _MOST))


def without_holes(numbers: Floats) -> Floats:
    """Return the numbers with 0 for what is not finite."""
    return np.nan_to_num(numbers, nan=0.0, posinf=0.0, neginf=0.0)
