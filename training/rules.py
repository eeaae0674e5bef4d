"""Train the quick rules: ``python -m training.rules DATA [--cache FOLDER]``.

Writes ``classifiers/pretrained/{bytes,bilateral,colors}`` with a card and figures. The same
pictures and versions give the same files. `DATA` is as for `training.tabular`.
"""

from __future__ import annotations

import argparse
import json
import logging
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from sklearn.base import clone

from classifiers.evaluation import Evaluation, Spread, evaluate
from classifiers.known_labels import read_sheet, sheet_labels
from classifiers.rule import Rule
from classifiers.rules import QUICK
from classifiers.workflow import extract_features
from epic_features import Settings
from training.cards import render

SETTINGS = Settings(groups=("bytes", "cartoon"))

_OUT = Path(__file__).resolve().parents[1] / "classifiers" / "pretrained"

_CARDS = {
    "bytes": (
        "length of the file in bytes, hex digits and base64 characters, each in one-hot ranges "
        "learned from the data",
        (
            "large drawings are taken for photographs, small photographs for drawings: it knows "
            "nothing but the length",
            "a picture that is saved again, scaled or cut may change its answer",
            "on one of the five folds it is worse than chance",
            "what it learned holds for JPEG files of at most 1,080 pixels a side saved like the "
            "training pictures: on other files, such as a camera's originals or PNG screenshots, "
            "it was not tested",
        ),
    ),
    "bilateral": (
        "correlation of the colour histograms before and after a bilateral filter, with a learned "
        "threshold",
        (
            "most drawings are taken for photographs: painted wallpapers, and flat cartoons too, "
            "whose few colours are spread by any smoothing",
            "portraits before a plain ground are taken for drawings",
            "on two of the five folds it is no better than chance",
        ),
    ),
    "colors": (
        "share of the picture that its 512 most frequent colours cover after resizing to 1024 × "
        "1024 pixels, with a threshold that was given, not learned",
        (
            "half of the photographs are taken for drawings, above all portraits before a plain "
            "ground and pictures with little light: the threshold is low",
            "painted wallpapers with many shades are taken for photographs",
            "a grey picture has at most 256 colours, so it is always called a drawing",
        ),
    ),
}


@dataclass(frozen=True)
class Sample:
    """Drawings and photographs.

    Attributes
    ----------
    table : pyarrow.Table
        Feature rows of the groups ``bytes`` and ``cartoon``.
    drawn : ndarray of str, shape (n,)
        "animated" or "real".
    fold : ndarray of int, shape (n,)
        By source repository.
    """

    table: pa.Table
    drawn: NDArray[Any]
    fold: NDArray[np.intp]


def load_sample(folder: Path, cache: Path) -> Sample:
    """Return the pictures of a data folder that are known to be drawn or real."""
    cache.mkdir(parents=True, exist_ok=True)
    table, _ = extract_features(str(folder), cache / "rules", SETTINGS)
    columns = {"label": "drawn", "fold": "fold"}
    table = table.sort_by("relative_path")
    sheet = read_sheet(folder / "manifest.csv", columns)
    known = sheet_labels(table["relative_path"].to_pylist(), sheet)
    return Sample(table.take(known.rows), known.labels, known.columns["fold"].astype(int))


def held_out(rule: Rule, sample: Sample) -> Evaluation:
    """Return how good a rule is on each fold when it learns from the others.

    The folds have one measure more, ``balanced_accuracy``: the mean of the shares of drawings and
    of photographs that are right.
    """
    odds = np.zeros((len(sample.drawn), 2))
    for fold in np.unique(sample.fold):
        test = sample.fold == fold
        rows = np.flatnonzero(~test)
        learned = clone(rule).fit(sample.table.take(rows), sample.drawn[rows])
        odds[test] = learned.predict_proba(sample.table.take(np.flatnonzero(test)))
    classes = learned.classes_.tolist()
    result = evaluate(sample.drawn, odds, classes, folds=sample.fold)
    parts = [sample.fold == fold for fold in np.unique(sample.fold)]
    values = [balanced_accuracy(evaluate(sample.drawn[p], odds[p], classes)) for p in parts]
    spread = Spread(float(np.mean(values)), float(np.std(values)), tuple(values))
    return replace(result, folds=result.folds | {"balanced_accuracy": spread})


def balanced_accuracy(result: Evaluation) -> float:
    """Return the mean recall of the classes."""
    return float(np.mean([score.recall for score in result.per_class.values()]))


def train(name: str, sample: Sample, out: Path) -> Evaluation:
    """Train one rule and write it with its card and figures."""
    rule = QUICK[name]()
    result = held_out(rule, sample)
    rule.fit(sample.table, sample.drawn).save(out)
    figures = result.to_dict() | {"balanced_accuracy": balanced_accuracy(result)}
    (out / "evaluation.json").write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    measure, failures = _CARDS[name]
    page = render(
        "rule_card.md",
        name=name,
        measure=measure,
        failures=failures,
        rule=rule,
        result=result,
        balanced=balanced_accuracy(result),
        folds=len(np.unique(sample.fold)),
    )
    (out / "README.md").write_text(page, encoding="utf-8")
    return result


def main() -> None:
    """Train all three."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("--cache", type=Path, default=Path("build/training"))
    parser.add_argument("--out", type=Path, default=_OUT)
    options = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    sample = load_sample(options.data, options.cache)
    for name in QUICK:
        result = train(name, sample, options.out / name)
        logging.getLogger(__name__).info(
            "%s: %d images, accuracy %.3f, balanced accuracy %.3f, AUC %.3f",
            *(name, result.images, result.accuracy, balanced_accuracy(result), result.auc),
        )


if __name__ == "__main__":
    main()
