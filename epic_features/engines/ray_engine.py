"""The work on a cluster, by Ray Data (extra ``ray``)."""

from __future__ import annotations

import pickle
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from epic_features.engines import Result, Results
from epic_features.errors import MissingExtra
from epic_features.schema import schema_of
from epic_features.settings import Settings
from epic_features.shards import batched
from epic_features.sources import ImageReference

if TYPE_CHECKING:
    from epic_features.engines.processes import ProcessEngine

_POSITION = "_position"
_REFERENCE = "_reference"
_RESULT = "_result"
_BLOCK = 16  # Images of one task: what a lost actor or machine costs.
_CHUNK = 10_000  # References that are handed to Ray at once, at least.


class RayEngine:
    """Runs actors on the Ray cluster that ``RAY_ADDRESS`` names, or on a local one.

    References travel, not pixels, so every machine must be able to read the source. An actor that
    is lost is replaced by Ray, and its images are computed again. Inside an actor the images are
    computed by one process of the local engine, so that the time limit holds and an image that
    kills its process is rejected after a second attempt, as it is there.

    Parameters
    ----------
    workers : int, optional
        Number of actors, each with one processor core; by default one per core of the cluster.
    time_limit : float
        Seconds an image may take.

    Raises
    ------
    MissingExtra
        Ray is not installed.
    """

    def __init__(self, workers: int | None = None, time_limit: float = 60.0) -> None:
        try:
            import ray.data  # noqa: F401
        except ImportError as error:
            raise MissingExtra(
                "the engine 'ray' needs Ray Data: pip install 'epic-features[ray]'"
            ) from error
        self.workers = workers
        self.time_limit = time_limit

    def run(self, references: Iterable[ImageReference], settings: Settings) -> Results:
        """Yield one result per reference, in order; see `Engine.run`."""
        import ray

        ours = not ray.is_initialized()
        if ours:
            ray.init(log_to_driver=False)
        try:
            workers = self.workers or max(1, int(ray.cluster_resources().get("CPU", 1)))
            # Actors are started anew for every chunk; a chunk keeps each busy for minutes.
            for chunk in batched(references, max(_CHUNK, 500 * workers)):
                yield from self._in_order(chunk, settings, workers)
        finally:
            if ours:
                ray.shutdown()

    def _in_order(
        self, references: list[ImageReference], settings: Settings, workers: int
    ) -> Iterator[Result]:
        waiting: dict[int, Result] = {}
        following = 0
        for position, result in self._computed(references, settings, workers):
            waiting[position] = result
            while following in waiting:
                yield waiting.pop(following)
                following += 1

    def _computed(
        self, references: list[ImageReference], settings: Settings, workers: int
    ) -> Iterator[tuple[int, Result]]:
        import ray.data

        blocks = [
            pa.table(
                {
                    _POSITION: pa.array([position for position, _ in block], pa.int64()),
                    _REFERENCE: pa.array([pickle.dumps(r) for _, r in block], pa.binary()),
                }
            )
            for block in batched(enumerate(references), _BLOCK)
        ]
        dataset = ray.data.from_arrow(blocks).map_batches(
            _Actor,
            fn_constructor_args=(settings, self.time_limit),
            batch_format="pyarrow",
            batch_size=None,  # A block as it is.
            compute=ray.data.ActorPoolStrategy(size=min(workers, len(blocks))),
            num_cpus=1,
        )
        # Ray Data restarts actors and repeats their tasks without limit of its own accord.
        dataset.context.enable_progress_bars = False
        dataset.context.print_on_execution_start = False
        for table in dataset.iter_batches(batch_format="pyarrow", batch_size=None):
            for row in table.to_pylist():
                position: int = row.pop(_POSITION)
                result: Result = pickle.loads(row.pop(_RESULT))
                yield position, result if result.rejected else replace(result, row=row)


class _Actor:
    """Turns a table of references into a table of rows, cast to the schema."""

    def __init__(self, settings: Settings, time_limit: float) -> None:
        from epic_features.engines.processes import ProcessEngine

        self._settings = settings
        self._schema = schema_of(settings.groups)
        self._engine: ProcessEngine = ProcessEngine(1, time_limit, keep=True)

    def __call__(self, batch: pa.Table) -> pa.Table:
        references = [pickle.loads(item) for item in batch[_REFERENCE].to_pylist()]
        results = list(self._engine.run(references, self._settings))
        nothing: dict[str, Any] = {}
        table = pa.Table.from_pylist([r.row or nothing for r in results], schema=self._schema)
        told = pa.array([pickle.dumps(replace(r, row=None)) for r in results], pa.binary())
        return table.append_column(_POSITION, batch[_POSITION]).append_column(_RESULT, told)
