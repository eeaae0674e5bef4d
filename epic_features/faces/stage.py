"""The stage of the two face columns."""

from __future__ import annotations

from collections.abc import Sequence

from epic_features.faces.detector import Face, FaceDetector
from epic_features.geometry import box_polygon, union_area
from epic_features.image import Image
from epic_features.stage import Backend


class FacesStage:
    """Count faces and the share of the image they cover.

    Parameters
    ----------
    detector : FaceDetector
        Finds the faces.
    """

    group = "faces"

    def __init__(self, detector: FaceDetector) -> None:
        self._detector = detector

    @property
    def backends(self) -> tuple[Backend, ...]:
        """The libraries and models of the detector."""
        return self._detector.backends

    def __call__(self, image: Image) -> dict[str, int | float]:
        """Return ``total_faces_count`` and ``faces_to_image_ratio``."""
        return face_columns(self.detect(image), image)

    def detect(self, image: Image) -> list[Face]:
        """Return the faces themselves, most confident first."""
        return self._detector.detect(image)


def face_columns(faces: Sequence[Face], image: Image) -> dict[str, int | float]:
    """Return the face columns of an image whose faces are known.

    The ratio is the area of the union of the boxes, clipped to the image, over the area of the
    image, in [0, 1].
    """
    boxes = [box_polygon(face.box) for face in faces]
    covered = union_area(boxes, image.width, image.height)
    return {
        "total_faces_count": len(faces),
        "faces_to_image_ratio": covered / (image.width * image.height),
    }
