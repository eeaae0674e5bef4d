"""Objects that serve one thread at a time."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Generic, TypeVar

T = TypeVar("T")


class Pool(Generic[T]):
    """Lends out objects, and builds another one only when all are lent.

    So there are as many as threads that work at the same moment, however many come and go.

    Parameters
    ----------
    build : callable
        Makes an object; called when none is idle.
    """

    def __init__(self, build: Callable[[], T]) -> None:
        self._build = build
        self._idle: deque[T] = deque()  # its append and pop are atomic

    @contextmanager
    def lend(self) -> Iterator[T]:
        """Lend an object. One in whose hands something went wrong is not lent again."""
        try:
            item = self._idle.pop()
        except IndexError:
            item = self._build()
        yield item
        self._idle.append(item)
