"""What the encoded file alone tells: its size, its entropy, its checksum."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

import numpy as np

from epic_features.image import Image
from epic_features.stage import Backend

_CHUNK = 1 << 20  # bytes counted at a time; counting takes 8 times their memory

_COLUMNS = (
    "file_size",
    "format",
    "bits_per_pixel",
    "byte_length",
    "hex_length",
    "base64_length",
    "byte_entropy",
    "sha256",
)


class BytesStage:
    """The columns of the group ``bytes``; all null for an image that was given as pixels.

    ``hex_length`` and ``base64_length`` are the lengths in characters of the file written that way
    (RFC 4648, base64 with padding, no line breaks). ``bits_per_pixel`` counts the whole file,
    headers and metadata too.
    """

    group = "bytes"
    backends: tuple[Backend, ...] = ()

    def __call__(self, image: Image) -> Mapping[str, Any]:
        """Return one value for every column of the group."""
        encoded = image.encoded
        if encoded is None:
            return dict.fromkeys(_COLUMNS)
        size = len(encoded)
        return {
            "file_size": size,
            "format": image.format,
            "bits_per_pixel": 8 * size / (image.width * image.height),
            **encoded_lengths(encoded),
            "byte_entropy": byte_entropy(encoded),
            "sha256": hashlib.sha256(encoded).hexdigest(),
        }


def encoded_lengths(data: bytes) -> dict[str, int]:
    """Return the columns ``byte_length``, ``hex_length`` and ``base64_length`` of a file."""
    size = len(data)
    return {"byte_length": size, "hex_length": 2 * size, "base64_length": 4 * -(-size // 3)}


def byte_entropy(data: bytes) -> float:
    """Return the Shannon entropy of the byte values, in bits per byte, [0, 8]; 0 for no bytes."""
    counts = np.zeros(256, np.int64)
    for i in range(0, len(data), _CHUNK):
        counts += np.bincount(np.frombuffer(data[i : i + _CHUNK], np.uint8), minlength=256)
    shares = counts[counts > 0] / max(len(data), 1)
    # The sum of one share is -0.0, which would print with its sign.
    return abs(float((shares * np.log2(shares)).sum()))
