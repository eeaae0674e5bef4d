"""Sort pictures as they arrive in a folder."""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any, TypeAlias

from epic_features.cleaning.plan import place_of
from epic_features.errors import MissingExtra, OutputError, PlanError, SourceError
from epic_features.sources import references
from epic_features.sources.names import FileIdentity, has_image_extension, is_hidden
from epic_gallery.organize import Picture, SortPlan, list_pictures, plan_moves

if TYPE_CHECKING:
    from epic_features.extractor import Extractor
    from epic_gallery.schemes import Scheme

logger = logging.getLogger(__name__)

Mark: TypeAlias = tuple[int, int]
"""Size and time of change of a file."""

TICK = 0.25
BATCH = 16
"""Most pictures that are read before they are sorted, so that stopping takes seconds."""


@dataclass
class Arrivals:
    """Files that came, until they have stopped changing.

    Attributes
    ----------
    root : Path
        The folder that is watched.
    quiet : float
        Seconds without a change of size or time after which a file counts as complete.
    """

    root: Path
    quiet: float
    _pending: dict[str, tuple[Mark, float]] = field(default_factory=dict)
    _handled: dict[str, Mark] = field(default_factory=dict)
    _guard: threading.Lock = field(default_factory=threading.Lock)

    def __len__(self) -> int:
        return len(self._pending)

    def add(self, path: str) -> None:
        """Note that something happened to a file, given by its path below the root."""
        with self._guard:
            self._pending.setdefault(path, ((-1, -1), 0.0))

    def handled(self, path: str, mark: Mark) -> None:
        """Note that a file was dealt with; it counts again when it changes."""
        self._handled[path] = mark

    def settled(self, now: float, most: int = BATCH) -> list[Picture]:
        """Return complete files, and forget them.

        Parameters
        ----------
        now : float
            `time.monotonic`.
        most : int
            How many at once.
        """
        ready: list[Picture] = []
        with self._guard:
            for path in list(self._pending):
                if len(ready) == most:
                    break
                mark = mark_of(self.root / path)
                last, since = self._pending[path]
                if mark is None or mark == self._handled.get(path):
                    del self._pending[path]
                elif mark != last:
                    self._pending[path] = (mark, now)
                elif now - since >= self.quiet and mark[0] > 0:
                    del self._pending[path]
                    ready.append(Picture(path, FileIdentity(*mark)))
        return ready


