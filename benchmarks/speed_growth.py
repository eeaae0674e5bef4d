"""How the cost of a row grows with pixels, lines and processes; memory and the first row."""

from __future__ import annotations

import io
import json
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
_ROUNDS = 2
_GROUPS = ("core", "cartoon", "quality", "texture")
# Prints seconds, CPU seconds and MiB: after the first row, and after all of them.
_ONE = """
import time
begun = time.perf_counter()
import json, sys
from pathlib import Path
from epic_features import Extractor, Settings
settings = Settings(groups=tuple(sys.argv[1].split(",")))
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


def processes(paths: list[Path]) -> str:
    """Measure the first row, the memory, and what a second worker adds."""
    rows = []
    for groups in (("core",), _GROUPS):
        command = [sys.executable, "-c", _ONE, ",".join(groups), *map(str, paths)]
        done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
        (wall, cpu, _), (_, _, peak) = json.loads(done.stdout)
        rows.append((",".join(groups), f"{wall:.1f}", f"{cpu:.1f}", f"{peak:.0f}"))
    header = ("groups", "s to the first row", "CPU s to it", "peak MiB")
    return machine.table(header, rows)


def workers(paths: list[Path]) -> str:
    """Compare one and two worker processes by the wall clock, in turn."""
    rates: dict[int, list[float]] = {1: [], 2: []}
    for _ in range(_ROUNDS):
        for count, found in rates.items():
            run = ProcessEngine(count, 600).run(references([str(p) for p in paths]), Settings())
            begun, done = 0.0, 0
            for _ in run:
                done += 1
                if done == 2 * count:  # By then every worker has loaded its models.
                    begun, skipped = time.perf_counter(), done
            found.append((done - skipped) / (time.perf_counter() - begun))
    medians = {count: statistics.median(found) for count, found in rates.items()}
    rows = [(count, f"{rate:.2f}", f"{rate / medians[1]:.2f}") for count, rate in medians.items()]
    return machine.table(("workers", "images/s", "of one"), rows)


def report(shared: Path, per_class: int) -> str:
    """Measure and return the section as Markdown."""
    cv2.setNumThreads(1)
    load_words()
    paths = [path.absolute() for path in sample(shared, per_class)]
    photos = [path for path in paths if path.parent.name == "personalPhotos"]
    return "\n\n".join(
        [
            "## How the cost grows",
            "With the pixels of a photo (enlarged, with noise), CPU milliseconds by group:",
            by_pixels(photos[0]),
            "With the lines of a page of 900 x 1,600 px, CPU milliseconds of the text group:",
            by_lines(),
            f"One process: from the start of Python to the first row, and the most memory after "
            f"{len(paths)} images.",
            processes(paths),
            "Worker processes, images a second by the wall clock, the start left out:",
            workers(paths),
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
