from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from epic_features.text.maths import count_math


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("", 0),
        ("plain words", 0),
        ("x² + y² = 3.14", 7),
        ("10-5", 4),
        ("10 - 5", 4),
        ("well-known e-mail T-shirt", 0),
        ("١٢٣", 3),
        ("۴۵", 2),
        ("१२", 2),
        ("a<b", 1),
        ("a < b > c", 2),
        ("<b>bold</b>", 0),
        ("->", 0),
        ("a -> b", 0),
        ("→ ⇒ ⟶ ⤴", 0),
        ("α", 1),
        ("αλφα", 0),
        ("2α + β", 4),
        ("αx", 1),
        ("½ ¾ ⅓", 3),
        ("⁄", 1),
        ("50%", 3),
        ("٥٠٪", 3),
        ("20°", 3),
        ("5‰ 3′ 4″", 6),
        ("H₂O", 1),
        ("x⁻¹", 2),
        ("ⁿ", 1),
        ("∫ f(x) dx ≈ ∞", 3),
        ("∂∇∑√", 4),
        ("± × ÷ ¬", 4),
        ("a | b ~ c", 0),
        ("x ∈ ℝ", 2),
        ("𝑥 = 𝛼", 3),
        ("x^2", 2),
        ("1/2", 3),
        ("and/or", 0),
        ("a/b", 1),
        ("(a+b)*(c-d)", 3),
        ("**bold**", 0),
        ("2*3", 3),
        ("3--2", 2),
        ("س - ص", 1),
        ("يوم - ليلة", 0),
        ("▷ ◁ ◸ ♯", 0),
        ("µm", 0),
        ("C++ a+", 3),
        ("I <3 you", 2),
        ("- item", 0),
        ("x²-1", 3),
    ],
)
def test_counts(text: str, count: int) -> None:
    assert count_math(text) == count


def test_counts_before_compatibility_folding() -> None:
    # NFKC would make ½ into 1⁄2 and x² into x2.
    assert count_math("½") == 1
    assert count_math("x²") == 1
    assert count_math(unicodedata.normalize("NFKC", "½")) == 3


@given(st.text(max_size=40))
def test_never_more_than_code_points(text: str) -> None:
    assert 0 <= count_math(text) <= len(unicodedata.normalize("NFC", text))


@given(st.lists(st.text(max_size=15), max_size=5))
def test_adds_up_over_separate_sentences(parts: list[str]) -> None:
    # Whole words on both sides keep operators and Greek runs from reaching over the seam.
    joined = " word ".join(parts)
    assert count_math(joined) == sum(map(count_math, parts)) or any(
        unicodedata.combining(part[0]) for part in parts if part
    )


@given(st.integers(0, 10**12), st.integers(0, 10**12), st.sampled_from("-*/<>"))
def test_operators_between_numbers_count(left: int, right: int, operator: str) -> None:
    text = f"{left}{operator}{right}"
    assert count_math(text) == len(text)


def test_the_list_of_the_contract_code_point_by_code_point() -> None:
    # A brute-force reading of the contract, for every code point standing alone.
    def listed(code: int) -> bool:
        char = chr(code)
        category = unicodedata.category(char)
        if category == "Nd":
            return True
        arrows = 0x2190 <= code <= 0x21FF or 0x27F0 <= code <= 0x27FF or 0x2900 <= code <= 0x297F
        excluded = char in "<>|~" or arrows or code in (0x25B7, 0x25C1, 0x266F)
        if category == "Sm" and not excluded and not 0x25F8 <= code <= 0x25FF:
            return True
        singles = (
            {0xB2, 0xB3, 0xB9, 0x2070, 0x2071, 0x2044, 0x2189, 0xB0, 0x5E, 0x25}
            | {0x2102, 0x210E, 0x210F, 0x2115, 0x2119, 0x211A, 0x211D, 0x2124}
            | set(range(0x2074, 0x208F)) | set(range(0xBC, 0xBF)) | set(range(0x2150, 0x2160))
            | set(range(0x2030, 0x2034)) | set(range(0x66A, 0x66D)) | set(range(0x2135, 0x2139))
            | set(range(0x1D400, 0x1D7CC))
        )  # fmt: skip
        greek = unicodedata.name(char, "").startswith("GREEK") and category[0] == "L"
        return code in singles or (greek and (code < 0x400 or 0x1F00 <= code < 0x2000))

    for code in (*range(0xD800), *range(0xE000, 0x30000)):
        char = chr(code)
        name = unicodedata.name(char, "")
        composed = unicodedata.normalize("NFC", char) == char
        if name and composed and name != "GREEK YPOGEGRAMMENI":
            assert count_math(char) == listed(code), hex(code)
