"""Faces: one file per detector behind one small protocol."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from epic_features.faces.centerface import CenterFace
from epic_features.faces.detector import Face, FaceDetector
from epic_features.faces.retinaface import RetinaFace
from epic_features.faces.stage import FacesStage
from epic_features.faces.yunet import YuNet
from epic_features.settings import Settings

__all__ = ["Face", "FaceDetector", "FacesStage", "build_detector", "build_faces_stage"]

_DETECTORS: Mapping[str, Callable[[float | None, str | None], FaceDetector]] = {
    "centerface": CenterFace,
    "yunet": YuNet,
    "retinaface": RetinaFace,
}


def build_detector(settings: Settings) -> FaceDetector:
    """Return the face detector the settings ask for.

    Raises
    ------
    ModelNotFound
        When its model file is not on this machine; the message says how to get it.
    MissingExtra
        When it needs a library that isn't installed.
    """
    return _DETECTORS[settings.faces](settings.face_threshold, settings.model_dir)


def build_faces_stage(settings: Settings) -> FacesStage:
    """Return the stage of the face columns; see `build_detector` for the errors."""
    return FacesStage(build_detector(settings))
