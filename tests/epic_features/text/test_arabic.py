from __future__ import annotations

import csv
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.word_lists import EGYPTIAN, STANDARD_ARABIC, pairs
from epic_features.text.arabic import lemmatize, normalize

_FOLDED = str.maketrans("أإآىة", "ااايه")


def _is_right(word: str, answers: list[str]) -> bool:
    (lemma,) = lemmatize([word])
    return lemma.translate(_FOLDED) in [answer.translate(_FOLDED) for answer in answers]


@pytest.mark.parametrize(("table", "least"), [(STANDARD_ARABIC, 0.95), (EGYPTIAN, 0.9)])
def test_own_lists(table: str, least: float) -> None:
    wrong = [word for word, answers in pairs(table) if not _is_right(word, answers)]
    assert len(wrong) <= (1 - least) * len(pairs(table)), wrong


@pytest.mark.parametrize(("variety", "least"), [("MSA", 0.90), ("EGY", 0.85)])
def test_gold(shared: Path, variety: str, least: float) -> None:
    with (shared / "gold/words/ar_lemma.csv").open(encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["variety"] == variety]
    right = sum(_is_right(row["word"], row["lemma"].split("|")) for row in rows)
    assert right >= least * len(rows)


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("إِنْسَانٌ", "انسان"),
        ("أبإتآثٱ", "اباتاثا"),
        ("جمـــيييل", "جميل"),
        ("ههههههه", "ههه"),
        ("فارسی", "فارسي"),
        ("ﻣﺮﺣﺒﺎ", "مرحبا"),
        ("مدرسة", "مدرسة"),
        ("على", "على"),
        ("مؤمن", "مؤمن"),
        ("الرَّحْمٰنِ", "الرحمن"),
    ],
)
def test_normalize(word: str, expected: str) -> None:
    assert normalize(word) == expected


@pytest.mark.parametrize(
    "spellings",
    [
        ["أحمد", "احمد", "أَحْمَد", "احـمد"],
        ["مدرسة", "مدرسه", "المدرسة", "المدرسه"],
        ["بيشوفوا", "بيشوفو", "شفتوا", "مشافوش", "هشوفك"],
        ["إزاي", "ازاي", "ازاى"],
        ["كتاب", "كِتَاب", "والكتاب", "كتابي", "للكتاب"],
        ["فندم", "أفندم"],  # Its first letter is its own.
    ],
)
def test_spellings_and_forms_meet(spellings: list[str]) -> None:
    assert len(set(lemmatize(spellings))) == 1


@pytest.mark.parametrize(
    ("words", "lemma"),
    [
        ("مشافش ماشافش مشافهاش مبيشوفش هشوفهم مشوفناكمش", "شاف"),
        ("مقالش متقولش متقوليش مقالوليش", "قال"),
        ("معاهم معايا معانا معاكي معاهاش", "مع"),
        ("عليهم عليكي علينا", "على"),
        ("بينكم بينهما", "بين"),
        ("كتابه كتابها كتابنا كتابكم كتابان بكتابهم", "كتاب"),
        ("سيارتي سيارات السيارتين لسيارتهم", "سيارة"),
    ],
)
def test_clitics_are_peeled(words: str, lemma: str) -> None:
    assert set(lemmatize(words.split())) == {lemma}


@pytest.mark.parametrize(
    ("words", "lemma"),
    [
        ("بيدبلج هيدبلجها مبيدبلجش بيدبلجوا", "دبلج"),
        ("بيتكنسل هيتكنسل", "اتكنسل"),
        ("كوميكسات الكوميكسات", "كوميكس"),
    ],
)
def test_unknown_words_lose_their_clitics(words: str, lemma: str) -> None:
    assert set(lemmatize(words.split())) == {lemma}


@settings(max_examples=300, deadline=None)
@given(st.lists(st.text(max_size=12)))
def test_one_lemma_for_any_text(words: list[str]) -> None:
    assert len(lemmatize(words)) == len(words)


@settings(max_examples=500, deadline=None)
@given(st.text("ابتثجحخدذرزسشصضطظعغفقكلمنهويىةءأإآؤئـَُّ", min_size=1, max_size=12))
def test_a_word_with_letters_never_becomes_empty(word: str) -> None:
    (lemma,) = lemmatize([word])
    assert lemma
    assert lemma == normalize(lemma) or not normalize(word)


def test_threads_agree() -> None:
    words = [word for word, _ in pairs(STANDARD_ARABIC) + pairs(EGYPTIAN)]
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lemmatize, [words] * 4))
    assert all(answer == lemmatize(words) for answer in answers)


def test_importing_loads_no_dictionary() -> None:
    code = (
        "import sys, epic_features.text.words as w;"
        "heavy = {'simplemma', 'lemminflect', 'wordsegment'} & set(sys.modules);"
        "sys.exit(str(heavy) if heavy else 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
