"""What a column is, and the Arrow types that columns have."""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow as pa

TEXT = pa.string()
WORDS = pa.list_(pa.string())
COUNT = pa.int32()
REAL = pa.float32()
BIG = pa.int64()
LABEL = pa.dictionary(pa.int32(), pa.string())


@dataclass(frozen=True)
class Column:
    """One column of the feature table.

    Attributes
    ----------
    name : str
        Column name.
    type : pyarrow.DataType
        Arrow type.
    group : str
        Column group that computes it; ``file`` for what is known without looking at pixels.
    unit : str
        ``px``, ``px²``, ``ratio``, ``count``, ... or empty.
    range : str
        Possible values in mathematical notation.
    meaning : str
        One or two sentences for the reference.
    """

    name: str
    type: pa.DataType
    group: str
    unit: str
    range: str
    meaning: str

    @property
    def field(self) -> pa.Field:
        """The Arrow field; meaning, unit, range and group are in its metadata."""
        metadata = {
            "meaning": self.meaning,
            "unit": self.unit,
            "range": self.range,
            "group": self.group,
        }
        return pa.field(self.name, self.type, metadata=metadata)
