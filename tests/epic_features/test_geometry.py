import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from epic_features.geometry import box_polygon, union_area

SIZE = 24
coordinate = st.integers(-8, SIZE + 8)
boxes = st.lists(st.tuples(coordinate, coordinate, coordinate, coordinate), max_size=6)


def raster_area(boxes, size):
    """Truth for boxes with whole coordinates: count the pixels."""
    mask = np.zeros((size, size), bool)
    for x1, y1, x2, y2 in boxes:
        (left, right), (top, bottom) = sorted((x1, x2)), sorted((y1, y2))
        mask[max(top, 0) : max(bottom, 0), max(left, 0) : max(right, 0)] = True
    return mask.sum()


def shoelace(polygon):
    x, y = np.asarray(polygon, float).T
    return abs(np.dot(x, np.roll(y, -1)) - np.dot(y, np.roll(x, -1))) / 2


def test_published_check_value():
    assert union_area([box_polygon((70, 71, 211, 285))], 306, 306) / 306**2 == pytest.approx(
        0.3222479, abs=5e-8
    )


@given(boxes)
def test_boxes_agree_with_counted_pixels(boxes):
    area = union_area([box_polygon(box) for box in boxes], SIZE, SIZE)
    assert area == pytest.approx(raster_area(boxes, SIZE), abs=1e-6)


@given(st.lists(st.tuples(st.integers(0, 40), st.integers(0, 40)), min_size=3, max_size=3))
def test_two_triangles_agree_with_inclusion_and_exclusion(corners):
    # A triangle and its copy moved far away share nothing: the union is the sum.
    moved = [(x + 50, y) for x, y in corners]
    assert union_area([corners, moved], 100, 50) == pytest.approx(2 * shoelace(corners), abs=1e-6)
    assert union_area([corners, corners[::-1]], 100, 50) == pytest.approx(
        shoelace(corners), abs=1e-6
    )


@given(st.lists(st.tuples(coordinate, coordinate), min_size=1, max_size=7), boxes)
def test_any_polygon_stays_in_the_picture_and_only_adds(corners, boxes):
    polygons = [box_polygon(box) for box in boxes]
    before, after = (union_area(p, SIZE, SIZE) for p in (polygons, [*polygons, corners]))
    assert before - 1e-6 <= after <= SIZE * SIZE + 1e-6


def test_overlap_counts_once_and_outside_not_at_all():
    assert union_area([box_polygon((0, 0, 4, 4)), box_polygon((2, 2, 6, 6))], 5, 5) == 21
    assert union_area([box_polygon((-9, -9, -1, -1))], 5, 5) == 0


def test_self_crossing_polygon_counts_with_both_parts():
    bow_tie = [(0, 0), (4, 4), (4, 0), (0, 4)]
    assert union_area([bow_tie], 10, 10) == pytest.approx(8)


@pytest.mark.parametrize(
    "polygon",
    [
        [],
        [(1, 1)],
        [(1, 1), (5, 5)],
        [(1, 1), (3, 3), (5, 5)],
        [(2, 2)] * 4,
        [(0, 0), (np.nan, 3), (4, 4), (0, 4)],
        [(0, 0), (np.inf, 3), (4, 4), (0, 4)],
    ],
)
def test_polygons_without_area_count_nothing(polygon):
    assert union_area([polygon], 10, 10) == 0
    assert union_area([polygon, box_polygon((0, 0, 2, 2))], 10, 10) == 4


def test_no_polygon_has_no_area():
    assert union_area([], 10, 10) == 0
