"""Divide the images of a class into components, and tell which look like another class."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from epic_features.errors import OutputError, SettingsError

if TYPE_CHECKING:
    import pandas as pd
    from PIL import Image as PILImage

# Scaled by their interquartile range, values of heavy tails reach the hundreds, and a single one
# would decide every distance.
_FURTHEST = 4.0
_SIDE = 120
_GAP = 6
_TITLE = 24
_DPI, _LETTERS = 128, 8
_NEAREST_SHOWN, _FURTHEST_SHOWN = 8, 4


@dataclass(frozen=True)
class Clusters:
    """Components of one class or of every class.

    Attributes
    ----------
    components : DataFrame
        One row per component, those that look most like another class first: ``class``,
        ``component`` (number within its class, the largest is 0), ``images``, ``mean_distance`` of
        its images to its centre, ``own_distance`` of its centre to that of its class,
        ``other_class`` whose centre is nearest, ``other_distance`` to it, and ``margin``
        (own_distance - other_distance; positive: it looks like the other class). Without a second
        class the last three are null.
    images : DataFrame
        One row per image, in the order of `components`, the furthest of a component first:
        ``path``, ``class``, ``component``, ``distance`` to the centre of the component.
    """

    components: pd.DataFrame
    images: pd.DataFrame

    @property
    def findings(self) -> pd.DataFrame:
        """The images of the components that look like another class, as findings to review."""
        from epic_features.cleaning.findings import Finding, table_of

        alike = self.components[self.components["margin"] > 0]
        found = []
        for number, row in enumerate(alike.itertuples(index=False)):
            members = self.images[
                (self.images["class"] == row[0]) & (self.images["component"] == row.component)
            ]
            reason = f"component {row.component} of {row[0]} looks like {row.other_class}"
            found += [
                Finding(
                    image.path,
                    "clusters",
                    "other_class",
                    "review",
                    reason,
                    value=row.margin,
                    group=number,
                    label=row[0],
                )
                for image in members.itertuples(index=False)
            ]
        return table_of(found)


def find_clusters(
    features: pd.DataFrame,
    labels: Sequence[str] | pd.Series,
    *,
    only: str | None = None,
    k: int = 20,
    seed: int = 0,
) -> Clusters:
    """Divide the images of each class by k-means.

    Distances are Euclidean, between columns scaled as by
    `epic_features.cleaning.label_errors.numeric_matrix` and cut off at ±4, per column (divided by
    the square root of their number).

    Parameters
    ----------
    features : DataFrame, n rows
        A feature table with ``path`` or ``relative_path``. A column ``embedding`` of equally long
        lists is used instead of the others when it is there.
    labels : sequence of str, length n
        The class of each image.
    only : str, optional
        Divide just this class; the others are there to be compared with.
    k : int
        Components per class; fewer when a class has fewer images.
    seed : int
        Of the k-means.

    Raises
    ------
    SettingsError
        `k` is below 1, there are no numbers, or no image of the class.
    """
    import pandas as pd

    given = np.asarray(labels, dtype=object)
    if k < 1:
        raise SettingsError(f"k={k!r}; it must be at least 1")
    wanted = sorted(set(given)) if only is None else [only]
    if not np.isin(given, wanted).any():
        raise SettingsError(f"no image of the class {only!r} is in the table")
    matrix = _matrix(features)
    paths = np.asarray(
        features["path"] if "path" in features else features["relative_path"], dtype=object
    )
    centres = {name: matrix[given == name].mean(axis=0) for name in sorted(set(given))}
    components, images = [], []
    for name in wanted:
        inside = np.flatnonzero(given == name)
        numbers, middles = _divided(matrix[inside], min(k, len(inside)), seed)
        for number, middle in enumerate(middles):
            members = inside[numbers == number]
            distances = _distance(matrix[members], middle)
            components.append(_component(name, number, distances, middle, centres))
            images += [
                (paths[members[i]], name, number, distances[i]) for i in np.argsort(-distances)
            ]
    table = pd.DataFrame(components)
    table = table.sort_values(
        ["margin", "own_distance"], ascending=False, na_position="last", kind="stable"
    ).reset_index(drop=True)
    order = {key: i for i, key in enumerate(zip(table["class"], table["component"], strict=True))}
    images.sort(key=lambda image: order[image[1], image[2]])
    names = ["path", "class", "component", "distance"]
    return Clusters(table, pd.DataFrame(images, columns=names))


def contact_sheet(clusters: Clusters, root: Path, components: int = 20) -> PILImage.Image:
    """Draw a picture of the first components: the images nearest to the centre, then the furthest.

    Parameters
    ----------
    clusters : Clusters
        What to show.
    root : Path
        The folder that paths refer to.
    components : int
        How many components to show.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from PIL import Image as PILImage
    from PIL import ImageDraw

    from epic_features.cleaning.thumbnails import thumbnails

    shown = clusters.components.head(components)
    across = _NEAREST_SHOWN + _FURTHEST_SHOWN
    row_height = _TITLE + _SIDE + 2 * _GAP
    width = across * (_SIDE + _GAP) + 4 * _GAP
    height = max(1, len(shown)) * row_height
    # Classes are folders with names in any script. Matplotlib's font has more than Pillow's, and
    # from 3.11 on it joins Arabic letters without a library of the system.
    figure = Figure((width / _DPI, height / _DPI), dpi=_DPI, facecolor="#dcdce0")
    for line, row in enumerate(shown.itertuples(index=False)):
        baseline = line * row_height + _TITLE - _GAP
        figure.text(
            _GAP / width, 1 - baseline / height, _title(row), fontsize=_LETTERS, parse_math=False
        )
    canvas = FigureCanvasAgg(figure)
    canvas.draw()  # type: ignore[no-untyped-call]
    pixels = np.asarray(canvas.buffer_rgba())  # type: ignore[no-untyped-call]
    sheet = PILImage.fromarray(pixels).convert("RGB")
    pen = ImageDraw.Draw(sheet)
    for line, row in enumerate(shown.itertuples(index=False)):
        top = line * row_height
        all_members = clusters.images
        members = list(
            all_members[
                (all_members["class"] == row[0]) & (all_members["component"] == row.component)
            ]["path"]
        )
        near = members[::-1][:_NEAREST_SHOWN]
        far = [path for path in members[:_FURTHEST_SHOWN] if path not in near]
        pictures = thumbnails([root / path for path in (*near, *far)], _SIDE)
        for place, picture in enumerate(pictures):
            column = place if place < len(near) else _NEAREST_SHOWN + place - len(near)
            left = _GAP + column * (_SIDE + _GAP) + (3 * _GAP if column >= _NEAREST_SHOWN else 0)
            if picture is not None:
                sheet.paste(PILImage.fromarray(picture), (left, top + _TITLE))
        middle = _GAP + _NEAREST_SHOWN * (_SIDE + _GAP) + _GAP // 2
        pen.line((middle, top + _TITLE, middle, top + _TITLE + _SIDE), fill="grey", width=2)
    return sheet


