"""The commands ``epic clean ...``."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from epic_features.cleaning.cli_output import (
    bar,
    bars,
    finding,
    of_rows,
    print_moves,
    show_table,
    table_at,
)
from epic_features.cli_progress import plain
from epic_features.errors import SettingsError

app = typer.Typer(
    help="Prepare a data set: find, rank, review and move images; everything can be undone.",
    no_args_is_help=True,
)

Folder = Annotated[Path, typer.Argument(help="A folder of images.")]
Output = Annotated[
    Path | None, typer.Option("-o", "--output", help="Table to write: .parquet or .csv.")
]
PlanFile = Annotated[
    Path | None, typer.Option("--plan", help="Write what is suggested as a plan to apply.")
]
Features = Annotated[
    Path | None,
    typer.Option(help="Feature table, if there is one: Parquet, CSV, or a folder of shards."),
]
Root = Annotated[Path | None, typer.Option(help="Folder that paths refer to.")]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace files that exist.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]


@app.command()
def corrupt(
    folder: Folder,
    output: Output = None,
    plan: PlanFile = None,
    overwrite: Overwrite = False,
    as_json: AsJson = False,
) -> None:
    """Find files that can't be read, are cut off, or have the wrong extension."""
    from epic_features.cleaning.corrupt import find_corrupt

    with finding(folder, output, plan, overwrite, as_json, "decoding") as (emit, progress):
        emit(find_corrupt(folder, on_progress=progress))


@app.command()
def placeholders(
    folder: Folder,
    features: Features = None,
    read_text: Annotated[
        bool, typer.Option("--text/--no-text", help="Read the text of plain pictures.")
    ] = True,
    output: Output = None,
    plan: PlanFile = None,
    overwrite: Overwrite = False,
    as_json: AsJson = False,
) -> None:
    """Find pictures that stand for one that was deleted."""
    from epic_features.cleaning.placeholders import find_placeholders

    with finding(folder, output, plan, overwrite, as_json, "looking") as (emit, progress):
        table = table_at(features)
        emit(find_placeholders(folder, features=table, read_text=read_text, on_progress=progress))


@app.command()
def duplicates(
    folder: Folder,
    features: Features = None,
    output: Output = None,
    plan: PlanFile = None,
    overwrite: Overwrite = False,
    as_json: AsJson = False,
) -> None:
    """Find pictures that are there more than once, in any size or quality."""
    from epic_features.cleaning.duplicates import find_duplicates

    with finding(folder, output, plan, overwrite, as_json, "hashing") as (emit, progress):
        emit(find_duplicates(folder, features=table_at(features), on_progress=progress))


@app.command()
def labels(
    folder: Annotated[Path, typer.Argument(help="A data set with one folder per class.")],
    output: Output = None,
    features: Features = None,
    overwrite: Overwrite = False,
) -> None:
    """Tell how doubtful the class of each image is, the most doubtful first."""
    from epic_features.cleaning.feature_tables import features_of, labels_of
    from epic_features.cleaning.label_errors import label_doubt
    from epic_features.cleaning.plan import root_of
    from epic_features.cleaning.tables import check_output, write_table

    root = root_of(folder)
    if output is not None:
        check_output(output, overwrite=overwrite)
    with bar("extracting") as progress:
        table = features_of(
            root, root, features=table_at(features), groups=("core",), on_progress=of_rows(progress)
        )
    given = labels_of(table["path"])
    doubts = table[["path"]].assign(value=label_doubt(table, given), **{"class": given})
    doubts["reason"] = [f"doubt of the class: {value:.2f}" for value in doubts["value"]]
    doubts = doubts.sort_values("value", ascending=False, kind="stable").reset_index(drop=True)
    if output is not None:
        write_table(doubts, output, root, overwrite=overwrite)
    show_table(doubts, ("path", "value", "class"), f"{len(doubts)} images")


