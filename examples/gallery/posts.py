"""Posts of a social network as they look in its app."""

from __future__ import annotations

from typing import Literal

from PIL import Image

from examples.gallery import scenes, texts
from examples.gallery.canvas import Canvas
from examples.gallery.dice import Dice
from examples.gallery.kit import Kit

_DIGITS = str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩")


def post(kit: Kit, rnd: Dice, language: Literal["en", "ar"], *, picture: bool) -> Canvas:
    """Return one post: who, when, what, maybe a picture, and how many liked it."""
    arabic = language == "ar"
    wall, ink, faint = rnd.choice(
        (
            ("#ffffff", "#1c1e21", "#65676b"),
            ("#ffffff", "#0f1419", "#536471"),
            ("#18191a", "#e4e6eb", "#b0b3b8"),
        )
    )
    width = 720
    canvas = Canvas(kit, Image.new("RGB", (width, 1280), wall))
    align, edge, sign = ("r", width - 32, -1) if arabic else ("l", 32, 1)
    name, when, text = rnd.deal(texts.POSTS[language])

    face, mask = scenes.round_picture(
        84, *rnd.sample(("#f4a261", "#2a9d8f", "#e76f51", "#264653"), 2)
    )
    canvas.image.paste(face, (edge - 84 if arabic else edge, 32), mask)
    beside = edge + sign * 104
    bold, small = kit.font("ui bold", 30, arabic=arabic), kit.font("ui", 23, arabic=arabic)
    canvas.write(name, (beside, 68), bold, ink, anchor=f"{align}s")
    canvas.write(when, (beside, 106), small, faint, anchor=f"{align}s")

    body = kit.font("ui", 32, arabic=arabic)
    leading = 1.65 if arabic else 1.4
    y = canvas.paragraph(text, (edge, 140), width - 64, body, ink, align=align, leading=leading)
    y = round(y) + 20
    if picture:
        tall = rnd.choice((420, 480))
        canvas.image.paste(scenes.backdrop(kit, (width, tall), rnd), (0, y))
        y += tall + 16
    scenes.heart(canvas.draw, edge + sign * 22, y + 36, 20, "#e0245e")
    bubble, arrow = edge + sign * 90, edge + sign * 160
    canvas.draw.rounded_rectangle((bubble - 21, y + 18, bubble + 21, y + 46), 10, fill=faint)
    canvas.draw.polygon([(bubble - 8, y + 44), (bubble + 8, y + 44), (bubble, y + 56)], fill=faint)
    tip = (arrow + sign * 22, y + 18)
    canvas.draw.polygon([(arrow - sign * 20, y + 28), tip, (arrow + sign * 4, y + 56)], fill=faint)
    likes = f"{rnd.randint(12, 980)} {'إعجاب' if arabic else 'likes'}"
    likes = likes.translate(_DIGITS) if arabic else likes
    canvas.write(likes, (edge, y + 100), small, faint, anchor=f"{align}s")

    canvas.image = canvas.image.crop((0, 0, width, y + 130))
    canvas.flat = () if picture else (wall,)
    return canvas
