from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from epic_features import models
from epic_features.errors import ModelNotFound, SettingsError
from epic_features.models import MODELS, Url


def test_every_entry_is_complete():
    assert len({model.name for model in MODELS}) == len(MODELS)
    for model in MODELS:
        assert model.purpose
        assert model.licence
        assert Path(model.file_name).name == model.file_name
        if isinstance(model.origin, Url):
            assert model.origin.url.startswith("https://")
        if model.sha256 is None:
            assert "without a checksum" in model.purpose, "a listing has to say so"
        else:
            assert re.fullmatch("[0-9a-f]{64}", model.sha256)
            assert model.size


def test_known_names():
    names = {"centerface", "yunet", "retinaface", "tessdata-ara", "arabic-ppocrv5"}
    assert set(models.known_names) == names


def test_unknown_name_lists_the_known_ones():
    with pytest.raises(SettingsError, match=r"'blazeface' is not known.*centerface, yunet"):
        models.find("blazeface")
    with pytest.raises(SettingsError, match="centerface"):
        models.get("blazeface")


def test_yunet_entry_describes_the_real_file(shared: Path):
    path = models.find("yunet", cache=shared / "models")
    assert models.sha256(path) == models.lookup("yunet").sha256


def test_tessdata_entry_describes_the_file_of_debian():
    debian = Path("/usr/share/tesseract-ocr/5/tessdata/ara.traineddata")
    if not debian.is_file():
        pytest.skip("needs Debian's tesseract-ocr-ara")
    entry = models.lookup("tessdata-ara")
    assert (debian.stat().st_size, models.sha256(debian)) == (entry.size, entry.sha256)


def test_arabic_entry_is_the_one_rapidocr_names():
    import rapidocr

    listing = yaml.safe_load((Path(rapidocr.__file__).parent / "default_models.yaml").read_text())
    theirs = listing["onnxruntime"]["PP-OCRv5"]["rec"]["arabic_PP-OCRv5_rec_mobile"]
    ours = models.lookup("arabic-ppocrv5")
    assert ours.origin == Url(theirs["model_dir"])
    assert ours.sha256 == theirs["SHA256"]
    assert "dict_url" not in theirs, "the dictionary would have to be fetched too"


def test_cache_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.delenv("EPIC_MODEL_DIR", raising=False)
    assert models.cache_dir().parts[-2:] == ("epic-features", "models")
    monkeypatch.setenv("EPIC_MODEL_DIR", str(tmp_path / "from-environment"))
    assert models.cache_dir() == tmp_path / "from-environment"
    assert models.cache_dir(str(tmp_path)) == tmp_path
    assert models.cache_dir("~/models") == Path.home() / "models"
    assert not (tmp_path / "from-environment").exists()


def test_retinaface_lives_where_its_library_looks(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setenv("DEEPFACE_HOME", str(tmp_path))
    expected = tmp_path / ".deepface" / "weights" / "retinaface.onnx"
    assert models.path_of("retinaface", cache=tmp_path / "elsewhere") == expected


def test_find_says_where_it_looked_and_what_to_run(cache: Path):
    with pytest.raises(ModelNotFound) as caught:
        models.find("yunet", cache=cache)
    assert str(cache / "face_detection_yunet_2023mar.onnx") in str(caught.value)
    assert "epic models get yunet" in str(caught.value)


def test_find_refuses_a_damaged_file(cache: Path):
    path = models.path_of("yunet", cache=cache)
    path.parent.mkdir()
    path.write_bytes(b"half")
    with pytest.raises(ModelNotFound, match=r"has 4 bytes instead of 232589.*get yunet"):
        models.find("yunet", cache=cache)
    path.write_bytes(bytes(232_589))
    with pytest.raises(ModelNotFound, match=r"damaged.*get yunet"):
        models.find("yunet", cache=cache)


def test_status_tells_what_is_there(cache: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setenv("DEEPFACE_HOME", str(tmp_path))
    cache.mkdir()
    (cache / "face_detection_yunet_2023mar.onnx").write_bytes(bytes(232_589))
    (cache / "ara.traineddata").write_bytes(b"too short")
    listing = {entry.name: entry for entry in models.status(cache=cache)}
    assert tuple(listing) == models.known_names
    assert [name for name, entry in listing.items() if entry.present] == ["yunet"]
    assert [name for name, entry in listing.items() if not entry.has_checksum] == ["retinaface"]
    assert listing["yunet"].path == models.path_of("yunet", cache=cache)


def test_importing_does_not_load_the_network_code():
    code = "import epic_features.models, sys; sys.exit('requests' in sys.modules)"
    path = os.pathsep.join(sys.path)
    done = subprocess.run([sys.executable, "-c", code], env={**os.environ, "PYTHONPATH": path})
    assert done.returncode == 0