class Watcher:
    """Sorts what arrives in a folder until it is told to stop.

    What was there at the start is left alone. The system's notices tell of arrivals; because
    notices get lost in a burst, and phones and servers that are mounted give none, the folder is
    also listed from time to time.

    Parameters
    ----------
    folder : path
        A folder of this machine.
    scheme : Scheme
        Who decides.
    sorted_out : callable
        Called with each `SortPlan`, a few pictures at a time. When it raises `OutputError`, the
        same pictures come again.
    action : str
        ``"move"``, ``"copy"`` or ``"link"``.
    quiet : float
        Seconds without a change after which a file counts as complete.
    listed_every : float
        Seconds between two lists of the folder.
    extractor : Extractor, optional
        Reads the pictures; by default one with the settings of the scheme.

    Raises
    ------
    MissingExtra
        The package watchdog is not installed.
    PlanError
        The folder does not exist, or is not on this machine.
    """

    def __init__(
        self,
        folder: str | os.PathLike[str],
        scheme: Scheme,
        sorted_out: Callable[[SortPlan], None],
        *,
        action: str = "move",
        quiet: float = 2.0,
        listed_every: float = 60.0,
        extractor: Extractor | None = None,
    ) -> None:
        root = place_of(folder)
        if not isinstance(root, Path):
            raise PlanError(f"{root}: only a folder of this machine can be watched")
        self._root = root
        self._scheme = scheme
        self._sorted_out = sorted_out
        self._action = action
        self._listed_every = listed_every
        self._extractor = extractor
        self._listed = 0.0
        self._arrivals = Arrivals(root, quiet)
        self._observer = _observer()
        start = time.time_ns()
        for picture in self._list():
            # What was written a moment ago may be half a file.
            mtime_ns = picture.identity.mtime_ns or 0
            if start - mtime_ns > max(quiet, 1.0) * 1e9:
                self._arrivals.handled(picture.path, (picture.identity.size, mtime_ns))

    @property
    def waiting(self) -> int:
        """Files that came and are not complete yet."""
        return len(self._arrivals)

    def run(self, stop: threading.Event) -> None:
        """Sort until `stop` is set; the pictures in hand are finished first.

        Raises
        ------
        SourceError
            The folder is gone.
        """
        observer = self._observer
        observer.schedule(_handler(self._noticed), str(self._root), recursive=True)
        observer.start()
        try:
            self._look(time.monotonic())
            while not stop.wait(TICK):
                if not self._root.is_dir():
                    raise SourceError(f"{self._root} is gone; nothing more can be watched there")
                now = time.monotonic()
                if now - self._listed >= self._listed_every:
                    self._look(now)
                while not stop.is_set() and (ready := self._arrivals.settled(now)):
                    self._sort(ready)
        finally:
            observer.stop()
            observer.join()

    def _sort(self, pictures: list[Picture]) -> None:
        if self._extractor is None:
            from epic_features.extractor import Extractor

            self._extractor = Extractor(self._scheme.settings)
        extractor = self._extractor
        paths = [str(self._root / picture.path) for picture in pictures]
        results = [extractor.row_or_rejection(image) for image in references(paths, self._root)]
        rows = [result for result in results if isinstance(result, dict)]
        try:
            if rows:
                decided = self._scheme.decide(extractor.table(rows))
                self._sorted_out(plan_moves(self._root, pictures, decided, self._action))
        except OutputError as error:
            logger.warning("%s; it is tried again", error)
            for picture in pictures:
                self._arrivals.add(picture.path)
            return
        for picture in pictures:
            self._arrivals.handled(
                picture.path, (picture.identity.size, picture.identity.mtime_ns or 0)
            )

    def _noticed(self, paths: Iterable[str], is_folder: bool) -> None:
        """Take in a notice of the system, in a thread of its own."""
        for path in paths:
            if is_folder:
                self._listed = 0.0  # It may have come with pictures in it.
            elif (below := _candidate(path, self._root, self._scheme.folders)) is not None:
                self._arrivals.add(below)

    def _look(self, now: float) -> None:
        self._listed = now
        for picture in self._list():
            self._arrivals.add(picture.path)

    def _list(self) -> list[Picture]:
        try:
            return list_pictures(self._root, self._scheme.folders)
        except SourceError:
            return []  # No picture yet.


def mark_of(path: Path) -> Mark | None:
    """Return size and time of change of a regular file; None for anything else."""
    import stat

    try:
        status = path.lstat()
    except OSError:
        return None
    return (status.st_size, status.st_mtime_ns) if stat.S_ISREG(status.st_mode) else None


def _candidate(path: str, root: Path, folders: Collection[str]) -> str | None:
    """Return the path below the root of a file that may be a picture to be sorted."""
    below = PurePosixPath(os.path.relpath(path, root).replace(os.sep, "/"))
    parts = below.parts
    if any(is_hidden(part) for part in parts) or (len(parts) > 1 and parts[0] in folders):
        return None
    return str(below) if has_image_extension(below.name) else None


def _observer() -> Any:
    try:
        from watchdog.observers import Observer
    except ImportError:
        raise MissingExtra(
            "watching a folder needs watchdog; pip install 'epic-features[watch]'"
        ) from None
    return Observer()


def _handler(noticed: Callable[[Iterable[str], bool], None]) -> Any:
    from watchdog.events import FileSystemEvent, FileSystemEventHandler

    class Handler(FileSystemEventHandler):
        def on_any_event(self, event: FileSystemEvent) -> None:
            if event.event_type in ("opened", "closed_no_write", "deleted"):
                return
            places = (event.src_path, event.dest_path)
            noticed([os.fsdecode(place) for place in places if place], event.is_directory)

    return Handler()
