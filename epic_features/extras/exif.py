"""What the camera wrote into the file."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from epic_features.image import Image
from epic_features.stage import Backend

# Tag numbers of EXIF 2.32; those of the GPS directory are small and meet no other directory's.
_MAKE = 0x010F
_ORIENTATION = 0x0112
_SOFTWARE = 0x0131
_DATE_TIME_ORIGINAL = 0x9003
_GPS_LATITUDE = 0x0002
_GPS_LONGITUDE = 0x0004


class ExifStage:
    """The columns of the group ``exif``.

    All null for an image that was given as pixels without EXIF. For a file without EXIF the flags
    are false and the rest is null; a malformed value counts as absent.

    - ``has_camera_make``: the tag Make holds more than blanks.
    - ``has_gps``: latitude and longitude are there and are numbers; the position itself is never
      kept.
    - ``taken_at``: DateTimeOriginal, the camera's local time, no zone.
    - ``orientation``: as stored, 1 to 8; the pixels of every other column are upright already.
    - ``software``: as stored, without padding.
    """

    group = "exif"
    backends: tuple[Backend, ...] = ()

    def __call__(self, image: Image) -> Mapping[str, Any]:
        """Return one value for every column of the group."""
        tags = image.exif
        looked = image.encoded is not None or bool(tags)
        return {
            "has_camera_make": _text(tags.get(_MAKE)) is not None if looked else None,
            "has_gps": _has_position(tags) if looked else None,
            "taken_at": _timestamp(tags.get(_DATE_TIME_ORIGINAL)),
            "orientation": _orientation(tags.get(_ORIENTATION)),
            "software": _text(tags.get(_SOFTWARE)),
        }


def _text(value: object) -> str | None:
    if isinstance(value, bytes):
        value = value.decode("utf-8", "replace")
    if not isinstance(value, str):
        return None
    # ASCII tags end at the first NUL (EXIF 2.32, 4.6.2); a lone surrogate can't go to Parquet.
    clean = value.split("\0")[0].strip().encode("utf-8", "replace").decode()
    return clean or None


def _timestamp(value: object) -> datetime | None:
    try:
        return datetime.strptime(_text(value) or "", "%Y:%m:%d %H:%M:%S")
    except ValueError:
        return None


def _orientation(value: object) -> int | None:
    return value if type(value) is int and 1 <= value <= 8 else None


def _has_position(tags: Mapping[int, object]) -> bool:
    return all(_is_angle(tags.get(tag)) for tag in (_GPS_LATITUDE, _GPS_LONGITUDE))


def _is_angle(value: object) -> bool:
    """Tell whether a value is degrees, minutes and seconds, all finite."""
    if not isinstance(value, tuple) or len(value) != 3:
        return False
    try:
        return all(math.isfinite(float(part)) for part in value)
    except (TypeError, ValueError, ZeroDivisionError, OverflowError):
        return False
