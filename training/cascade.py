"""Train what sorts in place of the shipped models: ``python -m training.cascade DATA``.

Writes ``classifiers/pretrained/quick-*`` and ``benchmarks/results/cascade_accuracy.md``. Every
figure is of pictures that neither the models nor the thresholds had seen: the models are those of
the other folds by source repository, the thresholds were chosen on the other folds.
"""

from __future__ import annotations

import argparse
import logging
from collections.abc import Mapping, Sequence
from copy import copy
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from classifiers.fusion import FusionClassifier
from classifiers.guarantee import UNSURE, Guarantee, clopper_pearson
from classifiers.table import COLUMNS, WORD_COLUMNS
from classifiers.tabular import TabularClassifier
from classifiers.workflow import extract_features
from epic_features import Settings, __version__
from epic_features.extras.embedding import DEFAULT
from epic_features.frame import to_pandas
from epic_features.settings import EMBEDDING_ROLES
from epic_gallery.cascade import Cascade, Step
from training.cards import SHIPPED, TARGETS, new_model
from training.cascade_thresholds import RATE, Outcome, Thresholds, choose, hidden, rehearse
from training.data import Data, load_data

Reals = NDArray[np.float64]

_OUT = Path(__file__).resolve().parents[1] / "classifiers" / "pretrained"

PIXELS = ("shape", "cartoon", "quality", "texture")
_LINES = 6
"""So many of a picture's largest lines tell nearly as much as all of them."""
_TIERS = {
    "look": Settings(groups=("shape",), text="counts", embedding=DEFAULT),
    "pixels": Settings(groups=PIXELS, text="counts", embedding=DEFAULT),
    "boxes": Settings(groups=(*PIXELS, "layout", "faces"), text="counts", embedding=DEFAULT),
    "lines": Settings(
        groups=(*PIXELS, "layout", "faces", "writing"), text=f"budget:{_LINES}", embedding=DEFAULT
    ),
}
"""Without ``colors``: they added nothing to ``texture``."""

# Not for the other models, which need the letters: before ``whatsapp`` steps that found boxes
# settled 26 % of the pictures: not worth 2 MB of trees.
CASCADES = {"personal": ("look", "pixels", "boxes", "lines")}

_FIGURES = Path(__file__).resolve().parents[1] / "benchmarks" / "results" / "cascade_accuracy.md"
_HEAD = """# The cascade against the full model

Made by `python -m training.cascade`; do not edit. Pictures of the shared data; models and
thresholds are those of the other folds by source repository. The same label: the likeliest class.
Decisions are contradictory when one side decides for one class and the other for another; one side
may also be unsure. Hidden: personal pictures that are decided to be something else. The thresholds
are chosen inside the folds; the steps, STEP_RATES and RATE were picked among some eighty
variants with these figures in sight (their AUC was up to .0011 below the full model's), so they
are somewhat rosy.
"""

_SIZES = frozenset({"area", "width", "height"})
_log = logging.getLogger(__name__)


def tier_tables(data: Data, folder: Path, cache: Path) -> dict[str, Data]:
    """Return the data as each tier sees them, with text only found, or a few lines read."""
    found = _reread(data, folder, cache, "boxes", Settings(groups=("layout",), text="counts"))
    few = Settings(groups=("layout", "writing"), text=f"budget:{_LINES}")
    lines = _reread(data, folder, cache, "lines", few)
    return {name: found if s.text == "counts" else lines for name, s in _TIERS.items()}


def _reread(data: Data, folder: Path, cache: Path, name: str, settings: Settings) -> Data:
    """Return the data with the columns of text as other settings give them; extracted once."""
    real, _ = extract_features(str(folder), cache / f"real-{name}", settings)
    parts = [(to_pandas(real), (data.facts["fold"] >= 0).to_numpy())]
    if not parts[0][1].all():
        source = str(cache / "drawn-pictures")
        drawn, _ = extract_features(source, cache / f"drawn-{name}", settings)
        parts.append((to_pandas(drawn), ~parts[0][1]))
    reads = "writing" in settings.groups
    table = data.table.copy() if reads else data.table.drop(columns="writing")
    for column in (c.name for c in COLUMNS.values() if c.group in ("text", "layout", "writing")):
        if column not in table.columns:
            continue
        values = [
            frame.set_index("relative_path")[column].reindex(table["relative_path"][rows])
            for frame, rows in parts
        ]
        table[column] = pd.concat(values).to_numpy()
    table.attrs = data.table.attrs
    return Data(table, data.facts, data.unseen)


