"""The command ``epic send``."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from epic_features.cleaning.cli_output import bar
from epic_features.cli_progress import plain
from epic_features.errors import MissingExtra, SourceError

app = typer.Typer()


@app.command()
def send(
    files: Annotated[list[Path], typer.Argument(help="Pictures, or folders of pictures.")],
    to: Annotated[
        str, typer.Option(help="Address of the service, or the link that it printed.")
    ] = "http://127.0.0.1:8420",
    model: Annotated[str | None, typer.Option(help="As GET /v1/models names it.")] = None,
    token: Annotated[
        str | None, typer.Option(envvar="EPIC_TOKEN", help="If it is not in the link.")
    ] = None,
    features: Annotated[bool, typer.Option("--features", help="Ask for all columns.")] = False,
    table: Annotated[
        bool, typer.Option("--table", help="Print a table, not a line of JSON for each picture.")
    ] = False,
    at_once: Annotated[int, typer.Option(min=1, max=32, help="Requests at the same time.")] = 4,
) -> None:
    """Let a service classify pictures; ends with 1 when it could not do so for some of them."""
    try:
        from epic_gallery.sending import Address, Sender
    except ImportError as error:
        raise MissingExtra(
            f"`epic send` needs {error.name}: pip install 'epic-features[serve]'"
        ) from error

    sender = Sender(Address.parse(to, token), model=model, features=features, at_once=at_once)
    paths = list(_pictures(files))
    failed = 0
    rows: list[dict[str, Any]] = []
    with bar("sending") as progress:
        for done, found in enumerate(sender.send(paths), 1):
            failed += "error" in found
            if table:
                rows.append(found)
            else:
                sys.stdout.write(json.dumps(found, ensure_ascii=False) + "\n")
                sys.stdout.flush()
            progress(done, len(paths))
    if table:
        Console().print(_table(sorted(rows, key=lambda row: str(row["name"]))))
    if failed:
        Console(stderr=True).print(f"{failed} of {len(paths)} pictures were not classified")
        raise typer.Exit(1)


def _pictures(given: list[Path]) -> list[Path]:
    """Return the files, and the pictures below the folders."""
    from epic_features.sources import references

    found: list[Path] = []
    for path in given:
        if path.is_dir():
            found += [reference.content for reference in references(path)]
        elif path.exists():
            found.append(path)
        else:
            raise SourceError(f"{plain(path)} does not exist")
    return found


def _table(rows: list[dict[str, Any]]) -> Table:
    table = Table("picture", "class", "confidence", "because")
    for row in rows:
        if "error" in row:
            cells = [
                plain(row["name"]),
                f"[red]{row['error']['code']}[/]",
                "",
                plain(row["error"]["message"]),
            ]
        else:
            because = ", ".join(
                reason["text"]["en"]
                for reason in row["reasons"][:3]
                if reason["toward"] == row["label"]
            )
            cells = [plain(row["name"]), row["label"], f"{row['confidence']:.0%}", plain(because)]
        table.add_row(*cells)
    return table
