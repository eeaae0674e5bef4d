"""Train the cheap steps before the shipped models: ``python -m training.cascade DATA``.

Writes ``classifiers/pretrained/quick-*`` and ``benchmarks/results/cascade_accuracy.md``. Every
figure is of pictures that neither the models nor the thresholds had seen: the models are those of
the other folds by source repository, the thresholds were chosen on the other folds.
"""

from __future__ import annotations

import argparse
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from classifiers.fusion import FusionClassifier
from classifiers.guarantee import UNSURE, Guarantee, clopper_pearson, decide
from classifiers.table import COLUMNS
from classifiers.tabular import TabularClassifier
from classifiers.workflow import extract_features
from epic_features import Settings, __version__
from epic_features.extras.embedding import DEFAULT
from epic_features.frame import to_pandas
from epic_features.settings import EMBEDDING_ROLES
from epic_gallery.cascade import Cascade, Step, settled, settling_thresholds, with_guarantee
from training.cards import SHIPPED, TARGETS, new_model
from training.data import Data, load_data

Reals = NDArray[np.float64]

_OUT = Path(__file__).resolve().parents[1] / "classifiers" / "pretrained"

PIXELS = ("shape", "cartoon", "quality", "texture")
_STEPS = {
    "look": Settings(groups=("shape",), text="counts", embedding=DEFAULT),
    "pixels": Settings(groups=PIXELS, text="counts", embedding=DEFAULT),
    "boxes": Settings(groups=(*PIXELS, "layout", "faces"), text="counts", embedding=DEFAULT),
}
"""Without ``colors``: they added nothing to ``texture``."""

# Not for the other models, which need the letters: before ``whatsapp`` steps that found boxes
# settled 26 % of the pictures: not worth 2 MB of trees.
CASCADES = {"personal": ("look", "pixels", "boxes")}

STEP_RATES = {"look": 0.0015, "pixels": 0.002, "boxes": 0.004}
"""A fraction of what the full model may hide; more where the model knows nearly as much."""
FULL_RATE = 0.0065
"""Less than the 1 % that is promised, because more are hidden on sources not seen."""

_FIGURES = Path(__file__).resolve().parents[1] / "benchmarks" / "results" / "cascade_accuracy.md"
_HEAD = """# The cascade against the full model

Made by `python -m training.cascade`; do not edit. Pictures of the shared data; models and
thresholds are those of the other folds by source repository. The same label: the likeliest class.
Decisions are contradictory when one side decides for one class and the other for another; one side
may also be unsure. Hidden: personal pictures that are decided to be something else. The thresholds
are chosen inside the folds; the steps, STEP_RATES and FULL_RATE were picked among some eighty
variants with these figures in sight (their AUC was up to .0011 below the full model's), so they
are somewhat rosy.
"""

_SIZES = frozenset({"area", "width", "height"})
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Thresholds:
    """How sure each tier must be.

    Attributes
    ----------
    settle_from : dict of str to dict
        For each step the least probability of each class.
    hide_below, keep_from : float
        Of the full model, for what the steps leave open; see `Guarantee`.
    """

    settle_from: dict[str, dict[str, float]]
    hide_below: float
    keep_from: float


@dataclass(frozen=True)
class Outcome:
    """What a cascade says of images.

    Attributes
    ----------
    tier : ndarray of int, shape (n,)
        Where each image came to an end.
    decision : ndarray of str, shape (n,)
        Class or "unsure".
    probabilities : ndarray of float64, shape (n, n_classes)
        Of the tier.
    """

    tier: NDArray[np.intp]
    decision: NDArray[np.object_]
    probabilities: Reals


