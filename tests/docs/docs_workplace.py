"""A folder in which the code of the documentation runs: what its reader would have at hand."""

from __future__ import annotations

import importlib.util
import os
import shutil
import sys
import zipfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import typer
from docs_pages import ROOT, Block, shell_lines
from typer.testing import CliRunner

from epic_features import cleaning
from epic_gallery.cli import app

# Lines that are parsed but not run, and why; what they do is tested elsewhere.
NOT_RUN = {
    "epic serve": "it answers until Ctrl-C: tests/epic_gallery/service",
    "epic send": "it needs `epic serve`: tests/epic_gallery/service/test_send.py",
    "epic watch": "it waits until Ctrl-C: tests/epic_gallery/test_watch.py",
    "epic models get": "it downloads: tests/epic_features/models",
    "epic experiments run": "it needs PyTorch and minutes: tests/classifiers/test_experiments.py",
    "--engine ray": "it needs a cluster: tests/epic_features/engines/test_ray.py",
    "s3://": "it needs S3: tests/epic_features/test_sources_archives.py",
    "ssh://": "it needs an SSH server: tests/epic_features/test_sources_ssh.py",
}
# Other programs that may be named; make, pip and python are looked at more closely.
PROGRAMS = {"apt", "curl", "export", "ray", "read", "sudo", "wsgidav", ".", "cd", "open", "git"}


class Workplace:
    """A home and a current folder with drawn pictures under the names that the pages use.

    Parameters
    ----------
    folder : Path
        An empty folder.
    pictures : Path
        A small gallery, one folder per class.
    phone : str
        ``host:port`` of a WebDAV server that stands for every phone.
    names : dict
        Names that Python blocks find defined.
    """

    def __init__(
        self, folder: Path, pictures: Path, phone: str, names: dict[str, Callable[[], Any]]
    ) -> None:
        self.here, self.home, self.phone = folder / "here", folder / "home", phone
        copy = partial(shutil.copytree, pictures)
        for name in ("gallery", "pictures"):
            copy(self.here / name)
        for name in ("my-pictures", "other-pictures"):
            for label in sorted(path.name for path in pictures.iterdir()):
                kind = "personal" if label in ("selfies", "personalPhotos") else "memes"
                shutil.copytree(pictures / label, self.here / name / kind / label)
        sent = self.here / "copy-of-the-phone/WhatsApp/Media/WhatsApp Images/Sent"
        shutil.copytree(pictures / "ememes", sent)
        for name in ("Pictures/WhatsApp", "Pictures/new", "corrections"):
            copy(self.home / name)
        for name in ("photo.jpg", "a.jpg", "b.jpg", "picture.jpg"):
            shutil.copy(next(pictures.glob("selfies/*")), self.here / name)
        with zipfile.ZipFile(self.here / "gallery.zip", "w") as archive:
            for picture in sorted(pictures.rglob("*.*")):
                archive.write(picture, Path("gallery", picture.relative_to(pictures)))
        shutil.copytree(ROOT / "epic_features/models/embedders/vcnn", self.here / "mobilenet")
        (self.here / "mobilenet/vcnn.onnx").rename(self.here / "mobilenet/mobilenet.onnx")
        shutil.copy2(pictures / "ememes/again.jpg", self.here / "gallery/fmemes/misplaced.jpg")
        # What somebody has decided in the browser.
        chat = next(pictures.glob("fTxtMssgs/*"))
        unwanted = cleaning.Action(f"fTxtMssgs/{chat.name}", "trash")
        plan = cleaning.make_plan(self.here / "gallery", [unwanted])
        cleaning.write_plan(plan, self.here / "plan.json")
        self.names: dict[str, Any] = {"__name__": "__main__"}
        self._lazy = names

    def enter(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Make it the home and the current folder."""
        monkeypatch.chdir(self.here)
        monkeypatch.setenv("HOME", str(self.home))
        monkeypatch.setenv("EPIC_STATE", str(self.home / "state"))
        monkeypatch.setenv("COLUMNS", "200")

    def python(self, block: Block, page: str) -> None:
        """Run a Python block after those before it."""
        for name, make in self._lazy.items():
            if name in block.text and name not in self.names:
                self.names[name] = make()
        code = compile("\n" * (block.line - 1) + block.text, page, "exec")
        exec(code, self.names)

    def shell(self, block: Block, monkeypatch: pytest.MonkeyPatch) -> None:
        """Run the lines of a shell block that call ``epic``; look closely at the others."""
        for words in shell_lines(block):
            while "=" in words[0]:
                words = words[1:]
            if words[0] == "export":
                for name, _, value in (word.partition("=") for word in words[1:]):
                    monkeypatch.setenv(name, value)
            elif words[0] == "epic":
                self.epic(words[1:])
            else:
                check_program(words)

    def epic(self, words: list[str]) -> None:
        """Parse a line of ``epic``, and run it unless there is a reason not to."""
        parse(words)
        line = " ".join(["epic", *words])
        if any(part in line for part in NOT_RUN):
            return
        words = [self._at_home(word) for word in words]
        done = CliRunner().invoke(app, words, input="y\n")
        assert done.exit_code == 0, f"{line}\n{done.output}\n{done.exception!r}"

    def _at_home(self, word: str) -> str:
        if not word.startswith("webdav://"):
            return os.path.expanduser(word)  # noqa: PTH111 (an address must stay as it is)
        return "/".join(["webdav:/", self.phone, *word.split("/")[3:]])


def parse(words: list[str]) -> None:
    """Let the real parser look at the words of a command; what they do is not done."""
    command = typer.main.get_command(app)
    silence(command)
    try:
        command.main([*words], prog_name="epic", standalone_mode=False)
    except Exception as error:
        detail = getattr(error, "message", error)
        raise AssertionError(f"epic {' '.join(words)}: {detail}") from error


def silence(command: Any) -> None:
    """Let commands do nothing."""
    if not hasattr(command, "commands"):
        command.callback = lambda **_: None
    for inner in getattr(command, "commands", {}).values():
        silence(inner)


def check_program(words: list[str]) -> None:
    """Fail when a line asks for what this project does not have."""
    program, rest = Path(words[0]).name, words[1:]
    if program == "make":
        targets = [word for word in rest if "=" not in word]
        makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
        assert all(f"\n{target}:" in makefile for target in targets), words
    elif program == "pip":
        project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
        for word in rest:
            if "[" in word:
                extras = word.partition("[")[2].rstrip("]").split(",")
                assert all(f"\n{extra} = [" in project for extra in extras), words
    elif program in ("python", "python3"):
        if rest[:1] == ["-m"] and rest[1] not in ("venv", "pip"):
            assert importlib.util.find_spec(rest[1]), f"{words}: no such module"
    else:
        assert program in PROGRAMS, f"{words}: an unknown program; is it a command of this project?"


def is_here(module: str) -> bool:
    """Tell whether a module can be imported."""
    return module in sys.modules or importlib.util.find_spec(module) is not None
