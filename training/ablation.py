"""Which metadata matter: ``python -m training.ablation DATA [--cache FOLDER]``.

Trains models on the metadata, with each part of the feature table left out, with the 37 columns
alone, and with the embedding beside everything, on the same folds by source repository, and writes
``docs/ablation.md``. Drawn pictures take no part.
"""

from __future__ import annotations

import argparse
import logging
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pyarrow as pa

from classifiers.encoding import TableEncoder
from classifiers.evaluation import Evaluation, evaluate
from classifiers.explanation import importance
from classifiers.tabular import TabularClassifier
from classifiers.topics import part_of
from epic_features.schema import CORE_COLUMNS
from training.cards import SHIPPED, TARGETS, new_model
from training.data import Data, load_data

_OUT = Path(__file__).resolve().parents[1] / "docs" / "ablation.md"
_TOP = 15
_COLOR_NAMES = tuple(c.name for c in CORE_COLUMNS if c.group == "colors")
_WORD_NAMES = tuple(c.name for c in CORE_COLUMNS if pa.types.is_list(c.type))

_log = logging.getLogger(__name__)


def main() -> None:
    """Write the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("--cache", type=Path, default=Path("build/training"))
    options = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    data = load_data(options.data, options.cache, drawn=False)
    without_writing = replace(data, table=_without_writing(data.table))
    parts = _parts(data)
    results: dict[str, dict[str, Evaluation]] = {}
    tops = []
    for name in TARGETS:
        full, result = _run(data, name, _trees(name))
        results.setdefault("everything", {})[name] = result
        tops.append(_importance(name, full, data))
        for part in parts:
            columns = [c for other, names in parts.items() if other != part for c in names]
            results.setdefault(f"without {part}", {})[name] = _run(
                data, name, _trees(name, columns)
            )[1]
        core = [c.name for c in CORE_COLUMNS if c.group != "file"]
        core = [c for c in core if c not in ("area", "width", "height")]
        results.setdefault("the 37 columns alone", {})[name] = _run(data, name, _trees(name, core))[
            1
        ]
        for label, seen in (
            ("everything and the embedding", without_writing),
            ("everything, the embedding and writing", data),
        ):
            results.setdefault(label, {})[name] = _run(seen, name, new_model(name))[1]
    _OUT.write_text(_page(results, tops), encoding="utf-8")


def _parts(data: Data) -> dict[str, list[str]]:
    """Return the columns of each part of the table."""
    parts: dict[str, list[str]] = {}
    for name in TableEncoder().fit(data.table).number_columns_:
        parts.setdefault(part_of(name), []).append(name)
    parts["colour"] = list(_COLOR_NAMES)
    parts["words"] = list(_WORD_NAMES)
    return parts


def _without_writing(table: pd.DataFrame) -> pd.DataFrame:
    dropped = table.drop(columns="writing")
    dropped.attrs = table.attrs
    return dropped


def _trees(name: str, columns: list[str] | None = None) -> TabularClassifier:
    return TabularClassifier(
        columns=columns,
        protect=TARGETS[name][1],
        priors=SHIPPED["priors"],
    )


def _run(data: Data, name: str, model: TabularClassifier) -> tuple[TabularClassifier, Evaluation]:
    target, protect = TARGETS[name]
    table, facts = data.of(target)
    fold = facts["fold"].astype(int)
    tables = data.fold_tables(target)
    model.fit(table, facts[target], groups=facts["source_repo"], fold=fold, fold_tables=tables)
    result = evaluate(
        facts[target], model.out_of_fold_, list(model.classes_), protect=protect, folds=fold
    )
    _log.info("%s: accuracy %.3f, macro F1 %.3f", name, result.accuracy, result.macro_f1)
    return model, result


def _importance(name: str, model: TabularClassifier, data: Data) -> str:
    table, _ = data.of(TARGETS[name][0])
    top = list(importance(model, table)["features"].items())[:_TOP]
    listed = ", ".join(f"{feature} {value:.2f}" for feature, value in top)
    return f"- **{name}**: {listed}"


def _page(results: dict[str, dict[str, Evaluation]], tops: list[str]) -> str:
    rows = []
    for label, by_name in results.items():
        cells = [label]
        personal = by_name["personal"]
        cells += [f"{personal.auc:.4f}", f"{personal.junk_removed:.3f}"]
        cells += [_with_spread(by_name["gallery"], "macro_f1")]
        cells += [_with_spread(by_name[name], "accuracy") for name in ("whatsapp", "drawn")]
        rows.append("| " + " | ".join(cells) + " |")
    full = results["everything"]
    counts = ", ".join(f"{name} {result.images}" for name, result in full.items())
    base = ", ".join(f"{name} {result.majority:.3f}" for name, result in full.items())
    return "\n".join(
        [
            "# Which metadata matter",
            "",
            "Made by `python -m training.ablation`; do not edit. Each row is a new training with a",
            "part of the feature table left out, tested on folds by source repository. The figures",
            "are over all images held out, in brackets the deviation over the five folds;",
            "differences smaller than that say little. The last rows have the",
            "[embedding](embeddings.md), and the column `writing`, too. Drawn pictures take no",
            "part; the shipped `personal` and `gallery` learn from some. `drawn` goes without",
            "`writing`. All",
            'expect the classes alike (`priors="equal"`), other than in the',
            "[baselines](../benchmarks/results/baselines.md).",
            "",
            f"Images: {counts}. Accuracy of always giving the most frequent class: {base}.",
            "",
            "| columns | personal: AUC | personal: others removed at 99 % kept | "
            "gallery: macro F1 | whatsapp: accuracy | drawn: accuracy |",
            "|---|---|---|---|---|---|",
            *rows,
            "",
            "## The columns that move the answers most",
            "",
            "Mean absolute contribution to the raw score, over images and classes, of the models",
            "of the first row:",
            "",
            *tops,
            "",
        ]
    )


def _with_spread(result: Evaluation, measure: str) -> str:
    value = result.macro_f1 if measure == "macro_f1" else result.accuracy
    return f"{value:.3f} ({result.folds[measure].deviation:.3f})"


if __name__ == "__main__":
    main()
