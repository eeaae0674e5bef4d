"""Which script a piece of text is written in, and where its words end.

Scripts are told by code-point ranges: the Unicode property ``Script`` counts Arabic diacritics as
"inherited", so a regular expression built on it cuts vocalised words apart.
"""

from __future__ import annotations

import enum
import re
import unicodedata
from functools import lru_cache


class Script(enum.StrEnum):
    """Script of the letters of a text box."""

    LATIN = "latin"
    ARABIC = "arabic"
    OTHER = "other"


def script_of(text: str) -> Script:
    """Return the script of most letters of `text`.

    Letters of all other scripts are counted together as ``OTHER``, which is also the answer when
    there is no letter at all. Of equally frequent scripts the one met first wins.

    Examples
    --------
    >>> script_of("صباح الخير 2024"), script_of("ok تمام"), script_of("3.14")
    (<Script.ARABIC: 'arabic'>, <Script.ARABIC: 'arabic'>, <Script.OTHER: 'other'>)
    """
    kinds = "".join(map(_kind, clean(text)))
    letters = [kind for kind in kinds if kind in _LETTER_SCRIPT]
    if not letters:
        return Script.OTHER
    return _LETTER_SCRIPT[max(letters, key=letters.count)]


def words(text: str, script: Script) -> list[str]:
    """Return the words of one script, in logical order, as they were read.

    A word is the longest run of letters of that script with their diacritics; tatweel stays in.
    An apostrophe between two Latin letters is part of the word (``don't``), a hyphen is not
    (``well-known`` is two words), nor is a digit (``mp3`` gives ``mp``).

    Parameters
    ----------
    text : str
        Any text; it is passed through `clean` first.
    script : Script
        The script wanted.

    Returns
    -------
    list of str
        Unicode NFC, without presentation forms.
    """
    return [token for token in _tokens(text) if _LETTER_SCRIPT.get(_first_letter(token)) is script]


def tokens(text: str) -> list[str]:
    """Return everything in `text` but the spaces, cut into tokens.

    Words are as in `words`, for any script. A number is one token with its inner points, commas
    and colons (``3.14``, ``10:30``, ``1,000``). Any other character is a token of its own,
    together with the combining marks on it. The joined tokens are the cleaned text without its
    spaces.
    """
    return list(_tokens(text))


@lru_cache(maxsize=1024)
def _tokens(text: str) -> tuple[str, ...]:
    cleaned = clean(text)
    kinds = "".join(map(_kind, cleaned))
    return tuple(cleaned[match.start() : match.end()] for match in _TOKEN.finditer(kinds))


@lru_cache(maxsize=1024)  # Each line is asked for half a dozen times while its picture is read.
def clean(text: str) -> str:
    """Return `text` in the form in which it is stored.

    Unicode NFC; Arabic presentation forms and Latin ligatures replaced by their base letters;
    directional marks and other invisible characters removed; every run of white space one space.
    Nothing else is folded: a superscript stays a superscript.
    """
    visible = text.translate(_INVISIBLE)
    mapped = _PRESENTATION_FORM.sub(lambda match: _base_letters(match[0]), visible)
    return " ".join(_CONTROL.sub(" ", unicodedata.normalize("NFC", mapped)).split())


# One letter per kind of character, so that the token rules below are plain regular expressions.
_LATIN, _ARABIC, _OTHER, _TATWEEL, _MARK, _DIGIT, _QUOTE, _POINT, _SPACE, _SYMBOL = "LAOTMDQN P"
_LETTER_SCRIPT = {_LATIN: Script.LATIN, _ARABIC: Script.ARABIC, _OTHER: Script.OTHER}

_TOKEN = re.compile(
    r"T*A[AMT]*"  # Arabic word, tatweel allowed anywhere
    r"|L[LM]*(?:QL[LM]*)*"  # Latin word, apostrophes between letters
    r"|O[OM]*"  # word of another script
    r"|D[DM]*(?:ND[DM]*)*"  # number
    r"|[^ ]M*"  # anything else
)

_LATIN_RANGES = (
    (0x0041, 0x005A),
    (0x0061, 0x007A),
    (0x00C0, 0x02AF),
    (0x1E00, 0x1EFF),
    (0x2C60, 0x2C7F),
    (0xFF21, 0xFF3A),
    (0xFF41, 0xFF5A),
)
_ARABIC_RANGES = ((0x0600, 0x06FF), (0x0750, 0x077F), (0x0870, 0x08FF))

_APOSTROPHES = frozenset("'\u2019\u2018\u02bc\u00b4`")
_NUMBER_POINTS = frozenset(".,:\u066b\u066c")

_PRESENTATION_FORM = re.compile("[\ufb00-\ufb06\ufb50-\ufdff\ufe70-\ufefc]")
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_INVISIBLE = dict.fromkeys(
    [0x00AD, 0x061C, 0xFEFF, *range(0x200B, 0x2010), *range(0x202A, 0x202F), *range(0x2060, 0x2070)]
)


@lru_cache(maxsize=4096)
def _kind(char: str) -> str:
    if char in _APOSTROPHES:
        return _QUOTE
    if char in _NUMBER_POINTS:
        return _POINT
    if char == "\u0640":
        return _TATWEEL
    category = unicodedata.category(char)
    if category[0] == "L":
        return _letter_kind(ord(char))
    return {"M": _MARK, "Z": _SPACE}.get(category[0], _DIGIT if category == "Nd" else _SYMBOL)


def _letter_kind(code: int) -> str:
    for kind, ranges in ((_LATIN, _LATIN_RANGES), (_ARABIC, _ARABIC_RANGES)):
        if any(first <= code <= last for first, last in ranges):
            return kind
    # The ordinal signs are letters to Unicode, but OCR uses them for the degree sign.
    return _SYMBOL if code in (0x00AA, 0x00BA) else _OTHER


def _first_letter(token: str) -> str:
    return next((kind for kind in map(_kind, token) if kind in _LETTER_SCRIPT), "")


@lru_cache(maxsize=1024)
def _base_letters(char: str) -> str:
    if char == "\ufdfd":  # the one ligature of whole words that Unicode does not decompose
        return "بسم الله الرحمن الرحيم"
    base = unicodedata.normalize("NFKC", char)
    # A diacritic standing alone is decomposed onto a space or a tatweel that nobody wrote.
    return base[1:] if len(base) > 1 and base[0] in " \u0640" else base
