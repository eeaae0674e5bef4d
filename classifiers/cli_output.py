"""What ``epic classify``, ``epic train`` and ``epic evaluate`` say."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table

from epic_features.cli_progress import plain

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa
    from numpy.typing import NDArray

    from classifiers.evaluation import Evaluation
    from classifiers.known_labels import KnownLabels
    from classifiers.rule import Rule
    from classifiers.tabular import TabularClassifier


def print_labels(
    console: Console, labels: pa.Table, model: TabularClassifier | Rule, rejected: int
) -> None:
    """Say how many pictures got which label, and how many of them surely."""
    decided = Counter(labels["decision"].to_pylist())
    likely = Counter(labels["label"].to_pylist())
    table = Table("class", "likely", "decided")
    for name in [*map(str, model.classes_), *sorted(set(decided) - set(model.classes_))]:
        table.add_row(plain(name), str(likely[name] or ""), str(decided[name] or ""))
    console.print(table)
    if rejected:
        console.print(f"{rejected} pictures could not be read and have no label")
    if model.guarantee_ is not None:
        console.print(f"in the test of the model {model.guarantee_}", soft_wrap=True)


def print_evaluation(console: Console, result: Evaluation, model: TabularClassifier | Rule) -> None:
    """Show the figures of an evaluation."""
    table = Table("class", "precision", "recall", "F1", "images")
    for name, score in result.per_class.items():
        figures = (score.precision, score.recall, score.f1)
        table.add_row(plain(name), *(f"{value:.2f}" for value in figures), str(score.support))
    console.print(table)
    spread = result.folds.get("macro_f1")
    over = f" ({spread.mean:.3f} ± {spread.deviation:.3f} over folds)" if spread else ""
    console.print(
        f"{result.images} images: accuracy {result.accuracy:.3f} "
        f"(always the most frequent class: {result.majority:.3f}), macro F1 "
        f"{result.macro_f1:.3f}{over}, cross-entropy {result.cross_entropy:.3f}",
        soft_wrap=True,
    )
    if result.junk_removed is not None:
        console.print(
            f"area under the ROC curve {result.auc:.4f}; {result.junk_removed:.1%} of the rest "
            "goes when 99 % of the protected pictures are kept",
            soft_wrap=True,
        )
    if model.guarantee_ is not None:
        console.print(f"in the test of the model {model.guarantee_}", soft_wrap=True)


def print_left_out(console: Console, listed: KnownLabels) -> None:
    """Say which pictures have no label, and how many labels no picture."""
    if said := str(listed):
        console.print(said, soft_wrap=True)


def print_rejected(
    console: Console, listed: KnownLabels, known: KnownLabels, rejected: int
) -> None:
    """Say how many pictures could not be read, and which classes went with them."""
    if rejected:
        console.print(f"could not be read and are left out: {rejected} pictures")
    for name in sorted(set(listed.labels) - set(known.labels)):
        console.print(f"no picture of the class {plain(name)} could be read", soft_wrap=True)


def print_hidden(
    console: Console,
    model: TabularClassifier | Rule,
    labels: NDArray[Any],
    probabilities: NDArray[np.float64],
) -> None:
    """Say how many of the protected pictures at hand would be hidden."""
    import numpy as np

    from classifiers.guarantee import UNSURE, clopper_pearson, decide

    mine = np.isin(labels, list(model.protect))
    if model.guarantee_ is None or not mine.any():
        return
    decided = decide(probabilities[mine], model.classes_, model.protect, model.guarantee_)
    hidden = int((~np.isin(decided, [*model.protect, UNSURE])).sum())
    low, high = clopper_pearson(hidden, int(mine.sum()))
    console.print(
        f"of these pictures {hidden} of {mine.sum()} protected ones would be hidden "
        f"({hidden / mine.sum():.2%}, 95 % interval {low:.2%} to {high:.2%})",
        soft_wrap=True,
    )
