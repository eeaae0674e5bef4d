"""The one place that turns a feature table into numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from classifiers.colors import color_features
from classifiers.parameters import check_parameters
from classifiers.subjects import Subjects, known_subjects
from classifiers.table import (
    COLUMNS,
    WORD_COLUMNS,
    Table,
    TableError,
    column_of,
    names_of,
    number_columns,
    without_record,
)
from classifiers.words import WordCounts

_COLOR_COLUMNS = tuple(
    name for k in range(1, 6) for name in (f"dominant_color_{k}", f"color_to_image_ratio_{k}")
)

# How large a picture is and how many bytes it has tell how it was sent and shrunk, not what it
# shows; a model that leans on them fails on the next phone. They can be asked for by name.
_LEFT_OUT = frozenset({"area", "width", "height"})
_LEFT_OUT_GROUPS = frozenset({"bytes"})


class TableEncoder(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Turns a feature table into a matrix of numbers; what is null becomes NaN.

    - number and yes/no columns as they are, ``aspect_ratio`` as its logarithm, counts n as
      log(1 + n);
    - the five dominant colours as CIE Lab, chroma and share, and what they are like together;
    - the words as TF-IDF of the lemmas of both languages, over a vocabulary learned in `fit`;
    - how many of these lemmas, and which share, belong to each of a few subjects, such as a chat or
      a greeting, by lists that come with the library.

    Extra column groups are used when the table that is fitted has them. Columns that the schema
    does not know are ignored.

    Parameters
    ----------
    columns : sequence of str, optional
        Columns of the schema to use; by default all that say something about the content: without
        the size in pixels and the group ``bytes``. Word and colour columns are used as a whole
        when one of them is named.
    words : int
        Size of the vocabulary; 0 leaves the words and their subjects out.
    min_images : int
        A word of the vocabulary is in at least so many images.

    Attributes
    ----------
    number_columns_ : list of str
        The number columns used.
    feature_names_ : ndarray of str, shape (n_features,)
        Names of the columns of the matrix.

    Examples
    --------
    >>> import numpy as np
    >>> from classifiers import TableEncoder
    >>> from epic_features import Settings, extract
    >>> pictures = [np.full((20, 30, 3), grey, np.uint8) for grey in (0, 255)]
    >>> table = extract(pictures, settings=Settings(groups=("shape", "colors")))
    >>> encoder = TableEncoder().fit(table)
    >>> matrix = encoder.transform(table)
    >>> matrix[:, list(encoder.feature_names_).index("color_1_lightness")].tolist()
    [0.0, 100.0]
    """

    def __init__(
        self, columns: Sequence[str] | None = None, words: int = 200, min_images: int = 5
    ) -> None:
        self.columns = columns
        self.words = words
        self.min_images = min_images

    def fit(
        self,
        X: Table,  # noqa: N803
        y: object = None,
        groups: object = None,
        sample_weight: ArrayLike | None = None,
    ) -> Self:
        """Choose the columns and learn the vocabulary.

        Parameters
        ----------
        X : pandas.DataFrame or pyarrow.Table
            A feature table, as `epic_features.extract` or a Parquet file gives it.
        y, groups, sample_weight : object
            Ignored.

        Raises
        ------
        TableError
            A parameter is wrong, a column that was asked for is missing or of another type, or
            there is none to use.
        """
        check_parameters(self)
        # The shares of the colours come with the colours.
        self.number_columns_ = [
            name
            for name in number_columns(X, self.columns)
            if name not in _COLOR_COLUMNS and (self.columns is not None or not _left_out(name))
        ]
        wanted = set(self.columns) if self.columns is not None else None
        names = names_of(X)
        self.uses_colors_ = _used(_COLOR_COLUMNS, wanted, names)
        uses_words = self.words > 0 and _used(WORD_COLUMNS, wanted, names)
        self.vocabulary_ = WordCounts(self.words if uses_words else 0, self.min_images)
        if uses_words:
            self.vocabulary_.fit(_words(X))
        self.subjects_ = known_subjects() if uses_words else Subjects({})
        if not (self.number_columns_ or self.uses_colors_ or uses_words):
            raise TableError("none of the columns that were asked for can be turned into numbers")
        self._name_features()
        return self

    def transform(self, X: Table) -> NDArray[np.float32]:  # noqa: N803
        """Return the numbers of a table.

        Parameters
        ----------
        X : pandas.DataFrame or pyarrow.Table
            A feature table with the columns of the one that was fitted.

        Returns
        -------
        ndarray of float32, shape (n_rows, n_features)
            NaN where the table has null.

        Raises
        ------
        TableError
            A column is missing or of another type.
        """
        check_is_fitted(self, "feature_names_")
        X = without_record(X)  # noqa: N806
        parts = [_numbers(X, self.number_columns_)]
        if self.uses_colors_:
            try:
                parts.append(color_features(*_colors(X))[0])
            except ValueError as error:
                raise TableError(f"{error}; make the table with `epic extract`") from error
        if self._uses_words:
            words = _words(X)
            parts += [self.subjects_.transform(words), self.vocabulary_.transform(words)]
        return np.hstack(parts).astype(np.float32)

    @property
    def plain_count_(self) -> int:
        """So many of the numbers, the first ones, are to be learned from; see `evidence`."""
        return len(self.feature_names_)

    def evidence(self, numbers: NDArray[np.float32], classes: NDArray[Any]) -> NDArray[np.float64]:
        """Return what numbers after the plain ones say for each class; nothing here.

        Parameters
        ----------
        numbers : ndarray of float32, shape (n_rows, n_features)
            What `transform` returned.
        classes : ndarray of str, shape (n_classes,)
            The classes.

        Returns
        -------
        ndarray of float64, shape (0, n_rows, n_classes)
        """
        return np.zeros((0, len(numbers), len(classes)))

    @property
    def columns_used_(self) -> list[str]:
        """The columns of the table that are read."""
        check_is_fitted(self, "feature_names_")
        colors = _COLOR_COLUMNS if self.uses_colors_ else ()
        words = WORD_COLUMNS if self._uses_words else ()
        return [*self.number_columns_, *colors, *words]

    def get_feature_names_out(self, input_features: object = None) -> NDArray[np.object_]:
        """Return the names of the columns of the matrix."""
        check_is_fitted(self, "feature_names_")
        return self.feature_names_

    def to_dict(self) -> dict[str, Any]:
        """Return what `fit` learned as JSON-ready values."""
        check_is_fitted(self, "feature_names_")
        return {
            "number_columns": self.number_columns_,
            "colors": self.uses_colors_,
            "words": self.vocabulary_.to_dict(),
            "subjects": self.subjects_.words,
        }

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        """Return what `fit` learned and JSON is too wide for; nothing here."""
        return {}

    def restore(
        self, learned: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]] | None = None
    ) -> Self:
        """Take over what `to_dict` and `to_arrays` returned, instead of fitting.

        Raises
        ------
        ValueError
            It names a column that the schema does not know.
        """
        self.number_columns_ = list(learned["number_columns"])
        if unknown := sorted(set(self.number_columns_) - set(COLUMNS)):
            raise ValueError(f"unknown columns {', '.join(unknown)}")
        self.uses_colors_ = bool(learned["colors"])
        self.vocabulary_ = WordCounts.from_dict(learned["words"])
        # A model keeps the lists it was trained with.
        self.subjects_ = Subjects(learned["subjects"])
        self._name_features()
        return self

    @property
    def _uses_words(self) -> bool:
        return bool(self.vocabulary_.terms or self.subjects_.words)

    def _name_features(self) -> None:
        colors = color_features(*_no_colors())[1] if self.uses_colors_ else []
        terms = [f"word:{term}" for term in self.vocabulary_.terms]
        names = [*self.number_columns_, *colors, *self.subjects_.feature_names, *terms]
        self.feature_names_ = np.array(names, dtype=object)


