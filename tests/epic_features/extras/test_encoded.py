"""The ``bytes`` group against the standard library."""

from __future__ import annotations

import base64
import hashlib
import io
import math
from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image as PILImage

from epic_features.extras import BytesStage
from epic_features.extras.encoded import byte_entropy
from epic_features.image import Image, decode
from epic_features.schema import EXTRA_COLUMNS
from epic_features.settings import Settings


def encoded_noise(kind: str) -> bytes:
    pixels = np.random.default_rng(0).integers(0, 256, (30, 40, 3)).astype(np.uint8)
    buffer = io.BytesIO()
    PILImage.fromarray(pixels).save(buffer, kind)
    return buffer.getvalue()


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "BMP"])
def test_row_of_a_file(kind: str) -> None:
    encoded = encoded_noise(kind)
    row = BytesStage()(decode(encoded, Settings()))
    assert row == {
        "file_size": len(encoded),
        "format": kind,
        "bits_per_pixel": pytest.approx(8 * len(encoded) / 1200),
        "byte_length": len(encoded),
        "hex_length": len(encoded.hex()),
        "base64_length": len(base64.b64encode(encoded)),
        "byte_entropy": row["byte_entropy"],
        "sha256": hashlib.sha256(encoded).hexdigest(),
    }
    assert 0 < row["byte_entropy"] <= 8


@given(st.binary(min_size=1, max_size=300))
def test_entropy_and_lengths_of_any_bytes(data: bytes) -> None:
    shares = [count / len(data) for count in Counter(data).values()]
    assert byte_entropy(data) == pytest.approx(-sum(p * math.log2(p) for p in shares), abs=1e-9)
    row = BytesStage()(Image(pixels=np.zeros((1, 1, 3), np.uint8), encoded=data))
    assert row["base64_length"] == len(base64.b64encode(data))


def test_entropy_of_known_bytes() -> None:
    assert byte_entropy(b"") == 0
    assert math.copysign(1, byte_entropy(b"aaaa")) == 1
    assert byte_entropy(b"ab" * 1_000_000) == pytest.approx(1)  # more than one chunk
    assert byte_entropy(bytes(range(256))) == pytest.approx(8)


def test_pixels_have_no_file() -> None:
    row = BytesStage()(Image(pixels=np.zeros((2, 2, 3), np.uint8)))
    assert list(row) == [column.name for column in EXTRA_COLUMNS if column.group == "bytes"]
    assert set(row.values()) == {None}
