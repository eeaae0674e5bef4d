"""How well text is found and read, on the gold set ``shared/gold/ocr``.

Run it by hand: ``python benchmarks/ocr_accuracy.py [SHARED]``; it takes about two minutes.

Character error rate (CER): edit distance over gold length, both summed over the lines of one
script. Texts are compared after `epic_features.text.script.clean` (NFC, no directional marks,
single spaces) with Arabic-Indic digits folded to 0-9; nothing else is folded, neither case nor
punctuation nor diacritics.

Which reading belongs to which gold line:

- rendered pictures have gold boxes: a detected box belongs to the gold line it covers most, if that
  is at least half of the smaller of the two; the boxes of one line are joined in reading order.
  A gold line without a box counts as all wrong. Boxes of no gold line are counted as spurious.
- screenshots are only transcribed, in pieces that follow neither lines nor boxes: the closest pair
  of a gold line (or up to 8 in a row) and a read box (or line of boxes) is matched first, then the
  next. Pairs that differ in more than half of their characters are no match; a gold line without a
  match counts as all wrong. Only Arabic gold lines are rated. The CER of the matched ones alone is
  given too: it shows the recogniser without the detector.

A gold line is English or Arabic by the script of most of its letters, or "math" where it says so.
Box counts: boxes of a script against gold lines of it, a picture at a time; the error is the sum of
the absolute differences over the sum of the gold counts.
"""

from __future__ import annotations

import json
import math
import sys
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image as PillowImage

from epic_features.image import Image
from epic_features.settings import Settings
from epic_features.text.layout import Layout, layout
from epic_features.text.rapid import RapidReader
from epic_features.text.reader import TextBox, TextReader
from epic_features.text.script import Script, clean, script_of

_FOLDED = str.maketrans("٠١٢٣٤٥٦٧٨٩۰۱۲۳۴۵۶۷۸۹", "01234567890123456789")
_WORST_MATCH = 0.5
_LONGEST_RUN = 8


def measure(shared: Path, reader: TextReader | None = None) -> dict[str, float]:
    """Return the figures of a reader, the default one if None, on ``gold/ocr`` of `shared`."""
    gold = shared / "gold" / "ocr"
    reader = reader or RapidReader(Settings())
    return {
        **_measure_rendered(gold / "rendered", reader),
        **_measure_screenshots(gold / "screenshots", reader),
    }


def _measure_rendered(folder: Path, reader: TextReader) -> dict[str, float]:
    errors: dict[str, list[int]] = defaultdict(list)
    lengths: dict[str, list[int]] = defaultdict(list)
    counts: dict[Script, list[tuple[int, int]]] = defaultdict(list)
    spurious = photos = 0
    for page in json.loads((folder / "lines.json").read_text("utf-8")):
        boxes, arranged = _read(reader, folder / page["file"])
        if not page["lines"]:
            photos += bool(boxes)
            continue
        texts, lost = _texts_of_lines(arranged, [line["box"] for line in page["lines"]])
        spurious += lost
        for line, text in zip(page["lines"], texts, strict=True):
            truth = _folded(line["text"])
            for key in (line["script"], f"{line['script']} {page['style']}"):
                errors[key].append(edit_distance(_folded(text), truth))
                lengths[key].append(len(truth))
        for script in (Script.LATIN, Script.ARABIC):
            wanted = sum(script_of(line["text"]) is script for line in page["lines"])
            counts[script].append((sum(box.script is script for box in boxes), wanted))
    figures = {f"rendered CER {key}": sum(errors[key]) / sum(lengths[key]) for key in errors}
    figures |= {
        f"rendered box count error {script}": sum(abs(got - wanted) for got, wanted in pairs)
        / sum(wanted for _, wanted in pairs)
        for script, pairs in counts.items()
    }
    return {
        **figures,
        "rendered English lines": len(lengths["en"]),
        "rendered Arabic lines": len(lengths["ar"]),
        "rendered spurious boxes": spurious,
        "text-free photos with a box": photos,
    }


