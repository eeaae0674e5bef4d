"""The folder that the service was started with: looked at, planned for, sorted and put back."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from epic_features.cleaning.journal import FORWARD, Journal, journals
from epic_features.cleaning.lock import is_locked
from epic_features.cleaning.moves import apply, resume, undo
from epic_features.cleaning.plan import Plan, check_folder
from epic_features.errors import EpicError, SourceError
from epic_features.settings import Settings
from epic_features.sources import ImageReference
from epic_features.sources.names import printable
from epic_gallery.organize import Picture, list_pictures, plan_moves
from epic_gallery.schemes import SCHEMES, Scheme, find_scheme
from epic_gallery.service.refusals import Refusal

if TYPE_CHECKING:
    from epic_features.cleaning.mover import MoveReport
    from epic_gallery.service.pool import WorkerPool

Line = dict[str, Any]

SORTING_MODELS = {model: scheme for scheme, model in SCHEMES.items()}
"""The scheme that sorts by a model; other models promise nothing about personal photos."""

BY_HAND = "chosen by hand"
THUMBNAIL_SIDE = 480
_GUARD = "personal"
_REASONS = 3


@dataclass
class FolderPlan:
    """What is known so far of the pictures of a folder.

    Attributes
    ----------
    model : str
        Name of the model that decides.
    scheme : Scheme
        What it may decide.
    pictures : dict of str to Picture
        What was listed, by its path in `printable` form.
    decided : dict of str to dict
        Rows as of `Scheme.decide`, by the same path.
    places : dict of str to str
        Where pictures are that were moved; others are where they were listed.
    """

    model: str
    scheme: Scheme
    pictures: dict[str, Picture]
    decided: dict[str, dict[str, Any]] = field(default_factory=dict)
    places: dict[str, str] = field(default_factory=dict)

    def moves(self, root: Path, changes: Mapping[str, str], seen: Mapping[str, str]) -> Plan:
        """Return the moves that a person saw and agreed to, and no other.

        Parameters
        ----------
        root : Path
            The folder.
        changes : mapping of str to str
            The class that a person chose in place of the model's, by the path of the picture. A
            class that is no folder lets it stay.
        seen : mapping of str to str
            The folder that each picture was said to go to, by its path.

        Raises
        ------
        Refusal
            A picture or a class is not known, or this plan says something else than was seen:
            another page has planned meanwhile.
        """
        import pandas as pd

        classes = {str(name) for name in self.scheme.model.classes_}
        rows = dict(self.decided)
        for path, label in changes.items():
            if path not in self.pictures or label not in classes:
                raise Refusal("bad_request", f"{path!r}: no such picture, or no class {label!r}")
            folder = label if label in self.scheme.folders else None
            known = rows.get(path, {"path": path, "confidence": None, "personal": None})
            rows[path] = known | {"label": label, "decision": label, "folder": folder}
            rows[path]["reason"] = BY_HAND
        for path, folder in seen.items():
            if rows.get(path, {}).get("folder") != folder:
                raise Refusal(
                    "stale_plan",
                    f"{path!r} is no longer planned to go to {folder!r}, perhaps because another "
                    "page has planned meanwhile; sort the folder again",
                )
        rows = {path: row for path, row in rows.items() if path in seen}
        if not rows:
            return Plan(root, ())
        return plan_moves(root, self.pictures.values(), pd.DataFrame(rows.values()), "move").plan

    def note(self, report: MoveReport) -> None:
        """Remember where pictures are after a move."""
        names = {self.place(path): path for path in self.pictures}
        for outcome in report.outcomes:
            if (path := names.get(outcome.path)) is not None and outcome.target is not None:
                self.places[path] = outcome.target

    def place(self, path: str) -> str:
        """Return where a picture is now, below the folder, as it is on disk."""
        return self.places.get(path, self.pictures[path].path)


class Gallery:
    """A folder of pictures behind the page.

    Parameters
    ----------
    root : Path
        The folder.
    pool : WorkerPool
        Looks at its pictures.
    settings : Settings
        Limits on the pictures that thumbnails are made of.
    """

    def __init__(self, root: Path, pool: WorkerPool, settings: Settings) -> None:
        self.root = root
        self._pool = pool
        self._settings = settings
        self._plan: FolderPlan | None = None
        self._moving: asyncio.Task[Any] | None = None
        self._starting = asyncio.Lock()

    def summary(self) -> Line:
        """Return the folder's name, how many pictures it has, what can be undone or resumed.

        A folder that is not there at the moment has none.
        """
        try:
            number = len(list_pictures(self.root))
        except EpicError:
            number = 0
        # Asked twice: what ends or begins while they are read was not interrupted.
        moving = self._is_moving or is_locked(self.root)
        known = journals(self.root)
        moving = moving or self._is_moving or is_locked(self.root)
        return {
            "name": printable(self.root.name),
            "pictures": number,
            "moving": moving,
            "last": _last(known),
            "unfinished": None if moving else _unfinished(known),
        }

    async def look(self, model: str) -> AsyncIterator[Line]:
        """Look at every picture that is still to be sorted; the plan grows meanwhile.

        A later call takes the place of one that still goes on.

        Parameters
        ----------
        model : str
            One of `SORTING_MODELS`.

        Yields
        ------
        dict
            First the number of pictures, then one for each picture, in the order in which they
            are finished.
        """
        if model not in SORTING_MODELS:
            known = ", ".join(SORTING_MODELS)
            raise Refusal("unknown_model", f"model={model!r} does not sort; choose from: {known}")
        self._check_idle()
        scheme = await asyncio.to_thread(find_scheme, SORTING_MODELS[model])
        try:
            listed = await asyncio.to_thread(list_pictures, self.root, scheme.folders)
        except SourceError:
            listed = []
        mine = FolderPlan(model, scheme, {printable(p.path): p for p in listed})
        self._plan = mine
        yield {"total": len(listed), "folders": list(scheme.folders), "model": model}
        waiting = iter(mine.pictures.values())
        running: set[asyncio.Task[Line]] = set()
        try:
            while self._plan is mine:
                while len(running) <= self._pool.size and (picture := next(waiting, None)):
                    running.add(asyncio.create_task(self._look_at(picture, mine)))
                if not running:
                    return
                done, running = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
                for task in done:
                    yield task.result()
        finally:
            for task in running:
                task.cancel()

    async def apply(
        self, changes: Mapping[str, str], seen: Mapping[str, str]
    ) -> AsyncIterator[Line]:
        """Move pictures as they are planned; see `FolderPlan.moves` and `_carry_out`."""
        async with self._starting:
            self._check_idle()
            if self._plan is None:
                raise Refusal("bad_request", "nothing is planned; sort the folder first")
            plan = await asyncio.to_thread(self._plan.moves, self.root, changes, seen)
            return self._carry_out(partial(apply, plan))

    async def undo(self, *, unfinished: bool) -> AsyncIterator[Line]:
        """Take back the latest move, or the latest that was interrupted; see `_carry_out`."""
        async with self._starting:
            self._check_idle()
            known = await asyncio.to_thread(journals, self.root)
            if unfinished:
                return self._carry_out(partial(undo, self._interrupted(known).path))
            if _last(known) is None:
                raise Refusal("bad_request", "nothing that was moved can be taken back")
            # The folder has a journal of its own, so `undo` won't look for one above it.
            return self._carry_out(partial(undo, self.root))

    async def resume(self) -> AsyncIterator[Line]:
        """Go on with whatever was interrupted; see `_carry_out`."""
        async with self._starting:
            self._check_idle()
            self._interrupted(await asyncio.to_thread(journals, self.root))
            return self._carry_out(partial(resume, self.root))

    def thumbnail(self, path: str) -> bytes:
        """Return a small JPEG of a picture that a worker has already read without trouble.

        Raises
        ------
        Refusal
            It is not in the plan, or not what it was.
        ImageError
            It can't be read.
        """
        import cv2

        file = self.file(path)
        pixels = ImageReference(path, file).load(self._settings).fitted(THUMBNAIL_SIDE)
        quality = [cv2.IMWRITE_JPEG_QUALITY, 80]
        _, encoded = cv2.imencode(".jpg", cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR), quality)
        return encoded.tobytes()

    def file(self, path: str) -> Path:
        """Return the file of a picture of the plan, if it is the one that was looked at."""
        plan = self._plan
        gone = Refusal("not_found", f"{path!r} is not a picture of the plan, or it changed")
        if plan is None or path not in plan.decided:
            raise gone
        place, identity = plan.place(path), plan.pictures[path].identity
        file = self.root / place
        try:
            check_folder(self.root, place)
            now = file.lstat()  # Of a link these differ from those of the picture.
        except (OSError, EpicError):
            raise gone from None
        if (now.st_size, now.st_mtime_ns) != (identity.size, identity.mtime_ns):
            raise gone
        return file

    async def _look_at(self, picture: Picture, plan: FolderPlan) -> Line:
        path = printable(picture.path)
        ask = partial(self._pool.classify, self.root / picture.path, name=path)
        found = await ask(model=plan.model)
        guard = found if plan.model == _GUARD or "error" in found else await ask(model=_GUARD)
        line = {"path": path, "size": picture.identity.size, **found}
        if "error" in found or "error" in guard:
            return line | guard
        row = await asyncio.to_thread(_judged, plan.scheme, path, found, guard)
        plan.decided[path] = row
        return line | {"folder": row["folder"]}

    def _carry_out(self, work: Callable[..., MoveReport | list[MoveReport]]) -> AsyncIterator[Line]:
        """Start a move; tell how far it is, then its report. It goes on when nobody listens."""
        loop, lines = asyncio.get_running_loop(), asyncio.Queue[Line | None]()

        def tell(line: Line) -> None:
            loop.call_soon_threadsafe(lines.put_nowait, line)

        def carry_out() -> None:
            try:
                found = work(on_progress=lambda done, of: tell({"done": done, "of": of}))
            except (EpicError, OSError) as error:
                tell({"error": {"code": "not_moved", "message": str(error)}})
                return
            reports = found if isinstance(found, list) else [found]
            if self._plan is not None:
                for report in reports:
                    self._plan.note(report)
            tell({"report": _told(reports)})

        self._moving = asyncio.create_task(asyncio.to_thread(carry_out))
        self._moving.add_done_callback(lambda _: lines.put_nowait(None))
        return _until_none(lines)

    @staticmethod
    def _interrupted(known: list[Journal]) -> Journal:
        journal = _cut_off(known)
        if journal is None:
            raise Refusal("bad_request", "no move was interrupted")
        return journal

    @property
    def _is_moving(self) -> bool:
        return self._moving is not None and not self._moving.done()

    def _check_idle(self) -> None:
        if self._is_moving:
            raise Refusal("queue_full", "pictures are being moved; wait a moment", retry_after=2)


def _last(known: list[Journal]) -> Line | None:
    """Return what the latest journal with something to take back tells."""
    for journal in reversed(known):
        if away := sum(entry.is_away for entry in journal.entries):
            return {"moved": away, "at": journal.created}
    return None


def _cut_off(known: list[Journal]) -> Journal | None:
    """Return the latest journal without an end."""
    return next((journal for journal in reversed(known) if not journal.ended), None)


def _unfinished(known: list[Journal]) -> Line | None:
    """Return what the latest journal without an end tells: how many went, how many are left.

    A file whose move was the last thing announced is among those left: being written down takes
    longer than being moved.
    """
    journal = _cut_off(known)
    if journal is None:
        return None
    entries, doubtful = journal.entries, int(journal.uncertain is not None)
    away = sum(entry.is_away for entry in entries)
    back = journal.phase != FORWARD
    returned = sum(bool(entry.steps) for entry in entries) - away
    left = away if back else sum(entry.is_pending for entry in entries)
    moved = returned if back else away
    counts = {"moved": moved - doubtful, "left": left + doubtful}
    return {"at": journal.created, "back": back, **counts}


async def _until_none(lines: asyncio.Queue[Line | None]) -> AsyncIterator[Line]:
    while (line := await lines.get()) is not None:
        yield line


def _judged(scheme: Scheme, path: str, found: Line, guard: Line) -> dict[str, Any]:
    """Return the row of `Scheme.decide` for one answer of a worker."""
    import pyarrow as pa

    def table(answer: Line) -> pa.Table:
        reasons = [r["text"]["en"] for r in answer["reasons"] if r["toward"] == answer["label"]]
        values = {name: answer[name] for name in ("label", "decision", "confidence")}
        odds = {f"p_{name}": value for name, value in answer["probabilities"].items()}
        sentence = ", ".join(dict.fromkeys(reasons[:_REASONS]))
        return pa.Table.from_pylist(
            [{"relative_path": path, "reasons": sentence, **values, **odds}]
        )

    row: dict[str, Any] = scheme.judge(table(found), table(guard)).to_dict("records")[0]
    return row | {"folder": row["folder"] if isinstance(row["folder"], str) else None}


def _told(reports: list[MoveReport]) -> Line:
    """Return how many files went, and which did not and why."""
    from epic_features.cleaning.mover import DONE

    rows = [row for report in reports for row in report.table.to_dict("records")]
    left = [row for row in rows if row["result"] not in DONE]
    reasons = [{"path": row["path"], "reason": row["reason"] or row["result"]} for row in left]
    return {"moved": len(rows) - len(left), "left": reasons}
