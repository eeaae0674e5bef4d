"""Draw a gallery: ``python -m examples.gallery OUT_DIR [--count N] [--seed S]``."""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from pathlib import Path

from examples.gallery import draw_gallery


def main() -> int:
    """Run the command; return 0, or 1 when nothing could be drawn."""
    parser = argparse.ArgumentParser(prog="python -m examples.gallery", description=__doc__)
    parser.add_argument("out", type=Path, metavar="OUT_DIR", help="an empty or a new folder")
    parser.add_argument("--count", type=int, default=24, help="how many pictures (default: 24)")
    parser.add_argument("--seed", type=int, default=0, help="another seed, another gallery")
    options = parser.parse_args()
    try:
        drawings = draw_gallery(options.out, count=options.count, seed=options.seed)
    except (ValueError, OSError, RuntimeError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    for label, number in sorted(Counter(drawing.label for drawing in drawings).items()):
        print(f"{number:4d}  {label}")
    print(f"{len(drawings):4d}  pictures in {options.out}, what is in them in truth.json")
    return 0


if __name__ == "__main__":
    sys.exit(main())
