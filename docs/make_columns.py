"""Write the column reference from the schema: ``python -m docs.make_columns``."""

from __future__ import annotations

from pathlib import Path

from epic_features.schema import CORE_COLUMNS, EXTRA_COLUMNS, Column

TARGET = Path(__file__).with_name("columns.md")

HEAD = """# Columns

Written by `python -m docs.make_columns` from `epic_features/schema.py`; a test compares the two.

One row describes one image. Pixels are those of the upright image, after EXIF orientation. Null
means "not looked" (the group was switched off, or no Arabic recogniser was at hand) or, for an
average, "nothing to average"; 0 means "looked, none". Word columns are lists in reading order,
Unicode NFC, logical order, never presentation forms.
"""


def rows(columns: tuple[Column, ...]) -> str:
    """Return a Markdown table of columns."""
    lines = ["| # | column | type | unit | range | meaning |", "|---|---|---|---|---|---|"]
    for number, column in enumerate(columns, 1):
        kind = str(column.type).replace("list<element: ", "list<").replace("list<item: ", "list<")
        kind = {"float": "float32"}.get(kind, kind)
        if kind.startswith("dictionary"):
            kind = "dictionary<string>"
        cells = (number, f"`{column.name}`", kind, column.unit, column.range, column.meaning)
        lines.append("| " + " | ".join(map(str, cells)) + " |")
    return "\n".join(lines)


def reference() -> str:
    """Return the whole page."""
    parts = [HEAD, "## The 37 core columns\n", rows(CORE_COLUMNS)]
    for group in dict.fromkeys(column.group for column in EXTRA_COLUMNS):
        chosen = tuple(column for column in EXTRA_COLUMNS if column.group == group)
        parts += [f"\n## Extra group `{group}`\n", rows(chosen)]
    return "\n".join(parts) + "\n"


if __name__ == "__main__":
    TARGET.write_text(reference(), encoding="utf-8")
