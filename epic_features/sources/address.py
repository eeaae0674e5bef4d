"""Addresses of servers: parsed once, credentials kept apart from everything that is shown."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeGuard
from urllib.parse import unquote

from epic_features.errors import SourceError
from epic_features.sources.names import printable
from epic_features.sources.patience import Patience

SCHEMES = ("webdav", "webdavs", "http", "https", "s3", "sftp", "ssh", "zip", "memory")
USER_VARIABLE = "EPIC_REMOTE_USER"
PASSWORD_VARIABLE = "EPIC_REMOTE_PASSWORD"

_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+://")
_HOST = re.compile(r"(\[[0-9A-Fa-f:.%]+\]|[^:@\s\[\]]+)(:\d{1,5})?")


@dataclass(frozen=True)
class Server:
    """What is needed to reach a server, an archive or a bucket; hashable and picklable.

    Attributes
    ----------
    scheme : str
        One of `SCHEMES`; ``ssh`` is ``sftp``.
    host : str
        Host with port; the path of the archive for ``zip``; empty for ``s3`` and ``memory``.
    user, password, query : str
        Credentials, and the query of an HTTP address, which may hold some. Never shown.
    patience : Patience
        How long to bear with the server.
    """

    scheme: str
    host: str
    user: str = field(default="", repr=False)
    password: str = field(default="", repr=False)
    query: str = field(default="", repr=False)
    patience: Patience = field(default=Patience(), repr=False)

    def shown(self, path: str) -> str:
        """Return the address of a path on this server, without credentials."""
        if self.scheme == "zip":
            return printable(f"zip://{path.lstrip('/')}::{self.host}")
        separator = "" if path.startswith("/") or not self.host else "/"
        return printable(f"{self.scheme}://{self.host}{separator}{path}")

    def without_secrets(self, text: str) -> str:
        """Blot out credentials in a message of another library, and put it on one line."""
        for secret in (self.password, self.query):
            if secret:
                text = text.replace(secret, "***")
        return " ".join(text.split())


def is_url(source: object) -> TypeGuard[str]:
    """Tell an address with a scheme from a path."""
    return isinstance(source, str) and _URL.match(source) is not None


def parse(url: str, patience: Patience | None = None) -> tuple[Server, str]:
    """Split an address into the server and the path there.

    Parts of ``webdav``, ``http`` and ``sftp`` addresses may be percent-encoded; user and password
    may also come from the environment variables ``EPIC_REMOTE_USER`` and ``EPIC_REMOTE_PASSWORD``,
    which are given to WebDAV and SFTP servers only.

    Returns
    -------
    Server
        Where, and with which credentials.
    str
        Path as the server's file system writes it, decoded.

    Raises
    ------
    SourceError
        The scheme is not known, or the address makes no sense. The message does not repeat an
        address that may hold a password.
    """
    scheme, _, rest = url.partition("://")
    scheme = scheme.lower()
    patience = patience or Patience()
    if scheme not in SCHEMES:
        raise SourceError(f"{scheme}:// addresses are not known; choose from: {', '.join(SCHEMES)}")
    if scheme == "zip":
        return _parse_zip(rest, patience)
    if scheme in ("s3", "memory"):
        return Server(scheme, "", patience=patience), rest.strip("/")
    authority, _, path = rest.partition("/")
    userinfo, _, host = authority.rpartition("@")
    if not _HOST.fullmatch(host):
        raise SourceError(
            f"the host in the {scheme}:// address can't be understood; it looks like "
            f"{scheme}://user:password@host:port/folder, and a '/', '@' or '%' in user or password "
            "is written %2F, %40 or %25"
        )
    user, _, password = map(unquote, userinfo.partition(":"))
    query = ""
    if scheme in ("http", "https"):
        path, _, query = path.partition("#")[0].partition("?")
    else:
        user = user or os.environ.get(USER_VARIABLE, "")
        password = password or os.environ.get(PASSWORD_VARIABLE, "")
    server = Server(
        "sftp" if scheme == "ssh" else scheme, host, user, password, query, patience=patience
    )
    return server, "/" + unquote(path, errors="surrogateescape").strip("/")


def _parse_zip(rest: str, patience: Patience) -> tuple[Server, str]:
    inner, found, archive = rest.partition("::")
    if not found:
        inner, archive = "", rest
    archive = archive.removeprefix("file://")
    if is_url(archive):
        raise SourceError("only zip files on this machine can be read; copy the archive here first")
    path = Path(archive).expanduser().absolute()
    if not path.is_file():
        raise SourceError(f"no such zip file: {printable(str(path))}")
    return Server("zip", str(path), patience=patience), inner.strip("/")
