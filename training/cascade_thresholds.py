"""How sure each tier of a cascade must be, chosen on probabilities of pictures it had not seen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from classifiers.guarantee import UNSURE, Guarantee, decide
from epic_gallery.cascade import settled, settling_thresholds

Reals = NDArray[np.float64]

STEP_RATES = {"look": 0.0015, "pixels": 0.002, "boxes": 0.004}
"""A fraction of what the cascade may hide; more where the model knows nearly as much."""
RATE = 0.0065
"""Less than the 1 % that is promised, because more are hidden on sources not seen."""


@dataclass(frozen=True)
class Thresholds:
    """How sure each tier must be.

    Attributes
    ----------
    settle_from : dict of str to dict
        For each step the least probability of each class.
    hide_below, keep_from : float
        Of the last model, for what the steps leave open; see `Guarantee`.
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


def choose(
    steps: Mapping[str, Reals],
    last: Reals,
    classes: NDArray[Any],
    truth: NDArray[Any],
    protect: Sequence[str],
) -> Thresholds:
    """Choose all thresholds on images that the models had not seen.

    Each step may settle a share `STEP_RATES` wrongly. The last model may hide so many of the rest
    that the cascade as a whole hides at most a share `RATE` of the protected images, and
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
    score = last[:, np.isin(classes, protect)].sum(axis=1)
    left = int(RATE * protected.sum()) - int((protected & ~pending & ~kept).sum())
    low = np.sort(score[protected & pending])
    hide_below = float(low[min(left, len(low) - 1)]) if len(low) and left >= 0 else 0.0
    hide_below = min(hide_below, 0.5)
    left = int(RATE * (~protected).sum()) - int((~protected & kept).sum())
    high = np.sort(score[~protected & pending])[::-1]
    keep_from = float(np.nextafter(high[max(0, min(left, len(high) - 1))], 2)) if len(high) else 0.5
    return Thresholds(chosen, hide_below, max(keep_from, 0.5))


def apply(
    thresholds: Thresholds,
    steps: Mapping[str, Reals],
    last: Reals,
    classes: NDArray[Any],
    protect: Sequence[str],
) -> Outcome:
    """Run a cascade on probabilities that are already known."""
    limits = Guarantee(RATE, thresholds.hide_below, thresholds.keep_from, 0, 0, 0, 1)
    tier = np.full(len(last), len(steps), np.intp)
    decision, probabilities = decide(last, classes, protect, limits), last.copy()
    for number, (name, found) in reversed(list(enumerate(steps.items()))):
        answer = settled(found, classes, thresholds.settle_from[name])
        now = answer != UNSURE
        tier[now], decision[now], probabilities[now] = number, answer[now], found[now]
    return Outcome(tier, decision, probabilities)


def rehearse(
    steps: Mapping[str, Reals],
    last: Reals,
    classes: NDArray[Any],
    truth: NDArray[Any],
    folds: NDArray[np.intp],
    protect: Sequence[str],
) -> Outcome:
    """Run the cascade on each fold with thresholds chosen on the others."""
    tier, probabilities = np.zeros(len(truth), np.intp), last.copy()
    decision = np.full(len(truth), UNSURE, dtype=object)
    for fold in np.unique(folds):
        test, rest = folds == fold, folds != fold
        others = {name: found[rest] for name, found in steps.items()}
        mine = {name: found[test] for name, found in steps.items()}
        limits = choose(others, last[rest], classes, truth[rest], protect)
        found = apply(limits, mine, last[test], classes, protect)
        tier[test], decision[test] = found.tier, found.decision
        probabilities[test] = found.probabilities
    return Outcome(tier, decision, probabilities)


def hidden(found: Outcome, truth: NDArray[Any], protect: Sequence[str]) -> int:
    """Return how many of the protected images are decided to be something else."""
    decided = ~np.isin(found.decision, [*protect, UNSURE])
    return int((np.isin(truth, protect) & decided).sum())
