"""The PP-OCR networks: a text detector and a line recogniser, run by ONNX Runtime.

The model files travel inside the wheel of ``rapidocr``. Its own pipeline drops every box that its
recogniser can't read, and those are the Arabic lines, so only its files are used: nothing of it
is imported, nothing can be downloaded, and the networks are safe to call from several threads.
"""

from __future__ import annotations

import importlib.metadata
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np
from numpy.typing import NDArray

from epic_features.errors import ModelFileError, ModelNotFound
from epic_features.networks import open_session, with_outputs
from epic_features.text.reader import Reading

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

DETECTOR = "PP-OCRv6_det_small.onnx"
RECOGNISER = "PP-OCRv6_rec_small.onnx"

LONGEST_SIDE = 960
_STRIDE = 32
# A screenshot of several screens, fitted into the longest side as a whole, loses its text: of 60
# lines of 40 px on 1080 x 6000 px four were found. Tiles are twice as high as wide, like a screen.
_LONG, _TILE = 3, 2
# Of the PP-OCRv6 configuration: a pixel is text above .3, and boxes grow by 1.6 area / perimeter,
# because the network is trained to mark only the core of a line.
_PIXEL_THRESHOLD = 0.3
_GROWTH = 1.6
_LEAST_SIDE = 3
_MOST_BOXES = 1000

_LINE_HEIGHT = 48
# Short lines are padded to this width. PP-OCR pads to 320, which costs twice the time on a time
# stamp and reads no better: of 247 short lines the 15 that differ are mostly icons.
_LEAST_WIDTH = 160
_MOST_WIDTH = 4800
# What the recogniser sees first, strokes and paper (48 channels), and last before it reads
# (384 channels). Together they tell handwriting from print, and print from screens.
_INNER_LAYERS = ("p2o.pd_op.pool2d.0.0", "p2o.pd_op.add.64.0")


def bundled_model(name: str) -> Path:
    """Return the path of a model file in the rapidocr wheel.

    Raises
    ------
    ModelNotFound
        When rapidocr is not installed or another version of it carries other files.
    """
    try:
        wheel = importlib.metadata.distribution("rapidocr")
    except importlib.metadata.PackageNotFoundError:
        raise ModelNotFound(
            f"{name}: the package rapidocr, which carries it, is not installed; "
            "run: pip install 'rapidocr>=3.10,<3.11'"
        ) from None
    path = Path(str(wheel.locate_file(f"rapidocr/models/{name}")))
    if not path.is_file():
        raise ModelNotFound(
            f"{path}: rapidocr {wheel.version} does not carry this file; "
            "run: pip install --force-reinstall 'rapidocr>=3.10,<3.11'"
        )
    return path


def wheel_version() -> str:
    """Return the version of rapidocr, whose wheel carries the networks."""
    return importlib.metadata.version("rapidocr")


class Detector:
    """Finds text lines with PP-OCR's differentiable-binarisation network.

    Parameters
    ----------
    path : Path
        ONNX file; input (1, 3, height, width) BGR in [-1, 1], output a probability a pixel.
    threshold : float
        Least mean probability inside a box, in [0, 1].
    longest_side : int
        Pictures are fitted into so many pixels; half of them cost a quarter of the time and the
        smallest letters.
    """

    def __init__(self, path: Path, threshold: float, longest_side: int = LONGEST_SIDE) -> None:
        self._session = open_session(path)
        self._input = self._session.get_inputs()[0].name
        self._threshold = threshold
        self._longest_side = longest_side

    def __call__(self, pixels: NDArray[np.uint8]) -> list[NDArray[np.float32]]:
        """Return the boxes of an RGB picture as polygons, shape (4, 2), in its pixels."""
        boxes = []
        height, width = pixels.shape[:2]
        for first, last, core in tiles(height, width, self._longest_side):
            for box in self._boxes(pixels[first:last]):
                box[:, 1] += first
                # The middle of a box is in the core of one tile, so no box is found twice.
                if core[0] <= box[:, 1].mean() < core[1]:
                    boxes.append(box)
        return boxes

    def _boxes(self, pixels: NDArray[np.uint8]) -> list[NDArray[np.float32]]:
        height, width = pixels.shape[:2]
        scale = min(1.0, self._longest_side / max(height, width))
        size = (_to_stride(width * scale), _to_stride(height * scale))
        blob = _blob(pixels, size, cv2.INTER_LINEAR)
        heat = self._session.run(None, {self._input: blob})[0][0, 0]
        boxes = boxes_of_heat(heat, self._threshold)
        ratio = np.array([width / size[0], height / size[1]], np.float32)
        limit = np.array([width, height], np.float32)
        return [np.clip(box * ratio, 0, limit) for box in boxes]


