"""HTTP connections that may not dawdle: what uvicorn itself does not limit or say."""

from __future__ import annotations

import asyncio
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol


class PunctualProtocol(H11Protocol):
    """Drops a connection that brings no complete request in time, or reads no answer.

    uvicorn closes a connection that is idle between two requests, but waits for ever for the first
    request, for the rest of headers, and for the rest of a body that was answered before its end.

    Parameters
    ----------
    header_timeout : float
        Seconds from the start of the connection, or from the end of the last answer, in which the
        headers of a request must have come.
    write_timeout : float
        Seconds in which nothing of an answer is taken.
    **others
        Of uvicorn.
    """

    def __init__(self, *, header_timeout: float, write_timeout: float, **others: Any) -> None:
        super().__init__(**others)
        self._header_timeout = header_timeout
        self._write_timeout = write_timeout
        self._header_timer = self._write_timer = asyncio.TimerHandle(0, _nothing, (), self.loop)

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Start the clock."""
        super().connection_made(transport)
        self._watch_headers()

    def data_received(self, data: bytes) -> None:
        """Stop the clock once a request is being answered."""
        super().data_received(data)
        if self._is_answering():
            self._header_timer.cancel()

    def on_response_complete(self) -> None:
        """Start the clock again."""
        self._watch_headers()
        super().on_response_complete()  # This may begin with a request that came meanwhile.
        if self._is_answering():
            self._header_timer.cancel()

    def pause_writing(self) -> None:
        """Give the other side some time to read."""
        super().pause_writing()
        self._write_timer = self.loop.call_later(self._write_timeout, self.transport.abort)

    def resume_writing(self) -> None:
        """Stop that clock."""
        self._write_timer.cancel()
        super().resume_writing()

    def send_400_response(self, msg: str) -> None:
        """Say that something is no HTTP, with the headers of every other answer."""
        own = [(b"content-type", b"text/plain; charset=utf-8"), (b"connection", b"close")]
        headers = [*self.server_state.default_headers, *own]
        for event in (
            h11.Response(status_code=400, headers=headers, reason=b"Bad Request"),
            h11.Data(data=msg.encode("ascii")),
            h11.EndOfMessage(),
        ):
            self.transport.write(self.conn.send(event))
        self.transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop all clocks."""
        self._header_timer.cancel()
        self._write_timer.cancel()
        super().connection_lost(exc)

    def _is_answering(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete

    def _watch_headers(self) -> None:
        self._header_timer.cancel()
        # Also ends a connection that is closed, but whose last bytes nobody takes.
        self._header_timer = self.loop.call_later(self._header_timeout, self.transport.abort)


def _nothing() -> None:
    """Begin with a timer that is not set."""
