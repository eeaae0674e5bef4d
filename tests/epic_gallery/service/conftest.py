"""Services to ask, and pictures to ask about."""

from __future__ import annotations

import pytest
from serving import Served, png, serving

from epic_gallery.service.settings import Limits


@pytest.fixture(scope="session")
def service(tmp_path_factory, default_models, lightgbm) -> Served:
    """A service as it is by default."""
    with serving(tmp_path_factory.mktemp("service"), workers=1) as served:
        yield served


@pytest.fixture(scope="session")
def strict(tmp_path_factory) -> Served:
    """A service with a quick model, and limits on pictures that are met soon."""
    limits = Limits(max_bytes=200_000, max_pixels=1_000_000, max_files=20, time_limit=6)
    folder = tmp_path_factory.mktemp("strict")
    with serving(folder, limits, model="colors", workers=2) as served:
        yield served


@pytest.fixture(scope="session")
def hasty(tmp_path_factory) -> Served:
    """A service that does not wait long for its callers."""
    limits = Limits(header_timeout=1.5, body_timeout=1.5, least_rate=1000)
    with serving(tmp_path_factory.mktemp("hasty"), limits, model="colors", workers=1) as served:
        yield served


@pytest.fixture(scope="session")
def exposed(tmp_path_factory) -> Served:
    """A service that other computers can reach, and that takes one request at a time."""
    folder = tmp_path_factory.mktemp("exposed")
    limits = Limits(max_requests=1)
    with serving(folder, limits, host="0.0.0.0", model="colors", workers=1) as served:
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
