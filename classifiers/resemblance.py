"""What a picture looks like to a network, in the words of the ten classes."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from classifiers.embeddings import lists_of
from classifiers.fusion_encoding import FusionEncoder
from classifiers.table import Table, embedding_differs, names_of, provenance_of

if TYPE_CHECKING:
    from classifiers.tabular import TabularClassifier

# Below it the network would name a class that is more likely wrong than right.
_LEAST = 0.5


def resembled(table: Table) -> list[str | None]:
    """Return the class that each picture resembles by its embedding alone.

    Of an embedding nothing can be said in words. What the regression of the shipped model
    ``gallery`` makes of it, without any other column, is as near as one gets.

    Parameters
    ----------
    table : pandas.DataFrame or pyarrow.Table
        Feature rows.

    Returns
    -------
    list of str or None
        One of the classes of ``gallery`` for each row; None where none has a probability of at
        least 0.5, where all are expected alike, and for tables without an embedding or with that
        of another network.
    """
    nothing: list[str | None] = [None] * len(table)
    found = provenance_of(table)
    groups = found.get("settings", {}).get("groups", ())
    if not len(table) or "embedding" not in names_of(table) or "embedding" not in groups:
        return nothing
    gallery = _gallery()
    if embedding_differs(found, gallery.provenance_):
        return nothing
    encoder = gallery.encoder_
    assert isinstance(encoder, FusionEncoder)
    odds = np.exp(encoder.maps_["embedding"].log_probabilities(lists_of(table, "embedding")))
    likeliest = np.nan_to_num(odds).argmax(axis=1)
    sure = odds[np.arange(len(odds)), likeliest] >= _LEAST
    return [
        encoder.classes_[pick] if is_sure else None
        for pick, is_sure in zip(likeliest, sure, strict=True)
    ]


@cache
def _gallery() -> TabularClassifier:
    from classifiers.pretrained import load_pretrained

    return load_pretrained("gallery")
