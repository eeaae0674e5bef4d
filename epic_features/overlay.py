"""A picture of what was found in an image: faces, text boxes and dominant colours."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from epic_features.image import Image
from epic_features.schema import N_COLORS

if TYPE_CHECKING:
    from PIL import Image as PILImage

    from epic_features.faces.detector import Face
    from epic_features.text.reader import TextBox

FACE_COLOR = "#ff2d95"
SCRIPT_COLORS = {"latin": "#1e88e5", "arabic": "#00a152", "other": "#ff8f00"}
_SIDE = 1280


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
        Drawn as polygons with script and confidence: blue Latin, green Arabic, orange other.

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

    for box in boxes:
        color = SCRIPT_COLORS[box.script]
        points = [(float(x), float(y)) for x, y in np.asarray(box.polygon) * scale]
        draw.polygon(points, outline=color, width=stroke)
        _label(draw, points[0], f"{box.script[:2]} {box.score:.2f}", color, font)
    for face in faces:
        x1, y1, x2, y2 = (value * scale for value in face.box)
        draw.rectangle((x1, y1, x2, y2), outline=FACE_COLOR, width=stroke)
        _label(draw, (x1, y1), f"face {face.score:.2f}", FACE_COLOR, font)
    _draw_bar(draw, row, (0, height, width, height + bar), font)
    return canvas


def _label(draw: Any, corner: tuple[float, float], text: str, color: str, font: Any) -> None:
    """Write a caption just above a corner, or just below it at the upper edge."""
    x, y = max(0.0, corner[0]), corner[1]
    left, top, right, bottom = draw.textbbox((x, y), text, font=font, anchor="lb")
    if top < 0:
        shift = bottom - top
        top, bottom, y = top + shift, bottom + shift, y + shift
    draw.rectangle((left - 1, top - 1, right + 1, bottom + 1), fill=color)
    draw.text((x, y), text, fill="white", font=font, anchor="lb")


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
