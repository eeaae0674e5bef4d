"""Every code block of the documentation does what it says."""

from __future__ import annotations

import functools
import hashlib
import json
import re
import shutil
from collections import Counter
from pathlib import Path

import matplotlib
import numpy as np
import pytest
from docs_pages import PAGES, blocks, inline_commands
from docs_workplace import Workplace, is_here, parse
from PIL import Image as PILImage
from PIL import ImageOps
from webdav_server import FaultyServer

from epic_features import Settings, dumping, extract, extractor
from epic_features.engines.inline import InlineEngine
from epic_features.text.pipeline import LineByLineReader
from epic_gallery import sorting

CLASSES = ("selfies", "personalPhotos", "fmemes", "fTxtMssgs", "ememes")
OF_EACH = 2
SIDE = 360  # pixels; small pictures are looked at in a moment
RUN_ELSEWHERE = "docs/extending.md"  # in a copy of the library: test_docs_extending.py


@pytest.fixture(scope="module")
def pictures(whole_gallery, tmp_path_factory) -> Path:
    """The drawn gallery with small pictures."""
    folder, drawings = whole_gallery
    small = tmp_path_factory.mktemp("docs") / "pictures"
    taken = Counter()
    for number, drawing in enumerate(drawings):
        taken[drawing.label] += 1
        if drawing.label not in CLASSES or taken[drawing.label] > OF_EACH:
            continue
        with PILImage.open(folder / drawing.path) as picture:
            upright = ImageOps.exif_transpose(picture).convert("RGB")
        upright.thumbnail((SIDE, SIDE))
        (small / drawing.label).mkdir(parents=True, exist_ok=True)
        upright.save(small / drawing.label / f"{number}.jpg")
        if drawing.label == "ememes":
            upright.save(small / "ememes/again.jpg", quality=80)  # A copy to be found.
    return small


@pytest.fixture(scope="module")
def phone(pictures, tmp_path_factory):
    """Where a WebDAV server listens that has the storage of a phone."""
    storage = tmp_path_factory.mktemp("phone")
    shutil.copytree(pictures, storage / "DCIM" / "Camera")
    sent = storage / "WhatsApp/Media/WhatsApp Images"
    for label in ("ememes", "fTxtMssgs"):
        shutil.copytree(pictures / label, sent, dirs_exist_ok=True)
    server = FaultyServer(storage, writable=True)
    yield server.host
    server.stop()


@pytest.fixture(scope="module", autouse=True)
def _read_once():
    """Read each picture once, however many blocks look at it, and in this process."""
    with pytest.MonkeyPatch.context() as patch:
        seen: dict[object, object] = {}
        read = LineByLineReader.read

        def reading(self, image):
            key = (self.backends, self._budget, hashlib.sha256(image.pixels).digest())
            if key not in seen:
                seen[key] = read(self, image)
            return seen[key]

        patch.setattr(LineByLineReader, "read", reading)
        # Networks take time to open; settings are frozen, so they can be shared.
        build, built = extractor.build_stages, {}
        patch.setattr(extractor, "build_stages", lambda settings, _=None: build(settings, built))
        patch.setattr(dumping, "make_engine", lambda *_, **__: InlineEngine())
        patch.setattr(
            sorting,
            "_engine",
            lambda _name, cascade, *_: InlineEngine(
                functools.partial(sorting._Sorter, cascade.steps)
            ),
        )
        yield


@pytest.fixture
def workplace(pictures, phone, tmp_path, monkeypatch, default_models, lightgbm) -> Workplace:
    from epic_features import models

    # What takes long to fetch or to build is not begun anew in the new home.
    monkeypatch.setenv("EPIC_MODEL_DIR", str(models.cache_dir(None)))
    monkeypatch.setenv("MPLCONFIGDIR", matplotlib.get_cachedir())
    random = np.random.default_rng(0)
    noise = random.integers(0, 256, (2, 40, 60, 3), np.uint8)
    paths = sorted(pictures.rglob("*.jpg"))
    names = {
        "pixels": lambda: noise[0],
        "more_pixels": lambda: noise[1],
        "data": lambda: next(pictures.glob("selfies/*")).read_bytes(),
        "paths": lambda: paths,
        "labels": lambda: [path.parent.name for path in paths],
        "albums": lambda: [number % 5 for number in range(len(paths))],
        "table": lambda: extract("my-pictures", settings=Settings(embedding="backbones")),
    }
    place = Workplace(tmp_path, pictures, phone, names)
    place.enter(monkeypatch)
    return place


@pytest.mark.parametrize("page", [page for page in PAGES if page != RUN_ELSEWHERE])
def test_blocks_run(page, workplace, monkeypatch):
    for block in blocks(PAGES[page]):
        if block.language == "python" and (block.needs is None or is_here(block.needs)):
            workplace.python(block, page)
        elif block.language == "sh":
            workplace.shell(block, monkeypatch)
        elif block.language == "json":
            for line in re.split(r"\n(?=\{)", block.text):
                json.loads(re.sub(r",\s*…", "", line))


@pytest.mark.parametrize("page", PAGES)
def test_every_block_says_its_language(page):
    for block in blocks(PAGES[page]):
        if not block.language:
            first = block.text.split(maxsplit=1)[0]
            assert first not in ("epic", "make", "pip", "python", ">>>"), f"{page}:{block.line}"
        else:
            assert block.language in ("python", "sh", "json", "diff", "text"), block.language


@pytest.mark.parametrize("page", PAGES)
def test_commands_in_the_text_are_known(page):
    """Commands in running text are short for something; what is there must be known."""
    for words in inline_commands(PAGES[page]):
        check(words[1:], page)


def check(words, page):
    import typer

    from epic_gallery.cli import app

    command = typer.main.get_command(app)
    while words and hasattr(command, "commands") and words[0] in command.commands:
        command, words = command.commands[words[0]], words[1:]
    if hasattr(command, "commands") and "now" in command.commands:
        command = command.commands["now"]
    known = {name for option in command.params for name in (*option.opts, *option.secondary_opts)}
    assert not hasattr(command, "commands") or not words or words[0].startswith(("-", "…")), words
    unknown = [word for word in words if word.startswith("-") and word not in known]
    assert not unknown, f"{page}: {words}"


def test_an_unknown_option_is_noticed():
    with pytest.raises(AssertionError, match="no-such"):
        parse(["extract", "gallery", "-o", "x.parquet", "--no-such"])
