"""Moves the files of one journal, each step written down before it is made."""

from __future__ import annotations

import stat
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import asdict, dataclass, fields
from itertools import count
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from epic_features.cleaning.journal import RESTORE, UNDO, Entry, Journal, Step
from epic_features.cleaning.names import names_below, same_name
from epic_features.cleaning.plan import EPIC_FOLDER, Action, check_folder
from epic_features.cleaning.renames import (
    Identity,
    aside_in,
    flush,
    is_other_spelling,
    new_token,
    relocate,
    sha256_of,
    status_of,
    suffixed,
)
from epic_features.cleaning.settling import happened
from epic_features.errors import PlanError
from epic_features.sources.names import printable

if TYPE_CHECKING:
    import pandas as pd

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Outcome:
    """What became of one file.

    Attributes
    ----------
    path : str
        Path below the root with ``/``, before.
    result : str
        ``"moved"``, ``"skipped"`` (it changed or is gone), ``"failed"`` or ``"missing"`` (there is
        nothing to take back).
    target : str or None
        Where it is now, when it was moved.
    reason : str
        Why it was not moved, or the reason given in the plan.
    """

    path: str
    result: str
    target: str | None
    reason: str


@dataclass(frozen=True)
class MoveReport:
    """What a call did.

    Attributes
    ----------
    journal : Path or None
        Where it is written down; None when there was nothing to do.
    outcomes : tuple of Outcome
        One for each file, in the order in which they were handled.
    """

    journal: Path | None
    outcomes: tuple[Outcome, ...]

    @property
    def table(self) -> pd.DataFrame:
        """The outcomes as a table, one column for each attribute of `Outcome`.

        Bytes of names that are not UTF-8 are written as in feature tables.
        """
        import pandas as pd

        rows = [asdict(outcome) for outcome in self.outcomes]
        for row in rows:
            row.update(path=printable(row["path"]), target=printable(row["target"] or "") or None)
        return pd.DataFrame(rows, columns=[field.name for field in fields(Outcome)])

    def count(self, result: str) -> int:
        """Return how many files had a result."""
        return sum(outcome.result == result for outcome in self.outcomes)


