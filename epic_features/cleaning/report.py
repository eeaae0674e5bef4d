"""What a data set of one folder per class is made of, on one page."""

from __future__ import annotations

import io
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from epic_features.cleaning.feature_tables import Progress, features_of
from epic_features.cleaning.pages import render, write_page
from epic_features.cleaning.plan import root_of
from epic_features.errors import SourceError
from epic_features.sources.names import printable

if TYPE_CHECKING:
    import pandas as pd

_SPLITS = ("split", "fold", "subset", "partition")
_LANGUAGES = ("Arabic", "Latin script", "both", "no text", "not looked")
_SHOWN = 200


@dataclass(frozen=True)
class DatasetReport:
    """The tables behind the page.

    Attributes
    ----------
    classes : DataFrame
        Per class: ``class``, ``images``, ``share`` (of all), ``megabytes``, ``corrupt``,
        ``duplicates`` (copies within the class, the kept one not counted), ``leaks`` (copies of
        images of another class or split), and the images by language of their text: ``Arabic``,
        ``Latin script``, ``both``, ``no text``, ``not looked``.
    sizes : DataFrame
        Per class the quartiles of width, height (px) and file size (byte).
    corrupt : DataFrame
        Findings of `find_corrupt`.
    duplicates : DataFrame
        Findings of `find_duplicates`, with ``across`` (``"class"``, ``"split"``,
        ``"class and split"`` or empty) and ``split``.
    images : DataFrame
        Per image: ``path``, ``class``, ``width``, ``height``, ``file_size``, ``split``,
        ``language``.
    imbalance : float
        Images of the largest class over those of the smallest.
    split : str or None
        Name of the column of the manifest that tells the splits.
    """

    classes: pd.DataFrame
    sizes: pd.DataFrame
    corrupt: pd.DataFrame
    duplicates: pd.DataFrame
    images: pd.DataFrame
    imbalance: float
    split: str | None


def examine(
    folder: str | os.PathLike[str],
    *,
    features: pd.DataFrame | None = None,
    manifest: pd.DataFrame | None = None,
    on_progress: Mapping[str, Progress] | None = None,
) -> DatasetReport:
    """Look at a data set.

    Parameters
    ----------
    folder : path
        One folder per class.
    features : DataFrame, optional
        Its feature table. With the group ``text`` the language of text is told; sizes and
        duplicates need ``shape``, ``bytes`` and ``quality``, which are computed where they lack.
    manifest : DataFrame, optional
        A table with ``relative_path``, ``path`` or ``file``, and a column ``split``, ``fold``,
        ``subset`` or ``partition``.
    on_progress : mapping, optional
        Functions to call with numbers done and to do, by part: ``"features"``, ``"corrupt"``,
        ``"duplicates"``.

    Raises
    ------
    SourceError
        The folder has no image, or the manifest does not tell the splits of its images.
    """
    from epic_features.cleaning.corrupt import find_corrupt
    from epic_features.cleaning.duplicates import find_duplicates

    root = root_of(folder)
    calls = on_progress or {}
    needed = {"width", "height", "file_size", "phash"}
    if features is not None and not needed <= set(features):
        features = _completed(root, features, calls.get("features"))
    rows = features_of(
        root, root, features=features, columns=needed, on_progress=calls.get("features")
    )
    known = rows.dropna(subset=["phash"]).assign(
        relative_path=lambda t: [printable(path) for path in t["path"]]
    )
    images = _images(root, rows)
    split = None
    if manifest is not None:
        split, images["split"] = _splits(images["path"], manifest)
    corrupt = find_corrupt(root, on_progress=calls.get("corrupt"))
    duplicates = find_duplicates(root, features=known, on_progress=calls.get("duplicates"))
    duplicates = _across(duplicates, images)
    classes = _classes(images, corrupt, duplicates)
    sizes = images.groupby("class")[["width", "height", "file_size"]].quantile([0.25, 0.5, 0.75])
    return DatasetReport(
        classes,
        sizes.unstack().astype("Float64"),
        corrupt,
        duplicates,
        images,
        float(classes["images"].max() / classes["images"].min()),
        split,
    )


