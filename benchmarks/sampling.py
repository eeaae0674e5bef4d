"""Which pictures are measured, and how CPU time is taken."""

from __future__ import annotations

import csv
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from epic_features.text.script import Script
from epic_features.text.words import word_columns

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


def load_words() -> None:
    """Load the dictionaries of both languages, once in the life of a process."""
    lines = [("Goodmorning everyone", Script.LATIN), ("صباح الخير يا جماعة", Script.ARABIC)]
    word_columns(lines, True)


@contextmanager
def clock(times: Times, name: str) -> Iterator[None]:
    """Append the CPU seconds of the block: other work on the machine disturbs those less."""
    start = time.process_time()
    yield
    times[name].append(time.process_time() - start)
