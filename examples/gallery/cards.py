"""Greeting cards, the kind that whole families send each other every morning."""

from __future__ import annotations

from examples.gallery import scenes, texts
from examples.gallery.canvas import Canvas, fit
from examples.gallery.dice import Dice
from examples.gallery.kit import Kit

_GOLD = "#f3d58a"
_MOODS = {  # top and bottom of the background, wish, line below
    "day": ("#fff3d6", "#ffc0a0", "#8a3b12", "#6b3a20"),
    "rose": ("#fde2ea", "#e9a6c1", "#8c1d4f", "#6d2346"),
    "night": ("#0f1c4d", "#4b2a6b", _GOLD, "#ffffff"),
    "green": ("#0d5c46", "#063428", _GOLD, "#f4f1e4"),
}


def card(kit: Kit, rnd: Dice) -> Canvas:
    """Return a card with a wish in large letters and a line below it."""
    wish, line, mood = rnd.deal(texts.GREETINGS)
    top, bottom, color, below = _MOODS[mood]
    width, height = rnd.choice(((720, 720), (720, 900), (800, 640)))
    canvas = Canvas(kit, scenes.gradient((width, height), top, bottom))
    for inset in (18, 28):
        corners = (inset, inset, width - inset, height - inset)
        canvas.draw.rounded_rectangle(corners, 30, outline=color, width=3)
    _decorate(canvas, mood, color, rnd)
    font, lines = fit(
        kit, rnd.choice(("fancy", "square")), wish, 0.8 * width, size=height // 6, most=1
    )
    canvas.write(lines[0], (width / 2, 0.5 * height), font, color, anchor="mm")
    font, lines = fit(kit, "page", line, 0.8 * width, size=height // 16, most=1)
    canvas.write(lines[0], (width / 2, 0.72 * height), font, below, anchor="mm")
    return canvas


def _decorate(canvas: Canvas, mood: str, color: str, rnd: Dice) -> None:
    """Draw ornaments along the top and the bottom, clear of the words."""
    width, height, draw = canvas.width, canvas.height, canvas.draw
    if mood in ("night", "green"):
        scenes.crescent(canvas.image, width / 2, 0.2 * height, 0.09 * height, color)
    spots = [(x, y) for y in (0.14, 0.86) for x in (0.12, 0.27, 0.42, 0.58, 0.73, 0.88)]
    for x, y in spots:
        if mood in ("night", "green") and y < 0.5 and abs(x - 0.5) < 0.2:
            continue  # there is the moon
        place = (x * width, y * height + rnd.uniform(-0.03, 0.03) * height)
        radius = rnd.uniform(0.012, 0.025) * height
        if mood in ("night", "green"):
            scenes.star(draw, *place, radius, color)
        elif mood == "rose":
            scenes.heart(draw, *place, radius * 1.4, rnd.choice(("#c2336f", "#ffffff")))
        else:
            scenes.flower(draw, *place, radius, rnd.choice(("#e4572e", "#ffffff", "#d9688f")))
