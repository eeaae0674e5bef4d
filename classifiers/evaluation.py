"""How good probabilities are, with the counts behind every figure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from classifiers.table import TableError
from epic_features.fragments import fragment

_BINS = 10


@dataclass(frozen=True)
class ClassScore:
    """Precision, recall, F1 and number of images of one class."""

    precision: float
    recall: float
    f1: float
    support: int


@dataclass(frozen=True)
class Spread:
    """Mean, standard deviation and values of a measure over folds."""

    mean: float
    deviation: float
    values: tuple[float, ...]


@dataclass(frozen=True)
class Evaluation:
    """What is known about some predictions whose true classes are known.

    Attributes
    ----------
    images : int
        How many.
    classes : tuple of str
        The classes, in the order of the confusion matrix.
    accuracy, macro_f1 : float
        Over all images; the F1 score is the mean over classes that occur or were predicted.
    majority : float
        Accuracy of always answering the most frequent class.
    cross_entropy : float
        Mean of -log(probability of the true class), in nats.
    log_likelihood : float
        Sum of log(probability of the true class) over the images, in nats.
    auc : float or None
        Area under the ROC curve: of the protected against the other classes, else of the second
        of two classes; for more classes the mean of one against the rest, over those that occur.
    junk_removed : float or None
        Share of the other images that go when 99 % of the protected ones are kept.
    calibration_error : float
        Expected calibration error of the likeliest class, ten equal bins (Naeini et al. 2015).
    per_class : dict of str to ClassScore
        Precision, recall, F1 and support of each class.
    confusion : tuple of tuple of int
        Images by true class (row) and predicted class (column).
    reliability : tuple of (float, float, int)
        For every bin that is not empty mean confidence, accuracy and number of images.
    folds : dict of str to Spread
        Accuracy, macro F1 and AUC over folds; empty without folds.
    """

    images: int
    classes: tuple[str, ...]
    accuracy: float
    macro_f1: float
    majority: float
    cross_entropy: float
    log_likelihood: float
    auc: float | None
    junk_removed: float | None
    calibration_error: float
    per_class: dict[str, ClassScore]
    confusion: tuple[tuple[int, ...], ...]
    reliability: tuple[tuple[float, float, int], ...]
    folds: dict[str, Spread]

    def to_dict(self) -> dict[str, Any]:
        """Return everything as JSON-ready values."""
        return asdict(self)

    def _repr_html_(self) -> str:
        return fragment(
            "classifiers", "evaluation.html", result=self, shares=_shares(self.confusion)
        )


def check_known(labels: ArrayLike, classes: ArrayLike) -> None:
    """Refuse labels that are none of the classes of a model; raises TableError, naming them."""
    known = np.asarray(classes, dtype=str)
    if unknown := sorted(set(np.asarray(labels, dtype=str)) - set(known)):
        raise TableError(
            f"the model does not know the classes {', '.join(unknown)}; it knows {', '.join(known)}"
        )


def evaluate(
    labels: ArrayLike,
    probabilities: ArrayLike,
    classes: Sequence[str],
    *,
    protect: Sequence[str] = (),
    folds: ArrayLike | None = None,
) -> Evaluation:
    """Compare predicted probabilities with the true classes.

    Parameters
    ----------
    labels : array of str, shape (n,)
        True classes.
    probabilities : array of float, shape (n, n_classes)
        Rows sum to 1.
    classes : sequence of str
        The classes of the columns of `probabilities`.
    protect : sequence of str
        Classes that must not be lost; see `Evaluation.junk_removed`.
    folds : array, shape (n,), optional
        Fold of each image, for the spread.

    Raises
    ------
    TableError
        There are no images, shapes do not fit, or a label is none of the classes.
    """
    truth = np.asarray(labels, dtype=str)
    scores = np.asarray(probabilities, np.float64)
    names = np.asarray(classes, dtype=str)
    if not len(truth):
        raise TableError("there are no labelled images to evaluate on")
    if scores.shape != (len(truth), len(names)):
        raise TableError(
            f"probabilities have the shape {scores.shape}, not {(len(truth), len(names))}"
        )
    if not np.isfinite(scores).all():
        raise TableError("a probability is not a number")
    check_known(truth, names)
    codes = np.array([int(np.flatnonzero(names == label)[0]) for label in truth])
    protected = np.isin(names, list(protect))
    confusion = np.zeros((len(names), len(names)), int)
    np.add.at(confusion, (codes, scores.argmax(axis=1)), 1)
    likely = np.log(np.maximum(scores[np.arange(len(codes)), codes], 1e-15))
    per_class = _per_class(confusion, names)
    bins, error = _reliability(codes, scores)
    return Evaluation(
        images=len(codes),
        classes=tuple(map(str, names)),
        accuracy=float(np.trace(confusion) / len(codes)),
        macro_f1=_macro_f1(confusion),
        majority=float(np.bincount(codes).max() / len(codes)),
        cross_entropy=float(-likely.mean()),
        log_likelihood=float(likely.sum()),
        auc=_auc(codes, scores, protected),
        junk_removed=_junk_removed(codes, scores, protected),
        calibration_error=error,
        per_class=per_class,
        confusion=tuple(tuple(map(int, row)) for row in confusion),
        reliability=bins,
        folds={} if folds is None else _over_folds(codes, scores, protected, np.asarray(folds)),
    )


def _shares(confusion: tuple[tuple[int, ...], ...]) -> list[list[float]]:
    counts = np.array(confusion)
    shares: list[list[float]] = (counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)).tolist()
    return shares


def _per_class(confusion: NDArray[np.int_], names: NDArray[np.str_]) -> dict[str, ClassScore]:
    hits, support, chosen = np.diag(confusion), confusion.sum(axis=1), confusion.sum(axis=0)
    return {
        str(name): ClassScore(
            precision=float(hit / pick) if pick else 0.0,
            recall=float(hit / count) if count else 0.0,
            f1=float(2 * hit / (pick + count)) if pick + count else 0.0,
            support=int(count),
        )
        for name, hit, count, pick in zip(names, hits, support, chosen, strict=True)
    }


def _macro_f1(confusion: NDArray[np.int_]) -> float:
    total = confusion.sum(axis=0) + confusion.sum(axis=1)
    return float((2 * np.diag(confusion)[total > 0] / total[total > 0]).mean())


def _auc(
    codes: NDArray[np.int_], scores: NDArray[np.float64], protected: NDArray[np.bool_]
) -> float | None:
    from sklearn.metrics import roc_auc_score

    if protected.any() or len(protected) == 2:
        positive = protected if protected.any() else np.array([False, True])
        cases = [(positive[codes], scores[:, positive].sum(axis=1))]
    else:
        cases = [(codes == k, scores[:, k]) for k in range(len(protected))]
    known = [roc_auc_score(truth, score) for truth, score in cases if 0 < truth.sum() < len(truth)]
    return float(np.mean(known)) if known else None


def _junk_removed(
    codes: NDArray[np.int_], scores: NDArray[np.float64], protected: NDArray[np.bool_]
) -> float | None:
    score, keep = scores[:, protected].sum(axis=1), protected[codes]
    if not keep.any() or keep.all():
        return None
    threshold = np.sort(score[keep])[int(np.floor(0.01 * keep.sum()))]
    return float((score[~keep] < threshold).mean())


def _reliability(
    codes: NDArray[np.int_], scores: NDArray[np.float64]
) -> tuple[tuple[tuple[float, float, int], ...], float]:
    confidence, right = scores.max(axis=1), scores.argmax(axis=1) == codes
    place = np.minimum((confidence * _BINS).astype(int), _BINS - 1)
    bins = tuple(
        (float(confidence[inside].mean()), float(right[inside].mean()), int(inside.sum()))
        for inside in (place == number for number in range(_BINS))
        if inside.any()
    )
    return bins, sum(abs(sure - true) * count for sure, true, count in bins) / len(codes)


def _over_folds(
    codes: NDArray[np.int_],
    scores: NDArray[np.float64],
    protected: NDArray[np.bool_],
    folds: NDArray[Any],
) -> dict[str, Spread]:
    found: dict[str, list[float]] = {"accuracy": [], "macro_f1": [], "auc": []}
    for fold in np.unique(folds):
        part = folds == fold
        confusion = np.zeros((len(protected), len(protected)), int)
        np.add.at(confusion, (codes[part], scores[part].argmax(axis=1)), 1)
        found["accuracy"].append(float(np.trace(confusion) / part.sum()))
        found["macro_f1"].append(_macro_f1(confusion))
        if (auc := _auc(codes[part], scores[part], protected)) is not None:
            found["auc"].append(auc)
    return {
        name: Spread(float(np.mean(values)), float(np.std(values)), tuple(values))
        for name, values in found.items()
        if values
    }
