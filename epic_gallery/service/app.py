"""The application: routes put together, and the processes behind them started and stopped."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict
from functools import partial
from pathlib import Path

from prometheus_client import generate_latest
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Route
from starlette.staticfiles import StaticFiles

from epic_features import __version__
from epic_features.errors import EpicError
from epic_gallery.service import gallery_api
from epic_gallery.service.classify_api import Classify
from epic_gallery.service.guard import CLASSIFY, Guard
from epic_gallery.service.refusals import Problem
from epic_gallery.service.settings import ServiceSettings
from epic_gallery.service.state import ServiceState

_WEB = Path(__file__).parent.parent / "web"
_OPENAPI = Path(__file__).parent / "openapi.json"


def create_app(settings: ServiceSettings) -> Starlette:
    """Build the application; its workers start with it and end with it."""
    state = ServiceState(settings)
    routes = _routes(state)
    names: dict[object, str] = {route.endpoint: route.path for route in routes}

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        await asyncio.to_thread(state.pool.start)
        try:
            yield
        finally:
            await asyncio.to_thread(state.pool.stop)

    app = Starlette(
        routes=routes,
        middleware=[Middleware(Guard, state=state, routes=names)],
        exception_handlers={
            HTTPException: _http_error,
            EpicError: _not_possible,
            500: _internal_error,
        },
        lifespan=lifespan,
    )
    app.state.service = state
    # Not as a route: one for every path would hide that another has the path, but not the method.
    app.router.default = StaticFiles(directory=_WEB, html=True)
    return app


def _routes(state: ServiceState) -> list[Route]:
    routes = [
        Route(CLASSIFY, Classify(state), methods=["POST"]),
        Route("/v1/models", partial(_models, state)),
        Route("/healthz", partial(_healthz, state)),
        Route("/metrics", partial(_metrics, state)),
        Route("/openapi.json", _openapi),
    ]
    return [*routes, *gallery_api.routes(state)]


async def _models(state: ServiceState, _: Request) -> Response:
    default = state.settings.model
    return JSONResponse(
        {"models": [{**asdict(facts), "default": facts.name == default} for facts in state.models]}
    )


async def _healthz(state: ServiceState, _: Request) -> Response:
    ready = state.pool.ready
    found = {
        "status": "ok" if ready else "no worker",
        "version": __version__,
        "workers": state.pool.size,
        "ready": ready,
        "waiting": state.pool.waiting,
    }
    return JSONResponse(found, 200 if ready else 503)


async def _metrics(state: ServiceState, _: Request) -> Response:
    return Response(generate_latest(state.metrics.registry), media_type="text/plain; version=0.0.4")


async def _openapi(_: Request) -> Response:
    return FileResponse(_OPENAPI, media_type="application/json")


async def _http_error(_: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    code = {404: "not_found", 405: "wrong_method"}.get(error.status_code, "bad_request")
    message = f"{error.detail}; GET /openapi.json tells what there is"
    return JSONResponse(Problem(code, message).json, error.status_code, error.headers)


async def _not_possible(_: Request, error: Exception) -> Response:
    """Tell what the library says: a folder that is gone, a disk that is full."""
    problem = Problem("not_possible", str(error))
    return JSONResponse(problem.json, problem.status)


async def _internal_error(_: Request, error: Exception) -> Response:
    message = "the server made a mistake, which its log tells; please report it"
    return JSONResponse(Problem("internal", message).json, 500, {"Cache-Control": "no-store"})
