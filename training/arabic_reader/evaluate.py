"""How well the exported network reads rendered lines that it has not learned from."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

import numpy as np
from rapidfuzz.distance import Levenshtein

from epic_features.text.arabic_line import prepare
from epic_features.text.arabic_own import ArabicOwn
from training.arabic_reader.draw import draw
from training.arabic_reader.fonts import faces
from training.arabic_reader.render import Line, Renderer

# Far from the seeds of the training shards.
_SEED = 10_000_000
_DIGIT = 0x0661
_INDIC = frozenset("٠١٢٣٤٥٦٧٨٩")
_MARKS = frozenset("\u064b\u064c\u064d\u064e\u064f\u0650\u0651\u0652\u0670")


@dataclass
class Figures:
    """Errors of some lines.

    Attributes
    ----------
    lines, exact : int
        Number of lines, and of those read without any error.
    errors, symbols : int
        Edit distance to the truth, and length of it, both summed over the lines. Nothing is
        folded: a wrong diacritic is an error.
    """

    lines: int = 0
    exact: int = 0
    errors: int = 0
    symbols: int = 0

    def add(self, got: str, truth: str) -> None:
        """Count a line."""
        distance = Levenshtein.distance(got, truth)
        self.lines += 1
        self.exact += not distance
        self.errors += distance
        self.symbols += len(truth)

    @property
    def cer(self) -> float:
        """Character error rate."""
        return self.errors / max(self.symbols, 1)


@dataclass
class Evaluation:
    """What `evaluate` finds.

    Attributes
    ----------
    by : dict of str to Figures
        Of all lines, of each style, of each font, and of vocalised lines.
    digits, digits_right : int
        Arabic-Indic digits that stand in the truth, and those of them that were aligned with the
        same digit.
    ghosts, empty : int
        Boxes without anything to read, and those of them where something was read all the same.
    scores : list of (float, float)
        Of every line its confidence and the share of its symbols that are right.
    """

    by: dict[str, Figures] = field(default_factory=lambda: defaultdict(Figures))
    digits: int = 0
    digits_right: int = 0
    empty: int = 0
    ghosts: int = 0
    scores: list[tuple[float, float]] = field(default_factory=list)


def evaluate(lines: Iterable[Line], reader: ArabicOwn) -> Evaluation:
    """Read rendered lines and compare with what they say."""
    found = Evaluation()
    for line in lines:
        got, score = reader.symbols(line.pixels)
        if not line.symbols:
            found.empty += 1
            found.ghosts += bool(got)
            continue
        for key in ("all", f"style {line.style}", f"font {_family(line.font)}"):
            found.by[key].add(got, line.symbols)
        if _MARKS.intersection(line.symbols):
            found.by["vocalised"].add(got, line.symbols)
        right = _right_digits(got, line.symbols)
        found.digits += sum(char in _INDIC for char in line.symbols)
        found.digits_right += right
        distance = Levenshtein.distance(got, line.symbols)
        if got:
            share = max(0.0, 1 - distance / max(len(got), len(line.symbols)))
            found.scores.append((score, share))
    return found


def unseen_lines(shared: Path, fonts: Path, count: int, *, held_out: bool) -> list[Line]:
    """Return rendered lines that are in no training shard."""
    return Renderer(shared, fonts, held_out=held_out).lines(_SEED + held_out, count)


def clean_numbers(fonts: Path, count: int, *, held_out: bool) -> list[Line]:
    """Return numbers in Arabic-Indic digits, black on white, in fonts that have them."""
    rng = np.random.default_rng(_SEED)
    usable = [face for face in faces(fonts) if face.held_out is held_out and _DIGIT in face.symbols]
    lines: list[Line] = []
    while len(lines) < count:
        number = "".join(sorted(_INDIC)[rng.integers(10)] for _ in range(1 + rng.integers(10)))
        face = usable[rng.integers(len(usable))]
        drawing = draw(number, face, int(rng.integers(18, 49)))
        if drawing is not None:
            pixels = prepare(255 - np.pad(drawing.mask, 5))
            lines.append(Line(pixels, drawing.symbols, "clean", face.path.name))
    return lines


def markdown(found: Evaluation) -> str:
    """Return the figures as a table."""
    rows = ["| lines | count | CER | exact |", "|---|---|---|---|"]
    for name, figures in sorted(found.by.items(), key=lambda item: (item[0] != "all", item[0])):
        exact = figures.exact / figures.lines
        rows.append(f"| {name} | {figures.lines} | {figures.cer:.4f} | {exact:.3f} |")
    digits = found.digits_right / max(found.digits, 1)
    rows += ["", f"Arabic-Indic digits right: {digits:.4f} of {found.digits}.",
             f"Something read in boxes with nothing to read: {found.ghosts} of {found.empty}.",
             "", "| confidence | lines | symbols right |", "|---|---|---|"]  # fmt: skip
    scores = np.array(found.scores)
    edges = (0, 0.5, 0.7, 0.8, 0.9, 0.95, 0.98, 1.0001)
    for low, high in pairwise(edges):
        inside = scores[(scores[:, 0] >= low) & (scores[:, 0] < high)]
        if len(inside):
            rows.append(f"| {low} to {min(high, 1)} | {len(inside)} | {inside[:, 1].mean():.3f} |")
    return "\n".join(rows)


def _right_digits(got: str, truth: str) -> int:
    operations = Levenshtein.opcodes(truth, got)
    return sum(
        sum(char in _INDIC for char in truth[step.src_start : step.src_end])
        for step in operations
        if step.tag == "equal"
    )


def _family(file_name: str) -> str:
    return file_name.split("-arabic-")[0].split("-")[0].split(".")[0]
