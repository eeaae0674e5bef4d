"""An evaluation as JSON and as a page that opens without a network."""

from __future__ import annotations

import json
import os
from pathlib import Path

from classifiers.evaluation import Evaluation
from classifiers.guarantee import Guarantee
from classifiers.plots import (
    as_data_url,
    as_png,
    confusion_matrix,
    importance_plot,
    reliability,
)
from epic_features.errors import OutputError


def write_report(
    result: Evaluation,
    folder: str | os.PathLike[str],
    *,
    title: str,
    guarantee: Guarantee | None = None,
    importance: dict[str, dict[str, float]] | None = None,
) -> Path:
    """Write ``evaluation.json``, ``report.html`` and the pictures of both to a folder.

    Parameters
    ----------
    result : Evaluation
        The figures.
    folder : path
        Made if need be; files of an earlier report are replaced.
    title : str
        Heading of the page.
    guarantee : Guarantee, optional
        The promise of the model.
    importance : dict, optional
        What `classifiers.explanation.importance` returned.

    Returns
    -------
    Path
        The page.

    Raises
    ------
    OutputError
        The folder can't be written.
    """
    import jinja2

    figures = {"confusion": confusion_matrix(result), "reliability": reliability(result)}
    if importance:
        figures["importance"] = importance_plot(importance)
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("classifiers"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
    )
    page = environment.get_template("report.html").render(
        title=title,
        result=result,
        guarantee=guarantee,
        figures={name: as_data_url(figure) for name, figure in figures.items()},
    )
    target = Path(folder)
    record = {**result.to_dict(), "importance": importance}
    try:
        target.mkdir(parents=True, exist_ok=True)
        (target / "report.html").write_text(page, encoding="utf-8")
        (target / "evaluation.json").write_text(
            json.dumps(record, ensure_ascii=False, indent=1) + "\n", encoding="utf-8"
        )
        for name, figure in figures.items():
            (target / f"{name}.png").write_bytes(as_png(figure))
    except OSError as error:
        raise OutputError(f"can't write the report {target}: {error.strerror}") from error
    return target / "report.html"
