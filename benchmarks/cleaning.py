"""Precision and recall of the finders on real images with planted faults, beside other tools.

Run it by hand: ``python -m benchmarks.cleaning [SHARED] [--features FILE] [--peers PYTHON]``; it
takes some minutes, most of them for the features that doubtful labels are judged by.

CleanVision and imagededup are measured on the same folder when PYTHON is an environment that holds
them (``python -m venv DIR; DIR/bin/pip install cleanvision imagededup``); else they are left out.
"""

from __future__ import annotations

import argparse
import csv
import io
import json
import random
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from PIL import Image as PILImage

from benchmarks import machine
from benchmarks.cleaning_faults import DEVELOPMENT, REPORTED, SIGNS, placeholder
from epic_features import Settings, dump
from epic_features.cleaning.corrupt import find_corrupt
from epic_features.cleaning.duplicates import DISTANCE, find_duplicates
from epic_features.cleaning.hashing import as_numbers, near_pairs
from epic_features.cleaning.label_errors import label_doubt
from epic_features.cleaning.placeholders import find_placeholders
from epic_features.frame import to_pandas

PEERS = Path("/tmp/venv-cleaning/bin/python")
# Scale, format and quality of the planted copies.
RECIPES: dict[str, tuple[float, str, int]] = {
    "JPEG quality 30": (1.0, "JPEG", 30),
    "half size, JPEG 75": (0.5, "JPEG", 75),
    "quarter size, JPEG 70": (0.25, "JPEG", 70),
    "0.8 size, WebP 50": (0.8, "WEBP", 50),
    "two thirds, PNG": (0.67, "PNG", 0),
    "1.5 times, JPEG 85": (1.5, "JPEG", 85),
    "same bytes": (0.0, "", 0),
}
CROPS = {"2 % cropped": 0.02, "5 % cropped": 0.05}
SUFFIXES = {"JPEG": ".jpg", "WEBP": ".webp", "PNG": ".png"}


@dataclass
class Planted:
    """What was planted: paths below the folder."""

    copies: dict[str, list[tuple[str, str]]] = field(default_factory=dict)
    crops: dict[str, list[tuple[str, str]]] = field(default_factory=dict)
    corrupt: dict[str, list[str]] = field(default_factory=dict)
    placeholders: dict[str, list[str]] = field(default_factory=dict)


def manifest(shared: Path, folds: Iterable[int]) -> list[dict[str, str]]:
    """Return the rows of the data set's manifest that lie in some folds."""
    wanted = {str(fold) for fold in folds}
    with (shared / "data" / "manifest.csv").open(encoding="utf-8") as file:
        return [row for row in csv.DictReader(file) if row["fold"] in wanted]


def plant(shared: Path, folds: Iterable[int], phrases: Iterable[str], folder: Path) -> Planted:
    """Copy the images of some folds into a folder and plant faults among them."""
    rng = random.Random(0)
    files = [row["file"] for row in manifest(shared, folds)]
    classes = sorted({name.split("/")[0] for name in files})
    for name in files:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(shared / "data" / name, folder / name)
    planted = Planted()
    rng.shuffle(files)
    sources = iter(files)
    for recipe in RECIPES:
        pairs = planted.copies.setdefault(recipe, [])
        for _ in range(30):
            name = next(sources)
            # One copy in three lies in another class: a leak.
            label = rng.choice(classes) if rng.random() < 1 / 3 else name.split("/")[0]
            pairs.append((name, _copy(folder, name, label, recipe, rng)))
    for crop, share in CROPS.items():
        pairs = planted.crops.setdefault(crop, [])
        for _ in range(30):
            name = next(sources)
            pairs.append((name, _crop(folder, name, share, rng)))
    for kind in ("truncated", "zero-filled", "empty", "HTML", "LFS pointer", "wrong extension"):
        spoiled = planted.corrupt.setdefault(kind, [])
        for _ in range(20):
            spoiled.append(_spoil(folder, next(sources), kind, rng))
    for style, words, signs in (
        ("text", phrases, (None, *SIGNS)),
        ("sign only", [None] * 18, SIGNS),
    ):
        drawn = planted.placeholders.setdefault(style, [])
        for text in words:
            for _ in range(3):
                sign = rng.choice(signs) if signs[0] or rng.random() < 0.5 else None
                kind = rng.choice(list(SUFFIXES))
                name = f"{rng.choice(classes)}/{rng.getrandbits(48):012x}{SUFFIXES[kind]}"
                picture = placeholder(text, sign, rng)
                picture.save(folder / name, kind, quality=rng.randint(30, 90))
                drawn.append(name)
    return planted


