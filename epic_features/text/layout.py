"""From boxes to lines to blocks, by geometry alone.

Everything is measured in units of the height of the text and along its own direction, so that the
result does not depend on the size of the picture or on a slight rotation of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from epic_features.text.reader import TextBox
from epic_features.text.script import Script

Line = tuple[TextBox, ...]
"""Boxes that share a baseline, in reading order."""

Block = tuple[Line, ...]
"""Lines of one paragraph, from top to bottom."""

# Detected boxes are about 1.4 times as high as the letters in them, and closer together than them.
_LINE_GAP = 1.5  # widest space between two boxes of a line; the gutter of a two-column page is 1.5
_LINE_OFFSET = 0.5  # largest distance of the middles of two boxes of a line
_LINE_HEIGHTS = 2.0  # "are" is detected half as high as "Help!"
_BLOCK_GAP = 0.6  # widest space between two lines of a block
_BLOCK_OVERLAP = 0.5  # lines of a block may overlap by this much
_BLOCK_HEIGHTS = 1.6
_ALIGNED = 1.0  # largest distance of aligned edges or middles
_SAME_EXTENT = 0.8  # share of both lines that lies side by side when they count as aligned anyway
_PARALLEL = np.cos(np.radians(10))

_T = TypeVar("_T")


@dataclass(frozen=True)
class Layout:
    """The text of a picture in reading order.

    Attributes
    ----------
    blocks : tuple of Block
        Paragraphs; each a tuple of lines, each line a tuple of boxes.
    """

    blocks: tuple[Block, ...]

    @property
    def lines(self) -> tuple[Line, ...]:
        """All lines, block by block."""
        return tuple(line for block in self.blocks for line in block)

    @property
    def boxes(self) -> tuple[TextBox, ...]:
        """All boxes, line by line."""
        return tuple(box for line in self.lines for box in line)


def layout(boxes: Sequence[TextBox]) -> Layout:
    """Arrange text boxes into lines and blocks.

    Two boxes belong to one line when they share a baseline and are near; two lines belong to one
    block when one follows the other closely and their left edges, right edges or middles are
    aligned. Inside a line that is mostly Arabic, the right-most box is read first.

    Parameters
    ----------
    boxes : sequence of TextBox
        In any order; the result does not depend on it.
    """
    if not boxes:
        return Layout(())
    lines = [_in_line(group) for group in _groups(boxes, _on_one_line(_box_strips(boxes)))]
    blocks = [_in_block(group) for group in _groups(lines, _in_one_block(_line_strips(lines)))]
    return Layout(tuple(_in_reading_order(blocks)))


@dataclass(frozen=True)
class _Strips:
    """Boxes or lines as straight strips, each with a direction.

    Attributes
    ----------
    corners : ndarray of float64, shape (n, 4, 2)
        As in `TextBox`.
    along : ndarray of float64, shape (n, 2)
        Unit vectors from the left to the right end.
    """

    corners: NDArray[np.float64]
    along: NDArray[np.float64]

    def extents(self) -> tuple[NDArray[np.float64], ...]:
        """Return left, right, top and bottom of strip j as seen along strip i, shape (n, n)."""
        down = _turned(self.along)
        x = np.einsum("jkc,ic->ijk", self.corners, self.along)
        y = np.einsum("jkc,ic->ijk", self.corners, down)
        return x.min(axis=2), x.max(axis=2), y.min(axis=2), y.max(axis=2)

    def parallel(self) -> NDArray[np.bool_]:
        """Return which pairs have about the same direction, shape (n, n)."""
        return np.asarray(self.along @ self.along.T >= _PARALLEL)


def _box_strips(boxes: Sequence[TextBox]) -> _Strips:
    corners = np.array([box.polygon for box in boxes], np.float64).reshape(-1, 4, 2)
    across = corners[:, 1] - corners[:, 0] + corners[:, 2] - corners[:, 3]
    length = np.linalg.norm(across, axis=1, keepdims=True)
    along = np.divide(across, length, out=np.tile([1.0, 0.0], (len(boxes), 1)), where=length > 0)
    return _Strips(corners, along)


def _line_strips(lines: Sequence[Line]) -> _Strips:
    """Return for every line the smallest strip around its boxes."""
    strips = _box_strips([box for line in lines for box in line])
    counts = [len(line) for line in lines]
    starts = np.cumsum([0, *counts[:-1]])
    # The longest box knows the direction best.
    lengths = np.split(_lengths(strips), starts[1:])
    along = strips.along[starts + [own.argmax() for own in lengths]]
    axes = np.stack([along, _turned(along)], axis=1)
    points = strips.corners @ np.repeat(axes, counts, axis=0).swapaxes(1, 2)
    left, top = np.minimum.reduceat(points.min(axis=1), starts).T
    right, bottom = np.maximum.reduceat(points.max(axis=1), starts).T
    frames = np.stack([left, top, right, top, right, bottom, left, bottom], axis=1)
    return _Strips(frames.reshape(-1, 4, 2) @ axes, along)


def _lengths(strips: _Strips) -> NDArray[np.float64]:
    return np.asarray(np.linalg.norm(strips.corners[:, 1] - strips.corners[:, 0], axis=1))


def _on_one_line(strips: _Strips) -> NDArray[np.bool_]:
    """Return which pairs of boxes share a baseline and are near, shape (n, n)."""
    left, right, top, bottom = strips.extents()
    height = (bottom - top).diagonal()
    least, most = np.minimum.outer(height, height), np.maximum.outer(height, height)
    offset = np.abs((top + bottom) / 2 - _own((top + bottom) / 2))
    gap = np.maximum(left - _own(right), _own(left) - right)
    related = (most <= _LINE_HEIGHTS * least) & (offset <= _LINE_OFFSET * least)
    return _seen_from_the_longer(related & (gap <= _LINE_GAP * most) & strips.parallel(), strips)


def _in_one_block(strips: _Strips) -> NDArray[np.bool_]:
    """Return which pairs of lines follow each other in a paragraph, shape (n, n)."""
    left, right, top, bottom = strips.extents()
    height = (bottom - top).diagonal()
    least, most = np.minimum.outer(height, height), np.maximum.outer(height, height)
    space = np.maximum(top - _own(bottom), _own(top) - bottom)
    side_by_side = np.minimum(right, _own(right)) - np.maximum(left, _own(left))
    longest = np.maximum(right - left, _own(right - left))
    shifts = np.stack([left - _own(left), right - _own(right)])
    shift = np.abs([*shifts, shifts.mean(axis=0)]).min(axis=0)
    near = (-_BLOCK_OVERLAP * least <= space) & (space <= _BLOCK_GAP * least)
    aligned = (shift <= _ALIGNED * most) | (side_by_side >= _SAME_EXTENT * longest)
    related = near & aligned & (side_by_side > 0) & (most <= _BLOCK_HEIGHTS * least)
    return _seen_from_the_longer(related & strips.parallel(), strips)


def _own(extent: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the diagonal as a column: what strip i is along itself."""
    return extent.diagonal()[:, None]


