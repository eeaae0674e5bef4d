"""Placeholders as sites draw them, with other shapes, fonts and words than the library's own.

Wordings and sign styles come in two sets: one to develop with, one to report on.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path

from PIL import Image as PILImage
from PIL import ImageDraw, ImageFont

DEVELOPMENT = (
    "If you are looking for an image, it was probably deleted.",
    "Image not found",
    "No image available",
    "This content isn't available right now",
    "The picture could not be loaded",
    "404 Not Found",
    "الصورة غير متوفرة",
    "تم حذف هذه الصورة",
    "هذا المحتوى غير متاح",
)
REPORTED = (
    "The image you are requesting does not exist or is no longer available.",
    "This image or video has been moved or deleted",
    "Please update your account to enable 3rd party hosting",
    "Photo unavailable",
    "This photo is no longer available",
    "Sorry, this media file doesn't exist",
    "Image removed by the owner",
    "Picture coming soon",
    "Bandwidth Exceeded",
    "No photo",
    "Preview not available",
    "This attachment has expired",
    "Video unavailable",
    "This file has been deleted",
    "Thumbnail is missing",
    "Unable to load image",
    "لا توجد صورة",
    "عذرًا، هذا المحتوى غير متاح الآن",
    "الصورة غير موجودة",
    "لم يتم العثور على الصورة",
    "تعذر تحميل الصورة",
    "انتهت صلاحية هذا الملف",
)
SIGNS = ("photo", "crossed photo", "torn photo", "framed cross", "framed question mark", "page")
_PALETTES = (
    ("#ffffff", "#222222"),
    ("#f2f2f2", "#9a9a9a"),
    ("#222222", "#eeeeee"),
    ("#2b3a67", "#ffffff"),
    ("#e8eef4", "#5b7fa6"),
    ("#fff8e1", "#b26a00"),
    ("#dddddd", "#777777"),
)
_SIZES = ((161, 81), (320, 240), (400, 300), (500, 500), (640, 480), (800, 450), (1024, 768))
_LATIN = ("dejavu/DejaVuSans.ttf", "dejavu/DejaVuSans-Bold.ttf", "dejavu/DejaVuSerif.ttf")
_ARABIC = ("noto/NotoNaskhArabic-Regular.ttf", "noto/NotoSansArabic-Regular.ttf")
_FONTS = Path("/usr/share/fonts/truetype")


def placeholder(words: str | None, sign: str | None, rng: random.Random) -> PILImage.Image:
    """Draw words, a sign or both on a plain or shaded ground, in a random size and palette."""
    width, height = rng.choice(_SIZES if sign is None else _SIZES[1:])
    ground, ink = rng.choice(_PALETTES)
    picture = PILImage.new("RGB", (width, height), ground)
    if rng.random() < 0.2:
        dark = PILImage.new("RGB", (width, height), ink)
        ramp = PILImage.linear_gradient("L").resize((width, height)).point(lambda v: v // 10)
        picture = PILImage.composite(dark, picture, ramp)
    draw = ImageDraw.Draw(picture)
    if rng.random() < 0.2:
        draw.rectangle((1, 1, width - 2, height - 2), outline=ink, width=2)
    top = height * 0.5
    if sign is not None:
        side = int(
            min(width, height) * (rng.uniform(0.2, 0.35) if words else rng.uniform(0.2, 0.6))
        )
        middle = height * (0.35 if words else 0.5)
        _sign(draw, sign, width / 2 - side / 2, middle - side / 2, side, ground, ink, rng)
        top = height * 0.7
    if words:
        _text(draw, words, width, height, top, ink, rng)
    return picture


def _text(
    draw: ImageDraw.ImageDraw,
    words: str,
    width: int,
    height: int,
    middle: float,
    ink: str,
    rng: random.Random,
) -> None:
    names = _ARABIC if any("؀" <= c <= "ۿ" for c in words) else _LATIN
    found = [_FONTS / name for name in names if (_FONTS / name).exists()]
    size = max(11, int(min(height * 0.11, width * rng.uniform(0.045, 0.07))))
    font = (
        ImageFont.truetype(str(rng.choice(found)), size) if found else ImageFont.load_default(size)
    )
    lines = [""]
    for word in words.split():
        longer = f"{lines[-1]} {word}".strip()
        if draw.textlength(longer, font) <= width * 0.9:
            lines[-1] = longer
        else:
            lines.append(word)
    step = size * 1.4
    for i, line in enumerate(lines):
        y = middle + (i - len(lines) / 2) * step
        draw.text(((width - draw.textlength(line, font)) / 2, y), line, fill=ink, font=font)


def _sign(
    draw: ImageDraw.ImageDraw,
    sign: str,
    x: float,
    y: float,
    side: int,
    ground: str,
    ink: str,
    rng: random.Random,
) -> None:
    """Draw a sign in a box; proportions and strokes vary."""

    def at(points: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
        return [(x + px * side, y + py * side) for px, py in points]

    line = max(2, int(side * rng.uniform(0.04, 0.07)))
    low = rng.uniform(0.1, 0.2)
    if sign == "page":
        outline = [(0.2, 0), (0.62, 0), (0.85, 0.24), (0.85, 1), (0.2, 1), (0.2, 0)]
        draw.line(at(outline), fill=ink, width=line, joint="curve")
        draw.line(at([(0.62, 0), (0.62, 0.24), (0.85, 0.24)]), fill=ink, width=line)
        draw.polygon(at([(0.3, 0.85), (0.45, 0.6), (0.55, 0.72), (0.62, 0.65), (0.76, 0.85)]), ink)
        return
    if sign in ("framed cross", "framed question mark"):
        draw.rectangle(at([(0.04, 0.04), (0.96, 0.96)]), outline=ink, width=line)
        if sign == "framed cross":
            draw.line(at([(0.3, 0.3), (0.7, 0.7)]), fill=ink, width=line * 2)
            draw.line(at([(0.7, 0.3), (0.3, 0.7)]), fill=ink, width=line * 2)
        else:
            font = ImageFont.load_default(side * 0.65)
            draw.text(at([(0.5, 0.5)])[0], "?", fill=ink, font=font, anchor="mm")
        return
    corners = at([(0.03, low), (0.97, 1 - low)])
    draw.rounded_rectangle(corners, radius=side * 0.06, outline=ink, width=line)
    hills = [(0.1, 0.9 - low), (0.36, 0.5), (0.52, 0.68), (0.66, 0.55), (0.9, 0.9 - low)]
    draw.polygon(at(hills), fill=ink)
    draw.ellipse(at([(0.62, low + 0.12), (0.78, low + 0.28)]), fill=ink)
    if sign == "crossed photo":
        draw.line(at([(0.06, 0.06), (0.94, 0.94)]), fill=ground, width=line * 4)
        draw.line(at([(0.06, 0.06), (0.94, 0.94)]), fill=ink, width=line + 2)
    if sign == "torn photo":
        tear = [(1, 0.42), (0.74, 0.58), (0.58, 0.45), (0.4, 0.64), (0.26, 0.52), (0, 0.7)]
        draw.line(at(tear), fill=ground, width=line * 2)
