"""How doubtful the label of each image is, judged by a model that has not seen the image."""

from __future__ import annotations

import warnings
from collections.abc import Sequence, Sized
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from epic_features.errors import SettingsError
from epic_features.schema import CORE_COLUMNS, EXTRA_COLUMNS

if TYPE_CHECKING:
    import pandas as pd

_FOLDS = 5
_WIDE = ("sharpness", "bits_per_pixel", "aspect_ratio", "lines_per_text_block")


def label_doubt(
    features: pd.DataFrame,
    labels: Sequence[str] | pd.Series,
    groups: Sequence[str] | pd.Series | None = None,
    *,
    folds: int = _FOLDS,
    seed: int = 0,
) -> NDArray[np.float64]:
    """Return for each image how doubtful its label is.

    A forest of extremely randomised trees (Geurts, Ernst, Wehenkel 2006) is trained on some of the
    images and judges the others, so that no image defends its own label. The doubt is 1 less the
    probability that it gives to the label (the "self-confidence" of Northcutt, Jiang, Chuang 2021).
    Classes count equally, whatever their sizes.

    Parameters
    ----------
    features : DataFrame, n rows
        A feature table. Its numeric columns are used, and the colours; columns that are null
        throughout are not.
    labels : sequence of str, length n
        The given labels.
    groups : sequence of str, length n, optional
        Images that belong together, such as frames of one burst or pictures of one source: they
        are judged by a model that has seen none of them.
    folds : int
        Into how many parts the images are divided.
    seed : int
        Of the division and the trees.

    Returns
    -------
    ndarray of float64, shape (n,)
        Doubt in [0, 1]. It is for ranking: what is a high one depends on the data.

    Raises
    ------
    SettingsError
        Lengths differ, there is no numeric column, or there are too few images, classes or groups.
    """
    from sklearn.ensemble import ExtraTreesClassifier
    from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold

    given = np.asarray(labels, dtype=str)
    if len(given) != len(features) or (groups is not None and len(groups) != len(given)):
        raise SettingsError("features, labels and groups must have the same number of rows")
    matrix = numeric_matrix(features)
    names, codes = np.unique(given, return_inverse=True)
    parts = len(given) if groups is None else len(set(groups))
    folds = min(folds, parts, int(np.bincount(codes, minlength=1).max()))
    if len(names) < 2 or folds < 2 or not matrix.shape[1]:
        raise SettingsError(
            f"{len(given)} images in {len(names)} classes and {parts} groups with "
            f"{matrix.shape[1]} numeric columns are too few to judge labels"
        )
    if groups is None:
        divided = StratifiedKFold(folds, shuffle=True, random_state=seed).split(matrix, codes)
    else:
        splitter = StratifiedGroupKFold(folds, shuffle=True, random_state=seed)
        divided = splitter.split(matrix, codes, np.asarray(groups, dtype=str))
    probable = np.zeros((len(given), len(names)))
    with warnings.catch_warnings():
        # A class with fewer images than folds is no mistake here: its labels are doubtful.
        warnings.filterwarnings("ignore", "The least populated class", UserWarning)
        divisions = list(divided)
    for train, test in divisions:
        forest = ExtraTreesClassifier(
            400, min_samples_leaf=3, class_weight="balanced", random_state=seed
        )
        forest.fit(matrix[train], codes[train])
        probable[np.ix_(test, forest.classes_)] = forest.predict_proba(matrix[test])
    return np.asarray(1 - probable[np.arange(len(given)), codes])


def numeric_matrix(features: pd.DataFrame) -> NDArray[np.float64]:
    """Return the numeric columns and colours of a feature table, scaled.

    Counts, sizes and other columns without an upper end become their log1p; word lists their
    number of words; colours three values from 0 to 1. Every column is then centred at its median
    and divided by its interquartile range. What is null becomes 0 ("as usual") with a column of
    its own that says so.

    Returns
    -------
    ndarray of float64, shape (n, columns)
    """
    import pandas as pd
    import pyarrow as pa

    columns: list[NDArray[np.float64]] = []
    for column in (*CORE_COLUMNS, *EXTRA_COLUMNS):
        if column.name not in features or features[column.name].isna().all():
            continue
        values = features[column.name]
        if column.unit == "sRGB":
            for i in (1, 3, 5):
                part = values.str[i : i + 2]
                columns.append(np.array([np.nan if pd.isna(x) else int(x, 16) / 255 for x in part]))
        elif pa.types.is_list(column.type):
            columns.append(np.log1p([len(x) if isinstance(x, Sized) else np.nan for x in values]))
        elif pa.types.is_boolean(column.type) or pa.types.is_floating(column.type):
            plain = values.to_numpy(np.float64, na_value=np.nan)
            columns.append(np.log1p(plain) if column.name in _WIDE else plain)
        elif pa.types.is_integer(column.type):
            columns.append(np.log1p(values.to_numpy(np.float64, na_value=np.nan)))
    if not columns:
        return np.empty((len(features), 0))
    matrix = np.column_stack(columns)
    low, middle, high = np.nanpercentile(matrix, (25, 50, 75), axis=0)
    scaled = (matrix - middle) / np.where(high > low, high - low, 1)
    unknown = np.isnan(matrix)
    return np.hstack([np.nan_to_num(scaled), unknown[:, unknown.any(axis=0)]])
