"""Arabic letters joined and set from right to left without libraqm.

Pillow's wheels bring libraqm, which needs FriBiDi of the system. Where that is missing, the letters
in their joined forms, which Unicode has as characters of their own for old fonts, are written one
by one from the left. Enough for lines without diacritics and of one direction, but for numbers and
single words; a font must have these characters, as DejaVu has.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from itertools import pairwise

# Lam and alef become one character.
_LETTERS = re.compile("\u0644[\u0622\u0623\u0625\u0627]|.", re.DOTALL)
_LEFT_TO_RIGHT = re.compile(r"([A-Za-z0-9٠-٩]+(?:[.,:/][A-Za-z0-9٠-٩]+)*)")


def shaped(text: str) -> str:
    """Return a line of Arabic as presentation forms, in the order they are drawn from the left."""
    letters = _LETTERS.findall(unicodedata.normalize("NFC", text))
    forms = _forms()
    joined = [
        ("<initial>", one) in forms and ("<final>", two) in forms for one, two in pairwise(letters)
    ]
    line = "".join(
        forms.get((_kind(before, after), letter), letter)
        for before, letter, after in zip([False, *joined], letters, [*joined, False], strict=True)
    )
    pieces = _LEFT_TO_RIGHT.split(line)
    return "".join(
        piece if index % 2 else piece[::-1] for index, piece in reversed([*enumerate(pieces)])
    )


def _kind(before: bool, after: bool) -> str:
    if before:
        return "<medial>" if after else "<final>"
    return "<initial>" if after else "<isolated>"


@cache
def _forms() -> dict[tuple[str, str], str]:
    """Return the presentation form of a kind of a letter, or of lam with alef."""
    forms = {}
    for char in map(chr, (*range(0xFB50, 0xFBB2), *range(0xFE80, 0xFEFD))):
        kind, *letters = unicodedata.decomposition(char).split()
        forms[kind, "".join(chr(int(letter, 16)) for letter in letters)] = char
    return forms
