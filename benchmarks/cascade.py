"""What the cascade saves: ``python -m benchmarks.cascade [SHARED] [--cache FOLDER] [-o FILE]``.

Run it by hand. It sorts a stratified sample of the shared data and extracts its full rows, in turn,
with as many worker processes.
"""

from __future__ import annotations

import argparse
import random
import statistics
import time
from collections import defaultdict
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks import machine
from benchmarks.sampling import sample
from classifiers.guarantee import UNSURE
from epic_features import Extractor, Settings
from epic_features.engines import BuildRowMaker
from epic_features.engines.processes import ProcessEngine
from epic_features.extractor import Extractors
from epic_features.image import Image
from epic_features.sources import ImageReference, references
from epic_gallery.cascade import Cascade
from epic_gallery.sorting import CascadeExtractor
from training.cascade import fit_cascade, tier_tables
from training.data import Data, load_data

_STARTING = 20  # Pictures that are not counted.
_ROUNDS = 2
_CPU = "cpu_seconds"
_HOW = (
    "Every picture was sorted by models and thresholds that were made without its fold of source "
    "repositories. CPU time is that of the worker on the picture, without decoding. Every process "
    "reads a picture in both languages first, so that all lists of words are loaded; the rate by "
    f"the wall clock leaves out the first {_STARTING} pictures too."
)

Rows = list[dict[str, Any]]


class ByFold:
    """Sorts each picture by the cascade that has not seen its source, and measures it."""

    def __init__(
        self, made: Mapping[int, Cascade], folds: Mapping[str, int], warm: Path, _: Settings
    ) -> None:
        shared = Extractors()
        _load_words(warm)
        self._makers = {
            fold: CascadeExtractor(one.steps, one.settings[-1], shared)
            for fold, one in made.items()
        }
        self._folds = folds

    def load(self, image: ImageReference) -> Image:
        """Decode one image."""
        return next(iter(self._makers.values())).load(image)

    def row(self, image: Image) -> dict[str, Any]:
        """Return its row and the CPU seconds it took."""
        maker = self._makers[self._folds[str(image.relative_path)]]
        start = time.process_time()
        row = maker.row(image)
        return {**row, _CPU: time.process_time() - start}


class Measured(Extractor):
    """An extractor of full rows that measures them."""

    def __init__(self, warm: Path, settings: Settings) -> None:
        super().__init__(settings)
        _load_words(warm)

    def row(self, image: Any) -> dict[str, Any]:
        """Return the row and the CPU seconds it took."""
        start = time.process_time()
        row = super().row(image)
        return {**row, _CPU: time.process_time() - start}


def _load_words(warm: Path) -> None:
    Extractor(Settings(groups=("text",))).row(warm)


def cascades(data: Data, seen: Mapping[str, Data]) -> dict[int, tuple[Cascade, Cascade]]:
    """Return for each fold a cascade that was trained on the others, and the full model alone."""
    made = {}
    for fold in sorted(set(data.facts["fold"]) - {-1}):
        rest = (data.facts["fold"] != fold).to_numpy()
        parts = {tier: _part(as_seen, rest) for tier, as_seen in seen.items()}
        cascade, full, *_ = fit_cascade("personal", _part(data, rest), parts)
        made[int(fold)] = cascade, Cascade((), full)
    return made


def _part(data: Data, rows: Any) -> Data:
    table = data.table[rows].reset_index(drop=True)
    table.attrs = data.table.attrs
    return Data(table, data.facts[rows].reset_index(drop=True))


def run(
    build: BuildRowMaker, paths: list[Path], root: Path, settings: Settings, workers: int
) -> tuple[Rows, float]:
    """Return the rows and the pictures a second."""
    rows: Rows = []
    started = 0.0
    for result in ProcessEngine(workers, 600, build=build).run(references(paths, root), settings):
        assert result.row is not None, result.rejected
        rows.append(result.row)
        if len(rows) == _STARTING:
            started = time.monotonic()
    return rows, (len(rows) - _STARTING) / (time.monotonic() - started)


def agreement(
    made: Mapping[int, tuple[Cascade, Cascade]], folds: Mapping[str, int], quick: Rows, full: Rows
) -> tuple[float, int]:
    """Return the share of equal likeliest classes, and the contradictory decisions."""
    equal = contradictory = 0
    for few, many in zip(quick, full, strict=True):
        cascade, alone = made[folds[str(few["relative_path"])]]
        one, other = (
            side.label(tier, _table(side, tier, row)).to_pylist()[0]
            for side, tier, row in ((cascade, few["tier"], few), (alone, 0, many))
        )
        equal += one["label"] == other["label"]
        decisions = {one["decision"], other["decision"]} - {UNSURE}
        contradictory += len(decisions) == 2
    return equal / len(quick), contradictory