def train_tier(name: str, target: str, protect: Sequence[str], data: Data) -> TabularClassifier:
    """Train the model of a tier; its out-of-fold probabilities come with it."""
    settings = _TIERS[name]
    table, facts = data.of(target)
    reads = settings.text != "counts"
    networks = [
        backend
        for backend in table.attrs["provenance"]["backends"]
        if reads or backend["role"] in EMBEDDING_ROLES
    ]
    table.attrs = {
        "provenance": {
            "version": __version__,
            "settings": settings.to_dict(),
            "backends": networks,
        }
    }
    columns = [
        column.name
        for column in COLUMNS.values()
        if column.group in settings.groups
        and column.name in table.columns
        and column.name not in _SIZES
        and pd.api.types.is_numeric_dtype(table[column.name])
        and table[column.name].notna().any()
    ]
    columns += WORD_COLUMNS if reads else ()
    model = FusionClassifier(**SHIPPED, columns=columns, protect=protect)
    model.fit(
        table,
        facts[target],
        sample_weight=facts["weight"],
        groups=facts["source_repo"],
        fold=facts["fold"].astype(int),
        fold_tables=data.fold_tables(target),
    )
    # A model says that it needs the whole core; a tier does not.
    model.provenance_["settings"]["groups"] = list(settings.groups)
    return model


def fit_cascade(
    name: str, data: Data, seen: Mapping[str, Data]
) -> tuple[Cascade, TabularClassifier, Outcome, Outcome]:
    """Train the cascade in place of a shipped model, and that model itself.

    Parameters
    ----------
    name : str
        Of the shipped model.
    data : Data
        What it is trained on.
    seen : mapping of str to Data
        The same as each tier sees it; see `tier_tables`.

    Returns
    -------
    cascade : Cascade
        The guarantee of its last model counts what the rehearsal hid.
    full : TabularClassifier
        The shipped model, with thresholds as strict as those of the cascade.
    rehearsed, alone : Outcome
        What the two say of the real pictures, held out by fold.
    """
    target, protect = TARGETS[name]
    table, facts = data.of(target)
    full = new_model(name)
    full.fit(
        table,
        facts[target],
        sample_weight=facts["weight"],
        groups=facts["source_repo"],
        fold=facts["fold"].astype(int),
        fold_tables=data.fold_tables(target),
    )
    real = (facts["fold"] >= 0).to_numpy()
    truth, folds = facts[target].to_numpy(object)[real], facts["fold"].to_numpy(int)[real]

    def with_thresholds(
        model: TabularClassifier, steps: Mapping[str, Reals]
    ) -> tuple[TabularClassifier, Thresholds, Outcome]:
        known = steps, model.out_of_fold_[real], model.classes_, truth
        limits, rehearsed = choose(*known, protect), rehearse(*known, folds, protect)
        protected, hides = int(np.isin(truth, protect).sum()), hidden(rehearsed, truth, protect)
        interval = clopper_pearson(hides, protected)
        other = copy(model)
        other.guarantee_ = Guarantee(
            RATE, limits.hide_below, limits.keep_from, protected, hides, *interval
        )
        return other, limits, rehearsed

    *names, last_name = CASCADES[name]
    models = {tier: train_tier(tier, target, protect, seen[tier]) for tier in CASCADES[name]}
    steps = {tier: models[tier].out_of_fold_[real] for tier in names}
    last, limits, rehearsed = with_thresholds(models[last_name], steps)
    # It may be the last one, too, where nothing is to be read.
    *before, reads_nothing = names
    models[reads_nothing], *_ = with_thresholds(
        models[reads_nothing], {tier: steps[tier] for tier in before}
    )
    full, _, alone = with_thresholds(full, {})
    made = (Step(tier, models[tier], limits.settle_from[tier]) for tier in names)
    return Cascade(tuple(made), last, last_name), full, rehearsed, alone


