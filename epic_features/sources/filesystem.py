"""What a server can be asked for, and how each scheme is served."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache
from importlib import import_module
from typing import Any, NamedTuple, Protocol

from epic_features.errors import MissingExtra
from epic_features.sources.address import Server
from epic_features.sources.names import FileIdentity
from epic_features.sources.patience import NotThere, Permanent, TooManyBytes, Transient

_EXTRAS = {"s3": ("s3fs", "s3"), "sftp": ("paramiko", "ssh")}
_LASTING = frozenset(
    "FileNotFoundError PermissionError IsADirectoryError NotADirectoryError NotImplementedError "
    "ValueError AuthenticationException BadHostKeyException UnknownHost NoCredentialsError".split()
)


class Entry(NamedTuple):
    """A file or folder as a server lists it.

    Attributes
    ----------
    name : str
        Base name.
    is_folder : bool
        Whether it can be listed.
    identity : FileIdentity
        Size and time of change.
    content_type : str or None
        MIME type, where the server tells one.
    """

    name: str
    is_folder: bool
    identity: FileIdentity
    content_type: str | None = None


class FileSystem(Protocol):
    """What a server can be asked for.

    Every method raises `Transient` for failures that may pass and another `OSError` for those
    that don't. A deadline is a `time.monotonic`; kept where the transport allows it.
    """

    def listing(self, path: str, deadline: float) -> list[Entry]:
        """Return what lies directly in a folder, in any order."""

    def stat(self, path: str, deadline: float) -> Entry:
        """Return one entry."""

    def read(self, path: str, limit: int, deadline: float) -> bytes:
        """Return a whole file; raises TooManyBytes without holding more than `limit` + 1 bytes."""

    def head(self, path: str, count: int, deadline: float) -> bytes:
        """Return the first bytes of a file."""


@lru_cache(maxsize=8)
def connect(server: Server) -> FileSystem:
    """Return the file system of a server; one per process, because connections are kept open."""
    from epic_features.sources.webdav import Web, WebDav

    if server.scheme in ("webdav", "webdavs"):
        return WebDav(server)
    if server.scheme in ("http", "https"):
        return Web(server)
    return Fsspec(server)


class Fsspec:
    """Any file system of fsspec."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self._local = server.scheme in ("zip", "memory")
        try:
            self._fs = _build(server)
        except Exception as error:
            raise self._sorted(error) from None

    def listing(self, path: str, deadline: float) -> list[Entry]:
        """Return what lies directly in a folder, in any order."""
        try:
            found = [_entry(info) for info in self._fs.ls(path, detail=True)]
        except Exception as error:
            raise self._sorted(error) from None
        own = path.strip("/")
        return [
            entry for where, entry in found if where != own and entry.name not in ("", ".", "..")
        ]

    def stat(self, path: str, deadline: float) -> Entry:
        """Return one entry."""
        try:
            return _entry(self._fs.info(path))[1]
        except Exception as error:
            raise self._sorted(error) from None

    def read(self, path: str, limit: int, deadline: float) -> bytes:
        """Return a whole file; raises TooManyBytes without holding more than `limit` + 1 bytes."""
        data = self.head(path, limit + 1, deadline)
        if len(data) > limit:
            raise TooManyBytes(len(data))
        return data

    def head(self, path: str, count: int, deadline: float) -> bytes:
        """Return the first bytes of a file."""
        try:
            return bytes(self._fs.cat_file(path, start=0, end=count))
        except Exception as error:
            raise self._sorted(error) from None

    def _sorted(self, error: Exception) -> Exception:
        """Turn whatever a library raised into a failure that may pass or one that does not."""
        if isinstance(error, MissingExtra):
            return error
        if isinstance(error, TimeoutError):
            seconds = self.server.patience.timeout
            return Transient(f"the server did not answer within {seconds:g} seconds")
        names = {kind.__name__ for kind in type(error).__mro__}
        if "FileNotFoundError" in names:
            return NotThere("no such file or folder there")
        if "PermissionError" in names:
            return Permanent("access is forbidden")
        text = self.server.without_secrets(str(error)) or type(error).__name__
        return Permanent(text) if self._local or names & _LASTING else Transient(text)


def _build(server: Server) -> Any:
    import fsspec

    if server.scheme in _EXTRAS:
        module, extra = _EXTRAS[server.scheme]
        try:
            import_module(module)
        except ImportError:
            raise MissingExtra(
                f"{server.scheme}:// needs {module}; pip install 'epic-features[{extra}]'"
            ) from None
    timeout = server.patience.timeout
    if server.scheme == "zip":
        return fsspec.filesystem("zip", fo=server.host, skip_instance_cache=True)
    if server.scheme == "s3":
        times = {"connect_timeout": timeout, "read_timeout": timeout}
        return fsspec.filesystem(
            "s3", config_kwargs=times, use_listings_cache=False, skip_instance_cache=True
        )
    if server.scheme == "sftp":
        from epic_features.sources.ssh import options

        files = fsspec.filesystem("sftp", skip_instance_cache=True, **options(server))
        files.ftp.get_channel().settimeout(timeout)  # Reading would wait for ever.
        return files
    return fsspec.filesystem(server.scheme)


def _entry(info: dict[str, Any]) -> tuple[str, Entry]:
    """Return path without outer slashes and entry of what fsspec tells about a file."""
    where = str(info["name"]).strip("/")
    size = info.get("size")
    etag = info.get("ETag")
    if etag is None and info.get("CRC") is not None:
        etag = f"{info['CRC']:08x}"
    identity = FileIdentity(-1 if size is None else int(size), _nanoseconds(info), etag)
    kind = info.get("ContentType")
    return where, Entry(where.rpartition("/")[2], info["type"] == "directory", identity, kind)


def _nanoseconds(info: dict[str, Any]) -> int | None:
    for key in ("LastModified", "mtime", "created"):
        moment = info.get(key)
        if isinstance(moment, datetime):
            since = moment.astimezone(UTC) - datetime(1970, 1, 1, tzinfo=UTC)
            return (since.days * 86400 + since.seconds) * 10**9 + since.microseconds * 1000
    return None
