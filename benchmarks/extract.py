"""Where the time of a row goes, beside what its parts cost alone.

Run it by hand: ``python -m benchmarks.extract [SHARED] [--per-class N] [-o FILE]``. One thread, one
image at a time; every figure is CPU time of this process, so that other work on the machine
disturbs less.
"""

from __future__ import annotations

import argparse
import csv
import statistics
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import cv2

from benchmarks import machine
from epic_features import Extractor, Settings
from epic_features.image import Image, decode

Times = dict[str, list[float]]


def sample(shared: Path, per_class: int) -> list[Path]:
    """Return the first images of every class, spread over its source repositories."""
    classes: dict[str, dict[str, list[Path]]] = defaultdict(lambda: defaultdict(list))
    with (shared / "data" / "manifest.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            classes[row["class"]][row["source_repo"]].append(shared / "data" / row["file"])
    chosen = []
    for repositories in classes.values():
        taken = 0
        for turn in range(max(map(len, repositories.values()))):
            for paths in repositories.values():
                if turn < len(paths) and taken < per_class:
                    chosen.append(paths[turn])
                    taken += 1
    return chosen


@contextmanager
def clock(times: Times, name: str) -> Iterator[None]:
    """Append the CPU seconds of the block."""
    start = time.process_time()
    yield
    times[name].append(time.process_time() - start)


@contextmanager
def models_clocked(total: list[float]) -> Iterator[None]:
    """Add up the CPU seconds spent inside networks and Tesseract."""
    import onnxruntime
    import tesserocr

    def timed(function: Callable[..., Any]) -> Callable[..., Any]:
        def run(*args: Any, **options: Any) -> Any:
            start = time.process_time()
            try:
                return function(*args, **options)
            finally:
                total[0] += time.process_time() - start

        return run

    class TimedTesseract(tesserocr.PyTessBaseAPI):  # type: ignore[misc]
        GetUTF8Text = timed(tesserocr.PyTessBaseAPI.GetUTF8Text)

    class TimedNet:
        def __init__(self, net: Any) -> None:
            self.setInput = net.setInput
            self.forward = timed(net.forward)

    read_net, tesseract = cv2.dnn.readNetFromONNX, tesserocr.PyTessBaseAPI
    session_run = onnxruntime.InferenceSession.run
    onnxruntime.InferenceSession.run = timed(session_run)
    tesserocr.PyTessBaseAPI = TimedTesseract
    cv2.dnn.readNetFromONNX = lambda data: TimedNet(read_net(data))  # type: ignore[assignment]
    try:
        yield
    finally:
        onnxruntime.InferenceSession.run = session_run
        tesserocr.PyTessBaseAPI = tesseract
        cv2.dnn.readNetFromONNX = read_net


def plain_rapidocr() -> Callable[[Image], Any]:
    """RapidOCR as its documentation shows it, one thread."""
    from rapidocr import RapidOCR

    engine = RapidOCR(
        params={
            "Global.log_level": "error",
            "EngineConfig.onnxruntime.intra_op_num_threads": 1,
            "EngineConfig.onnxruntime.inter_op_num_threads": 1,
        }
    )
    return lambda image: engine(image.pixels[:, :, ::-1])


def measure(paths: list[Path]) -> tuple[Times, list[float]]:
    """Return the CPU seconds per image by part, and per row the share spent in models."""
    times: Times = defaultdict(list)
    inside = [0.0]
    rapid = plain_rapidocr()
    cv2.setNumThreads(1)
    with models_clocked(inside):
        extractor = Extractor(Settings())
        for path in paths[:2]:  # Models load on first use.
            rapid(extractor.load(path))
            extractor.row(path)
        shares = []
        for path in paths:
            data = path.read_bytes()
            with clock(times, "decode only"):
                image = decode(data, extractor.settings)
            with clock(times, "RapidOCR, defaults"):
                rapid(image)
            inside[0] = 0.0
            for stage in extractor.stages:
                with clock(times, f"stage {stage.group}"):
                    stage(image)
            times["models inside the stages"].append(inside[0])
            inside[0] = 0.0
            with clock(times, "full row"):
                extractor.row(path)
            shares.append(times["full row"][-1] / max(inside[0], 1e-9))
    return times, shares


def main() -> None:
    """Measure and write the report."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("shared", nargs="?", type=Path, default=Path("../shared"))
    parser.add_argument("--per-class", type=int, default=6)
    parser.add_argument("-o", "--output", type=Path, default=Path("benchmarks/results/extract.md"))
    options = parser.parse_args()
    paths = sample(options.shared, options.per_class)
    times, shares = measure(paths)
    full = statistics.fmean(times["full row"])
    rows = [
        (
            name,
            f"{statistics.median(values) * 1000:.1f}",
            f"{statistics.fmean(values) * 1000:.1f}",
            f"{statistics.fmean(values) / full:.3f}",
        )
        for name, values in times.items()
    ]
    inside = statistics.fmean(times["models inside the stages"])
    machine.write(
        options.output,
        "Cost of a row",
        f"{len(paths)} images, {options.per_class} of each class of the shared data, one thread; "
        "CPU milliseconds an image. The face stage is CenterFace alone and the text stage its "
        "detector and recognisers with layout and words.",
        machine.table(("part", "median ms", "mean ms", "of the full row"), rows),
        f"Full row: {full:.3f} core-seconds an image, {full / inside:.3f} times the time inside "
        f"the models (detector + recognisers + faces); median over images "
        f"{statistics.median(shares):.3f}.",
    )


if __name__ == "__main__":
    main()
