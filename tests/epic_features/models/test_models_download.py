from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from model_server import PIECE, Server

from epic_features import models
from epic_features.errors import ModelDownloadError
from epic_features.models import ModelFile, Url
from epic_features.models.download import download


def test_get_fetches_once(registered: str, server: Server, cache: Path, content: bytes):
    path = models.get(registered, cache=cache)
    assert path == cache / "sample.onnx"
    assert path.read_bytes() == content
    assert models.get(registered, cache=cache) == models.find(registered, cache=cache) == path
    assert server.requests == [("/good", None)]
    assert not list(cache.glob("*.part"))


def test_progress_ends_at_the_size(registered: str, cache: Path, content: bytes):
    steps: list[tuple[int, int]] = []
    models.get(registered, cache=cache, progress=lambda done, total: steps.append((done, total)))
    assert {total for _, total in steps} == {len(content)}
    assert [done for done, _ in steps] == sorted(done for done, _ in steps)
    assert steps[-1][0] == len(content)


@pytest.mark.parametrize(
    "path",
    ["/good", "/redirect", "/drops", "/ignores-range", "/drops-once-ignores-range", "/fails-twice"],
)
def test_get_copes(path: str, registered: str, server: Server, cache: Path, content: bytes):
    got = models.get(registered, cache=cache, url=server.url(path))
    assert got.read_bytes() == content


def test_dropped_connection_is_continued(
    registered: str, server: Server, cache: Path, content: bytes
):
    models.get(registered, cache=cache, url=server.url("/drops"))
    first, second, *_ = (wanted for _, wanted in server.requests)
    assert first is None
    continued_at = int(second.removeprefix("bytes=").removesuffix("-"))
    assert 0.9 * PIECE < continued_at <= PIECE


@pytest.mark.parametrize(
    ("path", "asked"), [("/good", "bytes=1000-"), ("/ignores-range", "bytes=1000-")]
)
def test_part_of_an_earlier_run_is_continued(
    path: str, asked: str, registered: str, server: Server, cache: Path, content: bytes
):
    cache.mkdir()
    (cache / "sample.onnx.part").write_bytes(content[:1000])
    got = models.get(registered, cache=cache, url=server.url(path))
    assert got.read_bytes() == content
    assert server.requests == [(path, asked)]


def test_part_that_is_complete_needs_no_request(
    registered: str, server: Server, cache: Path, content: bytes
):
    cache.mkdir()
    (cache / "sample.onnx.part").write_bytes(content)
    assert models.get(registered, cache=cache).read_bytes() == content
    assert server.requests == []


def test_part_that_is_too_long_is_started_again(registered: str, cache: Path, content: bytes):
    cache.mkdir()
    (cache / "sample.onnx.part").write_bytes(content + b"more")
    assert models.get(registered, cache=cache).read_bytes() == content


def test_server_that_continues_elsewhere_is_not_believed(
    registered: str, server: Server, cache: Path, content: bytes
):
    cache.mkdir()
    (cache / "sample.onnx.part").write_bytes(content[:5000])
    got = models.get(registered, cache=cache, url=server.url("/continues-elsewhere"))
    assert got.read_bytes() == content
    assert [wanted for _, wanted in server.requests] == ["bytes=5000-", None]


def test_part_longer_than_the_file_of_the_server(server: Server, tmp_path: Path, content: bytes):
    part = tmp_path / "part"
    part.write_bytes(content + b"from another version")
    download(server.url("/good"), part)  # size not known, so the server has to say it
    assert part.read_bytes() == content


def test_model_without_a_checksum_is_never_glued_together(
    register: Callable[[ModelFile], None], server: Server, tmp_path: Path, content: bytes
):
    origin, folder = Url(server.url("/good")), tmp_path / "of another library"
    register(
        ModelFile("bare", "bare.onnx", None, None, "MIT", "tests", origin, folder=lambda: folder)
    )
    folder.mkdir()
    (folder / "bare.onnx.part").write_bytes(b"of another version")
    path = models.get("bare", cache=tmp_path / "cache")
    assert path == folder / "bare.onnx"
    assert path.read_bytes() == content
    assert server.requests == [("/good", None)]


