"""Write the column reference from the schema: ``python -m docs.make_columns``.

The values come from running the library over the pictures in ``images/columns``. ``--draw`` draws
these pictures again, which is only needed when other ones are wanted.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from epic_features.schema import CORE_COLUMNS, EXTRA_COLUMNS, Column

TARGET = Path(__file__).with_name("columns.md")
PICTURES = Path(__file__).with_name("images") / "columns"

# What each picture is called here, and its place in the gallery that `examples.gallery` draws.
DRAWN = {
    "fTxtMssgs/chat.png": 2,
    "ememes/meme.jpg": 1,
    "academicDigital/slide.png": 7,
    "selfies/selfie.jpg": 9,
    "personalPhotos/photo.jpg": 10,
    "animated/sticker.png": 11,
}

HEAD = """# Columns

Written by `python -m docs.make_columns` from `epic_features/schema.py`; a test compares the two,
and the values of the examples with what the library says of the pictures.

One row describes one image. Pixels are those of the upright image, after EXIF orientation. Null
means "not looked" (the group was switched off, or no Arabic recogniser was at hand) or, for an
average, "nothing to average"; 0 means "looked, none". Word columns are lists in reading order,
Unicode NFC, logical order, never presentation forms.

The pictures are drawn by `python -m examples.gallery`; the photographs in them come with
scikit-image (astronaut: public domain; coffee and cat: CC0).
"""

HEIGHT = 180
MOST_SHOWN = 8
LONGEST = 24

Row = Mapping[str, Any]


class Part(NamedTuple):
    """A heading, its columns, and the pictures that show them."""

    title: str
    columns: tuple[Column, ...]
    pictures: tuple[str, ...]


def parts() -> list[Part]:
    """Divide all columns into parts, each with the pictures that tell most about it."""
    core = {
        "File": (("file",), ("selfies/selfie.jpg",)),
        "Shape": (("shape",), ("selfies/selfie.jpg",)),
        "Colours": (("colors",), ("animated/sticker.png", "fTxtMssgs/chat.png")),
        "Faces": (("faces",), ("selfies/selfie.jpg", "personalPhotos/photo.jpg")),
        "Text": (
            ("text",),
            ("fTxtMssgs/chat.png", "ememes/meme.jpg", "academicDigital/slide.png"),
        ),
    }
    extra = {
        "bytes": ("fTxtMssgs/chat.png", "personalPhotos/photo.jpg"),
        "cartoon": ("animated/sticker.png", "personalPhotos/photo.jpg"),
        "quality": ("fTxtMssgs/chat.png", "personalPhotos/photo.jpg"),
        "exif": ("selfies/selfie.jpg", "personalPhotos/photo.jpg"),
        "layout": ("fTxtMssgs/chat.png", "ememes/meme.jpg"),
        "texture": ("animated/sticker.png", "personalPhotos/photo.jpg"),
        "writing": ("fTxtMssgs/chat.png", "personalPhotos/photo.jpg"),
        "embedding": ("animated/sticker.png", "personalPhotos/photo.jpg"),
    }
    found = [
        Part(f"### {title}", tuple(c for c in CORE_COLUMNS if c.group in groups), pictures)
        for title, (groups, pictures) in core.items()
    ]
    for group in dict.fromkeys(column.group for column in EXTRA_COLUMNS):
        chosen = tuple(column for column in EXTRA_COLUMNS if column.group == group)
        found.append(Part(f"## Extra group `{group}`", chosen, extra[group]))
    return found


def look() -> dict[str, Row]:
    """Return the row of every example picture, by its path."""
    from epic_features import Extractor, Settings
    from epic_features.sources import references

    extractor = Extractor(Settings(groups=("all", "writing"), embedding="backbones"))
    rows = (extractor.row(picture) for picture in references(PICTURES))
    return {row["relative_path"]: row for row in rows}


def table(part: Part, rows: Mapping[str, Row]) -> str:
    """Return a Markdown table of columns with their values on the pictures of the part."""
    names = [Path(picture).stem for picture in part.pictures]
    places = {column.name: place for place, column in enumerate(CORE_COLUMNS, 1)}
    heads = ["#", "column", "type, unit, range", "meaning", *names]
    lines = ["| " + " | ".join(heads) + " |", "|---" * len(heads) + "|"]
    for number, column in enumerate(part.columns, 1):
        kind = str(column.type).replace("list<element: ", "list<").replace("list<item: ", "list<")
        kind = {"float": "float32"}.get(kind, kind)
        if kind.startswith("dictionary"):
            kind = "dictionary<string>"
        values = [written(rows[picture][column.name]) for picture in part.pictures]
        traits = ", ".join(filter(None, (f"`{kind}`", column.unit, column.range)))
        place = places.get(column.name, number)
        cells = (place, f"`{column.name}`", traits, column.meaning, *values)
        lines.append("| " + " | ".join(map(str, cells)) + " |")
    return "\n".join(lines)


def written(value: Any) -> str:
    """Return a value as it is shown: three digits, at most eight members of a list."""
    match value:
        case None:
            return "null"
        case bool():
            return str(value).lower()
        case int():
            return str(value)
        case float():
            return f"{value:.3g}"
        case []:
            return "no words"
        case list():
            more = f" … ({len(value)})" if len(value) > MOST_SHOWN else ""
            return " ".join(map(written, value[:MOST_SHOWN])) + more
    text = str(value).replace("|", r"\|")
    return f"`{text}`" if len(text) <= LONGEST else f"`{text[:8]}…` ({len(text)} characters)"


def shown(part: Part, rows: Mapping[str, Row]) -> str:
    """Return the pictures of a part, small and of one height, in a row."""
    return "\n".join(
        f'<img src="images/columns/{picture}" alt="{Path(picture).stem}" '
        f'width="{HEIGHT * rows[picture]["aspect_ratio"]:.0f}">'
        for picture in part.pictures
    )


def reference(rows: Mapping[str, Row]) -> str:
    """Return the whole page."""
    text = [HEAD, f"## The {len(CORE_COLUMNS)} core columns\n"]
    for part in parts():
        text += [f"{part.title}\n", shown(part, rows) + "\n", table(part, rows) + "\n"]
    return "\n".join(text)


def draw() -> None:
    """Draw the example pictures; the portrait gets the time that a camera would have noted."""
    from PIL import Image

    from examples.gallery import draw_gallery

    with tempfile.TemporaryDirectory() as folder:
        drawings = draw_gallery(Path(folder) / "gallery")
        for name, place in DRAWN.items():
            (PICTURES / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(Path(folder) / "gallery" / drawings[place].path, PICTURES / name)
    with Image.open(PICTURES / "selfies/selfie.jpg") as portrait:
        exif = portrait.getexif()
        exif[0x8769] = {0x9003: "2024:03:04 12:30:00"}  # Exif IFD, DateTimeOriginal
        portrait.save(PICTURES / "selfies/selfie.jpg", quality="keep", exif=exif)


if __name__ == "__main__":
    if "--draw" in sys.argv:
        draw()
    TARGET.write_text(reference(look()), encoding="utf-8")
