"""What is drawn is all there, and can be seen."""

import numpy as np
import pytest

from classifiers import evaluate, importance
from classifiers.plots import as_png, importance_plot, reliability
from classifiers.table import TableError


def bars_of(figure):
    """The values of the bars by name, from top to bottom."""
    (axes,) = figure.axes
    names = [label.get_text() for label in axes.get_yticklabels()]
    tops = [bar.get_y() for bar in axes.patches]
    assert tops == sorted(tops, reverse=True)
    return list(zip(names, [bar.get_width() for bar in axes.patches], strict=True))


def test_importance_is_drawn_from_the_top(model_of_three, three):
    found = importance(model_of_three, three[0])
    assert bars_of(importance_plot(found)) == list(found["topics"].items())[:20]
    assert bars_of(importance_plot(found, "parts")) == list(found["parts"].items())
    assert bars_of(importance_plot(found, "features", 3)) == list(found["features"].items())[:3]
    assert as_png(importance_plot(found)).startswith(b"\x89PNG")


def test_an_unknown_kind_of_importance(model_of_three, three):
    found = importance(model_of_three, three[0])
    with pytest.raises(TableError, match="kind='words'; choose from: features, topics, parts"):
        importance_plot(found, "words")


def test_dots_at_the_corners_are_whole():
    """Answers that are sure, all right or all wrong, lie at (1, 1) and (1, 0)."""
    sure = np.eye(2)[np.arange(2000) % 2]
    for labels in (np.arange(2000) % 2, 1 - np.arange(2000) % 2):
        result = evaluate(np.array(["a", "b"])[labels], sure, ["a", "b"])
        figure = reliability(result)
        figure.draw_without_rendering()
        (axes,) = figure.axes
        (line,) = (line for line in axes.lines if line.get_marker() == "o")
        radius = line.get_markersize() / 2 * figure.dpi / 72
        frame = axes.bbox
        for x, y in axes.transData.transform(line.get_xydata()):
            assert frame.x0 <= x - radius < x + radius <= frame.x1
            assert frame.y0 <= y - radius < y + radius <= frame.y1
        for count in axes.texts:
            place = count.get_window_extent()
            assert frame.x0 <= place.x0 < place.x1 <= frame.x1
            assert frame.y0 <= place.y0 < place.y1 <= frame.y1
