"""Pictures whose label every model disputes: errors of labelling, or pictures of two kinds."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from classifiers.experiments import ExperimentData, Outcome
from classifiers.table import TableError

if TYPE_CHECKING:
    import pandas as pd


def disputed(outcomes: Sequence[Outcome], data: ExperimentData) -> pd.DataFrame:
    """Return the pictures whose label is the likeliest class of no model.

    Each model judges a picture when its source is held out, so that no model defends a label that
    it was trained on. A picture is disputed the more, the less likely its label is in the mean over
    the models (the "self-confidence" of Northcutt, Jiang, Chuang 2021).

    Parameters
    ----------
    outcomes : sequence of Outcome
        Of `experiments.run`; only variants with an outcome for every fold count.
    data : ExperimentData
        What they were made with.

    Returns
    -------
    DataFrame
        The most disputed first: ``path``, ``class`` (the label), ``suggestion`` (``"review"``),
        ``other`` (the likeliest class in the mean over the models), ``agree`` (how many models name
        it), ``models``, ``value`` (1 less the mean probability of the label) and ``reason``.

    Raises
    ------
    TableError
        No variant has an outcome for every fold.
    """
    import pandas as pd

    classes, codes = np.unique(data.labels, return_inverse=True)
    found = []
    for name in dict.fromkeys(outcome.variant for outcome in outcomes):
        odds = np.full((len(codes), len(classes)), np.nan)
        for outcome in outcomes:
            if outcome.variant == name:
                odds[outcome.rows] = outcome.probabilities
        if np.isfinite(odds).all():
            found.append(odds)
    if not found:
        raise TableError("no variant has an outcome for every fold; run the experiments first")
    stacked = np.stack(found)
    mean = stacked.mean(axis=0)
    answers = stacked.argmax(axis=2)
    rows = np.flatnonzero((answers != codes).all(axis=0))
    other = mean[rows].argmax(axis=1)
    agree = (answers[:, rows] == other).sum(axis=0)
    table = pd.DataFrame(
        {
            "path": data.paths[rows],
            "class": data.labels[rows],
            "suggestion": "review",
            "other": classes[other],
            "agree": agree,
            "models": len(found),
            "value": 1 - mean[rows, codes[rows]],
            "reason": [
                f"{count} of {len(found)} models: {classes[name]}"
                for count, name in zip(agree, other, strict=True)
            ],
        }
    )
    return table.sort_values("value", ascending=False, kind="stable").reset_index(drop=True)


def write_disputes(table: pd.DataFrame, data: ExperimentData, folder: Path) -> None:
    """Write ``disputed.csv`` and the contact sheet ``disputed.html``, by label.

    Raises
    ------
    OutputError
        The folder can't be written.
    """
    from epic_features.cleaning import write_review
    from epic_features.errors import OutputError

    try:
        table.to_csv(folder / "disputed.csv", index=False)
    except OSError as error:
        raise OutputError(f"can't write into {folder}: {error.strerror}") from error
    write_review(
        table.assign(kind=table["class"]).sort_values("class", kind="stable"),
        data.root,
        folder / "disputed.html",
        title=f"{len(table)} of {len(data.paths)} labels that every model disputes",
        headings=True,
        overwrite=True,
    )
