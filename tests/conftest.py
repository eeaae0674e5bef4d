"""Fixtures for the whole suite."""

from __future__ import annotations

import signal
from pathlib import Path
from typing import TYPE_CHECKING

import hypothesis
import numpy as np
import pytest

if TYPE_CHECKING:
    from examples.gallery import Drawing

# A shell starts background jobs with Ctrl-C ignored, and the commands that the tests interrupt
# would inherit that.
signal.signal(signal.SIGINT, signal.default_int_handler)

# The first example pays for loading dictionaries and networks, on a machine that may be busy.
hypothesis.settings.register_profile(
    "unhurried", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("unhurried")

SHARED = Path(__file__).resolve().parents[2] / "shared"


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real test data beside the repository; not part of it."""
    if not SHARED.is_dir():
        pytest.skip(f"needs the test data in {SHARED}")
    return SHARED


@pytest.fixture(scope="session")
def gallery(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Drawing]]:
    """A drawn phone gallery, one folder per class, and its exact truth."""
    from examples.gallery import draw_gallery

    folder = tmp_path_factory.mktemp("gallery")
    return folder, draw_gallery(folder, count=24, seed=0)


@pytest.fixture(scope="session")
def whole_gallery(gallery: tuple[Path, list[Drawing]]) -> tuple[Path, list[Drawing]]:
    """The same gallery; skip unless this machine can draw every kind of picture, Arabic too."""
    from examples.gallery import Kit

    notes = Kit.find().notes
    if notes:
        pytest.skip("; ".join(notes))
    return gallery


@pytest.fixture
def photo() -> np.ndarray:
    """Pixels without structure that a detector could take for a face or a letter."""
    y, x = np.mgrid[0:120, 0:160]
    return np.stack([x, y * 2, 255 - x], axis=-1).astype(np.uint8)


@pytest.fixture(scope="session")
def default_models() -> None:
    """Skip unless every model of the default settings is on this machine."""
    from epic_features import ModelNotFound, models

    try:
        models.find("centerface")
    except ModelNotFound as error:
        pytest.skip(f"needs the default models: {error}")


@pytest.fixture(scope="session")
def lightgbm() -> None:
    """Skip unless LightGBM can be loaded; its wheels leave OpenMP to the system."""
    from classifiers.extras import require_lightgbm
    from epic_features import MissingLibrary

    try:
        require_lightgbm()
    except MissingLibrary as error:
        pytest.skip(str(error))
