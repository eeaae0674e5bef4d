"""Notes on paper, photographed on a table: perspective, shadow, uneven light."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageChops, ImageFilter

from examples.gallery import scenes, texts
from examples.gallery.canvas import Canvas, fit
from examples.gallery.dice import Dice
from examples.gallery.kit import Kit
from examples.gallery.truth import Point, Quad

_INKS = ("#1b2f7a", "#22252b", "#16406b")


def photographed(kit: Kit, rnd: Dice, language: Literal["en", "ar"]) -> Canvas:
    """Return the photograph of a sheet with a title and a few lines by hand."""
    sheet = _sheet(kit, rnd, language)
    width, height = 810, 1080
    table = scenes.wood((width, height), rnd)
    corners: Quad = (
        (rnd.uniform(30, 75), rnd.uniform(30, 90)),
        (width - rnd.uniform(30, 75), rnd.uniform(30, 90)),
        (width - rnd.uniform(12, 40), height - rnd.uniform(35, 90)),
        (rnd.uniform(12, 40), height - rnd.uniform(35, 90)),
    )
    to_table = _homography(_corners_of(sheet.image), corners)
    back = np.linalg.inv(to_table)
    warp = tuple((back / back[2, 2]).ravel()[:8])

    def laid(layer: Image.Image) -> Image.Image:
        perspective, smooth = Image.Transform.PERSPECTIVE, Image.Resampling.BICUBIC
        return layer.transform(table.size, perspective, warp, smooth)

    mask = laid(Image.new("L", sheet.image.size, 255))
    shadow = ImageChops.offset(mask, 14, 18).filter(ImageFilter.GaussianBlur(14))
    table.paste("#0c0a08", mask=shadow.point([round(0.6 * level) for level in range(256)]))
    table.paste(laid(sheet.image), mask=mask)

    light = scenes.gradient(table.size, "#ffffff", rnd.choice(("#c9c4b8", "#d8d4cc")))
    lit = ImageChops.multiply(table, light.rotate(rnd.choice((0, 180))))
    photo = scenes.with_noise(lit.filter(ImageFilter.GaussianBlur(0.6)), 3, rnd)
    canvas = Canvas(kit, photo)
    canvas.lines = [replace(line, polygon=_moved(line.polygon, to_table)) for line in sheet.lines]
    return canvas


def _sheet(kit: Kit, rnd: Dice, language: Literal["en", "ar"]) -> Canvas:
    """Return the sheet as a scanner would see it."""
    page = rnd.deal(texts.NOTES[language])
    arabic = language == "ar"
    rule, ink = 96, rnd.choice(_INKS)
    canvas = Canvas(kit, scenes.paper((750, 1000), rnd, rule=rule if rnd.random() < 0.7 else 0))
    x = canvas.width - 60 if arabic else 60
    for i, text in enumerate((page.title, *page.points)):
        size, room = 54 if i == 0 else 46, 0.75 * canvas.width  # words by hand take more room
        font, _ = fit(kit, "hand", text, room, size=size, most=1)
        y = (2 + i if i == 0 else 3 + i) * rule - 8
        canvas.write_by_hand(text, (x, y), font, ink, rnd)
    return canvas


def _corners_of(image: Image.Image) -> Quad:
    width, height = image.size
    return ((0, 0), (width, 0), (width, height), (0, height))


def _homography(source: Quad, target: Quad) -> NDArray[np.float64]:
    """Return the 3 x 3 matrix that takes four points to four others."""
    rows, right = [], []
    for (x, y), (u, v) in zip(source, target, strict=True):
        rows += [[x, y, 1, 0, 0, 0, -u * x, -u * y], [0, 0, 0, x, y, 1, -v * x, -v * y]]
        right += [u, v]
    return np.append(np.linalg.solve(np.array(rows), np.array(right)), 1).reshape(3, 3)


def _moved(polygon: Quad, matrix: NDArray[np.float64]) -> Quad:
    def move(point: Point) -> Point:
        x, y, w = matrix @ np.array([*point, 1])
        return (round(float(x / w), 1), round(float(y / w), 1))

    a, b, c, d = map(move, polygon)
    return (a, b, c, d)
