"""The command ``epic serve``."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from epic_features.cli_progress import plain
from epic_features.errors import MissingExtra, SourceError

app = typer.Typer()


@app.command()
def serve(
    host: Annotated[
        str,
        typer.Option(
            help="Address to listen on. 0.0.0.0 lets your phone in, with the link that is printed."
        ),
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 takes a free one.")] = 8420,
    model: Annotated[str, typer.Option(help="The model that answers by default.")] = "personal",
    folder: Annotated[
        Path | None, typer.Option(help="Pictures that the page may sort into folders, and undo.")
    ] = None,
    corrections: Annotated[
        Path | None, typer.Option(help="Where corrected labels are kept, for `epic train`.")
    ] = None,
    workers: Annotated[
        int | None, typer.Option(min=1, help="Worker processes.", show_default="cores")
    ] = None,
    log: Annotated[bool, typer.Option("--log", help="Print a line for each request.")] = False,
) -> None:
    """Offer the page and the service on this computer; pictures stay on it, in memory only."""
    if folder is not None and not folder.is_dir():
        raise SourceError(f"{folder} is not a folder; give the one whose pictures are to be sorted")
    try:
        from epic_gallery.service.server import open_service, qr_code
    except ImportError as error:
        raise MissingExtra(
            f"`epic serve` needs {error.name}: pip install 'epic-features[serve]'"
        ) from error
    from epic_gallery.service.settings import ServiceSettings

    console = Console(stderr=True)
    with console.status("loading the model"):
        service = open_service(ServiceSettings(host, port, model, folder, corrections, workers))
    if service.settings.token:
        Console().print(qr_code(service.link), highlight=False, soft_wrap=True)
        console.print("Whoever has this link can use the service while it runs:")
    Console().print(plain(service.link), highlight=False, soft_wrap=True)
    console.print("Ctrl-C ends it.")
    if log:
        logging.getLogger("epic_gallery.service").setLevel(logging.INFO)
    service.run()
