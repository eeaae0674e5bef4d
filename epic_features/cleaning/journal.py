"""What was moved, written down before it is moved.

A journal is a file of JSON lines in the hidden folder ``.epic`` of the root. Each line carries a
checksum and is on the disk before the move that it announces; a line that a crash cut off
announces nothing. It begins with the whole plan, so that it can be resumed without it.
"""

from __future__ import annotations

import json
import os
import zlib
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from epic_features.cleaning.plan import EPIC_FOLDER, Action, check_path
from epic_features.cleaning.renames import Identity, flush, new_token
from epic_features.errors import OutputError, PlanError

VERSION = 1
APPLY, RANK = "apply", "rank"
FORWARD, UNDO, RESTORE = "forward", "undo", "restore"
MOVE, COPY, LINK = "move", "copy", "link"

Record = dict[str, Any]


@dataclass(frozen=True)
class Step:
    """One move that was announced.

    Attributes
    ----------
    source, target : str
        Paths below the root with ``/``.
    token : str
        Part of the name of an unfinished copy.
    identity : Identity
        Of the file before the move.
    back : bool
        Whether it takes a file back.
    how : str
        ``"move"``, ``"copy"`` or ``"link"``. A step that takes a copy or a link back has the copy
        as its source, and removes it.
    """

    source: str
    target: str
    token: str
    identity: Identity
    back: bool = False
    how: str = MOVE


@dataclass
class Entry:
    """What a journal tells about one action.

    Attributes
    ----------
    number : int
        Place in the plan, from 0.
    action : Action
        What was planned.
    steps : list of Step
        What was announced and not declared void, in order.
    reserved : bool
        The last step took its new name before it renamed.
    copied : Identity or None
        The copy that the last step made on another file system.
    result : str or None
        ``"skipped"`` or ``"failed"``; None when it was moved or is still to be.
    reason : str
        Why it was skipped or failed.
    """

    number: int
    action: Action
    steps: list[Step] = field(default_factory=list)
    reserved: bool = False
    copied: Identity | None = None
    result: str | None = None
    reason: str = ""

    @property
    def is_pending(self) -> bool:
        """Whether the action is still to be carried out."""
        return not self.steps and self.result is None

    @property
    def is_away(self) -> bool:
        """Whether the file was moved, copied or linked, and that was not taken back."""
        return bool(self.steps) and not self.steps[-1].back


