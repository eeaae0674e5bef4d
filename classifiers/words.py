"""Word lists as numbers: TF-IDF over the commonest lemmas."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray


class WordCounts:
    """TF-IDF of word lists, with a vocabulary learned from them.

    A value is (1 + log n) * idf, where n counts the word in the row and
    idf = 1 + log((1 + rows) / (1 + rows with the word)); each row is scaled to length 1 (the
    formulas of scikit-learn's ``TfidfVectorizer`` with ``sublinear_tf``, kept here because the
    vocabulary is stored as text and rows may be null).

    Parameters
    ----------
    size : int
        How many words, the most frequent ones by rows.
    min_rows : int
        A word is in at least so many rows.
    """

    def __init__(self, size: int, min_rows: int) -> None:
        self._size = size
        self._min_rows = min_rows
        self.terms: list[str] = []
        self._idf = np.zeros(0)

    def fit(self, rows: Sequence[Sequence[str] | None]) -> Self:
        """Learn the vocabulary; rows that are None do not count."""
        known = [row for row in rows if row is not None]
        frequency = Counter(word for row in known for word in set(row))
        common = [item for item in frequency.items() if item[1] >= self._min_rows]
        common.sort(key=lambda item: (-item[1], item[0]))
        self.terms = sorted(word for word, _ in common[: self._size])
        counts = np.array([frequency[word] for word in self.terms], np.float64)
        # Rounded, because it is written to a text file that must read back the same.
        self._idf = np.round(1 + np.log((1 + len(known)) / (1 + counts)), 6)
        return self

    def transform(self, rows: Sequence[Sequence[str] | None]) -> NDArray[np.float64]:
        """Return the values, shape (n_rows, n_terms); NaN for rows that are None."""
        places = {word: index for index, word in enumerate(self.terms)}
        values = np.zeros((len(rows), len(self.terms)))
        found = [
            (number, places[word])
            for number, row in enumerate(rows)
            for word in row or ()
            if word in places
        ]
        np.add.at(values, tuple(np.array(found, np.intp).reshape(-1, 2).T), 1)
        counted = values > 0
        values[counted] = 1 + np.log(values[counted])
        values *= self._idf
        values[[row is None for row in rows]] = np.nan
        length = np.linalg.norm(values, axis=1, keepdims=True)
        return np.asarray(np.divide(values, length, out=values, where=length > 0))

    def to_dict(self) -> dict[str, Any]:
        """Return the vocabulary as JSON-ready values."""
        return {"terms": self.terms, "idf": self._idf.tolist()}

    @classmethod
    def from_dict(cls, learned: dict[str, Any]) -> WordCounts:
        """Build one from what `to_dict` returned."""
        counts = cls(len(learned["terms"]), 1)
        counts.terms = list(learned["terms"])
        counts._idf = np.array(learned["idf"], np.float64)
        return counts
