"""Decode once, run the stages, return one row."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from typing import Any, TypeVar

import pyarrow as pa

from epic_features import __version__
from epic_features.errors import EpicError, ImageError, SourceError
from epic_features.image import Image
from epic_features.schema import columns_of, schema_of
from epic_features.settings import EMBEDDING_GROUP, WRITING_GROUP, Settings
from epic_features.sources import ImageLike, ImageReference, is_single, references
from epic_features.stage import Backend, Stage

logger = logging.getLogger(__name__)

METADATA_KEY = b"epic_features"

_TEXT_GROUPS = ("text", "layout", WRITING_GROUP)
"""Those that one stage computes."""

_T = TypeVar("_T")


@dataclass(frozen=True)
class Rejected:
    """An image that gave no row.

    Attributes
    ----------
    path : str
        Path of the file, or a description such as ``<array 3>``.
    reason : str
        Why, in one line.
    stage : str
        What failed: ``"source"`` (the file can't be had), ``"decode"``, ``"worker"`` (the process
        died, or took too long), or the column group.
    relative_path : str or None
        Path below the source root; None for an image that is not a file.
    """

    path: str
    reason: str
    stage: str = "decode"
    relative_path: str | None = None


class Extractor:
    """Turns images into feature rows; loads its models once. Safe to use from several threads.

    Parameters
    ----------
    settings : Settings, optional
        What to compute and with which back ends.
    stages : sequence of Stage, optional
        What computes it, when it is built already; see `Extractors`.

    Raises
    ------
    ModelNotFound
        A model file is missing; the message names the command that gets it.
    MissingExtra
        An optional back end is not installed.

    Examples
    --------
    >>> import numpy as np
    >>> from epic_features import Extractor, Settings
    >>> extractor = Extractor(Settings(groups=("shape", "colors")))
    >>> row = extractor.row(np.zeros((20, 30, 3), np.uint8))
    >>> row["aspect_ratio"], row["dominant_color_1"], row["total_faces_count"]
    (1.5, '#000000', None)
    """

    def __init__(
        self, settings: Settings | None = None, stages: Sequence[Stage] | None = None
    ) -> None:
        self.settings = settings or Settings()
        self.stages = build_stages(self.settings) if stages is None else tuple(stages)
        self._embedding_size = _embedding_size(self.stages)
        self.columns = columns_of(self.settings.groups, self._embedding_size)

    @property
    def backends(self) -> tuple[Backend, ...]:
        """The libraries and models behind the columns."""
        return tuple(backend for stage in self.stages for backend in stage.backends)

    @cached_property
    def schema(self) -> pa.Schema:
        """Arrow schema of `table`; library version, settings and back ends are in its metadata."""
        record = {
            "version": __version__,
            "settings": self.settings.to_dict(),
            "backends": [asdict(backend) for backend in self.backends],
        }
        encoded = json.dumps(record, ensure_ascii=False).encode()
        schema = schema_of(self.settings.groups, self._embedding_size)
        return schema.with_metadata({METADATA_KEY: encoded})

    def load(self, image: ImageLike | ImageReference | Image) -> Image:
        """Decode one image; an `Image` is returned as it is.

        Raises
        ------
        ImageError
            It can't be read or decoded.
        """
        if isinstance(image, Image):
            return image
        if isinstance(image, ImageReference):
            return image.load(self.settings)
        if not is_single(image):
            raise SourceError(f"{image} is not one image; use extract or dump for many")
        (reference,) = references(image)
        return reference.load(self.settings)

    def row(self, image: ImageLike | ImageReference | Image) -> dict[str, Any]:
        """Return the columns of one image, in the order of `columns`.

        Parameters
        ----------
        image : path, array, bytes, PIL image, ImageReference or Image
            Exactly one image.

        Returns
        -------
        dict
            Python values by column name; None where a column was not computed.

        Raises
        ------
        ImageError
            The image can't be read, or a stage failed on it.
        """
        loaded = self.load(image)
        return self.assemble(
            loaded, (self.run(stage.group, stage, loaded) for stage in self.stages)
        )

    def assemble(self, image: Image, parts: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
        """Join the columns that stages returned for an image into one row."""
        row: dict[str, Any] = dict.fromkeys(column.name for column in self.columns)
        row["file_name"] = image.file_name
        row["relative_path"] = image.relative_path
        row["class"] = image.label
        for part in parts:
            row.update(part)
        return row

    def row_or_rejection(self, image: ImageReference) -> dict[str, Any] | Rejected:
        """Return the row of an image of a batch, or why it has none."""
        try:
            return self.row(image)
        except ImageError as error:
            return Rejected(image.name, error.reason, error.stage, image.relative_path)

    def table(self, rows: Iterable[Mapping[str, Any]]) -> pa.Table:
        """Turn rows into an Arrow table of `schema`."""
        return pa.Table.from_pylist(list(rows), schema=self.schema)

    @staticmethod
    def run(group: str, work: Callable[[Image], _T], image: Image) -> _T:
        """Run the stage of a group, or a part of it; whatever it raises becomes `ImageError`."""
        try:
            return work(image)
        except EpicError:
            raise
        except Exception as error:
            # The promise is that one picture never stops a batch, whatever a back end makes of it.
            logger.debug("stage %s failed", group, exc_info=True)
            name = image.relative_path or "<pixels>"
            reason = f"the {group} stage failed: {type(error).__name__}: {error}"
            raise ImageError(name, " ".join(reason.split()), group) from error


class Extractors:
    """Makes extractors that share stages, and so networks, as far as their settings agree.

    Examples
    --------
    >>> from epic_features import Settings
    >>> from epic_features.extractor import Extractors
    >>> extractors = Extractors()
    >>> few, more = extractors(Settings(groups=("faces",))), extractors(Settings(text="counts"))
    >>> few.stages[0] in more.stages
    True
    """

    def __init__(self) -> None:
        self._stages: dict[tuple[str, Settings], Stage] = {}
        self._made: dict[Settings, Extractor] = {}

    def __call__(self, settings: Settings) -> Extractor:
        """Return the extractor of these settings; the same one when it was asked for before."""
        if settings not in self._made:
            stages = build_stages(settings, self._stages)
            self._made[settings] = Extractor(settings, stages)
        return self._made[settings]


def build_stages(
    settings: Settings, built: dict[tuple[str, Settings], Stage] | None = None
) -> tuple[Stage, ...]:
    """Build the stages of the groups in the settings. A new column group is one line here.

    What is in `built` is taken from there, and what is not is put there.
    """
    from epic_features import extras
    from epic_features.colors import ColorsStage
    from epic_features.extras.embedding import build_embedding_stage
    from epic_features.faces import build_faces_stage
    from epic_features.shape import ShapeStage
    from epic_features.text import build_text_stage

    builders: tuple[tuple[str, Callable[[], Stage]], ...] = (
        ("shape", ShapeStage),
        ("colors", ColorsStage),
        ("faces", lambda: build_faces_stage(settings)),
        ("text", lambda: build_text_stage(settings)),
        *((stage.group, stage) for stage in extras.EXTRA_STAGES),
        ("embedding", lambda: build_embedding_stage(settings)),
    )
    known = {} if built is None else built
    stages = []
    for group, build in builders:
        if group in settings.groups:
            key = group, _settings_for(group, settings)
            if key not in known:
                known[key] = build()
            stages.append(known[key])
    return tuple(stages)


def _settings_for(group: str, settings: Settings) -> Settings:
    """Return the settings as far as a stage looks at them; others are as by default."""
    own = _TEXT_GROUPS if group in _TEXT_GROUPS else (group,)
    return replace(
        settings,
        groups=tuple(name for name in settings.groups if name in own),
        text=settings.text if group in _TEXT_GROUPS else Settings.text,
        embedding=settings.embedding if group == EMBEDDING_GROUP else None,
    )


def _embedding_size(stages: Iterable[Stage]) -> int | None:
    from epic_features.extras.embedding import EmbeddingStage

    return next((stage.size for stage in stages if isinstance(stage, EmbeddingStage)), None)
