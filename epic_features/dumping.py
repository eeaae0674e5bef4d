"""Many images to Parquet, in steps that survive whatever interrupts them.

The module is not called ``dump`` because a submodule of that name would hide the function of the
same name in the package.
"""

from __future__ import annotations

import json
import logging
import os
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from dataclasses import asdict, dataclass
from itertools import count
from pathlib import Path
from typing import Any

import pyarrow as pa

from epic_features import dump_folder
from epic_features.engines import Result, make_engine
from epic_features.errors import OutputError, SettingsError
from epic_features.extractor import Extractor, Rejected
from epic_features.fragments import fragment
from epic_features.ledger import Ledger, file_record, key_of
from epic_features.settings import EMBEDDING_ROLES, Settings
from epic_features.shards import Shards, batched
from epic_features.sources import ImageLike, ImageReference, check_exists, references, shown
from epic_features.sources.names import printable

logger = logging.getLogger(__name__)

REJECTED_KEY = b"epic_features.rejected"

_SHOWN_REJECTED = 20


@dataclass(frozen=True)
class DumpReport:
    """What a dump did.

    Attributes
    ----------
    path : Path
        The Parquet file or the folder of shards.
    rows : int
        Rows that are there now.
    rejected : tuple of Rejected
        Images that gave none, with the reason.
    seconds : float
        Wall-clock time, models loading included.
    resumed : int
        Images, rejected ones included, that an earlier run had done.
    forgotten : int
        Files whose rows were dropped, because they changed or are gone.
    """

    path: Path
    rows: int
    rejected: tuple[Rejected, ...]
    seconds: float
    resumed: int = 0
    forgotten: int = 0

    def _repr_html_(self) -> str:
        shown = [
            tuple(map(printable, (item.relative_path or item.path, item.stage, item.reason)))
            for item in self.rejected[:_SHOWN_REJECTED]
        ]
        path = printable(str(self.path))
        return fragment("epic_features", "dump.html", report=self, path=path, rejected=shown)


def dump(
    source: ImageLike | Iterable[ImageLike],
    out: str | os.PathLike[str],
    *,
    settings: Settings | None = None,
    root: str | os.PathLike[str] | None = None,
    whatsapp: bool = False,
    engine: str = "processes",
    workers: int | None = None,
    resume: bool = True,
    overwrite: bool = False,
    update: bool = False,
    retry_rejected: bool = False,
    shard_size: int = 1000,
    time_limit: float = 60.0,
    on_progress: Callable[[int, int], None] | None = None,
) -> DumpReport:
    """Write the feature table of any number of images to Parquet.

    Every image gives exactly one row or one rejection, whatever happens meanwhile. When the call
    is interrupted, the same call continues after the last whole shard; the shards are the same as
    if nothing had happened.

    Parameters
    ----------
    source : folder, glob pattern, path, address, or an iterable of images
        As for `extract`. It is listed while the work goes on and never held. Images that are not
        files (arrays, bytes, PIL images) are computed in the calling process, and a dump of them
        can't be resumed.
    out : path
        A path that ends in ``.parquet`` gives one file, which appears when all is done; until then
        its shards are in the hidden folder ``.NAME.parts`` beside it. Any other path is a folder
        with ``part-00000.parquet`` ..., their records ``part-00000.json`` ..., and
        ``rejected.parquet``. Version, settings and back ends are in the key-value metadata of
        every Parquet file, for one file the rejected images too.
    settings, root, whatsapp
        As for `extract` and `epic_features.sources.references`.
    engine : str
        ``"processes"``, ``"inline"`` or ``"ray"``; see `epic_features.engines.make_engine`. A
        script that uses processes must call `dump` below ``if __name__ == "__main__":``.
    workers : int, optional
        Images worked on at once; by default one per processor core.
    resume : bool
        Continue what an earlier call left in `out`. If false, a folder that holds a dump is
        refused, and the leftovers of an unfinished file are removed.
    overwrite : bool
        Replace an existing file, or a whole dump in a folder.
    update : bool
        Bring the dump in a folder up to date: extract new and changed files, and drop the rows of
        files that are gone, except below a folder that can't be listed. A file has changed when
        its size has, or its time and its SHA-256. Rows of changed files move to new shards.
    retry_rejected : bool
        Try the rejected images again; without `update`, just those.
    shard_size : int
        Images per shard, rejected ones included; what an interruption may cost.
    time_limit : float
        Seconds an image may take before it is rejected.
    on_progress : callable, optional
        Called at the start and after each image with the numbers of rows and of rejected images.

    Returns
    -------
    DumpReport

    Raises
    ------
    OutputError
        `out` exists, can't be written, or holds the dump of another source.
    SettingsError
        An argument is out of range, or `out` was begun with other settings.
    SourceError
        A path that does not exist or lies outside `root`, or a folder or pattern without images.
    EngineError
        Worker processes can't be started.
    """
    started = time.monotonic()
    if shard_size < 1:
        raise SettingsError(f"shard_size={shard_size!r}; it must be at least 1")
    settings = settings or Settings()
    target = Path(out).expanduser()
    chosen_engine = make_engine(engine, workers=workers, time_limit=time_limit)
    dump_folder.check_free(target, overwrite=overwrite, changes_existing=update or retry_rejected)
    check_exists(source)
    extractor = Extractor(settings)
    schema = extractor.schema
    embedding = [b.sha256 for b in extractor.backends if b.role in EMBEDDING_ROLES]
    del extractor  # Its models are not needed here.
    if update and isinstance(source, Iterator):
        source = list(source)  # It is listed twice.

    def listed() -> Iterator[ImageReference]:
        return references(source, root, whatsapp)

    folder = dump_folder.folder_of(target)
    with dump_folder.owned(folder):
        shards = Shards(folder)
        named = isinstance(source, str | os.PathLike)
        _prepare(target, folder, resume=resume, overwrite=overwrite)
        dump_folder.begin(
            folder,
            settings,
            key_of(shown(source)) if named else None,
            key_of(shown(root)) if root is not None else None,
            embedding,
        )
        ledger = _open_ledger(shards, target)
        resumed = ledger.rows + ledger.rejected
        forgotten = ledger.forget_changed(listed(), settings) if update else 0
        if retry_rejected:
            if not resumed:
                raise OutputError(f"{target} holds no dump whose rejected images could be retried")
            ledger.retry_rejected(only=not update)
        with closing(chosen_engine.run(ledger.pending(listed()), settings)) as results:
            _write_shards(shards, schema, results, shard_size, ledger, on_progress)
        if not named:
            forgotten += ledger.forget_unseen()
        rejected = tuple(Rejected(**item) for item in shards.rejected())
        rows = sum(record["rows"] for record in shards.records())
        if dump_folder.is_one_file(target):
            listing = json.dumps([asdict(item) for item in rejected], ensure_ascii=False)
            shards.merge(target, schema, {REJECTED_KEY: listing})
            dump_folder.remove(folder)
        else:
            shards.write_rejected()
    logger.info("%s: %d rows, %d rejected", target, rows, len(rejected))
    return DumpReport(
        target, rows, rejected, time.monotonic() - started, resumed - forgotten, forgotten
    )


