"""The regression on the numbers of a table, against scikit-learn."""

import numpy as np
import pytest
from scipy.special import log_softmax
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from classifiers.calibration import log_shares
from classifiers.regression import Regression
from classifiers.scaling import Scaling

RANDOM = np.random.default_rng(0)
WIDTH = 12


def numbers_of(codes, apart=1.0):
    middles = np.random.default_rng(7).normal(0, apart, (int(codes.max()) + 1, WIDTH))
    return (middles[codes] + RANDOM.normal(0, 1, (len(codes), WIDTH))).astype(np.float32)


def apart(scores):
    """What classes are given beyond the first one."""
    return scores[:, 1:] - scores[:, :1]


@pytest.mark.parametrize("classes", [2, 4])
def test_it_is_that_of_scikit_learn_without_the_shares(classes):
    codes = np.minimum(RANDOM.integers(0, 2 * classes, 300), classes - 1)  # The last is frequent.
    weights = RANDOM.uniform(0.5, 2, 300)
    numbers = numbers_of(codes)
    numbers[::7, 3] = np.nan
    shares = log_shares(codes, classes, weights)
    learned = Regression.fit(numbers, codes, weights, shares)
    # Within five deviations, with the mean for what is unknown, it is the plain thing.
    reference = make_pipeline(
        SimpleImputer(), StandardScaler(), LogisticRegression(C=9 / WIDTH, max_iter=1000)
    )
    relative = weights / weights.mean()
    reference.fit(numbers, codes, logisticregression__sample_weight=relative)
    wanted = reference.predict_log_proba(numbers) - log_softmax(np.append(0, shares)[-classes:])
    assert apart(learned.evidence(numbers)) == pytest.approx(apart(wanted), rel=5e-3, abs=5e-3)
    said = learned.evidence(numbers)
    assert (said[:, 0] == 0).all() if classes == 2 else said.sum(axis=1) == pytest.approx(0)


def test_contributions_sum_to_the_evidence():
    codes = RANDOM.integers(0, 3, 90)
    numbers = numbers_of(codes)
    numbers[::5, 2] = np.nan
    learned = Regression.fit(numbers, codes, np.ones(90), log_shares(codes, 3))
    given = learned.contributions(numbers)
    assert given.shape == (90, 3, WIDTH)
    assert (given[::5, :, 2] == 0).all()
    assert given.sum(axis=2) + learned.offset == pytest.approx(learned.evidence(numbers))


def test_rows_are_judged_alike_alone_and_together():
    codes = RANDOM.integers(0, 3, 200)
    numbers = numbers_of(codes)
    learned = Regression.fit(numbers, codes, np.ones(200), log_shares(codes, 3))
    together = learned.evidence(numbers)
    assert all((learned.evidence(numbers[[k]]) == together[k]).all() for k in range(200))


def test_a_class_without_rows_is_not_ruled_out():
    codes = np.repeat([0, 2], 40)
    weights = np.repeat([1.0, 1.0], 40)
    learned = Regression.fit(numbers_of(codes), codes, weights, log_shares(codes, 3))
    said = learned.evidence(numbers_of(codes))
    assert np.isfinite(said).all()
    assert (said.argmin(axis=1) == 1).all()


def test_rows_of_weight_zero_teach_nothing():
    codes = np.tile([0, 1], 50)
    numbers = numbers_of(codes, apart=2.0)
    weights = np.repeat([1.0, 0.0], 50)
    shares = log_shares(codes, 2, weights)
    learned = Regression.fit(numbers, codes, weights, shares)
    turned = np.where(weights > 0, codes, 1 - codes)
    again = Regression.fit(numbers, turned, weights, shares)
    assert (again.weights == learned.weights).all()


def test_numbers_that_are_nowhere_known_or_always_the_same():
    codes = np.tile([0, 1], 30)
    numbers = numbers_of(codes)
    numbers[:, 0], numbers[:, 1] = np.nan, 4.0
    scaling = Scaling.of(numbers)
    assert scaling.mean[:2].tolist() == [0, 4]
    assert scaling.deviation[:2].tolist() == [1, 1]
    wild = np.array([[np.nan, np.inf, *np.full(WIDTH - 2, 1e30)]], np.float32)
    assert scaling.apply(wild)[0, :2].tolist() == [0, 5]
    assert (scaling.apply(wild)[0, 2:] == 5).all()
    learned = Regression.fit(numbers, codes, np.ones(60), log_shares(codes, 2))
    assert (learned.weights[:2] == 0).all()
    assert np.isfinite(learned.evidence(wild)).all()


@pytest.mark.parametrize("name", ["mean", "deviation", "weights", "offset"])
def test_arrays_that_do_not_fit_together(name):
    codes = np.tile([0, 1, 2], 10)
    arrays = Regression.fit(numbers_of(codes), codes, np.ones(30), log_shares(codes, 3)).to_arrays()
    assert Regression.from_arrays(arrays).to_arrays().keys() == arrays.keys()
    with pytest.raises(ValueError, match="don't fit together"):
        Regression.from_arrays({**arrays, f"regression_{name}": np.zeros((2, 7))})
    del arrays[f"regression_{name}"]
    with pytest.raises(KeyError):
        Regression.from_arrays(arrays)
