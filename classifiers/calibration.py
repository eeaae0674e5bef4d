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


def weighted(parts: Floats, weights: Floats) -> Floats:
    """Return the weighted sum of what several parts say, shape (n, n_classes).

    Parameters
    ----------
    parts : ndarray of float64, shape (n_parts, n, n_classes)
        Evidence for each class.
    weights : ndarray of float64, shape (n_parts,)
        One for each part.
    """
    return np.asarray((weights[:, None, None] * parts).sum(axis=0))


def centred(values: Floats) -> Floats:
    """Return what is said of the classes, on the last axis, so that it is seen for which it speaks.

    Of two classes the first one's is 0, as that of raw scores; of more the mean is.
    """
    two = values.shape[-1] == 2
    return values - (values[..., :1] if two else values.mean(axis=-1, keepdims=True))


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


def fit_weights(
    parts: Floats, labels: NDArray[np.intp], weights: Floats | None, prior: Floats
) -> Floats:
    """Return the weights of several parts that make held-out probabilities most likely.

    With one part that is the inverse of a temperature (Guo et al. 2017); with several a logarithmic
    opinion pool (Heskes 1998), in which parts that say the same share what it is worth.

    Parameters
    ----------
    parts : ndarray of float64, shape (n_parts, n, n_classes)
        Evidence for images that the parts were not trained on.
    labels : ndarray of int, shape (n,)
        Index of the true class of each.
    weights : ndarray of float64, shape (n,), optional
        Weights of the images.
    prior : ndarray of float64, shape (n, n_classes)
        What is added to the sum.

    Returns
    -------
    ndarray of float64, shape (n_parts,)
        In [0, 1]. A part is never made more sure than it is: on classes that few images tell apart
        without an error, the likeliest weight would have no end. The first part keeps at least 0.1:
        parts that are wrong about the few images held out would otherwise leave no answer at all.
        Others that say nothing of any image get 0.
    """
    from scipy.optimize import minimize

    rows = np.arange(len(labels))
    each = np.full(len(labels), 1 / len(labels)) if weights is None else weights / weights.sum()

    def loss(chosen: Floats) -> tuple[float, Floats]:
        likely = softmax(weighted(parts, chosen) + prior)
        value = -(each * np.log(np.maximum(likely[rows, labels], 1e-12))).sum()
        likely[rows, labels] -= 1
        return float(value), np.einsum("nk,pnk->p", each[:, None] * likely, parts)

    start = np.full(len(parts), 1 / len(parts))
    bounds = [(0.1, 1.0), *[(0.0, 1.0)] * (len(parts) - 1)]
    found = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=bounds)
    speaks = [True, *(bool(part.any()) for part in parts[1:])]
    return np.asarray(np.where(speaks, np.round(found.x, 4), 0), np.float64)


def fit_temperature(logits: Floats, labels: NDArray[np.intp], weights: Floats | None) -> float:
    """Return the temperature that makes held-out probabilities most likely (Guo et al. 2017).

    Parameters
    ----------
    logits : ndarray of float64, shape (n, n_classes)
        Raw scores of images that the model was not trained on.
    labels, weights
        As for `fit_weights`.

    Returns
    -------
    float
        In [1, 10].
    """
    (weight,) = fit_weights(logits[None], labels, weights, np.zeros_like(logits))
    return round(1 / float(weight), 4)