def _texts_of_lines(page: Layout, gold: list[list[float]]) -> tuple[list[str], int]:
    """Return what was read in every gold box, and the number of boxes that lie in none."""
    parts: list[list[str]] = [[] for _ in gold]
    spurious = 0
    for box in page.boxes:
        shares = [_shared(box, target) for target in gold]
        if max(shares) >= 0.5:
            parts[int(np.argmax(shares))].append(box.text)
        else:
            spurious += 1
    return [" ".join(texts) for texts in parts], spurious


def _shared(box: TextBox, target: list[float]) -> float:
    """Return the common area of two upright boxes over the area of the smaller."""
    low, high = box.polygon.min(axis=0), box.polygon.max(axis=0)
    first, last = np.array(target[:2]), np.array(target[2:])
    common = np.maximum(np.minimum(high, last) - np.maximum(low, first), 0).prod()
    return float(common / max(min((high - low).prod(), (last - first).prod()), 1e-9))


def _measure_screenshots(folder: Path, reader: TextReader) -> dict[str, float]:
    errors = lengths = matched_errors = matched_lengths = exact = lines = 0
    for name, truths in json.loads((folder / "lines.json").read_text("utf-8")).items():
        _, page = _read(reader, folder / name)
        wanted = [_folded(text) for text in truths if script_of(text) is Script.ARABIC]
        for length, distance in _matched(wanted, page):
            errors += distance
            lengths += length
            lines += 1
            if distance < length:
                matched_errors += distance
                matched_lengths += length
                exact += distance == 0
    return {
        "screenshots CER ar": errors / lengths,
        # Nothing matches what a reader without Arabic reads.
        "screenshots CER ar, matched lines": (
            matched_errors / matched_lengths if matched_lengths else math.nan
        ),
        "screenshots Arabic lines exact": exact / lines,
        "screenshots Arabic lines": lines,
    }


def _matched(wanted: list[str], page: Layout) -> Iterable[tuple[int, int]]:
    """Return the length and edit distance of every gold line or run of gold lines."""
    read = [line for line in page.lines if len(line) > 1] + [(box,) for box in page.boxes]
    texts = [_folded(" ".join(box.text for box in line)) for line in read]
    runs = [
        range(first, last)
        for first in range(len(wanted))
        for last in range(first + 1, min(first + _LONGEST_RUN, len(wanted)) + 1)
    ]
    truths = [" ".join(wanted[index] for index in run) for run in runs]
    pairs = sorted(
        (edit_distance(text, truth) / max(len(text), len(truth), 1), i, j)
        for i, truth in enumerate(truths)
        for j, text in enumerate(texts)
    )
    free, used = set(range(len(wanted))), set[int]()
    for share, i, j in pairs:
        boxes = {id(box) for box in read[j]}
        if share <= _WORST_MATCH and free.issuperset(runs[i]) and not boxes & used:
            free -= set(runs[i])
            used |= boxes
            yield len(truths[i]), edit_distance(texts[j], truths[i])
    for index in free:
        yield len(wanted[index]), len(wanted[index])


def _read(reader: TextReader, path: Path) -> tuple[list[TextBox], Layout]:
    with PillowImage.open(path) as picture:
        boxes = reader.read(Image(np.asarray(picture.convert("RGB"))))
    return boxes, layout(boxes)


def _folded(text: str) -> str:
    return clean(text).translate(_FOLDED)


def edit_distance(left: str, right: str) -> int:
    """Return the least number of insertions, deletions and substitutions between two texts."""
    row = list(range(len(right) + 1))
    for i, a in enumerate(left, 1):
        corner, row[0] = row[0], i
        for j, b in enumerate(right, 1):
            corner, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, corner + (a != b))
    return row[-1]


def main(arguments: list[str]) -> None:
    """Print the figures as a Markdown table."""
    default = Path(__file__).resolve().parents[2] / "shared"
    figures: dict[str, Any] = measure(Path(arguments[0]) if arguments else default)
    print("| figure | value |\n|---|---|")
    for name, value in figures.items():
        print(f"| {name} | {value if isinstance(value, int) else format(value, '.4f')} |")


if __name__ == "__main__":
    main(sys.argv[1:])