def save_sheet(sheet: PILImage.Image, path: Path, *, overwrite: bool = False) -> None:
    """Save a contact sheet; raises OutputError when it can't be, or exists."""
    if path.exists() and not overwrite:
        raise OutputError(f"{path} exists; choose another path or give --overwrite")
    try:
        sheet.save(path)
    except (OSError, ValueError) as error:
        raise OutputError(f"can't write the picture {path}: {error}") from error


def _title(row: object) -> str:
    name, number, images, mean_distance = row[:4]  # type: ignore[index]
    # The marks keep the line running from the left where a name is Arabic.
    text = f"\u200e{name}\u200e {number}: {images} images, mean distance {mean_distance:.2f}"
    if row.margin == row.margin and row.margin > 0:  # type: ignore[attr-defined]
        text += f", looks like {row.other_class}\u200e"  # type: ignore[attr-defined]
    return text + " (right of the line: the furthest from its centre)"


def _component(
    name: str,
    number: int,
    distances: NDArray[np.float64],
    middle: NDArray[np.float64],
    centres: dict[str, NDArray[np.float64]],
) -> dict[str, object]:
    to_class = {other: float(_distance(c[None], middle)[0]) for other, c in centres.items()}
    own = to_class.pop(name)
    nearest = min(to_class, key=to_class.__getitem__) if to_class else None
    other = to_class[nearest] if nearest is not None else np.nan
    return {
        "class": name,
        "component": number,
        "images": len(distances),
        "mean_distance": float(distances.mean()),
        "own_distance": own,
        "other_class": nearest,
        "other_distance": other,
        "margin": own - other,
    }


def _divided(
    matrix: NDArray[np.float64], k: int, seed: int
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Return the component of each row and the centres, the largest component first."""
    from sklearn.cluster import KMeans

    distinct = len(np.unique(matrix, axis=0))
    found = KMeans(min(k, distinct), n_init=10, random_state=seed).fit(matrix)
    sizes = np.bincount(found.labels_, minlength=len(found.cluster_centers_))
    order = np.argsort(-sizes, kind="stable")
    return np.argsort(order)[found.labels_], found.cluster_centers_[order]


def _distance(points: NDArray[np.float64], centre: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(np.linalg.norm(points - centre, axis=1))


def _matrix(features: pd.DataFrame) -> NDArray[np.float64]:
    from epic_features.cleaning.label_errors import numeric_matrix

    if "embedding" in features:
        try:
            matrix = np.array([np.asarray(v, np.float64) for v in features["embedding"]])
        except (TypeError, ValueError) as error:
            raise SettingsError("the column embedding must hold equally long lists") from error
        if matrix.ndim != 2:
            raise SettingsError("the column embedding must hold equally long lists")
        spread = matrix.std()
        return np.asarray(matrix / (spread or 1.0) / np.sqrt(matrix.shape[1]))
    matrix = np.clip(numeric_matrix(features), -_FURTHEST, _FURTHEST)
    if not matrix.shape[1]:
        raise SettingsError("the table has no numeric column to compare images by")
    return np.asarray(matrix / np.sqrt(matrix.shape[1]))
