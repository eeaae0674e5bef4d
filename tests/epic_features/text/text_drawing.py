"""Draws text for the tests of reading, with a font that is on this machine."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image as PillowImage
from PIL import ImageDraw, ImageFont, features

from epic_features.image import Image

_FOLDERS = ("/usr/share/fonts", "/usr/local/share/fonts", "/Library/Fonts", "C:/Windows/Fonts")
_LATIN = ("DejaVuSans.ttf", "LiberationSans-Regular.ttf", "Arial.ttf", "arial.ttf")
_ARABIC = ("NotoNaskhArabic-Regular.ttf", "NotoSansArabic-Regular.ttf", "DejaVuSans.ttf")


def font(size, arabic=False):
    if arabic and not features.check("raqm"):
        pytest.skip("this Pillow can't shape Arabic letters (no libraqm)")
    names = _ARABIC if arabic else _LATIN
    for name in names:
        for folder in _FOLDERS:
            for path in sorted(Path(folder).rglob(name)):
                return ImageFont.truetype(str(path), size)
    pytest.skip(f"none of the fonts {', '.join(names)} is installed")


def blank(width, height, colour="white"):
    return PillowImage.new("RGB", (width, height), colour)


def write(picture, place, text, size=32, arabic=False, colour="black", **options):
    """Draw text with its top left corner at `place`; return its box (x1, y1, x2, y2)."""
    draw = ImageDraw.Draw(picture)
    chosen = font(size, arabic)
    draw.text(place, text, font=chosen, fill=colour, **options)
    return tuple(map(int, draw.textbbox(place, text, font=chosen)))


def as_image(picture):
    return Image(np.asarray(picture))
