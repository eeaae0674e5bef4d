"""What is expected of a class before a picture is seen: by Bayes' rule, and counted by hand."""

import numpy as np
import pyarrow as pa
import pytest
from scipy.special import softmax

from classifiers import TabularClassifier
from classifiers.calibration import log_shares
from classifiers.table import TableError

pytestmark = pytest.mark.usefixtures("lightgbm")


@pytest.fixture(scope="module")
def uneven(make_table):
    return make_table({"memes": 60, "notes": 24, "personal": 12}, seed=3)


def shares_of(labels):
    counts = np.unique(labels.astype(str), return_counts=True)[1]
    return counts / counts.sum()


def test_shares_are_counted_and_weighed():
    codes = np.array([0, 0, 0, 1, 2, 2])
    assert np.exp(log_shares(codes, 3)) == pytest.approx([3 / 6, 1 / 6, 2 / 6])
    weights = np.array([1, 1, 1, 6, 1.5, 1.5]) / 1000
    assert np.exp(log_shares(codes, 3, weights)) == pytest.approx([3 / 12, 6 / 12, 3 / 12])
    # A class that is not there counts as one image.
    assert np.exp(log_shares(codes, 4)) == pytest.approx(np.array([3, 1, 2, 1]) / 7)
    # Of two classes the first one's score is 0, and so is what is taken off it.
    assert log_shares(np.array([0, 1, 1, 1]), 2) == pytest.approx([0, np.log(3)])


def test_equal_priors_divide_by_the_shares(uneven, quick):
    table, labels = uneven
    plain = TabularClassifier(**quick).fit(table, labels)
    equal = TabularClassifier(**quick, priors="equal").fit(table, labels)
    assert equal.booster_.model_to_string() == plain.booster_.model_to_string()
    equal.weights_ = plain.weights_  # Which are found for either prior.
    wanted = plain.raw_scores(table) - np.log(shares_of(labels))
    assert softmax(equal.raw_scores(table), axis=1) == pytest.approx(
        softmax(wanted, axis=1), abs=1e-6
    )
    assert equal.predict_proba(table)[:, 2].sum() > plain.predict_proba(table)[:, 2].sum()


@pytest.mark.parametrize("priors", [None, "equal"])
def test_held_out_rows_are_judged_by_the_shares_of_the_others(priors, uneven, quick):
    """By a model of the other folds: what its parts say, weighted, and its own prior."""
    table, labels = uneven
    fold = np.arange(len(labels)) % 4
    fold[labels == "notes"] %= 2  # The shares differ from fold to fold.
    slow = {**quick, "max_rounds": 4, "learning_rate": 0.02}  # No fold stops before the last round.
    model = TabularClassifier(**slow, priors=priors).fit(table, labels, fold=fold)
    for number in range(4):
        rows, rest = (table.filter(pa.array(kept)) for kept in (fold == number, fold != number))
        others = TabularClassifier(**slow).fit(rest, labels[fold != number])
        found = np.log(model.out_of_fold_[fold == number])
        if priors is None:
            found -= np.log(shares_of(labels[fold != number]))
        said = others.parts_.evidence(rows, others.classes_)
        apart = [(odds[:, 1:] - odds[:, :1]).ravel() for odds in (found, *said)]
        both = np.column_stack(apart[1:])
        weights, *_ = np.linalg.lstsq(both, apart[0])
        assert both @ weights == pytest.approx(apart[0], abs=1e-6)
        assert ((weights > -1e-6) & (weights < 1 + 1e-6)).all()


def test_contributions_follow_every_weight(uneven, quick):
    table, labels = uneven
    for priors in (None, "equal"):
        model = TabularClassifier(**quick, priors=priors).fit(table, labels)
        model.weights_ = np.array([0.5, 0.3])
        total = model.contributions(table).sum(axis=2)
        assert total == pytest.approx(model.raw_scores(table), abs=1e-6)


def test_only_two_priors_are_known(uneven, quick):
    with pytest.raises(TableError, match="priors='fair'"):
        TabularClassifier(**quick, priors="fair").fit(*uneven)


def test_priors_are_saved(uneven, quick, tmp_path):
    table, labels = uneven
    model = TabularClassifier(**quick, priors="equal").fit(table, labels)
    model.save(tmp_path)
    again = TabularClassifier.load(tmp_path)
    assert again.priors == "equal"
    assert np.array_equal(again.predict_proba(table), model.predict_proba(table))
