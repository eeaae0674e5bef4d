"""Size and proportions of the upright image."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from epic_features.image import Image
from epic_features.stage import Backend


class ShapeStage:
    """The columns ``aspect_ratio``, ``area``, ``width`` and ``height``, in pixels."""

    group = "shape"
    backends: tuple[Backend, ...] = ()

    def __call__(self, image: Image) -> Mapping[str, Any]:
        """Return one value for every column of the group."""
        return {
            "aspect_ratio": image.width / image.height,
            "area": image.width * image.height,
            "width": image.width,
            "height": image.height,
        }
