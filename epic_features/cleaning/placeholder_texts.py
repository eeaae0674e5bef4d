"""What a picture says that stands for one that is gone, in English and Arabic.

Sites word it in many ways, but nearly all name what is missing and what became of it: "this image
was deleted", "no photo available", "الصورة غير متوفرة". Both halves are listed here, with the few
sentences that go another way. In the lists ``_`` is a space that recognition may have lost.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable

from epic_features.text.arabic_lexicon import fold

MOST_LETTERS = 220
"""A picture with more text is a page that speaks of images, not a placeholder."""

_THINGS = (
    "image images picture pictures photo photos photograph pic video file content media page post "
    "attachment thumbnail preview album link"
)
_GONE = (
    "deleted removed missing expired unavailable moved broken private not_found not_available "
    "no_longer not_exist doesnt_exist isnt_available not_loaded not_load didnt_load failed_to "
    "cant_be cannot_be could_not_be couldnt_be not_be unable_to not_displayed not_accessible "
    "taken_down coming_soon not_yet not_supported isnt_here"
)
_BEFORE = (
    "no missing broken unavailable deleted removed expired cant_load cannot_load could_not_load "
    "couldnt_load unable_to_load failed_to_load cant_display cannot_display unable_to_display "
    "no_such not_an could_not_find cant_find cannot_find"
)
_SENTENCES = (
    "bandwidth_exceeded bandwidth_limit 3rd_party_hosting third_party_hosting hotlinking "
    "domain_unregistered 404_not_found 404_error error_404 not_found_404"
)
_WHOLE = "not_available not_found coming_soon access_denied unavailable 404"

_AR_THINGS = "صوره صور محتوي ملف فيديو منشور صفحه رابط وسايط وسائط مرفق البوم معاينه"
_AR_GONE = (
    "غير_موجود غير_متاح غير_متوفر غير_متوافر غير_صالح محذوف حذف ازال ازيل لم_تعد لم_يعد "
    "ليست_موجود ليس_موجود مش_موجود مش_متاح مش_متوفر اتمسح اتحذف اتشال تعذر لا_يمكن انتهت منتهي "
    "مفقود قريبا لا_تعمل لا_يعمل"
)
_AR_BEFORE = (
    "لا_توجد لا_يوجد ما_فيش مفيش بدون تم_حذف ثم_حذف تمت_ازاله تم_ازاله حذفت لم_يتم_العثور_علي "
    "تعذر_تحميل تعذر_عرض تعذر_فتح لا_يمكن_تحميل لا_يمكن_عرض لا_يمكن_فتح فشل_تحميل فشل_في_تحميل"
)
_AR_SENTENCES = "لم_يتم_العثور_علي_الصفحه"
_AR_WHOLE = "غير_متاح غير_متوفر غير_موجود قريبا"

_SIMILAR = 0.8
_SHORTEST = 5


def says_gone(english: Iterable[str], arabic: Iterable[str]) -> str | None:
    """Return the words by which a text says that a picture is gone; None when it does not.

    Parameters
    ----------
    english, arabic : iterable of str
        The columns ``en_words_including_separators`` and ``ar_words_including_separators``.
    """
    # Apostrophes are tokens of their own, or part of the word: can't becomes cant either way.
    latin = re.sub(r"\s?['’`]\s?", "", " ".join(english).lower())
    words = {
        _ENGLISH: re.findall(r"[a-z0-9]+", latin),
        _ARABIC: [folded for word in arabic if (folded := fold(word)).isalnum()],
    }
    if sum(len(word) for found in words.values() for word in found) > MOST_LETTERS:
        return None
    for (pattern, vocabulary), found in words.items():
        match = pattern.search(" ".join(_corrected(word, vocabulary) for word in found))
        if match:
            return match.group()
    return None


def _corrected(word: str, vocabulary: tuple[str, ...]) -> str:
    """Undo a slip of recognition in a long word, as in ``imoge`` or ``deletod``."""
    if len(word) < _SHORTEST or word in vocabulary:
        return word
    return next(iter(difflib.get_close_matches(word, vocabulary, 1, _SIMILAR)), word)


def _alternatives(words: str) -> str:
    return "(?:" + "|".join(words.split()) + ")"


def _rule(
    things: str,
    gone: str,
    before: str,
    sentences: str,
    whole: str,
    between: str,
    article: str,
) -> tuple[re.Pattern[str], tuple[str, ...]]:
    thing = _alternatives(things)
    pattern = (
        rf"\b{article}{thing}.{{0,40}}?{_alternatives(gone)}"
        rf"|\b{_alternatives(before)}_{between}_{thing}"
        rf"|\b{_alternatives(sentences)}\b|^{_alternatives(whole)}.?$"
    )
    vocabulary = {
        word
        for words in (things, gone, before, sentences, whole)
        for word in re.split(r"[ _]", words)
    }
    long = tuple(sorted(word for word in vocabulary if len(word) >= _SHORTEST))
    return re.compile(pattern.replace("_", r"\s?")), long


_ENGLISH = _rule(
    _THINGS,
    _GONE,
    _BEFORE,
    _SENTENCES,
    _WHOLE,
    between="(?:the|this|your|requested|original|profile|product)?",
    article="(?:this|the|your|an)?_",
)
_ARABIC = _rule(
    _AR_THINGS,
    _AR_GONE,
    _AR_BEFORE,
    _AR_SENTENCES,
    _AR_WHOLE,
    between="(?:هذه|هذا|اي|علي)?_(?:ال)?",
    article="(?:و|ب|ل)?(?:ال)?",
)
