"""Features kept for one model serve the next, when they hold what it needs."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from classifiers.workflow import extract_features
from epic_features import Settings, SettingsError, dump
from epic_features.errors import SettingsMismatch, SourceError
from epic_features.extras.embedding import SHIPPED

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
    with pytest.raises(SettingsError, match="lack the groups .*embedding.*--embed"):
        extract_features(pictures, tmp_path / "kept", WITH_NETWORK, workers=1)
    table, _ = extract_features(
        pictures, tmp_path / "kept", WITH_NETWORK, begin_anew=True, workers=1
    )
    assert table["embedding"].null_count == 0
    assert len(table) == 3


def test_a_file_gets_no_rows_of_another_network(pictures, tmp_path):
    network, file = tmp_path / "network", tmp_path / "features.parquet"
    shutil.copytree(SHIPPED / "vcnn", network)
    dump(pictures, file, settings=replace(WITH_NETWORK, embedding=str(network)), engine="inline")
    Image.new("RGB", (50, 30), "red").save(Path(pictures) / "new.png")
    table, _ = extract_features(pictures, file, WITH_NETWORK, workers=1)
    assert len(table) == 4
    described = network / "preprocess.json"
    changed = json.loads(described.read_text())
    changed["mean"] = [0.1, 0.2, 0.3]
    described.write_text(json.dumps(changed))
    with pytest.raises(SettingsMismatch, match="embedding input by pillow"):
        extract_features(pictures, file, WITH_NETWORK, workers=1)
    (Path(pictures) / "new.png").unlink()
    assert len(extract_features(pictures, file, WITH_NETWORK, workers=1)[0]) == 3


def test_a_file_with_a_picture_twice_is_refused(pictures, tmp_path):
    file = tmp_path / "features.parquet"
    dump(pictures, file, settings=Settings(groups=("shape",)), engine="inline")
    table = pq.read_table(file)
    pq.write_table(pa.concat_tables([table, table[:1]]), file)
    with pytest.raises(SourceError, match="more than one row of"):
        extract_features(pictures, file, Settings(groups=("shape",)), workers=1)
