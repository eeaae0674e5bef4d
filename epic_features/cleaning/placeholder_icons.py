"""The signs that stand for a missing picture, drawn here, and how they are recognised.

Every program draws its own; what they have in common is the silhouette of one small object on a
plain ground. It is compared after scaling to one size, so that colours, size and place do not
matter.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from epic_features.image import Image

Mask: TypeAlias = NDArray[np.uint8]

_CANVAS = 192
_SIDE = 32
_WORKING_SIDE = 256
_CELL = 8
_FLAT_RANGE = 12  # levels; JPEG noise around letters stays below in the cells that have none
_GROUND_STEP = 32
_REACHES = (5, 15)
_LARGEST = 3


@dataclass(frozen=True, eq=False)
class Layout:
    """How a picture is laid out.

    Attributes
    ----------
    flat_share : float
        Share of the cells of 8 x 8 pixels (longest side of 256) without any structure, [0, 1].
    ground_share : float
        Share of the pixels that have the colour of the ground, [0, 1].
    marks : int
        Separate things on the ground: icons and pieces of text lines.
    icon : str or None
        Name of the sign in `ICONS` that is most like the largest thing; None without a thing of
        the size of a sign.
    likeness : float
        Correlation of the two silhouettes, [-1, 1].
    """

    flat_share: float
    ground_share: float
    marks: int
    icon: str | None
    likeness: float


def layout_of(image: Image) -> Layout:
    """Describe the layout of a picture."""
    pixels = image.fitted(_WORKING_SIDE)
    ground = _ground_color(pixels)
    away = np.abs(pixels.astype(np.int16) - ground).max(axis=2)
    things = (away > _GROUND_STEP).astype(np.uint8)
    height, width = things.shape
    icon, likeness, marks = None, -1.0, 0
    # A torn sign is in pieces; joining those may also join a sign with its caption. So both.
    for reach in _REACHES:
        boxes = _boxes(things, reach)
        marks = max(marks, len(boxes))
        for left, top, wide, high in boxes[:_LARGEST]:
            is_frame = wide > 0.9 * width and high > 0.9 * height
            if is_frame or not 0.5 < wide / high < 2 or high < max(12, 0.08 * height):
                continue
            name, alike = _best_icon(things[top : top + high, left : left + wide])
            if alike > likeness:
                icon, likeness = name, alike
    return Layout(_flat_share(pixels), float(1 - things.mean()), marks, icon, likeness)


def _boxes(things: Mask, reach: int) -> list[list[int]]:
    """Return left, top, width and height of what is connected over short gaps, largest first."""
    joined = cv2.dilate(things, np.ones((reach, 2 * reach), np.uint8))
    _, _, boxes, _ = cv2.connectedComponentsWithStats(joined)
    found = [box[:4] for box in boxes[1:].tolist()]
    return sorted(found, key=lambda box: -box[2] * box[3])


def _ground_color(pixels: NDArray[np.uint8]) -> NDArray[np.int16]:
    coarse = (pixels >> 4).reshape(-1, 3).astype(np.int32)
    codes = (coarse[:, 0] << 8) | (coarse[:, 1] << 4) | coarse[:, 2]
    commonest = np.bincount(codes, minlength=4096).argmax()
    ground = np.median(pixels.reshape(-1, 3)[codes == commonest], axis=0)
    return np.asarray(ground, np.int16)


def _flat_share(pixels: NDArray[np.uint8]) -> float:
    grey = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)
    height, width = (side // _CELL * _CELL for side in grey.shape)
    if not height or not width:
        return 1.0
    cells = grey[:height, :width].reshape(height // _CELL, _CELL, width // _CELL, _CELL)
    return float((cells.max(axis=(1, 3)) - cells.min(axis=(1, 3)) <= _FLAT_RANGE).mean())


def _best_icon(cut: Mask) -> tuple[str, float]:
    seen = _silhouette(cut)
    if seen is None:
        return "", -1.0
    scores = {name: float((seen * known).mean()) for name, known in _library().items()}
    best = max(scores, key=lambda name: scores[name])
    return best, scores[best]


def _silhouette(mask: Mask) -> NDArray[np.float64] | None:
    """Scale a shape to one size, blurred, with mean 0 and deviation 1."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if not len(rows):
        return None
    tight = mask[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    side = max(tight.shape)
    square = np.zeros((side, side), np.float64)
    top, left = (side - tight.shape[0]) // 2, (side - tight.shape[1]) // 2
    square[top : top + tight.shape[0], left : left + tight.shape[1]] = tight
    small = cv2.GaussianBlur(
        cv2.resize(square, (_SIDE, _SIDE), interpolation=cv2.INTER_AREA), (0, 0), 1.0
    )
    spread = small.std()
    return np.asarray((small - small.mean()) / spread) if spread > 0 else None


@cache
def _library() -> dict[str, NDArray[np.float64]]:
    drawn = {name: _silhouette(draw()) for name, draw in ICONS.items()}
    return {name: shape for name, shape in drawn.items() if shape is not None}


def _blank() -> Mask:
    return np.zeros((_CANVAS, _CANVAS), np.uint8)


def _frame(mask: Mask, thickness: int = 10) -> Mask:
    cv2.rectangle(mask, (16, 32), (176, 160), 1, thickness)
    return mask


def _landscape(mask: Mask) -> Mask:
    """Add the hills and the sun that stand for a photo."""
    hills = [[28, 148], [72, 84], [104, 124], [128, 100], [164, 148]]
    cv2.fillPoly(mask, [np.array(hills, np.int32)], 1)
    cv2.circle(mask, (132, 68), 13, 1, -1)
    return mask


def _photo() -> Mask:
    return _landscape(_frame(_blank()))


def _filled_photo() -> Mask:
    mask = _blank()
    cv2.rectangle(mask, (16, 32), (176, 160), 1, -1)
    return mask - _landscape(_blank())


def _torn(mask: Mask) -> Mask:
    """Tear a picture from top to bottom, as browsers do."""
    tear = [[176, 84], [136, 112], [112, 88], [76, 124], [52, 104], [16, 136]]
    cv2.polylines(mask, [np.array(tear, np.int32)], False, 0, 20)
    return mask


def _torn_photo() -> Mask:
    return _torn(_photo())


def _torn_filled_photo() -> Mask:
    return _torn(_filled_photo())


def _crossed(mask: Mask) -> Mask:
    """Strike a picture through, with a gap on both sides of the stroke."""
    cv2.line(mask, (20, 20), (172, 172), 0, 34)
    cv2.line(mask, (20, 20), (172, 172), 1, 12)
    return mask


def _crossed_photo() -> Mask:
    return _crossed(_photo())


def _camera() -> Mask:
    mask = _blank()
    cv2.rectangle(mask, (16, 56), (176, 164), 1, -1)
    cv2.rectangle(mask, (68, 34), (124, 60), 1, -1)
    cv2.circle(mask, (96, 110), 36, 0, -1)
    cv2.circle(mask, (96, 110), 24, 1, -1)
    return mask


def _crossed_camera() -> Mask:
    return _crossed(_camera())


def _framed_cross() -> Mask:
    mask = _blank()
    cv2.rectangle(mask, (20, 20), (172, 172), 1, 10)
    cv2.line(mask, (62, 62), (130, 130), 1, 18)
    cv2.line(mask, (130, 62), (62, 130), 1, 18)
    return mask


def _framed_question() -> Mask:
    mask = _blank()
    cv2.rectangle(mask, (20, 20), (172, 172), 1, 10)
    cv2.putText(mask, "?", (62, 136), cv2.FONT_HERSHEY_DUPLEX, 3.6, 1, 16)
    return mask


def _folded_page() -> Mask:
    """Draw the page with a folded corner that holds a small landscape."""
    mask = _blank()
    outline = [[36, 12], [116, 12], [156, 52], [156, 180], [36, 180]]
    cv2.polylines(mask, [np.array(outline, np.int32)], True, 1, 10)
    cv2.polylines(mask, [np.array([[116, 12], [116, 52], [156, 52]], np.int32)], False, 1, 10)
    hills = [[52, 160], [80, 110], [104, 140], [118, 124], [142, 160]]
    cv2.fillPoly(mask, [np.array(hills, np.int32)], 1)
    return mask


ICONS: dict[str, Callable[[], Mask]] = {
    "photo": _photo,
    "filled photo": _filled_photo,
    "torn photo": _torn_photo,
    "torn filled photo": _torn_filled_photo,
    "crossed photo": _crossed_photo,
    "crossed camera": _crossed_camera,
    "framed cross": _framed_cross,
    "framed question mark": _framed_question,
    "folded page": _folded_page,
}
"""The library: functions that draw each sign as a mask of 192 x 192 zeros and ones."""
