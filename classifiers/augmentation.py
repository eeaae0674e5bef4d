"""Pictures changed a little at random, so that a network does not learn them by heart."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]

# Rotations of hand-held phones and of pages laid down carelessly; no picture stands on its head.
_TURN = np.deg2rad(15)
_LUMA = np.array([0.299, 0.587, 0.114])  # ITU-R BT.601


def rotated(pixels: Pixels, random: np.random.Generator) -> Pixels:
    """Turn pictures by up to 15 degrees either way; the corners are filled by reflection."""
    turns = random.uniform(-_TURN, _TURN, len(pixels))
    return _each(pixels, [_turn(angle) for angle in turns])


def strong(pixels: Pixels, random: np.random.Generator) -> Pixels:
    """Turn, zoom, stretch, shift and mirror pictures, and change light and colour."""
    linear = []
    for _ in range(len(pixels)):
        zoom, stretch = random.uniform(0.9, 1.4), np.exp(random.uniform(-0.2, 0.2))
        mirror = random.choice((-1.0, 1.0))
        linear.append(
            _turn(random.uniform(-_TURN, _TURN))
            @ np.diag([mirror * zoom * stretch, zoom / stretch])
        )
    room = np.array([max(0.0, np.sqrt(abs(np.linalg.det(matrix))) - 1) for matrix in linear])
    shift = random.uniform(-0.5, 0.5, (len(pixels), 2)) * room[:, None]
    moved = _each(pixels, linear, shift * pixels.shape[1])
    return np.stack([_other_light(picture, random) for picture in moved])


AUGMENTATIONS: Mapping[str, Callable[[Pixels, np.random.Generator], Pixels]] = {
    "none": lambda pixels, random: pixels,
    "rotation": rotated,
    "strong": strong,
}


def _turn(angle: float) -> NDArray[np.float64]:
    cosine, sine = np.cos(angle), np.sin(angle)
    return np.array([[cosine, -sine], [sine, cosine]])


def _each(
    pixels: Pixels,
    linear: list[NDArray[np.float64]],
    shift: NDArray[np.float64] | None = None,
) -> Pixels:
    """Map each picture about its middle."""
    import cv2

    side = pixels.shape[1]
    middle = np.full(2, (side - 1) / 2)
    moved = np.empty_like(pixels)
    for number, (picture, matrix) in enumerate(zip(pixels, linear, strict=True)):
        offset = middle - matrix @ middle + (0 if shift is None else shift[number])
        whole = np.hstack([matrix, offset[:, None]])
        moved[number] = cv2.warpAffine(
            picture, whole, (side, side), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT
        )
    return moved


def _other_light(picture: Pixels, random: np.random.Generator) -> Pixels:
    import cv2

    colourful = random.uniform(0.5, 1.5)
    light = random.uniform(0.7, 1.3) * random.uniform(0.9, 1.1, 3)
    mixed = (colourful * np.eye(3) + (1 - colourful) * _LUMA[None, :]) * light[:, None]
    return np.asarray(
        cv2.transform(picture, np.hstack([mixed, np.full((3, 1), random.uniform(-25, 25))])),
        np.uint8,
    )
