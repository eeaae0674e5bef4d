"""What moving asks of the place where the files are: a folder of this machine, or a server."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import PurePosixPath
from typing import Protocol

from epic_features.cleaning.journal import Entry, Step
from epic_features.cleaning.plan import Action
from epic_features.cleaning.renames import Identity, Note


class Storage(Protocol):
    """A folder with files. Paths are below it, with ``/``.

    Methods raise `OSError` or `PlanError` for what concerns one file, and another `EpicError` when
    nothing can be done any more.
    """

    def obstacle(self, action: Action) -> str | None:
        """Say why a file is to be left alone; None when it is what was planned."""

    def identity(self, path: str) -> Identity | None:
        """Return the identity of a regular file; None when nothing is there."""

    def is_there(self, path: str) -> bool:
        """Tell whether anything is there, a link that leads nowhere included."""

    def free_names(self, current: str, wanted: str) -> Iterator[str]:
        """Yield the wanted path, then the same with numbers, as long as they are free now."""

    def perform(self, step: Step, mtime_ns: int, note: Note) -> None:
        """Make a step that was announced.

        Parameters
        ----------
        step : Step
            What to do.
        mtime_ns : int
            Time of change to give to a copy.
        note : callable
            Told before a part that a crash could leave half done.

        Raises
        ------
        FileExistsError
            The target is taken; nothing was done.
        OSError
            It can't be done, and nothing was.
        """

    def happened(self, entry: Entry) -> bool:
        """Tell whether the last step took place, after completing it or clearing it up."""

    def why_kept(self, step: Step) -> str | None:
        """Say why a copy or a link that a step made is not to be removed."""

    def has_folder(self, folder: PurePosixPath) -> bool:
        """Tell whether a folder is there."""

    def make_folder(self, folder: PurePosixPath) -> None:
        """Make a folder in one that is there."""

    def remove_folder(self, folder: PurePosixPath) -> None:
        """Remove a folder if it is empty; one that can't be removed stays."""

    def flush(self, paths: Iterable[str]) -> None:
        """Have the names of files written to the disk."""

    def names_below(self) -> dict[str, list[str]]:
        """Return the paths of all files; see `epic_features.cleaning.names.names_below`."""