def _copy(folder: Path, name: str, label: str, recipe: str, rng: random.Random) -> str:
    scale, kind, quality = RECIPES[recipe]
    stem = f"{label}/{rng.getrandbits(48):012x}"
    if not kind:
        shutil.copy(folder / name, folder / f"{stem}.jpg")
        return f"{stem}.jpg"
    picture = PILImage.open(folder / name).convert("RGB")
    size = (max(1, round(picture.width * scale)), max(1, round(picture.height * scale)))
    filters = (PILImage.Resampling.BILINEAR, PILImage.Resampling.LANCZOS)
    picture = picture.resize(size, rng.choice(filters))
    picture.save(folder / f"{stem}{SUFFIXES[kind]}", kind, quality=quality)
    return f"{stem}{SUFFIXES[kind]}"


def _crop(folder: Path, name: str, share: float, rng: random.Random) -> str:
    picture = PILImage.open(folder / name).convert("RGB")
    width, height = picture.size
    box = (round(width * share), round(height * share), width - 1, height - 1)
    copy = f"{name.split('/')[0]}/{rng.getrandbits(48):012x}.jpg"
    picture.crop(box).save(folder / copy, quality=85)
    return copy


def _spoil(folder: Path, name: str, kind: str, rng: random.Random) -> str:
    """Spoil a file in its place; return its name, which may be new."""
    path = folder / name
    data = path.read_bytes()
    kept = int(len(data) * rng.uniform(0.3, 0.95))
    if kind == "wrong extension":
        content, suffix = rng.choice([("PNG", ".jpg"), ("WEBP", ".jpg"), ("JPEG", ".png")])
        buffer = io.BytesIO()
        PILImage.open(path).convert("RGB").save(buffer, content)
        path.unlink()
        path = path.with_suffix(suffix)
        path.write_bytes(buffer.getvalue())
        return path.relative_to(folder).as_posix()
    path.write_bytes(
        {
            "truncated": data[:kept],
            "zero-filled": data[:kept] + bytes(len(data) - kept),
            "empty": b"",
            "HTML": b"<!DOCTYPE html>\n<html><body><h1>404 Not Found</h1></body></html>\n",
            "LFS pointer": b"version https://git-lfs.github.com/spec/v1\noid sha256:" + b"0" * 64,
        }[kind]
    )
    return name


def grouped_pairs(found: pd.DataFrame) -> set[tuple[str, str]]:
    """Return the pairs of paths that are in one group."""
    groups = (sorted(part["path"]) for _, part in found.groupby("group"))
    return {pair for group in groups for pair in combinations(group, 2)}


def scored_pairs(planted: Planted, found: set[tuple[str, str]]) -> dict[str, Any]:
    """Score reported pairs; crops and pairs of placeholders count as neither right nor wrong."""
    copies = {tuple(sorted(pair)) for pairs in planted.copies.values() for pair in pairs}
    crops = {tuple(sorted(pair)) for pairs in planted.crops.values() for pair in pairs}
    drawn = {name for names in planted.placeholders.values() for name in names}
    judged = {pair for pair in found - crops if not drawn.issuperset(pair)}
    recalls = {
        recipe: np.mean([tuple(sorted(pair)) in found for pair in pairs])
        for recipe, pairs in (planted.copies | planted.crops).items()
    }
    return {
        "recall": len(copies & judged) / len(copies),
        "precision": len(copies & judged) / max(1, len(judged)),
        "false": sorted(judged - copies),
        **recalls,
    }


def duplicate_rows(name: str, planted: Planted, found: set[tuple[str, str]], seconds: float) -> Any:
    scores = scored_pairs(planted, found)
    for pair in scores["false"][:100]:
        print(f"{name}: not planted: {pair}")
    kinds = [f"{scores[kind]:.2f}" for kind in (*RECIPES, *CROPS)]
    return (
        name,
        f"{scores['recall']:.3f}",
        f"{scores['precision']:.3f}",
        len(scores["false"]),
        *kinds,
        f"{seconds:.0f} s",
    )


