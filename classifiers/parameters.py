"""What may be chosen about models of feature tables."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from math import inf, isfinite
from numbers import Integral, Real
from typing import Any

from sklearn.base import BaseEstimator

from classifiers.table import TableError

MODES = ("pca", "stack", "product")
"""What `FusionEncoder` can make of columns of lists."""


@dataclass(frozen=True)
class _Allowed:
    """Values of a parameter: what to do in words, and whether one of them is among them."""

    advice: str
    holds: Callable[[Any], bool]


def _whole(least: int, most: float = inf) -> _Allowed:
    limits = f"of at least {least}" if most == inf else f"from {least} to {most}"
    return _Allowed(
        f"give a whole number {limits}",
        lambda value: _is(value, Integral) and least <= value <= most,
    )


def _is(value: object, kind: type) -> bool:
    return isinstance(value, kind) and not isinstance(value, bool)


def _is_collection(value: object) -> bool:
    return isinstance(value, Collection) and not isinstance(value, str | bytes)


def _is_number(value: Any) -> bool:
    return _is(value, Real) and isfinite(value)


def _one_of(*choices: str) -> _Allowed:
    return _Allowed(
        f"choose from: {', '.join(choices)}",
        lambda value: isinstance(value, str) and value in choices,
    )


def _or_none(allowed: _Allowed) -> _Allowed:
    return _Allowed(
        f"{allowed.advice}, or None", lambda value: value is None or allowed.holds(value)
    )


_ALLOWED: Mapping[str, _Allowed] = {
    "columns": _or_none(
        _Allowed(
            "give a list of column names",
            lambda value: _is_collection(value) and all(isinstance(name, str) for name in value),
        )
    ),
    "words": _whole(0),
    "learning_rate": _Allowed("give a number above 0", lambda v: _is_number(v) and v > 0),
    "num_leaves": _whole(2, 131_072),  # The limits of LightGBM.
    "max_rounds": _whole(1),
    "patience": _whole(1),
    "min_images": _whole(0),
    "column_share": _Allowed(
        "give a number above 0, at most 1", lambda value: _is_number(value) and 0 < value <= 1
    ),
    "class_weight": _or_none(
        _Allowed(
            "give 'balanced', or a dict with a number of at least 0 for each class",
            lambda value: (
                all(_is_number(weight) and weight >= 0 for weight in value.values())
                if isinstance(value, Mapping)
                else isinstance(value, str) and value == "balanced"
            ),
        )
    ),
    "priors": _or_none(_one_of("equal")),
    "protect": _Allowed("give a list of class names", _is_collection),
    "folds": _whole(2),
    "random_state": _or_none(_whole(0, 2**32 - 1)),  # That of numpy.
    "n_jobs": _or_none(_whole(-1)),
    "mode": _one_of(*MODES),
    "n_components": _whole(1),
}


def check_parameters(estimator: BaseEstimator) -> None:
    """Refuse parameters that nothing can be fitted with.

    By scikit-learn's convention `fit` calls this, not the constructor.

    Parameters
    ----------
    estimator : sklearn.base.BaseEstimator
        A model or encoder of feature tables.

    Raises
    ------
    TableError
        Naming the parameter, its value and what is allowed.
    """
    for name, value in estimator.get_params(deep=False).items():
        allowed = _ALLOWED.get(name)
        if allowed is not None and not allowed.holds(value):
            raise TableError(f"{name}={value!r}; {allowed.advice}")
