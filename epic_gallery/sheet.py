"""A page that shows what would go where, how sure that is, and why."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from epic_features.errors import PlanError
from epic_gallery.organize import SortPlan

MOST_STAYING = 300
"""Pictures that stay and are shown all the same; those that are likeliest to be moved."""


def write_sheet(
    sorting: SortPlan,
    path: Path,
    *,
    overwrite: bool = False,
    on_progress: Callable[[int, int], None] | None = None,
) -> int:
    """Write the contact sheet of a plan: one HTML file that loads and sends nothing.

    The least sure come first in each folder. Choices can be changed; the plan saved from it is one
    for ``epic organize apply``.

    Parameters
    ----------
    sorting : SortPlan
        Of a folder of this machine.
    path : Path
        The page.
    overwrite : bool
        Replace an existing file.
    on_progress : callable, optional
        Called with the numbers of thumbnails made and to make.

    Returns
    -------
    int
        Number of pictures on it.

    Raises
    ------
    PlanError
        The pictures are on a server, or there is none.
    OutputError
        The page exists or can't be written.
    """
    import pandas as pd

    from epic_features.cleaning.review import write_review

    if not isinstance(sorting.root, Path):
        raise PlanError("a contact sheet shows pictures of this machine, not those on a server")
    table = sorting.table
    stays = table["action"].isna()
    unsure = stays & (table["decision"] == "unsure")
    table = table.assign(
        kind=table["target"].str.partition("/")[0].where(~stays, "stays"),
        rank=stays.astype(int) + (stays & ~unsure),
        suggestion=table["action"].where(~stays, "keep"),
    ).sort_values(["rank", "kind", "confidence"], kind="stable")
    staying = table[table["rank"] > 0]
    shown = pd.concat([table[table["rank"] == 0], staying[:MOST_STAYING]])
    left_out = len(staying) - MOST_STAYING
    facts = [
        f"{label} {sure:.0%} · personal {personal:.1%}" if isinstance(label, str) else ""
        for label, sure, personal in zip(
            shown["label"], shown["confidence"], shown["personal"], strict=True
        )
    ]
    title = f"{sorting.root.name}: {int((~stays).sum())} of {len(table)} pictures go into folders"
    if left_out > 0:
        title += f"; {left_out} that stay are not shown"
    columns = ["path", "kind", "suggestion", "target", "reason"]
    return write_review(
        shown[columns].assign(**{"class": facts}),
        sorting.root,
        path,
        title=title,
        actions=[a for a in ("move", "copy", "link") if (table["action"] == a).any()] or ["move"],
        headings=True,
        command="epic organize",
        overwrite=overwrite,
        on_progress=on_progress,
    )
