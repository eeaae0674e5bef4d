"""Worker processes for a server: one picture a worker at a time, each with a time limit."""

from __future__ import annotations

import asyncio
import logging
import queue
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from epic_features import Settings
from epic_features.engines import Result
from epic_features.engines.handle import Task, WorkerHandle
from epic_features.engines.processes import available_cores
from epic_features.engines.worker import FAILED
from epic_features.errors import EngineError
from epic_gallery.service.answers import answer_of
from epic_gallery.service.looking import Looker, Question
from epic_gallery.service.refusals import Problem
from epic_gallery.service.settings import Limits

logger = logging.getLogger(__name__)

_TICK = 0.2  # Seconds in which an idle worker that died is noticed.
_ATTEMPTS = 2
_PATIENCE = 2.0  # Seconds after a worker that did not start.


@dataclass
class _Job:
    question: Question
    answer: Future[dict[str, Any]] = field(default_factory=Future)


class WorkerPool:
    """Looks at pictures in worker processes.

    Every process has a thread that hands it one picture at a time. A process that takes too long
    is killed, and one that dies is replaced; its picture is tried once more, because something
    else may have been the cause.

    Parameters
    ----------
    limits : Limits
        Pixels, bytes, length of the queue and time for a picture.
    model : str
        The model that is loaded before the first picture comes.
    workers : int, optional
        Number of processes; by default one for each processor core at hand.
    """

    def __init__(self, limits: Limits, model: str, workers: int | None = None) -> None:
        self.size = workers or available_cores()
        self.replaced: Counter[str] = Counter()
        self._limits = limits
        self._settings = Settings(max_pixels=limits.max_pixels, max_bytes=limits.max_bytes)
        self._build = partial(Looker, warm=model)
        # Not SimpleQueue: where another thread is faster, its `get` may wait without its timeout.
        self._jobs: queue.Queue[_Job] = queue.Queue()
        self._room = asyncio.Semaphore(limits.max_queue)
        self._handles: list[WorkerHandle | None] = [None] * self.size
        self._threads: list[threading.Thread] = []
        self._stopping = threading.Event()
        self._tried = threading.Event()
        self._problem: Exception | None = None

    def start(self) -> None:
        """Start the processes, and wait until one of them is ready; once is enough.

        Raises
        ------
        EpicError
            The model can't be loaded.
        EngineError
            No process became ready.
        """
        if self._threads:
            return
        self._threads = [
            threading.Thread(target=self._tend, args=(place,), name=f"worker {place}", daemon=True)
            for place in range(self.size)
        ]
        for thread in self._threads:
            thread.start()
        self._tried.wait()
        if not self.ready and self._problem is not None:
            self.stop()
            raise self._problem

    def stop(self) -> None:
        """End every process, and wait until they are gone."""
        self._stopping.set()
        for handle in self._handles:
            if handle is not None:
                handle.process.kill()
        for thread in self._threads:
            thread.join()

    @property
    def is_full(self) -> bool:
        """Whether no more pictures should be taken in."""
        return self._room.locked()

    @property
    def ready(self) -> int:
        """How many processes can work."""
        return sum(handle is not None and handle.ready for handle in self._handles)

    @property
    def waiting(self) -> int:
        """How many pictures no process has begun with."""
        return self._jobs.qsize()

    async def classify(
        self, content: bytes | Path, *, name: str | None, model: str, features: bool = False
    ) -> dict[str, Any]:
        """Return the picture object of the API, without ``index``; waits for room in the queue.

        A caller with many pictures asks for a few at a time: others wait in the same queue.

        Parameters
        ----------
        content : bytes or Path
            An encoded picture, or a file that a worker is to read.
        name : str or None
            What to call it in the answer.
        model : str
            Name of a model of ``GET /v1/models``.
        features : bool
            Whether the answer has the whole feature row.
        """
        question = Question(name or "the picture", content, model=model, features=features)
        async with self._room:
            job = _Job(question)
            self._jobs.put(job)
            # Cancelling this cancels the job, as long as no worker has begun with it.
            found = await asyncio.wrap_future(job.answer)
        return {"name": name, **found}

    def _tend(self, place: int) -> None:
        """Keep one worker alive and busy; runs in a thread of its own."""
        while not self._stopping.is_set():
            handle = self._handles[place]
            if handle is None or not handle.process.is_alive():
                self._replace(place)
                if self._handles[place] is None:
                    self._stopping.wait(_PATIENCE)
                if self.ready:
                    continue
            try:
                job = self._jobs.get(timeout=_TICK)
            except queue.Empty:
                continue
            if job.answer.set_running_or_notify_cancel():
                try:
                    job.answer.set_result(self._answer(place, job.question))
                except Exception as error:  # Whatever it is, somebody waits, and others will.
                    job.answer.set_exception(error)
        self._bury(place)

    def _answer(self, place: int, question: Question) -> dict[str, Any]:
        for _ in range(_ATTEMPTS):
            handle = self._handles[place]
            if handle is None:
                return _no_worker("no worker process can be started; see what the server printed")
            started = time.monotonic()
            result = self._ask(handle, question)
            seconds = time.monotonic() - started
            if result is not None:
                return answer_of(result, question, seconds)
            if self._stopping.is_set():
                return _no_worker("the server is being stopped; try again later")
            if seconds >= self._limits.time_limit:
                self._bury(place, "time limit")
                reason = f"{question.name} took longer than {self._limits.time_limit:g} s"
                return Problem("picture_took_too_long", f"{reason}; send a smaller copy of it").json
            self._replace(place)
        reason = f"the worker process died {_ATTEMPTS} times over {question.name}"
        return Problem("picture_ended_worker", f"{reason}; save it anew, or smaller").json

    def _ask(self, handle: WorkerHandle, question: Question) -> Result | None:
        """Return what a worker says, or None when it died or was killed for taking too long."""
        with _killed_after(self._limits.time_limit, handle):
            try:
                handle.give(Task(0, question))
                _, result = handle.connection.recv()
            except (EOFError, OSError):
                return None
        handle.finished()
        assert isinstance(result, Result)
        return result

    def _replace(self, place: int) -> None:
        """Start a worker; leaves None in its place when that fails."""
        self._bury(place)
        try:
            self._handles[place] = self._started(place)
        except Exception as error:  # What is wrong with the model, or with the system.
            self._problem = error
            if not self._stopping.is_set():
                logger.error("a worker process could not be started: %s", error)
            self._handles[place] = None
        self._tried.set()

    def _started(self, place: int) -> WorkerHandle:
        handle = WorkerHandle(self._settings, self._build, self._limits.time_limit)
        self._handles[place] = handle  # So that `stop` finds it.
        with _killed_after(handle.deadline - time.monotonic(), handle):
            try:
                if self._stopping.is_set():
                    handle.process.kill()  # `stop` may have looked before it was there.
                what, problem = handle.connection.recv()
            except (EOFError, OSError):
                what, problem = FAILED, EngineError("it ended before it was ready")
        if what == FAILED:
            handle.kill()
            raise problem
        handle.is_ready()
        return handle

    def _bury(self, place: int, cause: str | None = None) -> None:
        """End the worker in a place, if there is one, and count what it died of."""
        handle, self._handles[place] = self._handles[place], None
        if handle is None:
            return
        handle.kill()
        if not self._stopping.is_set():
            self.replaced[cause or "death"] += 1
            logger.warning("worker %s ended: %s", handle.process.pid, cause or handle.cause)


@contextmanager
def _killed_after(seconds: float, handle: WorkerHandle) -> Iterator[None]:
    """Kill a process that takes too long; that ends a send to one that does not read, too."""
    clock = threading.Timer(seconds, handle.process.kill)
    clock.daemon = True
    clock.start()
    try:
        yield
    finally:
        clock.cancel()


def _no_worker(reason: str) -> dict[str, Any]:
    return Problem("no_worker", reason).json
