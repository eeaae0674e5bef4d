"""LightGBM, set up so that the same data give the same trees on every machine of a kind."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from classifiers.calibration import softmax
from classifiers.extras import require_lightgbm

if TYPE_CHECKING:
    import lightgbm

_AT_ONCE = 50
"""The trees of so many rounds are asked together."""
_TEMPERATURES = (0.7, 1.0, 1.4, 2.0, 2.8, 4.0)

Floats = NDArray[np.float64]

_FIXED = {
    "deterministic": True,
    "force_row_wise": True,
    "verbosity": -1,
    "bagging_fraction": 0.8,
    "bagging_freq": 1,
    "lambda_l2": 5.0,
    "metric": "None",
}


def fit_boosters(
    numbers: NDArray[np.float32],
    codes: NDArray[np.intp],
    weights: Floats,
    parameters: Mapping[str, Any],
    stop: NDArray[np.bool_] | None = None,
    rounds: int | None = None,
) -> lightgbm.Booster:
    """Train trees.

    Parameters
    ----------
    numbers : ndarray of float32, shape (n, n_features)
        NaN where unknown.
    codes : ndarray of int, shape (n,)
        Index of the class of each row.
    weights : ndarray of float64, shape (n,)
        Weight of each row.
    parameters : mapping
        LightGBM's parameters with ``num_class``, and ``max_rounds`` and ``patience``.
    stop : ndarray of bool, shape (n,), optional
        Rows that only tell when to stop.
    rounds : int, optional
        Train on all rows for exactly so many rounds.
    """
    require_lightgbm()
    import lightgbm

    chosen = {**_FIXED, **parameters}
    most, patience = chosen.pop("max_rounds"), chosen.pop("patience")
    binary = chosen["num_class"] == 2
    chosen["objective"] = "binary" if binary else "multiclass"
    if binary:
        del chosen["num_class"]

    def data(rows: NDArray[np.bool_], reference: lightgbm.Dataset | None) -> lightgbm.Dataset:
        return lightgbm.Dataset(
            numbers[rows], codes[rows], weight=weights[rows], reference=reference
        )

    everything = np.ones(len(codes), bool)
    if rounds is not None or stop is None:
        return lightgbm.train(chosen, data(everything, None), num_boost_round=rounds or most)
    train = data(~stop, None)
    return lightgbm.train(
        chosen,
        train,
        num_boost_round=most,
        valid_sets=[data(stop, train)],
        feval=_calibrated_loss,
        callbacks=[lightgbm.early_stopping(patience, verbose=False)],
    )


def _calibrated_loss(raw: Floats, data: lightgbm.Dataset) -> tuple[str, float, bool]:
    """Return the cross-entropy at the best of a few temperatures.

    The plain one grows as soon as the trees become too sure of themselves, long before they stop
    getting better at telling the classes apart; that is mended afterwards by the temperature.
    """
    logits = np.column_stack([np.zeros(len(raw)), raw]) if raw.ndim == 1 else raw
    codes = np.asarray(data.get_label(), np.intp)
    rows = np.arange(len(codes))
    losses = [
        -np.log(np.maximum(softmax(logits, temperature)[rows, codes], 1e-12)).mean()
        for temperature in _TEMPERATURES
    ]
    return "calibrated loss", float(min(losses)), False


def rounds_of(booster: lightgbm.Booster) -> int:
    """Return how many rounds were best."""
    return int(booster.best_iteration)


def raw_scores(booster: lightgbm.Booster, numbers: NDArray[np.float32]) -> Floats:
    """Return the raw scores, shape (n, n_classes); of two classes the first one's is 0."""
    if not len(numbers):
        return np.zeros((0, max(2, booster.num_model_per_iteration())))
    rounds = booster.best_iteration if booster.best_iteration > 0 else booster.current_iteration()
    raw: Floats = np.zeros(1)
    # A few trees at a time go over all rows, while the processor's cache holds them.
    for first in range(0, rounds, _AT_ONCE):
        some = min(_AT_ONCE, rounds - first)
        raw = raw + np.asarray(booster.predict(numbers, first, some, raw_score=True), np.float64)
    return np.column_stack([np.zeros(len(raw)), raw]) if raw.ndim == 1 else raw


def contributions(booster: lightgbm.Booster, numbers: NDArray[np.float32]) -> Floats:
    """Return how much each feature adds to the raw score of each class (Lundberg et al. 2020).

    Returns
    -------
    ndarray of float64, shape (n, n_classes, n_features + 1)
        The last entry is the score without knowing anything; they sum to `raw_scores`.
    """
    found = np.asarray(booster.predict(numbers, pred_contrib=True), np.float64)
    per_class = found.reshape(len(numbers), booster.num_model_per_iteration(), -1)
    if per_class.shape[1] == 1:
        return np.concatenate([np.zeros_like(per_class), per_class], axis=1)
    return per_class