def write_report(
    folder: str | os.PathLike[str],
    out: str | os.PathLike[str],
    *,
    features: pd.DataFrame | None = None,
    manifest: pd.DataFrame | None = None,
    overwrite: bool = False,
    on_progress: Mapping[str, Progress] | None = None,
) -> DatasetReport:
    """Write the page of a data set; it is one file and loads nothing.

    Parameters are those of `examine`, and the page `out`.

    Raises
    ------
    OutputError
        The page exists and `overwrite` is false, or it can't be written.
    """
    found = examine(folder, features=features, manifest=manifest, on_progress=on_progress)
    write_page(_page(found, root_of(folder)), Path(out), overwrite=overwrite)
    return found


def _completed(root: Path, features: pd.DataFrame, on_progress: Progress | None) -> pd.DataFrame:
    """Add the quick columns that a table lacks."""
    quick = features_of(root, root, groups=("shape", "bytes", "quality"), on_progress=on_progress)
    quick["relative_path"] = [printable(path) for path in quick["path"]]
    key = "relative_path" if "relative_path" in features else "path"
    wanted = [
        name
        for name in quick
        if name not in features or name in ("width", "height", "relative_path")
    ]
    rest = features.drop(columns=["width", "height"], errors="ignore").rename(
        columns={key: "relative_path"}
    )
    return (
        quick[wanted]
        .drop(columns=["path"])
        .merge(rest.drop_duplicates("relative_path"), on="relative_path", how="left")
    )


def _images(root: Path, rows: pd.DataFrame) -> pd.DataFrame:
    import pandas as pd

    paths = [str(path) for path in rows["path"]]
    classes = [printable(path.partition("/")[0]) if "/" in path else "(none)" for path in paths]
    sizes = [(root / path).stat().st_size if (root / path).exists() else 0 for path in paths]
    return pd.DataFrame(
        {
            "path": [printable(path) for path in paths],
            "class": classes,
            "width": rows["width"],
            "height": rows["height"],
            "file_size": sizes,
            "split": pd.Series([None] * len(paths), dtype=object),
            "language": _languages(rows),
        }
    )


def _languages(rows: pd.DataFrame) -> list[str]:
    import pandas as pd

    if "total_en_boxes" not in rows:
        return ["not looked"] * len(rows)
    arabic = rows["total_ar_boxes"] if "total_ar_boxes" in rows else pd.Series([None] * len(rows))
    told = []
    for latin, other in zip(rows["total_en_boxes"], arabic, strict=True):
        if pd.isna(latin):
            told.append("not looked")
            continue
        has_arabic = not pd.isna(other) and other > 0
        one = "Arabic" if has_arabic else "Latin script" if latin > 0 else "no text"
        told.append("both" if has_arabic and latin > 0 else one)
    return told


def _splits(paths: pd.Series, manifest: pd.DataFrame) -> tuple[str, list[str | None]]:
    names = {str(name).lower(): name for name in manifest.columns}
    column = next((names[name] for name in _SPLITS if name in names), None)
    key = next(
        (names[n] for n in ("relative_path", "path", "file", "filename") if n in names), None
    )
    if column is None or key is None:
        raise SourceError(
            "the manifest needs a column relative_path, path or file, and one of: "
            + ", ".join(_SPLITS)
        )
    known = dict(zip(manifest[key].astype(str), manifest[column].astype(str), strict=True))
    found = [known.get(path, known.get(path.rpartition("/")[2])) for path in paths]
    if not any(found):
        raise SourceError(f"the column {key} of the manifest names no image of the folder")
    return str(column), found


def _across(duplicates: pd.DataFrame, images: pd.DataFrame) -> pd.DataFrame:
    """Tell for each copy whether its group crosses classes or splits."""
    by_path = images.set_index("path")
    told = duplicates.assign(
        split=[by_path["split"].get(path) for path in duplicates["path"]],
        label=[by_path["class"].get(path) for path in duplicates["path"]],
    )
    across = []
    for group in told["group"]:
        members = told[told["group"] == group]
        crossed = [
            name
            for name, column in (("class", "label"), ("split", "split"))
            if members[column].nunique() > 1
        ]
        across.append(" and ".join(crossed))
    return told.assign(across=across).drop(columns="label")