@app.command()
def rank(
    folder: Annotated[Path, typer.Argument(help="The folder of a class.")],
    by: Annotated[
        str, typer.Option(help="A column, or an expression such as 'log1p(area) / width'.")
    ],
    features: Features = None,
    descending: Annotated[bool, typer.Option("--descending", help="Largest value first.")] = False,
    root: Root = None,
    output: Output = None,
    overwrite: Overwrite = False,
) -> None:
    """Put the rank of each image before its name, so that a file manager sorts by it."""
    from epic_features.cleaning.plan import root_of
    from epic_features.cleaning.rank import rank_images, root_for
    from epic_features.cleaning.tables import check_output, write_table

    if output is not None:
        check_output(output, overwrite=overwrite)
    with bar("extracting") as progress:
        table, report = rank_images(
            folder,
            by,
            features=table_at(features),
            descending=descending,
            root=root,
            on_progress=of_rows(progress),
        )
    if output is not None:
        moved = table.assign(path=table["target"]).drop(columns="target")
        write_table(moved, output, root or root_for(root_of(folder)), overwrite=overwrite)
    show_table(table, ("rank", "value", "path"), f"{len(table)} images by {by}")
    unknown = int(table["value"].isna().sum())
    if unknown:
        Console(stderr=True).print(f"{unknown} images have no value and come last")
    print_moves(report)
    Console(stderr=True).print(
        f"names come back with: epic clean restore {plain(shlex.quote(str(folder)))}",
        soft_wrap=True,
    )


@app.command()
def restore(
    folder: Annotated[Path, typer.Argument(help="The ranked folder, or one above it.")],
) -> None:
    """Give ranked images their names back, wherever below the root they are now."""
    from epic_features.cleaning.moves import restore as restore_names

    with bar("renaming") as progress:
        reports = restore_names(folder, on_progress=progress)
    if not reports:
        Console(stderr=True).print("no image has a rank in its name")
    print_moves(*reports)


@app.command()
def clusters(
    folder: Annotated[Path, typer.Argument(help="The folder of a class, or a whole data set.")],
    k: Annotated[int, typer.Option("--k", min=1, help="Components per class.")] = 20,
    features: Annotated[
        Path | None,
        typer.Option(help="Feature table of the data set; its column embedding is used if any."),
    ] = None,
    sheet: Annotated[
        Path | None, typer.Option(help="Contact sheet to write, such as sheet.png.")
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option("-o", "--output", help="Images that look like another class: a table."),
    ] = None,
    overwrite: Overwrite = False,
    as_json: AsJson = False,
) -> None:
    """Divide a class by k-means; components that look like another class come first."""
    from epic_features.cleaning.clusters import contact_sheet, find_clusters, save_sheet
    from epic_features.cleaning.feature_tables import features_of, labels_of
    from epic_features.cleaning.plan import root_of
    from epic_features.cleaning.rank import root_for
    from epic_features.cleaning.tables import check_new, check_output, write_table
    from epic_features.sources import is_folder_per_class

    place = root_of(folder)
    if output is not None:
        check_output(output, overwrite=overwrite)
    if sheet is not None:
        check_new(sheet, overwrite=overwrite)
    whole = is_folder_per_class(place)
    root = place if whole else root_for(place)
    with bar("extracting") as progress:
        table = features_of(
            root, root, features=table_at(features), groups=("core",), on_progress=of_rows(progress)
        )
    given = labels_of(table["path"])
    only = None if whole or root == place else place.relative_to(root).parts[0]
    found = find_clusters(table, given, only=only, k=k)
    if output is not None:
        write_table(found.findings, output, root, overwrite=overwrite)
    if sheet is not None:
        save_sheet(contact_sheet(found, root), sheet, overwrite=overwrite)
    if as_json:
        typer.echo(found.components.to_json(orient="records"))
        return
    columns = ("class", "component", "images", "mean_distance", "other_class", "margin")
    show_table(found.components, columns, "components; above 0 they look like the other class")


