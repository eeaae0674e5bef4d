"""Carry out plans, and take everything back; nothing is ever deleted or overwritten.

Every move is written to the journal and flushed before it is made, so that after a crash at any
moment `resume` or `undo` leaves every file exactly once.
"""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from epic_features.cleaning.journal import (
    APPLY,
    FORWARD,
    RANK,
    RESTORE,
    UNDO,
    Journal,
    journals,
)
from epic_features.cleaning.local_storage import LocalStorage
from epic_features.cleaning.lock import locked
from epic_features.cleaning.mover import Mover, MoveReport, Progress
from epic_features.cleaning.plan import EPIC_FOLDER, Plan, root_of
from epic_features.cleaning.storage import Storage
from epic_features.cleaning.webdav_storage import (
    WebDavStorage,
    address_in,
    journal_root,
    prepare_journals,
)
from epic_features.errors import PlanError
from epic_features.sources.address import is_url
from epic_features.sources.remote import RemotePath

if TYPE_CHECKING:
    import pandas as pd


def apply(plan: Plan, *, kind: str = APPLY, on_progress: Progress | None = None) -> MoveReport:
    """Carry out a plan.

    A file that is not what it was when the plan was made is left alone. A target that is taken
    gets a number, as in ``name (2).jpg``. What is trashed goes below ``.epic/trash`` of the root.

    Parameters
    ----------
    plan : Plan
        What to do.
    kind : str
        ``"apply"``, or ``"rank"`` for a journal that `restore` knows.
    on_progress : callable, optional
        Called after each file with the numbers of files handled and to handle.

    Raises
    ------
    OutputError
        The journal can't be written. What was moved before is in it.
    """
    if not plan.actions:
        return MoveReport(None, ())
    root, storage = _opened(plan.root)
    with locked(root):
        _settle_all(root, storage)
        journal = Journal.create(root, kind, plan.actions)
        return Mover(journal, storage, on_progress).forward()


def resume(
    folder: str | os.PathLike[str], *, on_progress: Progress | None = None
) -> list[MoveReport]:
    """Go on with whatever was interrupted: a plan, a ranking, an undo or a restoration."""
    root = find_root(folder)
    storage = _storage_at(root, folder)
    with locked(root):
        reports = []
        for journal in journals(root):
            if not journal.ended:
                mover = Mover(journal, storage, on_progress)
                work = {FORWARD: mover.forward, UNDO: mover.undo, RESTORE: mover.restore}
                reports.append(work[journal.phase]())
        return reports


def undo(place: str | os.PathLike[str], *, on_progress: Progress | None = None) -> MoveReport:
    """Take the files of a journal back to where they were; harmless when it is done twice.

    A file that was edited meanwhile is taken back as it is. When its old name is taken, it gets a
    number. A file that is not where the journal put it is reported as missing.

    Parameters
    ----------
    place : path
        A journal; or a folder: then the latest journal in it, or in the nearest one above that has
        journals, of which something can be taken back.
    on_progress : callable, optional
        As for `apply`.

    Raises
    ------
    PlanError
        There is no such journal.
    """
    path = Path() if is_url(place) else Path(os.path.abspath(place))  # noqa: PTH100
    if path.is_dir():
        root, chosen = find_root(place), None
    else:
        root, chosen = Journal.read(path).root, path
        if path.parent.name != EPIC_FOLDER:
            raise PlanError(f"{path} does not lie in a folder {EPIC_FOLDER}")
    storage = _storage_at(root, place)
    with locked(root):
        _settle_all(root, storage)
        if chosen is None:
            with_files = [j for j in journals(root) if any(e.is_away for e in j.entries)]
            if not with_files:
                return MoveReport(None, ())
            # Files of a journal that were deleted since stay away for ever; others may come back.
            for journal in reversed(with_files):
                report = Mover(journal, storage, on_progress).undo()
                if report.count("missing") < len(report.outcomes):
                    break
            return report
        return Mover(Journal.read(chosen), storage, on_progress).undo()