def _prepare(target: Path, folder: Path, *, resume: bool, overwrite: bool) -> None:
    """Remove what is not to be continued, or refuse to continue it."""
    shards = Shards(folder)
    shards.sweep()
    exists = (folder / dump_folder.MANIFEST).exists()
    one_file = dump_folder.is_one_file(target)
    stale = not resume or dump_folder.is_merged(folder, target) if one_file else overwrite
    if exists and stale:
        shards.clear()
        (folder / dump_folder.MANIFEST).unlink()
    elif exists and not resume:
        raise OutputError(f"{target} holds a dump; resume it, overwrite it or choose another path")


def _open_ledger(shards: Shards, target: Path) -> Ledger:
    ledger = Ledger(shards)
    if not ledger.in_memory:
        return ledger
    if not dump_folder.is_one_file(target):
        raise OutputError(
            f"{target} holds a dump of images that were not files, so nobody can tell which are "
            "done; overwrite it or choose another path"
        )
    shards.clear()
    return Ledger(shards)


def _write_shards(
    shards: Shards,
    schema: pa.Schema,
    results: Iterable[Result],
    shard_size: int,
    ledger: Ledger,
    on_progress: Callable[[int, int], None] | None,
) -> None:
    """Write consecutive results to shards, numbered by the first free numbers."""
    taken = set(shards.numbers())
    numbers = (number for number in count() if number not in taken)
    rows, rejected = ledger.rows, ledger.rejected

    def counted() -> Iterator[Result]:
        nonlocal rows, rejected
        if on_progress:
            on_progress(rows, rejected)
        for result in results:
            rows += result.row is not None
            rejected += result.row is None
            yield result
            if on_progress:
                on_progress(rows, rejected)

    begun = time.monotonic()
    provenance: dict[str, Any] = json.loads(schema.metadata[b"epic_features"])
    for batch in batched(counted(), shard_size):
        table = pa.Table.from_pylist([r.row for r in batch if r.row is not None], schema=schema)
        number = next(numbers)
        record = {
            "rows": table.num_rows,
            "rejected": len(batch) - table.num_rows,
            "seconds": round(time.monotonic() - begun, 3),
            **provenance,
            "files": [file_record(result) for result in batch],
        }
        shards.write(number, table, record)
        logger.info("shard %d: %d rows of %d images", number, table.num_rows, len(batch))
        begun = time.monotonic()
