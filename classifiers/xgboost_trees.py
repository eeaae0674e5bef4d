"""XGBoost in the place of LightGBM, for the trees of an XCNN."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from classifiers.extras import needs

if TYPE_CHECKING:
    import xgboost

Floats = NDArray[np.float64]

_NAMES = {
    "learning_rate": "eta",
    "num_leaves": "max_leaves",
    "feature_fraction": "colsample_bytree",
    "lambda_l2": "lambda",
    "num_class": "num_class",
    "seed": "seed",
    "num_threads": "nthread",
}


def fit_boosters(
    numbers: NDArray[np.float32],
    codes: NDArray[np.intp],
    weights: Floats,
    parameters: Mapping[str, Any],
    stop: NDArray[np.bool_] | None = None,
    rounds: int | None = None,
) -> xgboost.Booster:
    """Train trees; see `classifiers.boosting.fit_boosters`, whose parameters are translated.

    XGBoost does not limit the images in a leaf; ``min_data_in_leaf`` has no counterpart.

    Raises
    ------
    MissingExtra
        XGBoost is not installed.
    """
    library = needs("xgboost", "boosting with XGBoost", "xgboost")
    chosen: dict[str, Any] = {
        "objective": "multi:softprob",
        "tree_method": "hist",
        "grow_policy": "lossguide",
        "max_depth": 0,
        "subsample": 0.8,
        "lambda": 5.0,
        "eval_metric": "mlogloss",
        **{_NAMES[name]: value for name, value in parameters.items() if name in _NAMES},
    }

    def data(rows: NDArray[np.bool_]) -> Any:
        return library.DMatrix(numbers[rows], codes[rows], weight=weights[rows])

    everything = np.ones(len(codes), bool)
    if rounds is not None or stop is None:
        most = rounds or parameters["max_rounds"]
        return library.train(chosen, data(everything), num_boost_round=most)
    return library.train(
        chosen,
        data(~stop),
        num_boost_round=parameters["max_rounds"],
        evals=[(data(stop), "held_out")],
        early_stopping_rounds=parameters["patience"],
        verbose_eval=False,
    )


def rounds_of(booster: xgboost.Booster) -> int:
    """Return how many rounds were best."""
    return int(booster.best_iteration) + 1


def raw_scores(booster: xgboost.Booster, numbers: NDArray[np.float32]) -> Floats:
    """Return the raw scores, shape (n, n_classes), of the best rounds."""
    library = needs("xgboost", "boosting with XGBoost", "xgboost")
    stopped = booster.attr("best_iteration")
    rounds = (0, int(stopped) + 1) if stopped is not None else (0, 0)
    found = booster.predict(library.DMatrix(numbers), output_margin=True, iteration_range=rounds)
    return np.asarray(found, np.float64)
