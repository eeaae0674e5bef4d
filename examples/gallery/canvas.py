"""A surface that remembers exactly what was written on it, and where."""

from __future__ import annotations

import unicodedata
from random import Random

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from examples.gallery.kit import Kit
from examples.gallery.shaping import shaped
from examples.gallery.truth import Line, Quad, script_of

Font = ImageFont.FreeTypeFont
Color = str | tuple[int, int, int]
Box = tuple[int, int, int, int]


class Canvas:
    """A picture in the making.

    Parameters
    ----------
    kit : Kit
        Fonts and photographs.
    image : PIL.Image.Image
        Its background, RGB; drawn upon.

    Attributes
    ----------
    lines : list of Line
        What has been written so far.
    faces, blocks : int or None
        As in `Drawing`.
    flat : tuple of str
        Colours whose exact share is worth knowing, as ``#rrggbb``.
    """

    def __init__(self, kit: Kit, image: Image.Image) -> None:
        self.kit = kit
        self.image = image
        self.draw = ImageDraw.Draw(image)
        self.lines: list[Line] = []
        self.faces: int | None = 0
        self.blocks: int | None = None
        self.flat: tuple[str, ...] = ()

    @property
    def width(self) -> int:
        """Width in pixels."""
        return self.image.width

    @property
    def height(self) -> int:
        """Height in pixels."""
        return self.image.height

    def write(
        self,
        text: str,
        xy: tuple[float, float],
        font: Font,
        fill: Color,
        *,
        anchor: str = "la",
        outline: Color | None = None,
    ) -> None:
        """Write one line; `outline` draws its contour first, a twelfth of the letters wide."""
        ink = self._ink(text, xy, font, anchor)
        if outline is not None:
            around = self._ink(text, xy, font, anchor, stroke=max(2, round(font.size / 12)))
            self.image.paste(outline, mask=around)
            self.image.paste(fill, mask=ink)
            ink = around
        else:
            self.image.paste(fill, mask=ink)
        self._remember(text, ink.getbbox())

    def write_by_hand(
        self, text: str, xy: tuple[float, float], font: Font, fill: Color, rnd: Random
    ) -> None:
        """Write one line from its reading edge, each word a little off the baseline."""
        x, y = xy
        arabic = script_of(text) == "ar"
        whole = Image.new("L", self.image.size)
        for word in text.split():
            place = (x, y + rnd.uniform(-0.06, 0.06) * font.size)
            ink = self._ink(word, place, font, "rs" if arabic else "ls")
            whole.paste(255, mask=ink)
            step = length(word, font) + font.size * rnd.uniform(0.25, 0.4)
            x += -step if arabic else step
        self.image.paste(fill, mask=whole)
        self._remember(text, whole.getbbox())

    def paragraph(
        self,
        text: str,
        xy: tuple[float, float],
        width: float,
        font: Font,
        fill: Color,
        *,
        align: str = "l",
        leading: float = 1.4,
        outline: Color | None = None,
    ) -> float:
        """Write a text as broken into lines, and return the y below it.

        `xy` is the top of its left edge, middle or right edge, as `align` is l, m or r.
        """
        x, y = xy
        for line in wrap(text, font, width):
            place = (x, y + font.size * leading / 2)
            self.write(line, place, font, fill, anchor=f"{align}m", outline=outline)
            y += font.size * leading
        return y

    def colors(self) -> tuple[tuple[str, float], ...]:
        """Return the flat colours with their shares, largest first."""
        pixels = np.asarray(self.image)
        shares = []
        for color in self.flat:
            rgb = np.array([int(color[i : i + 2], 16) for i in (1, 3, 5)], np.uint8)
            shares.append((color, round(float((pixels == rgb).all(axis=2).mean()), 6)))
        return tuple(sorted(shares, key=lambda pair: -pair[1]))

    def _ink(
        self, text: str, xy: tuple[float, float], font: Font, anchor: str, stroke: int = 0
    ) -> Image.Image:
        mask = Image.new("L", self.image.size)
        text, direction = _laid_out(text, font)
        ImageDraw.Draw(mask).text(
            xy, text, 255, font, anchor=anchor, stroke_width=stroke, direction=direction
        )
        return mask

    def _remember(self, text: str, ink: Box | None) -> None:
        if ink is None:
            raise ValueError(f"{text!r} left no ink on the picture")
        left, top, right, bottom = map(float, ink)
        if left < 1 or top < 1 or right > self.width - 1 or bottom > self.height - 1:
            raise ValueError(f"{text!r} runs off the picture")
        box: Quad = ((left, top), (right, top), (right, bottom), (left, bottom))
        self.lines.append(Line(unicodedata.normalize("NFC", text), script_of(text), box))


def length(text: str, font: Font) -> float:
    """Return how wide a line becomes, in pixels."""
    return font.getlength(_laid_out(text, font)[0])


def wrap(text: str, font: Font, width: float, *, even: bool = False) -> list[str]:
    """Break a text into lines at most `width` pixels wide, `even` ones if wanted."""
    lines: list[str] = []
    for word in text.split():
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and length(longer, font) <= width:
            lines[-1] = longer
        else:
            lines.append(word)
    if even:
        tighter = wrap(text, font, width * 0.95)
        if len(tighter) == len(lines) and all(length(t, font) <= width for t in tighter):
            return wrap(text, font, width * 0.95, even=len(lines) > 1)
    return lines


def fit(
    kit: Kit, role: str, text: str, width: float, *, size: int, most: int
) -> tuple[Font, list[str]]:
    """Return the largest font, from `size` down, that sets a text in `most` lines, and the lines.

    Raises
    ------
    ValueError
        When even letters of twelve pixels are too large.
    """
    for smaller in range(size, 11, -2):
        font = kit.font(role, smaller, arabic=script_of(text) == "ar")
        lines = wrap(text, font, width, even=True)
        if len(lines) <= most and all(length(line, font) <= width for line in lines):
            return font, lines
    raise ValueError(f"{text!r} does not fit into {most} lines of {width:.0f} pixels")


def _laid_out(text: str, font: Font) -> tuple[str, str | None]:
    """Return what Pillow is to draw for a line, and its direction where Pillow can follow one."""
    if script_of(text) != "ar":
        return text, None
    if font.layout_engine == ImageFont.Layout.RAQM:
        return text, "rtl"
    return shaped(text), None
