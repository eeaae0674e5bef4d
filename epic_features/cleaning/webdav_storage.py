"""Files in a folder of a WebDAV server, such as a phone. They are moved there, not transferred.

The journal of it is on this machine, in a folder of its own, because a server can't be asked to
write something down at once.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
from collections.abc import Callable, Iterable, Iterator
from itertools import count
from pathlib import Path, PurePosixPath
from typing import Any, TypeVar

from epic_features.cleaning.journal import Entry, Step
from epic_features.cleaning.plan import EPIC_FOLDER, Action
from epic_features.cleaning.renames import Identity, Note, suffixed
from epic_features.errors import OutputError, PlanError
from epic_features.sources.patience import NotThere, Permanent, Taken, Transient
from epic_features.sources.remote import RemotePath
from epic_features.sources.webdav import WebDav

logger = logging.getLogger(__name__)
T = TypeVar("T")

STATE_VARIABLE = "EPIC_STATE"
_ADDRESS = "remote.json"
# WsgiDAV 4.4 decodes the new address before it splits it: the name would end there.
_MISREAD = frozenset("?;")


def journal_root(place: RemotePath) -> Path:
    """Return the folder of this machine that holds the journals of a folder on a server."""
    key = hashlib.sha256(place.url.encode()).hexdigest()[:16]
    return _state() / key


def prepare_journals(place: RemotePath) -> Path:
    """Make the folder of `journal_root`, with the address of the server but no credentials."""
    _check_scheme(place)
    root = journal_root(place)
    note = root / EPIC_FOLDER / _ADDRESS
    if not note.exists():
        try:
            note.parent.mkdir(parents=True, exist_ok=True)
            part = note.with_suffix(".part")
            part.write_text(json.dumps({"url": place.url}), encoding="utf-8")
            part.replace(note)
        except OSError as error:
            raise OutputError(f"can't keep a journal in {root}: {error.strerror}") from error
    return root


def address_in(root: Path) -> RemotePath | None:
    """Return the folder on a server that the journals of a folder are about; None: itself.

    User and password are taken from the environment.
    """
    try:
        note = json.loads((root / EPIC_FOLDER / _ADDRESS).read_text(encoding="utf-8"))
        return RemotePath.of(note["url"])
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise PlanError(f"can't read the address in {root / EPIC_FOLDER}: {error}") from error


class WebDavStorage:
    """A folder on a server; see `epic_features.cleaning.storage.Storage` for the methods.

    When the server can't be reached any more, `OutputError` ends the work: whether the last step
    took place is found out when it is resumed.
    """

    def __init__(self, root: RemotePath) -> None:
        _check_scheme(root)
        self._root = root
        self._folders: set[PurePosixPath] = set()

    def obstacle(self, action: Action) -> str | None:
        """Say why a file is to be left alone."""
        if action.action in ("copy", "link"):
            return "on a server files can only be moved"
        if _MISREAD & {*action.path, *(action.target or "")}:
            return "its name has ? or ; in it, which some servers misread when they move a file"
        now = self._stat(action.path)
        if now is None:
            return "it is gone"
        changed = "it changed since the plan was made"
        if action.size is not None and now.size != action.size:
            return changed
        if action.etag is not None and now.etag is not None:
            return None if action.etag == now.etag else changed
        return None if action.mtime_ns in (None, now.mtime_ns) else changed

    def identity(self, path: str) -> Identity | None:
        """Return what the server tells of a file; None when nothing is there."""
        return self._stat(path)

    def is_there(self, path: str) -> bool:
        """Tell whether anything is there."""
        return self._stat(path) is not None

    def free_names(self, current: str, wanted: str) -> Iterator[str]:
        """Yield the wanted path, then the same with numbers, as long as they are free now."""
        path = PurePosixPath(wanted)
        for number in count(1):
            target = path if number == 1 else path.with_name(suffixed(path.name, number))
            if not self._is_taken(str(target)):
                yield str(target)

    def perform(self, step: Step, mtime_ns: int, note: Note) -> None:
        """Move a file; a connection that drops meanwhile leaves it in one place."""

        def attempt(server: WebDav, deadline: float) -> None:
            try:
                server.move(self._path(step.source), self._path(step.target))
            except (Transient, NotThere, Taken):
                # The answer may have been lost, of this attempt or of the one before.
                if not self._took_place(step, server, deadline):
                    raise
            else:
                if not self._took_place(step, server, deadline):
                    if self._found(step.source, server, deadline) is None:
                        raise OutputError(
                            f"the server moved {step.source}, but not to {step.target}. Nothing "
                            "more is moved there; look for that file"
                        )
                    raise Permanent("the server says that it moved the file, but it did not")

        self._ask(attempt)

    def happened(self, entry: Entry) -> bool:
        """Tell whether the last step took place."""
        step = entry.steps[-1]
        return self._ask(lambda server, until: self._took_place(step, server, until))

    def why_kept(self, step: Step) -> str | None:
        """Refuse: nothing is copied on a server."""
        return f"on a server there is no {step.how} to take back"

    def has_folder(self, folder: PurePosixPath) -> bool:
        """Tell whether a folder is there."""
        if folder not in self._folders and str(folder) != ".":
            try:
                there = self._ask(lambda server, until: server.stat(self._path(str(folder)), until))
            except NotThere:
                return False
            if not there.is_folder:
                raise PlanError(f"{folder} is a file on the server, not a folder")
            self._folders.add(folder)
        return True

    def make_folder(self, folder: PurePosixPath) -> None:
        """Make a folder in one that is there."""
        try:
            self._ask(lambda server, _: server.make_folder(self._path(str(folder))))
        except Permanent:
            if not self.has_folder(folder):  # It may be there since an answer that was lost.
                raise

    def remove_folder(self, folder: PurePosixPath) -> None:
        """Leave it: deleting a folder on a server takes all that came into it meanwhile."""

    def flush(self, paths: Iterable[str]) -> None:
        """Do nothing: a server can't be asked to."""

    def names_below(self) -> dict[str, list[str]]:
        """Refuse: nothing is ranked on a server."""
        raise PlanError("names of files on a server are not ranked")

    def _path(self, path: str) -> str:
        return (self._root / path).path

    def _stat(self, path: str) -> Identity | None:
        return self._ask(lambda server, deadline: self._found(path, server, deadline))

    def _found(self, path: str, server: WebDav, deadline: float) -> Identity | None:
        try:
            entry = server.stat(self._path(path), deadline)
        except NotThere:
            return None
        if entry.is_folder:
            raise Permanent("it is not a regular file")
        known = entry.identity
        # 0 stands for a time that the server does not tell; there, size and mark must do.
        return Identity(known.size, known.mtime_ns or 0, 0, 0, known.etag)

    def _is_taken(self, path: str) -> bool:
        try:
            self._ask(lambda server, deadline: server.stat(self._path(path), deadline))
        except NotThere:
            return False
        return True

    def _took_place(self, step: Step, server: WebDav, deadline: float) -> bool:
        """Look whether a file is in its new place and no longer in its old one."""
        old = self._found(step.source, server, deadline)
        new = self._found(step.target, server, deadline)
        if new is None:
            return False
        if old is not None:
            # A server that copies and deletes was interrupted in between, or this is another file.
            return self._completed(step, old, new, server, deadline)
        if new.size != step.identity.size:
            raise OutputError(
                f"{step.target} has {new.size} bytes on the server and had {step.identity.size} "
                "before it was moved. Nothing more is moved there; look at that file"
            )
        return True

    def _completed(
        self, step: Step, old: Identity, new: Identity, server: WebDav, deadline: float
    ) -> bool:
        if old.size != new.size or old.size != step.identity.size:
            return False
        there = [self._path(path) for path in (step.source, step.target)]
        first, second = (server.read(path, old.size, deadline) for path in there)
        if first != second or len(first) != old.size:
            return False
        server.delete(there[0], old.etag)
        return True

    def _ask(self, question: Callable[[WebDav, float], T]) -> T:
        def asked(files: Any, deadline: float) -> T:
            return question(files, deadline)

        try:
            return self._root.ask(asked)
        except Transient as error:
            raise OutputError(
                f"{self._root}: {error}. Nothing is lost; when the server is there again, run: "
                f"epic organize resume {self._root.url}"
            ) from None


def _check_scheme(place: RemotePath) -> None:
    if place.server.scheme not in ("webdav", "webdavs"):
        raise PlanError(
            f"{place}: files are moved in folders of this machine and on WebDAV servers "
            "(webdav://, webdavs://); others are only read"
        )


def _state() -> Path:
    from platformdirs import user_state_path

    given = os.environ.get(STATE_VARIABLE)
    return Path(given) if given else user_state_path("epic-features") / "remote"
