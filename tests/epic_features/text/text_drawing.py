"""Draws text for the tests of reading, with a font that is on this machine."""

import re
import unicodedata
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as PillowImage
from PIL import ImageDraw, ImageFont, features

from epic_features.image import Image
from examples.gallery.shaping import shaped

_FOLDERS = ("/usr/share/fonts", "/usr/local/share/fonts", "/Library/Fonts", "C:/Windows/Fonts")
_LATIN = ("DejaVuSans.ttf", "LiberationSans-Regular.ttf", "Arial.ttf", "arial.ttf")
_ARABIC = ("NotoNaskhArabic-Regular.ttf", "NotoSansArabic-Regular.ttf", "DejaVuSans.ttf")


def font(size, arabic=False, text=""):
    if arabic and not features.check("raqm"):
        return ImageFont.truetype(_packaged(), size, layout_engine=ImageFont.Layout.BASIC)
    # Some Arabic fonts have neither Latin letters nor a slash.
    for name in _LATIN if not arabic or re.search("[A-Za-z/]", text) else _ARABIC:
        for folder in _FOLDERS:
            for path in sorted(Path(folder).rglob(name)):
                return ImageFont.truetype(str(path), size)
    return ImageFont.truetype(_packaged(), size)


def _packaged():
    """The DejaVu of matplotlib, which has Arabic letters in all their forms."""
    reason = "no font is installed, and matplotlib, which brings one, is not there either"
    matplotlib = pytest.importorskip("matplotlib", reason=reason)
    return Path(matplotlib.get_data_path()) / "fonts" / "ttf" / "DejaVuSans.ttf"


def blank(width, height, colour="white"):
    return PillowImage.new("RGB", (width, height), colour)


def write(picture, place, text, size=32, arabic=False, colour="black", **options):
    """Draw text with its top left corner at `place`; return its box (x1, y1, x2, y2)."""
    draw = ImageDraw.Draw(picture)
    chosen = font(size, arabic, text)
    if arabic and not features.check("raqm"):
        if any(map(unicodedata.combining, unicodedata.normalize("NFC", text))):
            pytest.skip("this Pillow can't put diacritics on Arabic letters (no libraqm)")
        text = shaped(text)
    draw.text(place, text, font=chosen, fill=colour, **options)
    return tuple(map(int, draw.textbbox(place, text, font=chosen)))


def as_image(picture):
    return Image(np.asarray(picture))
