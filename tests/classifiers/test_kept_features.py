"""Features kept for one model serve the next, when they hold what it needs."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from classifiers.workflow import extract_features
from epic_features import Settings, SettingsError

SHAPE = Settings(groups=("shape",))
WITH_NETWORK = Settings(groups=("shape", "quality"), embedding="vcnn")


@pytest.fixture
def pictures(tmp_path):
    folder = tmp_path / "pictures"
    folder.mkdir()
    for number in range(3):
        Image.new("RGB", (40 + number, 30), (90, 20 * number, 7)).save(folder / f"{number}.png")
    return str(folder)


def test_a_model_without_an_embedding_uses_features_that_have_one(pictures, tmp_path):
    kept = tmp_path / "kept"
    first, _ = extract_features(pictures, kept, WITH_NETWORK, workers=1)
    parts = {path: path.stat().st_mtime_ns for path in kept.glob("part-*")}
    second, _ = extract_features(pictures, kept, SHAPE, workers=1)
    assert second.equals(first)
    assert {path: path.stat().st_mtime_ns for path in kept.glob("part-*")} == parts
    assert np.shape(second["embedding"].to_pylist())[0] == 3


@pytest.mark.parametrize("begun", [SHAPE, Settings(groups=("shape", "quality"))])
def test_features_without_an_embedding_are_no_use_to_a_model_with_one(pictures, tmp_path, begun):
    extract_features(pictures, tmp_path / "kept", begun, workers=1)
    with pytest.raises(SettingsError, match="begun with other settings.*embedding"):
        extract_features(pictures, tmp_path / "kept", WITH_NETWORK, workers=1)
