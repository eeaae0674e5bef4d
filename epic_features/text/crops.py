"""From a box in a picture to a straight line of text that a recogniser can read."""

from __future__ import annotations

import math

import cv2
import numpy as np
from numpy.typing import NDArray

# Boxes at least this much taller than wide hold a line of text that runs up or down.
_TALL = 1.5
# Up to this ratio a tall box may as well hold one or two upright characters.
_NARROW = 3.0

_CORNERS = np.arange(4)
_NEXT = (_CORNERS + 1) % 4  # the corner after each

_INK_COLOURS = 3
_ENCLOSED_COLOURS = 5
# A thin rule across the page would become an image that takes seconds to read.
_MOST_WIDTH = 3000
_BORDER = 10
_WHITE = 255


def upright(polygon: NDArray[np.float32]) -> NDArray[np.float32]:
    """Order the corners of a rectangle clockwise from the one that is nearest to top left."""
    edges = polygon[_NEXT] - polygon
    following = edges[_NEXT]
    turns = edges[:, 0] * following[:, 1] - edges[:, 1] * following[:, 0]
    if turns.sum() < 0:
        polygon = polygon[::-1]
        edges = polygon[_NEXT] - polygon
    return _from_corner(polygon, int(edges[:, 0].argmax()))


def readings(polygon: NDArray[np.float32]) -> list[NDArray[np.float32]]:
    """Return the ways in which the text of a box may stand, as corners in reading position.

    Parameters
    ----------
    polygon : ndarray of float32, shape (4, 2)
        Corners in any order around the box.

    Returns
    -------
    list of ndarray of float32, shape (4, 2)
        Top left, top right, bottom right, bottom left of the line. One for an ordinary box; for a
        tall one the line may run downwards or upwards, and a short one may stand upright.
    """
    box = upright(polygon)
    width, height = side_lengths(box)
    if height < _TALL * width:
        return [box]
    turned = [_from_corner(box, 1), _from_corner(box, 3)]
    return [box, *turned] if height < _NARROW * width else turned


def side_lengths(polygon: NDArray[np.float32]) -> tuple[float, float]:
    """Return the width and the height of a box in pixels: the longer of the opposite sides."""
    edges = polygon[_NEXT] - polygon
    top, right, bottom, left = np.sqrt((edges * edges).sum(axis=1)).tolist()
    return max(top, bottom), max(right, left)


def _from_corner(polygon: NDArray[np.float32], first: int) -> NDArray[np.float32]:
    # Not np.roll, which takes ten times as long; a page has this done a thousand times.
    return polygon[(_CORNERS + first) % 4]


