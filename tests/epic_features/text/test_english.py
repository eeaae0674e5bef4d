from __future__ import annotations

import csv
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.word_lists import ENGLISH, GLUED, SINGLE, pairs
from epic_features.text.english import lemmatize, segment, segment_and_lemmatize


def _share(results: list[bool]) -> float:
    return sum(results) / len(results)


def test_own_list_of_lemmas() -> None:
    wrong = [word for word, good in pairs(ENGLISH) if " ".join(lemmatize([word])) not in good]
    assert len(wrong) <= 0.03 * len(pairs(ENGLISH)), wrong


def test_own_list_of_glued_words() -> None:
    wrong = [word for word, good in pairs(GLUED) if " ".join(segment(word)) not in good]
    assert len(wrong) <= 0.1 * len(pairs(GLUED)), wrong


def test_own_list_of_words_to_keep_whole() -> None:
    split = [word for word in SINGLE.split() if segment(word) != [word]]
    assert len(split) <= 0.05 * len(SINGLE.split()), split


def test_gold_lemmas(shared: Path) -> None:
    with (shared / "gold/words/en_lemma.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    good = [" ".join(lemmatize([row["token"]])) in row["lemma"].split("|") for row in rows]
    assert _share(good) >= 0.97


def test_gold_glued(shared: Path) -> None:
    with (shared / "gold/words/en_segment.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    good = {"glued": [], "single": []}
    for row in rows:
        kind = "single" if row["kind"] == "single" else "glued"
        good[kind].append(" ".join(segment(row["glued"])) in row["split"].split("|"))
    assert _share(good["glued"]) >= 0.90
    assert _share(good["single"]) >= 0.95


@pytest.mark.parametrize(
    ("word", "lemmas"),
    [
        ("don't", ["do", "not"]),
        ("Don’t", ["do", "not"]),
        ("DON'T", ["do", "not"]),
        ("dont", ["do", "not"]),
        ("I'm", ["i", "be"]),
        ("we'd've", ["we", "would", "have"]),
        ("cannot", ["can", "not"]),
        ("gonna", ["go", "to"]),
        ("Sara's", ["sara"]),
        ("its", ["its"]),
        ("well", ["well"]),
        ("o'clock", ["o'clock"]),
    ],
)
def test_contractions(word: str, lemmas: list[str]) -> None:
    assert lemmatize([word]) == lemmas


@pytest.mark.parametrize("stem", ["play", "think", "fix", "stay", "watch", "link", "tax"])
def test_invented_stems_are_mended(stem: str) -> None:
    assert lemmatize([f"{stem}ing"]) == [stem]


def test_order_and_case() -> None:
    assert lemmatize(["MICE", "and", "Men"]) == ["mouse", "and", "man"]
    assert segment_and_lemmatize(["goodmorning", "children"]) == ["good", "morning", "child"]


@pytest.mark.parametrize("word", ["iOS", "eBay", "YouTube", "WhatsApp", "PayPal", "COVID", "abcde"])
def test_names_stay_whole(word: str) -> None:
    assert segment(word) == [word.lower()]


def test_capitals_and_digits_are_hints() -> None:
    assert segment("ThankYou") == ["thank", "you"]
    assert segment("3daysleft") == ["3", "days", "left"]
    assert segment("h2so4") == ["h2so4"]


def test_very_long_words_end() -> None:
    # wordsegment itself needs seconds for each of these.
    assert "".join(segment("goodmorningeveryone" * 105)) == "goodmorningeveryone" * 105
    assert len(segment("goodmorningeveryone" * 20)) == 60
    assert segment("q" * 100_000) == ["q" * 100_000]


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=30))
def test_any_text_is_segmented_without_loss(word: str) -> None:
    assert "".join(segment(word)) == word.lower()


@settings(max_examples=200, deadline=None)
@given(st.lists(st.text(min_size=1, max_size=15), max_size=4))
def test_at_least_one_lower_case_lemma_a_word(words: list[str]) -> None:
    lemmas = lemmatize(words)
    assert len(lemmas) >= len(words)
    assert lemmas == [lemma.lower() for lemma in lemmas]


def test_threads_agree() -> None:
    words = [word for word, _ in pairs(ENGLISH + GLUED.lstrip())] * 3
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(segment_and_lemmatize, [words] * 4))
    assert all(answer == segment_and_lemmatize(words) for answer in answers)
