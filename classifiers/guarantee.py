"""The promise about the images that must not be hidden, and what may be done under it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

UNSURE = "unsure"

LEAST_PROTECTED = 150
"""With fewer examples, 1 % of them is not even two images: nothing can be promised."""

CONFIDENCE = 0.95

# Nothing is hidden that is rather protected than not, however well the classes can be told apart.
_EVEN = 0.5

# Pictures of another source score lower than those a threshold was chosen on, so that more of them
# fall below it than were meant to; then a smaller share is aimed at.
_SHARES = (1.0, 0.75, 0.5, 0.35, 0.25, 0.15, 0.1, 0.05, 0.0)


@dataclass(frozen=True)
class Guarantee:
    """What is promised about the protected classes, such as personal photos.

    Attributes
    ----------
    rate : float
        At most this share of the protected images is to be hidden.
    hide_below : float or None
        An image whose probability of a protected class is lower may be hidden, at most 0.5; None
        when nothing is to be hidden, because there were too few examples for a promise, or no
        threshold kept it.
    keep_from : float
        From this probability on an image counts as protected; in between the answer is "unsure".
    protected, hidden : int
        Protected images in the test, and those of them that would have been hidden. Each was
        judged by a model and by a threshold that had not seen its group.
    low, high : float
        95 % confidence interval (Clopper and Pearson 1934) of the share that would be hidden.
    """

    rate: float
    hide_below: float | None
    keep_from: float
    protected: int
    hidden: int
    low: float
    high: float

    def __str__(self) -> str:
        """Return what follows the words "in the test of the model"."""
        if self.hide_below is None and self.protected >= LEAST_PROTECTED:
            return (
                f"no threshold hid at most {100 * self.rate:g} % of the protected images, so "
                "nothing is promised and nothing is hidden"
            )
        if self.hide_below is None:
            return (
                f"only {self.protected} protected images could be judged; {LEAST_PROTECTED} "
                "are needed to promise anything, so nothing is hidden"
            )
        return (
            f"{self.hidden} of {self.protected} protected images would have been hidden "
            f"({self.hidden / self.protected:.2%}, 95 % interval {self.low:.2%} to {self.high:.2%})"
        )


def find_guarantee(
    scores: Floats,
    protected: NDArray[np.bool_],
    folds: NDArray[np.intp],
    rate: float = 0.01,
) -> Guarantee:
    """Choose the thresholds that hide at most a share of the protected images, and test them.

    `hide_below` hides a certain part of `rate` of the protected images it was chosen on: the
    largest of a few parts with which no more than `rate` of the protected images of folds left out
    are hidden. The images of each fold are then counted with a part and a threshold that were
    chosen on the other folds alone. The interval takes images as independent; those of one album
    are not, so it is rather too narrow.

    Parameters
    ----------
    scores : ndarray of float64, shape (n,)
        Probability of a protected class, from models that had not seen the image's fold.
    protected : ndarray of bool, shape (n,)
        Which images are to be protected.
    folds : ndarray of int, shape (n,)
        The fold of each image. The counts are made fold by fold, with thresholds chosen on the
        others.
    rate : float
        Share of the protected images that may be hidden, in (0, 1).
    """
    keep_from = max(_rejecting(scores[~protected], rate), _EVEN)
    share = _aim(scores, protected, folds, rate)
    count = hidden = 0
    for fold in np.unique(folds):
        part, rest = folds == fold, folds != fold
        aim = _aim(scores[rest], protected[rest], folds[rest], rate)
        if protected[rest].any():  # Else no threshold can be chosen without what is tested.
            count += int((protected & part).sum())
            if aim is not None:
                threshold = _accepting(scores[protected & rest], rate * aim)
                hidden += int((scores[protected & part] < min(threshold, _EVEN)).sum())
    interval = clopper_pearson(hidden, count) if count else (0.0, 1.0)
    if share is None or count < LEAST_PROTECTED:
        return Guarantee(rate, None, keep_from, count, hidden, *interval)
    hide_below = min(_accepting(scores[protected], rate * share), _EVEN)
    return Guarantee(rate, hide_below, keep_from, count, hidden, *interval)


def _aim(
    scores: Floats, protected: NDArray[np.bool_], folds: NDArray[np.intp], rate: float
) -> float | None:
    """Return the largest of a few parts of `rate` that keeps to `rate` on folds left out."""
    if not protected.any():
        return None
    for share in _SHARES:
        count, hidden = _tested(scores, protected, folds, rate * share)
        if hidden <= rate * count:
            return share
    return None


def _tested(
    scores: Floats, protected: NDArray[np.bool_], folds: NDArray[np.intp], share: float
) -> tuple[int, int]:
    """Return how many protected images were tested, and how many of them were hidden."""
    count = hidden = 0
    for fold in np.unique(folds):
        rest, part = protected & (folds != fold), protected & (folds == fold)
        if rest.any():  # Else no threshold can be chosen without looking at what is tested.
            count += int(part.sum())
            hidden += int((scores[part] < _accepting(scores[rest], share)).sum())
    return count, hidden


def clopper_pearson(hits: int, trials: int, confidence: float = CONFIDENCE) -> tuple[float, float]:
    """Return the exact two-sided confidence interval of a share (Clopper and Pearson 1934)."""
    from scipy.stats import beta

    tail = (1 - confidence) / 2
    low = float(beta.ppf(tail, hits, trials - hits + 1)) if hits else 0.0
    high = float(beta.ppf(1 - tail, hits + 1, trials - hits)) if hits < trials else 1.0
    return low, high


def _accepting(scores: Floats, rate: float) -> float:
    """Return the highest threshold with at most a share `rate` of the scores below it."""
    ordered = np.sort(scores)
    return float(ordered[int(np.floor(rate * len(ordered)))])


def _rejecting(scores: Floats, rate: float) -> float:
    """Return the lowest threshold with at most a share `rate` of the scores at or above it."""
    if not len(scores):
        return 1.0
    ordered = np.sort(scores)[::-1]
    return float(np.nextafter(ordered[int(np.floor(rate * len(ordered)))], 2))


def decide(
    probabilities: NDArray[np.float64],
    classes: NDArray[Any],
    protect: Sequence[str],
    guarantee: Guarantee | None,
) -> NDArray[np.object_]:
    """Return the likeliest class of each row, or "unsure" where the guarantee forbids to act.

    Parameters
    ----------
    probabilities : ndarray of float64, shape (n, n_classes)
        Calibrated probabilities.
    classes : ndarray of str, shape (n_classes,)
        Their classes.
    protect : sequence of str
        The protected ones.
    guarantee : Guarantee or None
        Their thresholds; None lets every row have its likeliest class.
    """
    protected = np.isin(classes, protect)
    if guarantee is None or not protected.any():
        return np.asarray(classes[probabilities.argmax(axis=1)], dtype=object)
    score = probabilities[:, protected].sum(axis=1)
    answer = np.full(len(score), UNSURE, dtype=object)
    kept = score >= guarantee.keep_from
    best_kept = classes[protected][probabilities[:, protected].argmax(axis=1)]
    answer[kept] = best_kept[kept]
    if guarantee.hide_below is not None:
        likeliest_hides = ~protected[probabilities.argmax(axis=1)]
        hidden = (score < guarantee.hide_below) & likeliest_hides
        best_hidden = classes[~protected][probabilities[:, ~protected].argmax(axis=1)]
        answer[hidden] = best_hidden[hidden]
    return answer
