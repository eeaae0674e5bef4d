"""What the commands of ``epic clean`` share: progress, tables on the screen, outputs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Column, Table

from epic_features.cli_progress import plain

if TYPE_CHECKING:
    import pandas as pd

    from epic_features.cleaning.mover import MoveReport

SHOWN = 30
"""Most rows of a table on the screen."""

Call = Callable[[int, int], None]


@contextmanager
def bars(*names: str) -> Iterator[dict[str, Call]]:
    """Show progress; yield functions to call with the numbers done and to do, by name."""
    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        transient=True,
    ) as progress:
        tasks = {name: progress.add_task(name, total=None, visible=False) for name in names}

        def call(name: str) -> Call:
            def update(done: int, total: int) -> None:
                progress.update(
                    tasks[name], completed=done, total=total if total >= 0 else None, visible=True
                )

            return update

        yield {name: call(name) for name in names}


@contextmanager
def bar(name: str) -> Iterator[Call]:
    """Show progress; yield a function to call with the numbers done and to do."""
    with bars(name) as calls:
        yield calls[name]


def of_rows(call: Call) -> Call:
    """Turn a function of done and total into one of rows and rejected images."""
    return lambda rows, rejected: call(rows + rejected, -1)


@contextmanager
def finding(
    folder: Path,
    output: Path | None,
    plan: Path | None,
    overwrite: bool,
    as_json: bool,
    doing: str,
) -> Iterator[tuple[Callable[[pd.DataFrame], None], Call]]:
    """Refuse bad outputs first; write and show what is found last."""
    from epic_features.cleaning.plan import plan_from_findings, root_of, write_plan
    from epic_features.cleaning.tables import check_new, check_output, write_table

    root = root_of(folder)
    if output is not None:
        check_output(output, overwrite=overwrite)
    if plan is not None:
        check_new(plan, overwrite=overwrite)
    found: list[pd.DataFrame] = []
    with bar(doing) as progress:
        yield found.append, progress
    (table,) = found
    if output is not None:
        write_table(table, output, root, overwrite=overwrite)
    if plan is not None:
        write_plan(plan_from_findings(table, root), plan, overwrite=overwrite)
    if as_json:
        typer.echo(table.to_json(orient="records"))
        return
    counts = table.groupby(["kind", "suggestion"], sort=False).size()
    summary = ", ".join(f"{n} {kind} ({what})" for (kind, what), n in counts.items())
    show_table(table, ("path", "kind", "suggestion", "reason"), summary or "nothing found")


def table_at(path: Path | None) -> pd.DataFrame | None:
    """Read a table if one was named."""
    from epic_features.cleaning.feature_tables import read_table

    return read_table(path) if path is not None else None


def show_table(
    table: pd.DataFrame, columns: tuple[str, ...], title: str, rows: int = SHOWN
) -> None:
    """Print the first rows of a table."""
    heads = (Column(name, overflow="fold") for name in columns)
    shown = Table(*heads, title=plain(title), title_justify="left")
    for row in table[list(columns)].head(rows).itertuples(index=False):
        shown.add_row(*(_cell(value) for value in row))
    console = Console()
    console.print(shown if len(table) else plain(title))
    if len(table) > rows:
        console.print(f"... and {len(table) - rows} more")


def _cell(value: object) -> str:
    import pandas as pd

    from epic_features.sources.names import printable

    if pd.isna(value):
        return ""
    return f"{value:.4g}" if isinstance(value, float) else plain(printable(str(value)))


def print_moves(*reports: MoveReport, back: bool = False) -> None:
    """Sum up moves; what went wrong is named, and failures end the command with code 1.

    `back` says that they took files back to where they were.
    """
    from epic_features.cleaning.mover import DONE
    from epic_features.sources.names import printable

    console = Console(stderr=True)
    for moves in reports:
        if not moves.outcomes:
            console.print("nothing to move")
        kinds = (*DONE, "skipped", "failed", "missing")
        words = {"moved": "moved back"} if back else {}
        counts = [
            f"{moves.count(kind)} {words.get(kind, kind)}" for kind in kinds if moves.count(kind)
        ]
        console.print(", ".join(counts))
        wrong = [outcome for outcome in moves.outcomes if outcome.result not in DONE]
        for outcome in wrong[:SHOWN]:
            text = f"  {outcome.result}: {printable(outcome.path)}: {outcome.reason}"
            console.print(plain(text), soft_wrap=True)
        if moves.journal is not None:
            console.print(f"journal: {plain(printable(str(moves.journal)))}", soft_wrap=True)
    if any(moves.count("failed") for moves in reports):
        raise typer.Exit(1)