def quick_table(data: Data, folder: Path, cache: Path) -> Data:
    """Return the data with text found but not read, as the steps see them."""
    settings = Settings(groups=("layout",), text="counts")
    real, _ = extract_features(str(folder), cache / "real-boxes", settings)
    parts = [(to_pandas(real), (data.facts["fold"] >= 0).to_numpy())]
    if not parts[0][1].all():
        drawn, _ = extract_features(str(cache / "drawn-pictures"), cache / "drawn-boxes", settings)
        parts.append((to_pandas(drawn), ~parts[0][1]))
    table = data.table.drop(columns="writing")
    for name in (c.name for c in COLUMNS.values() if c.group in ("text", "layout")):
        found = [
            frame.set_index("relative_path")[name].reindex(table["relative_path"][rows])
            for frame, rows in parts
        ]
        table[name] = pd.concat(found).to_numpy()
    table.attrs = data.table.attrs
    return Data(table, data.facts, data.unseen)


def train_step(name: str, target: str, protect: Sequence[str], data: Data) -> TabularClassifier:
    """Train the model of a step; its out-of-fold probabilities come with it."""
    settings = _STEPS[name]
    table, facts = data.of(target)
    made = table.attrs["provenance"]["backends"]
    networks = [backend for backend in made if backend["role"] in EMBEDDING_ROLES]
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
    model = FusionClassifier(**SHIPPED, columns=columns, protect=protect)
    model.fit(
        table,
        facts[target],
        sample_weight=facts["weight"],
        groups=facts["source_repo"],
        fold=facts["fold"].astype(int),
        fold_tables=data.fold_tables(target),
    )
    # A model says that it needs the whole core; a step does not.
    model.provenance_["settings"]["groups"] = list(settings.groups)
    return model


def choose(
    steps: Mapping[str, Reals],
    full: Reals,
    classes: NDArray[Any],
    truth: NDArray[Any],
    protect: Sequence[str],
) -> Thresholds:
    """Choose all thresholds on images that the models had not seen.

    Each step may settle a share `STEP_RATES` wrongly. The full model may hide so many of the rest
    that the cascade as a whole hides at most a share `FULL_RATE` of the protected images, and
    wrongly keeps at most that share of the others.
    """
    pending = np.ones(len(truth), bool)
    decision = np.full(len(truth), UNSURE, dtype=object)
    chosen = {}
    for name, probabilities in steps.items():
        rate = STEP_RATES[name]
        limits = settling_thresholds(probabilities, classes, truth, pending, protect, rate)
        answer = settled(probabilities, classes, limits)
        now = pending & (answer != UNSURE)
        decision[now], pending = answer[now], pending & ~now
        chosen[name] = limits
    protected, kept = np.isin(truth, protect), np.isin(decision, protect)
    score = full[:, np.isin(classes, protect)].sum(axis=1)
    left = int(FULL_RATE * protected.sum()) - int((protected & ~pending & ~kept).sum())
    low = np.sort(score[protected & pending])
    hide_below = float(low[min(left, len(low) - 1)]) if len(low) and left >= 0 else 0.0
    left = int(FULL_RATE * (~protected).sum()) - int((~protected & kept).sum())
    high = np.sort(score[~protected & pending])[::-1]
    keep_from = float(np.nextafter(high[max(0, min(left, len(high) - 1))], 2)) if len(high) else 0.5
    return Thresholds(chosen, hide_below, max(keep_from, hide_below))


def apply(
    thresholds: Thresholds,
    steps: Mapping[str, Reals],
    full: Reals,
    classes: NDArray[Any],
    protect: Sequence[str],
) -> Outcome:
    """Run a cascade on probabilities that are already known."""
    limits = Guarantee(FULL_RATE, thresholds.hide_below, thresholds.keep_from, 0, 0, 0, 1)
    tier = np.full(len(full), len(steps), np.intp)
    decision, probabilities = decide(full, classes, protect, limits), full.copy()
    for number, (name, found) in reversed(list(enumerate(steps.items()))):
        answer = settled(found, classes, thresholds.settle_from[name])
        now = answer != UNSURE
        tier[now], decision[now], probabilities[now] = number, answer[now], found[now]
    return Outcome(tier, decision, probabilities)


