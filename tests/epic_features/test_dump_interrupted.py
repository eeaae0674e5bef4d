"""Whatever interrupts a dump, the same call ends with the rows of an undisturbed one."""

import json
import multiprocessing
import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from epic_features import OutputError, Settings, SettingsError, dump

SHAPE = Settings(groups=("shape",))
SCRIPT = """
import sys
from epic_features import Settings, dump
dump(sys.argv[1], sys.argv[2], settings=Settings(groups=("shape",)), workers=2, shard_size=50)
"""


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    from PIL import Image

    folder = tmp_path_factory.mktemp("in")
    for i in range(1000):
        path = folder / f"{i // 100}" / f"{i:04d}.png"
        path.parent.mkdir(exist_ok=True)
        Image.new("L", (i % 90 + 1, i // 90 + 1)).save(path)
    (folder / "3" / "0333.png").write_bytes(b"<html>")
    return folder


@pytest.fixture(scope="module")
def undisturbed(pictures, tmp_path_factory):
    out = tmp_path_factory.mktemp("undisturbed") / "out"
    dump(pictures, out, settings=SHAPE, workers=2, shard_size=50)
    return out


def tables(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.glob("*.parquet")}


def files_of(folder: Path) -> list[str]:
    records = [json.loads(path.read_text()) for path in sorted(folder.glob("part-*.json"))]
    return [file["path"] for record in records for file in record["files"]]


@pytest.mark.parametrize("seed", range(8))
def test_the_parent_is_killed_at_a_random_point(pictures, undisturbed, tmp_path, seed):
    out, chance, kills = tmp_path / "out", random.Random(seed), 0
    command = [sys.executable, "-c", SCRIPT, pictures, out]
    while True:
        process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
        try:
            # The first kill may come at once, the others during the work.
            assert process.wait(chance.uniform(0, 2.5) if kills else chance.uniform(0.3, 2.2)) == 0
            break
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            kills += 1
        if kills == 2:
            assert subprocess.run(command, timeout=60).returncode == 0
            break
    assert tables(out) == tables(undisturbed)
    assert files_of(out) == files_of(undisturbed)
    assert not list(out.glob(".*part*"))


def test_workers_are_killed_at_random_points(pictures, undisturbed, tmp_path):
    finished = threading.Event()
    chance = random.Random(1)

    def kill():
        for _ in range(6):
            if finished.wait(chance.uniform(0.1, 0.8)):
                return
            if workers := multiprocessing.active_children():
                os.kill(chance.choice(workers).pid, signal.SIGKILL)

    killer = threading.Thread(target=kill)
    killer.start()
    dump(pictures, tmp_path / "out", settings=SHAPE, workers=2, shard_size=50)
    finished.set()
    killer.join()
    assert tables(tmp_path / "out") == tables(undisturbed)


class StopError(Exception):
    pass


def stop_after(count):
    def progress(rows, rejected):
        if rows + rejected == count:
            raise StopError

    return progress


def interrupted(source, out, count, **options):
    with pytest.raises(StopError):
        dump(source, out, settings=SHAPE, engine="inline", on_progress=stop_after(count), **options)


@given(size=st.integers(1, 40), stops=st.lists(st.integers(0, 60), max_size=4))
@settings(max_examples=25, deadline=None)
def test_any_shard_size_and_any_interruptions(pictures, tmp_path_factory, size, stops):
    source, out = pictures / "3", tmp_path_factory.mktemp("sizes")
    shutil.rmtree(out)
    for count in sorted(stops):
        done = len(files_of(out)) if out.exists() else 0
        if count >= done:
            interrupted(source, out, count, shard_size=size)
    report = dump(source, out, settings=SHAPE, engine="inline", shard_size=size)
    parts = sorted(out.glob("part-*.parquet"))
    assert len(parts) == -(-100 // size)
    paths = [path for part in parts for path in pq.read_table(part)["relative_path"].to_pylist()]
    assert paths == sorted(path.name for path in source.iterdir() if path.name != "0333.png")
    assert (report.rows, len(report.rejected)) == (99, 1)


def test_one_file_resumes_from_the_hidden_shards(pictures, undisturbed, tmp_path):
    out = tmp_path / "out.parquet"
    interrupted(pictures, out, 420, shard_size=50)
    assert [path.name for path in tmp_path.iterdir()] == [".out.parquet.parts"]
    started = []
    report = dump(
        pictures,
        out,
        settings=SHAPE,
        engine="inline",
        shard_size=50,
        on_progress=lambda *n: started.append(n),
    )
    assert started[0] == (399, 1)
    assert report.resumed == 400
    whole = [pq.read_table(undisturbed / f"part-{n:05d}.parquet") for n in range(20)]
    table = pq.read_table(out)
    assert table.num_rows == 999
    assert table.to_pylist() == [row for part in whole for row in part.to_pylist()]
    assert [path.name for path in tmp_path.iterdir()] == ["out.parquet"]


def test_half_shards_and_files_written_aside_do_not_count(pictures, undisturbed, tmp_path):
    out = tmp_path / "out"
    shutil.copytree(undisturbed, out)
    (out / "part-00003.json").unlink()
    (out / "part-00005.parquet").unlink()
    (out / "part-00007.parquet").write_bytes(b"PAR1 cut off")
    (out / ".part-00020.parquet.part").write_bytes(b"half")
    report = dump(pictures, out, settings=SHAPE, engine="inline", shard_size=50)
    assert report.resumed == 17 * 50
    assert tables(out) == tables(undisturbed)
    assert files_of(out) == files_of(undisturbed)


def test_other_settings_other_source_and_no_resume_are_refused(pictures, tmp_path):
    out = tmp_path / "out"
    interrupted(pictures, out, 120, shard_size=50)
    before = tables(out)
    quality = Settings(groups=("shape", "quality"), text_threshold=0.5)
    with pytest.raises(SettingsError, match="(?s)groups.*'quality'.*text_threshold was 0.6"):
        dump(pictures, out, settings=quality)
    with pytest.raises(OutputError, match="another source"):
        dump(pictures / "1", out, settings=SHAPE)
    with pytest.raises(OutputError, match="another root"):
        dump(pictures, out, settings=SHAPE, root=pictures.parent)
    with pytest.raises(OutputError, match="holds a dump"):
        dump(pictures, out, settings=SHAPE, resume=False)
    assert tables(out) == before
    # What describes the machine does not count.
    larger = Settings(groups=("shape",), max_bytes=10**9)
    assert dump(pictures, out, settings=larger, engine="inline").rows == 999


def test_a_single_file_begins_anew_without_resume(pictures, tmp_path):
    out = tmp_path / "out.parquet"
    interrupted(pictures / "1", out, 70, shard_size=50)
    report = dump(
        pictures / "1",
        out,
        settings=Settings(groups=("shape", "bytes")),
        engine="inline",
        resume=False,
    )
    assert (report.rows, report.resumed) == (100, 0)


def test_shards_that_became_a_file_already_are_not_used_again(pictures, tmp_path):
    out = tmp_path / "out.parquet"
    interrupted(pictures / "1", out, 70, shard_size=50)
    shutil.copytree(tmp_path / ".out.parquet.parts", tmp_path / "kept")
    dump(pictures / "1", out, settings=SHAPE, engine="inline")
    shutil.move(tmp_path / "kept", tmp_path / ".out.parquet.parts")  # Killed before removing it.
    report = dump(pictures / "1", out, settings=SHAPE, engine="inline", overwrite=True)
    assert (report.rows, report.resumed) == (100, 0)


def limited(size):
    return lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))


@pytest.mark.parametrize("name", ["out", "out.parquet"])
def test_a_full_disk_is_an_error_that_can_be_resumed(pictures, undisturbed, tmp_path, name):
    out = tmp_path / name
    size = (undisturbed / "part-00000.parquet").stat().st_size
    command = [sys.executable, "-c", SCRIPT, pictures, out]
    # Enough for every shard but not for the one file; and not enough for a shard.
    limit = size - 1 if name == "out" else size + 5000
    done = subprocess.run(
        command, capture_output=True, text=True, preexec_fn=limited(limit), timeout=60
    )
    assert done.returncode == 1
    assert "OutputError: can't write" in done.stderr
    assert "File too large" in done.stderr
    left = [path.name for path in tmp_path.rglob("*") if path.name != ".lock"]
    assert not [path for path in left if path.endswith(".part") or path == "out.parquet"]
    assert subprocess.run(command, timeout=60).returncode == 0
    if name == "out":
        assert tables(out) == tables(undisturbed)
    else:
        assert pq.read_metadata(out).num_rows == 999
