"""Every figure against scikit-learn, or against counting."""

import json
import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics

from classifiers import evaluate
from classifiers.table import TableError

CLASSES = ["animated", "memes", "personal"]


def drawn_case(seed, count=200, classes=3, sure=2.0):
    random = np.random.default_rng(seed)
    codes = random.integers(0, classes, count)
    logits = random.normal(0, 1, (count, classes)) + sure * np.eye(classes)[codes]
    scores = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    return codes, scores


@settings(max_examples=25)
@given(st.integers(0, 9999), st.integers(5, 60))
def test_figures_are_those_of_scikit_learn(seed, count):
    codes, scores = drawn_case(seed, count)
    labels = [CLASSES[c] for c in codes]
    found = evaluate(labels, scores, CLASSES)
    answers = [CLASSES[c] for c in scores.argmax(axis=1)]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        each = metrics.precision_recall_fscore_support(labels, answers, labels=CLASSES)
        macro = metrics.f1_score(labels, answers, average="macro")
    assert found.images == count
    assert found.accuracy == pytest.approx(metrics.accuracy_score(labels, answers))
    assert found.macro_f1 == pytest.approx(macro)
    loss = metrics.log_loss(labels, scores, labels=CLASSES)
    assert found.cross_entropy == pytest.approx(loss)
    assert found.log_likelihood == pytest.approx(-loss * count)
    assert found.majority == np.bincount(codes).max() / count
    assert np.array_equal(
        found.confusion, metrics.confusion_matrix(labels, answers, labels=CLASSES)
    )
    for name, *figures in zip(CLASSES, *each, strict=True):
        score = found.per_class[name]
        assert (score.precision, score.recall, score.f1, score.support) == pytest.approx(figures)


def test_area_under_the_curve():
    codes, scores = drawn_case(1)
    labels = np.array(CLASSES)[codes]
    multi = metrics.roc_auc_score(codes, scores, multi_class="ovr")
    assert evaluate(labels, scores, CLASSES).auc == pytest.approx(multi)
    kept = np.isin(labels, ["memes", "personal"])
    expected = metrics.roc_auc_score(kept, scores[:, 1] + scores[:, 2])
    found = evaluate(labels, scores, CLASSES, protect=["memes", "personal"])
    assert found.auc == pytest.approx(expected)
    codes, scores = drawn_case(2, classes=2)
    binary = evaluate(np.array(["a", "b"])[codes], scores, ["a", "b"])
    assert binary.auc == pytest.approx(metrics.roc_auc_score(codes, scores[:, 1]))


def test_a_class_without_images():
    codes, scores = drawn_case(1)
    kept = codes != 1
    found = evaluate(np.array(CLASSES)[codes[kept]], scores[kept], CLASSES)
    ones = [metrics.roc_auc_score(codes[kept] == k, scores[kept, k]) for k in (0, 2)]
    assert found.auc == pytest.approx(np.mean(ones))
    assert found.per_class["memes"].support == 0
    assert found.per_class["memes"].recall == 0
    assert evaluate(["memes"] * 3, scores[:3], CLASSES).auc is None


@settings(max_examples=40)
@given(st.integers(0, 9999), st.integers(10, 500), st.sampled_from([1, 2, 9]))
def test_junk_removed_is_the_most_that_keeps_99_percent(seed, count, digits):
    codes, scores = drawn_case(seed, count, sure=1.0)
    codes[:2] = [0, 2]
    scores = scores.round(digits)
    found = evaluate(np.array(CLASSES)[codes], scores, CLASSES, protect=["personal"])
    mine, junk = scores[codes == 2, 2], scores[codes != 2, 2]
    best = max(
        (junk < threshold).mean()
        for threshold in [*np.unique(scores[:, 2]), 2]
        if (mine >= threshold).sum() >= 0.99 * len(mine)
    )
    assert found.junk_removed == pytest.approx(best)


def test_junk_removed_needs_both_kinds():
    _, scores = drawn_case(0, 4)
    assert evaluate(["memes"] * 4, scores, CLASSES, protect=["personal"]).junk_removed is None
    assert evaluate(["personal"] * 4, scores, CLASSES, protect=["personal"]).junk_removed is None
    assert evaluate(["personal", "memes"] * 2, scores, CLASSES).junk_removed is None


def test_calibration_against_brute_force():
    codes, scores = drawn_case(3, 500)
    found = evaluate(np.array(CLASSES)[codes], scores, CLASSES)
    sure, right = scores.max(axis=1), scores.argmax(axis=1) == codes
    error = 0.0
    for low in range(10):
        inside = (sure >= low / 10) & (sure < (low + 1) / 10)
        if inside.any():
            error += inside.mean() * abs(sure[inside].mean() - right[inside].mean())
    assert found.calibration_error == pytest.approx(error)
    assert sum(count for _, _, count in found.reliability) == 500


def test_sure_and_right_or_wrong():
    right = evaluate(["a", "b"], np.eye(2), ["a", "b"])
    assert (right.accuracy, right.calibration_error, right.cross_entropy) == (1, 0, 0)
    assert right.reliability == ((1.0, 1.0, 2),)
    wrong = evaluate(["b", "a"], np.eye(2), ["a", "b"])
    assert (wrong.accuracy, wrong.calibration_error) == (0, 1)
    assert np.isfinite(wrong.cross_entropy)


def test_values_of_each_fold():
    codes, scores = drawn_case(4, 90)
    labels, folds = np.array(CLASSES)[codes], np.arange(90) % 3
    found = evaluate(labels, scores, CLASSES, protect=["personal"], folds=folds)
    single = [
        evaluate(labels[folds == f], scores[folds == f], CLASSES, protect=["personal"])
        for f in range(3)
    ]
    for name in ("accuracy", "macro_f1", "auc"):
        values = [getattr(one, name) for one in single]
        assert found.folds[name].values == pytest.approx(values)
        assert found.folds[name].mean == pytest.approx(np.mean(values))
        assert found.folds[name].deviation == pytest.approx(np.std(values))
    assert evaluate(labels, scores, CLASSES).folds == {}


def test_the_figures_are_json():
    codes, scores = drawn_case(4, 30)
    found = evaluate(np.array(CLASSES)[codes], scores, CLASSES, folds=np.arange(30) % 2)
    record = json.loads(json.dumps(found.to_dict()))
    assert record["per_class"]["memes"]["support"] == int((codes == 1).sum())
    assert record["folds"]["accuracy"]["mean"] == found.folds["accuracy"].mean


@pytest.mark.parametrize(
    ("labels", "scores", "message"),
    [
        ([], np.zeros((0, 2)), "no labelled images"),
        (["a"], np.zeros((1, 3)), "shape"),
        (["a", "b"], np.zeros((1, 2)), "shape"),
        (["a", "zebra"], np.full((2, 2), 0.5), "does not know the classes zebra"),
        (["a", None], np.full((2, 2), 0.5), "None"),
        (["a"], np.array([[np.nan, 1]]), "not a number"),
    ],
)
def test_what_cannot_be_evaluated(labels, scores, message):
    with pytest.raises(TableError, match=message):
        evaluate(labels, scores, ["a", "b"])
