"""Which images of a source are done: an index over the records of the shards.

The index is rebuilt from the records at every start, in a temporary SQLite database that spills to
disk, so there is nothing that could disagree with the shards, and memory does not grow with them.
"""

from __future__ import annotations

import hashlib
import os
import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from typing import Any

from epic_features.engines import Result
from epic_features.errors import ImageError
from epic_features.settings import Settings
from epic_features.shards import Shards
from epic_features.sources import FileIdentity, ImageReference
from epic_features.sources.address import is_url

# `seen`: the source listed it again. `retry`: pending although it was done. `dropped`, `noted`: to
# be removed from its record; to be changed in it. `position`: in its record; null when removed.
_TABLE = """
CREATE TABLE done (
    key TEXT, shard INTEGER, position INTEGER, size INTEGER, mtime_ns INTEGER, etag TEXT,
    sha256 TEXT, rejected INTEGER, seen INTEGER DEFAULT 0, retry INTEGER DEFAULT 0,
    dropped INTEGER DEFAULT 0, noted INTEGER DEFAULT 0
);
CREATE INDEX by_key ON done (key, seen);
CREATE INDEX by_shard ON done (shard);
"""


def key_of(name: str, *, is_file: bool = True) -> str:
    """Return what an image is known by from run to run: its absolute path or its address."""
    if not is_file or is_url(name):
        return name
    return os.path.abspath(name)  # noqa: PTH100 (Path.absolute keeps "..", and is slow)


def file_record(result: Result) -> dict[str, Any]:
    """Return what the record of a shard says about one image; null fields are left out.

    A file that could not be asked for has no ``size``; an image that is not a file has
    ``"in_memory": true``, because nobody can tell later whether it is the same.
    """
    told = asdict(result.rejected) if result.rejected is not None else {}
    relative_path = (result.row or told)["relative_path"]
    record = {
        **told,
        "path": key_of(result.name, is_file=relative_path is not None),
        **(asdict(result.identity) if result.identity is not None else {}),
        "sha256": result.sha256,
        "in_memory": True if relative_path is None else None,
    }
    return {name: value for name, value in record.items() if value is not None}


