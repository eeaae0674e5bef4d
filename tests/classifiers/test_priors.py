"""What is expected of a class before a picture is seen: by Bayes' rule, and counted by hand."""

import json

import numpy as np
import pytest
from scipy.special import softmax

from classifiers import FusionClassifier, TabularClassifier
from classifiers.calibration import log_shares
from classifiers.table import TableError
from epic_features.errors import ModelFileError

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
    wanted = plain.decision_function(table) - np.log(shares_of(labels))
    assert softmax(equal.decision_function(table), axis=1) == pytest.approx(
        softmax(wanted, axis=1), abs=1e-6
    )
    assert equal.predict_proba(table)[:, 2].sum() > plain.predict_proba(table)[:, 2].sum()


def test_held_out_rows_are_judged_by_the_shares_of_the_others(uneven, quick):
    """What the two say of a fold differs by the shares of the other folds, temperatures apart."""
    table, labels = uneven
    fold = np.arange(len(labels)) % 4
    fold[labels == "notes"] %= 2  # The shares differ from fold to fold.
    plain = TabularClassifier(**quick).fit(table, labels, fold=fold)
    equal = TabularClassifier(**quick, priors="equal").fit(table, labels, fold=fold)
    for number in range(4):
        rows = fold == number
        said = [np.log(model.out_of_fold_[rows]) for model in (plain, equal)]
        before, after = ((odds[:, 1:] - odds[:, :1]).ravel() for odds in said)
        shares = shares_of(labels[~rows])
        wanted = np.tile(np.log(shares[1:] / shares[0]), rows.sum())
        both = np.column_stack([before, -after])
        temperatures, *_ = np.linalg.lstsq(both, wanted)
        assert both @ temperatures == pytest.approx(wanted, abs=1e-6)
        assert (temperatures > 0.999).all()


def test_contributions_follow_every_temperature(uneven, quick):
    table, labels = uneven
    for priors in (None, "equal"):
        model = TabularClassifier(**quick, priors=priors).fit(table, labels)
        model.part_temperatures_ = np.array([2.0])
        total = model.contributions(table).sum(axis=2)
        assert total == pytest.approx(model.decision_function(table), abs=1e-6)


def test_only_two_priors_are_known(uneven, quick):
    with pytest.raises(TableError, match="priors='fair'"):
        TabularClassifier(**quick, priors="fair").fit(*uneven)


def test_priors_are_saved_and_older_models_have_none(uneven, quick, tmp_path):
    table, labels = uneven
    model = TabularClassifier(**quick, priors="equal").fit(table, labels)
    model.save(tmp_path)
    assert np.array_equal(
        TabularClassifier.load(tmp_path).predict_proba(table), model.predict_proba(table)
    )
    record = json.loads((tmp_path / "model.json").read_text(encoding="utf-8"))
    (tmp_path / "model.json").write_text(json.dumps({**record, "log_shares": [0.0]}))
    with pytest.raises(ModelFileError, match="damaged"):
        TabularClassifier.load(tmp_path)
    del record["log_shares"], record["parameters"]["priors"]
    (tmp_path / "model.json").write_text(json.dumps(record))
    older = TabularClassifier.load(tmp_path)
    raw = TabularClassifier(**quick).fit(table, labels).decision_function(table)
    assert older.decision_function(table) == pytest.approx(raw, abs=1e-9)


def test_a_fusion_takes_them_too():
    assert FusionClassifier(priors="equal").get_params()["priors"] == "equal"
