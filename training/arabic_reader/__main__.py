"""Command line: render, train, evaluate, export; without a step, all of them."""

from __future__ import annotations

import argparse
import logging
import time
from collections.abc import Iterator
from pathlib import Path

from training.arabic_reader.fonts import fetch

_log = logging.getLogger(__name__)
_SHARED = Path(__file__).resolve().parents[3] / "shared"
# Rendering stays at most this many shards ahead: they are some 25 MB each.
_AHEAD = 40


def main() -> None:
    """Run the steps that are named."""
    parser = argparse.ArgumentParser(prog="python -m training.arabic_reader", description=__doc__)
    parser.add_argument("step", choices=("fonts", "render", "train", "export"))
    parser.add_argument(
        "--work", type=Path, required=True, help="folder for fonts, shards, checkpoints"
    )
    parser.add_argument("--shared", type=Path, default=_SHARED, help="folder of texts and photos")
    parser.add_argument("--lines", type=int, default=2_000_000, help="lines to train on")
    parser.add_argument("--processes", type=int, default=1, help="processes that render")
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    work: Path = arguments.work
    if arguments.step == "fonts":
        fetch(work / "fonts")
    elif arguments.step == "render":
        _render(work, arguments.shared, arguments.lines, arguments.processes)
    elif arguments.step == "train":
        import torch

        from training.arabic_reader.train import Training, train

        torch.set_num_threads(1)
        train(Training(lines=arguments.lines), work / "shards", work / "checkpoints")
    else:
        from training.arabic_reader.export import export

        export(work / "checkpoints" / "last.pt", work / "arabic-line.onnx")


def _render(work: Path, shared: Path, lines: int, processes: int) -> None:
    """Render shard after shard, a little ahead of the training that deletes them."""
    from training.arabic_reader.render import SHARD, write_shards

    shards = work / "shards"

    def seeds() -> Iterator[int]:
        for seed in range(_learned(work), lines // SHARD + 4):
            while len(list(shards.glob("*.npz"))) > _AHEAD:
                time.sleep(1)
            yield seed

    for path in write_shards(shards, seeds(), shared, work / "fonts", processes):
        _log.info("rendered %s", path.name)


def _learned(work: Path) -> int:
    """Return the number of shards that the checkpoint has learned from."""
    path = work / "checkpoints" / "last.pt"
    if not path.exists():
        return 0
    import torch

    shard: int = torch.load(path, weights_only=True)["counts"][1]
    return shard


if __name__ == "__main__":
    main()
