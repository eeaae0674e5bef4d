"""RetinaFace with a ResNet-50 (Deng et al., 2019, arXiv:1905.00641), through retina-face.

The library fetches its weights by itself when they are missing, and says so only in its log. Here
they are opened before it gets the chance, so a missing file is an error with a remedy.
"""

from __future__ import annotations

import importlib
import os
import threading
import warnings
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from epic_features import models
from epic_features.errors import MissingExtra
from epic_features.faces.detector import Face
from epic_features.image import Image
from epic_features.stage import Backend

# The library's own default.
DEFAULT_THRESHOLD = 0.9
# Times as long as wide. The library would shrink the short side of a longer strip below one cell of
# its coarsest map and fail; no face worth counting fits into one.
LONGEST_STRIP = 60
_ENGINE = "DEEPFACE_BACKEND_ENGINE"


class RetinaFace:
    """The detector of the library retina-face; works on the full picture, so expect it to be slow.

    Needs the extra ``retinaface``, and its weights in
    ``$DEEPFACE_HOME/.deepface/weights/retinaface.onnx`` (by default in the home folder).

    Parameters
    ----------
    threshold : float, optional
        Least confidence of a face, in [0, 1].
    model_dir : str, optional
        Not used: the library has a folder of its own.

    Raises
    ------
    ModelNotFound
        When the weights are not on this machine.
    MissingExtra
        When retina-face is not installed.
    """

    def __init__(self, threshold: float | None = None, model_dir: str | None = None) -> None:
        self.threshold = DEFAULT_THRESHOLD if threshold is None else threshold
        self._library = _library()
        self._path = models.find("retinaface")
        self._network = _Network(self._path)

    @property
    def backends(self) -> tuple[Backend, ...]:
        """The library and its weights, and onnxruntime, which runs them."""
        return (
            Backend("faces", "retina-face", version("retina-face"), models.sha256(self._path)),
            Backend("faces", "onnxruntime", version("onnxruntime")),
        )

    def detect(self, image: Image) -> list[Face]:
        """Return the faces of an image, most confident first."""
        if max(image.width, image.height) > LONGEST_STRIP * min(image.width, image.height):
            return []
        found: Mapping[str, Mapping[str, Any]] = self._library.detect_faces(
            cv2.cvtColor(image.pixels, cv2.COLOR_RGB2BGR),
            threshold=self.threshold,
            model=self._network,
        )
        faces = [_face(entry) for entry in found.values()]
        return sorted(faces, key=lambda face: face.score, reverse=True)


class _Network:
    """The weights as retina-face calls them: an array in, a list of arrays out."""

    def __init__(self, path: Path) -> None:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.log_severity_level = 3
        self._session = onnxruntime.InferenceSession(
            path, options, providers=["CPUExecutionProvider"]
        )

    def __call__(self, pixels: NDArray[Any]) -> list[NDArray[np.float32]]:
        name = self._session.get_inputs()[0].name
        outputs: list[NDArray[np.float32]] = self._session.run(
            None, {name: np.ascontiguousarray(pixels, np.float32)}
        )
        return outputs


_importing = threading.Lock()


def _library() -> Any:
    """Import retina-face so that it runs on onnxruntime, whatever else is installed."""
    with _importing, warnings.catch_warnings():  # importing it silences the warnings of everybody
        before = os.environ.get(_ENGINE)
        os.environ[_ENGINE] = "onnx"
        try:
            return importlib.import_module("retinaface.RetinaFace")
        except ImportError as error:
            raise MissingExtra(
                f"faces='retinaface' needs retina-face, which can't be imported ({error}); "
                "run: pip install 'epic-features[retinaface]' in an environment of its own, "
                "because it brings another OpenCV"
            ) from error
        finally:
            if before is None:
                del os.environ[_ENGINE]
            else:
                os.environ[_ENGINE] = before


def _face(entry: Mapping[str, Any]) -> Face:
    left, top, right, bottom = (float(value) for value in entry["facial_area"])
    return Face((left, top, right, bottom), float(entry["score"]))
