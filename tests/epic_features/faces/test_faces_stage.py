"""The two face columns."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from epic_features import schema
from epic_features.faces import FacesStage
from epic_features.faces.detector import Face
from epic_features.faces.stage import face_columns
from epic_features.image import Image


def blank(width: int, height: int) -> Image:
    return Image(np.zeros((height, width, 3), np.uint8))


def test_value_of_the_contract():
    columns = face_columns([Face((70, 71, 211, 285), 0.9)], blank(306, 306))
    assert columns["total_faces_count"] == 1
    assert columns["faces_to_image_ratio"] == pytest.approx(0.3222479, abs=5e-8)


def test_no_face_is_zero_not_null():
    assert face_columns([], blank(5, 9)) == {"total_faces_count": 0, "faces_to_image_ratio": 0}


corners = st.integers(-15, 45)


@given(st.lists(st.tuples(corners, corners, corners, corners), max_size=6))
def test_ratio_is_the_share_of_covered_pixels(corners: list[tuple[int, int, int, int]]):
    width, height = 31, 23
    covered = np.zeros((height, width), bool)
    faces = []
    for x1, y1, x2, y2 in corners:
        left, right = sorted((x1, x2))
        top, bottom = sorted((y1, y2))
        faces.append(Face((left, top, right, bottom), 0.5))
        covered[max(top, 0) : max(bottom, 0), max(left, 0) : max(right, 0)] = True
    columns = face_columns(faces, blank(width, height))
    assert columns["total_faces_count"] == len(faces)
    assert columns["faces_to_image_ratio"] == pytest.approx(covered.mean(), abs=1e-9)


def test_stage_on_a_photograph(centerface, astronaut: Image):
    stage = FacesStage(centerface)
    columns = stage(astronaut)
    assert stage.group == "faces"
    assert stage.backends == centerface.backends
    assert set(columns) == {c.name for c in schema.CORE_COLUMNS if c.group == "faces"}
    assert columns["total_faces_count"] == len(stage.detect(astronaut)) == 1
    assert columns["faces_to_image_ratio"] == pytest.approx(0.04, abs=0.01)
