"""From the order in which symbols stand on paper to the order in which they are read."""

from __future__ import annotations

import re

_MIRRORED = str.maketrans("()[]{}<>«»", ")(][}{><»«")

# Runs that are written left to right in an Arabic line, after the Unicode bidirectional algorithm
# (UAX #9): Latin words with everything up to the next Arabic letter, and numbers with the
# separators inside them. Groups of digits that a space parts are one number: so people write
# telephone numbers, whichever way the line runs.
_NOT_ARABIC = r"[^\u0600-\u065f\u066a-\u06ef\u06fa-\u08ff]"
_LATIN = r"A-Za-z\u00c0-\u02af"
_INDIC = r"\u0660-\u0669\u06f0-\u06f9"
_LEFT_TO_RIGHT = re.compile(
    rf"((?:[0-9]{_NOT_ARABIC}*)?[{_LATIN}](?:{_NOT_ARABIC}*[{_LATIN}0-9])?"
    r"|[%°]?[#$£€+]*[0-9]+(?:[.,:/+\- \u060c][0-9]+)*[#$£€]*[%°]?"
    rf"|[%\u066a°]?[{_INDIC}]+(?:[.,:/\u060c\u066b\u066c][{_INDIC}]+)*[%\u066a°]?)"
)
# Per cent and degrees are said after the number, on whichever side of it an application puts them.
_SIGN_FIRST = re.compile(r"([%\u066a°])(.+)")


def logical_order(text: str) -> str:
    """Turn an Arabic line from the order on paper, left to right, into the order of reading.

    Runs that are written left to right (Latin words, numbers) keep their inner order, brackets
    between them are mirrored.

    Examples
    --------
    >>> logical_order("2025 سطسغأ")
    'أغسطس 2025'
    """
    pieces = _LEFT_TO_RIGHT.split(text)
    # Every other piece is a run that reads left to right: it stays as it stands.
    return "".join(
        _SIGN_FIRST.sub(r"\2\1", piece) if index % 2 else piece[::-1].translate(_MIRRORED)
        for index, piece in reversed(list(enumerate(pieces)))
    )
