"""How the cost of a row grows with pixels, lines and processes; memory and the first row."""

from __future__ import annotations

import io
import json
import random
import statistics
import subprocess
import sys
import time
from functools import partial
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image as PILImage
from PIL import ImageDraw, ImageFont

from benchmarks import machine
from benchmarks.sampling import load_words, sample
from epic_features import Extractor, Settings
from epic_features.engines.processes import ProcessEngine
from epic_features.image import decode
from epic_features.sources import references

_MEGAPIXELS = (0.3, 1, 3, 12)
_LINES = (0, 1, 5, 20, 50)
_ROUNDS = 3
_GROUPS = ("core", "cartoon", "quality", "texture")
_MANY = 6
"""Pictures of a class where memory and workers are measured."""
_MEASURED = {
    "core": Settings(),
    "core, cartoon, quality, texture": Settings(groups=_GROUPS),
    "all that the shipped models need": Settings(
        groups=(*_GROUPS, "layout", "writing"), embedding="backbones"
    ),
}
# Prints seconds, CPU seconds and MiB: after the first row, and after all of them.
_ONE = """
import time
begun = time.perf_counter()
import json, sys
from pathlib import Path
from epic_features import Extractor, Settings
settings = Settings.from_record(json.loads(sys.argv[1]))
def state():
    lines = Path("/proc/self/status").read_text().splitlines()
    peak = next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:"))
    return time.perf_counter() - begun, time.process_time(), peak / 1024
extractor = Extractor(settings)
extractor.row(sys.argv[2])
first = state()
for path in sys.argv[3:]:
    extractor.row(path)
print(json.dumps([first, state()]))
"""


def by_pixels(photo: Path) -> str:
    """Enlarge a photo with noise, as a camera would have taken it."""
    extractor = Extractor(Settings(groups=_GROUPS))
    base = decode(photo.read_bytes(), extractor.settings).pixels
    rows = []
    for size in _MEGAPIXELS:
        data = _jpeg(_enlarged(base, size))
        found: dict[str, list[float]] = {}
        for _ in range(_ROUNDS):
            image = _timed(found, "decode", partial(decode, data, extractor.settings))
            for stage in extractor.stages:
                _timed(found, stage.group, partial(stage, image))
        medians = {name: statistics.median(values) for name, values in found.items()}
        tier = sum(medians[name] for name in ("shape", "cartoon", "quality", "texture"))
        shown = ("decode", *(stage.group for stage in extractor.stages))
        cells = (f"{1000 * medians[name]:.0f}" for name in shown)
        rows.append((f"{size:g}", *cells, f"{1000 * tier:.0f}"))
    header = ("megapixels", "decode", *(stage.group for stage in extractor.stages), "pixel tier")
    return machine.table(header, rows)


def by_lines() -> str:
    """Draw pages of ever more lines."""
    settings = {
        name: Extractor(Settings(groups=("text",), text=name, arabic="none"))
        for name in ("full", "budget:12", "counts")
    }
    rows = []
    for count in _LINES:
        page = _page(count)
        cells = []
        for extractor in settings.values():
            found: dict[str, list[float]] = {}
            for _ in range(_ROUNDS):
                _timed(found, "row", partial(extractor.row, page))
            cells.append(f"{1000 * statistics.median(found['row']):.0f}")
        rows.append((count, *cells))
    return machine.table(("lines", *(f'text="{name}"' for name in settings)), rows)


def first_rows(paths: list[Path]) -> str:
    """Measure from the start of Python to the row, in a new process for each picture."""
    rows = []
    for path in paths:
        (wall, cpu, _), _ = _alone(Settings(), [path])
        rows.append((path.parent.name, f"{wall:.2f}", f"{cpu:.2f}"))
    middle = [f"{statistics.median(float(row[k]) for row in rows):.2f}" for k in (1, 2)]
    return machine.table(("class", "s to the row", "CPU s"), [*rows, ("median", *middle)])


