"""What the words of a picture are about: how many of them belong to each of a few subjects."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from importlib.resources import files

import numpy as np
from numpy.typing import NDArray

COUNT, SHARE = "subject", "subject_share"

# What words are about is said of a picture when so many of them, and such a share, agree.
_LEAST_WORDS = 2
_LEAST_SHARE = 0.1


class Subjects:
    """Counts the words of each subject in word lists.

    Parameters
    ----------
    words : mapping of str to sequence of str
        The words of each subject, as lemmas; a word may belong to several.
    """

    def __init__(self, words: Mapping[str, Sequence[str]]) -> None:
        self.words = {subject: list(known) for subject, known in words.items()}
        self._subjects: dict[str, list[int]] = {}
        for number, known in enumerate(words.values()):
            for word in frozenset(known):
                self._subjects.setdefault(word, []).append(number)

    @property
    def feature_names(self) -> list[str]:
        """The names of the numbers: such as ``subject:chat`` and then ``subject_share:chat``."""
        return [f"{kind}:{subject}" for kind in (COUNT, SHARE) for subject in self.words]

    def transform(self, rows: Sequence[Sequence[str] | None]) -> NDArray[np.float64]:
        """Return log(1 + count) of each subject, then the shares of the words of the row.

        Parameters
        ----------
        rows : sequence of sequence of str or None
            The lemmas of each row.

        Returns
        -------
        ndarray of float64, shape (n_rows, 2 * n_subjects)
            NaN for rows that are None; shares are in [0, 1], NaN where a row has no words.
        """
        counts = np.full((len(rows), len(self.words)), np.nan)
        sizes = np.full((len(rows), 1), np.nan)
        for number, row in enumerate(rows):
            if row is not None:
                counts[number] = self.counts(row)
                sizes[number] = len(row) or np.nan
        return np.hstack([np.log1p(counts), counts / sizes])

    def counts(self, row: Sequence[str]) -> list[int]:
        """Return how many words of a row belong to each subject."""
        counts = [0] * len(self.words)
        for word in filter(self._subjects.__contains__, row):
            for number in self._subjects[word]:
                counts[number] += 1
        return counts

    def leading(self, row: Sequence[str]) -> tuple[str, int] | None:
        """Return the subject of most words of a row, and how many they are.

        None where they are fewer than 2, or less than a tenth of the row.
        """
        counts = dict(zip(self.words, self.counts(row), strict=True))
        subject = max(counts, key=counts.__getitem__)
        enough = counts[subject] >= max(_LEAST_WORDS, _LEAST_SHARE * len(row))
        return (subject, counts[subject]) if enough else None


@lru_cache(maxsize=1)
def known_subjects() -> Subjects:
    """Return the subjects that come with the library, of ``classifiers/data/subjects.txt``."""
    text = (files("classifiers") / "data" / "subjects.txt").read_text("utf-8")
    paragraphs = map(str.split, text.split("\n\n")[1:])  # The first one says what they are.
    return Subjects({name.strip("[]"): words for name, *words in paragraphs})
