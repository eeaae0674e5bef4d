"""Bringing a dump up to date, and trying the rejected images again."""

import contextlib
import os
import shutil
import tempfile
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from PIL import Image

from epic_features import OutputError, Settings, dump

SHAPE = Settings(groups=("shape",))


@pytest.fixture
def source(tmp_path, make_pictures):
    make_pictures(tmp_path / "in" / "a", 30)
    make_pictures(tmp_path / "in" / "b", 30, start=30)
    return tmp_path / "in"


def run(source, tmp_path, **options):
    return dump(source, tmp_path / "out", settings=SHAPE, engine="inline", shard_size=20, **options)


def table(tmp_path) -> dict[str, tuple[int, int]]:
    rows = [
        row
        for part in sorted((tmp_path / "out").glob("part-*.parquet"))
        for row in pq.read_table(part).to_pylist()
    ]
    by_path = {row["relative_path"]: (row["width"], row["height"]) for row in rows}
    assert len(by_path) == len(rows)  # Nothing twice.
    return by_path


def truth(source) -> dict[str, tuple[int, int]]:
    paths = [path for path in source.rglob("*.png") if path.stat().st_size]
    return {path.relative_to(source).as_posix(): Image.open(path).size for path in paths}


def stamps(tmp_path) -> dict[str, int]:
    return {path.name: path.stat().st_mtime_ns for path in (tmp_path / "out").glob("*.parquet")}


def test_only_new_and_changed_files_are_extracted_and_gone_ones_dropped(source, tmp_path):
    run(source, tmp_path)
    before = stamps(tmp_path)
    Image.new("RGB", (77, 7)).save(source / "a" / "0003.png")  # Another size.
    same_size = source / "b" / "0040.png"
    length = same_size.stat().st_size
    Image.new("RGB", (11, 5)).save(same_size)  # Another picture in as many bytes.
    assert same_size.stat().st_size == length
    (source / "a" / "0004.png").touch()  # Another time only.
    (source / "b" / "0059.png").unlink()
    Image.new("RGB", (88, 8)).save(source / "a" / "new.png")
    report = run(source, tmp_path, update=True)
    assert table(tmp_path) == truth(source)
    assert (report.rows, report.resumed, report.forgotten) == (60, 57, 3)
    after = stamps(tmp_path)
    assert set(after) - set(before) == {"part-00003.parquet"}
    # Nothing is left to be done, and the new time of the touched file is known.
    second = run(source, tmp_path, update=True)
    assert (second.resumed, second.forgotten) == (60, 0)
    del after["rejected.parquet"]
    assert after.items() <= stamps(tmp_path).items()


def test_a_touched_file_is_read_once_and_then_known(source, tmp_path):
    run(source, tmp_path)
    touched = source / "a" / "0004.png"
    touched.touch()
    before = (tmp_path / "out" / "part-00000.parquet").read_bytes()
    assert run(source, tmp_path, update=True).forgotten == 0
    assert (tmp_path / "out" / "part-00000.parquet").read_bytes() == before
    record = (tmp_path / "out" / "part-00000.json").read_text()
    assert str(touched.stat().st_mtime_ns) in record


def test_a_plain_resume_adds_new_files_and_leaves_the_others(source, tmp_path):
    run(source, tmp_path)
    expected = table(tmp_path)
    Image.new("RGB", (77, 7)).save(source / "a" / "0003.png")
    (source / "b" / "0059.png").unlink()
    Image.new("RGB", (88, 8)).save(source / "a" / "new.png")
    run(source, tmp_path)
    assert table(tmp_path) == {**expected, "a/new.png": (88, 8)}


def test_an_update_that_is_interrupted_can_be_resumed(source, tmp_path):
    run(source, tmp_path)
    for i in range(0, 30, 3):
        Image.new("RGB", (70 + i, 7)).save(source / "a" / f"{i:04d}.png")

    def stop(rows, rejected):
        if rows == 55:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(source, tmp_path, update=True, on_progress=stop)
    assert len(table(tmp_path)) == 50  # No stale rows meanwhile.
    run(source, tmp_path)
    assert table(tmp_path) == truth(source)


