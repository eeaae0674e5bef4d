"""Files in a folder of this machine."""

from __future__ import annotations

import stat
from collections.abc import Iterable, Iterator
from contextlib import suppress
from itertools import count
from pathlib import Path, PurePosixPath

from epic_features.cleaning.journal import COPY, LINK, MOVE, Entry, Step
from epic_features.cleaning.names import names_below
from epic_features.cleaning.plan import Action, check_folder
from epic_features.cleaning.renames import (
    Identity,
    Note,
    aside_in,
    copy_exclusive,
    flush,
    is_link_to,
    is_other_spelling,
    link_text,
    relocate,
    sha256_of,
    status_of,
    suffixed,
)
from epic_features.cleaning.settling import happened


class LocalStorage:
    """A folder; see `epic_features.cleaning.storage.Storage` for the methods."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def obstacle(self, action: Action) -> str | None:
        """Say why a file is to be left alone."""
        check_folder(self._root, action.path)
        now = status_of(self._root / action.path)
        if now is None:
            return "it is gone"
        if stat.S_ISLNK(now.st_mode):
            return "it is a symbolic link"
        if not stat.S_ISREG(now.st_mode):
            return "it is not a regular file"
        changed = "it changed since the plan was made"
        if action.size is not None and now.st_size != action.size:
            return changed
        if action.sha256 is not None:
            return None if sha256_of(self._root / action.path) == action.sha256 else changed
        return None if action.mtime_ns in (None, now.st_mtime_ns) else changed

    def identity(self, path: str) -> Identity | None:
        """Return the identity of a regular file; None when nothing is there."""
        now = status_of(self._root / path)
        if now is None:
            return None
        if not stat.S_ISREG(now.st_mode):
            raise OSError("it is no longer a regular file")
        check_folder(self._root, path)
        return Identity.of(now)

    def is_there(self, path: str) -> bool:
        """Tell whether anything is there."""
        return status_of(self._root / path) is not None

    def free_names(self, current: str, wanted: str) -> Iterator[str]:
        """Yield the wanted path, then the same with numbers, as long as they are free now."""
        check_folder(self._root, wanted)
        path = PurePosixPath(wanted)
        for number in count(1):
            target = path if number == 1 else path.with_name(suffixed(path.name, number))
            place = self._root / target
            if status_of(place) is None or is_other_spelling(self._root / current, place):
                yield str(target)

    def perform(self, step: Step, mtime_ns: int, note: Note) -> None:
        """Make a step that was announced."""
        source, target = self._root / step.source, self._root / step.target
        aside = aside_in(target.parent, step.token)
        if step.how == MOVE:
            relocate(source, target, aside=aside, note=note, mtime_ns=mtime_ns)
        elif step.back:
            source.unlink()  # A copy or a link; `why_kept` had nothing against it.
        elif step.how == COPY:
            copy_exclusive(source, target, aside=aside, note=note, mtime_ns=mtime_ns)
        else:
            target.symlink_to(link_text(target, source))

    def happened(self, entry: Entry) -> bool:
        """Tell whether the last step took place, after completing it or clearing it up."""
        return happened(self._root, entry)

    def why_kept(self, step: Step) -> str | None:
        """Say why a copy or a link is not to be removed."""
        check_folder(self._root, step.target)
        original, made = self._root / step.source, self._root / step.target
        if step.how == LINK:
            return None if is_link_to(made, original) else "it is no longer the link"
        now = status_of(original)
        if now is None or not stat.S_ISREG(now.st_mode):
            return "the original is gone, so the copy stays"
        there = made.lstat()
        if not stat.S_ISREG(there.st_mode) or there.st_size != now.st_size:
            return "it differs from the original, so the copy stays"
        same_file = (there.st_dev, there.st_ino) == (now.st_dev, now.st_ino)
        if same_file or sha256_of(made) != sha256_of(original):
            return "it differs from the original, so the copy stays"
        return None

    def has_folder(self, folder: PurePosixPath) -> bool:
        """Tell whether a folder is there."""
        return (self._root / folder).is_dir()

    def make_folder(self, folder: PurePosixPath) -> None:
        """Make a folder in one that is there."""
        (self._root / folder).mkdir(exist_ok=True)

    def remove_folder(self, folder: PurePosixPath) -> None:
        """Remove a folder if it is empty."""
        with suppress(OSError):
            (self._root / folder).rmdir()

    def flush(self, paths: Iterable[str]) -> None:
        """Have the names of files written to the disk."""
        for folder in {(self._root / path).parent for path in paths}:
            with suppress(OSError):
                flush(folder)

    def names_below(self) -> dict[str, list[str]]:
        """Return the paths of all files by the name they have everywhere."""
        return names_below(self._root)
