from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from epic_features.text.script import Script, clean, script_of
from epic_features.text.words import word_columns

_BOXES = [
    ("Good morning Ahmed!", Script.LATIN),
    ("صباح الخير يا Ahmed 10:30", Script.ARABIC),
    ("x² = 4", Script.LATIN),
    ("50%", Script.OTHER),
]


def test_columns_of_a_mixed_image() -> None:
    assert word_columns(_BOXES, reads_arabic=True) == {
        "en_words_original": ["Good", "morning", "Ahmed", "Ahmed", "x"],
        "ar_words_original": ["صباح", "الخير", "يا"],
        "en_words_lemmatized": ["good", "morning", "ahmed", "ahmed", "x"],
        "en_words_segmented_and_lemmatized": ["good", "morning", "ahmed", "ahmed", "x"],
        "ar_words_lemmatized": ["صباح", "خير", "يا"],
        "en_words_including_separators": ["Good", "morning", "Ahmed", "!", "x", "²", "=", "4"],
        "ar_words_including_separators": ["صباح", "الخير", "يا", "Ahmed", "10:30"],
        "math_digits_or_symbols_count": 4 + 3 + 3,
    }


def test_arabic_not_looked_at_is_none_and_not_empty() -> None:
    row = word_columns(_BOXES[:1], reads_arabic=False)
    arabic = {name: value for name, value in row.items() if name.startswith("ar_")}
    assert len(arabic) == 3
    assert set(arabic.values()) == {None}
    assert row["en_words_original"] == ["Good", "morning", "Ahmed"]


def test_no_boxes() -> None:
    row = word_columns([], reads_arabic=True)
    assert row.pop("math_digits_or_symbols_count") == 0
    assert all(value == [] for value in row.values())


def test_operators_do_not_reach_over_boxes() -> None:
    boxes = [("10", Script.OTHER), ("-", Script.OTHER), ("5", Script.OTHER)]
    assert word_columns(boxes, reads_arabic=True)["math_digits_or_symbols_count"] == 3


@settings(max_examples=100, deadline=None)
@given(st.lists(st.text(max_size=30), max_size=4))
def test_any_text(texts: list[str]) -> None:
    row = word_columns([(text, script_of(text)) for text in texts], reads_arabic=True)
    seen = "".join(map(clean, texts))
    assert all(word in seen for word in row["en_words_original"] + row["ar_words_original"])
    assert len(row["ar_words_lemmatized"]) == len(row["ar_words_original"])
    assert len(row["en_words_lemmatized"]) >= len(row["en_words_original"])
    assert len(row["en_words_segmented_and_lemmatized"]) >= len(row["en_words_lemmatized"]) - sum(
        len(word) > 5 for word in row["en_words_original"]
    )
