"""The commands ``epic classify``, ``epic train`` and ``epic evaluate``."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from classifiers.cli_output import (
    print_evaluation,
    print_hidden,
    print_labels,
    print_left_out,
    print_rejected,
)
from classifiers.experiments_cli import app as experiments
from epic_features.cli_progress import DumpProgress, plain
from epic_features.errors import EpicError, OutputError, SettingsError
from epic_features.sources.names import printable

if TYPE_CHECKING:
    import pyarrow as pa

    from classifiers.known_labels import KnownLabels
    from epic_features import Settings

app = typer.Typer()
app.add_typer(experiments, name="experiments")

Source = Annotated[str, typer.Argument(help="A folder of pictures, a glob pattern, an address.")]
Features = Annotated[
    Path | None,
    typer.Option(
        help="Features to use: a .parquet file of `epic extract`, or a folder that is brought up "
        "to date and kept; an error says what a model lacks. Without it the features are thrown "
        "away in the end."
    ),
]
Model = Annotated[
    str,
    typer.Option(
        "--model",
        help="personal, gallery, whatsapp, drawn; bytes, bilateral, colors (quick and often wrong: "
        "drawn or real); or the folder of a model of yours.",
    ),
]
Labels = Annotated[
    Path | None,
    typer.Option(
        help="CSV with a column `file` or `relative_path` and the labels; by default the names of "
        "the folders are the labels."
    ),
]
LabelColumn = Annotated[str, typer.Option(help="Column of the labels in that CSV.")]
GroupColumn = Annotated[
    str | None,
    typer.Option(
        help="Column of the CSV whose values keep pictures together when data are split, such as "
        "the album or the source."
    ),
]
Workers = Annotated[
    int | None, typer.Option(min=1, help="Images worked on at once.", show_default="cores")
]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress, no summary.")]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace the output if it exists.")]


@app.command()
def classify(
    source: Source,
    output: Annotated[
        Path, typer.Option("-o", "--output", help="A file that ends in .parquet or .csv.")
    ],
    model: Model = "personal",
    features: Features = None,
    reasons: Annotated[
        bool, typer.Option("--reasons", help="Add what speaks most for each label, in words.")
    ] = False,
    whatsapp: Annotated[
        bool, typer.Option("--whatsapp", help="Only the pictures of WhatsApp chats.")
    ] = False,
    workers: Workers = None,
    overwrite: Overwrite = False,
    quiet: Quiet = False,
) -> None:
    """Write a label for every picture; nothing is moved or changed."""
    from classifiers.pretrained import find_model_or_rule
    from classifiers.workflow import classify as label
    from classifiers.workflow import settings_of

    if output.suffix not in (".parquet", ".csv"):
        raise OutputError(f"{output}: the name must end in .parquet or .csv")
    output = _free(output, overwrite, features)
    console = Console(stderr=True, quiet=quiet)
    trained = find_model_or_rule(model)
    settings = settings_of(trained)
    with _features(
        source, features, output, settings, console, whatsapp=whatsapp, workers=workers
    ) as (table, rejected):
        labels = label(trained, table, reasons=reasons)
        _write(labels, output)
    print_labels(console, labels, trained, rejected)
    console.print(f"labels: {plain(output)}", soft_wrap=True)


@app.command()
def train(
    source: Annotated[str, typer.Argument(help="A folder with a folder of pictures per class.")],
    output: Annotated[Path, typer.Option("-o", "--output", help="Folder of the model.")],
    features: Features = None,
    labels: Labels = None,
    label_column: LabelColumn = "class",
    group_column: GroupColumn = None,
    protect: Annotated[
        list[str] | None,
        typer.Option(help="A class that must not be hidden, such as personal; may be repeated."),
    ] = None,
    workers: Workers = None,
    overwrite: Overwrite = False,
    quiet: Quiet = False,
) -> None:
    """Train a model on your own folders, and report how good it is on pictures it has not seen."""
    import numpy as np

    from classifiers.evaluation import evaluate as measure
    from classifiers.explanation import importance
    from classifiers.fusion import FusionClassifier
    from classifiers.labels import check_classes
    from classifiers.report import write_report
    from classifiers.workflow import TRAINING, new_model, paths_of

    output = _free(output, overwrite, features, outside=source)
    console = Console(stderr=True, quiet=quiet)
    label = _labeller(labels, label_column, group_column)
    # What is wrong with the labels is said before the hours that looking at pictures may take.
    listed = label(paths_of(source))
    print_left_out(console, listed)
    protected = tuple(map(printable, protect or ()))
    check_classes(*np.unique(listed.labels, return_counts=True), protected)
    with (
        _features(source, features, output, TRAINING, console, workers=workers) as found_features,
        console.status("training"),
    ):
        table, rejected = found_features
        known = label(table["relative_path"].to_pylist())
        table = table.take(known.rows)
        model = new_model(table, protected)
        model.fit(table, known.labels, groups=known.columns.get("group"))
        model.save(output)
        result = measure(
            known.labels,
            model.out_of_fold_,
            list(model.classes_),
            protect=model.protect,
            folds=model.fold_,
        )
        page = write_report(
            result,
            output / "report",
            title=f"Model {printable(output.name)}: pictures it had not seen",
            guarantee=model.guarantee_,
            importance=importance(model, table),
        )
    print_evaluation(console, result, model)
    print_rejected(console, listed, known, rejected)
    if not isinstance(model, FusionClassifier):
        console.print("the features have no embedding; the model is of the other columns alone")
    if not protect:
        console.print("no class is protected: without --protect a model promises nothing")
    console.print(f"model: {plain(output)}\nreport: {plain(page)}", soft_wrap=True)


@app.command()
def evaluate(
    source: Annotated[str, typer.Argument(help="Pictures whose classes are known.")],
    output: Annotated[Path, typer.Option("-o", "--output", help="Folder of the report.")],
    model: Model = "personal",
    features: Features = None,
    labels: Labels = None,
    label_column: LabelColumn = "class",
    workers: Workers = None,
    overwrite: Overwrite = False,
    quiet: Quiet = False,
) -> None:
    """Compare a model with known classes: figures, a page and pictures. Use unseen pictures."""
    from classifiers.evaluation import check_known
    from classifiers.evaluation import evaluate as measure
    from classifiers.explanation import importance
    from classifiers.pretrained import find_model_or_rule
    from classifiers.report import write_report
    from classifiers.rule import Rule
    from classifiers.workflow import paths_of, settings_of

    output = _free(output, overwrite, features, outside=source)
    console = Console(stderr=True, quiet=quiet)
    trained = find_model_or_rule(model)
    settings = settings_of(trained)
    label = _labeller(labels, label_column)
    listed = label(paths_of(source))
    print_left_out(console, listed)
    check_known(listed.labels, trained.classes_)
    with _features(source, features, output, settings, console, workers=workers) as extracted:
        table, rejected = extracted
        known = label(table["relative_path"].to_pylist())
        table = table.take(known.rows)
        probabilities = trained.predict_proba(table)
        result = measure(
            known.labels, probabilities, list(trained.classes_), protect=trained.protect
        )
        page = write_report(
            result,
            output,
            title=f"Model {printable(model)} on {printable(Path(source).name)}",
            guarantee=trained.guarantee_,
            importance=None if isinstance(trained, Rule) else importance(trained, table),
        )
    print_evaluation(console, result, trained)
    print_hidden(console, trained, known.labels, probabilities)
    print_rejected(console, listed, known, rejected)
    console.print(f"report: {plain(page)}", soft_wrap=True)


@contextmanager
def _features(
    source: str,
    features: Path | None,
    output: Path,
    settings: Settings,
    console: Console,
    *,
    whatsapp: bool = False,
    workers: int | None = None,
) -> Iterator[tuple[pa.Table, int]]:
    """Give the features and how many pictures were rejected.

    Features that nobody asked for are removed when all went well; what follows an interruption or
    an error goes on with them.
    """
    import shutil

    from classifiers.workflow import extract_features

    kept = features or output.with_name(f".{output.name}.features")
    try:
        with DumpProgress(console, source, None, whatsapp) as progress:
            found = extract_features(
                source,
                kept,
                settings,
                begin_anew=features is None,
                whatsapp=whatsapp,
                workers=workers,
                on_progress=progress,
            )
    except KeyboardInterrupt:
        console.print("interrupted; the same command continues from there")
        raise typer.Exit(130) from None
    try:
        yield found
    except (EpicError, KeyboardInterrupt):
        if features is None:
            console.print(
                f"what was found in the pictures is kept in {plain(kept)}; the same command goes "
                "on with it",
                soft_wrap=True,
            )
        raise
    if features is None:
        shutil.rmtree(kept)


def _labeller(
    sheet: Path | None, label_column: str, group_column: str | None = None
) -> Callable[[Sequence[str]], KnownLabels]:
    """Return what finds the labels of paths."""
    from classifiers.known_labels import folder_labels, read_sheet, sheet_labels

    if sheet is None:
        if group_column is not None:
            raise SettingsError(
                f"--group-column {group_column} is a column of the CSV of --labels; give that too"
            )
        return folder_labels
    columns = {"label": label_column}
    if group_column is not None:
        columns["group"] = group_column
    return partial(sheet_labels, sheet=read_sheet(sheet, columns))


def _free(output: Path, overwrite: bool, features: Path | None, outside: str | None = None) -> Path:
    """Return the absolute path of an output that may be written."""
    target = output.expanduser().absolute()
    if features is not None and target.resolve().is_relative_to(features.expanduser().resolve()):
        raise OutputError(f"{output} holds the features; choose another path for the output")
    if not target.parent.is_dir():
        raise OutputError(f"the folder {output.parent} does not exist")
    if not overwrite and target.exists() and (target.is_file() or any(target.iterdir())):
        raise OutputError(f"{output} exists; choose another path or give --overwrite")
    if outside is not None and target.resolve().is_relative_to(Path(outside).absolute().resolve()):
        raise OutputError(
            f"{output} lies in {outside}, where its pictures would be taken for the next data; "
            "choose a folder outside"
        )
    return target


def _write(labels: pa.Table, output: Path) -> None:
    import pyarrow.csv
    import pyarrow.parquet

    part = output.with_name(f".{output.name}.part")
    try:
        if output.suffix == ".csv":
            pyarrow.csv.write_csv(labels, part)
        else:
            pyarrow.parquet.write_table(labels, part)
        part.replace(output)
    except OSError as error:
        raise OutputError(f"can't write {output}: {error}") from error
