"""Which pictures there are, how they are called and how they are saved."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from PIL import Image

from examples.gallery import cards, chats, memes, notes, pages, photos, posts
from examples.gallery.canvas import Canvas
from examples.gallery.dice import Dice
from examples.gallery.kit import Kit
from examples.gallery.truth import Drawing, count_maths

_SHOT = "Screenshot_{date}-{n:06d}"
_WHATSAPP = "IMG-{date}-WA{n:04d}.jpg"
_ROTATE_90_CW = 6  # EXIF: turn the stored pixels a quarter clockwise to see them upright


@dataclass(frozen=True)
class Recipe:
    """One kind of picture.

    Attributes
    ----------
    label : str
        Its class.
    draw : callable
        ``draw(kit, rnd)`` returns the finished canvas.
    name : str
        File name, with ``{n}`` for its number and ``{date}`` for a day; the suffix tells the
        format.
    arabic : bool
        Whether it takes Arabic letters.
    needs : str or None
        Kind of photograph it can't do without: ``portraits`` or ``views``.
    camera : bool
        Save it as a camera would: EXIF with maker and date, stored on its side.
    """

    label: str
    draw: Callable[[Kit, Dice], Canvas]
    name: str = _WHATSAPP
    arabic: bool = False
    needs: str | None = None
    camera: bool = False

    def is_possible(self, kit: Kit) -> bool:
        """Tell whether the kit has what it takes."""
        return bool(
            (kit.arabic or not self.arabic) and (not self.needs or getattr(kit, self.needs))
        )


def _en(draw: Callable[..., Canvas], **options: bool) -> Callable[[Kit, Dice], Canvas]:
    return partial(draw, language="en", **options)


def _ar(draw: Callable[..., Canvas], **options: bool) -> Callable[[Kit, Dice], Canvas]:
    return partial(draw, language="ar", **options)


RECIPES = (
    Recipe("fmemes", _en(memes.captioned)),
    Recipe("ememes", _ar(memes.captioned), arabic=True),
    Recipe("fTxtMssgs", _en(chats.screenshot, dark=False), _SHOT + "_WhatsApp.png"),
    Recipe("fTxtMssgs", _ar(chats.screenshot, dark=True), _SHOT + ".jpg", arabic=True),
    Recipe("fSocialMedia", _en(posts.post, picture=True), _SHOT + "_Facebook.jpg"),
    Recipe("eSocialMedia", _ar(posts.post, picture=True), _SHOT + "_Facebook.jpg", arabic=True),
    Recipe("eGreetingAndMisc", cards.card, "صباح الخير {n}.jpg", arabic=True),
    Recipe("academicDigital", pages.slide, "lecture {n}.png"),
    Recipe("academicPhotos", _en(notes.photographed), "IMG_{date}_{n:06d}.jpg"),
    Recipe("selfies", photos.selfie, "IMG_{n:04d}.JPG", needs="portraits", camera=True),
    Recipe("personalPhotos", photos.view, "DSC_{n:04d}.JPG", needs="views"),
    Recipe("animated", photos.sprite, "sticker 🏠 {n}.png"),
    Recipe("fmemes", _en(memes.strip), "lol 😂 {n}.jpg"),
    Recipe("ememes", _ar(memes.strip), arabic=True),
    Recipe("fTxtMssgs", _en(chats.screenshot, dark=True), _SHOT + ".jpg"),
    Recipe("fTxtMssgs", _ar(chats.screenshot, dark=False), _SHOT + "_WhatsApp.png", arabic=True),
    Recipe("selfies", photos.selfie, needs="portraits"),
    Recipe("eSocialMedia", _ar(posts.post, picture=False), arabic=True),
    Recipe("eGreetingAndMisc", cards.card, arabic=True),
    Recipe("academicDigital", pages.printed, "page-{n}.jpg"),
    Recipe("academicPhotos", _ar(notes.photographed), "محاضرة {n}.jpg", arabic=True),
    Recipe("personalPhotos", photos.view, _WHATSAPP, needs="views"),
    Recipe("fmemes", _en(memes.captioned), "meme_{n}.webp"),
    Recipe("ememes", _ar(memes.captioned), "ميم {n}.webp", arabic=True),
)


def make(recipe: Recipe, number: int, kit: Kit, rnd: Dice, out: Path) -> Drawing:
    """Draw one picture, save it below its class and return its truth."""
    canvas = recipe.draw(kit, rnd)
    date = f"2024{rnd.randint(1, 12):02}{rnd.randint(1, 28):02}"
    path = out / recipe.label / recipe.name.format(n=number, date=date)
    path.parent.mkdir(parents=True, exist_ok=True)
    _save(canvas.image, path, rnd, date if recipe.camera else None)
    return Drawing(
        path=path.relative_to(out).as_posix(),
        label=recipe.label,
        width=canvas.image.width,
        height=canvas.image.height,
        faces=canvas.faces,
        lines=tuple(canvas.lines),
        blocks=canvas.blocks,
        maths=sum(count_maths(line.text) for line in canvas.lines),
        colors=canvas.colors(),
    )


def _save(image: Image.Image, path: Path, rnd: Dice, taken: str | None) -> None:
    if path.suffix.lower() == ".png":
        image.save(path, optimize=True)
        return
    exif = Image.Exif()
    if taken:
        image = image.transpose(Image.Transpose.ROTATE_90)
        exif[0x010F], exif[0x0110] = "Example", "Phone 1"
        exif[0x0112] = _ROTATE_90_CW
        exif[0x0132] = f"{taken[:4]}:{taken[4:6]}:{taken[6:]} 12:30:00"
    image.save(path, quality=rnd.randint(75, 92), exif=exif)
