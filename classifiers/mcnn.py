"""MCNN: a network that looks at pixels and at the feature table."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from classifiers.metadata_numbers import MetadataNumbers
from classifiers.table import Table, TableError
from classifiers.vcnn import VCNN

if TYPE_CHECKING:
    from classifiers.network_training import Epoch


class MCNN(VCNN):
    """A `VCNN` with the feature table joined to what the network sees, before the dense layer.

    Parameters
    ----------
    scale : bool
        Whether each number of the table is standardised; else the numbers of `TableEncoder` are
        taken as they are, with 0 for what is unknown.
    width, embedding, epochs, batch_size, learning_rate, patience, augmentation, half, class_weight,
    checkpoint, on_epoch, random_state
        As for `VCNN`.

    Attributes
    ----------
    metadata_ : MetadataNumbers
        Turns tables into numbers. The other attributes are those of `VCNN`.
    """

    kind = "mcnn"

    def __init__(
        self,
        *,
        scale: bool = True,
        width: int = 16,
        embedding: int = 128,
        epochs: int = 30,
        batch_size: int = 32,
        learning_rate: float = 1e-3,
        patience: int = 8,
        augmentation: str = "none",
        half: bool = False,
        class_weight: str | None = None,
        checkpoint: str | os.PathLike[str] | None = None,
        on_epoch: Callable[[Epoch], None] | None = None,
        random_state: int = 0,
    ) -> None:
        super().__init__(
            width=width,
            embedding=embedding,
            epochs=epochs,
            batch_size=batch_size,
            learning_rate=learning_rate,
            patience=patience,
            augmentation=augmentation,
            half=half,
            class_weight=class_weight,
            checkpoint=checkpoint,
            on_epoch=on_epoch,
            random_state=random_state,
        )
        self.scale = scale

    def _fit_metadata(self, metadata: Table | None, rows: int) -> NDArray[np.float32] | None:
        if metadata is not None:
            self.metadata_ = MetadataNumbers(self.scale).fit(metadata)
        return self._metadata(metadata, rows)

    def _metadata(self, metadata: Table | None, rows: int) -> NDArray[np.float32] | None:
        if metadata is None:
            raise TableError("MCNN needs the feature table of the pictures: give metadata=")
        if len(metadata) != rows:
            raise TableError(f"{len(metadata)} rows of metadata for {rows} pictures")
        return self.metadata_.transform(metadata)
