"""The overlay shows what the row says."""

import numpy as np
import pytest
from PIL import ImageChops

from epic_features import Extractor, Settings
from epic_features.faces.detector import Face
from epic_features.image import from_array
from epic_features.inspection import inspect
from epic_features.overlay import FACE_COLOR, draw_overlay
from epic_features.text.reader import TextBox
from epic_features.text.script import Script


def test_the_row_is_that_of_the_extractor(gallery, default_models):
    folder, drawings = gallery
    extractor = Extractor()
    for drawing in (drawings[0], next(d for d in drawings if d.faces)):
        inspection = inspect(folder / drawing.path, extractor=extractor)
        assert inspection.row == extractor.row(folder / drawing.path)
        assert len(inspection.faces) == inspection.row["total_faces_count"]
        scripts = [box.script for box in inspection.boxes]
        assert scripts.count(Script.LATIN) == inspection.row["total_en_boxes"]


def test_groups_left_out_are_not_drawn(photo):
    inspection = inspect(photo, settings=Settings(groups=("shape",)))
    picture = inspection.overlay()
    shown = picture.crop((0, 0, 160, 120))
    np.testing.assert_array_equal(np.asarray(shown), photo)
    bar = picture.crop((0, 120, *picture.size))
    assert np.asarray(bar).min() == 255


@pytest.mark.parametrize("scale", [1, 20])
def test_marks_lie_where_the_findings_are(scale):
    image = from_array(np.zeros((200 * scale, 300 * scale, 3), np.uint8), Settings())
    box = tuple(value * scale for value in (100.0, 50.0, 180.0, 150.0))
    text = TextBox(
        np.array([[10, 10], [60, 10], [60, 30], [10, 30]], np.float32) * scale,
        "x",
        0.5,
        Script.LATIN,
    )
    row = {"dominant_color_1": "#123456", "color_to_image_ratio_1": 1.0}
    picture = draw_overlay(image, row, [Face(box, 0.9)], [text])
    shown = min(1280, 300 * scale)
    factor = shown / 300
    red, green, blue = (int(FACE_COLOR[i : i + 2], 16) for i in (1, 3, 5))
    edge = picture.getpixel((round(100 * factor), round(100 * factor)))
    assert edge == (red, green, blue)
    assert picture.getpixel((5, picture.height - 2)) == (0x12, 0x34, 0x56)
    blank = draw_overlay(image, row)
    changed = ImageChops.difference(picture, blank).getbbox()
    assert changed[0] <= round(10 * factor)
    assert changed[2] <= round(200 * factor)
