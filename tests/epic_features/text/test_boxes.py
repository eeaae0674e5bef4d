"""Text that is found and not read."""

import numpy as np
import pytest
from PIL import Image as PillowImage

from epic_features import Extractor, Settings
from epic_features.geometry import union_area
from epic_features.text.ppocr import DETECTOR, Detector, bundled_model

LETTERS = ("en_words_original", "total_en_boxes", "total_ar_boxes", "math_digits_or_symbols_count")
MORE_LETTERS = ("characters_count", "digits_ratio", "text_score_mean", "blank_boxes_ratio")


@pytest.fixture(scope="module")
def extractor():
    return Extractor(Settings(groups=("layout",), text="counts"))


@pytest.fixture(scope="module")
def page():
    from PIL import ImageDraw, ImageFont

    picture = PillowImage.new("RGB", (400, 300), "white")
    draw = ImageDraw.Draw(picture)
    for line in range(5):
        draw.text((30, 20 + 50 * line), "A line of a letter", "black", ImageFont.load_default(28))
    return np.asarray(picture)


def test_places_are_found_and_letters_are_null(extractor, page):
    row = extractor.row(page)
    assert row["total_lines_of_text_count"] == 5
    assert row["text_boxes_count"] >= 5
    boxes = Detector(bundled_model(DETECTOR), 0.6, 480)(page)
    assert row["text_to_image_ratio"] == pytest.approx(union_area(boxes, 400, 300) / 120_000)
    assert all(row[name] is None for name in (*LETTERS, *MORE_LETTERS))


def test_without_text_counts_are_0_and_letters_still_null(extractor):
    row = extractor.row(np.full((80, 90, 3), 200, np.uint8))
    assert row["text_boxes_count"] == row["total_lines_of_text_count"] == 0
    assert row["text_to_image_ratio"] == 0
    assert all(row[name] is None for name in (*LETTERS, *MORE_LETTERS))


def test_the_table_has_the_types_of_the_schema(extractor, page):
    table = extractor.table([extractor.row(page)])
    assert (
        table.schema.field("en_words_original").type == table.schema.field("ar_words_original").type
    )
    assert [backend.role for backend in extractor.backends] == ["text detection"]


def test_a_smaller_side_sees_the_same_place_at_less_detail(page):
    large = np.kron(page, np.ones((4, 4, 1), np.uint8))
    near, far = (Detector(bundled_model(DETECTOR), 0.6, side)(large) for side in (960, 480))
    assert len(near) == len(far) == 5
    middles = [np.sort([box[:, 1].mean() for box in boxes]) for boxes in (near, far)]
    assert np.allclose(*middles, atol=0.05 * large.shape[0])
