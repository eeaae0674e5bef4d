"""What may be written before and after an Arabic stem, standard and Egyptian."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cache

from epic_features.text.arabic_lexicon import VERB, Kind

_ALL = frozenset(Kind)
_NOUN = frozenset({Kind.NOUN})
_VERB = frozenset(VERB)
_PRESENT = frozenset({Kind.PRESENT})
_PAST = frozenset({Kind.PAST})
_NEGATABLE = frozenset({Kind.PAST, Kind.PRESENT, Kind.FUNCTION})


@dataclass(frozen=True)
class Affix:
    """One run of clitics or endings.

    Attributes
    ----------
    text : str
        As written, folded.
    kinds : frozenset of Kind
        The kinds of stem it goes with.
    cost : float
        How unlikely it is, 0 for no clitic.
    negates : bool
        Part of ma ... sh, which needs both halves.
    elides : bool
        Swallows the alef of the first person (بكتب).
    feminine : bool
        Stands in the place of ة (سيارات).
    relative : bool
        Makes an adjective of a noun, whose dictionary form keeps the ي (شمالية: شمالي).
    article, pronoun : bool
        Holds the article, or an attached pronoun; a noun does not take both.
    """

    text: str
    kinds: frozenset[Kind]
    cost: float
    negates: bool = False
    elides: bool = False
    feminine: bool = False
    relative: bool = False
    article: bool = False
    pronoun: bool = False


def heads(folded: str) -> Iterator[Affix]:
    """Yield what may be clitics at the start of a word, the empty one first."""
    by_text, longest = _heads()
    for length in range(min(longest, len(folded)) + 1):
        for head in by_text.get(folded[:length], ()):
            if not (head.elides and folded[length : length + 1] in tuple("ايتن")):
                yield head


def tails(rest: str, *, negated: bool) -> Iterator[Affix]:
    """Yield what may be clitics and endings at the end of a word."""
    by_text, longest = _tails()
    for length in range(min(longest, len(rest) - 1) + 1):
        for tail in by_text.get(rest[len(rest) - length :], ()):
            if tail.negates == negated:
                yield tail


_ByText = tuple[dict[str, tuple[Affix, ...]], int]
"""Affixes by how they are written, and the length of the longest: a word has few of them."""


def _by_text(affixes: Iterable[Affix]) -> _ByText:
    found: dict[str, tuple[Affix, ...]] = {}
    for affix in affixes:
        found[affix.text] = (*found.get(affix.text, ()), affix)
    return found, max(map(len, found))


@cache
def _heads() -> _ByText:
    particles = [
        Affix("", _ALL, 0.0),
        Affix("ال", _NOUN, 0.3, article=True),
        *(Affix(text + "ال", _NOUN, 0.6, article=True) for text in "بكفعه"),
        Affix("لل", _NOUN, 0.6, article=True),
        *(Affix(text, _NOUN | {Kind.FUNCTION}, 0.6) for text in "بل"),
        *(Affix(text, _NOUN | {Kind.FUNCTION}, 0.9) for text in ("ك", "يا")),
        *(Affix(text, _PRESENT, 0.4) for text in "بهح"),
        *(Affix(text, _PRESENT, 0.2, elides=True) for text in "بهح"),
        Affix("س", _PRESENT, 0.7),
        Affix("ل", _PRESENT, 0.8),
    ]
    negations = [
        Affix(ma + tense, _PRESENT if tense else _NEGATABLE, 0.3, negates=True, elides=elides)
        for ma in ("م", "ما")
        for tense in ("", "ب", "ه", "ح")
        for elides in ((False, True) if tense else (False,))
    ]
    return _by_text(
        replace(head, text=conjunction + head.text, cost=cost + head.cost)
        for conjunction, cost in (("", 0.0), ("و", 0.7), ("ف", 0.8))
        for head in (*particles, *negations)
    )


@cache
def _tails() -> _ByText:
    pronouns = ("ه", "ها", "ك", "كي", "نا", "كم", "كو", "هم", "هن", "هما", "كما")
    datives = tuple("ل" + pronoun for pronoun in ("ي", "و", *pronouns))
    objects = (*pronouns, "ني")
    endings = [
        Affix("", _ALL, 0.0),
        *(Affix(text, _NOUN, 0.4) for text in ("ه", "ين", "ون", "ان", "ا")),
        *(Affix(text, _PAST, 0.6) for text in ("ت", "تي", "تم", "و", "نا")),
        Affix("وات", _NOUN, 0.5),
        *(Affix(text, _NOUN, 0.5, relative=True) for text in ("يه", "يين", "يون", "يات")),
        *(Affix(text, _NOUN, 0.4, feminine=True) for text in ("ات", "تين", "تان")),
    ]
    attached = [
        *(Affix(text, _NOUN, 0.6) for text in ("ي", *pronouns)),
        Affix("يا", _NOUN, 0.9),
        *(Affix("ات" + text, _NOUN, 0.9, feminine=True) for text in ("ي", *pronouns)),
        *(Affix("ي" + text, _NOUN, 0.75) for text in pronouns),
        *(Affix("ين" + text, _NOUN, 0.9) for text in (*pronouns, "ي", "ني")),
        *(Affix("ا" + text, _NOUN, 0.9) for text in (*pronouns, "ني")),
        *(Affix(text, _VERB, 0.6) for text in objects),
        *(Affix(text, _VERB, 0.85) for text in datives),
        Affix("ي", _VERB, 1.2),  # قالي for قال + لي
        *(Affix(thing + text, _VERB, 0.8) for thing in ("ها", "هو", "هم") for text in datives),
    ]
    negations = [
        Affix("ش", _NEGATABLE, 0.2, negates=True),
        *(Affix(text + "ش", _VERB, 0.7, negates=True) for text in (*objects, "و", "هو", *datives)),
        Affix("يش", _VERB, 0.9, negates=True),
    ]
    pronouned = (replace(affix, pronoun=True) for affix in attached)
    return _by_text((*endings, *pronouned, *negations))
