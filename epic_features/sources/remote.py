"""Files and folders of a server, an archive or a bucket."""

from __future__ import annotations

import glob
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from typing import TypeVar
from urllib.parse import quote

from epic_features.errors import ImageError, SourceError
from epic_features.image import looks_encoded, too_many_bytes
from epic_features.settings import Settings
from epic_features.sources.address import Server, parse
from epic_features.sources.filesystem import Entry, FileSystem, connect
from epic_features.sources.names import FileIdentity, has_image_extension, is_hidden
from epic_features.sources.patience import (
    NotThere,
    Patience,
    TooManyBytes,
    Transient,
    patiently,
)

T = TypeVar("T")
_DEEPEST = 100  # Folders in folders; a server that answers every question must not go on forever.


@dataclass(frozen=True)
class RemotePath:
    """A file or folder on a server; small and picklable, credentials included.

    ``str`` gives its address without credentials.

    Attributes
    ----------
    server : Server
        Where.
    path : str
        Which, as the server's file system writes it.
    listed : FileIdentity or None
        What the list it was found in told about it.
    problem : str or None
        Why it can't be read, when that is known already.
    """

    server: Server
    path: str
    listed: FileIdentity | None = None
    problem: str | None = None

    @classmethod
    def of(cls, url: str, patience: Patience | None = None) -> RemotePath:
        """Parse an address; raises SourceError when it makes no sense."""
        return cls(*parse(url, patience))

    def __str__(self) -> str:
        return self.server.shown(self.path)

    def __truediv__(self, name: str) -> RemotePath:
        path = f"{self.path.rstrip('/')}/{name}" if self.path else name
        return RemotePath(self.server, path)

    @property
    def url(self) -> str:
        """Its address without credentials, encoded so that `of` gives this path again."""
        return self.server.shown("") + quote(self.path, safe="/", errors="surrogateescape")

    @property
    def name(self) -> str:
        """Base name; empty for the root of a server."""
        return self.path.rpartition("/")[2]

    def below(self, root: RemotePath) -> str | None:
        """Return the path relative to `root` with ``/``; None when it does not lie below."""
        beginning = root.path.rstrip("/") + "/" if root.path.strip("/") else root.path
        there = (self.server.scheme, self.server.host) == (root.server.scheme, root.server.host)
        if not there or not self.path.startswith(beginning):
            return None
        return self.path[len(beginning) :]

    def read(self, settings: Settings, name: str) -> bytes:
        """Read the file in one stream, at most `max_bytes` of it.

        Raises
        ------
        ImageError
            It is too long, or could not be had in the attempts that there are.
        """
        if self.problem is not None:
            raise ImageError(name, self.problem, "source")
        limit = settings.max_bytes
        size = self.listed.size if self.listed else -1
        if size > limit:
            raise too_many_bytes(name, size, settings)
        if size == 0:
            return b""  # S3 refuses to send a part of an empty file.

        def read(files: FileSystem, deadline: float) -> bytes:
            data = files.read(self.path, limit, deadline)
            if len(data) < size and files.stat(self.path, deadline).identity.size != len(data):
                raise Transient(f"the connection ended after {len(data)} of {size} bytes")
            return data

        try:
            return self.ask(read)
        except TooManyBytes as error:
            raise too_many_bytes(name, error.size, settings) from None
        except OSError as error:
            raise ImageError(name, f"can't be read: {error}", "source") from None

    def identity(self, name: str) -> FileIdentity:
        """Return what the list told, or ask the server; raises ImageError when it has no answer."""
        if self.problem is not None:
            raise ImageError(name, self.problem, "source")
        if self.listed is not None:
            return self.listed
        try:
            return self.ask(lambda files, deadline: files.stat(self.path, deadline)).identity
        except OSError as error:
            raise ImageError(name, f"can't be read: {error}", "source") from None

    def exists(self) -> bool:
        """Tell whether the file or folder is there; raises SourceError when nobody can tell."""
        try:
            self.ask(lambda files, deadline: files.stat(self.path, deadline))
        except NotThere:
            return False
        except OSError as error:
            advice = "; check address and connection" if isinstance(error, Transient) else ""
            raise SourceError(f"{self}: {error}{advice}") from None
        return True

    def listing(self) -> tuple[list[Entry], list[str]]:
        """Return the candidate files and the names of the visible subfolders, each sorted by name.

        Raises
        ------
        OSError
            The folder can't be listed.
        """
        found = [entry for entry in self._entries() if not is_hidden(entry.name)]
        files = [entry for entry in found if not entry.is_folder and self._is_candidate(entry)]
        folders = [entry.name for entry in found if entry.is_folder]
        return sorted(files, key=lambda entry: entry.name), sorted(folders)

    def subfolders(self) -> list[str]:
        """Return the names of all subfolders, hidden ones too, sorted; raises OSError."""
        return sorted(entry.name for entry in self._entries() if entry.is_folder)

    def _entries(self) -> list[Entry]:
        return self.ask(lambda files, until: files.listing(self.path, until), listing=True)

    def _is_candidate(self, entry: Entry) -> bool:
        known = has_image_extension(entry.name)
        if known is not None:
            return known
        if entry.identity.size == 0:
            return False
        if entry.content_type and entry.content_type.startswith("image/"):
            return True
        path = (self / entry.name).path
        try:
            return looks_encoded(self.ask(lambda files, until: files.head(path, 16, until)))
        except OSError:
            return False

    def ask(self, question: Callable[[FileSystem, float], T], *, listing: bool = False) -> T:
        """Ask the server, again after failures that may pass; raises OSError."""
        return patiently(
            lambda deadline: question(connect(self.server), deadline),
            self.server.patience,
            connect.cache_clear,  # An SSH connection does not come back by itself.
            listing=listing,
        )


