"""Pictures without a word: photographs, and a flat drawing whose colours are counted by hand."""

from __future__ import annotations

from PIL import Image

from examples.gallery import scenes
from examples.gallery.canvas import Canvas
from examples.gallery.dice import Dice
from examples.gallery.kit import Kit

_SPRITE = """
................
............oo..
............oo..
......rr........
.....rrrr.......
....rrrrrr......
...rrrrrrrr.....
..rrrrrrrrrr....
...wwwwwwww.....
...woowwoow..gg.
...woowwoow.gggg
...wwwwwwww.gggg
...wwwrrwww..rr.
ggggggrrggggggrr
gggggggggggggggg
gggggggggggggggg
"""
_SPRITE_COLORS = {
    ".": "#7ec8f2",
    "o": "#ffd23f",
    "r": "#b5382c",
    "w": "#f5ead0",
    "g": "#3f9142",
}


def selfie(kit: Kit, rnd: Dice) -> Canvas:
    """Return a portrait of one person."""
    name = rnd.deal(tuple(sorted(kit.portraits)))
    canvas = Canvas(kit, scenes.snapshot(kit, name, rnd.choice(((810, 1080), (720, 960))), rnd))
    canvas.faces = 1
    return canvas


def view(kit: Kit, rnd: Dice) -> Canvas:
    """Return a photograph of a place or a thing."""
    name = rnd.deal(tuple(sorted(kit.views)))
    return Canvas(kit, scenes.snapshot(kit, name, rnd.choice(((1080, 810), (1080, 720))), rnd))


def sprite(kit: Kit, _rnd: Dice) -> Canvas:
    """Return a house of coloured squares: five colours, whose shares the text above tells."""
    rows = _SPRITE.split()
    small = Image.new("RGB", (len(rows[0]), len(rows)))
    small.putdata([_rgb(_SPRITE_COLORS[cell]) for row in rows for cell in row])
    canvas = Canvas(kit, small.resize((640, 640), Image.Resampling.NEAREST))
    canvas.flat = tuple(_SPRITE_COLORS.values())
    return canvas


def _rgb(color: str) -> tuple[int, ...]:
    return tuple(bytes.fromhex(color[1:]))