def _seen_from_the_longer(related: NDArray[np.bool_], strips: _Strips) -> NDArray[np.bool_]:
    """Make a relation symmetric: the longer of two strips knows its direction better."""
    length = _lengths(strips)
    seen = related & (length[:, None] >= length[None, :])
    return np.asarray(seen | seen.T)


def _groups(items: Sequence[_T], related: NDArray[np.bool_]) -> list[list[_T]]:
    """Return the connected components of a symmetric relation."""
    unseen = set(range(len(items)))
    groups = []
    while unseen:
        group, new = [], [unseen.pop()]
        while new:
            index = new.pop()
            group.append(items[index])
            near = unseen.intersection(np.flatnonzero(related[index]).tolist())
            unseen -= near
            new.extend(near)
        groups.append(group)
    return groups


def _in_line(boxes: list[TextBox]) -> Line:
    if len(boxes) == 1:
        return tuple(boxes)
    strips = _box_strips(boxes)
    direction = strips.along.sum(axis=0)
    place = strips.corners.mean(axis=1) @ direction
    line = _sorted(boxes, place, place)
    if not reads_to_left(boxes):
        return line
    # Latin words in a row keep their order inside an Arabic line.
    runs = [list(run) for _, run in groupby(line, key=lambda box: box.script is Script.LATIN)]
    ordered = (run if run[0].script is Script.LATIN else run[::-1] for run in reversed(runs))
    return tuple(box for run in ordered for box in run)


def _in_block(lines: list[Line]) -> Block:
    if len(lines) == 1:
        return tuple(lines)
    strips = _line_strips(lines)
    middle = strips.corners.mean(axis=1)
    return _sorted(lines, middle @ _turned(strips.along.sum(axis=0)), middle[:, 0])


def _in_reading_order(blocks: list[Block]) -> list[Block]:
    """Sort blocks: cut the page at free rows, the rows at free columns, and so on."""
    if len(blocks) < 2:
        return blocks
    points = [
        np.concatenate([box.polygon for line in block for box in line]).astype(np.float64)
        for block in blocks
    ]
    first, last = (np.array([f(p, axis=0) for p in points]) for f in (np.min, np.max))
    for axis in (1, 0):
        parts = _cut(blocks, first[:, axis], last[:, axis])
        if len(parts) > 1:
            boxes = [box for block in blocks for line in block for box in line]
            if axis == 0 and reads_to_left(boxes):
                parts.reverse()
            return [block for part in parts for block in _in_reading_order(part)]
    return list(_sorted(blocks, first[:, 1], first[:, 0]))


def _cut(
    blocks: list[Block], first: NDArray[np.float64], last: NDArray[np.float64]
) -> list[list[Block]]:
    """Split blocks, given as intervals, wherever no interval reaches across."""
    parts: list[list[Block]] = []
    reach = -np.inf
    for index in np.argsort(first, kind="stable"):
        if first[index] >= reach:
            parts.append([])
        parts[-1].append(blocks[index])
        reach = max(reach, last[index])
    return parts


def reads_to_left(boxes: Sequence[TextBox]) -> bool:
    """Tell whether most of the characters stand in Arabic boxes."""
    arabic = sum(len(box.text) for box in boxes if box.script is Script.ARABIC)
    latin = sum(len(box.text) for box in boxes if box.script is Script.LATIN)
    return arabic > latin


def _sorted(
    items: Sequence[_T], place: NDArray[np.float64], tie: NDArray[np.float64]
) -> tuple[_T, ...]:
    return tuple(items[index] for index in np.lexsort((tie, place)))


def _turned(vectors: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return vectors turned by a quarter, from rightwards to downwards."""
    return np.stack([-vectors[..., 1], vectors[..., 0]], axis=-1)