def memory(paths: list[Path]) -> str:
    """Measure the most memory of one process that makes all rows."""
    rows = []
    for name, settings in _MEASURED.items():
        _, (_, _, peak) = _alone(settings, paths)
        rows.append((name, f"{peak * 1.048576:.0f}"))
    return machine.table(("groups", "MB at the most"), rows)


def _alone(settings: Settings, paths: list[Path]) -> Any:
    record = json.dumps(settings.to_dict())
    command = [sys.executable, "-c", _ONE, record, *map(str, paths)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    return json.loads(done.stdout)


def workers(paths: list[Path]) -> str:
    """Compare one and two worker processes by the wall clock, in turn."""
    rates: dict[int, list[float]] = {1: [], 2: []}
    # Has every worker load its networks and lists.
    warming = [path for path in paths if path.parent.name == "fTxtMssgs"][:1] * 6
    for _ in range(_ROUNDS):
        for count, found in rates.items():
            files = [str(path) for path in [*warming, *paths]]
            rows = ProcessEngine(count, 600).run(references(files), Settings())
            for _ in range(len(warming)):
                next(rows)
            begun = time.perf_counter()
            for _ in rows:
                pass
            found.append(len(paths) / (time.perf_counter() - begun))
    medians = {count: statistics.median(found) for count, found in rates.items()}
    cells = [(n, f"{rate:.2f}", f"{rate / medians[1]:.2f}") for n, rate in medians.items()]
    return machine.table(("workers", "images/s", "of one"), cells)


def report(shared: Path, per_class: int) -> str:
    """Measure and return the section as Markdown."""
    cv2.setNumThreads(1)
    load_words()
    paths = [path.absolute() for path in sample(shared, per_class)]
    many = [path.absolute() for path in sample(shared, _MANY)]
    random.Random(0).shuffle(many)  # The costliest class would come first.
    photos = [path for path in paths if path.parent.name == "personalPhotos"]
    return "\n\n".join(
        [
            "## How the cost grows",
            "With the pixels of a photo (enlarged, with noise), CPU milliseconds by group:",
            by_pixels(photos[0]),
            "With the lines of a page of 900 x 1,600 px, CPU milliseconds of the text group:",
            by_lines(),
            "From the start of Python to the first row, one picture of each class:",
            first_rows(paths),
            f"One process that makes the rows of {len(many)} pictures:",
            memory(many),
            f"Worker processes and the same {len(many)} pictures, images a second by the wall "
            f"clock, the start left out, medians of {_ROUNDS} rounds:",
            workers(many),
        ]
    )


def _timed(found: dict[str, list[float]], name: str, work: Any) -> Any:
    start = time.process_time()
    result = work()
    found.setdefault(name, []).append(time.process_time() - start)
    return result


def _enlarged(pixels: NDArray[np.uint8], megapixels: float) -> NDArray[np.uint8]:
    factor = (megapixels * 1e6 / (pixels.shape[0] * pixels.shape[1])) ** 0.5
    large = cv2.resize(pixels, None, fx=factor, fy=factor, interpolation=cv2.INTER_CUBIC)
    noise = np.random.default_rng(0).normal(0, 2, large.shape).astype(np.int16)
    return np.clip(large + noise, 0, 255).astype(np.uint8)


def _jpeg(pixels: NDArray[np.uint8]) -> bytes:
    buffer = io.BytesIO()
    PILImage.fromarray(pixels).save(buffer, "JPEG", quality=90)
    return buffer.getvalue()


def _page(lines: int) -> NDArray[np.uint8]:
    page = PILImage.new("RGB", (900, 1600), "white")
    draw = ImageDraw.Draw(page)
    font = ImageFont.load_default(18)
    for number in range(lines):
        draw.text((40, 20 + 26 * number), f"Line {number} says what a line says", "black", font)
    return np.asarray(page)
