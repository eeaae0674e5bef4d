"""From the texts of the boxes of an image to its word columns."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from epic_features.text import arabic, english
from epic_features.text.maths import count_math
from epic_features.text.script import Script, tokens, words


def word_columns(boxes: Sequence[tuple[str, Script]], reads_arabic: bool) -> dict[str, Any]:
    """Return the columns made of words (25 to 31) and the count of mathematics (36).

    The words of a script are taken from all boxes, so an English name in an Arabic line is an
    English word; the tokens "including separators" are those of the boxes of that script.

    Parameters
    ----------
    boxes : sequence of (str, Script)
        Text and script of every box of one image, in reading order.
    reads_arabic : bool
        False when no Arabic recogniser was at hand; the Arabic columns are None then.

    Returns
    -------
    dict
        Lists of str, None for columns that were not looked at, and one int.
    """
    en_words = [word for text, _ in boxes for word in words(text, Script.LATIN)]
    ar_words = [word for text, _ in boxes for word in words(text, Script.ARABIC)]
    return {
        "en_words_original": en_words,
        "ar_words_original": ar_words if reads_arabic else None,
        "en_words_lemmatized": english.lemmatize(en_words),
        "en_words_segmented_and_lemmatized": english.segment_and_lemmatize(en_words),
        "ar_words_lemmatized": arabic.lemmatize(ar_words) if reads_arabic else None,
        "en_words_including_separators": _tokens_of(boxes, Script.LATIN),
        "ar_words_including_separators": (
            _tokens_of(boxes, Script.ARABIC) if reads_arabic else None
        ),
        "math_digits_or_symbols_count": sum(count_math(text) for text, _ in boxes),
    }


def _tokens_of(boxes: Sequence[tuple[str, Script]], wanted: Script) -> list[str]:
    return [token for text, script in boxes if script is wanted for token in tokens(text)]
