"""Optional column groups, one file each, off unless asked for.

The group ``layout`` is not here: it is measured by the text stage, on what that has read.
"""

from epic_features.extras.cartoon import CartoonStage
from epic_features.extras.encoded import BytesStage
from epic_features.extras.exif import ExifStage
from epic_features.extras.quality import QualityStage
from epic_features.extras.texture import TextureStage

EXTRA_STAGES = (BytesStage, CartoonStage, QualityStage, ExifStage, TextureStage)

__all__ = [
    "EXTRA_STAGES",
    "BytesStage",
    "CartoonStage",
    "ExifStage",
    "QualityStage",
    "TextureStage",
]
