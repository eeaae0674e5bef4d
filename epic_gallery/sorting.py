"""Labels for any number of pictures, each with as little work as it needs."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from contextlib import closing
from dataclasses import dataclass
from functools import cached_property, partial
from os import PathLike
from typing import TYPE_CHECKING, Any

from classifiers.guarantee import UNSURE
from epic_features import Extractor, Settings, SettingsError
from epic_features.engines.inline import InlineEngine
from epic_features.engines.processes import ProcessEngine
from epic_features.extractor import Extractors, Rejected
from epic_features.image import Image
from epic_features.schema import schema_of
from epic_features.sources import ImageLike, ImageReference, check_exists, references
from epic_features.stage import Stage

if TYPE_CHECKING:
    import pyarrow as pa

    from epic_gallery.cascade import Cascade, Step

_TIER, _SCHEMA = "tier", "schema"
_BATCH = 1000


@dataclass(frozen=True)
class Sorting:
    """What `sort_images` found.

    Attributes
    ----------
    labels : pyarrow.Table
        One row for every picture, in the order of the source: ``file_name``, ``relative_path``,
        ``label``, ``decision``, ``confidence`` and ``p_<class>`` as of
        `classifiers.workflow.classify`, ``reasons`` when asked for, ``tier`` (the step that
        settled it, or the last tier) and ``sha256`` of the file that was looked at.
    rejected : tuple of Rejected
        Pictures that could not be read.
    seconds : float
        Wall-clock time.
    """

    labels: pa.Table
    rejected: tuple[Rejected, ...]
    seconds: float


def sort_images(
    source: ImageLike | Iterable[ImageLike],
    cascade: Cascade,
    *,
    root: str | PathLike[str] | None = None,
    whatsapp: bool = False,
    engine: str = "processes",
    workers: int | None = None,
    time_limit: float = 60.0,
    reasons: bool = False,
    on_progress: Callable[[int, int], None] | None = None,
) -> Sorting:
    """Label pictures; nothing is written.

    Every picture is decoded once. Killed workers, pictures that take too long and unreadable ones
    are handled as by `epic_features.dump`.

    Parameters
    ----------
    source, root, whatsapp
        As for `epic_features.dump`.
    cascade : Cascade
        See `epic_gallery.cascade.load_cascade`.
    engine : str
        ``"processes"`` or ``"inline"``.
    workers, time_limit
        As for `epic_features.dump`.
    reasons : bool
        Whether to say what speaks most for each label.
    on_progress : callable, optional
        Called at the start and after each picture with the numbers of labelled and of rejected
        ones.

    Raises
    ------
    SettingsError
        An argument is out of range.
    SourceError
        A path that does not exist, or a folder or pattern without images.
    EngineError
        Worker processes can't be started.
    """
    started = time.monotonic()
    chosen = _engine(engine, cascade, workers, time_limit)
    check_exists(source)
    tables: list[pa.Table] = []
    rejected: list[Rejected] = []
    schemas: dict[int, bytes] = {}
    labelled = 0
    if on_progress:
        on_progress(0, 0)
    with closing(chosen.run(references(source, root, whatsapp), cascade.settings[-1])) as results:
        rows: list[dict[str, Any]] = []
        for result in results:
            if result.row is None:
                rejected += [result.rejected] if result.rejected else []
            else:
                schemas.setdefault(result.row[_TIER], result.row.pop(_SCHEMA))
                rows.append({**result.row, "sha256": result.sha256})
                labelled += 1
            if len(rows) == _BATCH:
                tables.append(_labels(cascade, rows, schemas, reasons))
                rows = []
            if on_progress:
                on_progress(labelled, len(rejected))
    if rows or not tables:
        tables.append(_labels(cascade, rows, schemas, reasons))
    import pyarrow as pa

    whole = pa.concat_tables(tables).combine_chunks()
    return Sorting(whole, tuple(rejected), time.monotonic() - started)


class CascadeExtractor:
    """Makes the row of one image, step by step, until a step is sure.

    The row has the columns of the tier in which it ended, and ``tier``, its number.

    Parameters
    ----------
    steps : sequence of Step
        The steps before the last tier.
    settings : Settings
        How the row of the last tier is extracted.
    build : Extractors, optional
        Makes the extractors; several cascades that have the same share their networks.
    """

    def __init__(
        self,
        steps: tuple[Step, ...],
        settings: Settings,
        build: Extractors | None = None,
    ) -> None:
        build = build or Extractors()
        self._steps = steps
        self._extractors = [build(s) for s in (*(step.settings for step in steps), settings)]
        self._stages = [_new_stages(self._extractors, n) for n in range(len(self._extractors))]

    def load(self, image: ImageReference) -> Image:
        """Decode one image."""
        return self._extractors[-1].load(image)

    def row(self, image: Image) -> dict[str, Any]:
        """Return the columns of one image, as far as they were needed."""
        parts: dict[str, Any] = {}
        for tier, extractor in enumerate(self._extractors):
            for stage in self._stages[tier]:
                parts[stage.group] = extractor.run(stage.group, stage, image)
            row = extractor.assemble(image, parts.values())
            if tier == len(self._steps):
                break
            if self._steps[tier].settle(extractor.table([row]))[0] != UNSURE:
                break
        return {**row, _TIER: tier}

    def schema(self, tier: int) -> pa.Schema:
        """Arrow schema of the rows that end in a tier; see `epic_features.Extractor.schema`."""
        return self._extractors[tier].schema


class _Sorter(CascadeExtractor):
    """Makes rows that tell how they were made, for they are labelled in another process."""

    @cached_property
    def _schemas(self) -> dict[int, bytes]:
        return {}

    def row(self, image: Image) -> dict[str, Any]:
        row = super().row(image)
        tier = row[_TIER]
        if tier not in self._schemas:
            # As bytes: a schema is pickled for every row anew, which takes half a millisecond.
            self._schemas[tier] = self.schema(tier).serialize().to_pybytes()
        return {**row, _SCHEMA: self._schemas[tier]}


def _new_stages(extractors: list[Extractor], tier: int) -> list[Stage]:
    """Return the stages of a tier whose columns the tier before has not got, or not so good."""
    had = extractors[tier - 1].stages if tier else ()
    return [stage for stage in extractors[tier].stages if stage not in had]


def _engine(
    name: str, cascade: Cascade, workers: int | None, time_limit: float
) -> ProcessEngine | InlineEngine:
    build = partial(_Sorter, cascade.steps)
    if workers is not None and workers < 1:
        raise SettingsError(f"workers={workers!r}; it must be at least 1")
    if not time_limit > 0:
        raise SettingsError(f"time_limit={time_limit!r}; it must be above 0 seconds")
    if name == "processes":
        return ProcessEngine(workers, time_limit, build=build)
    if name == "inline":
        return InlineEngine(build)
    raise SettingsError(f"engine={name!r} is not known; choose from: processes, inline")


def _labels(
    cascade: Cascade, rows: list[dict[str, Any]], schemas: dict[int, bytes], reasons: bool
) -> pa.Table:
    """Label rows of any tier, and bring the labels into the order of the rows."""
    import numpy as np
    import pyarrow as pa

    tiers = np.array([row[_TIER] for row in rows], np.intp)
    tables, places = [], []
    for tier, settings in enumerate(cascade.settings):
        mine = np.flatnonzero(tiers == tier)
        if not len(mine) and len(rows):
            continue  # Without any row at all an empty table still needs its columns.
        known = schemas.get(tier)
        schema = pa.ipc.read_schema(pa.py_buffer(known)) if known else schema_of(settings.groups)
        table = pa.Table.from_pylist([rows[i] for i in mine], schema=schema)
        tables.append(cascade.label(tier, table, reasons=reasons))
        places.append(mine)
    order = np.argsort(np.concatenate(places))
    labels = pa.concat_tables(tables).take(pa.array(order))
    return labels.append_column("sha256", pa.array([row["sha256"] for row in rows], pa.string()))
