"""What a label costs once the features are there.

Run it by hand: ``python -m benchmarks.classify FEATURES.parquet [-o FILE]``, with a table of
``epic extract PICTURES -o FEATURES.parquet --groups core,cartoon,quality,layout,texture,writing
--embed backbones``, which all the models need. CPU time of one thread, median of five runs.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks import machine
from classifiers import explain, load_pretrained
from classifiers.pretrained import NAMES
from classifiers.workflow import read_features
from epic_features.frame import to_pandas

_RUNS = 5
_ROWS = 2000


def main() -> None:
    """Measure every shipped model."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("features", type=Path)
    parser.add_argument("-o", "--output", type=Path, default=Path("benchmarks/results/classify.md"))
    options = parser.parse_args()
    table = read_features(options.features).slice(0, _ROWS)
    frame = to_pandas(table)
    rows = []
    for name in NAMES:
        start = time.process_time()
        model = load_pretrained(name)
        loading = time.process_time() - start
        folder = Path("classifiers/pretrained") / name
        size = sum(path.stat().st_size for path in folder.iterdir())
        numbers = _median(lambda m=model: m.encoder_.transform(frame))  # type: ignore[misc]
        labels = _median(lambda m=model: m.predict_proba(frame))  # type: ignore[misc]
        single = _median(lambda m=model: m.predict_proba(frame.iloc[:1]))  # type: ignore[misc]
        reasons = _median(lambda m=model: explain(m, table.slice(0, 200)))  # type: ignore[misc]
        rows.append(
            [
                name,
                f"{size / 1e6:.1f}",
                f"{loading * 1e3:.0f}",
                f"{numbers / len(frame) * 1e3:.3f}",
                f"{labels / len(frame) * 1e3:.3f}",
                f"{single * 1e3:.1f}",
                f"{reasons / 200 * 1e3:.1f}",
            ]
        )
    header = ["model", "MB on disk", "ms to load", "ms a row: table to numbers"]
    header += ["ms a row: label", "ms: label of a single row", "ms a row: reasons"]
    machine.write(
        options.output,
        "What a label costs",
        f"{len(frame)} rows at once (200 for the reasons); the label includes the first step.",
        machine.table(header, rows),
    )


def _median(work: Callable[[], object]) -> float:
    times = []
    for _ in range(_RUNS):
        start = time.process_time()
        work()
        times.append(time.process_time() - start)
    return statistics.median(times)


if __name__ == "__main__":
    main()