def rehearse(
    steps: Mapping[str, Reals],
    full: Reals,
    classes: NDArray[Any],
    truth: NDArray[Any],
    folds: NDArray[np.intp],
    protect: Sequence[str],
) -> Outcome:
    """Run the cascade on each fold with thresholds chosen on the others."""
    tier, probabilities = np.zeros(len(truth), np.intp), full.copy()
    decision = np.full(len(truth), UNSURE, dtype=object)
    for fold in np.unique(folds):
        test, rest = folds == fold, folds != fold
        others = {name: found[rest] for name, found in steps.items()}
        mine = {name: found[test] for name, found in steps.items()}
        limits = choose(others, full[rest], classes, truth[rest], protect)
        found = apply(limits, mine, full[test], classes, protect)
        tier[test], decision[test] = found.tier, found.decision
        probabilities[test] = found.probabilities
    return Outcome(tier, decision, probabilities)


def fit_cascade(name: str, data: Data, quick: Data) -> tuple[Cascade, Outcome, Outcome]:
    """Train the cascade before a shipped model, and that model itself.

    Returns
    -------
    cascade : Cascade
        Its guarantee counts what the rehearsal hid.
    rehearsed, alone : Outcome
        What the cascade and the full model say of the real pictures, held out by fold.
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
    models = {step: train_step(step, target, protect, quick) for step in CASCADES[name]}
    real = (facts["fold"] >= 0).to_numpy()
    truth, folds = facts[target].to_numpy(object)[real], facts["fold"].to_numpy(int)[real]
    steps = {step: model.out_of_fold_[real] for step, model in models.items()}
    probabilities = full.out_of_fold_[real]
    limits = choose(steps, probabilities, full.classes_, truth, protect)
    rehearsed = rehearse(steps, probabilities, full.classes_, truth, folds, protect)
    alone = rehearse({}, probabilities, full.classes_, truth, folds, protect)
    protected = int(np.isin(truth, protect).sum())
    hidden = _hidden(rehearsed.decision, truth, protect)
    interval = clopper_pearson(hidden, protected)
    thresholds = (limits.hide_below, limits.keep_from)
    guarantee = Guarantee(FULL_RATE, *thresholds, protected, hidden, *interval)
    made = (Step(step, model, limits.settle_from[step]) for step, model in models.items())
    return Cascade(tuple(made), with_guarantee(full, guarantee)), rehearsed, alone


def _hidden(decision: NDArray[Any], truth: NDArray[Any], protect: Sequence[str]) -> int:
    return int((np.isin(truth, protect) & ~np.isin(decision, [*protect, UNSURE])).sum())


def figures(
    name: str, cascade: Cascade, found: Outcome, alone: Outcome, facts: pd.DataFrame
) -> str:
    """Return what a cascade gains and loses against its full model, as Markdown."""
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
        values = _compare(*parts, truth[chosen], cascade.full.classes_, protect, cascade.tiers)
        rows.append([str(fold), str(chosen.sum()), *values])
    shares = pd.crosstab(facts["class"], found.tier, normalize="index")
    by_class = [
        [str(label), *(f"{row.get(tier, 0):.0%}" for tier in range(len(cascade.tiers)))]
        for label, row in shares.iterrows()
    ]
    return "\n".join(
        [
            *(f"## Steps before the model {name}", "", str(cascade.full.guarantee_), ""),
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
        *(str(_hidden(side.decision, truth, protect)) for side in sides),
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
    quick = quick_table(data, options.data, options.cache)
    pages = []
    for name in CASCADES:
        cascade, rehearsed, alone = fit_cascade(name, data, quick)
        cascade.save(options.out / f"quick-{name}")
        facts = data.of(TARGETS[name][0])[1]
        real = facts[facts["fold"] >= 0].reset_index(drop=True)
        pages.append(figures(name, cascade, rehearsed, alone, real))
    _FIGURES.write_text("\n".join([_HEAD, *pages]), encoding="utf-8")
    _log.info("%s", "\n".join(pages))


if __name__ == "__main__":
    main()
