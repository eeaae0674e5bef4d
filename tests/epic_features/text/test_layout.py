import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from epic_features.text.layout import layout
from epic_features.text.reader import TextBox
from epic_features.text.script import Script, script_of


def text_box(text, x, y, width, height=20.0):
    """A box with its top left corner at (x, y)."""
    corners = [(x, y), (x + width, y), (x + width, y + height), (x, y + height)]
    return TextBox(np.array(corners, np.float32), text, 0.9, script_of(text))


def changed(box, change):
    return TextBox(np.asarray(change(box.polygon), np.float32), box.text, box.score, box.script)


def mirrored(box):
    flipped = box.polygon * (-1, 1)
    return TextBox(flipped[[1, 0, 3, 2]].astype(np.float32), box.text, box.score, box.script)


def rotated(box, degrees):
    angle = np.radians(degrees)
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    return changed(box, lambda polygon: polygon @ turn)


def texts(page):
    return [[[box.text for box in line] for line in block] for block in page.blocks]


whole = st.integers(0, 400)
some_boxes = st.lists(
    st.builds(
        text_box,
        st.sampled_from(["one", "two words", "كلمة", "سطر عربي", "12", ""]),
        whole,
        whole,
        st.integers(1, 200),
        st.integers(1, 40),
    ),
    max_size=12,
)


@given(some_boxes)
def test_every_box_is_in_exactly_one_line_of_one_block(boxes):
    page = layout(boxes)
    assert sorted(map(id, page.boxes)) == sorted(map(id, boxes))
    assert all(line for line in page.lines)
    assert all(block for block in page.blocks)
    assert len(page.lines) == sum(len(block) for block in page.blocks)


@given(some_boxes, st.randoms(use_true_random=False))
def test_order_of_the_input_does_not_matter(boxes, random):
    shuffled = random.sample(boxes, len(boxes))
    pages = layout(boxes), layout(shuffled)
    assert len({len(page.lines) for page in pages}) == 1
    assert len({len(page.blocks) for page in pages}) == 1
    groups = [{frozenset(map(id, line)) for line in page.lines} for page in pages]
    assert groups[0] == groups[1]


@given(some_boxes, st.integers(-500, 500), st.integers(-500, 500), st.sampled_from([0.25, 2, 8]))
def test_place_and_size_of_the_page_do_not_matter(boxes, x, y, scale):
    moved = [changed(box, lambda polygon: polygon * scale + (x, y)) for box in boxes]
    assert texts(layout(moved)) == texts(layout(boxes))


@settings(max_examples=200)
@given(some_boxes)
def test_mirrored_page_has_as_many_lines_and_blocks(boxes):
    page, mirror = layout(boxes), layout([mirrored(box) for box in boxes])
    assert len(mirror.lines) == len(page.lines)
    assert len(mirror.blocks) == len(page.blocks)


def test_nothing_has_no_lines():
    page = layout([])
    assert page.lines == page.blocks == page.boxes == ()


def test_boxes_on_a_baseline_are_a_line():
    page = layout([text_box("world", 75, 2, 60, 18), text_box("Hello", 0, 0, 60)])
    assert texts(page) == [[["Hello", "world"]]]


def test_far_boxes_on_a_baseline_are_two_lines():
    assert (
        len(layout([text_box("787 likes", 0, 0, 100), text_box("3 shares", 400, 0, 90)]).lines) == 2
    )


def test_arabic_line_is_read_from_the_right():
    page = layout([text_box("جدا", 0, 0, 50), text_box("شكرا", 60, 0, 70)])
    assert texts(page) == [[["شكرا", "جدا"]]]


@pytest.mark.parametrize("degrees", [-8, -3, 4, 9])
def test_slightly_rotated_page_reads_the_same(degrees):
    rows = [("A long first line", 0, 300), ("and a second", 30, 220), ("one", 60, 60)]
    boxes = [text_box(text, 0, y, width) for text, y, width in rows]
    boxes.insert(2, text_box("with a tail", 240, 30, 120))
    expected = [[["A long first line"], ["and a second", "with a tail"], ["one"]]]
    assert texts(layout(boxes)) == expected
    assert texts(layout([rotated(box, degrees) for box in boxes])) == expected


@pytest.mark.parametrize("place", ["left", "right", "middle"])
def test_aligned_lines_are_a_paragraph(place):
    widths = [300, 180, 240]
    starts = {"left": 0.0, "right": 1.0, "middle": 0.5}
    boxes = [
        text_box(f"line {index}", (300 - width) * starts[place], index * 28, width)
        for index, width in enumerate(widths)
    ]
    assert texts(layout(boxes)) == [[["line 0"], ["line 1"], ["line 2"]]]


def test_a_wide_space_ends_a_paragraph():
    boxes = [text_box(f"line {index}", 0, y, 200) for index, y in enumerate((0, 28, 90, 118))]
    assert [len(block) for block in layout(boxes).blocks] == [2, 2]


def test_a_heading_is_a_block_of_its_own():
    boxes = [text_box("Heading", 0, 0, 200, 50), text_box("body", 0, 60, 200, 20)]
    assert texts(layout(boxes)) == [[["Heading"]], [["body"]]]


def test_columns_are_read_one_after_the_other():
    title = text_box("Title over both", 0, 0, 520, 40)
    rows = [
        text_box(f"{side}{row}", x, 80 + row * 28, 240)
        for row in range(4)
        for side, x in (("left", 0), ("right", 280))
    ]
    page = layout([*rows, title])
    assert [block[0][0].text for block in page.blocks] == ["Title over both", "left0", "right0"]
    assert [len(block) for block in page.blocks] == [1, 4, 4]


def test_arabic_columns_are_read_from_the_right():
    names = {0: "العمود الثاني", 280: "العمود الأول"}
    rows = [text_box(name, x, row * 28, 240) for row in range(3) for x, name in names.items()]
    assert [block[0][0].text for block in layout(rows).blocks] == ["العمود الأول", "العمود الثاني"]


def test_chat_bubbles_stay_in_the_order_of_the_chat():
    bubbles = [("hi", 0), ("hello", 400), ("how are you", 0), ("fine", 420)]
    boxes = [text_box(text, x, row * 80, 100) for row, (text, x) in enumerate(bubbles)]
    assert [line[0].text for line in layout(boxes[::-1]).lines] == [text for text, _ in bubbles]


def test_boxes_without_size_do_no_harm():
    point = TextBox(np.zeros((4, 2), np.float32), "", 0.0, Script.OTHER)
    page = layout([point, text_box("text", 50, 50, 100), point])
    assert len(page.boxes) == 3