class Ledger:
    """What is done, by image.

    A path that is listed twice needs two rows, so entries are ticked off while the source is
    listed.

    Parameters
    ----------
    shards : Shards
        Swept: every shard is done.

    Attributes
    ----------
    rows, rejected : int
        How many images gave a row, and how many did not.
    in_memory : bool
        Whether images that were not files are among them.
    """

    def __init__(self, shards: Shards) -> None:
        self._shards = shards
        self._retry_only = False
        self.rows = self.rejected = 0
        self.in_memory = False
        # "" is a private temporary file; what is in it is never needed after a crash.
        self._db = sqlite3.connect("", isolation_level=None, check_same_thread=False)
        self._db.executescript(f"PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; {_TABLE}")
        for number in shards.numbers():
            self._enter(number)

    def _enter(self, number: int) -> None:
        record = self._shards.record(number)
        self.rows += record["rows"]
        self.rejected += record["rejected"]
        self.in_memory |= any("in_memory" in file for file in record["files"])
        self._db.execute("BEGIN")
        self._db.executemany(
            "INSERT INTO done (key, shard, position, size, mtime_ns, etag, sha256, rejected) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (
                (
                    file["path"],
                    number,
                    position,
                    *(file.get(name) for name in ("size", "mtime_ns", "etag", "sha256")),
                    "reason" in file,
                )
                for position, file in enumerate(record["files"])
            ),
        )
        self._db.execute("COMMIT")

    def pending(self, references: Iterable[ImageReference]) -> Iterator[ImageReference]:
        """Pass on the references that are still to be done, and tick off the others."""
        nothing_done = not self.rows and not self.rejected and not self._retry_only
        for reference in references:
            entry = None if nothing_done else self._find(reference)
            if entry is None:
                if not self._retry_only:
                    yield reference
                continue
            rowid, retry = entry
            self._db.execute("UPDATE done SET seen = 1 WHERE rowid = ?", (rowid,))
            if retry:
                yield reference

    def _find(self, reference: ImageReference) -> tuple[int, int] | None:
        key = key_of(reference.name, is_file=reference.is_file)
        entry: tuple[int, int] | None = self._db.execute(
            "SELECT rowid, retry FROM done WHERE key = ? AND seen = 0 LIMIT 1", (key,)
        ).fetchone()
        return entry

    def retry_rejected(self, *, only: bool) -> None:
        """Forget the rejections, so that those images are pending; with `only`, nothing else is."""
        self._db.execute("UPDATE done SET dropped = 1, retry = 1 WHERE rejected")
        self._revise()
        self._db.execute("UPDATE done SET dropped = 0, position = NULL WHERE dropped")
        self.rejected = 0
        self._retry_only = only

    def forget_changed(self, references: Iterable[ImageReference], settings: Settings) -> int:
        """Drop the rows of files that changed since, or are gone; return how many files.

        A file is the same when size and time (or the server's mark) are; when only its size is,
        its content decides. Files below a folder that can't be listed now are not gone.
        """
        unlisted: list[str] = []
        for reference in references:
            if _is_unlisted_folder(reference):
                unlisted.append(key_of(reference.name).rstrip("/") + "/")
            if (entry := self._find(reference)) is not None:
                dropped = not self._is_same(entry[0], reference, settings)
                self._db.execute(
                    "UPDATE done SET seen = 1, dropped = ? WHERE rowid = ?", (dropped, entry[0])
                )
        for folder in unlisted:
            self._db.execute(
                "UPDATE done SET seen = 1 WHERE substr(key, 1, ?) = ?", (len(folder), folder)
            )
        return self.forget_unseen()

    def forget_unseen(self) -> int:
        """Drop the rows of images that the source did not list; return how many files."""
        self._db.execute("UPDATE done SET dropped = 1 WHERE NOT seen AND position IS NOT NULL")
        self._revise()
        forgotten = self._db.execute("SELECT rejected, count(*) FROM done WHERE dropped GROUP BY 1")
        counts = dict(forgotten.fetchall())
        self.rows -= counts.get(0, 0)
        self.rejected -= counts.get(1, 0)
        self._db.execute("DELETE FROM done WHERE dropped")
        self._db.execute("UPDATE done SET seen = 0")
        return sum(counts.values())

    def _is_same(self, rowid: int, reference: ImageReference, settings: Settings) -> bool:
        size, mtime_ns, etag, sha256 = self._db.execute(
            "SELECT size, mtime_ns, etag, sha256 FROM done WHERE rowid = ?", (rowid,)
        ).fetchone()
        try:
            now = reference.identity()
            if now.size != size:
                return False
            if now == FileIdentity(size, mtime_ns, etag) and (mtime_ns or etag):
                return True
            encoded = reference.load(settings).encoded if sha256 is not None else None
        except ImageError:
            return False
        if encoded is None or hashlib.sha256(encoded).hexdigest() != sha256:
            return False
        self._db.execute(
            "UPDATE done SET mtime_ns = ?, etag = ?, noted = 1 WHERE rowid = ?",
            (now.mtime_ns, now.etag, rowid),
        )
        return True

    def _revise(self) -> None:
        """Rewrite the records that have entries to be dropped or changed."""
        shards = self._db.execute("SELECT DISTINCT shard FROM done WHERE dropped OR noted")
        for (number,) in shards.fetchall():
            dropped, noted, kept = set(), {}, []
            for rowid, position, drop, note, mtime_ns, etag in self._db.execute(
                "SELECT rowid, position, dropped, noted, mtime_ns, etag FROM done "
                "WHERE shard = ? AND position IS NOT NULL ORDER BY position",
                (number,),
            ):
                if drop:
                    dropped.add(position)
                    continue
                kept.append(rowid)
                if note:
                    noted[position] = {"mtime_ns": mtime_ns, "etag": etag}
            self._shards.revise(number, dropped, noted)
            self._db.executemany("UPDATE done SET position = ? WHERE rowid = ?", enumerate(kept))
        self._db.execute("UPDATE done SET noted = 0")


def _is_unlisted_folder(reference: ImageReference) -> bool:
    """Tell whether a reference stands for a folder that could not be listed."""
    content = reference.content
    if isinstance(content, os.PathLike):
        return os.path.isdir(content)  # noqa: PTH112
    return bool(getattr(content, "problem", None))
