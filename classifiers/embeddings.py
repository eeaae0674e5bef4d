"""The columns of lists as numbers, and what is learned of them: a few directions, or classes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from classifiers.calibration import softmax
from classifiers.table import LIST_COLUMNS, Table, TableError, names_of

Matrix = NDArray[np.float32]

# A class is never ruled out: this is one in a million.
LEAST_LOG_PROBABILITY = float(np.log(1e-6))

# Width of the prior of a raw score: classes that differ as much as these are told apart surely.
_SCORE_DEVIATION = 3.0


def lists_of(table: Table, column: str) -> Matrix:
    """Return a column of lists of numbers; rows without one are NaN.

    Parameters
    ----------
    table : pandas.DataFrame or pyarrow.Table
        A feature table.
    column : str
        One of `LIST_COLUMNS`.

    Returns
    -------
    ndarray of float32, shape (n_rows, length)

    Raises
    ------
    TableError
        The column is missing, does not hold lists of numbers, or lists of different lengths; or
        ``embedding`` has none at all.
    """
    if column not in names_of(table):
        raise TableError(
            f"the table lacks the column {column}; extract it with "
            f"`epic extract {LIST_COLUMNS[column]}`"
        )
    lists = _lists(table[column], column)
    known = lists.drop_null()
    # There may be no text in any of some pictures, but there is something to see in each.
    if column == "embedding" and len(lists) and not len(known):
        raise TableError(
            "the column embedding is null in every row; extract the pictures again with "
            f"`epic extract {LIST_COLUMNS[column]}`"
        )
    lengths = pc.unique(pc.list_value_length(known)).to_pylist()
    if len(lengths) > 1 or 0 in lengths:
        raise TableError(
            f"the column {column} holds lists of the lengths {sorted(lengths)}; they must be of "
            "one length, as one network gives them"
        )
    matrix = np.full((len(lists), lengths[0] if lengths else 0), np.nan, np.float32)
    numbers = known.flatten().to_numpy(zero_copy_only=False)
    matrix[np.asarray(lists.is_valid())] = numbers.reshape(len(known), matrix.shape[1])
    matrix[~np.isfinite(matrix).all(axis=1)] = np.nan
    return matrix


def _lists(values: Any, column: str) -> pa.Array:
    """Return a column of either kind of table as one Arrow array of lists."""
    try:
        if not isinstance(values, pa.ChunkedArray):
            return pa.array(values.tolist(), pa.list_(pa.float32()), from_pandas=True)
        kind = values.type
        if not pa.types.is_fixed_size_list(kind) or kind.value_type != pa.float32():
            values = values.cast(pa.list_(pa.float32()))
        return values.combine_chunks()
    except (TypeError, ValueError, pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        raise TableError(f"the column {column} should hold lists of numbers: {error}") from error


@dataclass(frozen=True)
class LinearMap:
    """Scores as a weighted sum of the numbers of a list, such as an embedding.

    Attributes
    ----------
    weights : ndarray of float32, shape (length, n_scores)
        What each number adds to each score; of length 0 where there was no list to learn from.
    offset : ndarray of float32, shape (n_scores,)
        The scores of a list of zeros; -inf for a class that was never seen.
    """

    weights: Matrix
    offset: Matrix

    def scores(self, lists: Matrix) -> Matrix:
        """Return the scores, shape (n, n_scores); NaN for rows of NaN, or if nothing was learned.

        Raises
        ------
        TableError
            The lists have another length.
        """
        # A table without a list has lists of any length.
        if not len(self.weights) or not np.isfinite(lists).any():
            return np.full((len(lists), len(self.offset)), np.nan, np.float32)
        if lists.shape[1] != len(self.weights):
            raise TableError(
                f"the lists have {lists.shape[1]} numbers; the model was trained on "
                f"{len(self.weights)}, so they are of another network"
            )
        return lists @ self.weights + self.offset

    def log_probabilities(self, lists: Matrix) -> Matrix:
        """Return the logarithms of the probabilities the scores stand for, at least ln 1e-6."""
        scores = self.scores(lists).astype(np.float64)
        with np.errstate(divide="ignore"):
            logarithms = np.log(softmax(scores))
        return np.maximum(logarithms, LEAST_LOG_PROBABILITY).astype(np.float32)


def principal_components(lists: Matrix, count: int) -> LinearMap:
    """Return the map to the first principal components, fewer when there are not as many."""
    from sklearn.decomposition import PCA

    known = lists[_known(lists)]
    if not len(known):
        return LinearMap(np.zeros((0, 0), np.float32), np.zeros(0, np.float32))
    count = min(count, *known.shape)
    found = PCA(n_components=count, svd_solver="covariance_eigh").fit(known.astype(np.float64))
    weights = found.components_.T
    return LinearMap(weights.astype(np.float32), (-found.mean_ @ weights).astype(np.float32))


def logistic_regression(
    lists: Matrix,
    codes: NDArray[np.intp],
    n_classes: int,
    weights: NDArray[np.float64] | None = None,
) -> LinearMap:
    """Return the map to the raw scores of the classes, by logistic regression.

    Each number is standardised. The penalty is not tuned: the prior gives the weights the variance
    9 / length, so that a raw score varies by about 3 whatever the length of the lists.

    Parameters
    ----------
    lists : ndarray of float32, shape (n, length)
        Rows of NaN are left out.
    codes : ndarray of int, shape (n,)
        Index of the class of each row.
    n_classes : int
        How many classes there are; those without a row, or only with rows of weight 0, get the raw
        score -inf.
    weights : ndarray of float64, shape (n,), optional
        Weight of each row; only what they are to each other matters.
    """
    from sklearn.linear_model import LogisticRegression
    from sklearn.preprocessing import StandardScaler

    kept = _known(lists) if weights is None else _known(lists) & (weights > 0)
    if not kept.any():
        return LinearMap(np.zeros((0, n_classes), np.float32), np.zeros(n_classes, np.float32))
    known, seen = lists[kept].astype(np.float64), np.unique(codes[kept])
    slopes = np.zeros((known.shape[1], n_classes))
    offset = np.full(n_classes, -np.inf)
    offset[seen] = 0.0
    if len(seen) > 1:
        scaler = StandardScaler().fit(known)
        model = LogisticRegression(C=_SCORE_DEVIATION**2 / known.shape[1], max_iter=1000)
        relative = None if weights is None else weights[kept] / weights[kept].mean()
        model.fit(scaler.transform(known), codes[kept], sample_weight=relative)
        # Of two classes the first one's score is 0.
        columns = seen[1:] if len(seen) == 2 else seen
        slopes[:, columns] = model.coef_.T / scaler.scale_[:, None]
        offset[columns] = model.intercept_ - scaler.mean_ @ slopes[:, columns]
    return LinearMap(slopes.astype(np.float32), offset.astype(np.float32))


def alignment(source: Matrix, target: Matrix) -> LinearMap:
    """Return the map from the embeddings of one network to those of another one, by least squares.

    Two trainings of a network give embeddings in other coordinates. The fit is shrunk by a
    thousandth of the mean variance of the source, for numbers that are always 0.

    Parameters
    ----------
    source, target : ndarray of float32, shape (n, length)
        What the two networks make of the same pictures.
    """
    given, wanted = source.astype(np.float64), target.astype(np.float64)
    middle, place = given.mean(axis=0), wanted.mean(axis=0)
    square = (given - middle).T @ (given - middle)
    shrunk = square + 1e-3 * max(np.trace(square) / len(square), 1e-12) * np.eye(len(square))
    weights = np.linalg.solve(shrunk, (given - middle).T @ (wanted - place))
    return LinearMap(weights.astype(np.float32), (place - middle @ weights).astype(np.float32))


def _known(lists: Matrix) -> NDArray[np.bool_]:
    """Return which rows hold a list; of unknown length are those of a column without any."""
    return np.asarray(np.isfinite(lists).all(axis=1) & (lists.shape[1] > 0))
