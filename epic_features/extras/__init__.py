"""Optional column groups, one file each, off unless asked for."""

from epic_features.extras.cartoon import CartoonStage
from epic_features.extras.encoded import BytesStage
from epic_features.extras.exif import ExifStage
from epic_features.extras.quality import QualityStage

EXTRA_STAGES = (BytesStage, CartoonStage, QualityStage, ExifStage)

__all__ = ["EXTRA_STAGES", "BytesStage", "CartoonStage", "ExifStage", "QualityStage"]
