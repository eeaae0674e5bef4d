"""Reading only the largest boxes."""

import json

import cv2
import numpy as np
import pytest
from text_drawing import as_image, blank, write

from epic_features import Extractor, Settings
from epic_features.extractor import METADATA_KEY

LINES = ["The largest line", "A large line", "A middle line", "A small line"]
PLACES = (
    "text_to_image_ratio",
    "lines_per_text_block",
    "total_lines_of_text_count",
    "text_blocks_count",
    "text_boxes_count",
    "text_height_mean",
    "text_ground_brightness",
)


@pytest.fixture(scope="module")
def page():
    picture = blank(700, 420)
    for number, text in enumerate(reversed(LINES)):
        write(picture, (40, 20 + 100 * number), text, 22 + 10 * number)
    return as_image(picture)


def stage_of(text):
    (stage,) = Extractor(Settings(groups=("layout",), text=text, arabic="none")).stages
    return stage


@pytest.fixture(scope="module")
def full(page):
    stage = stage_of("full")
    boxes, arranged = stage.read(page)
    return boxes, stage.columns(page, boxes, arranged)


@pytest.mark.parametrize("budget", [1, 2, 3])
def test_the_largest_are_read_and_all_are_counted(page, full, budget):
    stage = stage_of(f"budget:{budget}")
    boxes, arranged = stage.read(page)
    by_area = sorted(boxes, key=lambda box: -cv2.contourArea(box.polygon))
    assert [box.text for box in by_area] == LINES[:budget] + [""] * (4 - budget)
    row = stage.columns(page, boxes, arranged)
    assert {name: row[name] for name in PLACES} == {name: full[1][name] for name in PLACES}
    assert row["total_en_boxes"] == budget
    words = [word for text in reversed(LINES[:budget]) for word in text.split()]
    assert row["en_words_original"] == words


def test_a_budget_that_is_not_used_up_changes_nothing(page, full):
    stage = stage_of("budget:4")
    boxes, arranged = stage.read(page)
    assert stage.columns(page, boxes, arranged) == full[1]
    key = [(box.text, box.score, box.polygon.tolist()) for box in boxes]
    assert sorted(key) == sorted((b.text, b.score, b.polygon.tolist()) for b in full[0])


def test_without_text_there_is_nothing_to_read():
    row = stage_of("budget:1")(as_image(blank(80, 60)))
    assert (row["total_lines_of_text_count"], row["en_words_original"]) == (0, [])


def test_the_table_says_how_much_was_read():
    extractor = Extractor(Settings(groups=("text",), text="budget:7", arabic="none"))
    table = extractor.table([extractor.row(np.full((40, 50, 3), 255, np.uint8))])
    assert json.loads(table.schema.metadata[METADATA_KEY])["settings"]["text"] == "budget:7"
