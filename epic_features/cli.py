"""The commands ``epic extract``, ``epic show`` and ``epic models``; assembles ``epic clean``."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from epic_features.cleaning.cli import app as clean_app
from epic_features.cli_progress import DumpProgress, plain, print_report, report_as_json
from epic_features.engines import ENGINES
from epic_features.errors import OutputError
from epic_features.settings import (
    ARABIC_READERS,
    CORE_GROUPS,
    EXTRA_GROUPS,
    FACE_DETECTORS,
    TEXT_EXTENTS,
    TEXT_READERS,
    Settings,
)

app = typer.Typer()
models_app = typer.Typer(help="Files of the back ends: list, get, locate.", no_args_is_help=True)
app.add_typer(models_app, name="models")
app.add_typer(clean_app, name="clean")

_NUMBERS_SHOWN = 8

Groups = Annotated[
    str,
    typer.Option(
        help="Column groups, separated by commas: "
        f"{', '.join(CORE_GROUPS)} (together: core), {', '.join(EXTRA_GROUPS)}; or all. "
        "Apart from these stands writing: 864 numbers for models."
    ),
]
Faces = Annotated[str, typer.Option(help=f"Face detector: {', '.join(FACE_DETECTORS)}.")]
Ocr = Annotated[str, typer.Option(help=f"Text reader: {', '.join(TEXT_READERS)}.")]
Text = Annotated[str, typer.Option(help=f"How much text is read: {', '.join(TEXT_EXTENTS)}.")]
Arabic = Annotated[str, typer.Option(help=f"Arabic reader: {', '.join(ARABIC_READERS)}.")]
Embed = Annotated[
    str | None,
    typer.Option(
        "--embed",
        metavar="NAME_OR_PATH",
        help="Add the column embedding: what a network makes of each picture. Give backbones or "
        "vcnn, or an ONNX file with a preprocess.json beside it, or their folder.",
    ),
]
Truncated = Annotated[
    bool, typer.Option("--allow-truncated", help="Use what there is of a cut-off file.")
]


@app.command()
def extract(
    source: Annotated[
        str, typer.Argument(help="A folder, an image, a glob pattern in quotes, or an address.")
    ],
    output: Annotated[
        Path,
        typer.Option("-o", "--output", help="A file that ends in .parquet, or a folder of shards."),
    ],
    groups: Groups = "core",
    faces: Faces = Settings.faces,
    ocr: Ocr = Settings.ocr,
    text: Text = Settings.text,
    arabic: Arabic = Settings.arabic,
    embed: Embed = None,
    allow_truncated: Truncated = False,
    root: Annotated[
        str | None, typer.Option(help="Folder that relative_path and class refer to.")
    ] = None,
    whatsapp: Annotated[
        bool, typer.Option("--whatsapp", help="Only the pictures of WhatsApp chats.")
    ] = False,
    engine: Annotated[
        str, typer.Option(help=f"Where the work is done: {', '.join(ENGINES)}.")
    ] = "processes",
    workers: Annotated[
        int | None, typer.Option(min=1, help="Images worked on at once.", show_default="cores")
    ] = None,
    shard_size: Annotated[int, typer.Option(min=1, help="Images per shard.")] = 1000,
    time_limit: Annotated[float, typer.Option(help="Seconds an image may take.")] = 60.0,
    resume: Annotated[
        bool, typer.Option("--resume/--no-resume", help="Continue an interrupted run.")
    ] = True,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace the output if it exists.")
    ] = False,
    update: Annotated[
        bool,
        typer.Option("--update", help="Bring a folder of shards up to date with its source."),
    ] = False,
    retry_rejected: Annotated[
        bool, typer.Option("--retry-rejected", help="Try just the rejected images again.")
    ] = False,
    strict: Annotated[
        bool, typer.Option("--strict", help="Exit with code 1 when an image was rejected.")
    ] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress, no summary.")] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the summary as JSON on the standard output.")
    ] = False,
    log_file: Annotated[Path | None, typer.Option(help="File to which a log is appended.")] = None,
) -> None:
    """Write the feature table of any number of images to Parquet; resumes when interrupted."""
    from epic_features.dumping import dump

    settings = _settings(groups, faces, ocr, text, arabic, allow_truncated, embed)
    if log_file is not None:
        _log_to(log_file)
    console = Console(stderr=True, quiet=quiet or as_json)
    try:
        with DumpProgress(console, source, root, whatsapp) as progress:
            report = dump(
                source,
                output,
                settings=settings,
                root=root,
                whatsapp=whatsapp,
                engine=engine,
                workers=workers,
                resume=resume,
                overwrite=overwrite,
                update=update,
                retry_rejected=retry_rejected,
                shard_size=shard_size,
                time_limit=time_limit,
                on_progress=progress,
            )
    except KeyboardInterrupt:
        Console(stderr=True, quiet=quiet).print(
            "interrupted; the shards that are done are kept: the same command continues from "
            "there (without --overwrite for a folder)",
            soft_wrap=True,
        )
        raise typer.Exit(130) from None
    if as_json:
        typer.echo(report_as_json(report))
    else:
        print_report(console, report)
    if strict and report.rejected:
        raise typer.Exit(1)


@app.command()
def show(
    image: Annotated[Path, typer.Argument(help="An image file.")],
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="Picture of the findings to write.")
    ] = None,
    groups: Groups = "core",
    faces: Faces = Settings.faces,
    ocr: Ocr = Settings.ocr,
    text: Text = Settings.text,
    arabic: Arabic = Settings.arabic,
    allow_truncated: Truncated = False,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace the picture if it exists.")
    ] = False,
) -> None:
    """Print the feature row of one image, and draw what was found."""
    from epic_features.inspection import inspect

    if output is not None:
        _check_picture(output, image, overwrite)
    settings = _settings(groups, faces, ocr, text, arabic, allow_truncated)
    inspection = inspect(image, settings=settings)
    table = Table("column", "value", "unit", title=plain(image))
    for column in inspection.columns:
        value = inspection.row[column.name]
        if value is not None:
            table.add_row(column.name, _cell(value), column.unit)
    console = Console()
    console.print(table)
    missing = [c.name for c in inspection.columns if inspection.row[c.name] is None]
    if missing:
        console.print(f"null (not looked, or nothing to average): {', '.join(missing)}")
    if output is not None:
        try:
            inspection.overlay().save(output)
        except (OSError, ValueError) as error:
            raise OutputError(f"can't write the picture {output}: {error}") from error
        console.print(f"picture: {plain(output)}", soft_wrap=True)


@models_app.command("list")
def list_models() -> None:
    """List every file that the library may fetch, and whether it is here."""
    from epic_features.models import status

    table = Table("name", "here", "MB", "licence", "purpose")
    for entry in status():
        table.add_row(
            entry.name,
            "yes" if entry.present else "no",
            f"{entry.size / 1e6:.1f}" if entry.size else "?",
            entry.licence,
            entry.purpose,
        )
    Console().print(table)


@models_app.command("get")
def get_models(
    names: Annotated[list[str], typer.Argument(help="Names as in `epic models list`.")],
    offline: Annotated[
        bool, typer.Option("--offline", help="Only check that the files are here.")
    ] = False,
    url: Annotated[
        str | None, typer.Option(help="Another address of the same file, such as a mirror.")
    ] = None,
) -> None:
    """Fetch model files and verify their checksums."""
    from epic_features.models import get

    console = Console(stderr=True)
    for name in names:
        with _progress(console) as progress:
            task = progress.add_task(name, total=None, rejected=0)
            path = get(
                name,
                offline=offline,
                url=url,
                progress=lambda done, total, t=task, p=progress: p.update(  # type: ignore[misc]
                    t, completed=done, total=total
                ),
            )
        console.print(f"{name}: {plain(path)}", soft_wrap=True)


@models_app.command("path")
def model_path(name: Annotated[str, typer.Argument(help="Name as in `epic models list`.")]) -> None:
    """Print the path of a model file; an error when it is not here."""
    from epic_features.models import find

    typer.echo(find(name))


def _check_picture(output: Path, image: Path, overwrite: bool) -> None:
    """Refuse a picture that can't be written before any work is done."""
    from PIL import Image as PILImage

    from epic_features.errors import OutputError

    if output.exists() and image.exists() and output.samefile(image):
        raise OutputError(f"{output} is the image itself; choose another path")
    if output.exists() and not overwrite:
        raise OutputError(f"{output} exists; choose another path or give --overwrite")
    if not output.absolute().parent.is_dir():
        raise OutputError(f"the folder {output.parent} does not exist")
    if output.suffix.lower() not in PILImage.registered_extensions():
        raise OutputError(f"{output}: no picture format has this extension; try .png")


def _settings(
    groups: str,
    faces: str,
    ocr: str,
    text: str,
    arabic: str,
    allow_truncated: bool,
    embed: str | None = None,
) -> Settings:
    return Settings(
        groups=tuple(group.strip() for group in groups.split(",") if group.strip()),
        faces=faces,
        ocr=ocr,
        text=text,
        arabic=arabic,
        embedding=embed,
        allow_truncated=allow_truncated,
    )


def _log_to(path: Path) -> None:
    try:
        handler = logging.FileHandler(path, encoding="utf-8")
    except OSError as error:
        raise OutputError(f"can't write the log {path}: {error.strerror}") from error
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    log = logging.getLogger("epic_features")
    log.addHandler(handler)
    log.setLevel(logging.INFO)
    log.propagate = False


def _progress(console: Console) -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=console,
        transient=True,
    )


def _cell(value: Any) -> str:
    if isinstance(value, list):
        if value and isinstance(value[0], float):  # Hundreds of them, for models.
            return f"{' '.join(map(_cell, value[:_NUMBERS_SHOWN]))} … ({len(value)})"
        return plain(" ".join(value)) if value else "(none)"
    if isinstance(value, float):
        return f"{value:.4g}"
    return plain(value)
