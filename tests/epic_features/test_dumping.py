"""The Parquet file: its types and metadata, and that it appears whole or not at all."""

import json
import os
import signal
import subprocess
import sys
import time

import pyarrow.parquet as pq
import pytest

from epic_features import OutputError, Settings, SourceError, dump, extract
from epic_features.extractor import Extractor
from epic_features.schema import schema_of

QUICK = Settings(groups=("shape", "colors"))


def test_rows_equal_those_of_extract(gallery, tmp_path):
    folder, drawings = gallery
    seen = []
    report = dump(
        folder,
        tmp_path / "out.parquet",
        settings=QUICK,
        workers=3,
        on_progress=lambda rows, rejected: seen.append((rows, rejected)),
    )
    table = pq.read_table(report.path)
    frame = extract(folder, settings=QUICK)
    assert table["relative_path"].to_pylist() == frame["relative_path"].tolist()
    assert table["dominant_color_1"].to_pylist() == frame["dominant_color_1"].tolist()
    assert report.rows == len(drawings) == table.num_rows
    assert seen == [(n, 0) for n in range(1, len(drawings) + 1)]


def test_types_are_fixed_even_when_all_is_null(gallery, tmp_path):
    folder, _ = gallery
    settings = Settings(groups=("shape", "exif"))
    dump(folder, tmp_path / "out.parquet", settings=settings)
    schema = pq.read_schema(tmp_path / "out.parquet")
    assert schema.equals(schema_of(settings.groups))
    assert schema.field("area").metadata[b"unit"] == "px²".encode()


def test_metadata_tells_version_settings_back_ends_and_rejected(gallery, tmp_path):
    folder, drawings = gallery
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"<html>")
    source = [broken, folder / drawings[0].path]
    report = dump(source, tmp_path / "out.parquet", settings=QUICK)
    metadata = pq.read_metadata(report.path).metadata
    record = json.loads(metadata[b"epic_features"])
    assert record["settings"] == QUICK.to_dict()
    assert record["backends"] == [
        {"role": b.role, "name": b.name, "version": b.version, "sha256": b.sha256}
        for b in Extractor(QUICK).backends
    ]
    (rejected,) = json.loads(metadata[b"epic_features.rejected"])
    assert rejected == {"path": str(broken), "reason": "an HTML page, not an image"}
    assert (report.rows, len(report.rejected)) == (1, 1)


def test_more_images_than_one_row_group(tmp_path, photo):
    report = dump([photo[:8, :8]] * 600, tmp_path / "out.parquet", settings=QUICK)
    assert pq.read_table(report.path).num_rows == 600
    assert pq.read_metadata(report.path).num_row_groups == 3


def test_an_existing_file_is_kept_unless_overwriting_is_asked_for(gallery, tmp_path):
    folder, _ = gallery
    out = tmp_path / "out.parquet"
    out.write_text("precious")
    with pytest.raises(OutputError, match="exists"):
        dump(folder, out, settings=QUICK)
    assert out.read_text() == "precious"
    dump(folder, out, settings=QUICK, overwrite=True)
    assert pq.read_metadata(out).num_rows > 0


def test_a_folder_as_output_is_refused_at_once(gallery, tmp_path):
    folder, _ = gallery
    with pytest.raises(OutputError, match="folder"):
        dump(folder, tmp_path, settings=QUICK, overwrite=True)


FULL = """
import resource, sys
from epic_features import OutputError, Settings, dump
resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))
import signal
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
try:
    dump(sys.argv[1], sys.argv[2], settings=Settings(groups=("shape",)))
except OutputError as error:
    print(error)
"""


def test_a_full_disk_gives_a_clear_error_and_no_file(gallery, tmp_path):
    folder, _ = gallery
    out = tmp_path / "out.parquet"
    done = subprocess.run(
        [sys.executable, "-c", FULL, folder, out], capture_output=True, text=True, check=True
    )
    assert "can't write" in done.stdout
    assert list(tmp_path.iterdir()) == []


def test_a_failed_dump_leaves_nothing(tmp_path):
    (tmp_path / "empty").mkdir()
    out = tmp_path / "out" / "x.parquet"
    out.parent.mkdir()
    with pytest.raises(SourceError):
        dump(tmp_path / "empty", out, settings=QUICK)
    with pytest.raises(OutputError, match="nowhere"):
        dump(tmp_path, tmp_path / "nowhere" / "x.parquet", settings=QUICK)
    assert list(out.parent.iterdir()) == []


SLOW = """
import sys
from epic_features import Settings, dump
dump([sys.argv[1]] * 100000, sys.argv[2], settings=Settings(groups=("colors",)),
     on_progress=lambda *_: print("going", flush=True))
"""


@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGKILL])
def test_an_interrupted_dump_shows_no_half_file(gallery, tmp_path, sign):
    folder, drawings = gallery
    out = tmp_path / "out.parquet"
    process = subprocess.Popen(
        [sys.executable, "-c", SLOW, folder / drawings[0].path, out],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )
    assert process.stdout is not None
    assert process.stdout.readline()
    time.sleep(0.2)
    process.send_signal(sign)
    process.stdout.close()
    assert process.wait(30) != 0
    assert not out.exists()
    if sign == signal.SIGINT:
        assert list(tmp_path.iterdir()) == []
