"""Feature tables as people want to look at them in a notebook."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from epic_features.errors import SettingsError
from epic_features.fragments import fragment
from epic_features.schema import N_COLORS
from epic_features.sources.names import printable

if TYPE_CHECKING:
    import pandas as pd

PALETTE = "colors"
"""The five dominant colours and their shares as one bar."""

_USUAL = (
    "relative_path",
    "class",
    "width",
    "height",
    PALETTE,
    "total_faces_count",
    "total_lines_of_text_count",
    "en_words_original",
    "ar_words_original",
)
_MOST_WORDS = 12
_COLOR = re.compile(r"#[0-9a-fA-F]{6}")


@dataclass(frozen=True, repr=False)
class View:
    """Some rows of a table as HTML; notebooks show it by themselves.

    Attributes
    ----------
    html : str
        One element with its style, which loads nothing.
    rows : int
        How many rows it shows.
    """

    html: str
    rows: int

    def __repr__(self) -> str:
        return f"<View of {self.rows} rows>"

    def _repr_html_(self) -> str:
        return self.html


@dataclass(frozen=True)
class _Cell:
    kind: str
    value: Any = None
    style: str = ""
    more: int = 0


@dataclass(frozen=True)
class _Heading:
    name: str
    style: str


def view(
    frame: pd.DataFrame,
    pictures: str | os.PathLike[str] | None = None,
    *,
    columns: Sequence[str] | None = None,
    rows: int = 20,
    side: int = 96,
) -> View:
    """Show rows of a table: colours as colours, Arabic from right to left, null as "–".

    Parameters
    ----------
    frame : DataFrame
        What `epic_features.extract` returned, or any table of pictures.
    pictures : path, optional
        The folder that ``relative_path`` (or ``path``) refers to. With it, each row begins with a
        small copy of its picture, which is part of the HTML and so of a notebook that is saved.
    columns : sequence of str, optional
        What to show; ``"colors"`` is a bar of the dominant colours. By default the telling
        columns of a feature table, and all columns of another table.
    rows : int
        Most rows shown, from the first on.
    side : int
        Most pixels of the longer side of a small copy.

    Raises
    ------
    SettingsError
        A column is not in the table, `rows` is below 1, or there are pictures to be shown and no
        paths.

    Examples
    --------
    >>> import numpy as np
    >>> from epic_features import Settings, extract
    >>> from epic_features.notebook import view
    >>> frame = extract(np.zeros((20, 30, 3), np.uint8), settings=Settings(groups=("colors",)))
    >>> view(frame, columns=["width", "colors"])
    <View of 1 rows>
    """
    if rows < 1:
        raise SettingsError(f"rows is {rows}; it has to be 1 or more")
    names = _chosen(frame, columns)
    shown = frame.head(rows)
    cells = [_column(shown, name) for name in names]
    headings = [_Heading(printable(str(name)), _style(frame, name)) for name in names]
    if pictures is not None:
        cells.insert(0, _thumbnails(shown, Path(pictures).expanduser(), side))
        headings.insert(0, _Heading("", ""))
    html = fragment(
        "epic_features",
        "rows.html",
        columns=headings,
        rows=list(zip(*cells, strict=True)),
        note=f"{len(shown)} of {len(frame)} rows",
    )
    return View(html, len(shown))


def _chosen(frame: pd.DataFrame, columns: Sequence[str] | None) -> list[Any]:
    if isinstance(columns, str):
        raise SettingsError(f"columns is a list of names; for this one, give [{columns!r}]")
    has = [*frame.columns, *([PALETTE] if "dominant_color_1" in frame else [])]
    if columns is None:
        is_features = {"relative_path", "width"} <= set(has)
        return [name for name in _USUAL if name in has] if is_features else list(frame.columns)
    if unknown := [name for name in columns if name not in has]:
        known = ", ".join(map(str, has))
        raise SettingsError(f"the table has no column {unknown[0]!r}; it has {known}")
    return list(columns)


def _style(frame: pd.DataFrame, name: Any) -> str:
    import pandas as pd

    if name in frame and pd.api.types.is_numeric_dtype(frame[name]):
        return "number"
    return "right-to-left" if str(name).startswith("ar_words") else ""


def _column(frame: pd.DataFrame, name: Any) -> list[_Cell]:
    if name == PALETTE and PALETTE not in frame:
        return [_palette(row) for row in frame.to_dict("records")]
    style = _style(frame, name)
    return [_cell(value, style) for value in frame[name]]


def _cell(value: Any, style: str) -> _Cell:
    import pandas as pd

    if isinstance(value, np.ndarray | list | tuple):
        return _list_cell(list(value), style)
    if pd.isna(value):
        return _Cell("empty", style=style)
    if isinstance(value, bool | np.bool_):
        return _Cell("text", "yes" if value else "no", style)
    if isinstance(value, float | np.floating):
        number = float(value)
        return _Cell("text", f"{number:.3g}" if abs(number) < 999.5 else f"{number:,.0f}", style)
    if isinstance(value, int | np.integer):
        return _Cell("text", f"{value:,}", style)
    text = printable(str(value))
    return _Cell("color" if _COLOR.fullmatch(text) else "text", text, style)


def _list_cell(values: list[Any], style: str) -> _Cell:
    if not all(isinstance(value, str) for value in values):
        return _Cell("text", f"{len(values)} values", style)
    few = [printable(word) for word in values[:_MOST_WORDS]]
    return _Cell("words", few, style, len(values) - len(few))


def _palette(row: dict[Any, Any]) -> _Cell:
    import pandas as pd

    pairs = [
        (row.get(f"dominant_color_{k}"), row.get(f"color_to_image_ratio_{k}"))
        for k in range(1, N_COLORS + 1)
    ]
    found = [
        (str(color), float(share))
        for color, share in pairs
        if share is not None and not pd.isna(share) and _COLOR.fullmatch(str(color))
    ]
    return _Cell("palette", found) if found else _Cell("empty")


def _thumbnails(frame: pd.DataFrame, folder: Path, side: int) -> list[_Cell]:
    from epic_features.cleaning.feature_tables import locate
    from epic_features.cleaning.thumbnails import as_data_url, thumbnails

    if not {"relative_path", "path"} & set(frame.columns):
        raise SettingsError("the table has no column relative_path or path to find pictures by")
    small: Iterable[Any] = thumbnails([folder / path for path in locate(frame, folder)], side)
    return [
        _Cell("empty") if pixels is None else _Cell("picture", as_data_url(pixels))
        for pixels in small
    ]
