"""Routes for the folder that the service was started with, and for corrected labels."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from epic_features import Settings
from epic_features.errors import EpicError, ImageError
from epic_gallery.service.corrections import Corrections
from epic_gallery.service.gallery import SORTING_MODELS, Gallery, Line
from epic_gallery.service.refusals import Refusal

if TYPE_CHECKING:
    from epic_gallery.service.state import ServiceState

MAX_CHANGES = 32 * 2**20
"""Bytes of the corrections in one request to sort: about 200,000 pictures."""

MAX_QUESTION = 2**16
"""Bytes of any other question."""

_AT_ONCE = 2


def routes(state: ServiceState) -> list[Route]:
    """Return the routes of one service."""
    api = GalleryApi(state)
    return [
        Route("/v1/gallery", api.show, methods=["GET"]),
        Route("/v1/gallery/plan", api.plan, methods=["POST"]),
        Route("/v1/gallery/thumbnail", api.thumbnail, methods=["GET"]),
        Route("/v1/gallery/apply", api.apply, methods=["POST"]),
        Route("/v1/gallery/undo", api.undo, methods=["POST"]),
        Route("/v1/corrections", api.correct, methods=["POST"]),
        Route("/v1/corrections/{digest}", api.forget, methods=["DELETE"]),
    ]


class GalleryApi:
    """The end points.

    Parameters
    ----------
    state : ServiceState
        Of the service.
    """

    def __init__(self, state: ServiceState) -> None:
        settings = state.settings
        self._limits = settings.limits
        self._default = settings.model
        self._models = {facts.name: facts for facts in state.models}
        limited = Settings(
            groups=("shape",),
            max_pixels=settings.limits.max_pixels,
            max_bytes=settings.limits.max_bytes,
        )
        folder, corrections = settings.folder, settings.corrections
        self._gallery = Gallery(Path(folder).absolute(), state.pool, limited) if folder else None
        self._corrections = Corrections(Path(corrections)) if corrections else None
        self._thumbnails = asyncio.Semaphore(_AT_ONCE)
        self._saving = asyncio.Lock()

    async def show(self, _: Request) -> Response:
        """Tell what the page may do here."""
        return JSONResponse(
            {
                "folder": await asyncio.to_thread(self._gallery.summary) if self._gallery else None,
                "models": list(SORTING_MODELS),
                "corrections": self._corrections is not None,
            }
        )

    async def plan(self, request: Request) -> Response:
        """Look at the pictures of the folder, one line for each."""
        gallery = self._there()
        asked = await self._json(request, MAX_QUESTION)
        return await _lines(gallery.look(str(asked.get("model", self._default))))

    async def thumbnail(self, request: Request) -> Response:
        """Show a picture of the plan."""
        gallery, path = self._there(), request.query_params.get("path", "")
        async with self._thumbnails:
            try:
                content = await asyncio.to_thread(gallery.thumbnail, path)
            except ImageError as error:
                raise Refusal("broken_picture", str(error)) from error
        headers = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
        return Response(content, media_type="image/jpeg", headers=headers)

    async def apply(self, request: Request) -> Response:
        """Move the pictures that the person saw, with what the person changed."""
        gallery = self._there()
        asked = await self._json(request, MAX_CHANGES)
        changes: Any = asked.get("changes", {})
        moves: Any = asked.get("moves")
        for name, given in (("changes", changes), ("moves", moves)):
            if not isinstance(given, dict) or not all(isinstance(v, str) for v in given.values()):
                raise Refusal(
                    "bad_request",
                    f"{name} must be an object: for changes a class, for moves the folder that "
                    "was shown, for each path",
                )
        return await _lines(await gallery.apply(changes, moves))

    async def undo(self, _: Request) -> Response:
        """Take the latest move back."""
        return await _lines(await self._there().undo())

    async def correct(self, request: Request) -> Response:
        """Keep a picture under the class that a person gave it."""
        if self._corrections is None:
            raise Refusal("not_found", "corrections are kept with: epic serve --corrections FOLDER")
        asked = request.query_params
        classes = self._classes(asked.get("model", self._default))
        if (path := asked.get("path")) is not None:
            try:
                content = await asyncio.to_thread(self._there().file(path).read_bytes)
            except OSError as error:
                raise Refusal("not_found", f"{path!r} can't be read: {error.strerror}") from error
        else:
            content = await _body(request, self._limits.max_bytes)
        async with self._saving:
            saved = await asyncio.to_thread(
                self._corrections.save, content, asked.get("class", ""), classes
            )
        return JSONResponse({"saved": saved, "sha256": saved.rpartition("/")[2].partition(".")[0]})

    async def forget(self, request: Request) -> Response:
        """Remove a picture that was kept."""
        if self._corrections is None:
            raise Refusal("not_found", "corrections are kept with: epic serve --corrections FOLDER")
        async with self._saving:
            gone = await asyncio.to_thread(self._corrections.remove, request.path_params["digest"])
        return JSONResponse({"removed": gone})

    def _there(self) -> Gallery:
        if self._gallery is None:
            raise Refusal("not_found", "there is no folder; start with: epic serve --folder FOLDER")
        return self._gallery

    def _classes(self, model: str) -> tuple[str, ...]:
        if model not in self._models:
            known = ", ".join(self._models)
            raise Refusal("unknown_model", f"model={model!r} is not known; choose from: {known}")
        return self._models[model].classes

    async def _json(self, request: Request, most: int) -> dict[str, Any]:
        content = await _body(request, most)
        try:
            # In a thread: a long list of changes takes a while, and others wait.
            asked = await asyncio.to_thread(json.loads, content or b"{}")
        except (ValueError, RecursionError):
            asked = None
        if not isinstance(asked, dict):
            raise Refusal("bad_request", "the body must be a JSON object")
        return asked


async def _body(request: Request, most: int) -> bytes:
    """Return a body, unless it is too long to be held."""
    content = bytearray()
    async for part in request.stream():
        content += part
        if len(content) > most:
            raise Refusal("too_large", f"the body has more than {most} bytes; send less")
    return bytes(content)


async def _lines(found: AsyncIterator[Line]) -> Response:
    """Answer with JSON lines; what goes wrong before the first becomes a plain answer."""
    first = await anext(found, None)

    async def lines() -> AsyncIterator[bytes]:
        if first is not None:
            yield _line(first)
        try:
            async for line in found:
                yield _line(line)
        except EpicError as error:
            yield _line({"error": {"code": "failed", "message": str(error)}})

    headers = {"Cache-Control": "no-store"}
    return StreamingResponse(lines(), media_type="application/x-ndjson", headers=headers)


def _line(content: Line) -> bytes:
    return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
