"""Many images to one Parquet file, which appears whole or not at all.

The module is not called ``dump`` because a submodule of that name would hide the function of the
same name in the package.
"""

from __future__ import annotations

import json
import os
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from epic_features.errors import OutputError, SourceError
from epic_features.extractor import Extractor, Rejected
from epic_features.settings import Settings
from epic_features.sources import ImageLike, ImageReference, is_single, references

REJECTED_KEY = b"epic_features.rejected"
_ROWS_PER_GROUP = 256


@dataclass(frozen=True)
class DumpReport:
    """What a dump did.

    Attributes
    ----------
    path : Path
        The Parquet file.
    rows : int
        Images that gave a row.
    rejected : tuple of Rejected
        Images that gave none, with the reason.
    seconds : float
        Wall-clock time, models loading included.
    """

    path: Path
    rows: int
    rejected: tuple[Rejected, ...]
    seconds: float


def dump(
    source: ImageLike | Iterable[ImageLike],
    out: str | os.PathLike[str],
    *,
    settings: Settings | None = None,
    root: str | os.PathLike[str] | None = None,
    overwrite: bool = False,
    workers: int | None = None,
    on_progress: Callable[[int, int], None] | None = None,
) -> DumpReport:
    """Write the feature table of many images to a Parquet file.

    Parameters
    ----------
    source : folder, glob pattern, path, or an iterable of images
        As for `extract`.
    out : path
        The Parquet file. Version, settings, back ends and rejected images are in its key-value
        metadata. It is written aside and renamed at the end.
    settings, root
        As for `extract`.
    overwrite : bool
        Replace `out` when it exists.
    workers : int, optional
        Images worked on at once; by default one per processor core.
    on_progress : callable, optional
        Called after each image with the numbers of rows and of rejected images so far.

    Returns
    -------
    DumpReport

    Raises
    ------
    OutputError
        `out` exists and `overwrite` is false, or its folder can't be written.
    SourceError
        A path that does not exist or lies outside `root`, or a folder or pattern without images.
    """
    started = time.monotonic()
    target = Path(out).expanduser()
    if target.is_dir():
        raise OutputError(f"{target} is a folder; give the name of a file in it")
    if target.exists() and not overwrite:
        raise OutputError(
            f"{target} exists; choose another path or allow overwriting (--overwrite)"
        )
    if _is_missing(source):
        raise SourceError(f"no such file or folder: {source}")
    extractor = Extractor(settings)
    rows: list[dict[str, Any]] = []
    rejected: list[Rejected] = []
    written = 0
    with _written_whole(target) as aside, pq.ParquetWriter(aside, extractor.schema) as writer:
        results = _results(extractor, references(source, root), workers or os.cpu_count() or 1)
        for result in results:
            if isinstance(result, Rejected):
                rejected.append(result)
            else:
                rows.append(result)
            if len(rows) == _ROWS_PER_GROUP:
                writer.write_table(extractor.table(rows))
                written += len(rows)
                rows.clear()
            if on_progress:
                on_progress(written + len(rows), len(rejected))
        writer.write_table(extractor.table(rows))
        written += len(rows)
        record = json.dumps([asdict(item) for item in rejected], ensure_ascii=False)
        writer.add_key_value_metadata({REJECTED_KEY: record})
    return DumpReport(target, written, tuple(rejected), time.monotonic() - started)


def _is_missing(source: object) -> bool:
    if not isinstance(source, str | os.PathLike):
        return False
    return is_single(source) and not Path(source).expanduser().exists()


def _results(
    extractor: Extractor, images: Iterable[ImageReference], workers: int
) -> Iterator[dict[str, Any] | Rejected]:
    """Yield a row or a rejection per image, in order, with a bounded number of them under way."""
    with ThreadPoolExecutor(workers) as pool:
        under_way: deque[Future[dict[str, Any] | Rejected]] = deque()
        try:
            for image in images:
                under_way.append(pool.submit(extractor.row_or_rejection, image))
                if len(under_way) >= 4 * workers:
                    yield under_way.popleft().result()
            while under_way:
                yield under_way.popleft().result()
        finally:
            for future in under_way:
                future.cancel()


@contextmanager
def _written_whole(target: Path) -> Iterator[Path]:
    """Give a path beside the target; rename it onto the target when all went well."""
    aside = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        aside.touch()
    except OSError as error:
        raise OutputError(f"can't write to {target.parent}: {error.strerror}") from error
    try:
        yield aside
        with aside.open("rb") as file:
            os.fsync(file.fileno())
        aside.replace(target)
    except OSError as error:
        aside.unlink(missing_ok=True)
        raise OutputError(f"can't write {target}: {error.strerror or error}") from error
    except BaseException:
        aside.unlink(missing_ok=True)
        raise
