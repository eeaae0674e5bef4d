"""``POST /v1/classify``: one picture as it is, or many as a form."""

from __future__ import annotations

import asyncio
import json
import time
from collections import deque
from typing import Any

from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse
from starlette.types import Message, Receive, Scope, Send

from epic_gallery.service.body import held_body
from epic_gallery.service.multipart import FileParts, Upload
from epic_gallery.service.refusals import STATUS, Refusal
from epic_gallery.service.state import ServiceState

_MULTIPART = "multipart/form-data"
_AT_ONCE = 4
"""Pictures of one request that are with the workers; the rest of its upload waits."""


class Classify:
    """The endpoint, as an ASGI application of its own: it answers while the body still comes.

    Parameters
    ----------
    state : ServiceState
        Of the service.
    """

    def __init__(self, state: ServiceState) -> None:
        self._state = state

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request.

        Raises
        ------
        Refusal
            It is refused as a whole, and nothing of an answer was sent.
        """
        state = self._state
        request = Request(scope, receive)
        model, features = self._asked(request)
        flight = state.metrics.in_flight
        if state.in_flight >= state.settings.limits.max_requests:
            raise Refusal(
                "too_many_requests",
                f"{state.in_flight} requests are worked on already; try again later",
                retry_after=1,
            )
        if state.pool.is_full:
            raise Refusal("queue_full", "too many pictures wait; try again later", retry_after=2)
        state.in_flight += 1
        flight.inc()
        try:
            given = request.headers.get("content-type", "application/octet-stream")
            kind = given.partition(";")[0].strip().lower()
            if kind == _MULTIPART:
                await _Many(state, request, model, features).answer(send)
            else:
                if not kind.startswith("image/") and kind != "application/octet-stream":
                    raise Refusal(
                        "wrong_content_type",
                        "the Content-Type must be image/..., application/octet-stream or "
                        "multipart/form-data",
                    )
                response = await self._one(request, model, features)
                await response(scope, receive, send)
        finally:
            state.in_flight -= 1
            flight.dec()

    def _asked(self, request: Request) -> tuple[str, bool]:
        query = request.query_params
        model = query.get("model", self._state.settings.model)
        names = [facts.name for facts in self._state.models]
        if model not in names:
            raise Refusal("unknown_model", f"unknown model; choose from: {', '.join(names)}")
        features = query.get("features", "0")
        if features not in ("0", "1"):
            raise Refusal("bad_request", "features= must be 0 or 1")
        return model, features == "1"

    async def _one(self, request: Request, model: str, features: bool) -> JSONResponse:
        state = self._state
        async with held_body(request, state.settings.limits.max_bytes, state.memory) as content:
            answer = await self._while_there(
                request, classified(state, content, None, model, features)
            )
        if "error" not in answer:
            return JSONResponse({"index": 0, **answer})
        status = STATUS[answer["error"]["code"]]
        headers = {"Retry-After": "2"} if status == 503 else {}
        return JSONResponse({"index": 0, **answer}, status, headers)

    @staticmethod
    async def _while_there(request: Request, work: Any) -> dict[str, Any]:
        """Return the result of work; give it up when the caller goes away."""
        task = asyncio.ensure_future(work)
        gone = asyncio.ensure_future(_gone(request.receive))
        try:
            await asyncio.wait({task, gone}, return_when=asyncio.FIRST_COMPLETED)
            if not task.done():
                raise ClientDisconnect
            answer: dict[str, Any] = task.result()
            return answer
        finally:
            await _end({task, gone})


class _Many:
    """One request with many pictures.

    The answer begins once the first picture is complete; what is wrong with the request after that
    is told in a last line without ``index``.
    """

    def __init__(self, state: ServiceState, request: Request, model: str, features: bool) -> None:
        self._state = state
        self._request = request
        self._model = model
        self._features = features
        self._lines: asyncio.Queue[dict[str, Any] | None] = asyncio.Queue()
        self._free = asyncio.Semaphore(_AT_ONCE)
        self._complete: deque[Upload] = deque()
        self._tasks: set[asyncio.Task[None]] = set()

    async def answer(self, send: Send) -> None:
        """Read the request and write the answer at the same time."""
        parts = FileParts(
            self._request.headers["content-type"].encode("latin-1"),
            self._state.settings.limits,
            self._state.memory,
            self._complete.append,
        )
        reading = asyncio.create_task(self._read(parts))
        try:
            await self._write(send, reading)
        finally:
            await _end({reading, *self._tasks})
            parts.drop()
            for upload in self._complete:
                self._state.memory.give_back(len(upload.content))

    async def _read(self, parts: FileParts) -> None:
        """Take the body, hand its pictures on, and in the end wait for all answers."""
        try:
            try:
                async for data in self._request.stream():
                    try:
                        parts.feed(data)
                    finally:
                        await self._start_complete()
                parts.finish()
            except Refusal:
                await asyncio.gather(*self._tasks)  # What was complete is answered all the same.
                raise
            await asyncio.gather(*self._tasks)
        finally:
            self._lines.put_nowait(None)

    async def _start_complete(self) -> None:
        while self._complete:
            await self._free.acquire()
            self._start(self._complete.popleft())

    def _start(self, upload: Upload) -> None:
        size = len(upload.content)

        def done(task: asyncio.Task[None]) -> None:
            self._tasks.discard(task)
            self._state.memory.give_back(size)
            self._free.release()

        task = asyncio.create_task(self._look(upload))
        self._tasks.add(task)
        task.add_done_callback(done)  # Runs even for a task that is cancelled before it begins.

    async def _look(self, upload: Upload) -> None:
        if upload.problem is not None:
            answer = {"name": upload.name, **upload.problem.json}
        else:
            content, upload.content = bytes(upload.content), bytearray()
            answer = await classified(
                self._state, content, upload.name, self._model, self._features
            )
        self._lines.put_nowait({"index": upload.index, **answer})

    async def _write(self, send: Send, reading: asyncio.Task[None]) -> None:
        """Send lines as they come; without any a refusal is the whole answer."""
        line = await self._lines.get()
        if line is None:
            await reading  # Raises: without a picture there was no proper end.
            return
        headers = [(b"content-type", b"application/x-ndjson")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        while line is not None:
            await send(_line(line))
            line = await self._lines.get()
        try:
            await reading
        except Refusal as refusal:
            await send(_line(refusal.problem.json))
        await send({"type": "http.response.body", "body": b"", "more_body": False})


async def classified(
    state: ServiceState, content: bytes, name: str | None, model: str, features: bool
) -> dict[str, Any]:
    """Return the picture object of the API, without ``index``, and count it."""
    started = time.monotonic()
    answer = await state.pool.classify(content, name=name, model=model, features=features)
    state.metrics.count_picture(model, answer, time.monotonic() - started)
    return answer


def _line(found: dict[str, Any]) -> Message:
    body = (
        json.dumps(found, allow_nan=False, ensure_ascii=False, separators=(",", ":")).encode()
        + b"\n"
    )
    return {"type": "http.response.body", "body": body, "more_body": True}


async def _gone(receive: Receive) -> None:
    """Wait until the caller is gone."""
    while (await receive())["type"] != "http.disconnect":
        pass


async def _end(tasks: set[asyncio.Task[Any]]) -> None:
    """Cancel tasks, and wait until they are over; what they raise was told or concerns nobody."""
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
