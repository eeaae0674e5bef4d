"""Screenshots of conversations, light and dark, from left to right and from right to left."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from PIL import Image

from examples.gallery import scenes, texts
from examples.gallery.canvas import Canvas, length, wrap
from examples.gallery.dice import Dice
from examples.gallery.kit import Kit


@dataclass(frozen=True)
class _Theme:
    wall: str
    bar: str
    theirs: str
    mine: str
    ink: str
    mine_ink: str
    faint: str


_LIGHT = (
    _Theme("#ebe5dc", "#0b7a66", "#ffffff", "#dcf7c9", "#14191c", "#14191c", "#62707a"),
    _Theme("#ffffff", "#f2f3f5", "#e6e7eb", "#1677f2", "#101214", "#ffffff", "#65686d"),
)
_DARK = (
    _Theme("#0d151a", "#1e2a31", "#212d34", "#07594a", "#e8ebee", "#e8ebee", "#95a3ab"),
    _Theme("#000000", "#16171a", "#303236", "#5a48e0", "#f2f2f4", "#ffffff", "#a4a6ac"),
)
_DIGITS = str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩")


def screenshot(kit: Kit, rnd: Dice, language: Literal["en", "ar"], *, dark: bool) -> Canvas:
    """Return the screen of a phone that shows a conversation."""
    screen = _Screen(kit, rnd, language, rnd.choice(_DARK if dark else _LIGHT))
    chat = rnd.deal(texts.CHATS[language])
    screen.draw_header(chat)
    screen.draw_messages(chat)
    return screen.canvas


class _Screen:
    """A screen being filled from the top; `x` mirrors it for Arabic, as phones do."""

    def __init__(self, kit: Kit, rnd: Dice, language: Literal["en", "ar"], theme: _Theme) -> None:
        self.kit, self.rnd, self.theme = kit, rnd, theme
        self.arabic = language == "ar"
        self.unit = rnd.choice((2.0, 2.25))  # pixels to a 360th of the width
        width = round(360 * self.unit)
        height = round(rnd.choice((540, 560)) * self.unit)
        self.canvas = Canvas(kit, Image.new("RGB", (width, height), theme.wall))
        self.canvas.flat = (theme.wall, theme.theirs, theme.mine)
        self.minute = rnd.randrange(8 * 60, 21 * 60)

    def x(self, distance: float) -> float:
        """Return the x so many units from the edge where reading starts."""
        return self.canvas.width - distance * self.unit if self.arabic else distance * self.unit

    def write(self, text: str, x: float, y: float, size: int, fill: str, role: str = "ui") -> None:
        """Write a line that starts `x` units from the reading edge, on the baseline `y` units."""
        arabic = self.arabic
        font = self.kit.font(role, round(size * self.unit), arabic=arabic)
        place = (self.x(x), y * self.unit)
        self.canvas.write(text, place, font, fill, anchor="rs" if arabic else "ls")

    def box(self, x1: float, y1: float, x2: float, y2: float, fill: str, radius: float = 0) -> None:
        """Draw a filled box, in units from the reading edge."""
        left, right = sorted((self.x(x1), self.x(x2)))
        corners = (left, y1 * self.unit, right, y2 * self.unit)
        self.canvas.draw.rounded_rectangle(corners, radius * self.unit, fill=fill)

    def clock(self) -> str:
        """Return the time of day, as the phone's language writes it."""
        hour, minute = divmod(self.minute, 60)
        if self.arabic:
            text = f"{(hour - 1) % 12 + 1}:{minute:02} {'ص' if hour < 12 else 'م'}"
            return text.translate(_DIGITS)
        return f"{hour:02}:{minute:02}"

    def draw_header(self, chat: texts.Chat) -> None:
        """Draw the status bar and the bar with the name."""
        theme, unit = self.theme, self.unit
        on_bar = "#ffffff" if theme.bar == "#0b7a66" else theme.ink
        self.box(0, 0, 360, 78, theme.bar)
        self.write(self.clock(), 14, 17, 11, on_bar)
        self.box(322, 8, 344, 17, on_bar, radius=2)  # battery
        self.box(345, 11, 347, 14, on_bar)
        for bar in range(4):
            self.box(298 + 5 * bar, 15 - 2 * bar, 301 + 5 * bar, 17, on_bar)
        colors = self.rnd.sample(("#e07a5f", "#3d5a80", "#81b29a", "#f2cc8f", "#9d4edd"), 2)
        face, mask = scenes.round_picture(round(38 * unit), *colors)
        left = self.x(14) - (face.width if self.arabic else 0)
        self.canvas.image.paste(face, (round(left), round(31 * unit)), mask)
        self.write(chat.name, 62, 48, 15, on_bar, "ui bold")
        self.write(chat.status, 62, 67, 11, on_bar)

    def draw_messages(self, chat: texts.Chat) -> None:
        """Draw as many bubbles as fit, and the bar to write the next one in."""
        theme, bottom = self.theme, self.canvas.height / self.unit
        y, previous = 90.0, None
        for mine, text in chat.messages:
            font = self.kit.font("ui", round(15 * self.unit), arabic=self.arabic)
            lines = wrap(text, font, 236 * self.unit)
            tall = 22 * len(lines) + 28
            y += 4 if mine == previous else 10
            if y + tall > bottom - 64:
                break
            wide = max(length(line, font) for line in lines) / self.unit
            wide = max(wide, 56) + 24
            left = 348 - wide if mine else 12
            self.box(left, y, left + wide, y + tall, theme.mine if mine else theme.theirs, 10)
            ink = theme.mine_ink if mine else theme.ink
            for i, line in enumerate(lines):
                self.write(line, left + 12, y + 22 + 22 * i, 15, ink)
            self.minute += self.rnd.randint(0, 3)
            faint = "#d5e4fb" if mine and ink == "#ffffff" else theme.faint
            self.write(self.clock(), left + 12, y + tall - 8, 11, faint)
            y, previous = y + tall, mine
        self.box(8, bottom - 50, 304, bottom - 10, theme.theirs, 20)
        hint = "اكتب رسالة" if self.arabic else "Message"
        self.write(hint, 26, bottom - 24, 15, theme.faint)
        self.box(312, bottom - 50, 352, bottom - 10, theme.mine, 20)
