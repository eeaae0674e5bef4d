"""How long to wait for a server, how often to ask again, and which failures deserve it."""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

logger = logging.getLogger(__name__)
T = TypeVar("T")


class Transient(OSError):
    """A failure that may pass: a dropped connection, a time-out, a busy server.

    Parameters
    ----------
    reason : str
        One line, without credentials.
    wait : float or None
        Seconds that the server asked to wait.
    """

    def __init__(self, reason: str, wait: float | None = None) -> None:
        super().__init__(reason)
        self.wait = wait


class Permanent(OSError):
    """A failure that asking again does not cure; the message is one line without credentials."""


class NotThere(Permanent):
    """There is no such file or folder."""


class Taken(Permanent, FileExistsError):
    """There is such a file already."""


class TooManyBytes(OSError):
    """The file is longer than the limit.

    Parameters
    ----------
    size : int
        Bytes that the server announced, or that had come when reading stopped.
    """

    def __init__(self, size: int) -> None:
        super().__init__(f"{size} bytes")
        self.size = size


@dataclass(frozen=True)
class Patience:
    """How long to bear with a server.

    Attributes
    ----------
    attempts : int
        How often a file or folder is asked for before it is given up.
    wait, longest_wait : float
        Seconds before the second attempt; doubled before each further one, up to the longest.
        A random part of up to a half is taken off, so that many workers do not come back at once.
    timeout : float
        Seconds without a byte after which a connection counts as dead.
    total : float
        Seconds that one file may take, all attempts together. It stops servers that send a byte
        now and then, and ends before the time limit of a dump would end the worker.
    list_timeout, list_total : float
        The same for the list of a folder, which a phone may have to put together first.
    """

    attempts: int = 4
    wait: float = 0.5
    longest_wait: float = 10.0
    timeout: float = 10.0
    total: float = 45.0
    list_timeout: float = 60.0
    list_total: float = 600.0


def patiently(
    action: Callable[[float], T],
    patience: Patience,
    before_retry: Callable[[], None],
    *,
    listing: bool = False,
) -> T:
    """Run an action, again after each transient failure.

    Parameters
    ----------
    action : callable
        Gets the `time.monotonic` at which it must be over.
    patience : Patience
        How often and how long.
    before_retry : callable
        Run before each further attempt.
    listing : bool
        Whether the action lists a folder, which may take longer.

    Raises
    ------
    Transient
        The last attempt failed too; the message tells how many there were.
    OSError
        A failure that does not deserve another attempt.
    """
    deadline = time.monotonic() + (patience.list_total if listing else patience.total)
    for attempt in range(1, patience.attempts + 1):
        try:
            return action(deadline)
        except Transient as failure:
            pause = min(patience.wait * 2 ** (attempt - 1), patience.longest_wait)
            pause *= random.uniform(0.5, 1.0)
            if failure.wait is not None:
                pause = max(pause, min(failure.wait, patience.longest_wait))
            if attempt == patience.attempts or time.monotonic() + pause > deadline:
                tried = f" ({attempt} attempts)" if attempt > 1 else ""
                raise Transient(f"{failure}{tried}") from None
            logger.debug("attempt %d failed (%s); waiting %.1f s", attempt, failure, pause)
        time.sleep(pause)
        before_retry()
    raise AssertionError("at least one attempt is made")
