"""Which columns pushed a decision which way, in people's words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from classifiers.resemblance import resembled
from classifiers.table import LIST_COLUMNS, Table, TableError, check_provenance
from classifiers.topics import RESEMBLES, part_of, phrase_of, topic_of

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from classifiers.tabular import TabularClassifier

_LAST = {"writing": 1, "embedding": 2}


@dataclass(frozen=True)
class Reason:
    """What one topic adds to the raw score of the answer.

    Attributes
    ----------
    topic : str
        Such as "faces".
    phrase : str
        What the image is like in that respect, such as "no face".
    contribution : float
        In units of the raw score (log odds); positive speaks for the answer.
    features : dict of str to float
        The parts of the contribution, by feature of the encoder.
    """

    topic: str
    phrase: str
    contribution: float
    features: Mapping[str, float]


@dataclass(frozen=True)
class Explanation:
    """Why a model gives an image its class.

    Attributes
    ----------
    answer : str
        The class that is explained.
    probability : float
        Its calibrated probability.
    base : float
        Raw score of the class before anything is known of the image.
    score : float
        Raw score of the class; `base` plus all contributions.
    reasons : tuple of Reason
        The largest contributions, by absolute value, first; every topic is there.
    resembles : str or None
        What the picture looks like to the network of its embedding, see
        `classifiers.resemblance.resembled`.
    """

    answer: str
    probability: float
    base: float
    score: float
    reasons: tuple[Reason, ...]
    resembles: str | None = None

    def sentence(self, most: int = 3) -> str:
        """Return the reasons that speak most for the answer, joined by commas.

        What can be checked by looking comes first: what networks make of lines of text, and of the
        whole picture, is named last.
        """
        good = {r.phrase: r.topic for r in self.reasons if r.contribution > 0}
        named = sorted(list(good)[:most], key=lambda phrase: _LAST.get(good[phrase], 0))
        return ", ".join(named) or "nothing speaks for it"

    def plot(self, most: int = 8) -> Figure:
        """Draw the largest contributions as bars."""
        from classifiers.plots import bars

        shown = self.reasons[:most]
        return bars(
            [reason.phrase for reason in shown],
            [reason.contribution for reason in shown],
            title=f"{self.answer} ({self.probability:.0%})",
            label="contribution to the raw score (log odds)",
        )


def explain(
    model: TabularClassifier, table: Table, answers: Sequence[str] | None = None
) -> list[Explanation]:
    """Explain what a model says of each row of a table.

    Parameters
    ----------
    model : TabularClassifier
        A trained model.
    table : pandas.DataFrame or pyarrow.Table
        Feature rows.
    answers : sequence of str, optional
        The class to explain for each row; by default the likeliest.

    Returns
    -------
    list of Explanation
        One for each row. With two classes the contributions to the second one's raw score are
        those of LightGBM, and the first one's the same with the opposite sign.

    Raises
    ------
    SettingsMismatch, TableError
        As for `TabularClassifier.predict_proba`.
    """
    check_provenance(table, model.provenance_)
    if not len(table):
        return []
    given = _contributions(model, table)
    probabilities = model.predict_proba(table)
    chosen = probabilities.argmax(axis=1)
    if answers is not None:
        places = {str(name): index for index, name in enumerate(model.classes_)}
        if unknown := sorted(set(answers) - set(places)):
            raise TableError(
                f"the model does not know the classes {', '.join(unknown)}; it knows "
                f"{', '.join(places)}"
            )
        if len(answers) != len(table):
            raise TableError(f"{len(answers)} answers for {len(table)} rows")
        chosen = np.array([places[answer] for answer in answers], int)
    rows = _records(table)
    for row, look in zip(rows, resembled(table), strict=True):
        row[RESEMBLES] = look
    names = list(model.encoder_.feature_names_)
    return [
        _explanation(str(model.classes_[pick]), float(odds[pick]), parts[pick], names, row)
        for pick, odds, parts, row in zip(chosen, probabilities, given, rows, strict=True)
    ]


def importance(model: TabularClassifier, table: Table) -> dict[str, dict[str, float]]:
    """Return how much each feature matters over a table.

    Returns
    -------
    dict
        ``"features"``, ``"topics"`` and ``"parts"``: the mean absolute contribution over rows and
        classes by name, in units of the raw score, largest first. Contributions of the features of
        a topic or part are added before their absolute value is taken.
    """
    check_provenance(table, model.provenance_)
    if not len(table):
        raise TableError("the table has no rows to look at")
    parts = _contributions(model, table)[..., :-1]
    names = list(model.encoder_.feature_names_)
    result = {"features": dict(zip(names, np.abs(parts).mean(axis=(0, 1)).tolist(), strict=True))}
    for key, name_of in (("topics", topic_of), ("parts", part_of)):
        homes = np.array([name_of(name) for name in names])
        result[key] = {
            str(home): float(np.abs(parts[..., homes == home].sum(axis=-1)).mean())
            for home in dict.fromkeys(homes)
        }
    return {
        key: dict(sorted(values.items(), key=lambda item: -item[1]))
        for key, values in result.items()
    }


def _contributions(model: TabularClassifier, table: Table) -> NDArray[np.float64]:
    """Return shape (n, n_classes, n_features + 1); of two classes the first mirrors the second."""
    given = model.contributions(table)
    if len(model.classes_) == 2:
        given[:, 0] = -given[:, 1]
    return given


def _explanation(
    answer: str,
    probability: float,
    parts: NDArray[np.float64],
    names: Sequence[str],
    row: Mapping[str, Any],
) -> Explanation:
    topics: dict[str, dict[str, float]] = {}
    for name, part in zip(names, parts[:-1].tolist(), strict=True):
        topics.setdefault(topic_of(name), {})[name] = part
    reasons = [
        Reason(topic, phrase_of(topic, row), sum(features.values()), features)
        for topic, features in topics.items()
    ]
    reasons.sort(key=lambda reason: -abs(reason.contribution))
    total = float(parts.sum())
    return Explanation(answer, probability, float(parts[-1]), total, tuple(reasons), row[RESEMBLES])


def _records(table: Any) -> list[dict[str, Any]]:
    """Return the rows of a table as dicts, null as None; lists of numbers say nothing here."""
    import pandas as pd

    if isinstance(table, pa.Table):
        names = [name for name in table.column_names if name not in LIST_COLUMNS]
        return list(table.select(names).to_pylist())
    return [
        {
            name: None if pd.api.types.is_scalar(value) and pd.isna(value) else value
            for name, value in row.items()
            if name not in LIST_COLUMNS
        }
        for row in table.to_dict("records")
    ]
