"""Uncertain letters become what makes a word a known one, and nothing else changes."""

import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from epic_features.text.arabic import is_known
from epic_features.text.arabic_spelling import respell
from epic_features.text.ppocr import decode

SYMBOLS = ["", *" ابتثجحخدذرزسشصضطظعغفقكلمنهويىةءئأإآ", "\u064e", *"0123٤٥٦", *"abcXYZ", *".،؟"]


def steps_of(text, doubts=()):
    """Return the steps of a text in logical order; every symbol is followed by a blank.

    `doubts` are (position in the text, symbol, how likely beside 1): at a symbol, or, as position
    and a half, in the blank behind it; "" stands for the blank.
    """
    steps = np.full((2 * len(text), len(SYMBOLS)), 1e-6, np.float32)
    for position, symbol in enumerate(text):
        at = 2 * (len(text) - 1 - position)  # from left to right on paper
        steps[at, SYMBOLS.index(symbol)] = 1
        steps[at + 1, 0] = 1
    for position, symbol, chance in doubts:
        steps[int(2 * (len(text) - 1 - position)), SYMBOLS.index(symbol)] = chance
    return steps / steps.sum(axis=1, keepdims=True)


def read(text, doubts=()):
    return respell(steps_of(text, doubts), SYMBOLS)[::-1]


@pytest.mark.parametrize(
    ("seen", "doubts", "meant"),
    [
        ("مقبلاث", [(5, "ت", 0.5)], "مقبلات"),
        ("التحضور", [(5, "ي", 0.5)], "التحضير"),
        ("مَقبلاث ٤ XY", [(6, "ت", 0.5)], "مَقبلات ٤ XY"),
        ("وهوعلى", [(2.5, " ", 0.3)], "وهو على"),
        ("اتصاات", [(3.5, "ل", 0.3)], "اتصالات"),
        ("مقبلالت", [(5, "", 0.4)], "مقبلات"),
        # The likelier of two known words.
        ("مقضل", [(2, "ب", 0.2), (1, "ف", 0.3)], "مفضل"),
    ],
)
def test_an_unknown_word_becomes_the_likeliest_known_one(seen, doubts, meant):
    assert read(seen) == seen
    assert read(seen, doubts) == meant


def test_a_change_that_is_too_unlikely_is_not_made():
    assert read("مقبلاث", [(5, "ت", 0.04)]) == "مقبلاث"
    assert read("مقبلاث", [(5, "ت", 0.06)]) == "مقبلات"


def test_known_words_stay_as_they_are_read():
    assert read("مقبلات", [(1, "ف", 0.9), (5, "ث", 0.9)]) == "مقبلات"


def test_a_space_where_the_script_changes():
    assert read("ظظظلضabc", [(4.5, " ", 0.06)]).split() == ["ظظظلض", "abc"]
    assert read("ظظظلضabc", [(4.5, " ", 0.04)]) == "ظظظلضabc"
    assert read("abcظظظلض", [(2.5, " ", 0.06)]).split() == ["abc", "ظظظلض"]
    assert read("مقبلات٤٥", [(5.5, " ", 0.06)]) == "مقبلات٤٥"


def test_a_whole_known_word_stands_apart_from_a_latin_one():
    assert read("مقبلاتabc").split() == ["مقبلات", "abc"]
    assert read("abcمقبلات").split() == ["abc", "مقبلات"]
    for glued in ("الabc", "بالabc", "abcظظظلض"):
        assert read(glued) == glued


def test_only_letters_of_arabic_words_are_changed():
    assert read("abc 123", [(0, "X", 0.9), (5, "3", 0.9)]) == "abc 123"
    assert read("مقبلاث", [(5, "a", 0.9), (5, "٤", 0.8)]) == "مقبلاث"


def test_what_is_known_and_what_not():
    known = ["كتاب", "والكتاب", "مدرستي", "هنروح", "على", "إنّما", "مبيكتبوش"]
    assert [word for word in known if not is_known(word)] == []
    assert [word for word in ["", "ق", "مقبلاث", "قكاتما", "ظظظلض"] if is_known(word)] == []


@settings(max_examples=60, deadline=None)
@given(text=st.text(alphabet=SYMBOLS[1:], min_size=1, max_size=20))
def test_without_doubt_nothing_changes_but_spaces_between_scripts(text):
    steps = steps_of(text)
    before, after = decode(steps, SYMBOLS)[0], respell(steps, SYMBOLS)
    assert after.replace(" ", "") == before.replace(" ", "")
    if not re.search("[abcXYZ]", text):
        assert after == before


@settings(max_examples=60, deadline=None)
@given(
    text=st.text(alphabet="بتنيكلما َ ٤", min_size=1, max_size=12),
    noise=st.integers(0, 2**32 - 1),
)
def test_every_word_that_changes_was_unknown_and_becomes_known(text, noise):
    steps = steps_of(text) + np.random.default_rng(noise).random((2 * len(text), len(SYMBOLS))) / 2
    steps = (steps / steps.sum(axis=1, keepdims=True)).astype(np.float32)
    before, after = decode(steps, SYMBOLS)[0][::-1], respell(steps, SYMBOLS)[::-1]
    plain = [line.replace("\u064e", "") for line in (before, after)]
    kept = set(plain[0].split())
    for word in set(plain[1].split()) - kept:
        assert is_known(word.strip("٤0123456abcXYZ.،؟")) or not word.isalpha()


def test_nothing_read_stays_nothing():
    assert respell(np.eye(len(SYMBOLS), dtype=np.float32)[[0, 0, 0]], SYMBOLS) == ""
    assert respell(np.zeros((0, len(SYMBOLS)), np.float32), SYMBOLS) == ""
