"""What an embedding adds to the metadata: ``python -m benchmarks.fusion FEATURES DATA -o OUT``.

FEATURES is a table of the groups core, cartoon, quality, layout, texture and, if wanted, writing of
the pictures in DATA, a folder with a ``manifest.csv``, with the column ``embedding`` (``epic
extract --embed``). Every model is trained and judged on the same folds by source repository, with
its defaults but for the priors: all classes are expected alike, as by the shipped models. What is
learned of the embedding is learned inside the folds.

A network that was trained on these very pictures would know them. For ours, ``--held-out`` gives
the embeddings by networks that had not seen a fold: what `training.distillation` keeps, one set for
each fold.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from benchmarks import machine
from classifiers import FusionClassifier, TabularClassifier, evaluate
from classifiers.calibration import fit_temperature, log_shares, softmax
from classifiers.embeddings import lists_of, logistic_regression
from classifiers.evaluation import Evaluation
from classifiers.parameters import MODES
from classifiers.table import provenance_of
from classifiers.workflow import read_features
from training.cards import SHIPPED, TARGETS
from training.data import EVERY

# The data were all re-encoded in one way, which erased these.
_ERASED = ("has_camera_make", "has_gps", "taken_at", "orientation", "software")
_OUT = Path("benchmarks/results/fusion.md")


def main() -> None:
    """Write the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("features", type=Path)
    parser.add_argument("data", type=Path)
    parser.add_argument("-o", "--output", type=Path, default=_OUT)
    parser.add_argument("--held-out", type=Path)
    parser.add_argument("--modes", nargs="+", choices=MODES, default=MODES)
    options = parser.parse_args()
    table = read_features(options.features).sort_by("relative_path")
    table = table.drop_columns([name for name in _ERASED if name in table.column_names])
    manifest = pd.read_csv(options.data / "manifest.csv").set_index("file")
    facts = manifest.loc[table["relative_path"].to_pylist()].reset_index(drop=True)
    unseen = {}
    if options.held_out is not None:
        with np.load(options.held_out) as found:
            unseen = {int(k): found[k][: len(table)] for k in found.files if k != EVERY}
    network = next(b for b in provenance_of(table)["backends"] if b["role"] == "embedding")
    length = lists_of(table, "embedding").shape[1]
    sections = []
    for name, (target, protect) in TARGETS.items():
        known = facts[target].notna().to_numpy()
        rows = _rows(
            name,
            table.filter(pa.array(known)),
            {k: vectors[known] for k, vectors in unseen.items()},
            facts[known].reset_index(drop=True),
            (target, protect),
            options.modes,
        )
        sections += [f"## {name}", rows]
    trained = (
        " It was trained on these pictures: each is embedded by a network of the same kind that "
        "was trained without its fold."
        if options.held_out
        else ""
    )
    machine.write(
        options.output,
        "Metadata, an embedding, and both",
        f"{len(table)} pictures of the shared data; the network is {network['name']} "
        f"({length} numbers, sha256 {network['sha256']}).{trained} All figures are over "
        "the pictures held out, on five folds by source repository, in brackets the standard "
        "deviation over the folds. The defaults of the trees are those of the metadata alone. "
        "The embedding alone is "
        "judged by logistic regression. All models expect the classes alike, whatever their shares "
        "in the data.",
        *sections,
    )


def _with(table: pa.Table, embeddings: np.ndarray) -> pa.Table:
    values = pa.array(np.ascontiguousarray(embeddings).ravel())
    column = pa.FixedSizeListArray.from_arrays(values, embeddings.shape[1])
    return table.set_column(table.schema.get_field_index("embedding"), "embedding", column)


def _rows(
    name: str,
    table: pa.Table,
    unseen: Mapping[int, np.ndarray],
    facts: pd.DataFrame,
    aim: tuple[str, tuple[str, ...]],
    modes: Sequence[str],
) -> str:
    target, protect = aim
    same: dict[str, Any] = {"protect": protect, "priors": SHIPPED["priors"]}
    plain = table.drop_columns("writing") if "writing" in table.column_names else table
    models: list[tuple[str, TabularClassifier, pa.Table]] = [
        ("metadata alone", TabularClassifier(**same), plain),
        *((f"both: {mode}", FusionClassifier(mode, **same), plain) for mode in modes),
    ]
    if plain is not table:
        models.append(("both and writing: product", FusionClassifier("product", **same), table))
    fold = facts["fold"].to_numpy()
    lines = []
    for label, model, seen in models:
        tables = {k: _with(seen, vectors) for k, vectors in unseen.items()}
        started = time.process_time()
        model.fit(seen, facts[target], groups=facts["source_repo"], fold=fold, fold_tables=tables)
        seconds = time.process_time() - started
        result = evaluate(
            facts[target], model.out_of_fold_, list(model.classes_), protect=protect, folds=fold
        )
        lines.append(_line(label, result, seconds))
    started = time.process_time()
    odds, classes = _logistic(
        unseen, lists_of(table, "embedding"), facts[target].to_numpy(dtype=str), fold
    )
    seconds = time.process_time() - started
    result = evaluate(facts[target], odds, classes, protect=protect, folds=fold)
    lines.insert(1, _line("embedding alone", result, seconds))
    header = ["model", "accuracy", "macro F1", "AUC", "others removed at 99 % kept"]
    return machine.table([*header, "cross-entropy", "CPU s to train"], lines)


def _logistic(
    unseen: Mapping[int, np.ndarray], seen: np.ndarray, labels: np.ndarray, fold: np.ndarray
) -> tuple[np.ndarray, list[str]]:
    """Return held-out probabilities of the regression by itself, calibrated on other folds."""
    classes, codes = np.unique(labels, return_inverse=True)
    scores = np.zeros((len(codes), len(classes)))
    for number in np.unique(fold):
        test, embeddings = fold == number, unseen.get(int(number), seen)
        learned = logistic_regression(embeddings[~test], codes[~test], len(classes))
        shares = log_shares(codes[~test], len(classes))
        scores[test] = learned.log_probabilities(embeddings[test]) - shares
    odds = np.zeros_like(scores)
    for number in np.unique(fold):
        test = fold == number
        odds[test] = softmax(scores[test], fit_temperature(scores[~test], codes[~test], None))
    return odds, [str(name) for name in classes]


def _line(label: str, result: Evaluation, seconds: float) -> list[str]:
    def spread(value: float | None, measure: str) -> str:
        if value is None:
            return ""
        return f"{value:.4f} ({result.folds[measure].deviation:.3f})"

    return [
        label,
        spread(result.accuracy, "accuracy"),
        spread(result.macro_f1, "macro_f1"),
        spread(result.auc, "auc"),
        "" if result.junk_removed is None else f"{result.junk_removed:.3f}",
        f"{result.cross_entropy:.3f}",
        f"{seconds:.0f}",
    ]


if __name__ == "__main__":
    main()