@dataclass
class Journal:
    """A journal on disk, read into memory and appended to.

    Attributes
    ----------
    path : Path
        The file.
    kind : str
        ``"apply"`` or ``"rank"``.
    created : str
        ISO time, UTC.
    folders : list of str
        Folders that were made, in order.
    phase : str
        ``"forward"``, ``"undo"`` or ``"restore"``.
    ended : bool
        Whether the phase came to its end.
    uncertain : int or None
        Number of the entry whose step was the last thing announced: it may not have happened.
    damaged : int
        Lines that could not be read, a cut-off last line not counted.
    """

    path: Path
    kind: str = APPLY
    created: str = ""
    folders: list[str] = field(default_factory=list)
    phase: str = FORWARD
    ended: bool = False
    uncertain: int | None = None
    damaged: int = 0
    _entries: dict[int, Entry] = field(default_factory=dict)

    @property
    def entries(self) -> list[Entry]:
        """One for each action, in the order of the plan."""
        return [self._entries[number] for number in sorted(self._entries)]

    def entry(self, number: int) -> Entry:
        """Return the entry of an action by its place in the plan."""
        return self._entries[number]

    @property
    def root(self) -> Path:
        """The folder that paths are relative to: the one that holds ``.epic``."""
        return self.path.parent.parent

    @classmethod
    def create(cls, root: Path, kind: str, actions: Iterable[Action]) -> Journal:
        """Begin a journal with its whole plan; it is there completely or not at all.

        The root must be `locked`.

        Raises
        ------
        OutputError
            The folder ``.epic`` can't be written.
        """
        folder = root / EPIC_FOLDER
        now = datetime.now(UTC)
        path = folder / f"journal-{now:%Y%m%dT%H%M%S%f}-{new_token()[:4]}.jsonl"
        plan = list(actions)
        head = {
            "op": "begin",
            "version": VERSION,
            "kind": kind,
            "created": now.isoformat(timespec="seconds"),
            "total": len(plan),
        }
        numbered = ({"op": "action", "n": n, **asdict(a)} for n, a in enumerate(plan))
        aside = path.with_suffix(".part")
        for unfinished in folder.glob("journal-*.part"):
            unfinished.unlink(missing_ok=True)
        try:
            with aside.open("xb") as file:
                for record in (head, *numbered):
                    file.write(_line(record))
                file.flush()
                os.fsync(file.fileno())
            aside.rename(path)
            flush(folder)
        except OSError as error:
            aside.unlink(missing_ok=True)
            raise OutputError(f"can't write the journal {path}: {error.strerror}") from error
        return cls.read(path)

    @classmethod
    def read(cls, path: Path) -> Journal:
        """Read a journal.

        Raises
        ------
        PlanError
            It can't be read, or is no journal of this version.
        """
        try:
            content = path.read_bytes()
        except OSError as error:
            raise PlanError(f"can't read the journal {path}: {error.strerror}") from error
        journal = cls(path.absolute())
        whole = content[: content.rfind(b"\n") + 1]
        for line in whole.splitlines():
            record = _parsed(line)
            try:
                if record is None:
                    journal.damaged += 1
                else:
                    journal._take_in(record)
            except (KeyError, IndexError, TypeError):
                journal.damaged += 1  # It refers to a line that is damaged.
        if not journal._entries:
            raise PlanError(f"{path} is not a journal of this program, or it is damaged")
        return journal

    def append(self, op: str, **values: Any) -> None:
        """Write a line to the disk, then take it in.

        Raises
        ------
        OutputError
            It can't be written. What the line announces must not be done then.
        """
        record = {"op": op, **values}
        try:
            descriptor = os.open(self.path, os.O_RDWR | getattr(os, "O_BINARY", 0))
            try:
                end = _end_of_whole_lines(descriptor)
                os.ftruncate(descriptor, end)
                try:
                    _write(descriptor, end, _line(record))
                    os.fsync(descriptor)
                except OSError:
                    os.ftruncate(descriptor, end)
                    raise
            finally:
                os.close(descriptor)
        except OSError as error:
            raise OutputError(
                f"can't write the journal {self.path}: {error.strerror}. Nothing is lost; remove "
                "the cause, then run: epic clean resume"
            ) from error
        self._take_in(record)

    def announce(self, entry: Entry, step: Step) -> None:
        """Write down a step that is about to be made."""
        self.append("step", n=entry.number, **asdict(step))

    def _take_in(self, record: Record) -> None:
        op = record["op"]
        if op == "begin":
            if record["version"] != VERSION:
                raise PlanError(
                    f"{self.path} has version {record['version']}, this program reads {VERSION}"
                )
            self.kind, self.created = record["kind"], record["created"]
        elif op == "action":
            self._entries[record["n"]] = Entry(record["n"], Action.of(record))
        elif op == "folder":
            self.folders.append(record["path"])
            self.uncertain = None
        elif op == "phase":
            self.phase, self.ended, self.uncertain = record["name"], False, None
        elif op == "end":
            self.ended, self.uncertain = True, None
        else:
            self._take_in_step(op, record)

    def _take_in_step(self, op: str, record: Record) -> None:
        number = record["n"]
        if number not in self._entries and op == "step":
            # The line of the action is damaged; what was moved can still be taken back.
            self._entries[number] = Entry(number, Action(record["source"], "trash"))
        entry = self._entries[number]
        self.uncertain = number if op in ("step", "reserved", "copied") else None
        if op == "step":
            identity = Identity(**record["identity"])
            source, target, token = (str(record[name]) for name in ("source", "target", "token"))
            check_path(source, own_folder=True)
            check_path(target, own_folder=True)
            how = str(record.get("how", MOVE))
            entry.steps.append(Step(source, target, token, identity, record["back"], how))
            entry.reserved, entry.copied = False, None
        elif op == "reserved":
            entry.reserved = True
        elif op == "copied":
            entry.copied = Identity(**record["identity"])
        elif op == "void":
            entry.steps.pop()
        elif op in ("skipped", "failed"):
            entry.result, entry.reason = op, record["reason"]


def _line(record: Record) -> bytes:
    """Return a line: ASCII, because a file name need not be Unicode."""
    text = json.dumps(record, sort_keys=True)
    return f'{{"sum": "{zlib.crc32(text.encode()):08x}", "record": {text}}}\n'.encode()


def _parsed(line: bytes) -> Record | None:
    """Return the record of a line whose checksum holds."""
    try:
        outer = json.loads(line)
        text = json.dumps(outer["record"], sort_keys=True)
        if outer["sum"] != f"{zlib.crc32(text.encode()):08x}":
            return None
        record: Record = outer["record"]
    except (ValueError, KeyError, TypeError):
        return None
    return record


def _end_of_whole_lines(descriptor: int) -> int:
    """Return where the last whole line ends; what a crash cut off comes after."""
    size = os.fstat(descriptor).st_size
    step = 4096
    start = size
    while start > 0:
        start = max(0, start - step)
        os.lseek(descriptor, start, os.SEEK_SET)
        newline = os.read(descriptor, step).rfind(b"\n")
        if newline >= 0:
            return start + newline + 1
    return 0


def _write(descriptor: int, position: int, line: bytes) -> None:
    os.lseek(descriptor, position, os.SEEK_SET)
    view = memoryview(line)
    while view:
        view = view[os.write(descriptor, view) :]


def journals(root: Path) -> list[Journal]:
    """Read the journals of a root, oldest first; files that are no journal are passed over."""
    found = []
    for path in sorted((root / EPIC_FOLDER).glob("journal-*.jsonl")):
        try:
            found.append(Journal.read(path))
        except PlanError:
            continue
    return found
