"""What ``epic extract`` shows while it works, and what it says in the end."""

from __future__ import annotations

import json
import threading
from dataclasses import asdict
from types import TracebackType
from typing import TYPE_CHECKING

from rich.console import Console
from rich.markup import escape
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TextColumn,
    TimeRemainingColumn,
)
from rich.table import Column, Table
from rich.text import Text

from epic_features.errors import EpicError

if TYPE_CHECKING:
    from epic_features.dumping import DumpReport

_SHOWN_REJECTED = 20


class _Rate(ProgressColumn):
    """Images per second, of this run alone."""

    def render(self, task: Task) -> Text:
        return Text(f"{task.speed:.1f}/s" if task.speed else "-/s")


class DumpProgress:
    """A progress bar: images done, rate, time left, rejected so far.

    Call it with the numbers of rows and of rejected images. The source is listed a second time in
    the background to learn how many images there are, so that the work can begin at once.
    """

    def __init__(self, console: Console, source: str, root: str | None, whatsapp: bool) -> None:
        self._progress = Progress(
            TextColumn("reading"),
            BarColumn(),
            MofNCompleteColumn(),
            _Rate(),
            TimeRemainingColumn(),
            TextColumn("{task.fields[rejected]} rejected"),
            console=console,
            transient=True,
            disable=console.quiet,
        )
        self._listed = (source, root, whatsapp)
        self._total: int | None = None
        self._stop = threading.Event()

    def __enter__(self) -> DumpProgress:
        self._progress.start()
        if not self._progress.disable and self._progress.console.is_terminal:
            threading.Thread(target=self._count, daemon=True).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stop.set()
        self._progress.stop()

    def __call__(self, rows: int, rejected: int) -> None:
        """Show how far the dump is."""
        if not self._progress.tasks:
            # What an earlier run did is where this one starts, and no part of its rate.
            self._progress.add_task("", completed=rows + rejected, total=None, rejected=rejected)
        self._progress.update(
            self._progress.task_ids[0],
            completed=rows + rejected,
            total=self._total,
            rejected=rejected,
        )

    def _count(self) -> None:
        from epic_features.sources import references

        total = 0
        try:
            for _ in references(*self._listed):
                total += 1
                if self._stop.is_set():
                    return
        except EpicError:
            return  # The dump itself meets it too, and tells.
        self._total = total


def plain(value: object) -> str:
    """Escape the brackets that rich would take for markup."""
    return escape(str(value))


def print_report(console: Console, report: DumpReport) -> None:
    """Sum up a dump for people."""
    done = report.rows + len(report.rejected) - report.resumed
    notes = f", {report.resumed} images were done before" if report.resumed else ""
    notes += f", {report.forgotten} changed or gone" if report.forgotten else ""
    console.print(
        f"{report.rows} rows in {plain(report.path)}, {len(report.rejected)} images rejected"
        f"{notes}, {report.seconds:.1f} s ({max(done, 0) / report.seconds:.2f} images/s)",
        soft_wrap=True,
    )
    if not report.rejected:
        return
    table = Table(Column("rejected", overflow="fold"), "reason")
    for item in report.rejected[:_SHOWN_REJECTED]:
        table.add_row(plain(item.path), plain(item.reason))
    console.print(table)
    if (more := len(report.rejected) - _SHOWN_REJECTED) > 0:
        kept = "rejected.parquet" if report.path.is_dir() else "the metadata of the Parquet file"
        console.print(f"... and {more} more; all are in {kept}")


def report_as_json(report: DumpReport) -> str:
    """Sum up a dump for scripts, on one line."""
    summary = {
        "path": str(report.path),
        "rows": report.rows,
        "rejected": [asdict(item) for item in report.rejected],
        "seconds": round(report.seconds, 3),
        "resumed": report.resumed,
        "forgotten": report.forgotten,
    }
    return json.dumps(summary, ensure_ascii=False)
