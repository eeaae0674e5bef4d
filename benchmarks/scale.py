"""How a dump behaves as it grows: rows a second, memory, and what the ledger costs.

Run it by hand: ``python -m benchmarks.scale [--largest N] [-o FILE]``. The images are hard links to
pictures of one to twenty pixels and only their shape is computed, so that nearly all of the time is
the overhead that is to be measured. Every run is a process of its own, whose peak of memory counts.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import cv2
import pyarrow.parquet as pq
from PIL import Image

from benchmarks import machine
from epic_features import Extractor, Settings, dump
from epic_features.engines.inline import InlineEngine
from epic_features.sources import references

TINY = Settings(groups=("shape",))
WORK = Settings(groups=("shape", "colors"))
_extractor: Extractor | None = None


def make_tiny(folder: Path, count: int) -> Path:
    """Fill a folder with `count` links to 20 tiny pictures, a thousand in a subfolder."""
    kinds = []
    folder.mkdir(parents=True)
    for i in range(20):
        kinds.append(folder.parent / f"{folder.name}-{i}.png")
        Image.new("L", (i + 1, 1)).save(kinds[-1])
    for i in range(count):
        below = folder / f"{i // 1000:05d}"
        if i % 1000 == 0:
            below.mkdir()
        os.link(kinds[i % 20], below / f"IMG_{i:07d}.png")
    return folder


def make_link(original: Path, path: Path) -> None:
    """Hard-link a file, making its folder."""
    path.parent.mkdir(exist_ok=True)
    os.link(original, path)


def begin(settings: Settings) -> None:
    """Build the extractor of a pool's process."""
    global _extractor
    cv2.setNumThreads(1)
    _extractor = Extractor(settings)


def row(path: str) -> dict[str, Any]:
    """Compute a row in a pool's process."""
    assert _extractor is not None
    return _extractor.row(path)


def plain_pool(source: Path, out: Path, settings: Settings, workers: int) -> int:
    """Do what one would write without this library's engine: no ledger, all rows in memory."""
    extractor = Extractor(settings)
    paths = [reference.name for reference in references(source)]
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, context, begin, (settings,)) as pool:
        rows = list(pool.map(row, paths, chunksize=32))
    pq.write_table(extractor.table(rows), out)
    return len(rows)


def no_ledger(source: Path, settings: Settings) -> int:
    """Compute the rows in one process and forget them."""
    return sum(
        result.row is not None for result in InlineEngine().run(references(source), settings)
    )


def peak_memory() -> int:
    """Return the largest resident size so far of this process, in bytes."""
    # getrusage would count the process that started this one too.
    status = Path("/proc/self/status").read_text().splitlines()
    (line,) = [line for line in status if line.startswith("VmHWM:")]
    return int(line.split()[1]) * 1024


def one_run(kind: str, source: Path, out: Path, workers: int, work: bool) -> dict[str, float]:
    """Do one run in this process and measure it."""
    settings = WORK if work else TINY
    runs: dict[str, Callable[[], int]] = {
        "pool": lambda: plain_pool(source, out.with_suffix(".pool"), settings, workers),
        "no ledger": lambda: no_ledger(source, settings),
        "inline": lambda: dump(source, out, settings=settings, engine="inline").rows,
        "dump": lambda: dump(source, out, settings=settings, workers=workers).rows,
    }
    begun, cpu = time.perf_counter(), time.process_time()
    rows = runs[kind]()
    return {
        "rows": rows,
        "seconds": time.perf_counter() - begun,
        "cpu": time.process_time() - cpu,
        "peak": peak_memory(),
    }


def measured(kind: str, source: Path, out: Path, workers: int = 1, work: bool = False) -> Any:
    """Do one run in a process of its own."""
    request = json.dumps([kind, str(source), str(out), workers, work])
    command = [sys.executable, "-m", "benchmarks.scale", "--one", request]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    print(kind, source.name, workers, done.stdout.strip(), file=sys.stderr)
    return json.loads(done.stdout)