@app.command()
def review(
    table: Annotated[Path, typer.Argument(help="Findings, or any table with a column path.")],
    output: Annotated[Path, typer.Option("-o", "--output", help="The page: review.html.")],
    root: Root = None,
    title: Annotated[str, typer.Option(help="Shown above the images.")] = "Review",
    overwrite: Overwrite = False,
) -> None:
    """Write a page on which to decide; it needs no network and saves a plan."""
    from epic_features.cleaning.feature_tables import read_table
    from epic_features.cleaning.review import write_review
    from epic_features.cleaning.tables import check_new, root_in

    top = root or root_in(table)
    if top is None:
        raise SettingsError(f"{table} does not tell which folder its paths refer to: give --root")
    check_new(output, overwrite=overwrite)
    found = read_table(table)
    if not len(found):
        Console(stderr=True).print(f"{plain(table)} is empty: nothing to review", soft_wrap=True)
        return
    with bar("thumbnails") as progress:
        shown = write_review(
            found, top, output, title=title, overwrite=overwrite, on_progress=progress
        )
    Console(stderr=True).print(
        f"{shown} images in {plain(output)}; open it in a browser, save the plan, then run: "
        "epic clean apply plan.json",
        soft_wrap=True,
    )


@app.command()
def apply(
    plan: Annotated[Path, typer.Argument(help="A plan of a finder or a review page.")],
    root: Root = None,
) -> None:
    """Carry out a plan: nothing is deleted, and undo brings everything back."""
    from epic_features.cleaning.moves import apply as apply_plan
    from epic_features.cleaning.plan import read_plan

    with bar("moving") as progress:
        report = apply_plan(read_plan(plan, root), on_progress=progress)
    print_moves(report)


@app.command()
def undo(
    place: Annotated[
        Path, typer.Argument(help="A folder, whose latest journal is taken; or a journal.")
    ] = Path(),
) -> None:
    """Take files back to where they were; harmless when done twice."""
    from epic_features.cleaning.moves import undo as undo_moves

    with bar("moving back") as progress:
        report = undo_moves(place, on_progress=progress)
    print_moves(report, back=True)


@app.command()
def resume(
    folder: Annotated[Path, typer.Argument(help="The folder of the data.")] = Path(),
) -> None:
    """Go on with what was interrupted."""
    from epic_features.cleaning.moves import resume as resume_moves

    with bar("moving") as progress:
        reports = resume_moves(folder, on_progress=progress)
    if not reports:
        Console(stderr=True).print("nothing was interrupted")
    print_moves(*reports)


@app.command()
def status(
    folder: Annotated[Path, typer.Argument(help="The folder of the data.")] = Path(),
    as_json: AsJson = False,
) -> None:
    """List what was moved, and what can be undone."""
    from epic_features.cleaning.moves import status as status_of

    table = status_of(folder)
    if as_json:
        typer.echo(table.to_json(orient="records"))
        return
    table["journal"] = [Path(path).name for path in table["journal"]]
    columns = ("journal", "kind", "state", "moved", "skipped", "failed", "pending", "returned")
    show_table(table, columns, "journals, oldest first", len(table))


@app.command()
def report(
    folder: Annotated[Path, typer.Argument(help="A data set with one folder per class.")],
    output: Annotated[Path, typer.Option("-o", "--output", help="The page: report.html.")],
    features: Features = None,
    manifest: Annotated[
        Path | None, typer.Option(help="CSV with path (or file) and split (or fold).")
    ] = None,
    overwrite: Overwrite = False,
) -> None:
    """Write a page on the classes: counts, sizes, corrupt files, copies, leaks, languages."""
    from epic_features.cleaning.feature_tables import read_manifest
    from epic_features.cleaning.report import write_report
    from epic_features.cleaning.tables import check_new

    check_new(output, overwrite=overwrite)
    with bars("features", "corrupt", "duplicates") as calls:
        calls["features"] = of_rows(calls["features"])
        found = write_report(
            folder,
            output,
            features=table_at(features),
            manifest=read_manifest(manifest) if manifest is not None else None,
            overwrite=overwrite,
            on_progress=calls,
        )
    columns = ("class", "images", "corrupt", "duplicates", "leaks")
    show_table(found.classes, columns, f"{len(found.images)} images", len(found.classes))
    Console(stderr=True).print(f"page: {plain(output)}", soft_wrap=True)
