"""Routes for the folder that the service was started with, and for corrected labels."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from epic_features import Settings
from epic_features.errors import EpicError, ImageError
from epic_gallery.service.body import Memory, held_body
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
        Route("/v1/gallery/resume", api.resume, methods=["POST"]),
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
        self._memory = state.memory
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
        return Response(content, media_type="image/jpeg")

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

    async def undo(self, request: Request) -> Response:
        """Take the latest move back, or the one that was interrupted."""
        gallery = self._there()
        unfinished = (await self._json(request, MAX_QUESTION)).get("unfinished", False)
        if not isinstance(unfinished, bool):
            raise Refusal("bad_request", "unfinished must be true or false")
        return await _lines(await gallery.undo(unfinished=unfinished))

    async def resume(self, _: Request) -> Response:
        """Go on with what was interrupted."""
        return await _lines(await self._there().resume())

    async def correct(self, request: Request) -> Response:
        """Keep a picture under the class that a person gave it."""
        if self._corrections is None:
            raise Refusal("not_found", "corrections are kept with: epic serve --corrections FOLDER")
        asked = request.query_params
        classes = self._classes(asked.get("model", self._default))
        keep = partial(self._corrections.save, label=asked.get("class", ""), classes=classes)
        if (path := asked.get("path")) is not None:
            file = self._there().file(path)
            async with self._saving:  # Of such files only one is in memory at a time.
                saved = await asyncio.to_thread(lambda: keep(_read(file, path)))
        else:
            body = held_body(request, self._limits.max_bytes, self._memory)
            async with body as content, self._saving:
                saved = await asyncio.to_thread(keep, content)
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
        # A short question is answered, however full the memory is of pictures.
        memory = self._memory if most > MAX_QUESTION else Memory(most)
        async with held_body(request, most, memory) as content:
            try:
                # In a thread: a long list of changes takes a while, and others wait.
                asked = await asyncio.to_thread(json.loads, content or b"{}")
            except (ValueError, RecursionError):
                asked = None
        if not isinstance(asked, dict):
            raise Refusal("bad_request", "the body must be a JSON object")
        return asked


def _read(file: Path, path: str) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise Refusal("not_found", f"{path!r} can't be read: {error.strerror}") from error


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

    return StreamingResponse(lines(), media_type="application/x-ndjson")


def _line(content: Line) -> bytes:
    return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
