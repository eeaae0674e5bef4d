"""Boosted trees and a regression over the feature table, with honest probabilities."""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import pyarrow as pa
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.validation import check_is_fitted

from classifiers.boosting import fit_boosters
from classifiers.calibration import fit_weights, softmax, weighted
from classifiers.encoding import TableEncoder
from classifiers.extras import require_lightgbm
from classifiers.folds import given_folds, make_folds, stop_rows
from classifiers.guarantee import Guarantee, decide, find_guarantee
from classifiers.labels import check_classes, check_weights, labels_of, row_weights
from classifiers.parameters import check_parameters
from classifiers.parts import Parts
from classifiers.table import Table, check_provenance, check_table, provenance_of

if TYPE_CHECKING:
    import lightgbm

Floats = NDArray[np.float64]

logger = logging.getLogger(__name__)


class TabularClassifier(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """Classifies images by their feature table.

    Follows scikit-learn's conventions: it can be cloned, used in pipelines and in
    ``cross_val_score``. A model is LightGBM's trees and a logistic regression on the same numbers.
    A fit trains one per fold, its trees stopped early on images of groups they have not seen, and
    one on everything, for as many rounds as those needed on average. What the fold models say of
    the images they have not seen gives the weights of the parts, which also calibrate the
    probabilities, and the thresholds of `guarantee_`.

    Parameters
    ----------
    columns : sequence of str, optional
        See `TableEncoder`.
    words : int
        See `TableEncoder`.
    learning_rate : float
        Shrinkage of each tree.
    num_leaves : int
        Leaves of each tree.
    max_rounds : int
        Most trees for each class.
    patience : int
        Rounds without improvement after which a fold stops.
    min_images : int
        Least images in a leaf.
    column_share : float
        Share of the columns each tree sees, in (0, 1].
    class_weight : None, "balanced" or dict
        Weights of the classes; "balanced" makes them inverse to their frequencies.
    priors : None or "equal"
        What is expected before a picture is seen: the shares of the classes in training, or that
        all are equally frequent. How frequent they are where pictures were collected says little
        about another gallery.
    protect : sequence of str
        Classes whose images must not be hidden; see `guarantee_`.
    folds : int
        Number of folds.
    random_state : int
        Same data, same seed: same model.
    n_jobs : int
        Threads.

    Attributes
    ----------
    classes_ : ndarray of str, shape (n_classes,)
        The classes in alphabetical order.
    encoder_ : TableEncoder
        Turns tables into numbers.
    booster_ : lightgbm.Booster
        The trees.
    parts_ : Parts
        The encoder, the trees, and what else was learned.
    weights_ : ndarray of float64, shape (n_parts,)
        What the evidence of each part is multiplied with before it is added, in [0, 1]: the trees,
        the regression, and what else there is; see `classifiers.calibration.fit_weights`.
    out_of_fold_ : ndarray of float64, shape (n_rows, n_classes)
        Probabilities of the training images by the model that had not seen them, with the weights
        of the other folds; NaN for rows of fold -1. Not saved.
    fold_ : ndarray of int, shape (n_rows,)
        The fold each training image was held out in. Not saved.
    guarantee_ : Guarantee or None
        Thresholds for the protected classes; None without any.
    provenance_ : dict
        How the training table was made, as far as the model depends on it.

    Examples
    --------
    >>> model = TabularClassifier().fit(table, table["class"])  # doctest: +SKIP
    >>> model.predict_proba(table).shape  # doctest: +SKIP
    (2110, 10)
    """

    kind = "tabular"
    """What a saved model is called in its file."""

    def __init__(
        self,
        *,
        columns: Sequence[str] | None = None,
        words: int = 200,
        learning_rate: float = 0.08,
        num_leaves: int = 7,
        max_rounds: int = 250,
        patience: int = 40,
        min_images: int = 10,
        column_share: float = 0.3,
        class_weight: str | dict[str, float] | None = None,
        priors: str | None = None,
        protect: Sequence[str] = (),
        folds: int = 5,
        random_state: int = 0,
        n_jobs: int = 1,
    ) -> None:
        self.columns = columns
        self.words = words
        self.learning_rate = learning_rate
        self.num_leaves = num_leaves
        self.max_rounds = max_rounds
        self.patience = patience
        self.min_images = min_images
        self.column_share = column_share
        self.class_weight = class_weight
        self.priors = priors
        self.protect = protect
        self.folds = folds
        self.random_state = random_state
        self.n_jobs = n_jobs

    def fit(
        self,
        X: Table,  # noqa: N803
        y: ArrayLike,
        sample_weight: ArrayLike | None = None,
        groups: ArrayLike | None = None,
        fold: ArrayLike | None = None,
        fold_tables: Mapping[int, Table] | None = None,
    ) -> Self:
        """Train on a table.

        Parameters
        ----------
        X : pandas.DataFrame or pyarrow.Table
            A feature table.
        y : array of str, shape (n_rows,)
            The class of each row.
        sample_weight : array of float, shape (n_rows,), optional
            Weights of the rows; they are multiplied with those of the classes.
        groups : array, shape (n_rows,), optional
            Rows of one group, such as the pictures of one album, are never split between training
            and test.
        fold : array of int, shape (n_rows,), optional
            The fold of each row, instead of folds drawn by `random_state`; groups then only keep
            rows together inside the training part of a fold. Rows of fold -1 are always trained
            on and never tested, such as drawn pictures that only help.
        fold_tables : mapping of int to table, optional
            The table to use instead of `X` while a fold is held out, with the same rows and
            columns. Needed when something that made a column has learned from the rows, such as
            the network of an embedding: here it is one that has not seen the fold.

        Raises
        ------
        TableError
            The table is empty or lacks columns, a label is missing, there is only one class, a
            class has a single image, or a parameter is wrong.
        """
        check_parameters(self)
        check_table(X)
        labels = labels_of(y, len(X))
        self.classes_, codes, counts = np.unique(labels, return_inverse=True, return_counts=True)
        check_classes(self.classes_, counts, self.protect)
        weights = row_weights(self.class_weight, self.classes_, codes, sample_weight)
        if fold is None:
            self.fold_ = make_folds(codes, groups, self.folds, self.random_state)
        else:
            self.fold_ = given_folds(fold, codes)
        check_weights(weights, self.fold_)
        tables = {} if fold_tables is None else fold_tables
        parts, priors, rounds = self._held_out(X, tables, codes, weights, groups)
        encoder = self._new_encoder()
        numbers = encoder.fit_transform(X, labels, groups=groups, sample_weight=weights)
        self.provenance_ = provenance_of(X, encoder.columns_used_)
        self.parts_ = Parts.learn(encoder, numbers, codes, weights, self._boosting(), rounds)
        tested = self.fold_ >= 0
        known = codes[tested], weights[tested]
        self.weights_ = fit_weights(parts[:, tested], *known, priors[tested])
        self.out_of_fold_ = self._calibrated_apart(parts, priors, codes, weights)
        self.guarantee_: Guarantee | None = None
        if self.protect:
            protected = np.isin(self.classes_, self.protect)
            scores = self.out_of_fold_[tested][:, protected].sum(axis=1)
            self.guarantee_ = find_guarantee(scores, protected[codes[tested]], self.fold_[tested])
        return self

    @property
    def encoder_(self) -> TableEncoder:
        """Turns tables into numbers."""
        return self.parts_.encoder

    @property
    def booster_(self) -> lightgbm.Booster:
        """The trees."""
        return self.parts_.booster

    def raw_scores(self, X: Table) -> Floats:  # noqa: N803
        """Return the raw score of each class, shape (n_rows, n_classes).

        It is a logarithm of its probability, but for what is added to all classes of a row.
        """
        check_is_fitted(self, "parts_")
        check_provenance(X, self.provenance_)
        said = self.parts_.evidence(X, self.classes_)
        return weighted(said, self.weights_) + self._prior(self.parts_.shares)

    def decision_function(self, X: Table) -> Floats:  # noqa: N803
        """Return the raw scores as scikit-learn wants them.

        Of two classes it is the logarithm of the odds of the second, shape (n_rows,).
        """
        raw = self.raw_scores(X)
        return raw[:, 1] - raw[:, 0] if raw.shape[1] == 2 else raw

    def predict_proba(self, X: Table) -> Floats:  # noqa: N803
        """Return calibrated probabilities, shape (n_rows, n_classes).

        Raises
        ------
        SettingsMismatch
            The table says that it was extracted with other settings than the training table.
        TableError
            A column is missing or has another type.
        """
        return softmax(self.raw_scores(X))

    def predict(self, X: Table) -> NDArray[np.object_]:  # noqa: N803
        """Return the most likely class of each row, shape (n_rows,)."""
        chosen = self.predict_proba(X).argmax(axis=1)
        return np.asarray(self.classes_[chosen], dtype=object)

    def decide(self, X: Table) -> NDArray[np.object_]:  # noqa: N803
        """Return the class of each row where it is safe to act on it, else "unsure".

        Without protected classes this is `predict`. Otherwise an image gets a protected class only
        from ``guarantee_.keep_from`` on, and another one only below ``guarantee_.hide_below``.
        """
        probabilities = self.predict_proba(X)
        return decide(probabilities, self.classes_, self.protect, self.guarantee_)

    def save(self, folder: str | os.PathLike[str]) -> None:
        """Write the model as text and JSON; see `classifiers.storage.save`."""
        from classifiers.storage import save

        save(self, folder)

    @classmethod
    def load(cls, folder: str | os.PathLike[str]) -> TabularClassifier:
        """Read a model that `save` wrote; see `classifiers.storage.load`."""
        from classifiers.storage import load

        return load(folder)

    def __reduce__(self) -> tuple[Any, ...]:
        return _unpickled, (type(self),), self.__getstate__()

    def contributions(self, X: Table) -> Floats:  # noqa: N803
        """Return how much each feature adds to the raw score of each class.

        Returns
        -------
        ndarray of float64, shape (n_rows, n_classes, n_features + 1)
            The last entry is the score without knowing anything; they sum to the raw scores. See
            `classifiers.boosting.contributions`; what a column of lists adds to the score of a
            class is that of its feature of that class.
        """
        given = self.parts_.contributions(X, self.classes_, self.weights_)
        given[..., -1] += self._prior(self.parts_.shares)
        return given

    def _prior(self, shares: Floats) -> Floats:
        """Return what is added to the evidence: the logarithm of what is expected of each class."""
        return np.zeros_like(shares) if self.priors == "equal" else shares

    def _new_encoder(self) -> TableEncoder:
        return TableEncoder(columns=self.columns, words=self.words)

    def _boosting(self) -> dict[str, Any]:
        return {
            "num_class": len(self.classes_),
            "learning_rate": self.learning_rate,
            "num_leaves": self.num_leaves,
            "min_data_in_leaf": self.min_images,
            "feature_fraction": self.column_share,
            "seed": self.random_state,
            "num_threads": self.n_jobs,
            "max_rounds": self.max_rounds,
            "patience": self.patience,
        }

    def _held_out(
        self,
        table: Table,
        tables: Mapping[int, Table],
        codes: NDArray[np.intp],
        weights: Floats,
        groups: ArrayLike | None,
    ) -> tuple[Floats, Floats, int]:
        """Return what models without it say of each row: evidence and prior; and mean rounds."""
        found, rounds = [], []
        priors = np.zeros((len(codes), len(self.classes_)))
        for fold in np.unique(self.fold_[self.fold_ >= 0]):
            mine = tables.get(int(fold), table)
            learned, needed = self._without(fold, mine, codes, weights, groups)
            test = np.flatnonzero(self.fold_ == fold)
            found.append((test, learned.evidence(_rows(mine, test), self.classes_)))
            priors[test] = self._prior(learned.shares)
            rounds.append(needed)
        parts = np.zeros((len(found[0][1]), len(codes), len(self.classes_)))
        for rows, said in found:
            parts[:, rows] = said
        return parts, priors, max(1, round(float(np.mean(rounds))))

    def _without(
        self,
        fold: int,
        table: Table,
        codes: NDArray[np.intp],
        weights: Floats,
        groups: ArrayLike | None,
    ) -> tuple[Parts, int]:
        """Return what is learned without a fold, and in how many rounds."""
        train = np.flatnonzero(self.fold_ != fold)
        if absent := sorted(set(range(len(self.classes_))) - set(codes[train].tolist())):
            logger.warning(
                "fold %d: all images of %s are held out together, so none of them can be "
                "known; are the groups too large?",
                *(fold, ", ".join(str(self.classes_[code]) for code in absent)),
            )
        # What the encoder learns, such as the vocabulary, is learned inside the fold too.
        encoder = self._new_encoder()
        part = None if groups is None else np.asarray(groups)[train]
        numbers = encoder.fit_transform(
            _rows(table, train),
            self.classes_[codes[train]],
            groups=part,
            sample_weight=weights[train],
        )
        seen = numbers, codes[train], weights[train], self._boosting()
        tested = self.fold_[train] >= 0
        stop = stop_rows(codes[train], part, tested, self.folds, self.random_state)
        if stop is None:
            needed = max(1, self.max_rounds // 5)
        else:
            needed = fit_boosters(*seen, stop=stop).best_iteration
        return Parts.learn(encoder, *seen, needed), needed

    def _calibrated_apart(
        self, parts: Floats, priors: Floats, codes: NDArray[np.intp], weights: Floats
    ) -> Floats:
        probabilities = np.full(parts.shape[1:], np.nan)
        for fold in np.unique(self.fold_[self.fold_ >= 0]):
            test = self.fold_ == fold
            rest = ~test & (self.fold_ >= 0)
            fitted = fit_weights(parts[:, rest], codes[rest], weights[rest], priors[rest])
            probabilities[test] = softmax(weighted(parts[:, test], fitted) + priors[test])
        return probabilities


def _rows(table: Table, rows: NDArray[np.intp]) -> Table:
    taken: Table = table.take(rows) if isinstance(table, pa.Table) else table.iloc[rows]
    return taken


def _unpickled(kind: type[TabularClassifier]) -> TabularClassifier:
    """Return a model to be filled from a pickle, whose trees load LightGBM as it finds it."""
    require_lightgbm()
    return kind.__new__(kind)
