"""Memes: capitals with an outline over a picture, or a strip of text above one."""

from __future__ import annotations

from typing import Literal

from PIL import Image

from examples.gallery import scenes, texts
from examples.gallery.canvas import Canvas, fit
from examples.gallery.dice import Dice
from examples.gallery.kit import Kit

_SIZES = ((720, 720), (800, 640), (720, 900), (960, 720))


def captioned(kit: Kit, rnd: Dice, language: Literal["en", "ar"]) -> Canvas:
    """Return a picture with a caption at its top and another at its bottom."""
    width, height = size = rnd.choice(_SIZES)
    canvas = Canvas(kit, scenes.backdrop(kit, size, rnd))
    for text, at_top in zip(rnd.deal(texts.MEMES[language]), (True, False), strict=True):
        font, lines = fit(kit, "caption", text, 0.9 * width, size=height // 10, most=2)
        step = 1.25 * font.size if language == "en" else 1.65 * font.size
        margin = 0.04 * height + step / 2
        y = margin if at_top else height - margin - step * (len(lines) - 1)
        for line in lines:
            canvas.write(line, (width / 2, y), font, "#ffffff", anchor="mm", outline="#000000")
            y += step
    canvas.blocks = 2
    return canvas


def strip(kit: Kit, rnd: Dice, language: Literal["en", "ar"]) -> Canvas:
    """Return a picture below a white strip with a sentence or two."""
    width, below = 720, rnd.choice((480, 540, 720))
    arabic = language == "ar"
    size = rnd.choice((34, 38))
    font = kit.font("ui", size, arabic=arabic)
    scratch = Canvas(kit, Image.new("RGB", (width, 600), "#ffffff"))
    edge = width - 30 if arabic else 30
    align, leading = ("r", 1.6) if arabic else ("l", 1.35)
    text = rnd.deal(texts.STRIPS[language])
    end = scratch.paragraph(
        text, (edge, 22), width - 60, font, "#111111", align=align, leading=leading
    )
    bottom = round(end) + 22
    image = scratch.image.crop((0, 0, width, bottom + below))
    image.paste(scenes.backdrop(kit, (width, below), rnd), (0, bottom))
    canvas = Canvas(kit, image)
    canvas.lines = scratch.lines
    canvas.blocks = 1
    return canvas
