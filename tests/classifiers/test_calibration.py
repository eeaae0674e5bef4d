"""Temperatures, and weights of parts, against a search of all of them."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import log_softmax
from scipy.special import softmax as scipy_softmax

from classifiers.calibration import fit_temperature, fit_weights, softmax


def sample(seed, sure, classes=3, count=400):
    """Logits that are `sure` times too large, and labels drawn from the honest ones."""
    random = np.random.default_rng(seed)
    honest = random.normal(0, 1.5, (count, classes))
    labels = np.array([random.choice(classes, p=p) for p in scipy_softmax(honest, axis=1)])
    return honest * sure, labels


def searched(logits, labels, weights=None):
    """Try every temperature in steps of one percent."""
    temperatures = np.exp(np.arange(0, np.log(10), 0.01))
    rows = np.arange(len(labels))
    losses = [
        np.average(-log_softmax(logits / t, axis=1)[rows, labels], weights=weights)
        for t in temperatures
    ]
    return temperatures[np.argmin(losses)]


@given(st.integers(0, 99), st.floats(0.2, 5))
def test_softmax_is_that_of_scipy(seed, temperature):
    logits = np.random.default_rng(seed).normal(0, 300, (5, 4))
    assert softmax(logits, temperature) == pytest.approx(
        scipy_softmax(logits / temperature, axis=1)
    )


@settings(max_examples=20)
@given(st.integers(0, 99), st.sampled_from([0.4, 1.5, 3.0]))
def test_the_temperature_is_the_best_of_all(seed, sure):
    logits, labels = sample(seed, sure)
    assert fit_temperature(logits, labels, None) == pytest.approx(
        searched(logits, labels), rel=0.02
    )


@pytest.mark.parametrize("sure", [1.5, 4])
def test_it_finds_how_much_too_sure_the_scores_are(sure):
    assert fit_temperature(*sample(1, sure, count=4000), None) == pytest.approx(sure, rel=0.08)


def test_weights_count():
    logits, labels = sample(2, 1.0)
    too_sure, more = sample(3, 4.0)
    both, all_labels = np.vstack([logits, too_sure]), np.concatenate([labels, more])
    weights = np.repeat([1.0, 0.0], len(labels))
    assert fit_temperature(both, all_labels, weights) == fit_temperature(logits, labels, None)
    weights = np.repeat([1.0, 3.0], len(labels))
    found = fit_temperature(both, all_labels, weights)
    assert found == pytest.approx(searched(both, all_labels, weights), rel=0.02)
    assert found > fit_temperature(both, all_labels, None)


def test_it_stays_in_its_range():
    right = np.eye(3)[[0, 1, 2] * 20] / 4
    labels = np.array([0, 1, 2] * 20)
    assert fit_temperature(right, labels, None) == pytest.approx(1, abs=0.01)  # Never more sure.
    assert 9.5 < fit_temperature(right, (labels + 1) % 3, None) <= 10


def parts_of(seed, sure, count=600, classes=3):
    """Two parts that see the truth through noise of their own, each `sure` times too large."""
    random = np.random.default_rng(seed)
    labels = random.integers(0, classes, count)
    truth = 2.0 * np.eye(classes)[labels]
    noise = random.normal(0, 1, (2, count, classes))
    return np.array(sure)[:, None, None] * (truth + noise), labels


def loss_of(parts, weights, labels, prior, each=None):
    odds = log_softmax(np.tensordot(weights, parts, 1) + prior, axis=1)
    return np.average(-odds[np.arange(len(labels)), labels], weights=each)


@settings(max_examples=15)
@given(st.integers(0, 99), st.sampled_from([(1, 1), (4, 1), (3, 6), (0.3, 1)]), st.booleans())
def test_weights_of_parts_are_the_best_of_a_grid(seed, sure, weighed):
    parts, labels = parts_of(seed, sure)
    prior = np.log(np.random.default_rng(seed).dirichlet(np.ones(3), len(labels)))
    each = np.random.default_rng(seed + 1).uniform(0, 3, len(labels)) if weighed else None
    found = fit_weights(parts, labels, each, prior)
    assert ((found >= 0) & (found <= 1)).all()
    best = min(
        loss_of(parts, (one, other), labels, prior, each)
        for one in np.linspace(0.1, 1, 19)
        for other in np.linspace(0, 1, 21)
    )
    assert loss_of(parts, found, labels, prior, each) <= best + 1e-6


def test_a_part_that_knows_nothing_gets_no_weight():
    parts, labels = parts_of(3, (1, 1), count=4000)
    parts[1] = np.random.default_rng(4).normal(0, 3, parts[1].shape)
    first, second = fit_weights(parts, labels, None, np.zeros(parts[0].shape))
    assert first > 0.9
    assert second < 0.05


def test_a_part_that_says_nothing_gets_none():
    parts, labels = parts_of(3, (1, 1))
    both = np.concatenate([parts, np.zeros((1, *parts[0].shape))])
    nothing = np.zeros(parts[0].shape)
    assert fit_weights(both, labels, None, nothing)[2] == 0
    assert fit_weights(both, labels, None, nothing)[:2] == pytest.approx(
        fit_weights(parts, labels, None, nothing), abs=2e-3
    )


def test_two_parts_that_say_the_same_share_what_it_is_worth():
    parts, labels = parts_of(5, (4, 4), count=4000)
    parts[1] = parts[0]
    nothing = np.zeros(parts[0].shape)
    one = fit_weights(parts[:1], labels, None, nothing)
    assert fit_weights(parts, labels, None, nothing).sum() == pytest.approx(one[0], abs=0.01)


def test_parts_that_are_always_wrong_still_answer():
    parts, labels = parts_of(6, (1, 1))
    found = fit_weights(-parts, labels, None, np.zeros(parts[0].shape))
    assert found.tolist() == [0.1, 0.0]
