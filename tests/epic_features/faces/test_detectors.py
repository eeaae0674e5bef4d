"""What every detector must do, on real photographs."""

from __future__ import annotations

import re
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import cv2
import numpy as np
import onnxruntime
import pytest

from epic_features.errors import ModelNotFound
from epic_features.faces import build_detector
from epic_features.faces.detector import FaceDetector
from epic_features.image import Image
from epic_features.settings import FACE_DETECTORS, Settings

FACE = (181, 60, 269, 178)  # of the astronaut, by eye


@pytest.fixture(params=["centerface", "yunet"])
def detector(request: pytest.FixtureRequest) -> FaceDetector:
    return request.getfixturevalue(request.param)


def test_one_face_at_its_place(detector, astronaut: Image, assert_same_faces):
    faces = detector.detect(astronaut)
    assert_same_faces(faces, [FACE])
    assert detector.threshold <= faces[0].score <= 1


@pytest.mark.parametrize("factor", [0.25, 0.5, 3])
def test_boxes_are_in_pixels_of_the_image(detector, astronaut, assert_same_faces, factor: float):
    pixels = cv2.resize(astronaut.pixels, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
    assert_same_faces(detector.detect(Image(pixels)), [tuple(factor * v for v in FACE)])


def test_two_faces_in_a_wide_picture(detector, astronaut: Image, assert_same_faces):
    left, top, right, bottom = FACE
    pixels = np.hstack([astronaut.pixels, np.full((512, 700, 3), 127, np.uint8), astronaut.pixels])
    moved = (left + 1212, top, right + 1212, bottom)
    assert_same_faces(detector.detect(Image(pixels)), [FACE, moved])


def test_most_confident_first(detector, astronaut: Image):
    dim = (astronaut.pixels[:, ::-1] * 0.35).astype(np.uint8)
    blurred = cv2.GaussianBlur(dim, (0, 0), 2)
    faces = detector.detect(Image(np.hstack([blurred, astronaut.pixels])))
    assert len(faces) == 2
    assert [face.score for face in faces] == sorted((f.score for f in faces), reverse=True)


def test_colours_are_not_swapped(detector, astronaut: Image):
    (right,) = detector.detect(astronaut)
    swapped = detector.detect(Image(np.ascontiguousarray(astronaut.pixels[:, :, ::-1])))
    assert right.score > max((face.score for face in swapped), default=0)


@pytest.mark.parametrize("shape", [(1, 1), (2, 2000), (3000, 1), (37, 41), (640, 640)])
def test_pictures_without_a_face(detector, shape: tuple[int, int]):
    noise = np.random.default_rng(0).integers(0, 256, (*shape, 3), np.uint8)
    for pixels in (noise, np.zeros_like(noise), np.full_like(noise, 255)):
        assert detector.detect(Image(pixels)) == []


def test_image_is_left_as_it_was(detector, astronaut: Image):
    pixels = astronaut.pixels.copy()
    pixels.flags.writeable = False
    detector.detect(Image(pixels))
    assert np.array_equal(pixels, astronaut.pixels)


def test_threads_see_what_one_thread_sees(detector, astronaut: Image):
    images = [
        Image(np.ascontiguousarray(astronaut.pixels[:height, :width]))
        for height, width in [(512, 512), (300, 512), (512, 400), (260, 300), (100, 100)]
    ]
    alone = [detector.detect(image) for image in images]
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(detector.detect, images * 2)) == alone * 2


def test_threshold_is_obeyed(detector, astronaut: Image):
    picky = type(detector)(0.99, str(detector._path.parent))
    assert picky.detect(astronaut) == []


def test_backend_names_the_very_file(detector):
    (backend,) = detector.backends
    library = re.search(r"\((.*)\)", backend.name)[1]
    assert backend.version == {"opencv": cv2, "onnxruntime": onnxruntime}[library].__version__
    assert len(backend.sha256) == 64


def test_folder_with_arabic_letters(detector, astronaut: Image, tmp_path: Path):
    folder = tmp_path / "نماذج"
    folder.mkdir()
    shutil.copy(detector._path, folder)
    assert len(type(detector)(None, str(folder)).detect(astronaut)) == 1


@pytest.mark.parametrize("name", ["centerface", "yunet"])
def test_missing_model_is_an_error_not_zero_faces(name: str, tmp_path: Path):
    with pytest.raises(ModelNotFound, match=f"epic models get {name}"):
        build_detector(Settings(faces=name, model_dir=str(tmp_path)))


def test_every_detector_of_the_settings_is_known(tmp_path: Path):
    from epic_features.faces import _DETECTORS

    assert set(_DETECTORS) == set(FACE_DETECTORS)


def test_settings_reach_the_detector(centerface):
    settings = Settings(face_threshold=0.77, model_dir=str(centerface._path.parent))
    detector = build_detector(settings)
    assert type(detector) is type(centerface)
    assert detector.threshold == 0.77
