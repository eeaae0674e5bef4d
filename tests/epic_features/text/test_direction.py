"""Order on paper against order of reading."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from epic_features.text.direction import logical_order


@pytest.mark.parametrize(
    ("on_paper", "read_aloud"),
    [
        ("", ""),
        ("Latin only 3.14", "Latin only 3.14"),
        ("حابص", "صباح"),
        ("2025 سطسغأ", "أغسطس 2025"),
        ("10:30 ةعاسلا", "الساعة 10:30"),
        ("(156) ةرقبلا", "البقرة (156)"),
        ("ةحفص HTML page طقف", "فقط HTML page صفحة"),
        # The same price, written by two applications.
        ("%50 مصخ", "خصم 50%"),
        ("50% مصخ", "خصم 50%"),
        ("٪٥٠ مصخ", "خصم ٥٠٪"),
        ("م ٩:٤٥ ةعاسلا", "الساعة ٩:٤٥ م"),
        ("٢٠٢٥ - ٢٠٢٤ ماع", "عام ٢٠٢٤ - ٢٠٢٥"),
        ("١٢/٥/٢٠٢٤ خيراتلا", "التاريخ ١٢/٥/٢٠٢٤"),
        ("0100 123 4567 فتاه", "هاتف 0100 123 4567"),
        ("+201001234567 باستاو", "واتساب +201001234567"),
        ("5G ةكبش", "شبكة 5G"),
    ],
)
def test_order_on_paper_becomes_order_of_reading(on_paper, read_aloud):
    assert logical_order(on_paper) == read_aloud


@given(st.text("ابتجد هو0123٤٥٦abc ()[]%٪°.,:/-+$#!؟،", max_size=40))
def test_no_symbol_is_lost_or_added(text):
    mirrored = str.maketrans("([", ")]")
    ordered = logical_order(text)
    assert sorted(ordered.translate(mirrored)) == sorted(text.translate(mirrored))


@given(st.lists(st.text("ابتجدهو", min_size=1, max_size=6), min_size=1, max_size=6))
def test_arabic_words_alone_are_turned_round(words):
    text = " ".join(words)
    assert logical_order(text[::-1]) == text
