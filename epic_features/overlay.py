"""A picture of what was found in an image: faces, text boxes and dominant colours."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from epic_features.image import Image
from epic_features.schema import N_COLORS

if TYPE_CHECKING:
    from PIL import Image as PILImage

    from epic_features.faces.detector import Face
    from epic_features.text.reader import TextBox

FACE_COLOR = "#ff2d95"
_BOX = {"latin": "#1e88e5", "arabic": "#00a152", "other": "#ff8f00"}
_SIDE = 1280

_Area: TypeAlias = tuple[float, float, float, float]


def draw_overlay(
    image: Image,
    row: Mapping[str, Any],
    faces: Sequence[Face] = (),
    boxes: Sequence[TextBox] = (),
) -> PILImage.Image:
    """Draw findings over an image.

    Parameters
    ----------
    image : Image
        The image that was looked at.
    row : mapping
        Its feature row; the colour columns fill the bar below the picture.
    faces : sequence of Face
        Drawn as pink rectangles with their confidence.
    boxes : sequence of TextBox
        Drawn as polygons with script and confidence: blue Latin, green Arabic, orange other. A
        caption is left out where it would hide another mark.

    Returns
    -------
    PIL.Image.Image
        RGB, longest side of the picture at most 1280, and the colour bar below.
    """
    from PIL import Image as PILImage
    from PIL import ImageDraw, ImageFont

    pixels = image.fitted(_SIDE)
    height, width = pixels.shape[:2]
    scale = width / image.width
    stroke = max(2, round(max(width, height) / 400))
    font = ImageFont.load_default(size=max(11, round(max(width, height) / 75)))
    bar = max(24, height // 16)
    canvas = PILImage.new("RGB", (width, height + bar), "white")
    canvas.paste(PILImage.fromarray(pixels), (0, 0))
    draw = ImageDraw.Draw(canvas)

    marks = [
        *(
            (_points(box.polygon, scale), box.script[:2], box.score, _BOX[box.script])
            for box in boxes
        ),
        *((_corners(face.box, scale), "face", face.score, FACE_COLOR) for face in faces),
    ]
    taken = [_bounds(points) for points, *_ in marks]
    for points, _, _, color in marks:
        draw.polygon(points, outline=color, width=stroke)
    for points, kind, score, color in marks:
        _label(draw, points, f"{kind} {score:.2f}", color, font, taken, (width, height))
    _draw_bar(draw, row, (0, height, width, height + bar), font)
    return canvas


def _points(polygon: Any, scale: float) -> list[tuple[float, float]]:
    return [(float(x), float(y)) for x, y in np.asarray(polygon) * scale]


def _corners(box: Sequence[float], scale: float) -> list[tuple[float, float]]:
    x1, y1, x2, y2 = (value * scale for value in box)
    return [(x1, y1), (x2, y1), (x2, y2), (x1, y2)]


def _bounds(points: Sequence[tuple[float, float]]) -> _Area:
    xs, ys = zip(*points, strict=True)
    return min(xs), min(ys), max(xs), max(ys)


def _label(
    draw: Any,
    points: Sequence[tuple[float, float]],
    text: str,
    color: str,
    font: Any,
    taken: list[_Area],
    size: tuple[int, int],
) -> None:
    """Write a caption beside a mark where it hides no other one, or not at all."""
    left, top, right, bottom = _bounds(points)
    _, _, wide, high = draw.textbbox((0, 0), text, font=font, anchor="lt")
    wide, high = wide + 4, high + 4
    places = (
        (left, top - high),
        (right - wide, top - high),
        (left, bottom),
        (right, top),
        (left - wide, top),
    )
    for x, y in places:
        area = (x, y, x + wide, y + high)
        inside = x >= 0 and y >= 0 and area[2] <= size[0] and area[3] <= size[1]
        if inside and not any(_overlap(area, other) for other in taken):
            taken.append(area)
            draw.rectangle(area, fill=color)
            draw.text((x + 2, y + 2), text, fill="white", font=font, anchor="lt")
            return


def _overlap(one: _Area, other: _Area) -> bool:
    # A pixel of contact is allowed: captions touch the mark they belong to.
    return (
        one[0] < other[2] - 1
        and other[0] < one[2] - 1
        and one[1] < other[3] - 1
        and other[1] < one[3] - 1
    )


def _draw_bar(
    draw: Any, row: Mapping[str, Any], area: tuple[int, int, int, int], font: Any
) -> None:
    left, top, right, bottom = area
    x = float(left)
    for k in range(1, N_COLORS + 1):
        color, ratio = row.get(f"dominant_color_{k}"), row.get(f"color_to_image_ratio_{k}")
        if color is None or ratio is None:
            continue
        end = x + ratio * (right - left)
        draw.rectangle((round(x), top, round(end), bottom), fill=color)
        text = f"{ratio:.0%}"
        if draw.textlength(text, font=font) + 8 < end - x:
            red, green, blue = (int(color[i : i + 2], 16) for i in (1, 3, 5))
            # Rec. 709 luma decides between black and white letters.
            ink = "black" if 0.2126 * red + 0.7152 * green + 0.0722 * blue > 140 else "white"
            draw.text(((x + end) / 2, (top + bottom) / 2), text, fill=ink, font=font, anchor="mm")
        x = end
