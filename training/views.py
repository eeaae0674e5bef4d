"""Parts of pictures to learn from: another place, another light."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

_LUMA = np.array([0.3, 0.59, 0.11])


def view(
    picture: NDArray[np.uint8], side: int, random: np.random.Generator, *, whole: bool
) -> NDArray[np.uint8]:
    """Return a part of a picture as a square, mirrored or not and in another light."""
    from PIL import Image

    height, width = picture.shape[:2]
    box = (0.0, 0.0, float(width), float(height))
    if not whole:
        area, stretch = random.uniform(0.25, 1), np.exp(random.uniform(-0.3, 0.3))
        across, down = min(1, np.sqrt(area * stretch)), min(1, np.sqrt(area / stretch))
        left, top = random.uniform(0, 1 - across), random.uniform(0, 1 - down)
        box = (left * width, top * height, (left + across) * width, (top + down) * height)
    square = np.asarray(
        Image.fromarray(picture).resize((side, side), Image.Resampling.BILINEAR, box=box)
    )
    if whole:
        return square
    if random.random() < 0.5:
        square = np.ascontiguousarray(square[:, ::-1])
    colourful, light = random.uniform(0.7, 1.3), random.uniform(0.8, 1.2)
    mixed = (colourful * np.eye(3) + (1 - colourful) * _LUMA[None]) * light
    offset = np.full((3, 1), random.uniform(-15, 15))
    return np.asarray(cv2.transform(square, np.hstack([mixed, offset])), np.uint8)
