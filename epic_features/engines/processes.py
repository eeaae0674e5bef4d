"""Local worker processes that may die, hang or be killed without harm to the batch.

`multiprocessing.Pool` waits for ever when one of its workers is killed, and an executor gives up as
a whole. Here every worker has a pipe of its own, so that a death is seen at once and concerns one
image.
"""

from __future__ import annotations

import heapq
import logging
import os
import time
from collections import deque
from collections.abc import Iterable, Iterator
from multiprocessing.connection import wait

from epic_features.engines import BuildRowMaker, Result, Results, RowMaker
from epic_features.engines.handle import Task, WorkerHandle
from epic_features.engines.inline import rejection, result_of
from epic_features.engines.worker import FAILED, READY
from epic_features.errors import EngineError
from epic_features.extractor import Extractor
from epic_features.settings import Settings
from epic_features.sources import ImageReference

logger = logging.getLogger(__name__)

_QUEUE = 2  # Tasks in the pipe of a worker, so that it never waits for the parent.
_START_ATTEMPTS = 3
_START_KILLS = 10


class ProcessEngine:
    """Runs spawned worker processes.

    A worker that dies is replaced; its image is tried once more with nothing else running, so that
    two images that only together exhaust the memory both get their row, and then rejected. A
    worker that takes too long over an image is killed and the image rejected. Images in memory
    (arrays, bytes, PIL images) are computed in the calling process instead of being copied.

    Parameters
    ----------
    workers : int, optional
        Number of processes; by default one per processor core at hand.
    time_limit : float
        Seconds an image may take.
    keep : bool
        Keep the processes of a finished run for the next one, which must have equal settings.
    build : callable
        Settings to what makes the rows; called once in every process.
    """

    def __init__(
        self,
        workers: int | None = None,
        time_limit: float = 60.0,
        *,
        keep: bool = False,
        build: BuildRowMaker = Extractor,
    ) -> None:
        self.workers = workers or available_cores()
        self.time_limit = time_limit
        self.keep = keep
        self._build = build
        self._kept: list[WorkerHandle] = []

    def run(self, references: Iterable[ImageReference], settings: Settings) -> Results:
        """Yield one result per reference, in order; see `Engine.run`."""
        run = _Run(references, settings, self._build, self.workers, self.time_limit, self._kept)
        self._kept = []
        try:
            yield from run.results()
            if self.keep:
                self._kept = run.release()
        finally:
            run.close()


