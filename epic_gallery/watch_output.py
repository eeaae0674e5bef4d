"""What becomes of pictures that were sorted as they arrived."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rich.console import Console

from epic_features.cleaning.moves import apply
from epic_features.cleaning.plan import place_of
from epic_features.cleaning.tables import check_output
from epic_features.cli_progress import plain
from epic_features.errors import OutputError
from epic_features.sources.names import printable
from epic_gallery.organize import SortPlan, read_sort_plan, write_sort_plan


class Applied:
    """Moves what is sorted at once; each batch has a journal of its own.

    Attributes
    ----------
    pictures, sorted : int
        Pictures looked at, and those that were moved.
    """

    done = "moved"

    def __init__(self, console: Console) -> None:
        self._console = console
        self.pictures = 0
        self.sorted = 0

    def __call__(self, sorting: SortPlan) -> None:
        """Carry out the moves."""
        report = apply(sorting.plan)
        self.pictures += len(sorting.table)
        for outcome in report.outcomes:
            there = outcome.target is not None
            self.sorted += there
            what = outcome.target if there else f"{outcome.result}: {outcome.reason}"
            self._console.print(
                plain(f"{printable(outcome.path)} → {printable(str(what))}"), soft_wrap=True
            )


class Planned:
    """Adds what is sorted to a plan on disk, which is whole at any moment.

    Raises
    ------
    OutputError
        The file is there and is the plan of another folder.
    """

    done = "in the plan"

    def __init__(self, console: Console, path: Path, folder: Path) -> None:
        self._console = console
        self._path = path
        self._sorting: SortPlan | None = None
        self.pictures = 0
        self.sorted = 0
        check_output(path, overwrite=True)
        if path.exists():
            self._sorting = read_sort_plan(path)
            if self._sorting.root != place_of(folder):
                raise OutputError(
                    f"{path} is a plan of {self._sorting.root}; choose another path for {folder}"
                )

    def __call__(self, sorting: SortPlan) -> None:
        """Add to the plan and write it."""
        import pandas as pd

        table = sorting.table
        if self._sorting is not None:
            table = pd.concat([self._sorting.table, table], ignore_index=True)
            table = table.drop_duplicates("path", keep="last")
        self._sorting = SortPlan(sorting.root, table)
        write_sort_plan(self._sorting, self._path, overwrite=True)
        self.pictures += len(sorting.table)
        self.sorted += int(sorting.table["action"].notna().sum())
        for row in sorting.table.itertuples():
            where = row.target if isinstance(row.target, str) else f"stays ({row.label})"
            self._console.print(
                plain(f"{printable(row.path)} → {printable(where)}"), soft_wrap=True
            )


@contextmanager
def stopped_by_signals() -> Iterator[threading.Event]:
    """Give an event that the first Ctrl-C or SIGTERM sets; a second Ctrl-C interrupts at once."""
    stop = threading.Event()

    def ask_to_stop(number: int, frame: Any) -> None:
        stop.set()
        signal.signal(signal.SIGINT, signal.default_int_handler)

    before = {name: signal.signal(name, ask_to_stop) for name in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        for name, handler in before.items():
            signal.signal(name, handler)
