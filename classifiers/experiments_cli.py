"""The command ``epic experiments``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from classifiers.variants import Variant, variants
from epic_features.cli_progress import plain
from epic_features.errors import OutputError

if TYPE_CHECKING:
    from classifiers.experiment_report import Line

app = typer.Typer(
    help="The networks of the seed, each in its variants, on the same pictures and folds.",
    no_args_is_help=True,
)


@app.command("list")
def list_variants() -> None:
    """List the variants."""
    table = Table("name", "model", "what")
    for variant in variants():
        table.add_row(variant.name, variant.model, variant.says)
    Console().print(table)


@app.command()
def run(
    data: Annotated[
        Path,
        typer.Option(
            help="A folder of pictures per class; a manifest.csv in it gives classes, folds and "
            "sources (columns file, class, fold, source_repo)."
        ),
    ],
    output: Annotated[Path, typer.Option("-o", "--output", help="Folder of the results.")],
    names: Annotated[
        list[str] | None,
        typer.Argument(help="Variants; by default all. See `epic experiments list`."),
    ] = None,
    features: Annotated[
        Path | None,
        typer.Option(
            help="Features to use: a .parquet file of `epic extract`, or a folder that is brought "
            "up to date and kept; by default in the folder of the results."
        ),
    ] = None,
    epochs: Annotated[int, typer.Option(min=1, help="Most passes over the pictures.")] = 30,
    half: Annotated[
        bool, typer.Option("--half", help="Compute in bfloat16; faster where there is AVX-512.")
    ] = False,
    workers: Annotated[
        int | None, typer.Option(min=1, help="Images worked on at once.", show_default="cores")
    ] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress, no summary.")] = False,
) -> None:
    """Train and judge variants; the same command continues after an interruption.

    Writes results.csv, results.md, results.png, and the labels that every model disputes:
    disputed.csv and disputed.html.
    """
    from classifiers.disputes import disputed, write_disputes
    from classifiers.experiment_report import summarise, write
    from classifiers.experiments import read_data
    from classifiers.experiments import run as run_all
    from classifiers.extras import needs
    from classifiers.workflow import METADATA_GROUPS, extract_features
    from epic_features import Settings

    chosen = variants(names or ())
    needs("torch", "training a network")
    if output.resolve().is_relative_to(data.resolve()):
        raise OutputError(f"{output} lies in {data}, among the pictures; choose a folder outside")
    console = Console(stderr=True, quiet=quiet)
    try:
        with console.status("reading features and pictures"):
            output.mkdir(parents=True, exist_ok=True)
            table, _ = extract_features(
                str(data), features or output / "features", Settings(groups=METADATA_GROUPS),
                workers=workers,
            )  # fmt: skip
            read = read_data(data, table.sort_by("relative_path"))
        with _Bars(console) as progress:
            outcomes = run_all(chosen, read, output, epochs=epochs, on_progress=progress, half=half)
    except KeyboardInterrupt:
        console.print("interrupted; the same command continues from there")
        raise typer.Exit(130) from None
    except OSError as error:
        raise OutputError(f"can't write {output}: {error.strerror}") from error
    lines = summarise(outcomes, read)
    write(lines, output)
    doubts = disputed(outcomes, read)
    write_disputes(doubts, read, output)
    _print(console, lines)
    console.print(
        f"{len(doubts)} labels are disputed by every model\nresults: {plain(output)}",
        soft_wrap=True,
    )


class _Bars:
    """One bar, for the variant and fold at work."""

    def __init__(self, console: Console) -> None:
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("epochs"),
            TimeRemainingColumn(),
            console=console,
            transient=True,
        )
        self._task = self._progress.add_task("", total=None)

    def __enter__(self) -> _Bars:
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def __call__(self, variant: Variant, fold: int, done: int, most: int) -> None:
        self._progress.update(
            self._task, description=f"{variant.name} fold {fold}", completed=done, total=most
        )


def _print(console: Console, lines: list[Line]) -> None:
    table = Table("variant", "what", "macro F1", "accuracy", "epochs", "CPU s")
    for line in lines:
        table.add_row(
            line.variant,
            line.says,
            f"{line.macro_f1.mean:.3f} ± {line.macro_f1.deviation:.3f}",
            f"{line.accuracy.mean:.3f} ± {line.accuracy.deviation:.3f}",
            f"{line.epochs:.0f}",
            f"{line.seconds:.0f}",
        )
    console.print(table)
