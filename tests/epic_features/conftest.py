"""Fixtures for the feature library."""

from __future__ import annotations

import pytest

from epic_features import ModelNotFound, models


@pytest.fixture(scope="session")
def default_models() -> None:
    """Skip unless every model of the default settings is on this machine."""
    from epic_features.text.tesseract import find_tessdata

    try:
        models.find("centerface")
        find_tessdata()
    except ModelNotFound as error:
        pytest.skip(f"needs the default models: {error}")