class Mover:
    """Moves the files of one journal."""

    def __init__(self, journal: Journal, on_progress: Progress | None) -> None:
        self._journal = journal
        self._root = journal.root
        self._on_progress = on_progress
        self._touched: set[Path] = set()
        if journal.uncertain is not None:
            entry = journal.entry(journal.uncertain)
            op = "sure" if happened(self._root, entry) else "void"
            journal.append(op, n=entry.number)

    def forward(self) -> MoveReport:
        """Carry out the actions that are pending."""
        entries = [entry for entry in self._journal.entries if entry.is_pending]
        return self._run(entries, self._carry_out)

    def undo(self) -> MoveReport:
        """Take back what is away, the last one first."""
        self._begin(UNDO)
        entries = [entry for entry in reversed(self._journal.entries) if entry.is_away]
        report = self._run(entries, self._take_back)
        for folder in reversed(self._journal.folders):
            with suppress(OSError):
                (self._root / folder).rmdir()  # Only when it is empty.
        return report

    def restore(self) -> MoveReport:
        """Give the files that are away their names back, wherever they are."""
        self._begin(RESTORE)
        entries = [entry for entry in self._journal.entries if entry.is_away]
        places = names_below(self._root)
        return self._run(entries, lambda entry: self._rename_back(entry, places))

    def _begin(self, phase: str) -> None:
        if self._journal.phase != phase or self._journal.ended:
            self._journal.append("phase", name=phase)

    def _run(self, entries: list[Entry], work: Callable[[Entry], Iterable[Outcome]]) -> MoveReport:
        outcomes: list[Outcome] = []
        for done, entry in enumerate(entries, 1):
            outcomes.extend(work(entry))
            if self._on_progress:
                self._on_progress(done, len(entries))
        for folder in self._touched:
            with suppress(OSError):
                flush(folder)
        if not self._journal.ended:
            self._journal.append("end")
        return MoveReport(self._journal.path, tuple(outcomes))

    def _carry_out(self, entry: Entry) -> Iterable[Outcome]:
        action = entry.action
        trash = f"{EPIC_FOLDER}/trash/{self._journal.path.stem.removeprefix('journal-')}"
        try:
            if (obstacle := _obstacle(self._root, action)) is not None:
                self._journal.append("skipped", n=entry.number, reason=obstacle)
                return [Outcome(action.path, "skipped", None, obstacle)]
            wanted = action.target or f"{trash}/{action.path}"
            target = self._move(entry, action.path, wanted, back=False)
        except (OSError, PlanError) as error:
            reason = _reason(error)
            self._journal.append("failed", n=entry.number, reason=reason)
            return [Outcome(action.path, "failed", None, reason)]
        return [Outcome(action.path, "moved", target, action.reason)]

    def _take_back(self, entry: Entry) -> Iterable[Outcome]:
        return [self._return(entry, entry.steps[-1].target, entry.steps[0].source)]

    def _rename_back(self, entry: Entry, places: dict[str, list[str]]) -> Iterable[Outcome]:
        ranked, original = entry.steps[-1].target, PurePosixPath(entry.steps[0].source).name
        found = places.get(same_name(PurePosixPath(ranked).name), [])
        if not found:
            return [Outcome(ranked, "missing", None, "deleted, or renamed by somebody else")]
        return [
            self._return(entry, place, str(PurePosixPath(place).with_name(original)))
            for place in found
        ]

    def _return(self, entry: Entry, current: str, wanted: str) -> Outcome:
        try:
            now = status_of(self._root / current)
            if now is None:
                return Outcome(current, "missing", None, "it is no longer there")
            if not stat.S_ISREG(now.st_mode):
                return Outcome(current, "failed", None, "it is no longer a regular file")
            target = self._move(entry, current, wanted, back=True)
        except (OSError, PlanError) as error:
            return Outcome(current, "failed", None, _reason(error))
        return Outcome(current, "moved", target, "")

    def _move(self, entry: Entry, current: str, wanted: str, *, back: bool) -> str:
        """Make one step; return where the file is then."""
        root, journal = self._root, self._journal
        check_folder(root, current)
        check_folder(root, wanted)
        source = root / current
        identity = Identity.of(source.lstat())
        mtime_ns = identity.mtime_ns
        if back and entry.copied is not None and entry.copied.mtime_ns == mtime_ns:
            mtime_ns = entry.steps[0].identity.mtime_ns  # Finer than the other file system's.
        self._make_folder(PurePosixPath(wanted).parent)
        for target in _free_names(root, source, wanted):
            step = Step(current, target, new_token(), identity, back)
            journal.announce(entry, step)
            aside = aside_in((root / target).parent, step.token)
            try:
                relocate(
                    source,
                    root / target,
                    aside=aside,
                    note=lambda op, values: journal.append(op, n=entry.number, **values),
                    mtime_ns=mtime_ns,
                )
            except FileExistsError:
                journal.append("void", n=entry.number)
                continue
            except OSError:
                journal.append("void", n=entry.number)
                raise
            self._touched |= {source.parent, (root / target).parent}
            return target
        raise AssertionError("there is always a free name")

    def _make_folder(self, folder: PurePosixPath) -> None:
        if (self._root / folder).is_dir():
            return
        self._make_folder(folder.parent)
        self._journal.append("folder", path=str(folder))
        (self._root / folder).mkdir(exist_ok=True)


def _free_names(root: Path, source: Path, wanted: str) -> Iterable[str]:
    """Yield the wanted path, then the same with numbers, as long as they are free now."""
    path = PurePosixPath(wanted)
    for number in count(1):
        target = path if number == 1 else path.with_name(suffixed(path.name, number))
        place = root / target
        if status_of(place) is None or is_other_spelling(source, place):
            yield str(target)


def _obstacle(root: Path, action: Action) -> str | None:
    """Say why a file is to be left alone."""
    check_folder(root, action.path)
    now = status_of(root / action.path)
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
        return None if sha256_of(root / action.path) == action.sha256 else changed
    return None if action.mtime_ns in (None, now.st_mtime_ns) else changed


def _reason(error: OSError | PlanError) -> str:
    return (error.strerror if isinstance(error, OSError) else None) or str(error)
