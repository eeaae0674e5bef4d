"""Where the work of a dump is done: in local processes, in the calling process, or on a cluster.

An engine is an object with one method, `Engine.run`. It knows nothing of shards and ledgers: it
turns a stream of image references into a stream of results, one for each and in the same order.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias

from epic_features.errors import SettingsError
from epic_features.extractor import Rejected
from epic_features.image import Image
from epic_features.settings import Settings
from epic_features.sources import FileIdentity, ImageReference

ENGINES = ("processes", "inline", "ray")


@dataclass(frozen=True)
class Result:
    """What became of one image: a row, or a rejection.

    Attributes
    ----------
    name : str
        Name of the reference.
    row : dict or None
        The columns; None when the image was rejected.
    rejected : Rejected or None
        Why there is no row.
    identity : FileIdentity or None
        The file as it was when it was read; None when it is not a file or can't be had.
    sha256 : str or None
        SHA-256 of the bytes that were read, as hex; None when they could not be decoded.
    """

    name: str
    row: dict[str, Any] | None
    rejected: Rejected | None
    identity: FileIdentity | None = None
    sha256: str | None = None


Results: TypeAlias = Generator[Result, None, None]


class RowMaker(Protocol):
    """Turns images into rows, one by one; an `Extractor` is one."""

    def load(self, image: ImageReference) -> Image:
        """Decode one image."""
        ...

    def row(self, image: Image) -> dict[str, Any]:
        """Return the columns of one image; raise `ImageError` when there can be none."""
        ...


BuildRowMaker: TypeAlias = Callable[[Settings], RowMaker]
"""Called once in every worker process, so it must be possible to pickle it."""


class Engine(Protocol):
    """Somewhere to compute rows."""

    def run(self, references: Iterable[ImageReference], settings: Settings) -> Results:
        """Yield exactly one result per reference, in their order, whatever the images are.

        References are taken as they are needed, never all at once. Closing the iterator stops the
        work and ends every process that was started for it.

        Raises
        ------
        EngineError
            The engine can't work at all; a bad image is never a reason.
        """
        ...


def make_engine(name: str, *, workers: int | None = None, time_limit: float = 60.0) -> Engine:
    """Build an engine.

    Parameters
    ----------
    name : str
        ``"processes"``, ``"inline"`` (one image after the other in the calling process, no time
        limit) or ``"ray"`` (needs the extra ``ray``).
    workers : int, optional
        Images worked on at once; by default one per processor core.
    time_limit : float
        Seconds an image may take.

    Raises
    ------
    SettingsError
        A value is not known or out of range.
    MissingExtra
        The engine's library is not installed.
    """
    if workers is not None and workers < 1:
        raise SettingsError(f"workers={workers!r}; it must be at least 1")
    if not time_limit > 0:
        raise SettingsError(f"time_limit={time_limit!r}; it must be above 0 seconds")
    if name == "processes":
        from epic_features.engines.processes import ProcessEngine

        return ProcessEngine(workers, time_limit)
    if name == "inline":
        from epic_features.engines.inline import InlineEngine

        return InlineEngine()
    if name == "ray":
        from epic_features.engines.ray_engine import RayEngine

        return RayEngine(workers, time_limit)
    raise SettingsError(f"engine={name!r} is not known; choose from: {', '.join(ENGINES)}")
