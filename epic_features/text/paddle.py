"""A reader on PaddleOCR, run by ONNX Runtime instead of PaddlePaddle."""

from __future__ import annotations

import json
import logging
import os
import threading
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from epic_features import models
from epic_features.errors import MissingExtra
from epic_features.settings import Settings
from epic_features.stage import Backend
from epic_features.text.arabic_reader import arabic_reader
from epic_features.text.pipeline import LineByLineReader
from epic_features.text.ppocr import (
    DETECTOR,
    LONGEST_SIDE,
    RECOGNISER,
    bundled_model,
    characters_of,
)
from epic_features.text.reader import Reading

# What PaddleOCR wants to know about a network, in the terms of its own export: JSON is YAML too.
_DETECTION = {
    "Global": {"model_name": "PP-OCRv6_small_det"},
    "PreProcess": {
        "transform_ops": [
            {"DecodeImage": {"channel_first": False, "img_mode": "BGR"}},
            {"DetResizeForTest": {"limit_side_len": LONGEST_SIDE, "limit_type": "max"}},
            {"NormalizeImage": {"mean": [0.5] * 3, "std": [0.5] * 3, "scale": "1./255."}},
            {"ToCHWImage": None},
        ]
    },
    "PostProcess": {
        "name": "DBPostProcess",
        "thresh": 0.3,
        "box_thresh": 0.6,
        "unclip_ratio": 1.6,
        "max_candidates": 1000,
    },
}
_RECOGNITION = {
    "Global": {"model_name": "PP-OCRv6_small_rec"},
    "PreProcess": {
        "transform_ops": [
            {"DecodeImage": {"channel_first": False, "img_mode": "BGR"}},
            {"RecResizeImg": {"image_shape": [3, 48, 320]}},
        ]
    },
}


class PaddleReader(LineByLineReader):
    """Finds and reads text with PaddleOCR; Arabic lines are read as by `RapidReader`.

    PaddleOCR downloads its networks when it is first used. To stay offline it is given the
    PP-OCRv6 files of the rapidocr wheel, in folders of the shape it expects, which are made below
    the folder of downloaded models.

    Parameters
    ----------
    settings : Settings
        `text_threshold`, `arabic` and `model_dir` are used.

    Raises
    ------
    MissingExtra
        When paddleocr is not installed.
    ModelNotFound
        When the files of rapidocr are not on this machine.
    """

    def __init__(self, settings: Settings) -> None:
        paddleocr = _import_paddleocr()
        cache = models.cache_dir(settings.model_dir)
        detector, recogniser = bundled_model(DETECTOR), bundled_model(RECOGNISER)
        decode = {"name": "CTCLabelDecode", "character_dict": characters_of(recogniser)}
        options = {
            "engine": "onnxruntime",
            "device": "cpu",
            "engine_config": {"intra_op_num_threads": 1, "inter_op_num_threads": 1},
        }
        self._detector = paddleocr.TextDetection(
            model_name="PP-OCRv6_small_det",
            model_dir=str(_model_folder(cache, detector, _DETECTION)),
            box_thresh=settings.text_threshold,
            **options,
        )
        self._recogniser = paddleocr.TextRecognition(
            model_name="PP-OCRv6_small_rec",
            model_dir=str(
                _model_folder(cache, recogniser, {**_RECOGNITION, "PostProcess": decode})
            ),
            **options,
        )
        # Its predictors keep state between calls, so one thread at a time may use them.
        self._lock = threading.Lock()
        backends = tuple(
            Backend(role, "paddleocr", version("paddleocr"), models.sha256(path))
            for role, path in (("text detection", detector), ("text recognition", recogniser))
        )
        super().__init__(
            self._find,
            self._read_line,
            arabic_reader(settings),
            backends,
            settings.text_budget,
        )

    def _find(self, pixels: NDArray[np.uint8]) -> list[NDArray[np.float32]]:
        with self._lock:
            (found,) = self._detector.predict(_bgr(pixels))
        return [np.asarray(polygon, np.float32) for polygon in found["dt_polys"]]

    def _read_line(self, line: NDArray[np.uint8]) -> Reading:
        with self._lock:
            (read,) = self._recogniser.predict(_bgr(line))
        return Reading(read["rec_text"], float(read["rec_score"]))


def _import_paddleocr() -> Any:
    # Importing it asks several model hosts whether they can be reached, unless told not to.
    os.environ.setdefault("PADDLE_PDX_DISABLE_MODEL_SOURCE_CHECK", "True")
    try:
        import paddleocr
    except ImportError as error:
        raise MissingExtra(
            f"the text reader 'paddle' needs paddleocr, which can't be imported ({error}); "
            "run: pip install 'epic-features[paddle]' in an environment of its own, "
            "because it pins another OpenCV"
        ) from error
    logging.getLogger("ppocr").setLevel(logging.WARNING)
    return paddleocr


def _model_folder(cache: Path, network: Path, description: dict[str, Any]) -> Path:
    """Return a folder with a network and its description as PaddleOCR wants them."""
    folder = cache / "paddleocr" / network.stem
    folder.mkdir(parents=True, exist_ok=True)
    copy = folder / "inference.onnx"
    if not copy.is_file() or copy.stat().st_size != network.stat().st_size:
        _replace(copy, network.read_bytes())
    _replace(folder / "inference.yml", json.dumps(description).encode())
    return folder


def _replace(path: Path, content: bytes) -> None:
    # In one step: another process may be about to read the file.
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    part.write_bytes(content)
    part.replace(path)


def _bgr(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return np.ascontiguousarray(pixels[:, :, ::-1])
