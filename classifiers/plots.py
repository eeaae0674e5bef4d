"""Pictures of what a model does; matplotlib figures that belong to nobody's global state."""

from __future__ import annotations

import base64
import io
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from classifiers.table import TableError

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from classifiers.evaluation import Evaluation

_BLUE, _RED, _GREY = "#2b6cb0", "#c05621", "#718096"


def confusion_matrix(result: Evaluation) -> Figure:
    """Draw true against predicted classes; shades are shares of a row, figures are images."""
    counts = np.array(result.confusion)
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    size = 2.2 + 0.55 * len(result.classes)
    figure = _figure(size + 0.8, size)
    axes = figure.add_subplot()
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    for (row, column), count in np.ndenumerate(counts):
        if count:
            color = "white" if shares[row, column] > 0.55 else "black"
            axes.text(column, row, str(count), ha="center", va="center", color=color, fontsize=8)
    ticks = range(len(result.classes))
    axes.set_xticks(ticks, result.classes, rotation=45, ha="right", parse_math=False)
    axes.set_yticks(ticks, result.classes, parse_math=False)
    axes.set_xlabel("predicted")
    axes.set_ylabel("true")
    axes.set_title(f"{result.images} images, macro F1 {result.macro_f1:.2f}")
    return figure


def reliability(result: Evaluation) -> Figure:
    """Draw how often the answer is right against how sure the model is."""
    figure = _figure(4.6, 4.2)
    axes = figure.add_subplot()
    sure, right, count = (np.array(part) for part in zip(*result.reliability, strict=True))
    axes.plot([0, 1], [0, 1], color=_GREY, linewidth=1, linestyle="--", label="ideal")
    axes.plot(sure, right, color=_BLUE, marker="o", label="model")
    for x, y, n in zip(sure, right, count, strict=True):
        axes.annotate(str(n), (x, y), textcoords="offset points", xytext=(5, -11), fontsize=7)
    # A little more than 0 to 1, so that whole dots, and the counts beside them, have room.
    axes.set_xlim(-0.03, 1.1)
    axes.set_ylim(-0.07, 1.03)
    axes.set_xlabel("confidence of the answer")
    axes.set_ylabel("share of right answers")
    axes.set_title(f"calibration error {result.calibration_error:.3f}")
    axes.legend(loc="upper left", frameon=False)
    return figure


def importance_plot(
    found: Mapping[str, Mapping[str, float]], kind: str = "topics", most: int = 20
) -> Figure:
    """Draw what the answers for a table rest on as bars, the most important on top.

    Parameters
    ----------
    found : mapping
        What `classifiers.importance` returned.
    kind : str
        ``"topics"``, ``"parts"`` or ``"features"``.
    most : int
        So many bars at most.

    Raises
    ------
    TableError
        The kind is not known.
    """
    if kind not in found:
        raise TableError(f"kind={kind!r}; choose from: {', '.join(found)}")
    shown = dict(list(found[kind].items())[:most])
    return bars(
        list(shown),
        list(shown.values()),
        title="What the answers rest on",
        label="mean absolute contribution to the raw score",
    )


def bars(
    names: Sequence[str], values: Sequence[float], *, title: str = "", label: str = ""
) -> Figure:
    """Draw named values as horizontal bars, the first on top; below zero in another colour."""
    figure = _figure(6.4, 1.1 + 0.32 * len(names))
    axes = figure.add_subplot()
    places = np.arange(len(names))[::-1]
    axes.barh(places, values, color=[_BLUE if value >= 0 else _RED for value in values])
    axes.set_yticks(places, names, parse_math=False)
    axes.axvline(0, color=_GREY, linewidth=0.8)
    axes.set_xlabel(label)
    axes.set_title(title, parse_math=False)
    return figure


def intervals(names: Sequence[str], values: Sequence[Sequence[float]], *, label: str) -> Figure:
    """Draw several values for each name as dots, and their mean as a line; the first on top."""
    figure = _figure(8.4, 1.1 + 0.3 * len(names))
    axes = figure.add_subplot()
    places = range(len(names))[::-1]
    for place, found in zip(places, values, strict=True):
        axes.plot(found, [place] * len(found), "o", color=_BLUE, alpha=0.45, markersize=5)
        axes.plot([np.mean(found)] * 2, [place - 0.3, place + 0.3], color=_RED, linewidth=2)
    axes.set_yticks(list(places), names, parse_math=False)
    axes.set_xlim(0, 1)
    axes.grid(axis="x", color="#e2e8f0")
    axes.set_axisbelow(True)
    axes.set_xlabel(label)
    return figure


def as_png(figure: Figure) -> bytes:
    """Return a figure as the bytes of a PNG file."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=110)
    return buffer.getvalue()


def as_data_url(figure: Figure) -> str:
    """Return a figure as an address that holds the picture itself, for pages without network."""
    return "data:image/png;base64," + base64.b64encode(as_png(figure)).decode()


def _figure(width: float, height: float) -> Figure:
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), layout="constrained")
