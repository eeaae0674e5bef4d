"""Drawn or real by one measure of a picture: the length of its file, smoothing, or few colours.

They answer in milliseconds and are often wrong; ``docs/rules.md`` says how often.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from classifiers.rule import Floats, Rule, load_rule
from classifiers.table import TableError
from epic_features.errors import ImageError, ModelFileError
from epic_features.extras.cartoon import bilateral_similarity, top512_colors_ratio
from epic_features.extras.encoded import encoded_lengths
from epic_features.image import Image


class BytesClassifier(Rule):
    """Judges by the length of the file, written as bytes, as hex and as base64.

    The values of each length are cut into ranges of equally many training pictures, a picture
    becomes three one-hot vectors, and a logistic regression (L2, C = 1) gives every range a score.
    The two other lengths follow from the first, so they add nothing to it.

    Parameters
    ----------
    ranges : int
        Ranges of each length.
    class_weight : "balanced" or None
        See `Rule`.

    Attributes
    ----------
    edges_ : dict of str to ndarray of float64
        For each length where the next range begins; fewer than asked for where many are equal.
    scores_ : dict of str to ndarray of float64
        For each length what every range adds to the log odds of "animated".
    bias_ : float
        Log odds before any length is known.
    """

    kind = "bytes"
    columns = ("byte_length", "hex_length", "base64_length")

    def __init__(self, *, ranges: int = 10, class_weight: str | None = "balanced") -> None:
        self.ranges = ranges
        self.class_weight = class_weight

    def _learn(self, values: Floats, drawn: NDArray[np.bool_], weights: Floats) -> None:
        from sklearn.linear_model import LogisticRegression

        if self.ranges < 2:
            raise TableError(f"ranges={self.ranges}; at least 2 are needed")
        inner = np.linspace(0, 1, self.ranges + 1)[1:-1]
        # Lengths are whole numbers: a range begins at one, so that the file can be read.
        self.edges_ = {
            name: np.unique(np.ceil(np.quantile(values[:, place], inner)))
            for place, name in enumerate(self.columns)
        }
        hot = np.hstack(
            [
                np.eye(len(self.edges_[name]) + 1)[self._range_of(name, values[:, place])]
                for place, name in enumerate(self.columns)
            ]
        )
        model = LogisticRegression(max_iter=1000).fit(hot, drawn, sample_weight=weights)
        ends = np.cumsum([len(self.edges_[name]) + 1 for name in self.columns])[:-1]
        parts = np.split(model.coef_[0].round(6), ends)
        self.scores_ = dict(zip(self.columns, parts, strict=True))
        self.bias_ = round(float(model.intercept_[0]), 6)

    def _log_odds(self, values: Floats) -> Floats:
        parts = (
            self.scores_[name][self._range_of(name, values[:, place])]
            for place, name in enumerate(self.columns)
        )
        return np.asarray(self.bias_ + sum(parts))

    def _measure(self, image: Image) -> Mapping[str, float]:
        if image.encoded is None:
            raise ImageError(
                image.relative_path or "<pixels>",
                "pixels without a file have no length; give the encoded file",
                "bytes",
            )
        return encoded_lengths(image.encoded)

    def _reason(self, values: Floats, drawn: bool) -> str:
        edges = self.edges_["byte_length"]
        place = int(self._range_of("byte_length", values[0]))
        low = int(edges[place - 1]) if place else 0
        if place == len(edges):
            lengths = f"{low:,} bytes and more"
        else:
            lengths = f"{low:,} to {int(edges[place]) - 1:,} bytes"
        kind = "drawings" if drawn else "photographs"
        return f"files of {lengths} are more often {kind}"

    def _range_of(self, name: str, lengths: Floats) -> NDArray[np.intp]:
        return np.searchsorted(self.edges_[name], lengths, side="right")

    def _state(self) -> dict[str, Any]:
        return {
            "edges": {name: edges.astype(int).tolist() for name, edges in self.edges_.items()},
            "scores": {name: scores.tolist() for name, scores in self.scores_.items()},
            "bias": self.bias_,
        }

    def _restore(self, state: Mapping[str, Any]) -> None:
        self.edges_ = {name: np.array(state["edges"][name], float) for name in self.columns}
        self.scores_ = {name: np.array(state["scores"][name], float) for name in self.columns}
        self.bias_ = float(state["bias"])
        for name in self.columns:
            edges, scores = self.edges_[name], self.scores_[name]
            if scores.shape != (len(edges) + 1,) or (np.diff(edges) <= 0).any():
                raise ValueError(f"the ranges of {name} don't fit together")
        if not np.isfinite([self.bias_, *np.concatenate([*self.scores_.values()])]).all():
            raise ValueError("a score is not a number")


class _ThresholdClassifier(Rule):
    """Judges by one column: above a threshold a picture is a drawing.

    The probability is a logistic curve through one half at the threshold. Its steepness, and the
    threshold where none is given, are learned: the threshold halfway between the two values at
    which most (weighted) training pictures are right.
    """

    threshold: float | None
    _words: ClassVar[tuple[str, str]]
    """What is said of a drawing and of a photograph, with ``value`` and ``threshold``."""

    def _learn(self, values: Floats, drawn: NDArray[np.bool_], weights: Floats) -> None:
        if self.threshold is None:
            self.threshold_ = _best_threshold(values[:, 0], drawn, weights)
        else:
            self.threshold_ = float(self.threshold)
        self.scale_ = _best_scale(values[:, 0] - self.threshold_, drawn, weights)

    def _log_odds(self, values: Floats) -> Floats:
        return np.asarray((values[:, 0] - self.threshold_) / self.scale_)

    def _reason(self, values: Floats, drawn: bool) -> str:
        words = self._words[0 if drawn else 1]
        return words.format(value=values[0], threshold=self.threshold_)

    def _state(self) -> dict[str, Any]:
        return {"threshold": self.threshold_, "scale": self.scale_}

    def _restore(self, state: Mapping[str, Any]) -> None:
        self.threshold_, self.scale_ = float(state["threshold"]), float(state["scale"])
        if not (np.isfinite(self.threshold_) and 0 < self.scale_ < np.inf):
            raise ValueError(f"threshold {self.threshold_}, scale {self.scale_}")


class BilateralClassifier(_ThresholdClassifier):
    """Judges by how alike the colours are before and after a bilateral filter.

    Parameters
    ----------
    threshold : float, optional
        Correlation of the histograms in [-1, 1], above which a picture is a drawing; see the column
        ``bilateral_similarity``. By default it is learned.
    class_weight : "balanced" or None
        See `Rule`.

    Attributes
    ----------
    threshold_ : float
        The threshold in use.
    scale_ : float
        Distance from the threshold that changes the log odds by one.
    """

    kind = "bilateral"
    columns = ("bilateral_similarity",)
    _words = (
        "smoothing leaves its colours alike ({value:.4f}, above {threshold:.4f})",
        "smoothing changes its colours ({value:.4f}, not above {threshold:.4f})",
    )

    def __init__(
        self, *, threshold: float | None = None, class_weight: str | None = "balanced"
    ) -> None:
        self.threshold = threshold
        self.class_weight = class_weight

    def _measure(self, image: Image) -> Mapping[str, float]:
        return {self.columns[0]: bilateral_similarity(image)}


class ColorsClassifier(_ThresholdClassifier):
    """Judges by how much of the picture its 512 most frequent colours cover.

    Parameters
    ----------
    threshold : float or None
        Share in [0, 1] above which a picture is a drawing; see the column ``top512_colors_ratio``.
        None learns it. The default is the threshold of the idea's first version.
    class_weight : "balanced" or None
        See `Rule`.

    Attributes
    ----------
    threshold_ : float
        The threshold in use.
    scale_ : float
        Distance from the threshold that changes the log odds by one.
    """

    kind = "colors"
    columns = ("top512_colors_ratio",)
    _words = (
        "its 512 most frequent colours cover {value:.1%} of it, more than {threshold:.1%}",
        "its 512 most frequent colours cover {value:.1%} of it, not more than {threshold:.1%}",
    )

    def __init__(
        self, *, threshold: float | None = 0.3, class_weight: str | None = "balanced"
    ) -> None:
        self.threshold = threshold
        self.class_weight = class_weight

    def _measure(self, image: Image) -> Mapping[str, float]:
        return {self.columns[0]: top512_colors_ratio(image)}


QUICK: Mapping[str, type[Rule]] = MappingProxyType(
    {kind.kind: kind for kind in (BytesClassifier, BilateralClassifier, ColorsClassifier)}
)
"""The rules by name."""


def load(name: str) -> Rule:
    """Return a trained rule that comes with the library: a name of `QUICK`.

    Raises
    ------
    ModelFileError
        There is no rule of that name, or its file is damaged.
    """
    if name not in QUICK:
        raise ModelFileError(f"there is no rule {name!r}; choose from: {', '.join(QUICK)}")
    return load_rule(QUICK[name], Path(__file__).parent / "pretrained" / name)


def _best_threshold(values: Floats, drawn: NDArray[np.bool_], weights: Floats) -> float:
    order = np.argsort(values, kind="stable")
    ordered = values[order]
    cuts = np.flatnonzero(np.diff(ordered))
    if not len(cuts):
        raise TableError(f"every picture has the value {ordered[0]}; nothing can be told apart")
    right = np.cumsum(np.where(drawn, -weights, weights)[order])[cuts]
    best = cuts[right.argmax()]
    return float(ordered[best] + ordered[best + 1]) / 2


def _best_scale(distances: Floats, drawn: NDArray[np.bool_], weights: Floats) -> float:
    from scipy.optimize import minimize_scalar

    signed = np.where(drawn, distances, -distances)

    def loss(log_scale: float) -> float:
        return float(np.average(np.logaddexp(0, -signed / np.exp(log_scale)), weights=weights))

    found = minimize_scalar(loss, bounds=(np.log(1e-4), np.log(10)), method="bounded")
    return round(float(np.exp(found.x)), 7)
