"""The Parquet file: its types and metadata, and that it appears whole or not at all."""

import json
import signal
import subprocess
import sys
import time

import pyarrow.parquet as pq
import pytest

from epic_features import OutputError, Settings, SettingsError, SourceError, dump, extract
from epic_features.extractor import Extractor
from epic_features.schema import schema_of

QUICK = Settings(groups=("shape", "colors"))
SHAPE = Settings(groups=("shape",))


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
    assert seen == [(n, 0) for n in range(len(drawings) + 1)]


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
    assert rejected == {
        "path": str(broken),
        "relative_path": str(broken),
        "reason": "an HTML page, not an image",
        "stage": "decode",
    }
    assert (report.rows, len(report.rejected)) == (1, 1)


def test_one_file_is_written_in_row_groups_of_whole_shards(tmp_path, photo):
    images = [photo[:8, :8]] * 70
    report = dump(images, tmp_path / "out.parquet", settings=QUICK, shard_size=20)
    assert pq.read_table(report.path).num_rows == 70
    assert [path.name for path in tmp_path.iterdir()] == ["out.parquet"]


def test_an_existing_file_is_kept_unless_overwriting_is_asked_for(gallery, tmp_path):
    folder, _ = gallery
    out = tmp_path / "out.parquet"
    out.write_text("precious")
    with pytest.raises(OutputError, match="exists"):
        dump(folder, out, settings=QUICK)
    assert out.read_text() == "precious"
    dump(folder, out, settings=QUICK, overwrite=True)
    assert pq.read_metadata(out).num_rows > 0


def test_a_failed_dump_leaves_nothing(tmp_path):
    (tmp_path / "empty").mkdir()
    out = tmp_path / "out" / "x.parquet"
    out.parent.mkdir()
    with pytest.raises(SourceError):
        dump(tmp_path / "empty", out, settings=QUICK)
    with pytest.raises(OutputError, match="nowhere"):
        dump(tmp_path, tmp_path / "nowhere" / "x.parquet", settings=QUICK)
    assert list(out.parent.iterdir()) == []


@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGKILL])
def test_an_interrupted_dump_shows_no_half_file(gallery, tmp_path, sign):
    folder, drawings = gallery
    out = tmp_path / "out.parquet"
    process = subprocess.Popen(
        [sys.executable, "-c", SLOW, folder / drawings[0].path, out],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
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


SLOW = """
import sys
from epic_features import Settings, dump
dump([sys.argv[1]] * 100000, sys.argv[2], settings=Settings(groups=("colors",)), workers=2,
     on_progress=lambda *_: print("going", flush=True))
"""


def test_a_folder_holds_shards_their_records_and_the_rejected(tmp_path, make_pictures):
    names = make_pictures(tmp_path / "in", 25)
    (tmp_path / "in" / "0003.png").write_bytes(b"<html>")
    (tmp_path / "in" / "0004.png").write_bytes(b"")
    report = dump(tmp_path / "in", tmp_path / "out", settings=SHAPE, workers=1, shard_size=10)
    assert sorted(path.name for path in report.path.iterdir()) == sorted(
        [".lock", "dump.json", "rejected.parquet"]
        + [f"part-0000{n}.{kind}" for n in range(3) for kind in ("json", "parquet")]
    )
    paths = [
        pq.read_table(report.path / f"part-0000{n}.parquet")["relative_path"].to_pylist()
        for n in range(3)
    ]
    assert paths == [names[:3] + names[5:10], names[10:20], names[20:]]
    record = json.loads((report.path / "part-00000.json").read_text())
    assert (record["rows"], record["rejected"]) == (8, 2)
    assert [file["path"] for file in record["files"]] == [
        str(tmp_path / "in" / name) for name in names[:10]
    ]
    status = (tmp_path / "in" / names[0]).stat()
    assert record["files"][0]["size"] == status.st_size
    assert record["files"][0]["mtime_ns"] == status.st_mtime_ns
    assert record["settings"] == SHAPE.to_dict()
    rejected = pq.read_table(report.path / "rejected.parquet").to_pylist()
    assert [(item["relative_path"], item["stage"]) for item in rejected] == [
        ("0003.png", "decode"),
        ("0004.png", "decode"),
    ]
    assert [item["reason"] for item in rejected] == [item.reason for item in report.rejected]
    # The folder is a data set as it stands, for those who leave the rejected images out.
    parts = sorted(report.path.glob("part-*.parquet"))
    assert sum(pq.read_metadata(part).num_rows for part in parts) == report.rows == 23


def test_images_in_memory_are_mixed_with_files_in_order(tmp_path, make_pictures, photo):
    names = make_pictures(tmp_path / "in", 5)
    source = [
        photo,
        *(tmp_path / "in" / name for name in names),
        (tmp_path / "in" / names[0]).read_bytes(),
    ]
    for engine in ("processes", "inline"):
        report = dump(source, tmp_path / f"{engine}.parquet", settings=SHAPE, engine=engine)
        table = pq.read_table(report.path)
        assert table["file_name"].to_pylist() == [None, *names, None]
        assert table["width"].to_pylist() == [160, 1, 2, 3, 4, 5, 1]


def test_a_dump_of_images_in_memory_begins_anew(tmp_path, photo):
    out = tmp_path / "out"
    dump([photo] * 3, out, settings=SHAPE, shard_size=2)
    with pytest.raises(OutputError, match="not files"):
        dump([photo[:5]] * 3, out, settings=SHAPE)
    report = dump([photo[:5]] * 3, out, settings=SHAPE, overwrite=True)
    assert pq.read_table(out / "part-00000.parquet")["height"].to_pylist() == [5] * 3
    assert report.rows == 3


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"engine": "clouds"}, SettingsError, "choose from: processes, inline, ray"),
        ({"workers": 0}, SettingsError, "workers"),
        ({"shard_size": 0}, SettingsError, "shard_size"),
        ({"time_limit": 0}, SettingsError, "time_limit"),
        ({"retry_rejected": True}, OutputError, "no dump"),
    ],
)
def test_wrong_arguments_leave_nothing(tmp_path, make_pictures, options, error, message):
    make_pictures(tmp_path / "in", 1)
    for out in ("out", "out.parquet"):
        with pytest.raises(error, match=message):
            dump(tmp_path / "in", tmp_path / out, settings=SHAPE, **options)
    assert [path.name for path in tmp_path.iterdir()] == ["in"]


def test_a_folder_with_something_else_in_it_is_refused(tmp_path, make_pictures):
    make_pictures(tmp_path / "in", 1)
    with pytest.raises(OutputError, match="not empty"):
        dump(tmp_path / "in", tmp_path / "in", settings=SHAPE)
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match="is a file"):
        dump(tmp_path / "in", tmp_path / "file", settings=SHAPE)


def test_two_dumps_do_not_write_to_one_folder(tmp_path, make_pictures):
    make_pictures(tmp_path / "in", 3)
    caught = []

    def again(rows, rejected):
        with pytest.raises(OutputError, match="another process") as error:
            dump(tmp_path / "in", tmp_path / "out", settings=SHAPE, engine="inline")
        caught.append(error)

    dump(tmp_path / "in", tmp_path / "out", settings=SHAPE, engine="inline", on_progress=again)
    assert len(caught) == 4
