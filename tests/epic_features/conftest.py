"""Fixtures for the feature library."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image as PILImage


@pytest.fixture
def make_pictures():
    """Return a function that fills a folder with small pictures, each of its own size."""

    def make(folder: Path, count: int, start: int = 0) -> list[str]:
        folder.mkdir(parents=True, exist_ok=True)
        names = [f"{i:04d}.png" for i in range(start, start + count)]
        for i, name in enumerate(names, start):
            PILImage.new("RGB", (i % 50 + 1, i // 50 + 1)).save(folder / name)
        return names

    return make
