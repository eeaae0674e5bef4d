"""Zip files, memory, S3 and SSH behind the same rules."""

import zipfile

import fsspec
import pytest

from epic_features import extract
from epic_features.errors import ImageError, SourceError
from epic_features.settings import Settings
from epic_features.sources import Patience, check_exists, references

QUICK = Patience(attempts=2, wait=0.01, timeout=2.0)
SHAPE = Settings(groups=("shape",))


def tree_of(folder):
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def same_rows(url, folder):
    """Check rows, order, labels and identities of a source against those of the folder."""
    here, there = extract(folder, settings=SHAPE), extract(url, settings=SHAPE)
    assert there.equals(here)
    for near, far in zip(references(folder), references(url), strict=True):
        assert far.identity().size == near.identity().size
        assert far.label == near.label


@pytest.fixture
def zipped(gallery, tmp_path):
    folder, _ = gallery
    path = tmp_path / "معرض الصور.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in tree_of(folder).items():
            archive.writestr(f"phone/{name}", content)
        archive.writestr("phone/.hidden.jpg", b"")
        archive.writestr("../outside.jpg", b"")
        archive.writestr("broken/bomb.png", b"\0" * 10_000_000)
    return path


def test_a_zip_file_gives_the_rows_of_its_folder(gallery, zipped):
    folder, drawings = gallery
    same_rows(f"zip://phone::{zipped}", folder)
    everything = list(references(f"zip://{zipped}"))
    assert len(everything) == len(drawings) + 1
    name = drawings[0].path
    (one,) = references(f"zip://phone/{name}::{zipped}")
    assert one.load(Settings()).encoded == (folder / name).read_bytes()
    assert one.name == f"zip://phone/{name}::{zipped}"
    assert len(one.identity().etag) == 8
    assert [r.relative_path for r in references(f"zip://phone/**/*.webp::{zipped}")] == sorted(
        drawing.path for drawing in drawings if drawing.path.endswith(".webp")
    )


def test_what_can_be_wrong_with_a_zip_file(zipped, tmp_path):
    (bomb,) = references(f"zip://broken/bomb.png::{zipped}")
    with pytest.raises(ImageError, match="max_bytes"):
        bomb.load(Settings(max_bytes=1_000_000))
    with pytest.raises(SourceError, match="no such zip file"):
        check_exists(f"zip://{tmp_path}/gone.zip")
    with pytest.raises(SourceError, match="no such file or folder: zip://gone::"):
        check_exists(f"zip://gone::{zipped}")
    with pytest.raises(SourceError, match="on this machine"):
        check_exists("zip://x::https://example.org/a.zip")
    text = tmp_path / "text.zip"
    text.write_text("no zip")
    with pytest.raises(SourceError, match="not a zip file"):
        next(references(f"zip://{text}"))
    damaged = tmp_path / "damaged.zip"
    content = bytearray(zipped.read_bytes())
    content[200:260] = bytes(60)
    damaged.write_bytes(content)
    with pytest.raises(ImageError):
        next(references(f"zip://phone::{damaged}")).load(Settings())


def test_memory_gives_the_rows_of_its_folder(gallery):
    folder, drawings = gallery
    memory = fsspec.filesystem("memory")
    for name, content in tree_of(folder).items():
        memory.pipe_file(f"/phone/{name}", content)
    try:
        same_rows("memory://phone", folder)
        (one,) = references(f"memory://phone/{drawings[0].path}")
        assert one.name == f"memory://phone/{drawings[0].path}"
        with pytest.raises(SourceError, match="can't be listed: no such file or folder"):
            next(references("memory://gone"))
        with pytest.raises(SourceError, match="no image found for the folder"):
            next(references(f"memory://phone/{drawings[0].path}/"))
    finally:
        memory.rm("/phone", recursive=True)


def test_folders_in_folders_without_end_are_given_up(gallery):
    folder, drawings = gallery
    memory = fsspec.filesystem("memory")
    content = (folder / drawings[0].path).read_bytes()
    try:
        for depth in (100, 101):
            memory.pipe_file("/deep" + "/x" * depth + "/a.jpg", content)
        found, beyond = references("memory://deep")
        assert found.relative_path == "x/" * 100 + "a.jpg"
        with pytest.raises(ImageError, match="more than 100 folders"):
            beyond.load(Settings())
    finally:
        memory.rm("/deep", recursive=True)


@pytest.fixture(scope="module")
def bucket():
    pytest.importorskip("s3fs")
    threaded = pytest.importorskip("moto.server").ThreadedMotoServer(port=0)
    threaded.start()
    host, port = threaded.get_host_and_port()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ACCESS_KEY_ID", "key")
        patch.setenv("AWS_SECRET_ACCESS_KEY", "hunter2")
        patch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        patch.setenv("AWS_ENDPOINT_URL", f"http://{host}:{port}")
        files = fsspec.filesystem("s3", use_listings_cache=False, skip_instance_cache=True)
        files.mkdir("photos")
        yield files
        threaded.stop()


def test_a_bucket_gives_the_rows_of_its_folder(gallery, bucket):
    folder, _ = gallery
    for name, content in tree_of(folder).items():
        bucket.pipe_file(f"photos/phone/{name}", content)
    bucket.pipe_file("photos/phone/", b"")  # What the consoles make to show an empty folder.
    bucket.pipe_file("photos/odd/صورة 1%20+#?.png", b"")
    bucket.pipe_file("photos/odd/big.png", b"\xff" * 5000)
    same_rows("s3://photos/phone", folder)
    empty, big = sorted(references("s3://photos/odd/"), key=lambda r: -r.identity().size)[::-1]
    assert empty.relative_path == "صورة 1%20+#?.png"
    with pytest.raises(ImageError, match="empty"):
        empty.load(Settings())
    (unlisted,) = references(["s3://photos/odd/big.png"])
    # Without a list its length is not known, and reading stops one byte past the limit.
    for reference, size in ((big, 5000), (unlisted, 1001)):
        with pytest.raises(ImageError, match=f"{size} bytes exceed the limit max_bytes=1000"):
            reference.load(Settings(max_bytes=1000))
    (gone,) = references("s3://photos/phone/gone.jpg", patience=QUICK)
    with pytest.raises(ImageError, match="no such file"):
        gone.load(Settings())
    with pytest.raises(SourceError, match="no such file"):
        next(references("s3://photos/gone", patience=QUICK))


def test_a_missing_extra_is_named(monkeypatch):
    import sys

    from epic_features.errors import MissingExtra

    monkeypatch.setitem(sys.modules, "s3fs", None)
    with pytest.raises(MissingExtra, match=r"epic-features\[s3\]"):
        next(references("s3://elsewhere/x", patience=Patience(attempts=1)))
    monkeypatch.setitem(sys.modules, "paramiko", None)
    with pytest.raises(MissingExtra, match=r"epic-features\[ssh\]"):
        next(references("ssh://elsewhere/x", patience=Patience(attempts=1)))
