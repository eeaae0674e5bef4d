"""The parent's side of one worker process."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import resource_tracker
from typing import Any

from epic_features.engines import BuildRowMaker
from epic_features.engines.worker import ONE_THREAD, serve
from epic_features.settings import Settings
from epic_features.sources import ImageReference

_START_LIMIT = 300.0  # Seconds to load libraries and models, on a slow disk.
_starting = threading.Lock()


@dataclass
class Task:
    """One image to compute.

    Attributes
    ----------
    position : int
        Place in the order of the references.
    reference : ImageReference
        The image.
    deaths : int
        Workers that died over it.
    """

    position: int
    reference: ImageReference
    deaths: int = 0


class WorkerHandle:
    """A worker process, its pipe, and the tasks it was given and has not answered.

    Attributes
    ----------
    tasks : deque of Task
        In the order given; the first one is being worked on.
    deadline : float
        When, on the monotonic clock, the current task (or the start) has taken too long.
    ready, broken : bool
        Whether it said that it is ready; whether its pipe is closed.
    """

    def __init__(self, settings: Settings, build: BuildRowMaker, time_limit: float) -> None:
        context = multiprocessing.get_context("spawn")
        self.connection, theirs = context.Pipe()
        self.process = context.Process(target=serve, args=(theirs, settings, build), daemon=True)
        with _environment_of_workers():
            self.process.start()
        theirs.close()
        self.tasks: deque[Task] = deque()
        self.ready = False
        self.broken = False
        self.deadline = time.monotonic() + _START_LIMIT
        self._time_limit = time_limit

    def give(self, task: Task) -> None:
        """Queue a task; if the worker is gone, that is noticed when it is next listened to."""
        self.tasks.append(task)
        if self.ready and len(self.tasks) == 1:
            self._start_clock()
        try:
            self.connection.send((task.position, task.reference))
        except OSError:
            self.broken = True

    def messages(self) -> Iterator[tuple[Any, Any]]:
        """Yield what the worker said since the last time, without waiting."""
        try:
            while self.connection.poll():
                yield self.connection.recv()
        except (EOFError, OSError):  # OSError: it was killed in the middle of a message.
            self.broken = True

    def is_ready(self) -> None:
        """Note that the worker begins with its first task."""
        self.ready = True
        self._start_clock()

    def finished(self) -> Task:
        """Note that the worker answered its current task, and return it."""
        task = self.tasks.popleft()
        self._start_clock()
        return task

    def kill(self) -> None:
        """End the process and wait until it is gone."""
        self.process.kill()
        self.process.join()
        self.connection.close()

    @property
    def cause(self) -> str:
        """How the process ended, in words."""
        code = self.process.exitcode
        if code is None or code >= 0:
            return f"with exit code {code}"
        try:
            return f"by {signal.Signals(-code).name}"
        except ValueError:
            return f"by signal {-code}"

    def _start_clock(self) -> None:
        self.deadline = time.monotonic() + self._time_limit if self.tasks else float("inf")


@contextmanager
def _environment_of_workers() -> Iterator[None]:
    """Let a process that is started inherit one thread per library, and no Ctrl-C.

    The libraries read the environment when they are imported, which the worker's own code may be
    too late for. Ctrl-C is blocked rather than ignored because only the main thread may do that.
    """
    with _starting:
        before = {name: os.environ.get(name) for name in ONE_THREAD}
        os.environ.update(ONE_THREAD)
        mask = None
        # It is started with the first process otherwise, and lets Ctrl-C through again.
        resource_tracker.ensure_running()
        if hasattr(signal, "pthread_sigmask"):
            mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        try:
            yield
        finally:
            for name, value in before.items():
                if value is None:
                    del os.environ[name]
                else:
                    os.environ[name] = value
            if mask is not None:
                signal.pthread_sigmask(signal.SIG_SETMASK, mask)