def run_peers(python: Path, folder: Path) -> dict[str, dict[str, Any]]:
    """Run the other tools on a folder; nothing when they are not there."""
    if not python.exists():
        print(f"CleanVision and imagededup are left out: there is no {python}")
        return {}
    out = folder.with_suffix(".json")
    script = Path(__file__).with_name("cleaning_peers.py")
    subprocess.run([python, script, folder, out], check=True, capture_output=True)
    results: dict[str, dict[str, Any]] = json.loads(out.read_text())
    return results


def corrupt_rows(planted: Planted, found: pd.DataFrame) -> list[tuple[object, ...]]:
    kinds = found.set_index("path")["kind"].to_dict()
    rows: list[tuple[object, ...]] = []
    for kind, names in planted.corrupt.items():
        right = "wrong_extension" if kind == "wrong extension" else None
        hits = sum(kinds.get(n) == right if right else kinds.get(n) is not None for n in names)
        rows.append((kind, f"{hits / len(names):.3f}", len(names)))
    spoiled = {name for names in planted.corrupt.values() for name in names}
    rows.append(("good files reported", len(set(kinds) - spoiled), ""))
    return rows


def placeholder_row(name: str, planted: Planted, found: set[str]) -> tuple[object, ...]:
    drawn = {path for paths in planted.placeholders.values() for path in paths}
    spoiled = {path for paths in planted.corrupt.values() for path in paths}
    judged = found - spoiled
    for path in sorted(judged - drawn)[:20]:
        print(f"{name}: no planted placeholder: {path}")
    recalls = [np.mean([p in found for p in paths]) for paths in planted.placeholders.values()]
    return (
        name,
        f"{len(drawn & found) / len(drawn):.3f}",
        f"{len(drawn & judged) / max(1, len(judged)):.3f}",
        *(f"{recall:.3f}" for recall in recalls),
    )


