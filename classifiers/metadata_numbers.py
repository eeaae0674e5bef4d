"""A feature table as numbers that a network can take."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from classifiers.encoding import TableEncoder
from classifiers.scaling import Scaling, without_holes
from classifiers.table import Table, check_provenance, provenance_of


class MetadataNumbers:
    """Turns a feature table into a matrix without holes.

    Parameters
    ----------
    scale : bool
        Standardise each number, with 0 (the mean) for what is unknown and at most 5 standard
        deviations. Otherwise numbers stay as they are, with 0 for what is unknown.
    """

    def __init__(self, scale: bool = True) -> None:
        self.scale = scale

    def fit(self, table: Table) -> Self:
        """Choose the columns; learn vocabulary, means and deviations."""
        self.encoder = TableEncoder().fit(table)
        self.provenance = provenance_of(table, self.encoder.columns_used_)
        self.scaling = Scaling.of(self.encoder.transform(table))
        return self

    def transform(self, table: Table) -> NDArray[np.float32]:
        """Return the numbers of a table, shape (n_rows, n_numbers).

        Raises
        ------
        SettingsMismatch
            The table was made in another way than the one that was fitted.
        TableError
            A column is missing or of another type.
        """
        check_provenance(table, self.provenance)
        numbers = self.encoder.transform(table).astype(np.float64)
        filled = self.scaling.apply(numbers) if self.scale else without_holes(numbers)
        return filled.astype(np.float32)

    def to_dict(self) -> dict[str, Any]:
        """Return what was learned as JSON-ready values."""
        return {
            "scale": self.scale,
            "encoder": self.encoder.to_dict(),
            "mean": self.scaling.mean.tolist(),
            "deviation": self.scaling.deviation.tolist(),
            "provenance": self.provenance,
        }

    @classmethod
    def from_dict(cls, learned: Mapping[str, Any]) -> MetadataNumbers:
        """Take over what `to_dict` returned."""
        made = cls(bool(learned["scale"]))
        made.encoder = TableEncoder().restore(learned["encoder"])
        made.scaling = Scaling(
            np.array(learned["mean"], np.float64), np.array(learned["deviation"], np.float64)
        )
        made.provenance = dict(learned["provenance"])
        return made
