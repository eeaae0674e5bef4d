"""Probabilities that mean what they say."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def softmax(logits: Floats, temperature: float = 1.0) -> Floats:
    """Return probabilities of logits divided by a temperature, shape (n, n_classes)."""
    scaled = logits / temperature
    powers = np.exp(scaled - scaled.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True))


def joined(parts: Floats, temperatures: Floats) -> Floats:
    """Return the sum of the raw scores of several models, each divided by its temperature.

    Parameters
    ----------
    parts : ndarray of float64, shape (n_parts, n, n_classes)
        Raw scores.
    temperatures : ndarray of float64, shape (n_parts,)
        One for each part.
    """
    return np.asarray((parts / np.asarray(temperatures)[:, None, None]).sum(axis=0))


def log_shares(codes: NDArray[np.intp], n_classes: int, weights: Floats | None = None) -> Floats:
    """Return the logarithm of the share of each class; one without images counts as one of them.

    A raw score less this is evidence: what the picture says for a class, without how frequent the
    class was in training. Of two classes the first one's is 0, as that of its raw scores.
    """
    images = np.bincount(codes, minlength=n_classes)
    counts = np.bincount(codes, weights, n_classes).astype(np.float64)
    counts[(images == 0) | (counts == 0)] = counts.sum() / len(codes)
    shares = np.log(counts / counts.sum())
    return np.asarray(shares - shares[0] if n_classes == 2 else shares)


def fit_temperatures(
    parts: Floats, labels: NDArray[np.intp], weights: Floats | None, prior: Floats
) -> Floats:
    """Return the temperature of each of several parts by itself; 1 of a single one.

    Parameters
    ----------
    parts : ndarray of float64, shape (n_parts, n, n_classes)
        Evidence for images that the parts were not trained on.
    labels, weights, prior
        As for `fit_temperature`.
    """
    if len(parts) == 1:
        return np.ones(1)
    return np.array([fit_temperature(part, labels, weights, prior) for part in parts])


def fit_temperature(
    logits: Floats,
    labels: NDArray[np.intp],
    weights: Floats | None,
    prior: Floats | float = 0.0,
) -> float:
    """Return the temperature that makes held-out probabilities most likely (Guo et al. 2017).

    Parameters
    ----------
    logits : ndarray of float64, shape (n, n_classes)
        Raw scores of images that the model was not trained on.
    labels : ndarray of int, shape (n,)
        Index of the true class of each.
    weights : ndarray of float64, shape (n,), optional
        Weights of the images.
    prior : ndarray of float64, shape (n, n_classes), optional
        What is added to the divided scores.

    Returns
    -------
    float
        In [1, 10]. A model is only ever made less sure: on classes that few images tell apart
        without an error, the likeliest temperature would be 0.
    """
    from scipy.optimize import minimize_scalar

    rows = np.arange(len(labels))

    def loss(log_temperature: float) -> float:
        likely = softmax(logits / np.exp(log_temperature) + prior)[rows, labels]
        return float(np.average(-np.log(np.maximum(likely, 1e-12)), weights=weights))

    found = minimize_scalar(loss, bounds=(0.0, float(np.log(10))), method="bounded")
    return round(float(np.exp(found.x)), 4)
