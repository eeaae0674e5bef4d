"""Slides and pages to study, with formulas."""

from __future__ import annotations

import math

from PIL import Image

from examples.gallery import texts
from examples.gallery.canvas import Box, Canvas
from examples.gallery.dice import Dice
from examples.gallery.kit import Kit

_BAR_COLORS = ("#1f4e79", "#7a1f3d", "#2d6a4f")


def slide(kit: Kit, rnd: Dice) -> Canvas:
    """Return a slide: a title on a coloured bar, points, formulas in a shaded box."""
    page = rnd.deal(texts.SLIDES)
    width, height = 960, 720
    bar, shade = rnd.choice(_BAR_COLORS), "#eef2f6"
    canvas = Canvas(kit, Image.new("RGB", (width, height), "#ffffff"))
    canvas.draw.rectangle((0, 0, width, 119), fill=bar)
    canvas.write(page.title, (48, 76), kit.font("slide bold", 44), "#ffffff", anchor="ls")
    y = 190
    for point in page.points:
        canvas.draw.ellipse((56, y - 18, 70, y - 4), fill=bar)
        canvas.write(point, (96, y), kit.font("slide", 32), "#222222", anchor="ls")
        y += 62
    tall = 72 * len(page.formulas) + 24
    canvas.draw.rectangle((80, y, width - 80, y + tall), fill=shade)
    for formula in page.formulas:
        font = kit.font("slide", 36)
        canvas.write(formula, (width / 2, y + 48), font, "#111111", anchor="mm")
        y += 72
    number = str(rnd.randint(2, 38))
    canvas.write(number, (width - 40, 690), kit.font("slide", 22), "#666666", anchor="rs")
    canvas.flat = ("#ffffff", bar, shade)
    return canvas


def printed(kit: Kit, rnd: Dice) -> Canvas:
    """Return a page of a book or a work sheet, as a PDF reader shows it."""
    page = rnd.deal(texts.PAGES)
    width, height, margin = 800, 1080, 76
    canvas = Canvas(kit, Image.new("RGB", (width, height), "#ffffff"))
    body, ink = kit.font("page", 25), "#161616"
    canvas.write(page.title, (margin, 120), kit.font("page bold", 36), ink, anchor="ls")
    y = 165.0
    for text in page.points:
        y = canvas.paragraph(text, (margin, y), width - 2 * margin, body, ink, leading=1.5) + 24
    y += 30
    for formula in page.formulas:
        canvas.write(formula, (width / 2, y), kit.font("page", 32), ink, anchor="mm")
        y += 76
    _plot(canvas, (160, round(y) + 10, width - 160, height - 110), rnd)
    number = str(rnd.randint(10, 290))
    canvas.write(number, (width / 2, height - 50), kit.font("page", 22), ink, anchor="mm")
    canvas.flat = ("#ffffff",)
    return canvas


def _plot(canvas: Canvas, box: Box, rnd: Dice) -> None:
    """Draw axes and a wave, without a word."""
    left, top, right, bottom = box
    middle, swing = (top + bottom) / 2, (bottom - top) * 0.42
    canvas.draw.line((left, bottom, left, top), fill="#161616", width=3)
    canvas.draw.line((left, middle, right, middle), fill="#161616", width=3)
    waves, phase = rnd.uniform(1.5, 3), rnd.uniform(0, 6)
    curve = []
    for x in range(left, right - 20, 3):
        t = (x - left) / (right - left)
        curve.append((x, middle - swing * math.sin(phase + 6.28 * waves * t) * (1 - 0.5 * t)))
    canvas.draw.line(curve, fill="#b3402a", width=4, joint="curve")