def restore(
    folder: str | os.PathLike[str], *, on_progress: Progress | None = None
) -> list[MoveReport]:
    """Give ranked files their names back, in whatever folder below the root they are now.

    Files that were deleted are reported as missing; files that were never ranked are left alone.

    Parameters
    ----------
    folder : path
        The ranked folder, or one above it.
    on_progress : callable, optional
        As for `apply`.
    """
    root = find_root(folder)
    below = PurePosixPath(root_of(folder).relative_to(root).as_posix())
    storage = LocalStorage(root)
    with locked(root):
        _settle_all(root, storage)
        ranked = [
            journal
            for journal in reversed(journals(root))
            if journal.kind == RANK
            and any(entry.is_away for entry in journal.entries)
            and any(PurePosixPath(e.action.path).is_relative_to(below) for e in journal.entries)
        ]
        return [Mover(journal, storage, on_progress).restore() for journal in ranked]


def status(folder: str | os.PathLike[str]) -> pd.DataFrame:
    """Return what the journals of a folder, or of one above it, tell.

    Returns
    -------
    DataFrame
        One row per journal, oldest first: ``journal`` (path), ``kind``, ``created``, ``state``
        (``"interrupted"``, ``"done"``, ``"undone"``), ``actions``, ``moved`` (and not taken back),
        ``skipped``, ``failed``, ``pending``, ``returned``, ``damaged`` (unreadable lines).
    """
    import pandas as pd

    rows = []
    for journal in journals(find_root(folder)):
        entries = journal.entries
        away = sum(entry.is_away for entry in entries)
        state = "done" if journal.phase == FORWARD or away else "undone"
        rows.append(
            {
                "journal": str(journal.path),
                "kind": journal.kind,
                "created": journal.created,
                "state": state if journal.ended else "interrupted",
                "actions": len(entries),
                "moved": away,
                "skipped": sum(entry.result == "skipped" for entry in entries),
                "failed": sum(entry.result == "failed" for entry in entries),
                "pending": sum(entry.is_pending for entry in entries),
                "returned": sum(bool(e.steps) and e.steps[-1].back for e in entries),
                "damaged": journal.damaged,
            }
        )
    return pd.DataFrame(rows)


def find_root(folder: str | os.PathLike[str]) -> Path:
    """Return the nearest folder, from this one upwards, that has journals.

    Those of a folder on a server are in a folder of this machine, which stands for it.

    Raises
    ------
    PlanError
        There is none.
    """
    start: Path | RemotePath
    if is_url(folder):
        start = RemotePath.of(folder)
        above = [replace(start, path=str(path)) for path in PurePosixPath(start.path).parents]
        places = [journal_root(place) for place in (start, *above)]
    else:
        start = root_of(folder)
        places = [start, *start.parents]
    for place in places:
        if next((place / EPIC_FOLDER).glob("journal-*.jsonl"), None) is not None:
            return place
    raise PlanError(f"nothing was moved in {start}: no journal is in it, or in a folder above")


def _opened(place: Path | RemotePath) -> tuple[Path, Storage]:
    if isinstance(place, RemotePath):
        return prepare_journals(place), WebDavStorage(place)
    return place, LocalStorage(place)


def _storage_at(root: Path, place: str | os.PathLike[str]) -> Storage:
    """Return what the journals of a root are about; `place` may tell user and password."""
    remote = address_in(root)
    if remote is None:
        return LocalStorage(root)
    if is_url(place):
        remote = replace(RemotePath.of(place), path=remote.path)
    return WebDavStorage(remote)


def _settle_all(root: Path, storage: Storage) -> None:
    """Clear up what interrupted journals left half done, before other files are moved."""
    for journal in journals(root):
        if journal.uncertain is not None:
            Mover(journal, storage, None)
