"""What a stage is: a small object that turns one image into a few columns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from epic_features.image import Image


@dataclass(frozen=True)
class Backend:
    """Who computed something, for the record in the Parquet file.

    Attributes
    ----------
    role : str
        What it was used for, e.g. ``"faces"`` or ``"text detection"``.
    name : str
        Library or model, e.g. ``"rapidocr"``.
    version : str
        Version of the library.
    sha256 : str or None
        Checksum of the model file, when there is one.
    """

    role: str
    name: str
    version: str
    sha256: str | None = None


class Stage(Protocol):
    """One group of columns.

    Attributes
    ----------
    group : str
        Name of the column group; `epic_features.schema` lists its columns.
    backends : tuple of Backend
        The libraries and models behind the columns.
    """

    @property
    def group(self) -> str:
        """Name of the column group."""
        ...

    @property
    def backends(self) -> tuple[Backend, ...]:
        """The libraries and models behind the columns."""
        ...

    def __call__(self, image: Image) -> Mapping[str, Any]:
        """Return one value for every column of the group."""
        ...
