"""Areas of polygons inside a picture."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import shapely
from numpy.typing import ArrayLike, NDArray

_LEAST_CORNERS = 3


def box_polygon(box: tuple[float, float, float, float]) -> NDArray[np.float64]:
    """Return the corners of a box (x1, y1, x2, y2), shape (4, 2), clockwise from the first."""
    x1, y1, x2, y2 = box
    return np.array([[x1, y1], [x2, y1], [x2, y2], [x1, y2]], np.float64)


def union_area(polygons: Iterable[ArrayLike], width: float, height: float) -> float:
    """Return the area that polygons cover together inside a picture.

    Exact up to floating-point rounding; nothing is drawn on a grid.

    Parameters
    ----------
    polygons : iterable of array-like, shape (corners, 2)
        Corners (x, y) in pixels in either direction. A self-crossing polygon counts with the area
        of its parts; one without area or with a coordinate that is not finite counts nothing.
    width, height : float
        Size of the picture in pixels; what lies outside of it is cut off.

    Returns
    -------
    float
        px², in [0, width * height].

    Examples
    --------
    >>> union_area([box_polygon((0, 0, 4, 4)), box_polygon((2, 2, 6, 6))], 5, 5)
    21.0
    """
    frame = shapely.box(0, 0, width, height)
    rings = [np.asarray(polygon, np.float64).reshape(-1, 2) for polygon in polygons]
    rings = [ring for ring in rings if len(ring) >= _LEAST_CORNERS and np.isfinite(ring).all()]
    points = np.concatenate([*rings, np.empty((0, 2))])
    owners = np.repeat(np.arange(len(rings)), [len(ring) for ring in rings])
    # All at once: one by one, the calls take longer than the geometry.
    shapes = shapely.make_valid(shapely.polygons(shapely.linearrings(points, indices=owners)))
    return float(shapely.union_all(shapely.intersection(shapes, frame)).area)
