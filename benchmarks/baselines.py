"""The shipped kinds of model beside a quick prototype's columns, on the same folds.

Run it by hand: ``python -m benchmarks.baselines DATA [--cache FOLDER]``. The prototype knows shape,
colours, colour counts, edges, faces and how much text there is, but no words and nothing of the
groups layout and texture. What an image network does alone is in the table of
``benchmarks.fusion``.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from benchmarks import machine
from classifiers.evaluation import Evaluation, evaluate
from classifiers.tabular import TabularClassifier
from epic_features.schema import CORE_COLUMNS
from training.cards import TARGETS
from training.data import Data, load_features

_PROTOTYPE = [
    *(column.name for column in CORE_COLUMNS if column.group in ("shape", "colors", "faces")),
    "text_to_image_ratio",
    "total_lines_of_text_count",
    "distinct_colors_ratio",
    "top512_colors_ratio",
    "edge_density",
]


def main() -> None:
    """Measure both."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("--cache", type=Path, default=Path("build/training"))
    parser.add_argument(
        "-o", "--output", type=Path, default=Path("benchmarks/results/baselines.md")
    )
    options = parser.parse_args()
    data = load_features(options.data, options.cache, drawn=False)
    rows = []
    for label, columns in (("prototype's columns", _PROTOTYPE), ("all columns", None)):
        found = {name: _measured(data, name, columns) for name in TARGETS}
        rows.append(
            [
                label,
                f"{found['personal'].auc:.4f}",
                f"{found['personal'].junk_removed:.3f}",
                f"{found['gallery'].macro_f1:.3f}",
                f"{found['whatsapp'].accuracy:.3f}",
                f"{found['drawn'].accuracy:.3f}",
            ]
        )
    header = ["trained on", "personal: AUC", "personal: others removed at 99 % kept"]
    header += ["gallery: macro F1", "whatsapp: accuracy", "drawn: accuracy"]
    counts = ", ".join(f"{name} {result.images}" for name, result in found.items())
    machine.write(
        options.output,
        "The tabular models beside a quick prototype",
        f"Folds by source repository, the same for all; no drawn pictures. Images: {counts}.",
        machine.table(header, rows),
    )


def _measured(data: Data, name: str, columns: list[str] | None) -> Evaluation:
    target, protect = TARGETS[name]
    table, facts = data.of(target)
    fold = facts["fold"].astype(int)
    words = 0 if columns else 200
    weight = "balanced" if name == "drawn" else None  # Drawings are far fewer than photographs.
    model = TabularClassifier(columns=columns, words=words, protect=protect, class_weight=weight)
    model.fit(table, facts[target], groups=facts["source_repo"], fold=fold)
    return evaluate(
        facts[target], model.out_of_fold_, list(model.classes_), protect=protect, folds=fold
    )


if __name__ == "__main__":
    main()
