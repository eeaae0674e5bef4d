"""Fixtures for the whole suite."""

from __future__ import annotations

from pathlib import Path

import pytest

SHARED = Path(__file__).resolve().parents[2] / "shared"


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real test data beside the repository; not part of it."""
    if not SHARED.is_dir():
        pytest.skip(f"needs the test data in {SHARED}")
    return SHARED