def available_cores() -> int:
    """Return the number of processor cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


class _Run:
    """The state of one `ProcessEngine.run`.

    Every task is in exactly one place: not yet taken from `_source`, in the queue of a worker, in
    `_returned` (its worker died before it began), in `_suspects` (its worker died over it), or in
    `_done`.
    """

    def __init__(
        self,
        references: Iterable[ImageReference],
        settings: Settings,
        build: BuildRowMaker,
        limit: int,
        time_limit: float,
        workers: list[WorkerHandle],
    ) -> None:
        self._source = enumerate(references)
        self._exhausted = False
        self._settings = settings
        self._build = build
        self._limit = limit
        self._time_limit = time_limit
        # How far work may run ahead of the oldest unfinished image; bounds what is kept in memory.
        self._window = max(256, 64 * limit)
        self._workers = workers
        self._returned: list[tuple[int, Task]] = []
        self._suspects: deque[Task] = deque()
        self._done: dict[int, Result] = {}
        self._next = 0
        self._failed_starts = 0
        self._maker: RowMaker | None = None

    def results(self) -> Iterator[Result]:
        while True:
            self._assign()
            while self._next in self._done:
                result = self._done.pop(self._next)
                self._next += 1
                yield result
                self._assign()
            if any(worker.tasks for worker in self._workers):
                self._wait()
            elif self._exhausted and not self._returned and not self._suspects:
                return

    def release(self) -> list[WorkerHandle]:
        workers, self._workers = self._workers, []
        return workers

    def close(self) -> None:
        for worker in self._workers:
            worker.kill()
        self._workers.clear()

    def _assign(self) -> None:
        if any(task.deaths for worker in self._workers for task in worker.tasks):
            return  # A suspect is being tried alone.
        if self._suspects:
            if not any(worker.tasks for worker in self._workers):
                self._give(self._suspects.popleft())
            return
        while self._has_room() and (task := self._take()):
            if task.reference.is_file:
                self._give(task)
            else:
                self._maker = self._maker or self._build(self._settings)
                self._done[task.position] = result_of(self._maker, task.reference)
                return  # It may be its turn to be yielded.

    def _has_room(self) -> bool:
        if len(self._workers) < self._limit:
            return True
        return any(len(worker.tasks) < _QUEUE for worker in self._workers)

    def _take(self) -> Task | None:
        if self._returned:
            return heapq.heappop(self._returned)[1]
        in_hand = len(self._done) + sum(len(worker.tasks) for worker in self._workers)
        if self._exhausted or in_hand >= self._window:
            return None
        for position, reference in self._source:
            return Task(position, reference)
        self._exhausted = True
        return None

    def _give(self, task: Task) -> None:
        worker = min(self._workers, key=lambda worker: len(worker.tasks), default=None)
        if worker is None or (worker.tasks and len(self._workers) < self._limit):
            worker = WorkerHandle(self._settings, self._build, self._time_limit)
            self._workers.append(worker)
        worker.give(task)

    def _wait(self) -> None:
        """Take what the workers have to say; notice the dead and those that take too long."""
        sources = [s for w in self._workers for s in (w.connection, w.process.sentinel)]
        patience = min(worker.deadline for worker in self._workers) - time.monotonic()
        wait(sources, max(0.0, patience) if patience < float("inf") else None)
        for worker in list(self._workers):
            alive = worker.process.is_alive()  # Asked first: what it said before dying counts.
            for message in worker.messages():
                self._hear(worker, *message)
            if not alive or worker.broken:
                self._bury(worker)
            elif time.monotonic() > worker.deadline:
                self._stop(worker)

    def _hear(self, worker: WorkerHandle, what: object, content: object) -> None:
        if what == READY:
            worker.is_ready()
            self._failed_starts = 0
        elif what == FAILED:
            assert isinstance(content, Exception)
            raise content
        else:
            assert isinstance(content, Result)
            self._done[worker.finished().position] = content

    def _bury(self, worker: WorkerHandle) -> None:
        """Replace a worker that died."""
        self._workers.remove(worker)
        worker.kill()
        logger.warning("worker %s ended: %s", worker.process.pid, worker.cause)
        if not worker.ready:
            self._count_failed_start(worker.cause)
        elif worker.tasks:
            suspect = worker.tasks.popleft()
            suspect.deaths += 1
            if suspect.deaths < 2:
                self._suspects.append(suspect)
            else:
                reason = f"its worker process died twice, the last time {worker.cause}"
                self._reject(suspect, reason)
        self._return(worker.tasks)

    def _stop(self, worker: WorkerHandle) -> None:
        """Replace a worker that takes too long."""
        self._workers.remove(worker)
        worker.kill()
        if worker.ready:
            self._reject(worker.tasks.popleft(), f"took longer than {self._time_limit:g} s")
        else:
            self._count_failed_start("not ready in time")
        self._return(worker.tasks)

    def _reject(self, task: Task, reason: str) -> None:
        logger.warning("%s: %s", task.reference.name, reason)
        self._done[task.position] = rejection(task.reference, reason, "worker")

    def _return(self, tasks: Iterable[Task]) -> None:
        for task in tasks:
            heapq.heappush(self._returned, (task.position, task))

    def _count_failed_start(self, cause: str) -> None:
        self._failed_starts += 1
        # Something outside may kill a worker or two; one that ends by itself will do so again.
        if self._failed_starts >= (_START_KILLS if cause.startswith("by") else _START_ATTEMPTS):
            raise EngineError(
                f"{self._failed_starts} worker processes in a row ended before they were ready "
                f"({cause}). A script that is run as a file must call dump below "
                '`if __name__ == "__main__":`; otherwise see what they printed, or use '
                'engine="inline"'
            )
