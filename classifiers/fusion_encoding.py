"""A feature table and its columns of lists as one matrix."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from classifiers.calibration import centred, log_shares
from classifiers.embeddings import (
    LEAST_LOG_PROBABILITY,
    LinearMap,
    Matrix,
    lists_of,
    logistic_regression,
    principal_components,
)
from classifiers.encoding import TableEncoder
from classifiers.folds import make_folds
from classifiers.parameters import check_parameters
from classifiers.subjects import Subjects
from classifiers.table import LIST_COLUMNS, Table, TableError, names_of
from classifiers.words import WordCounts

Floats = NDArray[np.float64]


class FusionEncoder(TableEncoder):
    """Turns a feature table with the column ``embedding`` into numbers.

    Beside the numbers of `TableEncoder` stand, with ``mode="pca"``, the first principal components
    of the embedding; with ``mode="stack"`` and ``"product"`` the logarithms of the class
    probabilities that a logistic regression on the embedding gives. If the fitted table has the
    column ``writing``, the same numbers of it follow. They are NaN for rows without a list.

    With ``"stack"``, `fit_transform` is not `fit` and then `transform`, as with scikit-learn's
    ``TargetEncoder``: each row gets the probabilities of a regression that has not seen its group.
    With ``"product"`` it gives NaN for them, so that nothing is learned from them; see `evidence`.

    Parameters
    ----------
    mode : str
        ``"pca"``, ``"stack"`` or ``"product"``.
    n_components : int
        Principal components of each column of lists, at least 1.
    columns : sequence of str, optional
        As for `TableEncoder`; an empty one leaves the columns of lists alone.
    words, min_images
        As for `TableEncoder`.
    folds : int
        Folds of the regressions inside `fit_transform`.
    random_state : int
        Seed of these folds.

    Attributes
    ----------
    maps_ : dict of str to LinearMap
        What the lists of each column are multiplied with.
    """

    classes_: list[str]

    def __init__(
        self,
        mode: str = "pca",
        n_components: int = 32,
        columns: Sequence[str] | None = None,
        words: int = 200,
        min_images: int = 5,
        folds: int = 5,
        random_state: int = 0,
    ) -> None:
        super().__init__(columns=columns, words=words, min_images=min_images)
        self.mode = mode
        self.n_components = n_components
        self.folds = folds
        self.random_state = random_state

    def fit(
        self,
        X: Table,  # noqa: N803
        y: object = None,
        groups: object = None,
        sample_weight: ArrayLike | None = None,
    ) -> Self:
        """Choose the columns, learn the vocabulary and what to make of the lists.

        Parameters
        ----------
        X : pandas.DataFrame or pyarrow.Table
            A feature table with the column ``embedding``, and ``writing`` if that shall be used.
        y : array of str, shape (n_rows,), optional
            The class of each row; needed but with ``mode="pca"``.
        groups : array, shape (n_rows,), optional
            Only used by `fit_transform`.
        sample_weight : array of float, shape (n_rows,), optional
            Weights of the rows in the regressions.

        Raises
        ------
        TableError
            A parameter is wrong, or a column is missing or of another type.
        """
        self._learn(X, self._fitted_lists(X), self._codes(y), _weights(sample_weight, X))
        return self

    def fit_transform(
        self,
        X: Table,  # noqa: N803
        y: ArrayLike | None = None,
        groups: ArrayLike | None = None,
        sample_weight: ArrayLike | None = None,
    ) -> NDArray[np.float32]:
        """Fit, and return the numbers to train on.

        Parameters
        ----------
        X, y, sample_weight
            As for `fit`.
        groups : array, shape (n_rows,), optional
            Rows of one group are never split between a regression and those it judges.

        Raises
        ------
        TableError
            As for `fit`; or the rows can't be split into parts.
        """
        lists, codes = self._fitted_lists(X), self._codes(y)
        weights = _weights(sample_weight, X)
        self._learn(X, lists, codes, weights)
        return self._joined(X, self._held_out(lists, codes, groups, weights))

    def transform(self, X: Table) -> NDArray[np.float32]:  # noqa: N803
        """Return the numbers of a table, shape (n_rows, n_features); NaN where it has null.

        Raises
        ------
        TableError
            A column is missing or of another type, or its lists of another length.
        """
        numbers = [self._numbers(found, lists_of(X, name)) for name, found in self.maps_.items()]
        return self._joined(X, numbers)

    @property
    def plain_count_(self) -> int:
        """So many of the numbers, the first ones, are to be learned from; see `evidence`."""
        lists = len(self.maps_) * len(self.classes_) if self.mode == "product" else 0
        return len(self.feature_names_) - lists

    def evidence(self, numbers: NDArray[np.float32], classes: NDArray[Any]) -> NDArray[np.float64]:
        """Return the evidence that ``mode="product"`` takes from each column of lists.

        Parameters
        ----------
        numbers : ndarray of float32, shape (n_rows, n_features)
            What `transform` returned.
        classes : ndarray of str, shape (n_classes,)
            The classes of the trees, those of `fit` among them.

        Returns
        -------
        ndarray of float64, shape (n_columns, n_rows, n_classes)
            0 for rows without a list, and for the first of two classes; of more classes the mean
            is 0, so that it is seen for which one they speak. In other modes there is none.
        """
        if self.mode != "product":
            return super().evidence(numbers, classes)
        lists, count = len(self.maps_), len(self.classes_)
        own = numbers[:, -lists * count :].reshape(len(numbers), lists, count)
        own = own.swapaxes(0, 1).astype(np.float64)
        found = np.full((lists, len(numbers), len(classes)), LEAST_LOG_PROBABILITY)
        found[..., [list(map(str, classes)).index(name) for name in self.classes_]] = own
        found[np.isnan(own).any(axis=2)] = 0
        return centred(found.astype(np.float64))

    @property
    def columns_used_(self) -> list[str]:
        """The columns of the table that are read."""
        return [*super().columns_used_, *self.maps_]

    def to_dict(self) -> dict[str, Any]:
        """Return what `fit` learned as JSON-ready values, but for the maps."""
        return {**super().to_dict(), "classes": self.classes_}

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        """Return the maps: ``weights`` and ``offset`` of the embedding, ``writing_weights``, ..."""
        return {
            f"{_prefix(column)}{name}": values
            for column, found in self.maps_.items()
            for name, values in (("weights", found.weights), ("offset", found.offset))
        }

    def restore(
        self, learned: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]] | None = None
    ) -> Self:
        """Take over what `to_dict` and `to_arrays` returned, instead of fitting.

        Raises
        ------
        ValueError
            They do not fit together.
        """
        arrays = arrays or {}
        self.maps_ = {
            column: LinearMap(arrays[f"{prefix}weights"], arrays[f"{prefix}offset"])
            for column, prefix in ((column, _prefix(column)) for column in LIST_COLUMNS)
            if not prefix or f"{prefix}weights" in arrays
        }
        self.classes_ = list(learned["classes"])
        for found in self.maps_.values():
            count = len(found.offset)
            if found.weights.shape[1:] != (count,) or (
                self.mode != "pca" and count != len(self.classes_)
            ):
                raise ValueError("model.npz has another shape than model.json says")
        return super().restore(learned)

    def _fitted_lists(self, table: Table) -> dict[str, Matrix]:
        """Return the columns of lists that a table to fit has; the embedding must be there."""
        names = names_of(table) | {"embedding"}
        return {column: lists_of(table, column) for column in LIST_COLUMNS if column in names}

    def _learn(
        self,
        table: Table,
        lists: Mapping[str, Matrix],
        codes: NDArray[np.intp] | None,
        weights: Floats,
    ) -> None:
        check_parameters(self)
        alone = self.columns is not None and not len(self.columns)
        if self.mode == "product" and alone:
            raise TableError("mode='product' is of two parts; give columns of the metadata")
        self.maps_ = {
            column: principal_components(values, self.n_components)
            if self.mode == "pca"
            else self._regression(values, codes, weights)
            for column, values in lists.items()
        }
        if not alone:
            super().fit(table)
        else:
            self.number_columns_, self.uses_colors_ = [], False
            self.vocabulary_, self.subjects_ = WordCounts(0, 1), Subjects({})
            self._name_features()

    def _codes(self, y: object) -> NDArray[np.intp] | None:
        self.classes_ = []
        if y is None or self.mode == "pca":
            return None
        classes, codes = np.unique(np.asarray(y, dtype=str), return_inverse=True)
        self.classes_ = [str(name) for name in classes]
        return np.asarray(codes, np.intp)

    def _regression(
        self, lists: Matrix, codes: NDArray[np.intp] | None, weights: Floats
    ) -> LinearMap:
        if codes is None or len(codes) != len(lists):
            raise TableError(f"mode={self.mode!r} needs the class of every row")
        learned = logistic_regression(lists, codes, len(self.classes_), weights)
        if self.mode != "product":
            return learned
        # Of all rows, also for a column that many rows lack: that there is writing is evidence too.
        shares = log_shares(codes, len(self.classes_), weights)
        return LinearMap(learned.weights, (learned.offset - shares).astype(np.float32))

    def _held_out(
        self,
        lists: Mapping[str, Matrix],
        codes: NDArray[np.intp] | None,
        groups: ArrayLike | None,
        weights: Floats,
    ) -> list[Matrix]:
        if self.mode == "pca" or codes is None:
            return [self._numbers(self.maps_[name], values) for name, values in lists.items()]
        numbers = [np.full((len(codes), len(self.classes_)), np.nan, np.float32) for _ in lists]
        if self.mode == "product":
            return numbers
        fold = self._inner_folds(codes, groups)
        for found, values in zip(numbers, lists.values(), strict=True):
            for part in np.unique(fold):
                test = fold == part
                learned = self._regression(values[~test], codes[~test], weights[~test])
                found[test] = self._numbers(learned, values[test])
        return numbers

    def _inner_folds(self, codes: NDArray[np.intp], groups: ArrayLike | None) -> NDArray[np.intp]:
        try:
            return make_folds(codes, groups, self.folds, self.random_state)
        except TableError:
            # A class with a single image can't be in every part, which is no reason to stop.
            return make_folds(np.zeros_like(codes), groups, self.folds, self.random_state)

    def _numbers(self, learned: LinearMap, lists: Matrix) -> Matrix:
        return learned.scores(lists) if self.mode == "pca" else learned.log_probabilities(lists)

    def _joined(self, table: Table, numbers: Sequence[Matrix]) -> Matrix:
        return np.hstack([super().transform(table), *numbers])

    def _name_features(self) -> None:
        super()._name_features()
        own = [
            f"{column}:{name}"
            for column, found in self.maps_.items()
            for name in (
                [f"class {name}" for name in self.classes_]
                or [f"component {number}" for number in range(1, len(found.offset) + 1)]
            )
        ]
        self.feature_names_ = np.array([*self.feature_names_, *own], dtype=object)


def _weights(given: ArrayLike | None, table: Table) -> Floats:
    return np.ones(len(table)) if given is None else np.asarray(given, np.float64)


def _prefix(column: str) -> str:
    """Return what the names of the arrays of a column begin with in ``model.npz``."""
    return "" if column == "embedding" else f"{column}_"