def _table(cascade: Cascade, tier: int, row: dict[str, Any]) -> Any:
    import pyarrow as pa

    from epic_features.schema import schema_of

    return pa.Table.from_pylist([row], schema=schema_of(cascade.settings[tier].groups))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("shared", type=Path, nargs="?", default=Path("../shared"))
    parser.add_argument("--per-class", type=int, default=20)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--cache", type=Path, default=Path("build/training"))
    parser.add_argument("-o", "--output", type=Path, default=Path("benchmarks/results/cascade.md"))
    options = parser.parse_args()
    root = options.shared / "data"
    data = load_data(root, options.cache)
    made = cascades(data, tier_tables(data, root, options.cache))
    real = data.facts["fold"] >= 0
    folds = dict(zip(data.table["relative_path"][real], data.facts["fold"][real], strict=True))
    classes = dict(zip(data.table["relative_path"][real], data.facts["class"][real], strict=True))
    paths = [p.absolute() for p in sample(options.shared, options.per_class)]
    random.Random(0).shuffle(paths)  # Pages take long and would all come first.
    cascade, alone = next(iter(made.values()))
    (settings,) = alone.settings
    in_both = data.table.loc[real, ["total_en_boxes", "total_ar_boxes"]].min(axis=1)
    warm = root.absolute() / data.table["relative_path"][in_both.idxmax()]
    builds: dict[str, BuildRowMaker] = {
        "cascade": partial(ByFold, {fold: one for fold, (one, _) in made.items()}, folds, warm),
        "full": partial(Measured, warm),
    }
    rates = defaultdict(list)
    rows: dict[str, Rows] = {}
    for _ in range(_ROUNDS):
        for name, build in builds.items():
            found = run(build, paths, root.absolute(), settings, options.workers)
            rows[name] = found[0]
            rates[name].append(found[1])
    cost = {name: statistics.fmean(row[_CPU] for row in rows[name]) for name in builds}
    quick, full = (statistics.fmean(rates[name]) for name in ("cascade", "full"))
    same, contradictory = agreement(made, folds, rows["cascade"], rows["full"])
    tiers = cascade.tiers
    machine.write(
        options.output,
        "The cascade in place of the model personal",
        f"{len(paths)} pictures, {options.per_class} of each class of the shared data, "
        f"{options.workers} worker processes, {_ROUNDS} rounds. {_HOW}",
        machine.table(
            ("", "cascade", "full rows", "ratio"),
            [
                ("images/s", f"{quick:.1f}", f"{full:.1f}", f"{quick / full:.2f}"),
                (
                    "CPU ms an image",
                    *(f"{1000 * cost[name]:.0f}" for name in ("cascade", "full")),
                    f"{cost['full'] / cost['cascade']:.2f}",
                ),
                *(
                    (f"images/s, round {number}", f"{one:.1f}", f"{two:.1f}", f"{one / two:.2f}")
                    for number, (one, two) in enumerate(
                        zip(rates["cascade"], rates["full"], strict=True), 1
                    )
                ),
            ],
        ),
        f"Same likeliest class as by the full row: {same:.1%}; contradictory decisions: "
        f"{contradictory}.",
        "CPU milliseconds an image, by class, and where the pictures ended:",
        machine.table(
            ("class", "cascade", "full rows", *tiers),
            [_by_class(name, classes, rows, len(tiers)) for name in sorted(set(classes.values()))],
        ),
        "Ended at: "
        + ", ".join(
            f"{name} {sum(row['tier'] == tier for row in rows['cascade']) / len(paths):.0%}"
            for tier, name in enumerate(tiers)
        )
        + ".",
    )


def _by_class(
    name: str, classes: Mapping[str, str], rows: Mapping[str, Rows], tiers: int
) -> list[str]:
    mine = {side: [r for r in rows[side] if classes[r["relative_path"]] == name] for side in rows}
    cost = (f"{1000 * statistics.fmean(r[_CPU] for r in mine[s]):.0f}" for s in ("cascade", "full"))
    ended = (sum(row["tier"] == tier for row in mine["cascade"]) for tier in range(tiers))
    return [name, *cost, *(str(count) for count in ended)]


if __name__ == "__main__":
    main()