def _classes(images: pd.DataFrame, corrupt: pd.DataFrame, duplicates: pd.DataFrame) -> pd.DataFrame:
    import pandas as pd

    labels = images.set_index("path")["class"]
    copies = duplicates[~duplicates["keep"].astype(bool)]
    leaks = duplicates[duplicates["across"] != ""]
    within = copies[copies["across"] == ""]
    grouped = images.groupby("class")
    table = pd.DataFrame({"images": grouped.size()})
    table["share"] = table["images"] / len(images)
    table["megabytes"] = grouped["file_size"].sum() / 1e6
    for name, found in (("corrupt", corrupt), ("duplicates", within), ("leaks", leaks)):
        counts = found["path"].map(labels).value_counts()
        table[name] = counts.reindex(table.index).fillna(0).astype(int)
    languages = pd.crosstab(images["class"], images["language"])
    table = table.join(languages.reindex(columns=list(_LANGUAGES), fill_value=0))
    return table.sort_values("images", ascending=False).reset_index()


def _page(found: DatasetReport, root: Path) -> str:
    largest = int(found.classes["images"].max())
    leaks = found.duplicates[found.duplicates["across"] != ""]
    within = found.duplicates[found.duplicates["across"] == ""]
    looked = [name for name in _LANGUAGES if found.classes[name].sum()]
    sizes = [
        (name, *(row[column][q] for column in row.index.levels[0] for q in (0.25, 0.5, 0.75)))
        for name, row in found.sizes.iterrows()
    ]
    return render(
        "report.html",
        root=printable(str(root)),
        classes=found.classes.to_dict("records"),
        largest=largest,
        total=len(found.images),
        imbalance=found.imbalance,
        languages=looked,
        sizes=[[name, *(_figure(value) for value in values)] for name, *values in sizes],
        size_columns=[str(column) for column in found.sizes.columns.levels[0]],
        corrupt=found.corrupt.to_dict("records")[:_SHOWN],
        n_corrupt=len(found.corrupt),
        leaks=leaks.to_dict("records")[:_SHOWN],
        n_leaks=len(leaks),
        duplicates=within.to_dict("records")[:_SHOWN],
        n_duplicates=len(within),
        shown=_SHOWN,
        split=found.split,
        splits=_split_counts(found),
        picture=_plots(found.images),
    )


def _split_counts(found: DatasetReport) -> list[tuple[str, int]]:
    counts = found.images["split"].fillna("(not in the manifest)").value_counts().sort_index()
    return [(str(name), int(n)) for name, n in counts.items()]


def _figure(value: Any) -> str:
    import pandas as pd

    return "" if pd.isna(value) else f"{float(value):,.0f}"


def _plots(images: pd.DataFrame) -> str:
    """Return an SVG of the sizes: width against height, and file sizes."""
    from markupsafe import Markup
    from matplotlib.figure import Figure
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    known = images.dropna(subset=["width", "height"])
    figure = Figure(figsize=(10, 4), layout="constrained")
    left, right = figure.subplots(1, 2)
    left.scatter(
        known["width"].astype(float),
        known["height"].astype(float),
        s=6,
        alpha=0.35,
        linewidths=0,
        color="#4a78b8",
        rasterized=True,
    )
    left.set(xscale="log", yscale="log", xlabel="width (px)", ylabel="height (px)", title="Size")
    for axis in (left.xaxis, left.yaxis):
        axis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        axis.set_minor_formatter(NullFormatter())
    right.hist(images["file_size"] / 1000, bins=40, color="#4a78b8")
    right.set(xlabel="file size (kB)", ylabel="images", title="File size")
    for axes in (left, right):
        axes.spines[["top", "right"]].set_visible(False)
    text = io.StringIO()
    figure.savefig(text, format="svg", dpi=120, metadata={"Date": None})
    svg = text.getvalue()
    return Markup(svg[svg.index("<svg") :])  # Drawn from numbers alone.
