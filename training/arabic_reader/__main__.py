"""Command line of the training: fonts, render, train, export, evaluate, or all of them."""

from __future__ import annotations

import argparse
import logging
import multiprocessing
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from epic_features.text.arabic_own import ArabicOwn
from training.arabic_reader.fonts import fetch

_log = logging.getLogger(__name__)
_SHARED = Path(__file__).resolve().parents[3] / "shared"
# Shards on disk at most, half of them those that are learned from: they are some 25 MB each.
_AHEAD = 48
_TEST_LINES = 3000


def main() -> None:
    """Run the step that is named, or one after the other."""
    parser = argparse.ArgumentParser(prog="python -m training.arabic_reader", description=__doc__)
    parser.add_argument("step", choices=("all", "fonts", "render", "train", "export", "evaluate"))
    parser.add_argument("--work", type=Path, required=True, help="folder of fonts and checkpoints")
    parser.add_argument("--shared", type=Path, default=_SHARED, help="folder of texts and photos")
    parser.add_argument("--lines", type=int, default=2_000_000, help="lines to train on")
    parser.add_argument("--processes", type=int, default=1, help="processes that render")
    chosen = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    render = partial(_render, chosen.work, chosen.shared, chosen.lines, chosen.processes)
    steps: dict[str, Callable[[], None]] = {
        "fonts": partial(fetch, chosen.work / "fonts"),
        "render": render,
        "train": partial(_train, chosen.work, chosen.lines),
        "export": partial(_export, chosen.work),
        "evaluate": partial(_evaluate, chosen.work, chosen.shared),
    }
    if chosen.step != "all":
        steps[chosen.step]()
        return
    steps["fonts"]()
    beside = multiprocessing.Process(target=render, daemon=False)
    beside.start()
    try:
        steps["train"]()
    finally:
        beside.terminate()
    steps["export"]()
    steps["evaluate"]()


def _train(work: Path, lines: int) -> None:
    import torch

    from training.arabic_reader.train import Training, train

    # One thread: two beside another job were ten times slower.
    torch.set_num_threads(1)
    train(Training(lines=lines), work / "shards", work / "checkpoints")


def _export(work: Path) -> None:
    from training.arabic_reader.export import export

    export(work / "checkpoints" / "last.pt", work / "arabic_line.onnx")


def _evaluate(work: Path, shared: Path) -> None:
    from training.arabic_reader.evaluate import clean_numbers, evaluate, markdown, unseen_lines

    reader = ArabicOwn(work / "arabic_line.onnx")
    parts = []
    for title, held_out in (("Fonts of the training", False), ("Fonts kept out", True)):
        lines = unseen_lines(shared, work / "fonts", _TEST_LINES, held_out=held_out)
        numbers = evaluate(
            clean_numbers(work / "fonts", _TEST_LINES // 3, held_out=held_out), reader
        )
        parts.append(
            f"## {title}\n\n{markdown(evaluate(lines, reader))}\n\nClean numbers: "
            f"{numbers.digits_right / numbers.digits:.4f} of {numbers.digits} digits right.\n"
        )
    (work / "evaluation.md").write_text("\n".join(parts), "utf-8")
    _log.info("%s", work / "evaluation.md")


def _render(work: Path, shared: Path, lines: int, processes: int) -> None:
    """Render shard after shard, a little ahead of the training that deletes them."""
    from training.arabic_reader.render import SHARD, write_shards

    shards = work / "shards"

    def seeds() -> Iterator[int]:
        for seed in range(_learned(work), lines // SHARD + _AHEAD):
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
