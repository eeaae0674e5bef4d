"""How much mathematics a text holds, counted in code points."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache


def count_math(text: str) -> int:
    """Count the digits and mathematical symbols of `text`.

    Counted on Unicode NFC, before any compatibility folding: decimal digits of every script;
    mathematical symbols (category Sm) except arrows, ``| ~`` and a few look-alikes; super- and
    subscripts, fractions, ``^ % °``, per mille, primes; double-struck and other mathematical
    letters; a Greek letter that is not part of a Greek word; and ``- * / < >`` between operands,
    that is digits, brackets or single letters, with or without spaces.

    Returns
    -------
    int
        Number of code points, >= 0.

    Examples
    --------
    >>> count_math("x² + y² = 3.14"), count_math("a well-known fact"), count_math("10-5")
    (7, 0, 4)
    """
    text = unicodedata.normalize("NFC", text)
    plain = sum(map(_always_counts, text))
    greek = sum(len(run[0]) == 1 for run in _GREEK_RUN.finditer(text))
    return plain + greek + sum(_is_operator(text, match.start()) for match in _MAYBE.finditer(text))


_MAYBE = re.compile(r"[-*/<>]")
# Letters of the two Greek blocks; the gaps hold numeral signs, punctuation and unused places.
_GREEK_RUN = re.compile(
    "[\u0370-\u0373\u0376\u0377\u037b-\u037d\u037f\u0386\u0388-\u03e1\u03f0-\u03f5\u03f7-\u03ff"
    "\u1f00-\u1fbc\u1fc2-\u1fcc\u1fd0-\u1fdb\u1fe0-\u1fec\u1ff2-\u1ffc]+"
)
_BRACKETS = frozenset("()[]{}")

_COUNTED = re.compile(
    "[%^\u00b0\u2030-\u2033\u066a-\u066c"
    "\u00b2\u00b3\u00b9\u2070\u2071\u2074-\u208e"  # super- and subscripts
    "\u00bc-\u00be\u2044\u2150-\u215f\u2189"  # fractions
    "\u2102\u210e\u210f\u2115\u2119-\u211a\u211d\u2124\u2135-\u2138\U0001d400-\U0001d7cb]"
)
_NOT_COUNTED = re.compile(
    "[<>|~\u2190-\u21ff\u27f0-\u27ff\u2900-\u297f\u25b7\u25c1\u25f8-\u25ff\u266f]"
)


@lru_cache(maxsize=4096)
def _always_counts(char: str) -> bool:
    category = unicodedata.category(char)
    if category == "Nd" or _COUNTED.match(char):
        return True
    return category == "Sm" and not _NOT_COUNTED.match(char)


def _is_operator(text: str, at: int) -> bool:
    """Tell whether the operator at index `at` stands between two operands."""
    left, right = at - 1, at + 1
    while left >= 0 and text[left].isspace():
        left -= 1
    while right < len(text) and text[right].isspace():
        right += 1
    return left >= 0 and right < len(text) and _is_operand(text, left) and _is_operand(text, right)


def _is_operand(text: str, at: int) -> bool:
    char = text[at]
    if char in _BRACKETS or unicodedata.category(char) in ("Nd", "No"):
        return True
    return char.isalpha() and not any(
        _is_word_part(text[near]) for near in (at - 1, at + 1) if 0 <= near < len(text)
    )


def _is_word_part(char: str) -> bool:
    return unicodedata.category(char)[0] in "LM" or char in "'\u2019"
