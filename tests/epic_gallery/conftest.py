"""Stand-in models and a gallery to sort."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from stand_ins import train, write_features
from tree_of_files import fill

from epic_gallery.cli import main

ODD = (
    "صورة الجروب ٢٠٢٤.jpg",
    "Sent/😀 family 👨‍👩‍👧.jpg",
    "Sent/" + "x" * 251 + ".jpg",
    "Sent/[1] 100%.jpg",
)


@pytest.fixture(scope="session")
def models(tmp_path_factory, lightgbm) -> Path:
    """A folder with the models personal and whatsapp."""
    folder = tmp_path_factory.mktemp("models")
    train(folder)
    return folder


@pytest.fixture
def kinds() -> dict[str, str]:
    """What is in the gallery."""
    found = {f"IMG-{n:02d}.jpg": ("photo", "screenshot", "notes")[n % 3] for n in range(24)}
    found.update({name: ("screenshot", "photo")[n % 2] for n, name in enumerate(ODD)})
    # The same name twice, and one that is taken where it goes.
    found.update({"Sent/IMG-01.jpg": "screenshot", "screenshots/IMG-04.jpg": "photo"})
    return found


@pytest.fixture
def folder(tmp_path, kinds) -> Path:
    """The gallery; its pictures are none, because only their features are looked at."""
    root = tmp_path / "gallery"
    fill(root, {name: f"bytes of {name}".encode() for name in kinds})
    return root


@pytest.fixture
def features(tmp_path, kinds) -> Path:
    return write_features(kinds, tmp_path / "features.parquet")


@pytest.fixture
def epic(monkeypatch, capsys):
    """Return a function that runs ``epic`` and returns its exit code and what it printed."""

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["epic", *map(str, arguments)])
        monkeypatch.setenv("COLUMNS", "200")
        try:
            main()
            code = 0
        except SystemExit as error:
            code = error.code or 0
        out, err = capsys.readouterr()
        return code, out, err

    return run
