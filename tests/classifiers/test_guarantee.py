"""The promise about protected images, against brute force and scipy."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binomtest

from classifiers.guarantee import (
    LEAST_PROTECTED,
    UNSURE,
    Guarantee,
    clopper_pearson,
    decide,
    find_guarantee,
)


@given(st.integers(1, 3000), st.data())
def test_the_interval_is_that_of_scipy(trials, data):
    hits = data.draw(st.integers(0, trials))
    truth = binomtest(hits, trials).proportion_ci(0.95, method="exact")
    assert clopper_pearson(hits, trials) == pytest.approx((truth.low, truth.high), abs=1e-9)


def test_none_and_all():
    assert clopper_pearson(0, 300) == pytest.approx((0, 1 - 0.025 ** (1 / 300)))
    assert clopper_pearson(300, 300) == pytest.approx((0.025 ** (1 / 300), 1))


@st.composite
def scored(draw, least=LEAST_PROTECTED):
    """Scores with many ties, which images are protected, and folds."""
    random = np.random.default_rng(draw(st.integers(0, 9999)))
    keep, rest = draw(st.integers(least, least + 300)), draw(st.integers(1, 200))
    scores = np.concatenate([random.beta(5, 1, keep), random.beta(1, 4, rest)])
    scores = scores.round(draw(st.sampled_from([1, 2, 9])))
    protected = np.arange(keep + rest) < keep
    return scores, protected, random.integers(0, 5, keep + rest)


SHARES = (1.0, 0.75, 0.5, 0.35, 0.25, 0.15, 0.1, 0.05, 0.0)


def threshold(scores, rate):
    return sorted(scores)[int(np.floor(rate * len(scores)))]


def aim_of(rows, rate):
    """The largest part of the rate that keeps it when each fold is judged by the others."""
    for share in SHARES:
        hidden = 0
        for fold in {f for _, _, f in rows}:
            others = [s for s, p, f in rows if p and f != fold]
            mine = [s for s, p, f in rows if p and f == fold]
            hidden += sum(s < threshold(others, rate * share) for s in mine)
        if hidden <= rate * sum(p for _, p, _ in rows):
            return share
    return None


@given(scored(), st.sampled_from([0.005, 0.01, 0.05, 0.29]))
def test_no_more_protected_images_are_hidden_than_promised(case, rate):
    scores, protected, folds = case
    found = find_guarantee(scores, protected, folds, rate)
    mine = scores[protected]
    share = aim_of(list(zip(scores, protected, folds, strict=True)), rate)
    assert (found.hide_below is None) == (share is None)
    if found.hide_below is not None:
        assert (mine < found.hide_below).sum() <= rate * len(mine)
        assert found.hide_below == min(threshold(mine, rate * share), 0.5)
        assert found.keep_from >= found.hide_below
    assert found.keep_from >= 0.5
    assert (scores[~protected] >= found.keep_from).sum() <= rate * (~protected).sum()
    assert (found.protected, found.rate) == (len(mine), rate)
    assert found.low <= found.hidden / found.protected <= found.high


@settings(max_examples=30)
@given(scored())
def test_each_fold_is_counted_with_what_the_others_choose(case):
    scores, protected, folds = case
    rows = list(zip(scores, protected, folds, strict=True))
    hidden = 0
    for fold in set(folds):
        rest = [row for row in rows if row[2] != fold]
        share = aim_of(rest, 0.01)
        if share is None:
            continue
        limit = min(threshold([s for s, p, _ in rest if p], 0.01 * share), 0.5)
        hidden += sum(s < limit for s, p, f in rows if p and f == fold)
    found = find_guarantee(scores, protected, folds)
    assert found.hidden == hidden
    assert (found.low, found.high) == clopper_pearson(hidden, protected.sum())


def test_a_promise_that_no_threshold_keeps_is_not_given():
    """The pictures of one source score far below all others."""
    scores = np.concatenate([np.full(400, 0.95), np.linspace(0.3, 0.4, 100), np.zeros(100)])
    protected = np.arange(600) < 500
    folds = np.concatenate([np.arange(400) % 4, np.full(100, 4), np.arange(100) % 5])
    found = find_guarantee(scores, protected, folds)
    assert found.hide_below is None
    assert str(found) == (
        "no threshold hid at most 1 % of the protected images, so nothing is promised and nothing "
        "is hidden"
    )


@given(st.integers(0, LEAST_PROTECTED - 1))
def test_too_few_examples_hide_nothing(count):
    scores = np.concatenate([np.full(count, 0.9), np.zeros(50)])
    found = find_guarantee(scores, np.arange(count + 50) < count, np.arange(count + 50) % 5)
    assert found.hide_below is None
    assert str(found) == (
        f"only {found.protected} protected images could be judged; 150 are needed to promise "
        "anything, so nothing is hidden"
    )
    answers = decide(np.array([[1.0, 0.0]]), np.array(["junk", "mine"]), ["mine"], found)
    assert answers.tolist() == [UNSURE]


def test_150_are_enough():
    scores = np.concatenate([np.full(LEAST_PROTECTED, 0.9), np.zeros(50)])
    protected = np.arange(len(scores)) < LEAST_PROTECTED
    found = find_guarantee(scores, protected, np.arange(len(scores)) % 5)
    assert found.hide_below == 0.5  # Never against the odds.
    assert str(found).startswith("0 of 150 protected images would have been hidden (0.00%")


def test_protected_images_of_a_single_fold_promise_nothing():
    """No threshold can be tested on them that was not chosen on them."""
    scores = np.linspace(0, 1, 400)
    protected = np.arange(400) >= 200
    found = find_guarantee(scores, protected, np.where(protected, 0, 1))
    assert found.hide_below is None


@st.composite
def probabilities(draw):
    random = np.random.default_rng(draw(st.integers(0, 9999)))
    return random.dirichlet([0.4] * 4, 50)


CLASSES = np.array(["animated", "mine", "notes", "selfies"])
PROTECT = ("mine", "selfies")


@given(probabilities(), st.floats(0, 1), st.floats(0, 1), st.booleans())
def test_an_unprotected_class_is_given_only_below_the_threshold(rows, one, other, promise):
    low, high = sorted((one, other))
    guarantee = Guarantee(0.01, low if promise else None, high, 200, 1, 0, 0.03)
    answers = decide(rows, CLASSES, PROTECT, guarantee)
    score = rows[:, 1] + rows[:, 3]
    for answer, value, row in zip(answers, score, rows, strict=True):
        if value >= high:
            assert answer == ("mine" if row[1] >= row[3] else "selfies")
        elif promise and value < low and max(row[0], row[2]) > max(row[1], row[3]):
            assert answer == ("animated" if row[0] >= row[2] else "notes")
        else:
            assert answer == UNSURE


@given(probabilities())
def test_without_a_guarantee_the_likeliest_class_is_given(rows):
    likeliest = CLASSES[rows.argmax(axis=1)].tolist()
    assert decide(rows, CLASSES, (), None).tolist() == likeliest
    assert decide(rows, CLASSES, PROTECT, None).tolist() == likeliest
