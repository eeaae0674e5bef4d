"""Folders, globs, files and pixels to image references, in a fixed order and without holding them.

A reference is cheap: nothing is opened before `ImageReference.load`.
"""

from __future__ import annotations

from epic_features.sources.listing import (
    check_exists,
    is_folder_per_class,
    is_single,
    references,
    shown,
)
from epic_features.sources.names import EXTENSIONS, FileIdentity
from epic_features.sources.patience import Patience
from epic_features.sources.reference import ImageLike, ImageReference

__all__ = [
    "EXTENSIONS",
    "FileIdentity",
    "ImageLike",
    "ImageReference",
    "Patience",
    "check_exists",
    "is_folder_per_class",
    "is_single",
    "references",
    "shown",
]
