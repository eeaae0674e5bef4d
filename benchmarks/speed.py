"""How fast, beside what, and where the time goes: ``python -m benchmarks.speed [SHARED]``.

Run it by hand. ``--only`` picks sections: methods, parts, growth, accuracy. Each is written to a
file of its own, ``benchmarks/results/speed_SECTION.md``.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable, Mapping
from pathlib import Path

# Read when the libraries are imported: as in a worker, one thread each.
os.environ.update(dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1"))

from benchmarks import machine, speed_accuracy, speed_growth, speed_methods, speed_parts

_OUT = Path("benchmarks/results")


def main() -> None:
    """Measure the sections asked for and write them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("shared", nargs="?", type=Path, default=Path("../shared"))
    parser.add_argument("--per-class", type=int, default=3)
    parser.add_argument(
        "--only", action="append", choices=("methods", "parts", "growth", "accuracy")
    )
    parser.add_argument("--cleanvision", type=Path, help="Python of an environment that has it.")
    options = parser.parse_args()
    sections: Mapping[str, Callable[[], str]] = {
        "methods": lambda: speed_methods.report(
            options.shared, options.per_class, options.cleanvision
        ),
        "parts": lambda: speed_parts.report(options.shared, options.per_class),
        "growth": lambda: speed_growth.report(options.shared, 1),
        "accuracy": lambda: speed_accuracy.report(options.shared),
    }
    for name in options.only or sections:
        machine.write(_OUT / f"speed_{name}.md", "Speed", sections[name]())


if __name__ == "__main__":
    main()
