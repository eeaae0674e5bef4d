"""XCNN: boosted trees on what a convolutional network makes of a picture."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.utils.validation import check_is_fitted

from classifiers import boosting, xgboost_trees
from classifiers.calibration import fit_temperature, softmax
from classifiers.embeddings import alignment
from classifiers.extras import needs
from classifiers.folds import make_folds
from classifiers.labels import labels_of
from classifiers.table import TableError
from classifiers.vcnn import VCNN, Pixels

Floats = NDArray[np.float64]

_ROUNDS, _PATIENCE = 100, 10
_LIBRARIES: dict[str, Any] = {"lightgbm": boosting, "xgboost": xgboost_trees}


class XCNN(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """Classifies pictures by boosted trees on the embeddings of a `VCNN`.

    The trees are not trained on what the network has learned by heart: each picture is embedded by
    a network that has not seen its group, and the embeddings of these networks are brought into
    the coordinates of the one trained on everything, by `embeddings.alignment` on the pictures
    that both have seen. The number of trees, and with `trials` their parameters, are those of the
    lowest cross-entropy over the same parts of the training pictures.

    Parameters
    ----------
    network : VCNN, optional
        The network, not fitted; by default ``VCNN()``.
    library : str
        ``"lightgbm"``, or ``"xgboost"`` (an extra).
    learning_rate : float
        Shrinkage of each tree.
    num_leaves : int
        Leaves of each tree.
    min_images : int
        Least images in a leaf; not with XGBoost.
    class_weight : None or "balanced"
        "balanced" weighs each picture by the inverse frequency of its class.
    trials : int
        Sets of parameters tried by Bayesian optimisation (the tree-structured Parzen estimator of
        Optuna, extra ``train``); 0 takes those given here.
    folds : int
        Parts of the training pictures.
    checkpoint : path-like, optional
        Folder for the checkpoints of the networks.
    random_state : int
        Same data, same seed, same machine: same model.

    Attributes
    ----------
    classes_ : ndarray of str, shape (n_classes,)
        The classes in alphabetical order.
    network_ : VCNN
        The network trained on everything.
    booster_ : lightgbm.Booster or xgboost.Booster
        The trees.
    temperature_ : float
        What raw scores are divided by.
    parameters_ : dict
        Parameters of the trees that were used.
    seconds_ : float
        CPU time of the training, that of networks read from checkpoints included.
    """

    def __init__(
        self,
        network: VCNN | None = None,
        *,
        library: str = "lightgbm",
        learning_rate: float = 0.3,
        num_leaves: int = 7,
        min_images: int = 10,
        class_weight: str | None = None,
        trials: int = 0,
        folds: int = 3,
        checkpoint: str | os.PathLike[str] | None = None,
        random_state: int = 0,
    ) -> None:
        self.network = network
        self.library = library
        self.learning_rate = learning_rate
        self.num_leaves = num_leaves
        self.min_images = min_images
        self.class_weight = class_weight
        self.trials = trials
        self.folds = folds
        self.checkpoint = checkpoint
        self.random_state = random_state

    def fit(self, X: Pixels, y: ArrayLike, groups: ArrayLike | None = None) -> Self:  # noqa: N803
        """Train on pictures; see `VCNN.fit`.

        Raises
        ------
        MissingExtra
            PyTorch, or with `trials` Optuna, is not installed.
        TableError
            As for `VCNN.fit`; or the pictures can't be split into parts.
        """
        if self.trials:
            needs("optuna", "Bayesian optimisation")
        if self.library not in _LIBRARIES:
            raise TableError(f"library={self.library!r}; choose from: {', '.join(_LIBRARIES)}")
        if self.library == "xgboost":
            needs("xgboost", "boosting with XGBoost", "xgboost")
        labels = labels_of(y, len(X))
        self.classes_, codes = np.unique(labels, return_inverse=True)
        weights = self._weights(codes)
        self.network_ = self._network("all").fit(X, labels, groups=groups)
        self.seconds_ = sum(epoch.seconds for epoch in self.network_.history_)
        fold = make_folds(codes, groups, self.folds, self.random_state)
        embeddings = self._held_out_embeddings(X, labels, groups, fold)
        started = time.process_time()
        self.parameters_ = self._given()
        if self.trials:
            self.parameters_ |= self._tuned(embeddings, codes, weights, fold)
        logits, rounds = self._held_out(embeddings, codes, weights, fold, self.parameters_)
        self.temperature_ = fit_temperature(logits, codes, weights)
        self.booster_ = self._trees.fit_boosters(
            embeddings, codes, weights, self._all(self.parameters_), rounds=rounds
        )
        self.seconds_ += time.process_time() - started
        return self

    def predict_proba(self, X: Pixels) -> Floats:  # noqa: N803
        """Return probabilities, shape (n, n_classes)."""
        check_is_fitted(self, "booster_")
        logits = self._trees.raw_scores(self.booster_, self.network_.embed(X))
        return softmax(logits, self.temperature_)

    def predict(self, X: Pixels) -> NDArray[np.object_]:  # noqa: N803
        """Return the most likely class of each picture, shape (n,)."""
        chosen = self.predict_proba(X).argmax(axis=1)
        return np.asarray(self.classes_[chosen], dtype=object)

    @property
    def _trees(self) -> Any:
        return _LIBRARIES[self.library]

    def _network(self, part: str) -> VCNN:
        network = clone(self.network) if self.network is not None else VCNN()
        if self.checkpoint is not None:
            network.set_params(checkpoint=Path(self.checkpoint) / f"{part}.pt")
        return network

    def _held_out_embeddings(
        self,
        pixels: Pixels,
        labels: NDArray[Any],
        groups: ArrayLike | None,
        fold: NDArray[np.intp],
    ) -> NDArray[np.float32]:
        wanted = self.network_.embed(pixels)
        found = np.zeros_like(wanted)
        for number in np.unique(fold):
            test = fold == number
            part = None if groups is None else np.asarray(groups)[~test]
            network = self._network(f"without-{number}")
            network.fit(pixels[~test], labels[~test], groups=part)
            self.seconds_ += sum(epoch.seconds for epoch in network.history_)
            same = alignment(network.embed(pixels[~test]), wanted[~test])
            found[test] = same.scores(network.embed(pixels[test]))
        return found

    def _held_out(
        self,
        embeddings: NDArray[np.float32],
        codes: NDArray[np.intp],
        weights: Floats,
        fold: NDArray[np.intp],
        parameters: dict[str, Any],
    ) -> tuple[Floats, int]:
        """Return the raw scores of trees that have not seen the picture, and their mean number."""
        logits = np.zeros((len(codes), len(self.classes_)))
        rounds = []
        for number in np.unique(fold):
            booster = self._trees.fit_boosters(
                embeddings, codes, weights, self._all(parameters), stop=fold == number
            )
            logits[fold == number] = self._trees.raw_scores(booster, embeddings[fold == number])
            rounds.append(self._trees.rounds_of(booster))
        return logits, max(1, round(float(np.mean(rounds))))

    def _tuned(
        self,
        embeddings: NDArray[np.float32],
        codes: NDArray[np.intp],
        weights: Floats,
        fold: NDArray[np.intp],
    ) -> dict[str, Any]:
        """Return the parameters of the lowest cross-entropy over the parts."""
        import optuna

        def loss(trial: optuna.Trial) -> float:
            tried = {
                "learning_rate": trial.suggest_float("learning_rate", 0.03, 0.5, log=True),
                "num_leaves": trial.suggest_int("num_leaves", 3, 31, log=True),
                "min_data_in_leaf": trial.suggest_int("min_data_in_leaf", 1, 40, log=True),
                "feature_fraction": trial.suggest_float("feature_fraction", 0.1, 1.0),
                "lambda_l2": trial.suggest_float("lambda_l2", 0.1, 100.0, log=True),
            }
            logits, _ = self._held_out(embeddings, codes, weights, fold, tried)
            likely = softmax(logits, fit_temperature(logits, codes, weights))
            own = likely[np.arange(len(codes)), codes]
            return float(np.average(-np.log(np.maximum(own, 1e-12)), weights=weights))

        optuna.logging.set_verbosity(optuna.logging.WARNING)
        study = optuna.create_study(
            sampler=optuna.samplers.TPESampler(seed=self.random_state), direction="minimize"
        )
        given = {**self._given(), "feature_fraction": 1.0, "lambda_l2": 5.0}
        study.enqueue_trial(given)
        study.optimize(loss, n_trials=self.trials)
        return dict(study.best_params)

    def _given(self) -> dict[str, Any]:
        return {
            "learning_rate": self.learning_rate,
            "num_leaves": self.num_leaves,
            "min_data_in_leaf": self.min_images,
        }

    def _all(self, parameters: dict[str, Any]) -> dict[str, Any]:
        return {
            **parameters,
            "num_class": len(self.classes_),
            "seed": self.random_state,
            "num_threads": 1,
            "max_rounds": _ROUNDS,
            "patience": _PATIENCE,
        }

    def _weights(self, codes: NDArray[np.intp]) -> Floats:
        if self.class_weight is None:
            return np.ones(len(codes))
        if self.class_weight != "balanced":
            raise TableError(f"class_weight={self.class_weight!r}; give None or 'balanced'")
        counts = np.bincount(codes)
        return np.asarray((len(codes) / (len(counts) * counts))[codes], np.float64)
