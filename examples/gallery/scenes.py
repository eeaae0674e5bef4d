"""Backgrounds and ornaments: gradients, landscapes, paper, wood, stars."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageColor, ImageDraw, ImageEnhance, ImageFilter, ImageOps

from examples.gallery.dice import Dice
from examples.gallery.kit import Kit

Size = tuple[int, int]


def gradient(size: Size, top: str, bottom: str) -> Image.Image:
    """Return a vertical gradient."""
    ends = np.array([ImageColor.getrgb(top), ImageColor.getrgb(bottom)], np.float32)
    t = np.linspace(0, 1, size[1], dtype=np.float32)[:, None]
    column = ends[0] * (1 - t) + ends[1] * t
    pixels = np.repeat(column[:, None].round().astype(np.uint8), size[0], axis=1)
    return Image.fromarray(pixels)


def with_noise(image: Image.Image, sigma: float, rnd: Dice) -> Image.Image:
    """Return an image with the grain of a small sensor, `sigma` grey levels strong."""
    pixels = np.asarray(image).astype(np.float32)
    pixels += _numbers(rnd).normal(0, sigma, (*pixels.shape[:2], 1)).astype(np.float32)
    return _to_image(pixels)


def snapshot(kit: Kit, name: str, size: Size, rnd: Dice) -> Image.Image:
    """Return a photograph as another hand would have framed and exposed it.

    Cut to the proportions of `size` a little off the middle; a portrait is never mirrored and
    keeps its upper part, where the face is.
    """
    photo = kit.photo(name)
    portrait = name in kit.portraits
    centre = (rnd.uniform(0.4, 0.6), rnd.uniform(0.0, 0.1) if portrait else rnd.uniform(0.4, 0.6))
    if portrait:
        centre = (0.42 if name == "astronaut" else 0.5, centre[1])
    elif rnd.random() < 0.5:
        photo = ImageOps.mirror(photo)
    photo = ImageOps.fit(photo, size, Image.Resampling.LANCZOS, centering=centre)
    photo = ImageEnhance.Brightness(photo).enhance(rnd.uniform(0.9, 1.12))
    photo = ImageEnhance.Color(photo).enhance(rnd.uniform(0.85, 1.15))
    return with_noise(photo, 2.5, rnd)


def backdrop(kit: Kit, size: Size, rnd: Dice) -> Image.Image:
    """Return something to write a caption over: a photograph if there is one, or a scene."""
    if kit.views and rnd.random() < 0.85:
        return snapshot(kit, rnd.deal(tuple(sorted(kit.views))), size, rnd)
    return rnd.choice((hills, skyline))(size, rnd)


def hills(size: Size, rnd: Dice) -> Image.Image:
    """Return a landscape at sunset."""
    width, height = size
    image = gradient(size, "#27346b", "#f6a56b")
    draw = ImageDraw.Draw(image)
    x, y, r = rnd.uniform(0.2, 0.8) * width, 0.5 * height, 0.09 * width
    draw.ellipse((x - r, y - r, x + r, y + r), fill="#ffe3a1")
    for level, color in ((0.55, "#6a5a83"), (0.68, "#4b4a6e"), (0.82, "#2c3050")):
        phase, waves = rnd.uniform(0, 6), rnd.uniform(4, 8)
        ridge = [
            (x, height * (level + 0.05 * math.sin(phase + waves * x / width)))
            for x in range(0, width + 8, 8)
        ]
        draw.polygon([(0, height), *ridge, (width, height)], fill=color)
    return with_noise(image, 2, rnd)


def skyline(size: Size, rnd: Dice) -> Image.Image:
    """Return a city at night, some windows lit."""
    width, height = size
    image = gradient(size, "#0c1330", "#3b4a7a")
    draw = ImageDraw.Draw(image)
    left = 0
    while left < width:
        wide, roof = rnd.randint(90, 170), round(height * rnd.uniform(0.3, 0.65))
        draw.rectangle((left, roof, left + wide, height), fill=rnd.choice(("#181d38", "#10142a")))
        for x in range(left + 14, left + wide - 20, 28):
            for y in range(roof + 16, height, 38):
                if rnd.random() < 0.4:
                    draw.rectangle((x, y, x + 12, y + 18), fill="#f2cf7a")
        left += wide + 4
    return with_noise(image, 2, rnd)


def paper(size: Size, rnd: Dice, *, rule: int = 0) -> Image.Image:
    """Return a sheet with a fine grain; lines every `rule` pixels when that is not 0."""
    width, height = size
    image = Image.new("RGB", size, rnd.choice(("#f7f4ea", "#f4f1e4", "#faf8f3")))
    if rule:
        draw = ImageDraw.Draw(image)
        for y in range(2 * rule, height, rule):
            draw.line((0, y, width, y), fill="#bcd0e6", width=2)
    return with_noise(image, 4, rnd)


def wood(size: Size, rnd: Dice) -> Image.Image:
    """Return a table top."""
    grain = Image.fromarray(_numbers(rnd).integers(0, 256, (size[1] // 4, 6), np.uint8))
    stretched = grain.resize(size, Image.Resampling.BICUBIC)
    dark, light = rnd.choice(
        (("#4d301b", "#8b5e3c"), ("#5b4636", "#a98a6b"), ("#2f3338", "#565d66"))
    )
    image = ImageOps.colorize(stretched, dark, light)
    return with_noise(image.filter(ImageFilter.GaussianBlur(1)), 5, rnd)


def star(draw: ImageDraw.ImageDraw, x: float, y: float, radius: float, fill: str) -> None:
    """Draw an eight-pointed star."""
    corners = []
    for i in range(16):
        r = radius if i % 2 == 0 else radius * 0.55
        corners.append((x + r * math.sin(i * math.pi / 8), y - r * math.cos(i * math.pi / 8)))
    draw.polygon(corners, fill=fill)


def crescent(image: Image.Image, x: float, y: float, radius: float, fill: str) -> None:
    """Paint a moon onto an image."""
    mask = Image.new("L", image.size)
    draw = ImageDraw.Draw(mask)
    draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=255)
    x, y, hole = x + 0.42 * radius, y - 0.14 * radius, 0.82 * radius
    draw.ellipse((x - hole, y - hole, x + hole, y + hole), fill=0)
    image.paste(fill, mask=mask)


def flower(draw: ImageDraw.ImageDraw, x: float, y: float, radius: float, fill: str) -> None:
    """Draw a flower of six petals."""
    for i in range(6):
        px, py = x + radius * math.cos(i * math.pi / 3), y + radius * math.sin(i * math.pi / 3)
        draw.ellipse((px - radius, py - radius, px + radius, py + radius), fill=fill)
    draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill="#f7c948")


def heart(draw: ImageDraw.ImageDraw, x: float, y: float, radius: float, fill: str) -> None:
    """Draw a heart."""
    points = []
    for i in range(48):
        t = i * math.pi / 24
        up = 13 * math.cos(t) - 5 * math.cos(2 * t) - 2 * math.cos(3 * t) - math.cos(4 * t)
        points.append((x + radius * math.sin(t) ** 3, y - radius * up / 16))
    draw.polygon(points, fill=fill)


def round_picture(size: int, top: str, bottom: str) -> tuple[Image.Image, Image.Image]:
    """Return an abstract profile picture and its mask."""
    image = gradient((size, size), top, bottom)
    draw = ImageDraw.Draw(image)
    draw.polygon([(0, size), (size * 0.4, size * 0.45), (size * 0.75, size)], fill=bottom)
    mask = Image.new("L", (4 * size, 4 * size))
    ImageDraw.Draw(mask).ellipse((0, 0, 4 * size - 1, 4 * size - 1), fill=255)
    return image, mask.resize((size, size))


def _numbers(rnd: Dice) -> np.random.Generator:
    return np.random.default_rng(rnd.getrandbits(64))


def _to_image(pixels: NDArray[np.float32]) -> Image.Image:
    return Image.fromarray(pixels.clip(0, 255).round().astype(np.uint8))
