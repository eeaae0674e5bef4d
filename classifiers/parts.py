"""The parts of a model: trees, a regression, and what lists of numbers say by themselves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import NDArray

from classifiers.boosting import contributions, fit_boosters, raw_scores
from classifiers.calibration import log_shares
from classifiers.encoding import TableEncoder
from classifiers.regression import Regression
from classifiers.table import Table

if TYPE_CHECKING:
    import lightgbm

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Parts:
    """What was learned of some rows.

    Attributes
    ----------
    encoder : TableEncoder
        Turns tables into numbers.
    booster : lightgbm.Booster
        The trees.
    regression : Regression
        What the numbers say in straight lines.
    shares : ndarray of float64, shape (n_classes,)
        What is taken off the scores of the trees to make evidence of them; see
        `classifiers.calibration.log_shares`.
    """

    encoder: TableEncoder
    booster: lightgbm.Booster
    regression: Regression
    shares: Floats

    @classmethod
    def learn(
        cls,
        encoder: TableEncoder,
        numbers: NDArray[np.float32],
        codes: NDArray[np.intp],
        weights: Floats,
        boosting: Mapping[str, Any],
        rounds: int,
    ) -> Self:
        """Learn from the numbers that a fitted encoder gave; see `fit_boosters`."""
        shares = log_shares(codes, boosting["num_class"], weights)
        booster = fit_boosters(numbers, codes, weights, boosting, rounds=rounds)
        plain = numbers[:, : encoder.plain_count_]
        return cls(encoder, booster, Regression.fit(plain, codes, weights, shares), shares)

    def evidence(self, table: Table, classes: NDArray[Any]) -> Floats:
        """Return what each part says for each class.

        Returns
        -------
        ndarray of float64, shape (n_parts, n_rows, n_classes)
            First the trees, then the regression, then the encoder's own; see
            `TableEncoder.evidence`.
        """
        numbers = self.encoder.transform(table)
        own = [
            raw_scores(self.booster, numbers) - self.shares,
            self.regression.evidence(numbers[:, : self.encoder.plain_count_]),
        ]
        return np.concatenate([own, self.encoder.evidence(numbers, classes)])

    def contributions(self, table: Table, classes: NDArray[Any], weights: Floats) -> Floats:
        """Return what each feature adds to the weighted sum of the parts.

        Returns
        -------
        ndarray of float64, shape (n_rows, n_classes, n_features + 1)
            The last entry is what is said without knowing anything.
        """
        numbers, plain = self.encoder.transform(table), self.encoder.plain_count_
        given = contributions(self.booster, numbers)
        given[..., -1] -= self.shares
        given *= weights[0]
        given[..., :plain] += weights[1] * self.regression.contributions(numbers[:, :plain])
        given[..., -1] += weights[1] * self.regression.offset
        # What a column of lists says for a class is a feature of its own.
        first = plain
        for weight, said in zip(weights[2:], self.encoder.evidence(numbers, classes), strict=True):
            for k in range(len(classes)):
                given[:, k, first + k] += weight * said[:, k]
            first += len(classes)
        return given
