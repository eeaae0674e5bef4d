"""Forms of Arabic verbs, standard and Egyptian, from their past and present.

Everything here works on folded spelling (see `epic_features.text.arabic_lexicon.fold`): no
diacritics, one alef, ي for ى, ه for ة, and no silent alef after a final و. Doubling is not
written, so the first and the second verb form look alike; forms that do not exist are harmless as
long as nobody writes them, so the tables are generous.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

_PAST_ENDINGS = ("ت", "تي", "تو", "تم", "تن", "نا")  # I, you, we: after a consonant
_THIRD_ENDINGS = ("", "ت", "و", "ن")  # he, she, they; nobody writes the dual to friends
_WEAK = "اي"


def past_forms(past: str, present: str) -> Iterator[str]:
    """Yield the past tense of a verb given by its third person singular past and present."""
    body, last = past[:-1], past[-1]
    if last in _WEAK:
        yield past
        glides = ("ي", "و") if present.endswith("و") else ("ي",)
        yield from (body + glide + end for glide in glides for end in _PAST_ENDINGS)
        yield from (body + end for end in ("ا", "ت", "و", "يو"))
        return
    if is_hollow(past):
        short = past[:-2] + last
        yield from (short + end for end in _PAST_ENDINGS)
    else:
        yield from (past + end for end in _PAST_ENDINGS)
    yield from (past + end for end in _THIRD_ENDINGS)
    if _may_be_doubled(past):
        yield from (past + "ي" + end for end in _PAST_ENDINGS)  # حبيت
        yield from (past + last + end for end in _PAST_ENDINGS)  # مررت


def past_forms_with_vowel(past: str) -> Iterator[str]:
    """Yield the Egyptian spellings that keep the vowel of a hollow verb: روحت, شوفت, جيبت."""
    if is_hollow(past) and len(past) == 3:
        yield from (past[0] + vowel + past[2] + end for vowel in "وي" for end in _PAST_ENDINGS)


def imperfect_forms(present: str) -> Iterator[str]:
    """Yield the present tense, with the standard and the Egyptian endings."""
    stem = present[1:]
    weak = len(stem) > 1 and stem[-1] in "ايو"
    body = stem[:-1] if weak else stem
    for prefix in "ايتن":
        start = "" if prefix == stem[0] == "ا" else prefix
        yield start + stem
        if weak:
            yield start + body + "ا"  # ينساني: an alef before pronouns
        if prefix in "يت":
            endings = ("و", "ون", "ان", "ن") if prefix == "ي" else ("ي", "و", "ون", "ين", "ان")
            yield from (start + body + ending for ending in endings)


def imperative_forms(present: str) -> Iterator[str]:
    """Yield the imperative: with a leading alef, and bare unless that could be a past tense."""
    stem = present[1:]
    body = stem[:-1] if stem[-1] in _WEAK else stem
    plain_root = len(stem) == 3 and stem[1] not in "اوي" and stem[-1] not in _WEAK
    for start in ("ا",) if plain_root or stem[0] == "ت" else ("ا", ""):
        yield from (start + body + end for end in ("", "ي", "و") if start + body + end)
        yield start + stem


def participles(past: str, present: str) -> Iterator[str]:
    """Yield the masculine participles, which are dictionary forms of their own."""
    stem = present[1:]
    if len(past) == 3:
        first, middle, last = tuple(past)
        if is_hollow(past):
            yield from (first + "اي" + last, first + "ائ" + last)
        elif last in _WEAK:
            yield from (f"{first}ا{middle}ي", f"م{first}{middle}ي")
        elif first != "ا":
            yield from (f"{first}ا{middle}{last}", f"م{first}{middle}و{last}")
    if len(stem) > 3 or (len(past) == 3 and not is_hollow(past)):
        yield "م" + stem


def is_hollow(past: str) -> bool:
    """Tell whether the middle root letter is a vowel: راح, اختار, استفاد."""
    return len(past) > 2 and past[-2] == "ا" and past[-1] not in _WEAK


def verbal_nouns(past: str) -> Iterator[str]:
    """Yield nouns of the action that follow from the shape of the past."""
    if len(past) == 3 and not set(past) & set("اوي"):
        yield past  # دفع, ضرب
    elif len(past) == 4 and past[1] == "ا":
        yield "م" + past + "ه"  # محاولة


_VERBAL_NOUN = re.compile(
    "(?P<second>ت..ي.)(?:ات)?"
    "|(?P<derived>است..ا.|ا.ت.ا.|ان..ا.|ا..ا.)(?:ات)?"
    "|(?P<hollow>(?:است|ا).ا.)(?:ه|ات)"
    "|(?P<third>م.ا..)(?:ه|ات)"
)
_NOUN_ENDING = re.compile("(?:ات|تين|تان|ين|ون|ان|ه)$")


def noun_behind(form: str, lemma: str) -> str | None:
    """Return the noun that `form` is, when a dictionary gave the verb `lemma` for it.

    simplemma sends many verbal nouns and participles to their verb (ارسال to ارسل, متوفر to
    توفر), while ours are dictionary forms of their own, as in printed dictionaries.
    """
    match = _VERBAL_NOUN.fullmatch(form)
    if match and match["third"] and form[1:].startswith(lemma):
        return match["third"] + "ة"
    if len(form) == 5 and form[2] + form[4] == "اه" and lemma == form[:2] + form[3]:
        return form[:-1] + "ة"  # صراحة
    core = lemma.removeprefix("ا")
    if form[0] == "م" != lemma[0] and len(core) > 2 and set(core[:-1]) <= set(form[1:]):
        return _NOUN_ENDING.sub("", form)
    if match and match["second"]:
        return match["second"] if not lemma.startswith("ت") else None
    if match and lemma.startswith("ا"):
        return match["derived"] or (match["hollow"] and match["hollow"] + "ة")
    return None


def guess_past(stem: str) -> str:
    """Guess the past of an Egyptian verb from its present.

    Parameters
    ----------
    stem : str
        Folded present without ي ت ن ا: ``كلم``, ``روح``, ``تكلم``, ``ستعمل``.
    """
    if stem.endswith(("ي", "ا")) and len(stem) > 2:
        return ("ا" if _takes_alef(stem) else "") + stem[:-1] + "ى"
    if len(stem) == 3 and stem[1] in "وي":
        return stem[0] + "ا" + stem[2]
    if stem.startswith("ست") and len(stem) == 5 and stem[-2] == "ي":
        return "ا" + stem[:-2] + "ا" + stem[-1]
    return ("ا" if _takes_alef(stem) else "") + stem


def _takes_alef(stem: str) -> bool:
    return len(stem) > 3 and (stem[0] in "تن" or stem.startswith("ست") or stem[1] == "ت")


def _may_be_doubled(past: str) -> bool:
    if len(past) == 2:
        return True
    derived = len(past) == 4 and (past[1] == "ن" or past[2] == "ت")
    return past[0] == "ا" and (
        len(past) == 3 or derived or (len(past) == 5 and past.startswith("است"))
    )