def crop(pixels: NDArray[np.uint8], polygon: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Return the content of a box as an upright rectangle, at least one pixel on each side."""
    # Only the part around the box, with the two pixels that cubic interpolation looks at: OpenCV 4
    # can't warp pictures of 32,768 pixels or more on a side.
    columns, rows = (
        _around(places, limit)
        for places, limit in zip(polygon.T.tolist(), pixels.shape[1::-1], strict=True)
    )
    pixels = pixels[rows, columns]
    polygon = polygon - np.array([columns.start, rows.start], np.float32)
    width, height = (max(1, round(side)) for side in side_lengths(polygon))
    target = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    matrix = cv2.getPerspectiveTransform(polygon.astype(np.float32), target)
    return np.asarray(
        cv2.warpPerspective(
            pixels,
            matrix,
            (width, height),
            flags=cv2.INTER_CUBIC,
            borderMode=cv2.BORDER_REPLICATE,
        ),
        np.uint8,
    )


def _around(places: list[float], limit: int) -> slice:
    """Return where along one side of a picture the places are, with two pixels more."""
    first = min(max(math.floor(min(places)) - 2, 0), limit - 1)
    return slice(first, min(max(math.ceil(max(places)) + 3, first + 1), limit))


def grey_line(line: NDArray[np.uint8], height: int) -> NDArray[np.uint8]:
    """Prepare an RGB line for Tesseract: dark on light, contrast stretched.

    Returns
    -------
    ndarray of uint8, shape (height + 20, width)
        With a border of 10 px.
    """
    grey = cv2.cvtColor(_at_height(line, height), cv2.COLOR_RGB2GRAY)
    low, high = np.percentile(grey, (1, 99))
    stretched = np.clip((grey - low) * (_WHITE / max(high - low, 1.0)), 0, _WHITE)
    if np.median(stretched) < _WHITE / 2:
        stretched = _WHITE - stretched
    return _with_border(stretched.astype(np.uint8))


def ink_line(line: NDArray[np.uint8], height: int) -> NDArray[np.uint8]:
    """Prepare an RGB line for Tesseract: the colours unlike the background black, the rest white.

    Good for plain text on a coloured or uneven ground. The background is the colour that is most
    frequent along the edges; ink is what lies nearer to the colour farthest from it.
    """
    labels, centres, on_edge = _sorted_colours(line, height, _INK_COLOURS)
    from_ground = np.linalg.norm(centres - centres[on_edge.argmax()], axis=1)
    from_ink = np.linalg.norm(centres - centres[from_ground.argmax()], axis=1)
    return _drawn((from_ink < from_ground)[labels], height)


def enclosed_line(line: NDArray[np.uint8], height: int) -> NDArray[np.uint8]:
    """Prepare an RGB line for Tesseract: the colour that keeps most off the edges black.

    Good for outlined letters on a photo: both the outline and the photo reach the edges of the
    crop, the filling of the letters does not.
    """
    labels, centres, on_edge = _sorted_colours(line, height, _ENCLOSED_COLOURS)
    everywhere = np.bincount(labels.ravel(), minlength=len(centres))
    ink = (on_edge / np.maximum(everywhere, 1)).argmin()
    return _drawn(labels == ink, height)


def _sorted_colours(
    line: NDArray[np.uint8], height: int, colours: int
) -> tuple[NDArray[np.int32], NDArray[np.float32], NDArray[np.int64]]:
    """Sort the pixels of a line into a few colours by k-means.

    Done at twice the height, so that the edges of the letters come out grey when it is halved.

    Returns the colour of every pixel, shape (2 * height, width); the colours, shape (colours, 3);
    and how often each of them stands on the edge.
    """
    sample = _at_height(line, 2 * height)
    pixels = sample.reshape(-1, 3).astype(np.float32)
    cv2.setRNGSeed(0)
    criteria = (cv2.TERM_CRITERIA_EPS + cv2.TERM_CRITERIA_MAX_ITER, 20, 1.0)
    # A quarter of the pixels know the colours of a line as well as all of them.
    some = sample[::2, ::2].reshape(-1, 3).astype(np.float32)
    _, _, centres = cv2.kmeans(
        some, colours, np.empty(0, np.int32), criteria, 3, cv2.KMEANS_PP_CENTERS
    )
    # The nearest centre; what is left out of the squared distance is the same for all centres.
    near = (centres**2).sum(axis=1)[:, None] - 2 * (centres @ pixels.T)
    labels = near.argmin(axis=0).astype(np.int32).reshape(sample.shape[:2])
    edge = np.concatenate([labels[0], labels[-1], labels[:, 0], labels[:, -1]])
    return labels, np.asarray(centres, np.float32), np.bincount(edge, minlength=colours)


def _drawn(ink: NDArray[np.bool_], height: int) -> NDArray[np.uint8]:
    black_on_white = np.where(ink, 0, _WHITE).astype(np.uint8)
    return _with_border(_at_height(black_on_white, height))


def _at_height(line: NDArray[np.uint8], height: int) -> NDArray[np.uint8]:
    scale = height / line.shape[0]
    width = min(max(1, round(line.shape[1] * scale)), _MOST_WIDTH)
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(line, (width, height), interpolation=how), np.uint8)


def _with_border(line: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return np.asarray(
        cv2.copyMakeBorder(
            line, _BORDER, _BORDER, _BORDER, _BORDER, cv2.BORDER_CONSTANT, value=_WHITE
        ),
        np.uint8,
    )
