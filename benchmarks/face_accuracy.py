"""How well the face detectors count, on images counted by eye.

Run it as ``python benchmarks/face_accuracy.py [DETECTOR ...]``; it reads ``../shared/gold/faces``.

`counts.csv` gives one label per image: a number is compared exactly; ``>10``, ``10+`` or ``more
than 10`` asks for more than that number; ``ambiguous`` (people turned away, faces on posters,
statues, tiny faces in a crowd) is left out of the counts but kept in the area and the time.
"""

from __future__ import annotations

import argparse
import csv
import re
import statistics
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from epic_features.faces import build_detector
from epic_features.faces.stage import face_columns
from epic_features.image import decode
from epic_features.settings import Settings

SHARED = Path(__file__).resolve().parents[2] / "shared"
MORE = re.compile(r"(?:>|more than )\s*(\d+)|(\d+)\s*\+")


@dataclass(frozen=True)
class Label:
    """What is known about the number of faces: at least and at most, or nothing."""

    least: int
    most: int | None

    def accepts(self, count: int) -> bool:
        """Return whether a detector that found `count` faces is right."""
        return self.least <= count and (self.most is None or count <= self.most)


def parse_label(text: str) -> Label | None:
    """Return the label of one row of `counts.csv`; None for ``ambiguous``."""
    text = text.strip().lower()
    if text == "ambiguous":
        return None
    if more := MORE.fullmatch(text):
        return Label(int(more[1] or more[2]) + 1, None)
    return Label(int(text), int(text))


def settings_for(shared: Path, detector_name: str) -> Settings:
    """Return settings under which the detector finds its model, YuNet's in `shared` if need be."""
    model_dir = str(shared / "models") if detector_name == "yunet" else None
    return Settings(faces=detector_name, model_dir=model_dir)


def measure(shared: Path, detector_name: str) -> dict[str, Any]:
    """Run a detector over the labelled images.

    Returns
    -------
    dict
        ``images``, ``labelled``, ``exact`` (share of the labelled images whose count is right),
        ``misses`` (file, wanted, found), ``negatives`` and ``false_positives`` (images without a
        face, and how many of them got one), ``area_ratio`` (mean `faces_to_image_ratio`),
        ``area_ratios`` (by file, for comparing detectors) and ``ms`` (median per image, detection
        only).
    """
    folder = shared / "gold" / "faces"
    settings = settings_for(shared, detector_name)
    detector = build_detector(settings)
    misses: list[tuple[str, str, int]] = []
    labelled = negatives = false_positives = 0
    ratios: dict[str, float] = {}
    times: list[float] = []
    with (folder / "counts.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        image = decode((folder / row["file"]).read_bytes(), settings, name=row["file"])
        start = time.perf_counter()
        faces = detector.detect(image)
        times.append(time.perf_counter() - start)
        ratios[row["file"]] = float(face_columns(faces, image)["faces_to_image_ratio"])
        label = parse_label(row["true_faces"])
        if label is None:
            continue
        labelled += 1
        if not label.accepts(len(faces)):
            misses.append((row["file"], row["true_faces"], len(faces)))
        if label.most == 0:
            negatives += 1
            false_positives += bool(faces)
    return {
        "detector": detector_name,
        "images": len(rows),
        "labelled": labelled,
        "exact": 1 - len(misses) / labelled,
        "misses": misses,
        "negatives": negatives,
        "false_positives": false_positives,
        "area_ratio": statistics.fmean(ratios.values()),
        "area_ratios": ratios,
        # The first image also pays for loading the model.
        "ms": statistics.median(times[1:]) * 1000,
    }


def area_difference(one: dict[str, Any], other: dict[str, Any]) -> tuple[float, float]:
    """Compare the areas of two measurements.

    Returns
    -------
    of_means : float
        Difference of the mean area ratios: the bias.
    mean_absolute : float
        Mean over the images of the absolute difference: bias and noise.
    """
    pairs = [(ratio, other["area_ratios"][file]) for file, ratio in one["area_ratios"].items()]
    return (
        abs(one["area_ratio"] - other["area_ratio"]),
        statistics.fmean(abs(a - b) for a, b in pairs),
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("detectors", nargs="*", default=["centerface", "yunet"])
    names = parser.parse_args().detectors
    if not SHARED.is_dir():
        print(f"needs the labelled images in {SHARED}", file=sys.stderr)
        return 1
    results = [measure(SHARED, name) for name in names]
    print("| detector | exact count | false positives | mean face area | ms an image |")
    print("|---|---|---|---|---|")
    for result in results:
        print(
            f"| {result['detector']} | {result['exact']:.3f} of {result['labelled']} "
            f"| {result['false_positives']} of {result['negatives']} "
            f"| {result['area_ratio']:.4f} | {result['ms']:.0f} |"
        )
    for result in results:
        for file, wanted, found in result["misses"]:
            print(f"- {result['detector']}: {file} has {wanted}, found {found}")
    if len(results) == 2:
        of_means, mean_absolute = area_difference(*results)
        print(f"- area: means differ by {of_means:.4f}, images by {mean_absolute:.4f} on average")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
