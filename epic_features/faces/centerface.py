"""CenterFace (Xu et al., 2019, arXiv:1911.03599): faces as points, in one small network.

The network gives four maps at a quarter of the input's resolution: how much each cell looks like
the middle of a face, the logarithm of the face's height and width, where inside the cell the
middle lies, and five landmarks, which are not used here.
"""

from __future__ import annotations

from functools import cached_property
from importlib.metadata import version
from typing import TYPE_CHECKING

import cv2
import numpy as np
from numpy.typing import NDArray

from epic_features import models
from epic_features.faces.detector import Face
from epic_features.image import Image
from epic_features.networks import open_session, with_free_size
from epic_features.stage import Backend

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

DEFAULT_THRESHOLD = 0.4
SIDE = 640
STRIDE = 4
# The network halves its input five times and joins the halves again.
MULTIPLE = 32
# Boxes of one face overlap by more than this share of their union; those of two faces rarely do.
SAME_FACE = 0.3
_HEAT, _SIZE, _OFFSET = "537", "538", "539"

Map = NDArray[np.float32]


class CenterFace:
    """Face detector of 7 MB; the default.

    Parameters
    ----------
    threshold : float, optional
        Least confidence of a face, in [0, 1].
    model_dir : str, optional
        Folder of downloaded models; see `epic_features.models.cache_dir`.

    Raises
    ------
    ModelNotFound
        When the model file is not on this machine.
    """

    def __init__(self, threshold: float | None = None, model_dir: str | None = None) -> None:
        self.threshold = DEFAULT_THRESHOLD if threshold is None else threshold
        self._path = models.find("centerface", cache=models.cache_dir(model_dir))

    @property
    def backends(self) -> tuple[Backend, ...]:
        """The model, and onnxruntime, which runs it."""
        return (
            Backend(
                "faces",
                "centerface (onnxruntime)",
                version("onnxruntime"),
                models.sha256(self._path),
            ),
        )

    def detect(self, image: Image) -> list[Face]:
        """Return the faces of an image, most confident first."""
        canvas, scale = padded(image, SIDE)
        heat, size, offset = self._session.run(
            [_HEAT, _SIZE, _OFFSET],
            {self._session.get_inputs()[0].name: np.array([cv2.split(canvas)], np.float32)},
        )
        return decode(heat[0, 0], size[0], offset[0], self.threshold, scale)

    @cached_property
    def _session(self) -> InferenceSession:
        # The file allows for 10 pictures of 32 x 32 pixels only, a leftover of its export.
        return open_session(with_free_size(self._path.read_bytes()))


def padded(image: Image, side: int) -> tuple[NDArray[np.uint8], float]:
    """Fit an image into a square and pad it on the right and below to what the network can take.

    Small images are not enlarged.

    Returns
    -------
    canvas : ndarray of uint8, shape (rows, columns, 3)
        RGB, padded with black; rows and columns are multiples of 32.
    scale : float
        Pixels of the canvas per pixel of the image, at most 1.
    """
    pixels = image.fitted(side)
    height, width = (-(-length // MULTIPLE) * MULTIPLE for length in pixels.shape[:2])
    canvas = np.zeros((height, width, 3), np.uint8)
    canvas[: pixels.shape[0], : pixels.shape[1]] = pixels
    return canvas, min(1.0, side / max(image.width, image.height))


def decode(heat: Map, size: Map, offset: Map, threshold: float, scale: float) -> list[Face]:
    """Turn the maps of the network into faces.

    Parameters
    ----------
    heat : ndarray of float32, shape (rows, columns)
        Confidence in [0, 1] that the middle of a face is in this cell.
    size : ndarray of float32, shape (2, rows, columns)
        Natural logarithm of height and width, in cells.
    offset : ndarray of float32, shape (2, rows, columns)
        Place of the middle down and right from the centre of its cell, in cells.
    threshold : float
        Least confidence.
    scale : float
        Pixels of the network's input per pixel of the image.
    """
    rows, columns = np.nonzero(heat >= threshold)
    if not len(rows):
        return []
    scores = heat[rows, columns]
    cell = STRIDE / scale
    height, width = np.exp(size[:, rows, columns]) * cell
    y = (rows + 0.5 + offset[0, rows, columns]) * cell
    x = (columns + 0.5 + offset[1, rows, columns]) * cell
    boxes = np.stack([x - width / 2, y - height / 2, width, height], axis=1)
    # The threshold was applied above; NMSBoxes would drop what equals it.
    kept = cv2.dnn.NMSBoxes(boxes.tolist(), scores.tolist(), 0.0, SAME_FACE)
    faces = []
    for index in np.asarray(kept, np.intp).ravel():
        left, top, wide, high = (float(value) for value in boxes[index])
        faces.append(Face((left, top, left + wide, top + high), float(scores[index])))
    return faces
