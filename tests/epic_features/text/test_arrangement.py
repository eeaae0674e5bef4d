"""How text is set, on drawn pictures with boxes whose geometry is known."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from epic_features import Extractor, Settings
from epic_features.image import Image
from epic_features.schema import EXTRA_COLUMNS, schema_of
from epic_features.text.arrangement import arrangement_columns
from epic_features.text.layout import layout
from epic_features.text.reader import TextBox
from epic_features.text.script import script_of

COLUMNS = {column.name: column for column in EXTRA_COLUMNS if column.group == "layout"}
WIDTH, HEIGHT = 400, 200


def box_at(
    text: str, x: float, y: float, width: float = 100, height: float = 20, score: float = 0.9
) -> TextBox:
    corners = [(x, y), (x + width, y), (x + width, y + height), (x, y + height)]
    return TextBox(np.array(corners, np.float32), text, score, script_of(text))


def turned(box: TextBox, degrees: float) -> TextBox:
    angle, middle = np.radians(degrees), box.polygon.mean(axis=0)
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    polygon = ((box.polygon - middle) @ turn + middle).astype(np.float32)
    return TextBox(polygon, box.text, box.score, box.script)


def columns_of(*boxes: TextBox, pixels: Any = None) -> dict[str, Any]:
    if pixels is None:
        pixels = np.full((HEIGHT, WIDTH, 3), 255, np.uint8)
    return arrangement_columns(Image(pixels=pixels), layout(boxes))


some_boxes = st.lists(
    st.builds(
        box_at,
        st.sampled_from(["one", "TWO 2", "كلمة", "12:30", "• a", "日本", ""]),
        st.integers(-50, 450),
        st.integers(-50, 250),
        st.integers(0, 200),
        st.integers(0, 40),
        st.sampled_from([0.5, 1.0]),
    ),
    max_size=8,
)


@given(some_boxes)
def test_every_column_is_there_with_its_type_and_in_its_range(boxes: list[TextBox]) -> None:
    row = columns_of(*boxes)
    assert set(row) == set(COLUMNS)
    table = pa.Table.from_pylist([row], schema=schema_of(("layout",)))
    for name, column in COLUMNS.items():
        if row[name] is None:
            assert "Null without text" in column.meaning, name
            continue
        assert type(row[name]) is (int if column.type == pa.int32() else float), name
        assert np.isfinite(row[name]), name
        assert table[name][0].as_py() == pytest.approx(row[name], rel=1e-6)


@given(some_boxes)
def test_shares_of_what_lies_in_the_picture_are_in_their_range(boxes: list[TextBox]) -> None:
    inside = [box_at(b.text, 50, float(20 * i), 100 + i, 18, b.score) for i, b in enumerate(boxes)]
    row = columns_of(*inside)
    for name, column in COLUMNS.items():
        low, high = column.range[1:-1].split(", ")
        if row[name] is not None:
            assert row[name] >= float(low), name
            assert high == "∞" or row[name] <= float(high) + 1e-6, name


def test_without_text_averages_are_null_and_the_rest_is_zero() -> None:
    row = columns_of()
    for name, column in COLUMNS.items():
        assert row[name] == (None if "Null without text" in column.meaning else 0), name


@pytest.mark.parametrize("count", [1, 3])
def test_boxes_that_cannot_be_read_have_a_place_but_no_letters(count: int) -> None:
    row = columns_of(*(box_at("", 10, 10 + 30 * i, score=0) for i in range(count)))
    assert (row["text_boxes_count"], row["blank_boxes_ratio"]) == (count, 1)
    assert row["text_height_mean"] == pytest.approx(0.1)
    assert row["characters_count"] == 0
    for name in "text_score_mean text_score_min characters_per_box capitals_ratio".split():
        assert row[name] is None, name
    assert row["other_letters_ratio"] is None
    assert row["digits_ratio"] is None


def test_sizes_and_edges() -> None:
    row = columns_of(box_at("a", 40, 20, 100, 10), box_at("b", 80, 120, 200, 30))
    assert row["text_height_mean"] == pytest.approx(20 / HEIGHT)
    assert row["text_height_max"] == pytest.approx(30 / HEIGHT)
    assert row["text_height_spread"] == pytest.approx(0.5)
    assert row["text_width"] == pytest.approx((280 - 40) / WIDTH)
    assert row["text_left_spread"] == pytest.approx(20 / WIDTH)
    assert row["text_right_spread"] == pytest.approx(70 / WIDTH)
    assert row["text_middle_spread"] == pytest.approx(45 / WIDTH)
    # Places are weighted by length: 100 and 200.
    assert row["text_x"] == pytest.approx((90 + 2 * 180) / 3 / WIDTH)
    assert row["text_y"] == pytest.approx((25 + 2 * 135) / 3 / HEIGHT)
    assert (row["text_tilt"], row["text_tilt_spread"]) == pytest.approx((0, 0))


@pytest.mark.parametrize("degrees", [-170, -30, -5, 0, 3, 12, 45, 90])
def test_tilt_of_turned_boxes(degrees: float) -> None:
    row = columns_of(*(turned(box_at("word", 150, y), degrees) for y in (50, 100)))
    assert row["text_tilt"] == pytest.approx(abs(degrees), abs=1e-3)
    assert row["text_tilt_spread"] == pytest.approx(0, abs=1e-3)
    assert row["text_height_mean"] == pytest.approx(20 / HEIGHT, rel=1e-4)


def test_tilt_is_the_median_by_length() -> None:
    long = turned(box_at("long", 50, 50, 300), 4)
    short = turned(box_at("short", 50, 150, 50), -60)
    row = columns_of(long, short)
    assert row["text_tilt"] == pytest.approx(4, abs=1e-3)
    assert row["text_tilt_spread"] == pytest.approx(64 * 50 / 350, abs=1e-3)


def test_shares_of_the_four_bands() -> None:
    row = columns_of(
        box_at("a", 0, 0, 100, 20), box_at("b", 200, 0, 100, 20), box_at("c", 0, 160, 200, 40)
    )
    area = WIDTH * HEIGHT
    shares = [row[f"text_band_{number}_share"] for number in (1, 2, 3, 4)]
    assert shares == pytest.approx([4000 / area, 0, 0, 8000 / area])


def test_steps_from_line_to_line() -> None:
    even = columns_of(*(box_at("line", 20, y) for y in (10, 50, 90, 130)))
    assert even["line_step"] == pytest.approx(40 / HEIGHT)
    assert even["line_step_spread"] == pytest.approx(0)
    uneven = columns_of(*(box_at("line", 20, y) for y in (10, 40, 90, 130)))
    assert uneven["line_step"] == pytest.approx(40 / HEIGHT)
    assert uneven["line_step_spread"] == pytest.approx(10 / 40)
    two = columns_of(box_at("line", 20, 10), box_at("line", 20, 50))
    assert (two["line_step"], two["line_step_spread"]) == (None, None)


def lettered(*grounds: tuple[int, int, int]) -> tuple[Any, list[TextBox]]:
    """Boxes of black strokes, a fifth of their pixels, on plain grounds."""
    pixels = np.full((HEIGHT, WIDTH, 3), 128, np.uint8)
    boxes = []
    for number, ground in enumerate(grounds):
        pixels[30 * number : 30 * number + 20, 20:120] = ground
        pixels[30 * number : 30 * number + 20, 20:120:5] = 0
        boxes.append(box_at("word", 20, 30 * number))
    return pixels, boxes


def test_ground_below_the_text() -> None:
    pixels, boxes = lettered((255, 255, 255))
    row = columns_of(*boxes, pixels=pixels)
    assert row["text_ground_plainness"] == pytest.approx(0.8)
    assert row["text_ground_brightness"] == pytest.approx(1)
    assert row["text_ground_colorfulness"] == 0
    assert row["text_contrast"] == pytest.approx(1, abs=0.01)
    assert (row["text_grounds_count"], row["text_ground_spread"]) == (1, 0)


def test_chat_bubbles_have_two_grounds() -> None:
    pixels, boxes = lettered((255, 255, 255), (210, 255, 200), (255, 255, 255))
    row = columns_of(*boxes, pixels=pixels)
    assert row["text_grounds_count"] == 2
    brightness = np.array([1, (210 + 255 + 200) / 3 / 255, 1])
    assert row["text_ground_brightness"] == pytest.approx(brightness.mean(), abs=1e-6)
    assert row["text_ground_spread"] == pytest.approx(brightness.std(), abs=1e-6)
    assert row["text_ground_colorfulness"] == pytest.approx(55 / 255 / 3, abs=1e-6)


def test_noise_is_no_plain_ground() -> None:
    random = np.random.default_rng(0)
    pixels = random.integers(0, 256, (HEIGHT, WIDTH, 3), dtype=np.uint8)
    assert columns_of(box_at("word", 20, 20), pixels=pixels)["text_ground_plainness"] < 0.15


def test_a_ground_on_the_border_of_two_levels_is_one() -> None:
    pixels = np.full((HEIGHT, WIDTH, 3), 128, np.uint8)
    pixels[:, ::3] = 127
    row = columns_of(box_at("word", 20, 20), pixels=pixels)
    assert row["text_ground_plainness"] == 1


@pytest.mark.parametrize(("x", "y"), [(-150, 20), (420, 20), (20, -60), (20, 230)])
def test_a_box_outside_the_picture_has_no_ground(x: int, y: int) -> None:
    row = columns_of(box_at("word", x, y))
    assert row["text_ground_plainness"] is None
    assert row["text_grounds_count"] == 0


def test_a_box_that_reaches_over_the_edge_is_looked_at_inside() -> None:
    pixels, _ = lettered((255, 255, 255))
    row = columns_of(box_at("word", -80, -20, 200, 40), pixels=pixels)
    assert row["text_ground_plainness"] > 0.6
    assert row["text_grounds_count"] == 1


def test_only_the_largest_boxes_are_looked_at() -> None:
    pixels = np.full((HEIGHT, WIDTH, 3), 255, np.uint8)
    pixels[:, 300:] = 0
    large = [box_at("a", 5, 2 * i, 200, 20) for i in range(40)]
    assert columns_of(*large, box_at("b", 320, 20, 50), pixels=pixels)["text_grounds_count"] == 1
    assert (
        columns_of(*large[1:], box_at("b", 320, 20, 50), pixels=pixels)["text_grounds_count"] == 2
    )


@pytest.mark.parametrize(
    ("column", "yes", "no"),
    [
        ("clock_times_count", ["12:30", "seen 9:05", "12.30 pm"], ["123:30", "12:3", "1 : 30"]),
        ("handles_count", ["@name", "look #sunset", "@محمد"], ["a@b.c", "@", "# 1", "#a"]),
        (
            "addresses_count",
            ["https://a.b", "www.x", "shop.COM now", "example.org", "t.me/x"],
            ["comma", "a.b", "http", "net"],
        ),
        ("prices_count", ["$5", "20%", "15 EGP", "€ 3", "50 جنيه"], ["$", "%", "5 apples"]),
        ("list_marks_count", ["• milk", "1. one", "2) two", "a) x", "- dash"], ["milk", "1", "•"]),
    ],
)
def test_kinds_of_tokens(column: str, yes: list[str], no: list[str]) -> None:
    for text in yes:
        assert columns_of(box_at(text, 20, 20))[column] == 1, text
    for text in no:
        assert columns_of(box_at(text, 20, 20))[column] == 0, text
    both = [box_at(text, 20, 30 * i) for i, text in enumerate([*yes[:2], *no[:2]])]
    assert columns_of(*both)[column] == 2


def test_letters_and_scores() -> None:
    row = columns_of(
        box_at("ABcd 12", 20, 20, score=0.8),
        box_at("日本", 20, 60, score=0.4),
        box_at("", 20, 100, score=0),
        box_at("بحر", 20, 140, score=0.9),
    )
    assert (row["text_boxes_count"], row["blank_boxes_ratio"]) == (4, 0.25)
    assert row["text_score_mean"] == pytest.approx(0.7)
    assert row["text_score_min"] == pytest.approx(0.4)
    assert row["characters_count"] == 12
    assert row["characters_per_box"] == pytest.approx(4)
    assert row["capitals_ratio"] == pytest.approx(0.5)
    assert row["other_letters_ratio"] == pytest.approx(2 / 9)


def test_digits_among_the_characters() -> None:
    assert columns_of(box_at("ab12", 20, 20))["digits_ratio"] == pytest.approx(0.5)
    two = columns_of(box_at("ab12", 20, 20), box_at("3456", 20, 60))
    assert two["digits_ratio"] == pytest.approx(6 / 8)


def test_layout_brings_text_with_it() -> None:
    assert Settings(groups=("layout",)).groups == ("text", "layout")
    assert Settings(groups=("shape", "texture")).groups == ("shape", "texture")
    assert {"layout", "texture"} <= set(Settings(groups=("all",)).groups)


def test_a_real_row_of_a_drawn_gallery(gallery: Any, default_models: None) -> None:
    folder, drawings = gallery
    drawing = next(d for d in drawings if d.label == "fmemes")
    extractor = Extractor(Settings(groups=("layout",)))
    row = extractor.row(folder / drawing.path)
    assert row["text_boxes_count"] >= 2
    heights = [
        max(y for _, y in line.polygon) - min(y for _, y in line.polygon) for line in drawing.lines
    ]
    # Detected boxes are higher than the letters in them.
    assert row["text_height_mean"] == pytest.approx(
        1.4 * np.mean(heights) / drawing.height, rel=0.4
    )
    assert row["text_tilt"] < 2
    assert extractor.table([row]).num_rows == 1
