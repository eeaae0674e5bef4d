"""Moves, copies or links the files of one journal, each step written down before it is made."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, fields
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from epic_features.cleaning.journal import (
    COPY,
    LINK,
    MOVE,
    RESTORE,
    UNDO,
    Entry,
    Journal,
    Step,
)
from epic_features.cleaning.names import same_name
from epic_features.cleaning.plan import EPIC_FOLDER
from epic_features.cleaning.renames import new_token
from epic_features.errors import PlanError
from epic_features.sources.names import printable

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

    from epic_features.cleaning.storage import Storage

Progress = Callable[[int, int], None]

MADE = {MOVE: "moved", COPY: "copied", LINK: "linked"}
DONE = (*MADE.values(), "removed")
"""Results of what went as it was to go."""


@dataclass(frozen=True)
class Outcome:
    """What became of one file.

    Attributes
    ----------
    path : str
        Path below the root with ``/``, before.
    result : str
        ``"moved"``, ``"copied"``, ``"linked"``, ``"removed"`` (a copy or a link, by an undo),
        ``"skipped"`` (it changed or is gone), ``"failed"`` or ``"missing"`` (there is nothing to
        take back).
    target : str or None
        Where it, the copy or the link is now.
    reason : str
        Why nothing was done, or the reason given in the plan.
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
    """Carries out one journal, and takes it back."""

    def __init__(self, journal: Journal, storage: Storage, on_progress: Progress | None) -> None:
        self._journal = journal
        self._storage = storage
        self._on_progress = on_progress
        self._touched: set[str] = set()
        self._returned: set[str] = set()
        if journal.uncertain is not None:
            entry = journal.entry(journal.uncertain)
            op = "sure" if storage.happened(entry) else "void"
            journal.append(op, n=entry.number)

    def forward(self) -> MoveReport:
        """Carry out the actions that are pending."""
        entries = [entry for entry in self._journal.entries if entry.is_pending]
        return self._run(entries, self._carry_out)

    def undo(self) -> MoveReport:
        """Take back what is away, the last one first."""
        self._begin(UNDO)
        back = [entry.steps[-1] for entry in self._journal.entries if entry.steps]
        self._returned = {step.target for step in back if step.back and step.how == MOVE}
        entries = [entry for entry in reversed(self._journal.entries) if entry.is_away]
        report = self._run(entries, self._take_back)
        for folder in reversed(self._journal.folders):
            self._storage.remove_folder(PurePosixPath(folder))
        return report

    def restore(self) -> MoveReport:
        """Give the files that are away their names back, wherever they are."""
        self._begin(RESTORE)
        entries = [entry for entry in self._journal.entries if entry.is_away]
        places = self._storage.names_below()
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
        self._storage.flush(self._touched)
        if not self._journal.ended:
            self._journal.append("end")
        return MoveReport(self._journal.path, tuple(outcomes))

    def _carry_out(self, entry: Entry) -> Iterable[Outcome]:
        action = entry.action
        how = action.action if action.action in MADE else MOVE
        trash = f"{EPIC_FOLDER}/trash/{self._journal.path.stem.removeprefix('journal-')}"
        try:
            if (obstacle := self._storage.obstacle(action)) is not None:
                self._journal.append("skipped", n=entry.number, reason=obstacle)
                return [Outcome(action.path, "skipped", None, obstacle)]
            wanted = action.target or f"{trash}/{action.path}"
            target = self._move(entry, action.path, wanted, how=how)
        except (OSError, PlanError) as error:
            reason = _reason(error)
            self._journal.append("failed", n=entry.number, reason=reason)
            return [Outcome(action.path, "failed", None, reason)]
        return [Outcome(action.path, MADE[how], target, action.reason)]

    def _take_back(self, entry: Entry) -> Iterable[Outcome]:
        last = entry.steps[-1]
        if last.target in self._returned:
            # Somebody removed this file, and another one of the plan came back to its place.
            return [Outcome(last.target, "missing", None, "it is no longer there")]
        if last.how == MOVE:
            return [self._return(entry, last.target, entry.steps[0].source)]
        return [self._remove(entry, last)]

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
            if not self._storage.is_there(current):
                return Outcome(current, "missing", None, "it is no longer there")
            target = self._move(entry, current, wanted, back=True)
        except (OSError, PlanError) as error:
            return Outcome(current, "failed", None, _reason(error))
        return Outcome(current, "moved", target, "")

    def _remove(self, entry: Entry, made: Step) -> Outcome:
        """Take back a copy or a link; one that holds something of its own stays."""
        current = made.target
        try:
            if not self._storage.is_there(current):
                return Outcome(current, "missing", None, "it is no longer there")
            if (reason := self._storage.why_kept(made)) is not None:
                return Outcome(current, "skipped", None, reason)
            step = Step(current, made.source, new_token(), made.identity, True, made.how)
            self._perform(entry, step, made.identity.mtime_ns)
        except (OSError, PlanError) as error:
            return Outcome(current, "failed", None, _reason(error))
        return Outcome(current, "removed", None, "")

    def _move(
        self, entry: Entry, current: str, wanted: str, *, back: bool = False, how: str = MOVE
    ) -> str:
        """Make one step; return where the file, the copy or the link is then."""
        identity = self._storage.identity(current)
        if identity is None:
            raise OSError("it is gone")
        mtime_ns = identity.mtime_ns
        if back and entry.copied is not None and entry.copied.mtime_ns == mtime_ns:
            mtime_ns = entry.steps[0].identity.mtime_ns  # Finer than the other file system's.
        self._make_folder(PurePosixPath(wanted).parent)
        for target in self._storage.free_names(current, wanted):
            try:
                step = Step(current, target, new_token(), identity, back, how)
                self._perform(entry, step, mtime_ns)
            except FileExistsError:
                continue
            return target
        raise AssertionError("there is always a free name")

    def _perform(self, entry: Entry, step: Step, mtime_ns: int) -> None:
        journal = self._journal
        journal.announce(entry, step)
        try:
            self._storage.perform(
                step, mtime_ns, lambda op, values: journal.append(op, n=entry.number, **values)
            )
        except OSError:
            journal.append("void", n=entry.number)
            raise
        self._touched |= {step.source, step.target}
        if step.back and step.how == MOVE:
            self._returned.add(step.target)

    def _make_folder(self, folder: PurePosixPath) -> None:
        if self._storage.has_folder(folder):
            return
        self._make_folder(folder.parent)
        self._journal.append("folder", path=str(folder))
        self._storage.make_folder(folder)


def _reason(error: OSError | PlanError) -> str:
    return (error.strerror if isinstance(error, OSError) else None) or str(error)
