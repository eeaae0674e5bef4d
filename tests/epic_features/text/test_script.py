from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from epic_features.text.script import Script, clean, script_of, tokens, words

# Any text, with the characters that matter here made frequent.
TEXTS = st.text(
    st.one_of(
        st.sampled_from("ab'’-. ,:5٣²½ـ\u200f\u064b\u0301\u00adابتلﻻﷺﹰﬁαж中"),
        st.characters(),
    ),
    max_size=60,
)


@pytest.mark.parametrize(
    ("text", "script"),
    [
        ("Good morning", Script.LATIN),
        ("صباح الخير", Script.ARABIC),
        ("ok تمام يا باشا", Script.ARABIC),
        ("WhatsApp واتس", Script.LATIN),
        ("ab با", Script.LATIN),
        ("با ab", Script.ARABIC),
        ("٣١/١٢ 10:30 !?", Script.OTHER),
        ("", Script.OTHER),
        ("привет", Script.OTHER),
        ("早上好 a", Script.OTHER),
        ("ﺳﻼﻡ", Script.ARABIC),
        ("ـــــ", Script.OTHER),
    ],
)
def test_script_is_that_of_most_letters(text: str, script: Script) -> None:
    assert script_of(text) is script


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("I don't, I don’t!", ["I", "don't", "I", "don’t"]),
        ("a well-known fact", ["a", "well", "known", "fact"]),
        ("mp3 at 10:30", ["mp", "at"]),
        ("'quoted' dogs'", ["quoted", "dogs"]),
        ("café naïve", ["café", "naïve"]),
        ("cafe\u0301", ["café"]),
        ("helloسلام", ["hello"]),
        ("ﬁnd", ["find"]),
    ],
)
def test_latin_words(text: str, expected: list[str]) -> None:
    assert words(text, Script.LATIN) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("كِتَابٌ جميل", ["كِتَابٌ", "جميل"]),
        ("كتـــاب ـــ", ["كتـــاب"]),
        ("هـ ـه", ["هـ", "ـه"]),
        ("كتاب،قلم؟", ["كتاب", "قلم"]),
        ("hello سلام", ["سلام"]),
        ("٣ كتب", ["كتب"]),
        ("الرَّحْمٰنِ", ["الرَّحْمٰنِ"]),
        ("ﻣﺮﺣﺒﺎ", ["مرحبا"]),
    ],
)
def test_arabic_words(text: str, expected: list[str]) -> None:
    assert words(text, Script.ARABIC) == [unicodedata.normalize("NFC", word) for word in expected]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Hi, all!", ["Hi", ",", "all", "!"]),
        ("3.14 at 10:30", ["3.14", "at", "10:30"]),
        ("1,000,000.", ["1,000,000", "."]),
        ("٣٫١٤ ٪", ["٣٫١٤", "٪"]),
        ("x²+1", ["x", "²", "+", "1"]),
        ("-> ...", ["-", ">", ".", ".", "."]),
        ("صباح الخير :)", ["صباح", "الخير", ":", ")"]),
        ("#50%off", ["#", "50", "%", "off"]),
        ("2nd", ["2", "nd"]),
    ],
)
def test_tokens(text: str, expected: list[str]) -> None:
    assert tokens(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("\u200fسلام\u200e  \n you\u202c", "سلام you"),
        ("x² ½ ℝ", "x² ½ ℝ"),
        ("ﺍﻟﺴﻼﻡ", "السلام"),
        ("ﷺ", "صلى الله عليه وسلم"),
        ("ﺏﹶ", "بَ"),
        ("a\x00b\ud800c", "a b c"),
        ("soft\u00adhyphen", "softhyphen"),
    ],
)
def test_clean(text: str, expected: str) -> None:
    assert clean(text) == expected


@given(TEXTS)
def test_clean_is_idempotent_and_nfc(text: str) -> None:
    cleaned = clean(text)
    assert clean(cleaned) == cleaned
    assert unicodedata.is_normalized("NFC", cleaned)


@given(TEXTS)
def test_clean_leaves_no_presentation_form_of_an_arabic_letter(text: str) -> None:
    for char in clean(text):
        is_form = "\ufb50" <= char <= "\ufdff" or "\ufe70" <= char <= "\ufefc"
        assert not (is_form and unicodedata.category(char) == "Lo")


@given(TEXTS)
def test_tokens_lose_nothing_but_spaces(text: str) -> None:
    assert "".join(tokens(text)) == clean(text).replace(" ", "")


@given(TEXTS)
def test_every_word_is_a_token_with_a_letter(text: str) -> None:
    all_tokens = tokens(text)
    for script in (Script.LATIN, Script.ARABIC):
        found = words(text, script)
        assert all(word in all_tokens for word in found)
        assert all(any(char.isalpha() for char in word) for word in found)
        assert all(script_of(word) is script for word in found)


@given(TEXTS)
def test_script_agrees_with_the_words(text: str) -> None:
    found = {script: words(text, script) for script in (Script.LATIN, Script.ARABIC)}
    if script_of(text) is not Script.OTHER:
        assert found[script_of(text)]


def test_ranges_agree_with_unicode_names() -> None:
    # Independent truth: the name of each letter of the basic multilingual plane.
    for code in range(0x10000):
        char = chr(code)
        if unicodedata.category(char)[0] != "L" or clean(char) != char or code == 0x640:
            continue
        name = unicodedata.name(char, "")
        if name.startswith("ARABIC LETTER"):
            assert script_of(char) is Script.ARABIC, name
        elif name.startswith(("LATIN SMALL LETTER", "LATIN CAPITAL LETTER")) and code < 0x250:
            assert script_of(char) is Script.LATIN, name
        elif not name.startswith(("ARABIC", "LATIN", "FULLWIDTH LATIN", "EXTENDED ARABIC")):
            assert script_of(char) in (Script.OTHER, Script.LATIN), name
            if name.startswith(("GREEK", "CYRILLIC", "HEBREW", "CJK", "HANGUL", "DEVANAGARI")):
                assert script_of(char) is Script.OTHER, name
