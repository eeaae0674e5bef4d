"""Uncertain letters of a read line, decided by the words that there are."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from epic_features.text.arabic import is_known

_LETTER = re.compile("[\u0621-\u064a]")
_SHORT_VOWEL = re.compile("[\u064b-\u0652\u0670]")
_LATIN = re.compile("[A-Za-z]")
_ARTICLE = "ال"
_LEAST_LETTERS = 3
# A reading 20 times less likely may still be taken; set before any line was looked at.
_MOST_COST = math.log(20)
_CHOICES = 3


class _Run(NamedTuple):
    """Successive steps with the same likeliest symbol."""

    symbol: str
    first: int
    end: int


class _Change(NamedTuple):
    """Letters `first` to `end` of a word, from left to right, become `symbol`."""

    cost: float
    first: int
    end: int
    symbol: str


def respell(steps: NDArray[np.float32], symbols: Sequence[str]) -> str:
    """Take the likeliest symbols, but for words that no list knows.

    The likeliest change of one letter (missing and superfluous ones included) or of one space that
    makes such a word a known one is taken, if what it puts in is at least a twentieth as likely as
    what it replaces. Known are the words of `epic_features.text.arabic.lemmatize`, with their
    clitics. By the same measure a space is put between an Arabic and a Latin letter; beside a whole
    known word always, since only the article and its like are written to a Latin word.

    Parameters
    ----------
    steps : ndarray of float32, shape (steps, symbols)
        Probabilities, as connectionist temporal classification gives them; the first is that of
        no symbol.
    symbols : sequence of str
        The symbols, a blank first.

    Returns
    -------
    str
        The symbols from left to right.
    """
    if not len(steps):
        return ""
    best = steps.argmax(axis=1)
    edges = [0, *(np.flatnonzero(np.diff(best)) + 1).tolist(), len(best)]
    runs = [_Run(symbols[best[i]], i, j) for i, j in pairwise(edges) if best[i]]
    written = [run.symbol for run in runs]
    ends: set[int] = set()
    for word in _words(runs):
        letters = [runs[index].symbol for index in word]
        spelt = "".join(reversed(letters))
        if len(letters) < _LEAST_LETTERS:
            continue
        if is_known(spelt):
            ends |= set() if spelt.endswith(_ARTICLE) else {word[0], word[-1]}
            continue
        changes = _changes(steps, symbols, [runs[index] for index in word])
        for change in sorted(changes):
            if _makes_sense(letters, change):
                if change.end > change.first:
                    written[word[change.first]] = change.symbol
                else:
                    written[word[change.first - 1]] += change.symbol
                break
    space = symbols.index(" ")
    for index, (run, following) in enumerate(pairwise(runs)):
        if _scripts_change(run.symbol, following.symbol):
            gap = _gap(steps, run, following)
            likely = gap is not None and (gap[:, space] >= gap[:, 0] * math.exp(-_MOST_COST)).any()
            if likely or ends & {index, index + 1}:
                written[index] += " "
    return "".join(written)


def _words(runs: Sequence[_Run]) -> Iterator[list[int]]:
    """Yield the positions of the letters of each Arabic word, its short vowels left out."""
    word: list[int] = []
    for index, run in enumerate(runs):
        if _LETTER.match(run.symbol):
            word.append(index)
        elif not _SHORT_VOWEL.match(run.symbol):
            yield word
            word = []
    yield word


def _changes(
    steps: NDArray[np.float32], symbols: Sequence[str], word: Sequence[_Run]
) -> Iterator[_Change]:
    for place, run in enumerate(word):
        chances = steps[run.first : run.end].max(axis=0)
        likeliest, *others = np.argsort(-chances)[: 1 + _CHOICES]
        for other in others:
            yield from _change(chances[likeliest], chances[other], place, place + 1, symbols[other])
    for place, (run, following) in enumerate(pairwise(word), 1):
        gap = _gap(steps, run, following)
        if gap is not None:
            step = gap[gap[:, 1:].max(axis=1).argmax()]
            other = 1 + int(step[1:].argmax())
            yield from _change(step[0], step[other], place, place, symbols[other])


def _gap(steps: NDArray[np.float32], run: _Run, following: _Run) -> NDArray[np.float32] | None:
    """Return the steps between two symbols, if there are any and nothing was read in them."""
    between = steps[run.end : following.first]
    # Short vowels stand in some gaps: only where nothing was read may something be missing.
    return between if len(between) and not between.argmax(axis=1).any() else None


def _scripts_change(left: str, right: str) -> bool:
    pairs = ((left, right), (right, left))
    return any(_LETTER.match(one) and _LATIN.match(other) for one, other in pairs)


def _change(
    chance: np.float32, other: np.float32, first: int, end: int, symbol: str
) -> Iterator[_Change]:
    cost = math.log(chance / max(other, np.float32(1e-9)))
    if cost <= _MOST_COST and (symbol in ("", " ") or _LETTER.match(symbol)):
        yield _Change(cost, first, end, symbol)


def _makes_sense(letters: Sequence[str], change: _Change) -> bool:
    changed = [*letters[: change.first], change.symbol, *letters[change.end :]]
    parts = "".join(reversed(changed)).split(" ")
    least = _LEAST_LETTERS if len(parts) == 1 else _LEAST_LETTERS - 1
    return all(len(part) >= least and is_known(part) for part in parts)