def figures(
    name: str, cascade: Cascade, found: Outcome, alone: Outcome, facts: pd.DataFrame
) -> str:
    """Return what a cascade gains and loses against the shipped model, as Markdown."""
    target, protect = TARGETS[name]
    truth, folds = facts[target].to_numpy(object), facts["fold"].to_numpy()
    head = [
        *("fold", "images", *(f"ended at {tier}" for tier in cascade.tiers), "same label"),
        *("contradictory decisions", "decided, full", "decided, cascade"),
        *("accuracy, full", "accuracy, cascade", "AUC, full", "AUC, cascade"),
        *("hidden, full", "hidden, cascade"),
    ]
    rows = []
    for fold in [*np.unique(folds), "all"]:
        chosen = np.ones(len(folds), bool) if fold == "all" else folds == fold
        parts = _part(found, chosen), _part(alone, chosen)
        values = _compare(*parts, truth[chosen], cascade.last.classes_, protect, cascade.tiers)
        rows.append([str(fold), str(chosen.sum()), *values])
    shares = pd.crosstab(facts["class"], found.tier, normalize="index")
    by_class = [
        [str(label), *(f"{row.get(tier, 0):.0%}" for tier in range(len(cascade.tiers)))]
        for label, row in shares.iterrows()
    ]
    return "\n".join(
        [
            *(f"## In place of the model {name}", "", str(cascade.last.guarantee_), ""),
            *(_table(head, rows), "", "Where the pictures of each class ended:", ""),
            *(_table(["class", *cascade.tiers], by_class), ""),
        ]
    )


def _part(outcome: Outcome, rows: NDArray[np.bool_]) -> Outcome:
    return Outcome(outcome.tier[rows], outcome.decision[rows], outcome.probabilities[rows])


def _compare(
    found: Outcome,
    alone: Outcome,
    truth: NDArray[Any],
    classes: NDArray[Any],
    protect: Sequence[str],
    tiers: Sequence[str],
) -> list[str]:
    from sklearn.metrics import roc_auc_score

    sides = (alone, found)
    label, other = (classes[side.probabilities.argmax(axis=1)] for side in sides)
    decided = alone.decision != UNSURE, found.decision != UNSURE
    scores = (side.probabilities[:, np.isin(classes, protect)].sum(axis=1) for side in sides)
    contradictory = decided[0] & decided[1] & (alone.decision != found.decision)
    return [
        *(f"{(found.tier == tier).mean():.1%}" for tier in range(len(tiers))),
        f"{(label == other).mean():.2%}",
        str(contradictory.sum()),
        *(f"{side.mean():.1%}" for side in decided),
        *(f"{(side == truth).mean():.4f}" for side in (label, other)),
        *(f"{roc_auc_score(np.isin(truth, protect), score):.4f}" for score in scores),
        *(str(hidden(side, truth, protect)) for side in sides),
    ]


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def main() -> None:
    """Train the cascades and write what they gain and lose."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("--cache", type=Path, default=Path("build/training"))
    parser.add_argument("--out", type=Path, default=_OUT)
    options = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    data = load_data(options.data, options.cache)
    seen = tier_tables(data, options.data, options.cache)
    pages = []
    for name in CASCADES:
        cascade, _, rehearsed, alone = fit_cascade(name, data, seen)
        cascade.save(options.out / f"quick-{name}")
        facts = data.of(TARGETS[name][0])[1]
        real = facts[facts["fold"] >= 0].reset_index(drop=True)
        pages.append(figures(name, cascade, rehearsed, alone, real))
    _FIGURES.write_text("\n".join([_HEAD, *pages]), encoding="utf-8")
    _log.info("%s", "\n".join(pages))


if __name__ == "__main__":
    main()