def tiles(
    height: int, width: int, longest_side: int = LONGEST_SIDE
) -> list[tuple[int, int, tuple[float, float]]]:
    """Cut a long screenshot into overlapping tiles, so that its letters stay large enough.

    Returns
    -------
    list of (first, last, (top, bottom))
        First and last row of every tile, and the part of the picture that it answers for. One
        tile for a picture that is at most 3 times as high as it is wide, or that fitting shrinks
        to no less than half.
    """
    if height <= max(_LONG * width, 2 * longest_side):
        return [(0, height, (-np.inf, np.inf))]
    length, overlap = _TILE * width, max(1, width // 4)
    count = -(-(height - overlap) // (length - overlap))
    firsts = [round(index * (height - length) / (count - 1)) for index in range(count)]
    cuts = [(first + length + following) / 2 for first, following in pairwise(firsts)]
    cores = pairwise([-np.inf, *cuts, np.inf])
    return [(first, first + length, core) for first, core in zip(firsts, cores, strict=True)]


def boxes_of_heat(heat: NDArray[np.float32], threshold: float) -> list[NDArray[np.float32]]:
    """Return the rotated rectangles around the text of a probability map, shape (4, 2) each."""
    mask = cv2.dilate((heat > _PIXEL_THRESHOLD).astype(np.uint8), np.ones((2, 2), np.uint8))
    contours, _ = cv2.findContours(mask, cv2.RETR_LIST, cv2.CHAIN_APPROX_SIMPLE)
    boxes: list[NDArray[np.float32]] = []
    for contour in contours[:_MOST_BOXES]:
        centre, (width, height), angle = cv2.minAreaRect(contour)
        if min(width, height) < _LEAST_SIDE:
            continue
        core = np.asarray(cv2.boxPoints((centre, (width, height), angle)), np.float32)
        if _mean_inside(heat, core) < threshold:
            continue
        # On both sides, hence twice the ratio of area to perimeter.
        grow = 2 * _GROWTH * width * height / (2 * (width + height))
        grown = cv2.boxPoints((centre, (width + grow, height + grow), angle))
        boxes.append(np.asarray(grown, np.float32))
    return boxes


def _mean_inside(heat: NDArray[np.float32], polygon: NDArray[np.float32]) -> float:
    left, top = np.maximum(np.floor(polygon.min(axis=0)).astype(int), 0)
    right, bottom = np.ceil(polygon.max(axis=0)).astype(int) + 1
    part = heat[top:bottom, left:right]
    mask = np.zeros(part.shape, np.uint8)
    cv2.fillPoly(mask, [(polygon - (left, top)).astype(np.int32)], 1)
    return float(cv2.mean(part, mask)[0])


class Recogniser:
    """Reads a cropped line with a PP-OCR network trained by connectionist classification.

    Parameters
    ----------
    path : Path
        ONNX file; input (1, 3, 48, width) BGR in [-1, 1], output (1, steps, symbols)
        probabilities; its metadata entry ``character`` lists the symbols, one a line.
    looks : bool
        Whether to tell what the lines look like; only for the network of the rapidocr wheel.

    Raises
    ------
    ModelFileError
        The network has no layers of the names that `looks` needs.
    """

    def __init__(self, path: Path, *, looks: bool = False) -> None:
        self._session = _with_inner_layers(path) if looks else open_session(path)
        self._input = self._session.get_inputs()[0].name
        self._symbols = [*symbols_of(self._session), " "]

    def __call__(self, line: NDArray[np.uint8]) -> Reading:
        """Return the text of an RGB line and the mean confidence of its symbols, ("", 0) if none.

        The symbols come in the order in which they stand in the picture, left to right.
        """
        height, width = line.shape[:2]
        width = min(max(1, round(width * _LINE_HEIGHT / height)), _MOST_WIDTH)
        how = cv2.INTER_AREA if height > _LINE_HEIGHT else cv2.INTER_LINEAR
        blob = _blob(line, (width, _LINE_HEIGHT), how)
        if width < _LEAST_WIDTH:
            padded = np.zeros((*blob.shape[:3], _LEAST_WIDTH), np.float32)
            padded[..., :width] = blob
            blob = padded
        found, *inner = self._session.run(None, {self._input: blob})
        share = width / blob.shape[3]
        look = np.concatenate([_spread(maps[0], share) for maps in inner]) if inner else None
        return Reading(*decode(found[0], self._symbols), look)


def _with_inner_layers(path: Path) -> InferenceSession:
    try:
        return open_session(with_outputs(path.read_bytes(), _INNER_LAYERS))
    except Exception as error:  # Those of onnxruntime have no common base.
        raise ModelFileError(
            f"{path}: it lacks the layers {', '.join(_INNER_LAYERS)}, by which the group "
            "'writing' is made; run: pip install --force-reinstall 'rapidocr>=3.10,<3.11'"
        ) from error


def _spread(maps: NDArray[np.float32], share: float) -> NDArray[np.float32]:
    """Return mean and standard deviation of each channel over the part that holds the line."""
    columns = max(1, round(maps.shape[2] * share))
    flat = np.ascontiguousarray(maps[:, :, :columns]).reshape(len(maps), -1)
    mean = flat.mean(axis=1)
    # A third of the time of ndarray.std, and exact enough: the maps have means near 0.
    square = np.einsum("cp,cp->c", flat, flat) / flat.shape[1]
    return np.concatenate([mean, np.sqrt(np.maximum(square - mean**2, 0))])


def decode(steps: NDArray[np.float32], symbols: Sequence[str]) -> tuple[str, float]:
    """Take the likeliest symbol of every step, once for each run, without the blanks.

    Parameters
    ----------
    steps : ndarray of float32, shape (steps, symbols)
        Probabilities; the first is that of no symbol.
    symbols : sequence of str
        The symbols, a blank first.

    Returns
    -------
    tuple of str and float
        The symbols from left to right and their mean probability; ("", 0) if there are none.
    """
    best = steps.argmax(axis=1)
    keep = best != 0
    keep[1:] &= best[1:] != best[:-1]
    if not keep.any():
        return "", 0.0
    chosen = best[keep]
    text = "".join([symbols[index] for index in chosen.tolist()])
    return text, float(steps[keep, chosen].mean())


def characters_of(path: Path) -> list[str]:
    """Return the symbols that the recogniser in an ONNX file knows, in the order of its output."""
    return symbols_of(open_session(path))[1:]


def symbols_of(session: InferenceSession) -> list[str]:
    """Return the symbols that a network knows, in the order of its output, a blank first."""
    listed: str = session.get_modelmeta().custom_metadata_map["character"]
    # splitlines() would also cut at symbols such as U+2028, should a dictionary hold one.
    return ["", *listed.rstrip("\n").split("\n")]


def _blob(pixels: NDArray[np.uint8], size: tuple[int, int], how: int) -> NDArray[np.float32]:
    """Resize RGB pixels to a network input: BGR in [-1, 1], shape (1, 3, height, width)."""
    red, green, blue = cv2.split(cv2.resize(pixels, size, interpolation=how))
    # The arithmetic of cv2.dnn.blobFromImage, in half of its time.
    blob = np.array([[blue, green, red]], np.float32)
    blob -= np.float32(127.5)
    blob *= np.float32(1 / 127.5)
    return blob


def _to_stride(length: float) -> int:
    return max(_STRIDE, round(length / _STRIDE) * _STRIDE)