def by_workers(work: Path, pictures: Path, tiny: Path) -> str:
    """Compare dump and a plain pool on 1 and 2 workers."""
    lines = []
    for source, real in ((pictures, True), (tiny, False)):
        for kind in ("dump", "pool"):
            for workers in (1, 2):
                out = work / f"{kind}-{source.name}-{workers}"
                run = measured(kind, source, out, workers, real)
                name = "dump" if kind == "dump" else "plain ProcessPoolExecutor.map"
                what = "drawn, shape and colours" if real else "tiny, shape"
                rate = run["rows"] / run["seconds"]
                lines.append((what, run["rows"], name, workers, f"{rate:.1f}"))
    return machine.table(("images", "count", "engine", "workers", "rows/s"), lines)


def by_size(work: Path, sizes: list[int]) -> tuple[str, str]:
    """Measure speed, memory and ledger for growing inputs."""
    lines, peaks = [], {}
    for size in sizes:
        source = work / f"tiny{size}"
        out = work / f"out{size}"
        fresh = measured("dump", source, out, 2)
        again = measured("dump", source, out, 2)
        bare = measured("no ledger", source, out)
        inline = measured("inline", source, work / f"inline{size}")
        peaks[size] = (fresh["peak"], again["peak"])
        disk = sum(path.stat().st_size for path in out.glob("part-*.json"))
        lines.append(
            (
                f"{size:,}",
                f"{fresh['seconds']:.1f}",
                f"{size / fresh['seconds']:.0f}",
                f"{fresh['peak'] / 2**20:.0f}",
                f"{(inline['cpu'] - bare['cpu']) / size * 1000:.3f}",
                f"{again['seconds'] / size * 1000:.3f}",
                f"{again['peak'] / 2**20:.0f}",
                f"{disk / size:.0f}",
            )
        )
    header = ("images", "s", "rows/s", "peak MiB", "ledger ms/image", "resume ms/image")
    header += ("peak MiB of resuming", "record bytes/image")
    low, high = sizes[-2:]
    slopes = [(peaks[high][i] - peaks[low][i]) / (high - low) for i in range(2)]
    million = [peaks[high][i] + slopes[i] * (1_000_000 - high) for i in range(2)]
    note = (
        f"From {low:,} to {high:,} images the peak memory of the parent grows by {slopes[0]:.0f} "
        f"bytes an image in a fresh run and by {slopes[1]:.0f} in one that finds all done; by that "
        f"slope a million images take {million[0] / 2**20:.0f} and {million[1] / 2**20:.0f} MiB. "
        "Ledger: CPU of `dump` in the calling process less that of computing the same rows and "
        "forgetting them. Resuming: wall-clock of a call that finds all done, start included."
    )
    return machine.table(header, lines), note


def main() -> None:
    """Measure and write the report."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--one", help=argparse.SUPPRESS)
    parser.add_argument("--largest", type=int, default=100_000)
    parser.add_argument("-o", "--output", type=Path, default=Path("benchmarks/results/scale.md"))
    options = parser.parse_args()
    if options.one:
        kind, source, out, workers, real = json.loads(options.one)
        print(json.dumps(one_run(kind, Path(source), Path(out), workers, real)))
        return
    from examples.gallery import draw_gallery

    sizes = [size for size in (1_000, 10_000, 100_000, 1_000_000) if size <= options.largest]
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        for size in sizes:
            make_tiny(work / f"tiny{size}", size)
        draw_gallery(work / "drawn", count=60, seed=0)
        drawn = [Path(reference.name) for reference in references(work / "drawn")]
        for i in range(600):
            make_link(drawn[i % 60], work / "pictures" / f"{i:04d}{drawn[i % 60].suffix}")
        table, note = by_size(work, sizes)
        workers = by_workers(work, work / "pictures", work / f"tiny{min(sizes[-1], 10_000)}")
    machine.write(
        options.output,
        "Dumps of any size",
        "Hard links to pictures of 1 to 20 pixels, a thousand in a folder, only the shape.",
        table,
        note,
        workers,
    )


if __name__ == "__main__":
    main()
