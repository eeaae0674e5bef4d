"""A page on which a person decides what becomes of each image that was found or ranked."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from epic_features.cleaning.feature_tables import locate
from epic_features.cleaning.pages import as_script_data, render, write_page
from epic_features.cleaning.plan import PLAN_FORMAT, PLAN_VERSION, on_disk, root_of
from epic_features.cleaning.thumbnails import as_data_url, thumbnails
from epic_features.errors import PlanError
from epic_features.sources.names import printable

if TYPE_CHECKING:
    import pandas as pd

_SIDE = 168
_ORDER = ("trash", "move", "copy", "link", "rename", "review", "keep")
_CLEANING = ("trash", "rename")

Progress = Callable[[int, int], None]


def write_review(
    table: pd.DataFrame,
    root: str | os.PathLike[str],
    out: str | os.PathLike[str],
    *,
    title: str = "Review",
    actions: Sequence[str] = _CLEANING,
    headings: bool = False,
    command: str = "epic clean",
    overwrite: bool = False,
    on_progress: Progress | None = None,
) -> int:
    """Write a page that shows images with a value and a suggestion and saves a plan.

    It is one file, holds the thumbnails, loads nothing and sends nothing. What is saved from it is
    read by `epic_features.cleaning.plan.read_plan`.

    Parameters
    ----------
    table : DataFrame
        Findings, a ranking, or any table with ``path`` or ``relative_path``; ``suggestion``,
        ``target``, ``reason``, ``value``, ``group``, ``keep``, ``kind`` and ``class`` are shown
        where they are there. A file that is named more than once is shown once, with the
        strongest suggestion and all reasons.
    root : path
        The folder that paths refer to.
    out : path
        The page to write.
    title : str
        Shown above the images.
    actions : sequence of str
        What may be chosen beside keeping a file. All but ``"trash"`` need a ``target``.
    headings : bool
        Whether a line with the ``kind`` begins where it changes.
    command : str
        The command with ``apply`` and ``undo`` that the page names.
    overwrite : bool
        Replace an existing file.
    on_progress : callable, optional
        Called with the numbers of thumbnails made and to make.

    Returns
    -------
    int
        Number of images on the page. Files that are gone are left out.

    Raises
    ------
    OutputError
        The page exists or can't be written.
    PlanError
        The table is empty, or no file of it is there.
    """
    top = root_of(root)
    if not len(table):
        raise PlanError("the table is empty: there is nothing to review")
    items = _items(table, top)
    if not items:
        raise PlanError(f"no file of the table is in {top}; is that the right root?")
    pictures = thumbnails([top / item["raw"] for item in items], _SIDE, on_progress)
    for item, pixels in zip(items, pictures, strict=True):
        item["thumb"] = None if pixels is None else as_data_url(pixels)
    names = "\0".join(f"{item['raw']}:{item['suggestion']}" for item in items)
    content = {
        "format": PLAN_FORMAT,
        "version": PLAN_VERSION,
        "root": str(top),
        "actions": list(actions),
        "headings": headings,
        "id": hashlib.sha256(os.fsencode(f"{top}\0{names}")).hexdigest()[:16],
        "items": items,
    }
    page = render(
        "review.html",
        "review.js",
        title=printable(title),
        command=command,
        actions=actions,
        data=as_script_data(content),
    )
    write_page(page, Path(out), overwrite=overwrite)
    return len(items)


def _items(table: pd.DataFrame, root: Path) -> list[dict[str, Any]]:
    items: dict[str, dict[str, Any]] = {}
    for raw, row in zip(locate(table, root), table.to_dict("records"), strict=True):
        known = {name: value for name, value in row.items() if _is_known(value)}
        try:
            status = (root / raw).lstat()
        except OSError:
            continue
        target = known.get("target")
        item = {
            "raw": raw,
            "path": printable(raw),
            # JavaScript can't hold these in numbers.
            "size": str(status.st_size),
            "mtime_ns": str(status.st_mtime_ns),
            "suggestion": known.get("suggestion", "keep"),
            "target": on_disk(root, target) if isinstance(target, str) else None,
            "reason": str(known.get("reason", "")),
            "value": f"{known['value']:.4g}" if "value" in known else "",
            "kind": " ".join(str(known[n]) for n in ("finder", "kind") if n in known),
            "label": str(known.get("class", "")),
            "group": int(known["group"]) if "group" in known else None,
            "keep": bool(known.get("keep", False)),
        }
        if item["suggestion"] not in _ORDER:
            item["suggestion"] = "review"
        if raw in items:
            _merge(items[raw], item)
        else:
            items[raw] = item
    return list(items.values())


def _is_known(value: object) -> bool:
    import pandas as pd

    return not pd.api.types.is_list_like(value) and not pd.isna(value)


def _merge(item: dict[str, Any], other: dict[str, Any]) -> None:
    """Add what another finding tells about the same file."""
    strongest = min(item, other, key=lambda it: _ORDER.index(it["suggestion"]))
    item["reason"] = "; ".join(dict.fromkeys(filter(None, (item["reason"], other["reason"]))))
    item["kind"] = ", ".join(dict.fromkeys(filter(None, (item["kind"], other["kind"]))))
    for name in ("suggestion", "target"):
        item[name] = strongest[name]
    if item["group"] is None:
        item["group"], item["keep"] = other["group"], other["keep"]
