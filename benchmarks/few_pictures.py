"""What `epic train` makes of few pictures: with and without what networks see of them.

Run it by hand: ``python -m benchmarks.few_pictures DATA [--cache FOLDER]``. Of each class some
pictures are drawn at random from four of the five folds, and all pictures of the fifth are judged,
embedded by a network that has not seen that fold.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from benchmarks import machine
from classifiers.evaluation import Evaluation, evaluate
from classifiers.workflow import new_model
from training.cards import TARGETS
from training.data import Data, load_data

_COUNTS = (15, 60)
_LISTS = ["embedding", "writing"]


def main() -> None:
    """Measure both."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("--cache", type=Path, default=Path("build/training"))
    parser.add_argument(
        "-o", "--output", type=Path, default=Path("benchmarks/results/few_pictures.md")
    )
    options = parser.parse_args()
    data = load_data(options.data, options.cache, drawn=False)
    machine.write(
        options.output,
        "Training on few pictures",
        "Each fold by source repository judged by a model of pictures of the others, drawn at "
        "random. `drawn` has no `writing`.",
        machine.table(
            ["task", "pictures of a class", "columns", "accuracy", "macro F1", "judged"],
            list(_rows(data)),
        ),
    )


def _rows(data: Data) -> Iterator[list[str]]:
    for name in TARGETS:
        for count in _COUNTS:
            for label, lists in (("metadata", []), ("and what networks see", _LISTS)):
                found = _measured(data, name, count, lists)
                figures = f"{found.accuracy:.3f}", f"{found.macro_f1:.3f}", str(found.images)
                yield [name, str(count), label, *figures]


def _measured(data: Data, name: str, count: int, lists: list[str]) -> Evaluation:
    target, protect = TARGETS[name]
    _, facts = data.of(target)
    labels, folds = facts[target].to_numpy(str), facts["fold"].to_numpy(int)
    classes = np.unique(labels)
    odds = np.zeros((len(labels), len(classes)))
    for fold, table in data.fold_tables(target).items():
        random = np.random.default_rng(fold)
        rest = [
            random.permutation(np.flatnonzero((folds != fold) & (labels == c))) for c in classes
        ]
        train, test = np.concatenate([rows[:count] for rows in rest]), np.flatnonzero(folds == fold)
        unseen = [column for column in _LISTS if column not in lists]
        kept = table.drop(columns=unseen, errors="ignore")
        model = new_model(kept).fit(
            kept.iloc[train], labels[train], groups=facts["source_repo"].to_numpy()[train]
        )
        known = np.flatnonzero(np.isin(classes, model.classes_))
        odds[np.ix_(test, known)] = model.predict_proba(kept.iloc[test])
    return evaluate(labels, odds, list(classes), protect=protect, folds=folds)


if __name__ == "__main__":
    main()
