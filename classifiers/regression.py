"""A logistic regression on the numbers of a feature table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from classifiers.calibration import centred
from classifiers.embeddings import LEAST_LOG_PROBABILITY, logistic_regression
from classifiers.scaling import Scaling

Floats = NDArray[np.float64]

_NAMES = ("mean", "deviation", "weights", "offset")


@dataclass(frozen=True)
class Regression:
    """What standardised numbers say for each class, as a weighted sum.

    Trees see steps and how numbers go together, this sees slopes that hold over the whole range;
    the two are wrong about different images.

    Attributes
    ----------
    scaling : Scaling
        How the numbers are standardised.
    weights : ndarray of float64, shape (n_numbers, n_classes)
        What each says for each class; 0 for the first of two classes, of more the mean is 0.
    offset : ndarray of float64, shape (n_classes,)
        What an image says of which nothing is known.
    """

    scaling: Scaling
    weights: Floats
    offset: Floats

    @classmethod
    def fit(
        cls, numbers: NDArray[np.float32], codes: NDArray[np.intp], weights: Floats, shares: Floats
    ) -> Self:
        """Learn from rows.

        Parameters
        ----------
        numbers : ndarray of float32, shape (n, n_numbers)
            NaN where unknown.
        codes : ndarray of int, shape (n,)
            Index of the class of each row.
        weights : ndarray of float64, shape (n,)
            Weight of each row.
        shares : ndarray of float64, shape (n_classes,)
            What to take off the scores; see `classifiers.calibration.log_shares`.
        """
        scaling = Scaling.of(numbers)
        learned = logistic_regression(
            scaling.apply(numbers).astype(np.float32), codes, len(shares), weights
        )
        seen = np.isfinite(learned.offset)
        offset = np.where(seen, learned.offset - shares, LEAST_LOG_PROBABILITY)
        return cls(scaling, centred(learned.weights.astype(np.float64)), centred(offset))

    def evidence(self, numbers: NDArray[np.float32]) -> Floats:
        """Return what the numbers say for each class, shape (n, n_classes)."""
        # A product of matrices would differ in the last digits with the number of rows.
        said = np.einsum("nf,fk->nk", self.scaling.apply(numbers), self.weights)
        return np.asarray(said + self.offset)

    def contributions(self, numbers: NDArray[np.float32]) -> Floats:
        """Return what each number adds to it, shape (n, n_classes, n_numbers)."""
        return np.asarray(self.scaling.apply(numbers)[:, None, :] * self.weights.T)

    def to_arrays(self) -> dict[str, Floats]:
        """Return everything, by names that `from_arrays` knows."""
        values = (self.scaling.mean, self.scaling.deviation, self.weights, self.offset)
        return {f"regression_{name}": array for name, array in zip(_NAMES, values, strict=True)}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> Self:
        """Take over what `to_arrays` returned.

        Raises
        ------
        KeyError, ValueError
            Something is missing, or does not fit together.
        """
        mean, deviation, weights, offset = (
            np.asarray(arrays[f"regression_{name}"], np.float64) for name in _NAMES
        )
        if not (mean.shape == deviation.shape == weights.shape[:1]) or (
            weights.shape[1:] != offset.shape
        ):
            raise ValueError("the arrays of the regression have shapes that don't fit together")
        return cls(Scaling(mean, deviation), weights, offset)