@pytest.mark.parametrize("path", ["/wrong", "/short", "/long", "/endless"])
def test_another_file_is_not_accepted(path: str, registered: str, server: Server, cache: Path):
    with pytest.raises(ModelDownloadError):
        models.get(registered, cache=cache, url=server.url(path))
    assert not (cache / "sample.onnx").exists()
    if path != "/short":  # that one looks like a connection that may be continued
        assert not (cache / "sample.onnx.part").exists()


def test_wrong_checksum_names_both(registered: str, server: Server, cache: Path, content: bytes):
    got = hashlib.sha256(content[::-1]).hexdigest()
    expected = models.lookup("sample").sha256
    with pytest.raises(ModelDownloadError) as caught:
        models.get(registered, cache=cache, url=server.url("/wrong"))
    assert f"expected 300000 bytes with sha256 {expected}" in str(caught.value)
    assert f"got 300000 bytes with sha256 {got}" in str(caught.value)


def test_part_with_wrong_bytes_does_not_block_for_ever(
    registered: str, cache: Path, content: bytes
):
    cache.mkdir()
    (cache / "sample.onnx.part").write_bytes(b"x" * 1000)
    with pytest.raises(ModelDownloadError, match="is another file"):
        models.get(registered, cache=cache)
    assert models.get(registered, cache=cache).read_bytes() == content


def test_spoilt_file_is_fetched_again(registered: str, cache: Path, content: bytes):
    cache.mkdir()
    (cache / "sample.onnx").write_bytes(bytes(len(content)))
    assert models.get(registered, cache=cache).read_bytes() == content


@pytest.mark.parametrize(
    ("path", "reason", "requests"),
    [
        ("/missing", "404", 1),
        ("/fails", "500", 4),
        ("/login-page", "a web page instead of the file", 1),
        ("/always-stops-at-the-same-place", "4 times in a row", 4),
    ],
)
def test_failure_says_what_and_how_to_help(
    path: str, reason: str, requests: int, registered: str, server: Server, cache: Path
):
    with pytest.raises(ModelDownloadError, match=reason) as caught:
        models.get(registered, cache=cache, url=server.url(path))
    assert f"download {server.url(path)} on any machine" in str(caught.value)
    assert f"save it as {cache / 'sample.onnx'}" in str(caught.value)
    assert len(server.requests) == requests


def test_no_server_at_all(registered: str, server: Server, cache: Path):
    url = server.url("/good")
    server.shutdown()
    server.server_close()
    with pytest.raises(ModelDownloadError, match=r"(?i)refused.*By hand: download"):
        models.get(registered, cache=cache, url=url)


def test_address_that_is_none(registered: str, cache: Path):
    with pytest.raises(ModelDownloadError, match="weights"):
        models.get(registered, cache=cache, url="weights.onnx")


def test_offline_asks_nobody(registered: str, server: Server, cache: Path, content: bytes):
    with pytest.raises(ModelDownloadError, match=r"offline mode.*By hand: download") as caught:
        models.get(registered, cache=cache, offline=True)
    assert str(cache / "sample.onnx") in str(caught.value)
    assert server.requests == []
    assert not cache.exists()
    cache.mkdir()
    (cache / "sample.onnx").write_bytes(content)
    assert models.get(registered, cache=cache, offline=True) == cache / "sample.onnx"


def test_folder_that_cannot_be_made(registered: str, tmp_path: Path):
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(ModelDownloadError, match="could not write"):
        models.get(registered, cache=tmp_path / "file" / "models")


GET = """
import sys
from pathlib import Path
from epic_features import models
from epic_features.models import ModelFile, Url, registry, store
size, checksum, url, cache = sys.argv[1:]
entry = ModelFile("sample", "sample.onnx", checksum, int(size), "CC0-1.0", "tests", Url(url))
registry.MODELS = store.MODELS = (entry,)
print(models.get("sample", cache=Path(cache)))
"""


def test_two_processes_fetch_once(registered: str, server: Server, cache: Path, content: bytes):
    entry = models.lookup(registered)
    arguments = [str(entry.size), str(entry.sha256), server.url("/slow"), str(cache)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    running = [
        subprocess.Popen([sys.executable, "-c", GET, *arguments], env=environment) for _ in range(3)
    ]
    assert [process.wait(60) for process in running] == [0, 0, 0]
    assert (cache / "sample.onnx").read_bytes() == content
    assert server.requests == [("/slow", None)]
