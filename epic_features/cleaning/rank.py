"""Rank the images of a class by a value, in their names, so that any file manager sorts them.

The person then removes, moves, edits or adds images; `epic_features.cleaning.moves.restore` gives
those that are still there their names back.
"""

from __future__ import annotations

import os
import shlex
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

import numpy as np

from epic_features.cleaning.expression import evaluate, names_in
from epic_features.cleaning.feature_tables import Progress, features_of
from epic_features.cleaning.journal import RANK, journals
from epic_features.cleaning.mover import MoveReport
from epic_features.cleaning.moves import apply
from epic_features.cleaning.names import names_below, same_name
from epic_features.cleaning.plan import Action, Plan, make_plan, root_of
from epic_features.cleaning.renames import shortened
from epic_features.errors import PlanError
from epic_features.sources import is_folder_per_class

if TYPE_CHECKING:
    import pandas as pd

_FEWEST_DIGITS = 4


def ranking(
    folder: str | os.PathLike[str],
    by: str,
    *,
    features: pd.DataFrame | None = None,
    descending: bool = False,
    root: str | os.PathLike[str] | None = None,
    on_progress: Progress | None = None,
) -> pd.DataFrame:
    """Rank the images below a folder by a column, or an expression of columns.

    Parameters
    ----------
    folder : path
        The class folder.
    by : str
        See `epic_features.cleaning.expression.evaluate`.
    features : DataFrame, optional
        A table with the columns and ``relative_path`` or ``path``. Without it, just the column
        groups that are needed are computed.
    descending : bool
        Largest value first.
    root : path, optional
        What paths refer to; by default see `root_for`.
    on_progress : callable, optional
        Called while features are computed with the numbers of rows and of rejected images.

    Returns
    -------
    DataFrame
        ``rank`` (from 0), ``value`` (null where there is none; these come last), ``path`` below the
        root as it is on disk, ``target`` (the same with the rank before its name), ``reason``.
    """
    import pandas as pd

    place = root_of(folder)
    top = _root(place, root)
    columns = names_in(by)
    table = features_of(place, top, features=features, columns=columns, on_progress=on_progress)
    values = evaluate(by, table)
    order = np.argsort(-values if descending else values, kind="stable")  # NaN comes last.
    paths = [table["path"].iloc[i] for i in order]
    ranked = values[order]
    reasons = [
        f"{by} = {value:.6g}" if np.isfinite(value) else f"no value of {by}" for value in ranked
    ]
    return pd.DataFrame(
        {
            "rank": range(len(paths)),
            "value": pd.array(ranked, dtype="Float64"),
            "path": pd.Series(paths, dtype=object),
            "target": pd.Series(_ranked_names(top, paths), dtype=object),
            "reason": reasons,
        }
    )


def rank_images(
    folder: str | os.PathLike[str],
    by: str,
    *,
    features: pd.DataFrame | None = None,
    descending: bool = False,
    root: str | os.PathLike[str] | None = None,
    on_progress: Progress | None = None,
) -> tuple[pd.DataFrame, MoveReport]:
    """Put the rank of each image before its name, as in ``0000_img29.jpg``.

    Parameters are those of `ranking`.

    Returns
    -------
    DataFrame
        The table of `ranking`.
    MoveReport
        What was renamed.

    Raises
    ------
    PlanError
        The folder is ranked already.
    """
    place = root_of(folder)
    top = _root(place, root)
    _check_not_ranked(place, top)
    table = ranking(
        place, by, features=features, descending=descending, root=top, on_progress=on_progress
    )
    rows = zip(table["path"], table["target"], table["reason"], strict=True)
    actions = [Action(path, "rename", target, reason=reason) for path, target, reason in rows]
    plan: Plan = make_plan(top, actions)
    return table, apply(plan, kind=RANK)


def root_for(folder: Path) -> Path:
    """Return the root in which a class folder is ranked.

    That is the folder above when it is a data set with one folder per class, so that images can be
    moved to another class before their names are restored; else the folder itself.
    """
    if is_folder_per_class(folder):
        return folder
    return folder.parent if is_folder_per_class(folder.parent) else folder


def _root(folder: Path, root: str | os.PathLike[str] | None) -> Path:
    if root is None:
        return root_for(folder)
    top = root_of(root)
    if not folder.is_relative_to(top):
        raise PlanError(f"{folder} does not lie in {top}; give a root above it")
    return top


def _ranked_names(root: Path, paths: list[str]) -> list[str]:
    """Return new paths with the rank before the name; no name is one that is below the root.

    `restore` finds ranked files by their names, wherever they are.
    """
    taken = set(names_below(root))
    digits = max(_FEWEST_DIGITS, len(str(len(paths) - 1)))
    targets = []
    for number, path in enumerate(map(PurePosixPath, paths)):
        prefix = f"{number:0{digits}d}_"
        name, again = prefix + shortened(path.name, limit=255 - len(prefix)), 2
        while same_name(name) in taken:
            tail = f" ({again})"
            name, again = prefix + shortened(path.name, tail, 255 - len(prefix)), again + 1
        taken.add(same_name(name))
        targets.append(str(path.with_name(name)))
    return targets


def _check_not_ranked(folder: Path, root: Path) -> None:
    places = names_below(folder)
    for journal in journals(root):
        ranked = (PurePosixPath(e.steps[-1].target).name for e in journal.entries if e.is_away)
        if journal.kind == RANK and any(same_name(name) in places for name in ranked):
            command = f"epic clean restore {shlex.quote(str(folder))}"
            raise PlanError(f"{folder} is ranked already; first run: {command}")
