"""How the text of a picture is set: sizes, edges, slopes, grounds, kinds of tokens.

A notebook page, a chat, a caption and a slide may hold as many lines; they differ in these.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from epic_features.image import Image
from epic_features.text.layout import Layout
from epic_features.text.reader import TextBox
from epic_features.text.script import Script, script_of

_LARGEST = 40  # boxes whose pixels are looked at
_LEVELS = 16
_TOKENS = {
    "clock_times_count": re.compile(r"(?<!\d)\d{1,2}[:.]\d{2}(?!\d)"),
    "handles_count": re.compile(r"(?<!\w)[@#]\w{2,}"),
    "addresses_count": re.compile(r"https?:|www\.|\w\.(?:com|org|net|io|me)\b", re.IGNORECASE),
    "prices_count": re.compile(r"[$€£]\s?\d|\d\s?(?:[$€£%]|EGP|LE|جنيه)"),
    "list_marks_count": re.compile(r"^\s*(?:[•·●▪*–-]|\d{1,2}[.)]|\(?[a-zA-Z][.)])\s*\S"),
}


def arrangement_columns(image: Image, page: Layout) -> dict[str, Any]:
    """Return the columns of the group ``layout`` for text that has been read.

    Lengths along x are divided by the width of the picture, along y by its height. Without text,
    counts and shares are 0 and everything that would be an average is None.

    Parameters
    ----------
    image : Image
        The picture; the pixels below its largest text boxes are looked at.
    page : Layout
        Its text in reading order.
    """
    boxes = page.boxes
    return {
        **_geometry(image, boxes),
        **_rows(image, page),
        **_grounds(image, boxes),
        **_letters(boxes),
    }


def _geometry(image: Image, boxes: Sequence[TextBox]) -> dict[str, float | None]:
    names = (
        "text_height_mean",
        "text_height_max",
        "text_height_spread",
        "text_tilt",
        "text_tilt_spread",
        "text_width",
        "text_left_spread",
        "text_right_spread",
        "text_middle_spread",
        "text_x",
        "text_y",
    )
    shares = {f"text_band_{number}_share": 0.0 for number in (1, 2, 3, 4)}
    if not boxes:
        return {**dict.fromkeys(names), **shares}
    corners = np.array([box.polygon for box in boxes], np.float64)
    across = (corners[:, 1] - corners[:, 0] + corners[:, 2] - corners[:, 3]) / 2
    down = (corners[:, 3] - corners[:, 0] + corners[:, 2] - corners[:, 1]) / 2
    heights, widths = np.linalg.norm(down, axis=1), np.linalg.norm(across, axis=1)
    tilts = np.degrees(np.arctan2(across[:, 1], across[:, 0]))
    weights = np.maximum(widths, 1e-6)
    left, right = corners[..., 0].min(axis=1), corners[..., 0].max(axis=1)
    middle, y = (left + right) / 2, corners[..., 1].mean(axis=1)
    tilt = _weighted_median(tilts, weights)
    values = (
        heights.mean() / image.height,
        heights.max() / image.height,
        heights.std() / heights.mean() if heights.mean() else 0.0,
        abs(tilt),
        np.average(np.abs(tilts - tilt), weights=weights),
        (right.max() - left.min()) / image.width,
        left.std() / image.width,
        right.std() / image.width,
        middle.std() / image.width,
        np.average(middle, weights=weights) / image.width,
        np.average(y, weights=weights) / image.height,
    )
    bands = np.clip((4 * y / image.height).astype(int), 0, 3)
    areas = np.bincount(bands, weights=heights * widths, minlength=4) / (image.width * image.height)
    found = {name: float(value) for name, value in zip(names, values, strict=True)}
    return {**found, **dict(zip(shares, map(float, areas), strict=True))}


def _weighted_median(values: NDArray[np.float64], weights: NDArray[np.float64]) -> float:
    order = np.argsort(values)
    place = np.searchsorted(np.cumsum(weights[order]), weights.sum() / 2)
    return float(values[order][min(place, len(values) - 1)])


def _rows(image: Image, page: Layout) -> dict[str, float | None]:
    """Measure the distances of consecutive lines: even in print, less so by hand."""
    tops = np.sort([min(float(b.polygon[:, 1].min()) for b in line) for line in page.lines])
    steps = np.diff(tops)
    steps = steps[steps > 0.005 * image.height]
    even = len(steps) >= 2
    return {
        "line_step": float(np.median(steps) / image.height) if even else None,
        "line_step_spread": (
            float(np.median(np.abs(steps - np.median(steps))) / np.median(steps)) if even else None
        ),
    }


def _grounds(image: Image, boxes: Sequence[TextBox]) -> dict[str, float | int | None]:
    """Look at the pixels below the largest boxes; the ground is their most frequent colour."""
    names = (
        "text_ground_plainness",
        "text_ground_brightness",
        "text_ground_colorfulness",
        "text_ground_spread",
        "text_contrast",
    )
    largest = sorted(boxes, key=lambda box: -cv2.contourArea(box.polygon))[:_LARGEST]
    looks = [look for box in largest if (look := _look(image, box)) is not None]
    if not looks:
        return {**dict.fromkeys(names), "text_grounds_count": 0}
    plain, grounds, contrast = (np.array(part) for part in zip(*looks, strict=True))
    cells = {tuple(cell) for cell in (grounds // 32).astype(int)}
    values = (
        plain.mean(),
        grounds.mean() / 255,
        (grounds.max(axis=1) - grounds.min(axis=1)).mean() / 255,
        grounds.mean(axis=1).std() / 255,
        contrast.mean() / 255,
    )
    found = {name: float(value) for name, value in zip(names, values, strict=True)}
    return {**found, "text_grounds_count": len(cells)}


def _look(image: Image, box: TextBox) -> tuple[float, NDArray[np.float64], float] | None:
    """Return how plain the ground of a box is, its colour, and how far the text stands off it."""
    (left, top), (right, bottom) = box.polygon.min(axis=0), box.polygon.max(axis=0)
    # A box may lie outside; a negative end would count from the other side.
    rows = slice(max(0, int(top)), max(0, int(np.ceil(bottom))))
    columns = slice(max(0, int(left)), max(0, int(np.ceil(right))))
    crop = image.pixels[rows, columns].reshape(-1, 3)
    if not len(crop):
        return None
    luma = (crop @ np.array([0.299, 0.587, 0.114])).astype(np.uint8)
    counts = np.bincount(luma // _LEVELS, minlength=256 // _LEVELS)
    most = int(counts.argmax())
    ground = crop[luma // _LEVELS == most].mean(axis=0)
    # Half of a level to either side, so that a ground on the border of two levels is one.
    near = np.abs(luma.astype(np.float64) - luma[luma // _LEVELS == most].mean()) <= 3
    contrast = np.quantile(np.abs(luma.astype(np.float64) - ground @ [0.299, 0.587, 0.114]), 0.95)
    return float(near.mean()), ground, float(contrast)


def _letters(boxes: Sequence[TextBox]) -> dict[str, float | int | None]:
    texts = [box.text for box in boxes]
    text = "".join(texts)
    letters = [c for c in text if c.isalpha()]
    cased = [c for c in letters if c.isupper() or c.islower()]
    scores = np.array([box.score for box in boxes if box.text])
    other = sum(n for c, n in Counter(letters).items() if script_of(c) is Script.OTHER)
    count = len(boxes)
    lengths = [len(t) for t in texts if t]
    return {
        "text_boxes_count": count,
        "blank_boxes_ratio": sum(not t for t in texts) / count if count else 0.0,
        "text_score_mean": float(scores.mean()) if scores.size else None,
        "text_score_min": float(scores.min()) if scores.size else None,
        "characters_count": sum(lengths),
        "characters_per_box": float(np.mean(lengths)) if lengths else None,
        "capitals_ratio": sum(c.isupper() for c in cased) / len(cased) if cased else None,
        "other_letters_ratio": other / len(letters) if letters else None,
        "digits_ratio": sum(c.isdigit() for c in text) / len(text) if text else None,
        **{name: sum(len(pattern.findall(t)) for t in texts) for name, pattern in _TOKENS.items()},
    }