def label_rows(shared: Path, folds: Iterable[int], table: Path) -> list[tuple[object, ...]]:
    """Move 5 % of the labels to other classes and see how early the ranking shows them."""
    import pyarrow.parquet as pq

    rows = {row["file"]: row for row in manifest(shared, folds)}
    features = to_pandas(pq.read_table(table))
    features = features[features["relative_path"].isin(rows)].reset_index(drop=True)
    repositories = [rows[path]["source_repo"] for path in features["relative_path"]]
    true = features["relative_path"].str.split("/").str[0].to_numpy(str)
    classes = np.unique(true)
    scores: dict[str, list[float]] = {}
    for seed in range(5):
        rng = np.random.default_rng(seed)
        labels = true.copy()
        moved = rng.choice(len(labels), len(labels) // 20, replace=False)
        for i in moved:
            labels[i] = rng.choice(classes[classes != true[i]])
        for name, groups in (("random folds", None), ("folds by source", repositories)):
            first = np.argsort(-label_doubt(features, labels, groups))[: len(labels) // 10]
            scores.setdefault(name, []).append(float(np.isin(moved, first).mean()))
    return [
        (name, f"{np.mean(values):.3f}", f"{min(values):.3f} to {max(values):.3f}", len(features))
        for name, values in scores.items()
    ]


def index_row(hashes: Iterable[str]) -> tuple[object, ...]:
    """Time the index on 100,000 hashes that lie as real ones do: near copies and clusters."""
    rng = np.random.default_rng(0)
    many = np.resize(as_numbers(hashes), 100_000)
    for _ in range(12):
        flipped = many ^ (np.uint64(1) << rng.integers(0, 64, len(many)).astype(np.uint64))
        many = np.where(rng.random(len(many)) < 0.5, flipped, many)
    begun = time.monotonic()
    pairs = near_pairs(np.unique(many), DISTANCE)
    return (
        "pairs among 100,000 hashes",
        f"{time.monotonic() - begun:.2f} s",
        f"{len(pairs)} pairs",
    )


def main() -> None:
    """Measure and write the report."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("shared", nargs="?", type=Path, default=Path("../shared"))
    parser.add_argument("--features", type=Path, help="Parquet table of SHARED/data, all groups.")
    parser.add_argument("--peers", type=Path, default=PEERS)
    parser.add_argument("--development", action="store_true", help="Folds 0-2, other wordings.")
    parser.add_argument("-o", "--output", type=Path, default=Path("benchmarks/results/cleaning.md"))
    options = parser.parse_args()
    folds = (0, 1, 2) if options.development else (3, 4)
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "data"
        phrases = DEVELOPMENT if options.development else REPORTED
        planted = plant(options.shared, folds, phrases, folder)
        count = sum(path.is_file() for path in folder.rglob("*"))
        begun = time.monotonic()
        corrupt = find_corrupt(folder)
        corrupt_seconds = time.monotonic() - begun
        begun = time.monotonic()
        duplicates = find_duplicates(folder)
        seconds = time.monotonic() - begun
        begun = time.monotonic()
        placeholders = find_placeholders(folder)
        placeholder_seconds = time.monotonic() - begun
        peers = run_peers(options.peers, folder)
        failed = [
            f"{name}: {result['error']}" for name, result in peers.items() if "error" in result
        ]
        if failed:
            for names in planted.corrupt.values():
                for name in names:
                    (folder / name).unlink()
            again = run_peers(options.peers, folder)
            peers = {n: again[n] if "error" in result else result for n, result in peers.items()}
        table = options.features or Path(scratch) / "features.parquet"
        if options.features is None:
            dump(options.shared / "data", table, settings=Settings(groups=("all",)))
        labels = label_rows(options.shared, folds, table)
        all_labels = label_rows(options.shared, range(5), table)
        hashes = pd.read_parquet(table, columns=["phash"])["phash"]
    ours = grouped_pairs(duplicates)
    pairs = [duplicate_rows("epic_features", planted, ours, seconds)]
    marks = [placeholder_row("epic_features", planted, set(placeholders["path"]))]
    for name, result in peers.items():
        found = {(one, other) for one, other in result.get("pairs", ())}
        pairs.append(duplicate_rows(name, planted, found, result["seconds"]))
        if "placeholders" in result:
            marks.append(
                placeholder_row(f"{name} (low information)", planted, set(result["placeholders"]))
            )
    machine.write(
        options.output,
        "Cleaning: planted faults in real images",
        f"{count} files: the images of folds {folds} of the test data with planted faults. "
        "Thresholds and wordings were chosen on the other folds and on other drawings.",
        "## Duplicates\n\n30 copies of each kind. A pair that was not planted counts as wrong, "
        "except crops, which are reported apart, and pairs of two placeholders. Aims: recall and "
        "precision >= .98. The 29 pairs of original images in folds 3 and 4 that other tools "
        "report were looked at: all are different pictures. One wrong pair in fold 4, two screens "
        "of one editor, had been seen before the comparison of details was written; its thresholds "
        "come from folds 0-2.",
        machine.table(("", "recall", "precision", "wrong pairs", *RECIPES, *CROPS, "time"), pairs),
        *(
            [f"On the folder as it is: {'; '.join(failed)}. Measured without the spoiled files."]
            if failed
            else []
        ),
        machine.table(("index", "time", "found"), [index_row(hashes)]),
        f"## Placeholders\n\nDrawn by other code than the library's signs. Aim >= .95. "
        f"{placeholder_seconds:.0f} s, reading text of the plain pictures included.",
        machine.table(("", "recall", "precision", *planted.placeholders), marks),
        f"## Corrupt files\n\n{corrupt_seconds:.0f} s.",
        machine.table(("planted", "found", "of"), corrupt_rows(planted, corrupt)),
        "## Doubtful labels\n\nShare of the planted errors (5 % of the labels) that are in the "
        "first 10 % of the ranking, mean and range of five plantings. Aim >= .60.",
        machine.table(("", "recall", "range", "images"), labels),
        "The same with all five folds, so with more sources to learn from, but also with those on "
        "which the model was chosen:",
        machine.table(("", "recall", "range", "images"), all_labels),
    )


if __name__ == "__main__":
    main()
