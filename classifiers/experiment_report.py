"""What the experiments found, as a table and a plot."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from classifiers.evaluation import Spread, evaluate
from classifiers.experiments import ExperimentData, Outcome
from classifiers.plots import as_png, intervals
from classifiers.variants import variants
from epic_features.errors import OutputError

if TYPE_CHECKING:
    import pandas as pd

MEASURES = ("macro_f1", "recall", "precision", "accuracy")


@dataclass(frozen=True)
class Line:
    """One variant.

    Attributes
    ----------
    variant, model, says : str
        As in `classifiers.variants.Variant`.
    macro_f1, recall, precision, accuracy : Spread
        Over the folds: the mean over the classes that are in the fold, and the share of right
        answers.
    pooled_macro_f1, pooled_accuracy : float
        Over all pictures at once.
    cross_entropy : float
        Mean of -log(probability of the true class) over all pictures, in nats.
    images, folds : int
        How many pictures were held out, in how many folds.
    trained, epochs : float
        Pictures trained on and passes over them; means over the folds.
    parameters : int
        Numbers the network learned.
    seconds : float
        CPU time of the training, mean over the folds.
    """

    variant: str
    model: str
    says: str
    macro_f1: Spread
    recall: Spread
    precision: Spread
    accuracy: Spread
    pooled_macro_f1: float
    pooled_accuracy: float
    cross_entropy: float
    images: int
    folds: int
    trained: float
    epochs: float
    parameters: int
    seconds: float


def summarise(outcomes: Sequence[Outcome], data: ExperimentData) -> list[Line]:
    """Return a line for each variant, and one for always giving the most frequent class."""
    names = list(dict.fromkeys(outcome.variant for outcome in outcomes))
    lines = [_line(name, [o for o in outcomes if o.variant == name], data) for name in names]
    return [_majority(data), *lines]


def as_frame(lines: Sequence[Line]) -> pd.DataFrame:
    """Return the lines as a table of numbers; each measure with its deviation over the folds."""
    import pandas as pd

    rows = []
    for line in lines:
        row = {key: value for key, value in asdict(line).items() if key not in MEASURES}
        for name in MEASURES:
            spread: Spread = getattr(line, name)
            row |= {name: spread.mean, f"{name}_deviation": spread.deviation}
        rows.append(row)
    first = ["variant", "model", "says", *(n for m in MEASURES for n in (m, f"{m}_deviation"))]
    return pd.DataFrame(rows).pipe(lambda t: t[[*first, *(c for c in t.columns if c not in first)]])


def as_markdown(lines: Sequence[Line]) -> str:
    """Return the lines as a table in Markdown."""
    header = ["variant", "what", *(name.replace("_", " ") for name in MEASURES)]
    header += ["F1 of all", "epochs", "parameters", "CPU s"]
    rows = [header, ["---"] * len(header)]
    for line in lines:
        spreads = [getattr(line, name) for name in MEASURES]
        rows.append(
            [
                line.variant,
                f"{line.model}: {line.says}" if line.model else line.says,
                *(f"{spread.mean:.3f} ± {spread.deviation:.3f}" for spread in spreads),
                f"{line.pooled_macro_f1:.3f}",
                f"{line.epochs:.0f}" if line.epochs else "",
                f"{line.parameters:,}" if line.parameters else "",
                f"{line.seconds:.0f}" if line.seconds else "",
            ]
        )
    return "\n".join("| " + " | ".join(row) + " |" for row in rows)


def write(lines: Sequence[Line], folder: Path) -> None:
    """Write ``results.csv``, ``results.md`` and ``results.png``.

    Raises
    ------
    OutputError
        The folder can't be written.
    """
    figure = intervals(
        [f"{line.variant} {line.says}" for line in lines],
        [line.macro_f1.values for line in lines],
        label="macro F1 of each fold, and their mean",
    )
    try:
        as_frame(lines).to_csv(folder / "results.csv", index=False)
        text = f"{lines[0].images} pictures in {lines[0].folds} folds.\n\n{as_markdown(lines)}\n"
        (folder / "results.md").write_text(text, encoding="utf-8")
        (folder / "results.png").write_bytes(as_png(figure))
    except OSError as error:
        raise OutputError(f"can't write into {folder}: {error.strerror}") from error


def _line(name: str, outcomes: Sequence[Outcome], data: ExperimentData) -> Line:
    (variant,) = variants([name])
    rows = np.concatenate([outcome.rows for outcome in outcomes])
    odds = np.concatenate([outcome.probabilities for outcome in outcomes])
    measured = _measured(data, rows, odds, data.fold[rows])
    return Line(
        variant=name,
        model=variant.model,
        says=variant.says,
        trained=float(np.mean([outcome.trained for outcome in outcomes])),
        epochs=float(np.mean([outcome.epochs for outcome in outcomes])),
        parameters=round(float(np.mean([outcome.parameters for outcome in outcomes]))),
        seconds=float(np.mean([outcome.seconds for outcome in outcomes])),
        **measured,
    )


def _majority(data: ExperimentData) -> Line:
    classes, codes = np.unique(data.labels, return_inverse=True)
    odds = np.zeros((len(codes), len(classes)))
    for fold in np.unique(data.fold):
        test = data.fold == fold
        odds[test] = np.bincount(codes[~test], minlength=len(classes)) / (~test).sum()
    measured = _measured(data, np.arange(len(codes)), odds, data.fold)
    says = "always the most frequent class"
    return Line("none", "", says, trained=0, epochs=0, parameters=0, seconds=0, **measured)


def _measured(
    data: ExperimentData, rows: NDArray[np.intp], odds: NDArray[Any], fold: NDArray[np.intp]
) -> dict[str, Any]:
    classes = [str(name) for name in np.unique(data.labels)]
    values: dict[str, list[float]] = {name: [] for name in MEASURES}
    for number in np.unique(fold):
        part = evaluate(data.labels[rows][fold == number], odds[fold == number], classes)
        there = [score for score in part.per_class.values() if score.support]
        values["macro_f1"].append(float(np.mean([score.f1 for score in there])))
        values["recall"].append(float(np.mean([score.recall for score in there])))
        values["precision"].append(float(np.mean([score.precision for score in there])))
        values["accuracy"].append(part.accuracy)
    whole = evaluate(data.labels[rows], odds, classes)
    spreads = {
        name: Spread(float(np.mean(found)), float(np.std(found)), tuple(found))
        for name, found in values.items()
    }
    return {
        **spreads,
        "pooled_macro_f1": whole.macro_f1,
        "pooled_accuracy": whole.accuracy,
        "cross_entropy": whole.cross_entropy,
        "images": whole.images,
        "folds": len(np.unique(fold)),
    }
