"""The application: routes put together, and the processes behind them started and stopped."""

from __future__ import annotations

import importlib.util
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from epic_gallery.service.pool import WorkerPool
from epic_gallery.service.settings import ServiceSettings
from epic_gallery.service.state import ServiceState

_WEB = Path(__file__).parent.parent / "web"


def create_app(settings: ServiceSettings) -> Starlette:
    """Build the application; its workers start with it and end with it."""
    state = ServiceState(settings, WorkerPool())

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        await state.pool.start()
        try:
            yield
        finally:
            await state.pool.stop()

    app = Starlette(routes=_routes(state), lifespan=lifespan)
    app.state.service = state
    return app


def _routes(state: ServiceState) -> list[BaseRoute]:
    routes: list[BaseRoute] = [Route("/healthz", _healthz, methods=["GET"])]
    if importlib.util.find_spec("epic_gallery.service.gallery_api"):
        gallery_api = importlib.import_module("epic_gallery.service.gallery_api")
        routes += gallery_api.routes(state)
    return [*routes, Mount("/", StaticFiles(directory=_WEB, html=True))]


async def _healthz(_: Request) -> Response:
    return JSONResponse({"status": "ok"})
