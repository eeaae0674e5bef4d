"""The body of a request, with limits on size, time and memory."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.requests import Request
from starlette.types import Message, Receive

from epic_gallery.service.refusals import Refusal
from epic_gallery.service.settings import Limits


class Memory:
    """Bytes of pictures that are held at the moment, over all requests.

    Parameters
    ----------
    most : int
        How many there may be.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self.held = 0

    def take(self, size: int) -> None:
        """Count bytes that came.

        Raises
        ------
        Refusal
            There are too many; those are not counted.
        """
        if self.held + size > self._most:
            raise Refusal(
                "memory_full",
                f"the server holds {self.held} bytes of pictures already; try again later",
                retry_after=2,
            )
        self.held += size

    def give_back(self, size: int) -> None:
        """Count bytes that are no longer held."""
        self.held -= size


@asynccontextmanager
async def held_body(request: Request, most: int, memory: Memory) -> AsyncIterator[bytes]:
    """Read a whole body, and count it as held until the block ends.

    Parameters
    ----------
    request : Request
        Whose body it is.
    most : int
        Bytes that it may have.
    memory : Memory
        Counts them from the first on.

    Raises
    ------
    Refusal
        It is too long, also when it only says so, or the memory is full.
    """
    too_large = Refusal("too_large", f"the body exceeds {most} bytes; send a smaller one")
    announced = request.headers.get("content-length", "")
    if announced.isdecimal() and int(announced) > most:
        raise too_large
    came, size = bytearray(), 0
    try:
        async for part in request.stream():
            if size + len(part) > most:
                raise too_large
            memory.take(len(part))
            size += len(part)
            came += part
        content = bytes(came)
        came.clear()  # So that nothing is held twice.
        yield content
    finally:
        memory.give_back(size)


class PunctualBody:
    """The callable ``receive`` of ASGI, as long as the body comes fast enough and is not too long.

    Only the time spent waiting for the caller counts, not that in which the server is busy.

    Parameters
    ----------
    receive : callable
        Of ASGI.
    limits : Limits
        Time to wait for a part, and the rate that must be kept up.
    most : int or None
        Bytes of the whole body.
    """

    def __init__(self, receive: Receive, limits: Limits, most: int | None) -> None:
        self._receive = receive
        self._limits = limits
        self._most = most
        self._came = 0
        self._waited = 0.0
        self._ended = False

    async def __call__(self) -> Message:
        """Return the next message; after the end of the body it may take any time.

        Raises
        ------
        Refusal
            It came too slowly, or too much came.
        """
        if self._ended:
            return await self._receive()
        limits = self._limits
        started = time.monotonic()
        allowed = limits.body_timeout + self._came / limits.least_rate - self._waited
        try:
            async with asyncio.timeout(min(limits.body_timeout, allowed)):
                message = await self._receive()
        except TimeoutError as error:
            raise Refusal(
                "too_slow_upload",
                f"after {self._came} bytes the upload was slower than {limits.least_rate} bytes "
                f"a second or paused for {limits.body_timeout:g} s; send it again",
            ) from error
        self._waited += time.monotonic() - started
        self._came += len(message.get("body", b""))
        self._ended = not message.get("more_body", False)
        if self._most is not None and self._came > self._most:
            raise Refusal("too_large", f"the request exceeds {self._most} bytes")
        return message
