"""A dump on disk: numbered Parquet files, each with a record of the files that went into it.

A shard is done when both ``part-00007.parquet`` and ``part-00007.json`` are there. Both are written
aside, flushed to the disk and renamed, the record last.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from epic_features.errors import OutputError

Record = dict[str, Any]
"""What the JSON of a shard says: rows, rejected, seconds, settings, backends, files in order."""

REJECTED_FILE = "rejected.parquet"
REJECTED_SCHEMA = pa.schema(
    [(name, pa.string()) for name in ("path", "relative_path", "reason", "stage")]
)
_ASIDE = ".part"
_PART = re.compile(r"part-(\d{5,})\.(parquet|json)")
_ROWS_PER_GROUP = 1000


def write_whole(target: Path, write: Callable[[Path], object]) -> None:
    """Let `write` make a file aside, and rename it onto the target when it is safely on disk.

    Raises
    ------
    OutputError
        It can't be written; nothing is left behind.
    """
    aside = target.with_name(f".{target.name}{_ASIDE}")
    try:
        try:
            write(aside)
            _flush(aside)
            aside.replace(target)
            _flush(target.parent)
        except BaseException:
            aside.unlink(missing_ok=True)
            raise
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno else str(error)
        raise OutputError(
            f"can't write {target}: {reason}. What is done is kept: when the cause is removed, the "
            "same command continues from there"
        ) from error


def _flush(path: Path) -> None:
    if os.name == "nt" and path.is_dir():
        return  # Windows has no way to flush a folder.
    descriptor = os.open(path, os.O_RDONLY if os.name != "nt" else os.O_RDWR)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


class Shards:
    """The shards in a folder.

    Parameters
    ----------
    folder : Path
        An existing folder.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def parquet(self, number: int) -> Path:
        """Return the path of a shard's table."""
        return self.folder / f"part-{number:05d}.parquet"

    def json(self, number: int) -> Path:
        """Return the path of a shard's record."""
        return self.folder / f"part-{number:05d}.json"

    def numbers(self) -> list[int]:
        """Return the numbers of the shards of which any file is there, in order."""
        names = (_PART.fullmatch(path.name) for path in self.folder.iterdir())
        return sorted({int(name[1]) for name in names if name})

    def sweep(self) -> None:
        """Remove what an interrupted run left: files written aside and halves of shards."""
        for path in self.folder.glob(f".*{_ASIDE}"):
            path.unlink()
        for number in self.numbers():
            if not self._is_done(number):
                self.remove(number)

    def _is_done(self, number: int) -> bool:
        try:
            rows = pq.read_metadata(self.parquet(number)).num_rows
            return bool(self.record(number)["rows"] == rows)
        except (OSError, ValueError, KeyError, pa.ArrowException):
            return False

    def record(self, number: int) -> Record:
        """Read the record of a shard."""
        record: Record = json.loads(self.json(number).read_bytes())
        return record

    def records(self) -> Iterator[Record]:
        """Read the records of all shards, one at a time."""
        return map(self.record, self.numbers())

    def write(self, number: int, table: pa.Table, record: Mapping[str, Any]) -> None:
        """Write a shard that does not exist."""
        write_whole(
            self.parquet(number),
            lambda path: pq.write_table(table, path, row_group_size=_ROWS_PER_GROUP),
        )
        self._write_record(number, record)

    def _write_record(self, number: int, record: Mapping[str, Any]) -> None:
        text = json.dumps(record, ensure_ascii=False, separators=(",", ":"))
        write_whole(self.json(number), lambda path: path.write_text(text, encoding="utf-8"))

    def remove(self, number: int) -> None:
        """Remove a shard; its record goes first, so that it never counts as done by half."""
        self.json(number).unlink(missing_ok=True)
        self.parquet(number).unlink(missing_ok=True)

    def revise(
        self,
        number: int,
        dropped: Collection[int],
        changed: Mapping[int, Mapping[str, Any]] | None = None,
    ) -> None:
        """Drop files of a shard with their rows, and change what is noted about others.

        Parameters
        ----------
        number : int
            The shard.
        dropped : collection of int
            Positions in ``record["files"]``.
        changed : mapping, optional
            New values of the fields of files, by position.
        """
        record = self.record(number)
        kept = [(i, file) for i, file in enumerate(record["files"]) if i not in dropped]
        has_row = [i for i, file in enumerate(record["files"]) if "reason" not in file]
        mask = [i not in dropped for i in has_row]
        record["files"] = [{**file, **(changed or {}).get(i, {})} for i, file in kept]
        record["rows"] = sum(mask)
        record["rejected"] = len(kept) - sum(mask)
        if not kept:
            self.remove(number)
        elif all(mask):
            self._write_record(number, record)
        else:
            table = pq.read_table(self.parquet(number), memory_map=False)
            # Without its record the shard is not done: a crash here costs time, never a wrong row.
            self.json(number).unlink()
            self.write(number, table.filter(pa.array(mask, pa.bool_())), record)

    def clear(self) -> None:
        """Remove all shards and the list of rejected images."""
        self.sweep()
        for number in self.numbers():
            self.remove(number)
        (self.folder / REJECTED_FILE).unlink(missing_ok=True)

    def rejected(self) -> Iterator[dict[str, Any]]:
        """Yield path, relative path, reason and stage of the rejected images."""
        for record in self.records():
            for file in record["files"]:
                if "reason" in file:
                    yield {
                        "path": file["path"],
                        **{name: file.get(name) for name in REJECTED_SCHEMA.names[1:]},
                    }

    def write_rejected(self) -> None:
        """Write the table of the rejected images."""

        def write(path: Path) -> None:
            with pq.ParquetWriter(path, REJECTED_SCHEMA) as writer:
                for batch in batched(self.rejected(), _ROWS_PER_GROUP):
                    writer.write_table(pa.Table.from_pylist(batch, schema=REJECTED_SCHEMA))

        write_whole(self.folder / REJECTED_FILE, write)

    def merge(self, target: Path, schema: pa.Schema, metadata: Mapping[bytes, str]) -> None:
        """Write all rows to one Parquet file, holding a thousand or two at a time."""

        def write(path: Path) -> None:
            with pq.ParquetWriter(path, schema) as writer:
                held: list[pa.Table] = []
                for table in self._row_groups():
                    held.append(table.cast(schema))
                    if sum(table.num_rows for table in held) >= _ROWS_PER_GROUP:
                        writer.write_table(pa.concat_tables(held).unify_dictionaries())
                        held.clear()
                if held:
                    writer.write_table(pa.concat_tables(held).unify_dictionaries())
                writer.add_key_value_metadata(dict(metadata))

        write_whole(target, write)

    def _row_groups(self) -> Iterator[pa.Table]:
        for number in self.numbers():
            with pq.ParquetFile(self.parquet(number)) as file:
                for group in range(file.num_row_groups):
                    yield file.read_row_group(group)


def batched(items: Iterable[Any], size: int) -> Iterator[list[Any]]:
    """Yield lists of `size` consecutive items, the last one shorter."""
    batch = []
    for item in items:
        batch.append(item)
        if len(batch) == size:
            yield batch
            batch = []
    if batch:
        yield batch
