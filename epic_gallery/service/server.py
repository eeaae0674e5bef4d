"""Run the service: the socket, the token and the link that people open."""

from __future__ import annotations

import io
import logging
import secrets
import socket
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, cast

import segno
import uvicorn
from starlette.applications import Starlette

from epic_features.errors import EpicError, SettingsError
from epic_gallery.service.app import create_app
from epic_gallery.service.models import catalogue
from epic_gallery.service.protocol import PunctualProtocol
from epic_gallery.service.settings import ServiceSettings

_EVERYWHERE = ("0.0.0.0", "::")
_TOKEN_BYTES = 24
_SHUTDOWN = 5  # Seconds for requests that are being answered when the server is told to stop.

_HEADERS = {
    "Content-Security-Policy": "default-src 'self'; img-src 'self' blob: data:; object-src 'none'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
# Set by the server and not by the application, so that they are also on what is answered when the
# application fails, or is not asked at all.


@dataclass(frozen=True)
class Service:
    """A service that listens, and is about to answer.

    Attributes
    ----------
    app : Starlette
        The application.
    socket : socket
        What it listens on.
    settings : ServiceSettings
        With the port that was found, and the token that was made.
    """

    app: Starlette
    socket: socket.socket
    settings: ServiceSettings

    @property
    def link(self) -> str:
        """Address of the page; the token is in a part of it that browsers send to nobody."""
        host = self.settings.host
        if host in _EVERYWHERE:
            host = own_address()
        host = f"[{host}]" if ":" in host else host
        token = self.settings.token
        return f"http://{host}:{self.settings.port}/" + (f"#token={token}" if token else "")

    def run(self) -> None:
        """Answer until the process is told to stop."""
        # Each malformed form would be a line of its log.
        logging.getLogger("python_multipart").setLevel(logging.ERROR)
        limits = self.settings.limits
        protocol = partial(
            PunctualProtocol,
            header_timeout=limits.header_timeout,
            write_timeout=limits.body_timeout,
        )
        config = uvicorn.Config(
            self.app,
            http=cast(Any, protocol),
            ws="none",
            lifespan="on",
            log_config=None,
            log_level="error",
            access_log=False,
            server_header=False,
            headers=list(_HEADERS.items()),
            proxy_headers=False,
            limit_concurrency=limits.max_connections,
            timeout_graceful_shutdown=_SHUTDOWN,
        )
        uvicorn.Server(config).run(sockets=[self.socket])


def open_service(settings: ServiceSettings) -> Service:
    """Check the settings, start the workers and listen.

    A service that other computers can reach gets a new token.

    Raises
    ------
    SettingsError
        There is no such model.
    EpicError
        The address can't be listened on, or the model can't be loaded.
    """
    names = [facts.name for facts in catalogue()]
    if settings.model not in names:
        raise SettingsError(f"model={settings.model!r}; choose from: {', '.join(names)}")
    if not settings.is_local and not settings.token:
        settings = replace(settings, token=secrets.token_urlsafe(_TOKEN_BYTES))
    listening = _listen(settings)
    settings = replace(settings, port=listening.getsockname()[1])
    app = create_app(settings)
    try:
        app.state.service.pool.start()
    except BaseException:
        listening.close()
        raise
    return Service(app, listening, settings)


def qr_code(link: str) -> str:
    """Return a QR code to be printed on a terminal."""
    out = io.StringIO()
    segno.make(link, error="l").terminal(out, compact=True)
    return out.getvalue()


def own_address() -> str:
    """Return the address under which other computers of the network reach this one."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # Sends nothing: it only chooses the way out.
        except OSError:
            return "127.0.0.1"
        return str(probe.getsockname()[0])


def _listen(settings: ServiceSettings) -> socket.socket:
    host, port = settings.host, settings.port
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        return socket.create_server((host, port), family=family, backlog=256)
    except (OSError, OverflowError) as error:
        raise EpicError(
            f"can't listen on {host} port {port}: {error}; choose another with --host or --port"
        ) from error