def walk(folder: RemotePath, *, deep: bool = True, depth: int = 0) -> Iterator[RemotePath]:
    """Yield the candidate files of a folder and, if `deep`, after them those of each subfolder.

    A folder that can't be listed is yielded itself, with the reason.
    """
    try:
        if depth > _DEEPEST:
            raise OSError(f"more than {_DEEPEST} folders in each other")
        files, folders = folder.listing()
    except OSError as error:
        yield replace(folder, problem=f"a folder that can't be listed: {error}")
        return
    for entry in files:
        yield replace(folder / entry.name, listed=entry.identity)
    for name in folders if deep else ():
        yield from walk(folder / name, depth=depth + 1)


def is_glob(place: RemotePath) -> bool:
    """Tell a pattern from a file whose name has brackets in it."""
    return glob.has_magic(place.path) and not place.exists()


def fixed_part(pattern: RemotePath) -> RemotePath:
    """Return the folder of a pattern before its first wildcard."""
    parts = []
    for part in pattern.path.split("/")[:-1]:
        if glob.has_magic(part):
            break
        parts.append(part)
    slash = "/" if pattern.path.startswith("/") else ""
    return RemotePath(pattern.server, slash + "/".join(parts).strip("/"))


def match(pattern: RemotePath) -> Iterator[RemotePath]:
    """Yield the candidate files that a pattern matches; ``**`` stands for any number of folders."""
    root = fixed_part(pattern)
    wanted = pattern.path[len(root.path) :].strip("/").split("/")
    for place in walk(root):
        if place.problem or _fits((place.below(root) or "").split("/"), wanted):
            yield place


def _fits(parts: list[str], wanted: list[str]) -> bool:
    if not wanted:
        return not parts
    if wanted[0] == "**":
        return _fits(parts, wanted[1:]) or (bool(parts) and _fits(parts[1:], wanted))
    return bool(parts) and fnmatchcase(parts[0], wanted[0]) and _fits(parts[1:], wanted[1:])


def is_one_file(place: RemotePath, url: str) -> bool:
    """Tell by its form, without asking the server, whether an address stands for one file."""
    if place.server.scheme in ("http", "https"):
        return True
    return not url.endswith("/") and has_image_extension(place.name) is True
