"""Parameters that nothing can be fitted with are named, with their value and what is allowed."""

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone

from classifiers import FusionClassifier, TableEncoder, TabularClassifier
from classifiers.parameters import _ALLOWED, check_parameters
from classifiers.table import TableError

WHOLE = {
    "words": 0,
    "num_leaves": 2,
    "max_rounds": 1,
    "patience": 1,
    "min_images": 0,
    "folds": 2,
    "random_state": 0,
    "n_jobs": -1,
    "n_components": 1,
}

WRONG = [
    ("num_leaves", 0, "num_leaves=0; give a whole number from 2 to 131072"),
    ("num_leaves", 200_000, "from 2 to 131072"),
    ("num_leaves", 7.0, "num_leaves=7.0; give a whole number"),
    ("learning_rate", "a", "learning_rate='a'; give a number above 0"),
    ("learning_rate", 0, "learning_rate=0; give a number above 0"),
    ("learning_rate", float("nan"), "learning_rate=nan; give a number above 0"),
    ("learning_rate", float("inf"), "learning_rate=inf; give a number above 0"),
    ("column_share", 5, "column_share=5; give a number above 0, at most 1"),
    ("column_share", 0.0, "column_share=0.0; give"),
    ("columns", "area", "columns='area'; give a list of column names, or None"),
    ("columns", 5, "columns=5; give a list of column names, or None"),
    ("columns", ["width", 3], r"columns=\['width', 3\]; give a list of column names, or None"),
    ("class_weight", {"notes": "heavy"}, "a number of at least 0 for each class"),
    ("class_weight", {"notes": -1.0}, "a number of at least 0 for each class"),
    ("priors", ["equal"], "choose from: equal, or None"),
    ("protect", None, "protect=None; give a list of class names"),
    ("protect", 3, "protect=3; give a list of class names"),
    ("mode", 1, "mode=1; choose from: pca, stack, product"),
    ("random_state", np.random.RandomState(0), "give a whole number from 0 to 4294967295, or None"),
]


@pytest.mark.parametrize(("name", "value", "message"), WRONG)
def test_a_wrong_value_is_refused_by_fit(three, quick, name, value, message):
    kind = TabularClassifier if name in TabularClassifier().get_params() else FusionClassifier
    model = clone(kind()).set_params(**{**quick, name: value})  # Not yet.
    with pytest.raises(TableError, match=message):
        model.fit(*three)


@pytest.mark.parametrize(("name", "least"), WHOLE.items())
def test_whole_numbers_have_a_least_one(name, least):
    check_parameters(FusionClassifier().set_params(**{name: least}))
    check_parameters(FusionClassifier().set_params(**{name: np.int64(least + 1)}))
    for wrong in (least - 1, least + 0.5, str(least), True, [least]):
        with pytest.raises(TableError, match=rf"^{name}=.*; give a whole number"):
            check_parameters(FusionClassifier().set_params(**{name: wrong}))


@pytest.mark.parametrize(
    "values",
    [
        {"columns": ()},
        {"columns": np.array(["width", "height"])},
        {"columns": pd.Index(["width"])},
        {"columns": {"width"}},
        {"learning_rate": np.float32(0.1), "column_share": 1},
        {"class_weight": "balanced", "priors": "equal"},
        {"class_weight": {"notes": 0, "memes": np.float64(2)}, "priors": None},
        {"protect": np.array(["notes"])},
        {"random_state": None, "n_jobs": None},
    ],
)
def test_what_is_allowed(values):
    check_parameters(FusionClassifier().set_params(**values))


def test_every_parameter_of_the_models_is_known():
    names = set(FusionClassifier().get_params()) | set(TabularClassifier().get_params())
    assert names == set(_ALLOWED)
    assert set(TableEncoder().get_params()) <= names


def test_an_encoder_refuses_them_too(three):
    with pytest.raises(TableError, match="columns='area'; give a list"):
        TableEncoder(columns="area").fit(three[0])
    with pytest.raises(TableError, match="words=-3; give a whole number of at least 0"):
        TableEncoder(words=-3).fit(three[0])
