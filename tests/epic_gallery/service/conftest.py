"""Services to ask, and pictures to ask about."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image as PILImage
from serving import Served, serving

from epic_gallery.service.settings import Limits


@pytest.fixture(scope="session")
def service(tmp_path_factory, default_models) -> Served:
    """A service as it is by default."""
    with serving(tmp_path_factory.mktemp("service"), workers=1) as served:
        yield served


@pytest.fixture(scope="session")
def strict(tmp_path_factory) -> Served:
    """A service with a quick model, and limits that are met soon."""
    limits = Limits(
        max_bytes=200_000,
        max_pixels=1_000_000,
        max_files=20,
        time_limit=3,
        header_timeout=1.5,
        body_timeout=1.5,
        least_rate=1000,
    )
    folder = tmp_path_factory.mktemp("strict")
    with serving(folder, limits, model="colors", workers=2) as served:
        yield served


@pytest.fixture(scope="session")
def drawn(gallery) -> dict[str, bytes]:
    """Files of the gallery, one of each class and some more, by path."""
    folder, drawings = gallery
    return {drawing.path: (folder / drawing.path).read_bytes() for drawing in drawings}


@pytest.fixture(scope="session")
def small() -> bytes:
    """A small PNG with noise on it."""
    return png(64, 48)


def png(width: int, height: int, seed: int = 0) -> bytes:
    noise = np.random.default_rng(seed).integers(0, 255, (height, width, 3), np.uint8)
    out = io.BytesIO()
    PILImage.fromarray(noise).save(out, "PNG")
    return out.getvalue()
