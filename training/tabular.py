"""Train the shipped tabular models: ``python -m training.tabular DATA [--cache FOLDER]``.

The same pictures, versions and machine give the same files, byte for byte. `DATA` holds a folder
of pictures per class and a ``manifest.csv``.
"""

from __future__ import annotations

import argparse
import json
import logging
from pathlib import Path

import numpy as np

from classifiers.evaluation import Evaluation, evaluate
from classifiers.pretrained import NAMES
from training.cards import TARGETS, card, new_model
from training.data import Data, load_data

_OUT = Path(__file__).resolve().parents[1] / "classifiers" / "pretrained"


def main() -> None:
    """Train the models named, or all."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("--cache", type=Path, default=Path("build/training"))
    parser.add_argument("--out", type=Path, default=_OUT)
    parser.add_argument("--only", choices=NAMES, action="append")
    options = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    data = load_data(options.data, options.cache)
    for name in options.only or NAMES:
        train(name, data, options.out / name)


def train(name: str, data: Data, out: Path) -> Evaluation:
    """Train one model and write it with its card and figures."""
    target, protect = TARGETS[name]
    table, facts = data.of(target)
    model = new_model(name)
    model.fit(
        table,
        facts[target],
        sample_weight=facts["weight"],
        groups=facts["source_repo"],
        fold=facts["fold"].astype(int),
        fold_tables=data.fold_tables(target),
    )
    model.save(out)
    real = (facts["fold"] >= 0).to_numpy()
    result = evaluate(
        facts[target][real],
        model.out_of_fold_[real],
        list(model.classes_),
        protect=protect,
        folds=facts["fold"][real],
    )
    record = json.dumps(result.to_dict(), indent=1)
    (out / "evaluation.json").write_text(record + "\n", encoding="utf-8")
    (out / "README.md").write_text(card(name, model, result, facts), encoding="utf-8")
    spread = result.folds["macro_f1"]
    logging.getLogger(__name__).info(
        "%s: %d images, accuracy %.4f, macro F1 %.4f (folds %.3f to %.3f), AUC %.4f",
        *(name, result.images, result.accuracy, result.macro_f1),
        *(np.min(spread.values), np.max(spread.values), result.auc),
    )
    return result


if __name__ == "__main__":
    main()
