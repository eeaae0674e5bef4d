"""Size columns."""

from __future__ import annotations

import numpy as np
import pytest

from epic_features.image import Image
from epic_features.schema import CORE_COLUMNS
from epic_features.shape import ShapeStage


@pytest.mark.parametrize(("width", "height"), [(1, 1), (30, 20), (20, 30), (1, 5000)])
def test_shape_is_that_of_the_pixels(width: int, height: int) -> None:
    row = ShapeStage()(Image(pixels=np.zeros((height, width, 3), np.uint8)))
    assert row == {
        "aspect_ratio": pytest.approx(width / height),
        "area": width * height,
        "width": width,
        "height": height,
    }


def test_columns_are_those_of_the_schema() -> None:
    row = ShapeStage()(Image(pixels=np.zeros((2, 3, 3), np.uint8)))
    assert list(row) == [column.name for column in CORE_COLUMNS if column.group == "shape"]
