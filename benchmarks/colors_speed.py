"""Dominant colours beside plain k-means on all pixels: time, cost and shares.

Run ``python benchmarks/colors_speed.py [IMAGES] [-o REPORT.md]``; needs ``../shared/data`` and, for
one of the columns, scikit-learn. Takes about four minutes: the reference is the best of 20 restarts
of ``cv2.kmeans`` on all pixels of every image.
"""

from __future__ import annotations

import argparse
import csv
import platform
import time
from collections.abc import Callable, Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from epic_features.color_counts import count_colors
from epic_features.colors import dominant_colors
from epic_features.image import decode
from epic_features.settings import Settings

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
K = 5
CRITERIA = (cv2.TERM_CRITERIA_EPS + cv2.TERM_CRITERIA_MAX_ITER, 100, 0.1)


def sample(n: int) -> Iterator[NDArray[np.uint8]]:
    """Decode `n` images, evenly spread over the classes and each class's files."""
    with (DATA / "manifest.csv").open(encoding="utf-8", newline="") as file:
        rows = sorted(csv.DictReader(file), key=lambda row: row["file"])
    classes = sorted({row["class"] for row in rows})
    for i in range(n):
        own = [row for row in rows if row["class"] == classes[i % len(classes)]]
        turn, turns = i // len(classes), -(-n // len(classes))
        path = DATA / own[turn * len(own) // turns]["file"]
        yield decode(path.read_bytes(), Settings()).pixels


def timed(function: Callable[[], Any], repeats: int = 1) -> tuple[float, Any]:
    """Return the median seconds of a call, and its result."""
    seconds = []
    for _ in range(repeats):
        start = time.perf_counter()
        result = function()
        seconds.append(time.perf_counter() - start)
    return float(np.median(seconds)), result


def assign(flat: NDArray[np.float32], centers: NDArray[Any]) -> tuple[float, NDArray[np.float64]]:
    """Return cost and shares of centres over all pixels."""
    wide = flat.astype(np.float64)
    squares = np.stack([((wide - c) ** 2).sum(axis=1) for c in centers.astype(np.float64)])
    shares = np.bincount(squares.argmin(axis=0), minlength=len(centers)) / len(flat)
    return float(squares.min(axis=0).sum()), shares


def measure(pixels: NDArray[np.uint8]) -> dict[str, float]:
    """Compare on one image."""
    flat = pixels.reshape(-1, 3).astype(np.float32)
    ours, palette = timed(lambda: dominant_colors(pixels, K), 5)

    def plain(attempts: int) -> NDArray[np.float32]:
        labels = np.empty((len(flat), 1), np.int32)
        found = cv2.kmeans(flat, K, labels, CRITERIA, attempts, cv2.KMEANS_PP_CENTERS)
        return np.asarray(found[2], np.float32)

    one, _ = timed(lambda: plain(1), 3)
    many, best = timed(lambda: plain(20))
    cost, shares = assign(flat, palette.centers)
    _, rounded = assign(flat, np.rint(palette.centers))
    best_cost, best_shares = assign(flat, best)
    result = {
        "megapixels": len(flat) / 1e6,
        "ours": ours,
        "cv2.kmeans, 1 start": one,
        "cv2.kmeans, 20 starts": many,
        "cost ratio": cost / best_cost if best_cost else 1.0,
        "share error": float(np.abs(shares - palette.shares).max()),
        "share change by rounding": float(np.abs(rounded - palette.shares).max()),
        "share difference": float(np.abs(palette.shares - np.sort(best_shares)[::-1]).max()),
    }
    try:
        from sklearn.cluster import KMeans  # type: ignore[import-untyped]
    except ImportError:
        return result
    fit = KMeans(K, n_init=1, random_state=0).fit
    return {**result, "sklearn KMeans, 1 start": timed(lambda: fit(flat))[0]}


def large() -> float:
    """Return the seconds for 12 megapixels: the most colourful picture enlarged, with noise."""
    photo = max(sample(20), key=lambda pixels: len(count_colors(pixels).counts))
    enlarged = np.asarray(cv2.resize(photo, (4000, 3000), interpolation=cv2.INTER_CUBIC), np.uint8)
    noise = np.random.default_rng(0).normal(0, 2, enlarged.shape).astype(np.int16)
    pixels = np.clip(enlarged + noise, 0, 255).astype(np.uint8)
    return timed(lambda: dominant_colors(pixels, K), 5)[0]


def report(rows: list[dict[str, float]]) -> str:
    """Write the results as Markdown."""
    column = {name: np.array([row[name] for row in rows]) for name in rows[0]}
    versions = ", ".join(f"{name} {version(name)}" for name in ("numpy", "opencv-python-headless"))
    lines = [
        "# Dominant colours beside plain k-means",
        "",
        f"{len(rows)} images, median {np.median(column['megapixels']):.2f} megapixels; one thread; "
        f"Python {platform.python_version()}, {versions}, {platform.machine()}.",
        "",
        "| method | median ms | median ms/megapixel | times ours |",
        "|---|---|---|---|",
    ]
    for name in [name for name in column if name == "ours" or "start" in name]:
        seconds = column[name]
        lines.append(
            f"| {name} | {np.median(seconds) * 1e3:.1f} "
            f"| {np.median(seconds / column['megapixels']) * 1e3:.1f} "
            f"| {np.median(seconds / column['ours']):.1f} |"
        )
    lines += ["", "| over the images | median | 95 % | worst |", "|---|---|---|---|"]
    names = ("cost ratio", "share error", "share change by rounding", "share difference")
    for name in names:
        middle, high, worst = np.percentile(column[name], [50, 95, 100])
        lines.append(f"| {name} | {middle:.5f} | {high:.5f} | {worst:.5f} |")
    lines += [
        "",
        "- cost ratio: sum of squares of ours / best of 20 restarts on all pixels (aim: 1.01)",
        "- share error: against assigning all pixels to our centres (aim: 0.005)",
        "- share change by rounding: if the centres were the rounded `#rrggbb`",
        "- share difference: against the shares of the best of 20 restarts, both in order of size",
        "",
        f"12 megapixels with noise: {large() * 1e3:.0f} ms.",
        "",
    ]
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("images", nargs="?", type=int, default=50)
    parser.add_argument("-o", "--output", type=Path)
    arguments = parser.parse_args()
    if not DATA.is_dir():
        parser.error(f"needs the images in {DATA}")
    cv2.setNumThreads(1)
    text = report([measure(pixels) for pixels in sample(arguments.images)])
    print(text)
    if arguments.output:
        arguments.output.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
