"""The worked examples of ``docs/extending.md``, put into a copy of the library."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from docs_pages import PAGES, ROOT, blocks

from epic_features import ModelNotFound
from epic_features.text.tesseract import find_tessdata

BLOCKS = tuple(blocks(PAGES["docs/extending.md"]))
FILES = [block for block in BLOCKS if block.text.startswith("# epic_features/")]
CHANGES = [block for block in BLOCKS if block.language == "diff"]
TRIALS = [block for block in BLOCKS if block.language == "python" and block not in FILES]


def change(library: Path, text: str) -> None:
    """Replace the lines that go, with those around them, by the lines that come."""
    head, *lines = text.splitlines()
    path = library / head.removeprefix("+++ ")
    source = path.read_text(encoding="utf-8")
    for hunk in "\n".join(lines).split("\n@@\n"):
        old = "".join(f"{line[1:]}\n" for line in hunk.splitlines() if line[:1] != "+")
        new = "".join(f"{line[1:]}\n" for line in hunk.splitlines() if line[:1] != "-")
        assert source.count(old) == 1, (
            f"{head}: these lines are there {source.count(old)} times: {old}"
        )
        source = source.replace(old, new)
    path.write_text(source, encoding="utf-8")


@pytest.mark.parametrize("block", FILES, ids=lambda block: block.text.partition("\n")[0])
def test_an_example_is_short(block):
    assert len(block.text.splitlines()) < 40


def test_the_examples_run(whole_gallery, default_models, tmp_path):
    pytest.importorskip("tesserocr")
    try:
        find_tessdata()
    except ModelNotFound as error:
        pytest.skip(str(error))
    library = tmp_path / "library"
    shutil.copytree(ROOT / "epic_features", library / "epic_features")
    for block in FILES:
        (library / block.text.partition("\n")[0].removeprefix("# ")).write_text(block.text)
    for block in CHANGES:
        change(library, block.text)
    folder, drawings = whole_gallery
    for name, label in (
        ("picture.jpg", "fmemes"),
        ("portrait.jpg", "selfies"),
        ("arabic.jpg", "eSocialMedia"),
    ):
        drawing = next(drawing for drawing in drawings if drawing.label == label)
        shutil.copy(folder / drawing.path, tmp_path / name)
    done = subprocess.run(
        [sys.executable, "-c", "\n".join(block.text for block in TRIALS)],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(library)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert (len(FILES), len(TRIALS)) == (3, 3)
