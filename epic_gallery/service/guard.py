"""Who may ask for what: the host, the page and the token of a request.

The page must be able to load before it can show a token, so only what is below ``/v1`` and
``/metrics`` needs one.
"""

from __future__ import annotations

import hmac
import logging
import socket
import time
from collections.abc import Mapping
from ipaddress import ip_address
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import ClientDisconnect
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from epic_gallery.service.body import PunctualBody
from epic_gallery.service.refusals import Refusal
from epic_gallery.service.state import ServiceState

logger = logging.getLogger(__name__)

CLASSIFY = "/v1/classify"

_SAFE = ("GET", "HEAD", "OPTIONS")
_OPEN = ("/v1/", "/metrics")
_OTHER_BODIES = 2**20  # Bytes around a picture in the body of any other request.


class Guard:
    """ASGI middleware around the whole application.

    Parameters
    ----------
    app : callable
        The application.
    state : ServiceState
        Of the service.
    routes : mapping of endpoint to str
        What to call the routes in the log and the metrics; paths may name pictures.
    """

    def __init__(self, app: ASGIApp, state: ServiceState, routes: Mapping[object, str]) -> None:
        self._app = app
        self._state = state
        self._routes = routes
        self._names = _own_names(state.settings.host)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = time.monotonic()
        status = 0

        async def send_guarded(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                # A browser asks each time whether the page is still the same: after an upgrade it
                # would otherwise mix old and new modules. Answers are not kept at all.
                kept = "no-store" if scope["path"].startswith(_OPEN) else "no-cache"
                MutableHeaders(scope=message)["Cache-Control"] = kept
            await send(message)

        try:
            self._check(scope)
            limits = self._state.settings.limits
            most = None if scope["path"] == CLASSIFY else limits.max_bytes + _OTHER_BODIES
            await self._app(scope, PunctualBody(receive, limits, most), send_guarded)
        except Refusal as refusal:
            if status:
                raise  # Too late to say so: the connection is closed.
            await _answer(refusal)(scope, receive, send_guarded)
        except ClientDisconnect:
            status = status or 499  # As nginx calls a caller who did not wait.
        finally:
            name = self._routes.get(scope.get("endpoint"), "page")
            status = status or 500  # What was raised is answered outside of here.
            self._state.metrics.requests.labels(name, str(status)).inc()
            spent = 1000 * (time.monotonic() - started)
            logger.info("%s %s %d %.0f ms", scope["method"], name, status, spent)

    def _check(self, scope: Scope) -> None:
        headers = Headers(scope=scope)
        host = headers.get("host", "")
        if not self._is_ours(host):
            raise Refusal(
                "wrong_host",
                "the header Host names a computer that this server is not; use its address",
            )
        if scope["method"] not in _SAFE:
            _check_same_origin(headers, host)
        token = self._state.settings.token
        if token is not None and scope["path"].startswith(_OPEN):
            _check_token(headers.get("authorization", ""), token)

    def _is_ours(self, host: str) -> bool:
        """Tell whether a page that was loaded under this name can only be our own.

        A stranger's page can let its own name lead to this computer (DNS rebinding), but it can't
        be loaded under an address made of numbers, or under ``localhost``.
        """
        if set(host) & set("@/\\?#"):
            return False
        try:
            name = (urlsplit(f"//{host}").hostname or "").rstrip(".")
        except ValueError:
            return False
        try:
            address = ip_address(name)
        except ValueError:
            return name in self._names
        return address.is_loopback or not self._state.settings.is_local


def _own_names(host: str) -> frozenset[str]:
    machine = socket.gethostname().lower()
    return frozenset({"localhost", host.lower(), machine, f"{machine}.local"})


def _check_same_origin(headers: Headers, host: str) -> None:
    origin = headers.get("origin")
    site = headers.get("sec-fetch-site", "same-origin")
    own = (f"http://{host}".lower(), f"https://{host}".lower())
    is_same = origin is None or origin.lower() in own
    if not is_same or site not in ("same-origin", "none"):
        raise Refusal("cross_site", "the request comes from the page of another site; refused")


def _check_token(given: str, token: str) -> None:
    kind, _, shown = given.partition(" ")
    same = hmac.compare_digest(shown.strip().encode(), token.encode())
    if kind.lower() != "bearer" or not same:
        raise Refusal(
            "no_token",
            "the token is missing or wrong; open the link that the server printed when it started, "
            "or send the header Authorization: Bearer TOKEN",
        )


def _answer(refusal: Refusal) -> JSONResponse:
    problem = refusal.problem
    headers = {}
    if refusal.retry_after is not None:
        headers["Retry-After"] = str(refusal.retry_after)
    if problem.code == "no_token":
        headers["WWW-Authenticate"] = "Bearer"
    return JSONResponse(problem.json, problem.status, headers)
