"""How often the quick rules are right, and what an answer costs.

Run it by hand: ``python -m benchmarks.rules DATA [--cache FOLDER] [-o FILE]``. `DATA` is as for
`training.rules`. CPU time of one thread, each picture once; the rules are those that come with the
library.
"""

from __future__ import annotations

import argparse
import io
import json
import time
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from PIL import Image as PILImage

from benchmarks import machine
from classifiers.evaluation import Evaluation
from classifiers.rule import DRAWN, REAL, Rule
from classifiers.rules import QUICK, BilateralClassifier, BytesClassifier, ColorsClassifier, load
from epic_features import Settings
from epic_features.image import decode
from training.rules import Sample, balanced_accuracy, held_out, load_sample

_DRAWN_MODEL = Path("classifiers/pretrained/drawn/evaluation.json")
_EVERY = 4  # Of the pictures, for the speed.

_VARIANTS: dict[str, Rule] = {
    "bytes (shipped: 10 ranges)": BytesClassifier(),
    "bytes, 4 ranges": BytesClassifier(ranges=4),
    "bytes, 20 ranges": BytesClassifier(ranges=20),
    "bytes, plain accuracy": BytesClassifier(class_weight=None),
    "bilateral (shipped: threshold learned)": BilateralClassifier(),
    "bilateral, plain accuracy": BilateralClassifier(class_weight=None),
    "colors (shipped: threshold 0.3)": ColorsClassifier(),
    "colors, threshold learned": ColorsClassifier(threshold=None),
    "colors, threshold learned, plain accuracy": ColorsClassifier(
        threshold=None, class_weight=None
    ),
}


def main() -> None:
    """Measure accuracy by fold, then time."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("--cache", type=Path, default=Path("build/training"))
    parser.add_argument("-o", "--output", type=Path, default=Path("benchmarks/results/rules.md"))
    options = parser.parse_args()
    cv2.setNumThreads(1)
    sample = load_sample(options.data, options.cache)
    rows = [_accuracy(name, held_out(rule, sample)) for name, rule in _VARIANTS.items()]
    majority = max(float((sample.drawn == name).mean()) for name in (DRAWN, REAL))
    rows.append(["always real", f"{majority:.3f}", "", "0.500", "", "0.00", "1.00", "0.500"])
    rows.append(_drawn_model())
    header = ["rule", "accuracy", "over folds", "balanced accuracy", "over folds"]
    header += ["drawings found", "photographs found", "AUC"]
    speed = ["pictures", "decoding: median", "95 %", "largest"]
    speed += [f"{name}: {what}" for name in QUICK for what in ("median", "95 %", "largest")]
    machine.write(
        options.output,
        "The quick rules: drawn or real",
        f"{len(sample.drawn)} pictures, five folds by source repository; what is learned is "
        "learned on the other folds. Mean ± deviation over folds. Plain accuracy: trained without "
        "weights for the classes.",
        machine.table(header, rows),
        "Milliseconds an image. An answer for a file is decoding and one rule.",
        machine.table(speed, _speed(sample, options.data)),
    )


def _accuracy(name: str, result: Evaluation) -> list[str]:
    folds = result.folds
    return [
        name,
        f"{result.accuracy:.3f}",
        f"{folds['accuracy'].mean:.3f} ± {folds['accuracy'].deviation:.3f}",
        f"{balanced_accuracy(result):.3f}",
        f"{folds['balanced_accuracy'].mean:.3f} ± {folds['balanced_accuracy'].deviation:.3f}",
        *(f"{result.per_class[label].recall:.2f}" for label in (DRAWN, REAL)),
        f"{result.auc:.3f}",
    ]


def _drawn_model() -> list[str]:
    record = json.loads(_DRAWN_MODEL.read_text(encoding="utf-8"))
    spread = record["folds"]["accuracy"]
    recalls = [record["per_class"][label]["recall"] for label in (DRAWN, REAL)]
    return [
        "model drawn, all columns",
        f"{record['accuracy']:.3f}",
        f"{spread['mean']:.3f} ± {spread['deviation']:.3f}",
        f"{np.mean(recalls):.3f}",
        "",
        *(f"{recall:.2f}" for recall in recalls),
        f"{record['auc']:.3f}",
    ]


def _speed(sample: Sample, data: Path) -> list[list[str]]:
    paths = [data / name for name in sample.table["relative_path"].to_pylist()[::_EVERY]]
    files = [path.read_bytes() for path in paths]
    large = _enlarged(max(files, key=len))
    return [
        [f"{len(files)} of the data", *_times(files)],
        ["one of 12 megapixels, five times", *_times([large] * 5)],
    ]


def _times(files: Sequence[bytes]) -> list[str]:
    rules = [load(name) for name in QUICK]
    taken = np.zeros((len(files), 1 + len(rules)))
    for number, encoded in enumerate(files):
        marks = [time.process_time()]
        image = decode(encoded, Settings())
        marks.append(time.process_time())
        for rule in rules:
            rule.classify(image)
            marks.append(time.process_time())
        taken[number] = np.diff(marks) * 1e3
    return [
        f"{value:.1f}"
        for column in taken.T
        for value in (np.median(column), np.quantile(column, 0.95), column.max())
    ]


def _enlarged(encoded: bytes) -> bytes:
    """Return a picture scaled to 4000 x 3000, as a JPEG of quality 92."""
    buffer = io.BytesIO()
    picture = PILImage.open(io.BytesIO(encoded)).convert("RGB").resize((4000, 3000))
    picture.save(buffer, "JPEG", quality=92)
    return buffer.getvalue()


if __name__ == "__main__":
    main()
