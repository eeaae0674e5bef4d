"""One image looked at closely: its row, and where everything was found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from epic_features.extractor import Extractor
from epic_features.faces.detector import Face
from epic_features.faces.stage import FacesStage, face_columns
from epic_features.image import Image
from epic_features.overlay import draw_overlay
from epic_features.schema import Column
from epic_features.settings import Settings
from epic_features.sources import ImageLike
from epic_features.text.reader import TextBox
from epic_features.text.stage import TextStage

if TYPE_CHECKING:
    from PIL import Image as PILImage


@dataclass(frozen=True, eq=False)
class Inspection:
    """What was found in one image.

    Attributes
    ----------
    image : Image
        The decoded image.
    columns : tuple of Column
        The columns of the row.
    row : dict
        Value by column name.
    faces : tuple of Face
        Detected faces.
    boxes : tuple of TextBox
        Text boxes with what was read.
    """

    image: Image
    columns: tuple[Column, ...]
    row: dict[str, Any]
    faces: tuple[Face, ...]
    boxes: tuple[TextBox, ...]

    def overlay(self) -> PILImage.Image:
        """Draw the findings over the image; see `epic_features.overlay.draw_overlay`."""
        return draw_overlay(self.image, self.row, self.faces, self.boxes)


def inspect(
    image: ImageLike, *, settings: Settings | None = None, extractor: Extractor | None = None
) -> Inspection:
    """Look at one image and keep the findings behind its row.

    Parameters
    ----------
    image : path, array, bytes or PIL image
        One image.
    settings : Settings, optional
        As for `extract`; ignored when `extractor` is given.
    extractor : Extractor, optional
        Reuse its loaded models.

    Raises
    ------
    ImageError
        The image can't be read.
    """
    extractor = extractor or Extractor(settings)
    loaded = extractor.load(image)
    faces: list[Face] = []
    boxes: list[TextBox] = []
    parts: list[Mapping[str, Any]] = []
    for stage in extractor.stages:
        if isinstance(stage, FacesStage):
            faces = extractor.run(stage.group, stage.detect, loaded)
            parts.append(face_columns(faces, loaded))
        elif isinstance(stage, TextStage):
            boxes, page = extractor.run(stage.group, stage.read, loaded)
            parts.append(stage.columns(loaded, boxes, page))
        else:
            parts.append(extractor.run(stage.group, stage, loaded))
    row = extractor.assemble(loaded, parts)
    return Inspection(loaded, extractor.columns, row, tuple(faces), tuple(boxes))
