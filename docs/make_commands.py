"""Write the command reference from the commands themselves: ``python -m docs.make_commands``."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

TARGET = Path(__file__).with_name("commands.md")

HEAD = """# Commands

Written by `python -m docs.make_commands` from the commands themselves; a test compares the two.
What they are for is told by the [pages](index.md); `--help` after any of them says the same as this
page.

A SOURCE is a folder, a picture, a pattern in quotes, or an [address](remote.md). Exit codes are in
the [guide](guide.md#commands).
"""


def commands(command: Any, path: tuple[str, ...] = ("epic",)) -> Iterator[tuple[str, Any]]:
    """Yield every command that does something, with the words that call it."""
    inner = getattr(command, "commands", {})
    if not inner or len(path) == 1:
        yield " ".join(path), command
    for name, sub in inner.items():
        # A hidden command stands for its group: `epic organize SOURCE`.
        yield from commands(sub, path if sub.hidden else (*path, name))


def is_argument(parameter: Any) -> bool:
    """Tell an argument from an option; only options have flags."""
    return not hasattr(parameter, "is_flag")


def usage(argument: Any) -> str:
    """Return an argument as in a synopsis: in brackets when it can be left out."""
    name = argument.name.upper() + "…" * (argument.nargs == -1)
    return name if argument.required else f"[{name}]"


def default_of(parameter: Any) -> str:
    """Return what holds when nothing is given, or that something must be."""
    if parameter.required:
        return "required"
    if isinstance(parameter.show_default, str):
        return parameter.show_default
    if parameter.default is True:
        return f"`{parameter.opts[0]}`"
    if parameter.default in (None, False, (), []) or callable(parameter.default):
        return ""
    return f"`{parameter.default}`"


def described(call: str, command: Any) -> str:
    """Return the section of one command."""
    arguments = [parameter for parameter in command.params if is_argument(parameter)]
    words = [usage(argument) for argument in arguments]
    lines = [f"## `{' '.join([call, *words])}`", "", " ".join(command.help.split()), ""]
    lines += ["| | default | |", "|---|---|---|"]
    for parameter in command.params:
        names = [*parameter.opts, *parameter.secondary_opts]
        if is_argument(parameter):
            names = [parameter.name.upper()]
        more = f" Also from `{parameter.envvar}`." if parameter.envvar else ""
        cells = (", ".join(f"`{name}`" for name in names), default_of(parameter))
        lines.append(f"| {cells[0]} | {cells[1]} | {parameter.help}{more} |")
    return "\n".join(lines) + "\n"


def reference() -> str:
    """Return the whole page."""
    import typer

    from epic_gallery.cli import app

    found = sorted(commands(typer.main.get_command(app)))
    return "\n".join([HEAD, *(described(call, command) for call, command in found)])


if __name__ == "__main__":
    TARGET.write_text(reference(), encoding="utf-8")
