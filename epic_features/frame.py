"""One call from images to a pandas table."""

from __future__ import annotations

import json
import os
import warnings
from collections.abc import Iterable
from dataclasses import asdict
from typing import TYPE_CHECKING

import pyarrow as pa

from epic_features.extractor import METADATA_KEY, Extractor, Rejected
from epic_features.settings import Settings
from epic_features.sources import ImageLike, is_single, references

if TYPE_CHECKING:
    import pandas as pd


def extract(
    images: ImageLike | Iterable[ImageLike],
    *,
    settings: Settings | None = None,
    root: str | os.PathLike[str] | None = None,
) -> pd.DataFrame:
    """Compute the feature table of one or many images.

    Parameters
    ----------
    images : path, array, bytes, PIL image, folder, glob pattern, or an iterable of these
        Arrays are uint8 RGB of shape (H, W, 3), grey (H, W) or RGBA (H, W, 4).
    settings : Settings, optional
        What to compute and with which back ends.
    root : path, optional
        Folder that `relative_path` and `class` refer to; see `epic_features.sources.references`.

    Returns
    -------
    pandas.DataFrame
        One row per readable image in the order given, with nullable dtypes (``Int32``,
        ``Float32``, ``string``), so that null ("not looked") and 0 ("none") stay apart.
        ``frame.attrs["rejected"]`` lists the unreadable ones as dicts with ``path`` and
        ``reason``; ``frame.attrs["provenance"]`` holds version, settings and back ends.

    Raises
    ------
    ImageError
        `images` is a single image and can't be read. In a collection, unreadable images are left
        out and counted in one warning.
    SourceError
        A folder or pattern without images, or a path outside `root`.

    Examples
    --------
    >>> import numpy as np
    >>> from epic_features import Settings, extract
    >>> frame = extract(np.zeros((20, 30, 3), np.uint8), settings=Settings(groups=("shape",)))
    >>> frame.loc[0, ["width", "height"]].tolist()
    [30, 20]
    """
    extractor = Extractor(settings)
    run = extractor.row if is_single(images) else extractor.row_or_rejection
    results = [run(reference) for reference in references(images, root)]
    rejected = [result for result in results if isinstance(result, Rejected)]
    rows = [result for result in results if not isinstance(result, Rejected)]
    if rejected:
        warnings.warn(
            f"{len(rejected)} of {len(results)} images could not be read; "
            'see frame.attrs["rejected"]',
            stacklevel=2,
        )
    frame = to_pandas(extractor.table(rows))
    frame.attrs["rejected"] = [asdict(item) for item in rejected]
    return frame


def to_pandas(table: pa.Table) -> pd.DataFrame:
    """Convert a feature table to pandas with dtypes that keep null apart from 0.

    Parameters
    ----------
    table : pyarrow.Table
        A table of `Extractor.table` or read from a Parquet file written by this library.
    """
    import pandas as pd

    dtypes = {
        pa.int32(): pd.Int32Dtype(),
        pa.int64(): pd.Int64Dtype(),
        pa.float32(): pd.Float32Dtype(),
        pa.bool_(): pd.BooleanDtype(),
        pa.string(): pd.StringDtype(),
    }
    frame = table.to_pandas(types_mapper=dtypes.get)
    for field in table.schema:
        if pa.types.is_list(field.type):
            frame[field.name] = pd.Series(table[field.name].to_pylist(), dtype=object)
    record = (table.schema.metadata or {}).get(METADATA_KEY)
    frame.attrs["provenance"] = json.loads(record) if record else {}
    return frame
