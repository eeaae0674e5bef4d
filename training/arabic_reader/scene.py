"""The picture around the letters: colours, backgrounds, neighbours, and what cameras do to them."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

Grey = NDArray[np.float32]
Mask = NDArray[np.uint8]

# Style by how often it is met in galleries of phones.
_STYLES = {
    "plain": 0.36,
    "gradient": 0.07,
    "bubble": 0.10,
    "outlined": 0.19,
    "shadow": 0.07,
    "photo": 0.08,
    "panel": 0.05,
    "paper": 0.08,
}
STYLES = tuple(_STYLES)
_CHANCES = np.array(list(_STYLES.values())) / sum(_STYLES.values())


def compose(
    rng: np.random.Generator, mask: Mask, size: int, photos: Sequence[Mask], neighbour: Mask | None
) -> tuple[Mask, str]:
    """Put letters into a picture, as a text detector would cut it out.

    Parameters
    ----------
    rng : numpy.random.Generator
    mask : ndarray of uint8, shape (height, width)
        The letters, cut to the ink.
    size : int
        Size of the font in pixels.
    photos : sequence of ndarray of uint8
        Grey photos to put under the letters; without any, blurred noise is.
    neighbour : ndarray of uint8 or None
        Letters of another line, of which a part shows at the upper or lower edge.

    Returns
    -------
    ndarray of uint8, shape (height', width')
        Grey pixels of the line.
    str
        Which of `STYLES` it is.
    """
    style = STYLES[rng.choice(len(STYLES), p=_CHANCES)]
    ink, edges = _placed(rng, mask, size, neighbour)
    under, fill, contrast = _colours(rng)
    if style == "plain":
        picture = np.full(ink.shape, under, np.float32)
    elif style == "gradient":
        picture = _ramp(rng, ink.shape, under, 0.35 * contrast)
    elif style == "bubble":
        picture = _bubble(rng, ink.shape, under, size, edges)
    elif style == "paper":
        photo = cv2.GaussianBlur(_photo(rng, ink.shape, photos), (0, 0), 1 + 3 * rng.random())
        picture = under + (photo - photo.mean()) * float(rng.uniform(0.1, 0.5)) * contrast
    elif style == "panel":
        share = float(rng.uniform(0.45, 0.9))
        picture = share * under + (1 - share) * 255 * _photo(rng, ink.shape, photos)
    else:
        picture = 255 * _photo(rng, ink.shape, photos)
        if style == "photo":
            mean = float(picture.mean())
            fill = rng.uniform(0, 60) if mean > 127 else rng.uniform(195, 255)
            picture = mean + (picture - mean) * float(rng.uniform(0.2, 0.8))
    if style == "outlined":
        fill, line = (rng.uniform(200, 255), rng.uniform(0, 50))
        if rng.random() < 0.22:
            fill, line = line, fill
        width = max(1, round(size * rng.uniform(0.03, 0.12)))
        kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * width + 1, 2 * width + 1))
        picture = _painted(picture, np.asarray(cv2.dilate(ink, kernel), np.uint8), line)
    if style == "shadow" or (style == "outlined" and rng.random() < 0.2):
        offset = [max(1, round(size * rng.uniform(-0.03, 0.1))) for _ in range(2)]
        shade = np.roll(ink, offset, axis=(0, 1))
        if rng.random() < 0.7:
            shade = np.asarray(cv2.GaussianBlur(shade, (0, 0), max(0.5, size * 0.04)), np.uint8)
        if style == "shadow":
            fill = rng.uniform(200, 255) if rng.random() < 0.8 else rng.uniform(0, 60)
        picture = _painted(
            picture, shade, 20.0 if fill > 127 else 235.0, float(rng.uniform(0.4, 1))
        )
    colour = _ramp(rng, ink.shape, float(fill), 40.0) if rng.random() < 0.06 else float(fill)
    picture = _painted(picture, ink, colour, 1.0 if rng.random() < 0.85 else rng.uniform(0.7, 1))
    _decorate(rng, picture, size, edges, float(fill), under)
    return _seen(rng, np.clip(picture, 0, 255), size), style


def _placed(
    rng: np.random.Generator, mask: Mask, size: int, neighbour: Mask | None
) -> tuple[Mask, tuple[int, int, int, int]]:
    """Put the letters on a canvas with the paddings of a detector's box, in pixels per side."""
    height, width = mask.shape
    loose = rng.random()
    reach = 0.12 if loose < 0.45 else 0.35 if loose < 0.85 else 0.9
    sides = rng.uniform(0, 1, 4) * reach * size
    if rng.random() < 0.12:
        sides[2 + rng.integers(2)] += rng.uniform(0.5, 3) * size
    top, bottom, left, right = (round(float(side)) for side in sides)
    canvas = np.zeros((height + top + bottom, width + left + right), np.uint8)
    canvas[top : top + height, left : left + width] = mask
    if neighbour is not None:
        _intrude(rng, canvas, neighbour, top, bottom)
    cut = rng.random()
    if cut < 0.12 and height > 12:
        rows = 1 + int(rng.integers(max(1, height // 14)))
        canvas = canvas[rows:] if cut < 0.06 else canvas[:-rows]
    return canvas, (top, bottom, left, right)


def _intrude(
    rng: np.random.Generator, canvas: Mask, neighbour: Mask, top: int, bottom: int
) -> None:
    above = rng.random() < 0.5
    rows = min(round((top if above else bottom) * rng.uniform(0.2, 0.8)), neighbour.shape[0])
    if rows < 1:
        return
    start = int(rng.integers(-neighbour.shape[1] // 2, max(1, canvas.shape[1] // 2)))
    part = neighbour[-rows:] if above else neighbour[:rows]
    part = part[:, max(0, -start) : max(0, -start) + canvas.shape[1] - max(0, start)]
    first = max(0, start)
    target = canvas[:rows] if above else canvas[-rows:]
    view = target[:, first : first + part.shape[1]]
    np.maximum(view, part, out=view)


def _colours(rng: np.random.Generator) -> tuple[float, float, float]:
    contrast = float(rng.uniform(50, 255) if rng.random() < 0.5 else rng.uniform(140, 255))
    low = float(rng.uniform(0, 255 - contrast))
    under, fill = (low + contrast, low) if rng.random() < 0.66 else (low, low + contrast)
    return under, fill, contrast


def _painted(picture: Grey, ink: Mask, colour: float | Grey, opacity: float = 1.0) -> Grey:
    share = ink.astype(np.float32) * (float(opacity) / 255)
    return np.asarray(picture + (colour - picture) * share, np.float32)


def _ramp(rng: np.random.Generator, shape: tuple[int, ...], middle: float, reach: float) -> Grey:
    ends = rng.uniform(-reach, reach, 4).astype(np.float32).reshape(2, 2)
    return np.asarray(middle + cv2.resize(ends, shape[::-1]), np.float32)


def _bubble(
    rng: np.random.Generator,
    shape: tuple[int, ...],
    under: float,
    size: int,
    edges: tuple[int, int, int, int],
) -> Grey:
    """Return a rounded box whose edges may show, on a page of another colour."""
    page = float(np.clip(under + rng.uniform(-120, 120), 0, 255))
    picture = np.full(shape, page, np.float32)
    insets = [round(edge * rng.uniform(-0.5, 0.7)) for edge in edges]
    top, bottom, left, right = insets
    corner = max(1, round(size * rng.uniform(0.1, 0.5)))
    cv2.rectangle(
        picture, (left, top), (shape[1] - 1 - right, shape[0] - 1 - bottom), under, cv2.FILLED
    )
    for x in (left, shape[1] - 1 - right):
        for y in (top, shape[0] - 1 - bottom):
            cv2.circle(picture, (x, y), corner // 2, page, cv2.FILLED)
    return picture


def _photo(rng: np.random.Generator, shape: tuple[int, ...], photos: Sequence[Mask]) -> Grey:
    """Return a random part of a photo, in [0, 1]."""
    height, width = shape
    if not photos:
        few = rng.random((max(2, height // 8), max(2, width // 8))).astype(np.float32)
        return np.asarray(cv2.resize(few, (width, height), interpolation=cv2.INTER_CUBIC))
    photo = photos[int(rng.integers(len(photos)))]
    zoom = float(rng.uniform(0.5, 1.5)) * max(1.0, height / photo.shape[0], width / photo.shape[1])
    rows = max(2, min(round(height / zoom), photo.shape[0]))
    columns = max(2, min(round(width / zoom), photo.shape[1]))
    y = int(rng.integers(photo.shape[0] - rows + 1))
    x = int(rng.integers(photo.shape[1] - columns + 1))
    part = photo[y : y + rows, x : x + columns].astype(np.float32) / 255
    if rng.random() < 0.5:
        part = np.ascontiguousarray(part[:, ::-1])
    return np.asarray(cv2.resize(part, (width, height)), np.float32)


def _decorate(
    rng: np.random.Generator,
    picture: Grey,
    size: int,
    edges: tuple[int, int, int, int],
    fill: float,
    under: float,
) -> None:
    """Draw what stands in a box beside the letters: icons, rules, borders."""
    height, width = picture.shape
    _, bottom, left, right = edges
    thin = max(1, size // 16)
    if max(left, right) > 0.6 * size and rng.random() < 0.6:
        middle = left // 2 if left > right else width - right // 2
        radius = max(2, round(min(max(left, right) * 0.4, size * rng.uniform(0.2, 0.5))))
        colour = float(fill if rng.random() < 0.5 else rng.uniform(0, 255))
        filled = cv2.FILLED if rng.random() < 0.5 else thin
        centre = (middle, height // 2 + int(rng.integers(-2, 3)))
        shape = rng.integers(4)
        if shape == 0:
            cv2.circle(picture, centre, radius, colour, filled, cv2.LINE_AA)
        elif shape == 1:
            corner = (centre[0] - radius, centre[1] - radius)
            opposite = (centre[0] + radius, centre[1] + radius)
            cv2.rectangle(picture, corner, opposite, colour, filled)
        elif shape == 2:
            points = rng.integers(-radius, radius + 1, (int(rng.integers(3, 7)), 2)) + centre
            cv2.polylines(picture, [points.astype(np.int32)], True, colour, thin, cv2.LINE_AA)
        else:
            cv2.circle(picture, centre, radius, colour, cv2.FILLED, cv2.LINE_AA)
            cv2.circle(picture, centre, radius // 2, float(under), thin, cv2.LINE_AA)
    if bottom >= 2 and rng.random() < 0.06:
        row = height - 1 - int(rng.integers(bottom))
        cv2.line(picture, (0, row), (width, row), float(fill), thin)
    if rng.random() < 0.04:
        column = int(rng.integers(0, max(1, left + 1)))
        cv2.line(picture, (column, 0), (column, height), float(fill), thin)


def _seen(rng: np.random.Generator, picture: Grey, size: int) -> Mask:
    """Return what a screenshot, a camera and a messenger make of it."""
    if rng.random() < 0.35:
        picture = _bent(rng, picture)
    if rng.random() < 0.08:
        picture = _moire(rng, picture)
    if rng.random() < 0.35 and size > 13:
        factor = float(rng.uniform(max(0.35, 11 / size), 1))
        small = cv2.resize(picture, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
        again = small if rng.random() < 0.5 else cv2.resize(small, picture.shape[::-1])
        picture = np.asarray(again, np.float32)
    if rng.random() < 0.25:
        blur = float(rng.uniform(0.3, 0.045 * size + 0.5))
        picture = np.asarray(cv2.GaussianBlur(picture, (0, 0), blur), np.float32)
    if rng.random() < 0.25:
        noise = rng.standard_normal(picture.shape, np.float32)
        picture = picture + noise * np.float32(rng.uniform(1, 14))
    seen = np.clip(picture, 0, 255).astype(np.uint8)
    if rng.random() < 0.55:
        quality = int(rng.uniform(25, 95))
        _, packed = cv2.imencode(".jpg", seen, [cv2.IMWRITE_JPEG_QUALITY, quality])
        seen = np.asarray(cv2.imdecode(packed, cv2.IMREAD_GRAYSCALE), np.uint8)
    return seen


def _bent(rng: np.random.Generator, picture: Grey) -> Grey:
    """Shear, stretch, turn and tilt the picture a little."""
    height, width = picture.shape
    slant = float(rng.normal(0, 0.08)) if rng.random() < 0.5 else 0.0
    turn = float(rng.normal(0, 0.012)) * min(1.0, 8 * height / width)
    stretch = float(np.exp(rng.normal(0, 0.12)))
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    moved = corners.copy()
    moved[:, 0] = corners[:, 0] * stretch + slant * (height - corners[:, 1])
    moved[:, 1] += turn * corners[:, 0]
    moved += rng.normal(0, 0.02 * height, (4, 2)).astype(np.float32)
    moved -= moved.min(axis=0)
    target = tuple(int(np.ceil(side)) for side in moved.max(axis=0))
    matrix = cv2.getPerspectiveTransform(corners, moved)
    return np.asarray(
        cv2.warpPerspective(picture, matrix, target, borderMode=cv2.BORDER_REPLICATE), np.float32
    )


def _moire(rng: np.random.Generator, picture: Grey) -> Grey:
    """Lay the beat of two pixel grids over it, as in a photographed screen."""
    rows, columns = np.indices(picture.shape, np.float32)
    waves = np.zeros(picture.shape, np.float32)
    for _ in range(2):
        angle, length = rng.uniform(0, np.pi), rng.uniform(2.2, 9)
        phase = (rows * np.float32(np.sin(angle)) + columns * np.float32(np.cos(angle))) / length
        waves += np.sin(2 * np.pi * phase, dtype=np.float32)
    return np.asarray(picture + waves * np.float32(rng.uniform(2, 12)), np.float32)
