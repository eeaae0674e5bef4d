"""What an embedding adds to the metadata: ``python -m benchmarks.fusion FEATURES DATA NETWORK``.

FEATURES is a table of the groups core, cartoon, quality, layout and texture of the pictures in
DATA, a folder with a ``manifest.csv``; NETWORK an ONNX file with a ``preprocess.json`` beside it.
Every model is trained and judged on the same folds by source repository, with its defaults; what
is learned of the embedding is learned inside the folds. One run takes a few minutes.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa

from benchmarks import machine
from classifiers import FusionClassifier, TabularClassifier, evaluate
from classifiers.calibration import fit_temperature, softmax
from classifiers.embeddings import embeddings_of, logistic_regression
from classifiers.evaluation import Evaluation
from classifiers.workflow import read_features
from epic_features import Settings
from epic_features.extras.embedding import Embedder
from epic_features.image import decode
from training.cards import TARGETS, WEIGHTS

# The data were all re-encoded in one way, which erased these.
_ERASED = ("has_camera_make", "has_gps", "taken_at", "orientation", "software")
_OUT = Path("benchmarks/results/fusion.md")


def main() -> None:
    """Write the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("features", type=Path)
    parser.add_argument("data", type=Path)
    parser.add_argument("network", type=Path)
    parser.add_argument("-o", "--output", type=Path, default=_OUT)
    options = parser.parse_args()
    embedder = Embedder(options.network)
    table, cost = _table(options.features, options.data, embedder)
    manifest = pd.read_csv(options.data / "manifest.csv").set_index("file")
    facts = manifest.loc[table["relative_path"].to_pylist()].reset_index(drop=True)
    sections = []
    for name, (target, protect) in TARGETS.items():
        known = facts[target].notna().to_numpy()
        part = table.filter(pa.array(known))
        rows = _rows(name, part, facts[known].reset_index(drop=True), target, protect)
        sections += [f"## {name}", rows]
    machine.write(
        options.output,
        "Metadata, an embedding, and both",
        f"{len(table)} pictures of the shared data; the network is "
        f"{embedder.path.name} ({embedder.size} numbers, sha256 "
        f"{embedder.backends[0].sha256}), {cost * 1e3:.0f} ms CPU a picture. All figures are over "
        "the pictures held out, on five folds by source repository, in brackets the standard "
        "deviation over the folds. Nothing was tuned on these folds but the defaults of the "
        "trees, which are those of the metadata alone. `drawn` uses balanced class weights, as "
        "the shipped model does.",
        *sections,
    )


def _table(features: Path, data: Path, embedder: Embedder) -> tuple[pa.Table, float]:
    """Return the features with the column ``embedding``, and its cost in seconds a picture."""
    table = read_features(features)
    table = table.drop_columns([name for name in _ERASED if name in table.column_names])
    settings = Settings()
    pictures = (
        decode((data / name).read_bytes(), settings) for name in table["relative_path"].to_pylist()
    )
    started = time.process_time()
    found = embedder.embed(pictures)
    cost = (time.process_time() - started) / len(table)
    column = pa.FixedSizeListArray.from_arrays(pa.array(found.ravel()), embedder.size)
    return table.append_column("embedding", column), cost


def _rows(
    name: str, table: pa.Table, facts: pd.DataFrame, target: str, protect: tuple[str, ...]
) -> str:
    weight = WEIGHTS.get(name)
    models: dict[str, TabularClassifier] = {
        "metadata alone": TabularClassifier(class_weight=weight, protect=protect),
        "embedding alone: PCA, trees": FusionClassifier(
            columns=(), class_weight=weight, protect=protect
        ),
        "both: pca": FusionClassifier("pca", class_weight=weight, protect=protect),
        "both: stack": FusionClassifier("stack", class_weight=weight, protect=protect),
    }
    fold = facts["fold"].to_numpy()
    lines = []
    for label, model in models.items():
        started = time.process_time()
        model.fit(table, facts[target], groups=facts["source_repo"], fold=fold)
        seconds = time.process_time() - started
        result = evaluate(
            facts[target], model.out_of_fold_, list(model.classes_), protect=protect, folds=fold
        )
        lines.append(_line(label, result, seconds))
    started = time.process_time()
    odds, classes = _logistic(table, facts[target].to_numpy(dtype=str), fold)
    seconds = time.process_time() - started
    result = evaluate(facts[target], odds, classes, protect=protect, folds=fold)
    lines.insert(2, _line("embedding alone: logistic regression", result, seconds))
    header = ["model", "accuracy", "macro F1", "AUC", "others removed at 99 % kept"]
    return machine.table([*header, "cross-entropy", "CPU s to train"], lines)


def _logistic(
    table: pa.Table, labels: np.ndarray, fold: np.ndarray
) -> tuple[np.ndarray, list[str]]:
    """Return held-out probabilities of the regression by itself, calibrated on other folds."""
    embeddings = embeddings_of(table)
    classes, codes = np.unique(labels, return_inverse=True)
    scores = np.zeros((len(codes), len(classes)))
    for number in np.unique(fold):
        test = fold == number
        learned = logistic_regression(embeddings[~test], codes[~test], len(classes))
        scores[test] = learned.log_probabilities(embeddings[test])
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
