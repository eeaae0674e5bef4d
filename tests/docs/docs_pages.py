"""The code blocks of the documentation, and the shell lines in them."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from markdown_it import MarkdownIt

ROOT = Path(__file__).resolve().parents[2]
# There is no code in the generated pages, and that in the change log is of older versions.
NOT_READ = ("columns.md", "commands.md", "CHANGELOG.md")
PAGES = {
    page.relative_to(ROOT).as_posix(): page
    for page in (*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").glob("*.md")))
    if page.name not in NOT_READ
}
_NEEDS = re.compile(r"<!-- needs: (\w+) -->")


@dataclass(frozen=True)
class Block:
    """A code block.

    Attributes
    ----------
    language : str
        As given behind the fence; empty when nothing is, or when it is indented.
    text : str
        What is in it.
    line : int
        Line of the page on which its first line stands, from 1.
    needs : str or None
        A module without which it can't be run: a comment ``<!-- needs: torch -->`` stands before.
    """

    language: str
    text: str
    line: int
    needs: str | None = None


def blocks(page: Path) -> Iterator[Block]:
    """Yield the code blocks of a page in their order."""
    needs = None
    for token in MarkdownIt().parse(page.read_text(encoding="utf-8")):
        if token.type in ("fence", "code_block"):
            first = token.map[0] + (2 if token.type == "fence" else 1)
            yield Block(token.info.strip(), token.content, first, needs)
        found = _NEEDS.match(token.content) if token.type == "html_block" else None
        needs = found[1] if found else None


def shell_lines(block: Block) -> Iterator[list[str]]:
    """Yield the words of each line of a shell block, without comments."""
    for line in block.text.replace("\\\n", " ").splitlines():
        words = shlex.split(line, comments=True)
        if words:
            yield words


def inline_commands(page: Path) -> Iterator[list[str]]:
    """Yield the words of every ``epic ...`` that stands in running text or in a table."""
    for words in re.findall(r"`(epic [^`]+)`", page.read_text(encoding="utf-8")):
        yield shlex.split(words.replace("\n", " "))
