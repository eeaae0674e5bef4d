"""The command ``epic``, put together from the commands of the three packages."""

from __future__ import annotations

import logging
import sys
import warnings
from typing import Annotated

import typer
from rich.console import Console

from classifiers.cli import app as classifiers_app
from epic_features import __version__
from epic_features.cli import app as features_app
from epic_features.cli_progress import plain
from epic_features.errors import EpicError, ImageError
from epic_gallery.organize_cli import app as organize_app
from epic_gallery.send_cli import app as send_app
from epic_gallery.serve_cli import app as serve_app

app = typer.Typer(
    name="epic",
    help="Tell your own photos from the junk on a phone, offline, in Arabic and English.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.add_typer(classifiers_app)
app.add_typer(features_app)
app.add_typer(organize_app)
app.add_typer(serve_app)
app.add_typer(send_app)


def main() -> None:
    """Run the command line; errors made for people are shown without a traceback."""
    # Pillow's remarks on odd files are for programmers; what is unreadable is listed as rejected.
    warnings.filterwarnings("ignore", module=r"PIL\.")
    logging.basicConfig(format="%(levelname)s: %(message)s", level=logging.WARNING)
    try:
        app()
    except EpicError as error:
        Console(stderr=True).print(f"[bold red]error:[/] {plain(error)}", soft_wrap=True)
        sys.exit(1 if isinstance(error, ImageError) else 2)


@app.callback(invoke_without_command=True)
def _version(
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
) -> None:
    if version:
        Console().print(__version__)
        raise typer.Exit