def test_a_whole_shard_of_files_that_are_gone(source, tmp_path):
    run(source, tmp_path)
    shutil.rmtree(source / "b")
    report = run(source, tmp_path, update=True)
    assert table(tmp_path) == truth(source)
    assert report.forgotten == 30
    assert not (tmp_path / "out" / "part-00002.parquet").exists()


@pytest.fixture
def as_nobody():
    """Root may list every folder, so be somebody else; in a place where that one may write."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o777)
    user = os.geteuid()
    if user == 0:
        os.seteuid(65534)
    yield folder
    os.seteuid(user)
    shutil.rmtree(folder)


def test_a_folder_that_cannot_be_listed_loses_no_rows(source, tmp_path, as_nobody):
    # The first dump, as whoever runs the tests, has everything imported.
    place = as_nobody
    with contextlib.ExitStack() as stack:
        if os.geteuid() == 65534:
            os.seteuid(0)
            stack.callback(os.seteuid, 65534)
        expected = truth(source)
        shutil.copytree(source, place / "in")
        run(place / "in", place)
        for path in (place, *place.rglob("*")):
            os.chown(path, 65534, -1)
    (place / "in" / "b").chmod(0)
    try:
        report = run(place / "in", place, update=True)
    finally:
        (place / "in" / "b").chmod(0o755)
    assert [item.path for item in report.rejected] == [str(place / "in" / "b")]
    assert table(place) == expected
    report = run(place / "in", place, update=True)
    assert (report.rows, report.rejected) == (60, ())


def test_rejected_images_are_tried_again_and_nothing_else(source, tmp_path):
    good = {}
    for name in ("a/0001.png", "a/0002.png", "b/0050.png"):
        good[name] = (source / name).read_bytes()
        (source / name).write_bytes(b"")
    report = run(source, tmp_path)
    assert [item.relative_path for item in report.rejected] == list(good)
    for name in ("a/0001.png", "b/0050.png"):
        (source / name).write_bytes(good[name])
    Image.new("RGB", (88, 8)).save(source / "a" / "new.png")
    report = run(source, tmp_path, retry_rejected=True)
    assert [item.relative_path for item in report.rejected] == ["a/0002.png"]
    rejected = pq.read_table(tmp_path / "out" / "rejected.parquet")
    assert rejected["relative_path"].to_pylist() == ["a/0002.png"]
    assert report.rows == 59
    expected = truth(source)
    del expected["a/new.png"]
    assert table(tmp_path) == expected
    (source / "a" / "0002.png").write_bytes(good["a/0002.png"])
    report = run(source, tmp_path, retry_rejected=True, update=True)
    assert report.rejected == ()
    assert table(tmp_path) == truth(source)


def test_a_list_is_followed_when_it_changes(source, tmp_path):
    paths = sorted((source / "a").iterdir())
    run(paths[:20] + paths[:5], tmp_path)
    parts = sorted((tmp_path / "out").glob("part-*.parquet"))
    assert [pq.read_metadata(part).num_rows for part in parts] == [20, 5]  # Listed twice.
    report = run(paths[10:], tmp_path)
    assert (report.rows, report.forgotten) == (20, 15)
    assert len(table(tmp_path)) == 20
    report = run(iter(paths), tmp_path, update=True)
    assert (report.rows, report.resumed) == (30, 20)


def test_one_file_keeps_no_shards_to_update(source, tmp_path):
    out = tmp_path / "out.parquet"
    dump(source, out, settings=SHAPE, engine="inline")
    for option in ({"update": True}, {"retry_rejected": True}):
        with pytest.raises(OutputError, match="folder"):
            dump(source, out, settings=SHAPE, overwrite=True, **option)
