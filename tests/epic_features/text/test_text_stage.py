import numpy as np
import pytest
from text_drawing import as_image, blank, write

from epic_features.image import Image
from epic_features.settings import Settings
from epic_features.stage import Backend
from epic_features.text.rapid import RapidReader
from epic_features.text.reader import TextBox
from epic_features.text.script import script_of
from epic_features.text.stage import TextStage

COLUMNS = {
    "text_to_image_ratio",
    "lines_per_text_block",
    "total_lines_of_text_count",
    "text_blocks_count",
    "total_en_boxes",
    "total_ar_boxes",
    "en_words_original",
    "ar_words_original",
    "en_words_lemmatized",
    "en_words_segmented_and_lemmatized",
    "ar_words_lemmatized",
    "en_words_including_separators",
    "ar_words_including_separators",
    "en_words_to_boxes",
    "ar_words_to_boxes",
    "en_avg_score",
    "ar_avg_score",
    "math_digits_or_symbols_count",
}
ARABIC = {name for name in COLUMNS if name.startswith("ar_")} | {"total_ar_boxes"}


class Written:
    """A reader of pictures whose boxes are known."""

    backends = (Backend("text detection", "known", "1"),)

    def __init__(self, boxes, reads_arabic=True):
        self.boxes = boxes
        self.reads_arabic = reads_arabic

    def read(self, image):
        return self.boxes


def box(text, x, y, width, height=20, score=0.9):
    corners = [(x, y), (x + width, y), (x + width, y + height), (x, y + height)]
    return TextBox(np.array(corners, np.float32), text, score, script_of(text))


def row(boxes, reads_arabic=True, size=(400, 200)):
    width, height = size
    image = Image(np.zeros((height, width, 3), np.uint8))
    return TextStage(Written(boxes, reads_arabic))(image)


def test_every_column_of_a_known_page():
    values = row(
        [
            box("Good morning", 0, 0, 100, score=0.8),
            box("my friends!", 0, 22, 100, score=0.6),
            box("صباح الخير", 200, 150, 100, score=0.7),
            box("3 + 4 = 7", 0, 150, 60, score=0.5),
        ]
    )
    assert set(values) == COLUMNS
    assert values["text_to_image_ratio"] == pytest.approx((3 * 100 + 60) * 20 / (400 * 200))
    assert values["total_lines_of_text_count"] == 4
    assert values["text_blocks_count"] == 3
    assert values["lines_per_text_block"] == pytest.approx(4 / 3)
    assert (values["total_en_boxes"], values["total_ar_boxes"]) == (2, 1)
    assert values["en_words_original"] == ["Good", "morning", "my", "friends"]
    assert values["ar_words_original"] == ["صباح", "الخير"]
    assert (values["en_words_to_boxes"], values["ar_words_to_boxes"]) == (2, 2)
    assert values["en_avg_score"] == pytest.approx(0.7)
    assert values["ar_avg_score"] == pytest.approx(0.7)
    assert values["math_digits_or_symbols_count"] == 5


def test_overlapping_boxes_count_once_and_stay_in_the_picture():
    values = row([box("one", 0, 0, 100, 100), box("two", 50, 0, 100, 100)], size=(120, 200))
    assert values["text_to_image_ratio"] == pytest.approx(120 * 100 / (120 * 200))


def test_no_text_is_zero_but_an_average_of_nothing_is_null():
    values = row([])
    for name in ("en_avg_score", "ar_avg_score"):
        assert values.pop(name) is None
    assert all(value == [] for value in values.values() if isinstance(value, list))
    assert all(value == 0 for value in values.values() if not isinstance(value, list))


def test_arabic_columns_are_null_when_arabic_was_not_looked_for():
    values = row([box("Hello", 0, 0, 100), box("", 0, 100, 100, score=0.0)], reads_arabic=False)
    assert {name for name, value in values.items() if value is None} == ARABIC
    assert values["total_en_boxes"] == 1
    assert values["total_lines_of_text_count"] == 2


def test_digits_alone_count_for_neither_script():
    values = row([box("10:30", 0, 0, 60)])
    assert (values["total_en_boxes"], values["total_ar_boxes"]) == (0, 0)
    assert values["en_words_to_boxes"] == 0
    assert values["en_avg_score"] is None
    assert values["math_digits_or_symbols_count"] == 4


def test_words_come_in_reading_order():
    values = row([box("last", 0, 150, 60), box("second", 110, 2, 80), box("first", 20, 0, 70)])
    assert values["en_words_original"] == ["first", "second", "last"]


def test_a_drawn_picture_end_to_end():
    picture = blank(640, 300)
    write(picture, (60, 30), "Don't forget the bread", 32)
    write(picture, (60, 80), "and the milk", 32)
    stage = TextStage(RapidReader(Settings()))
    image = as_image(picture)
    values = stage(image)
    assert stage.group == "text"
    assert values["en_words_original"] == ["Don't", "forget", "the", "bread", "and", "the", "milk"]
    assert (values["total_lines_of_text_count"], values["text_blocks_count"]) == (2, 1)
    assert values["total_en_boxes"] == 2
    assert 0.05 < values["text_to_image_ratio"] < 0.2
    boxes, page = stage.read(image)
    assert set(map(id, page.boxes)) == set(map(id, boxes))
    assert len(stage.backends) >= 2