def _left_out(name: str) -> bool:
    return name in _LEFT_OUT or COLUMNS[name].group in _LEFT_OUT_GROUPS


def _used(columns: Sequence[str], wanted: set[str] | None, present: set[str]) -> bool:
    return set(columns) <= present if wanted is None else bool(wanted.intersection(columns))


def _numbers(table: Table, columns: Sequence[str]) -> NDArray[np.float64]:
    if not columns:
        return np.zeros((len(table), 0))
    values = np.column_stack([column_of(table, name) for name in columns])
    for index, name in enumerate(columns):
        if name == "aspect_ratio":
            values[:, index] = np.log(np.maximum(values[:, index], 1e-6))
        elif COLUMNS[name].unit in ("count", "px²", "byte", "character"):
            values[:, index] = np.log1p(np.maximum(values[:, index], 0))
    return values


def _words(table: Table) -> list[list[str] | None]:
    """Return the lemmas of each row in both languages; None where no text was looked for."""
    english, arabic = (column_of(table, name) for name in WORD_COLUMNS)
    return [
        None if en is None and ar is None else [*(en or ()), *(ar or ())]
        for en, ar in zip(english, arabic, strict=True)
    ]


def _colors(
    table: Table,
) -> tuple[NDArray[np.object_], NDArray[np.float64]]:
    """Return hex colours and shares, both of shape (n_rows, 5)."""
    hexes = np.column_stack([column_of(table, name) for name in _COLOR_COLUMNS[::2]])
    shares = np.column_stack([column_of(table, name) for name in _COLOR_COLUMNS[1::2]])
    return hexes, shares


def _no_colors() -> tuple[NDArray[np.object_], NDArray[np.float64]]:
    return np.full((0, 5), None, object), np.zeros((0, 5))
