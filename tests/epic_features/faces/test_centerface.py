"""The decoder of CenterFace's maps, against maps drawn by hand."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from epic_features.faces.centerface import decode, padded
from epic_features.image import Image

CELLS = 40
Box = tuple[float, float, float, float]


def draw(faces: list[tuple[Box, float]]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the maps a perfect network would give for boxes in its input's pixels."""
    heat = np.zeros((CELLS, CELLS), np.float32)
    size = np.zeros((2, CELLS, CELLS), np.float32)
    offset = np.zeros((2, CELLS, CELLS), np.float32)
    for (left, top, right, bottom), score in faces:
        x, y = (left + right) / 8, (top + bottom) / 8
        row, column = int(y), int(x)
        heat[row, column] = score
        size[:, row, column] = np.log([(bottom - top) / 4, (right - left) / 4])
        offset[:, row, column] = y - row - 0.5, x - column - 0.5
    return heat, size, offset


@given(
    x=st.floats(0, 159),
    y=st.floats(0, 159),
    width=st.floats(1, 300),
    height=st.floats(1, 300),
    scale=st.floats(0.05, 1),
)
def test_box_comes_back(x: float, y: float, width: float, height: float, scale: float):
    box = (x - width / 2, y - height / 2, x + width / 2, y + height / 2)
    (face,) = decode(*draw([(box, 0.8)]), threshold=0.4, scale=scale)
    assert face.score == pytest.approx(0.8)
    assert face.box == pytest.approx([value / scale for value in box], abs=1e-3 / scale)


def test_threshold_is_included():
    maps = draw([((10, 10, 30, 30), 0.5), ((100, 100, 130, 130), 0.25)])
    assert len(decode(*maps, threshold=0.25, scale=1)) == 2
    assert len(decode(*maps, threshold=0.375, scale=1)) == 1
    assert decode(*maps, threshold=0.75, scale=1) == []


def test_of_overlapping_boxes_the_best_stays():
    maps = draw(
        [((10, 10, 50, 50), 0.6), ((14, 10, 54, 50), 0.9), ((40, 40, 90, 90), 0.7)]
    )  # the third shares 3 % with the others
    faces = decode(*maps, threshold=0.4, scale=1)
    assert [round(face.score, 2) for face in faces] == [0.9, 0.7]


@given(width=st.integers(1, 300), height=st.integers(1, 300))
def test_padding_keeps_place_and_proportion(width: int, height: int):
    canvas, scale = padded(Image(np.full((height, width, 3), 200, np.uint8)), 64)
    assert scale == min(1, 64 / max(width, height))
    rows, columns = np.nonzero(canvas[:, :, 0])
    assert (rows.min(), columns.min()) == (0, 0)
    for last, length, side in zip(
        (rows.max(), columns.max()), (height, width), canvas.shape[:2], strict=True
    ):
        assert abs(last + 1 - length * scale) <= 1
        assert side % 32 == 0
        assert side - 32 <= last < side <= 64


def test_the_network_runs_as_opencv_runs_it(centerface, astronaut: Image):
    """The weights are those of the file, although its input is declared anew."""
    canvas, _ = padded(astronaut, 640)
    blob = cv2.dnn.blobFromImage(canvas)
    opened = cv2.dnn.readNetFromONNX(np.fromfile(centerface._path, np.uint8))
    opened.setInput(blob)
    names = ["537", "538", "539", "540"]
    expected = opened.forward(names)
    found = centerface._session.run(names, {"input.1": blob})
    for ours, theirs in zip(found, expected, strict=True):
        assert ours.shape == theirs.shape
        assert np.abs(ours - theirs).max() < 1e-4
