"""The commands, as processes of their own."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from PIL import Image as PILImage

from epic_features import models

EPIC = Path(sys.executable).with_name("epic")
QUICK = ("--groups", "shape,colors")


def epic(*arguments, **options) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [EPIC, *map(str, arguments)], capture_output=True, text=True, timeout=300, **options
    )


def test_extract_writes_the_table_and_sums_up(gallery, tmp_path):
    folder, drawings = gallery
    out = tmp_path / "features.parquet"
    done = epic("extract", folder, "-o", out, *QUICK)
    assert done.returncode == 0, done.stderr
    assert pq.read_table(out).num_rows == len(drawings)
    assert f"{len(drawings)} rows" in done.stderr
    assert done.stdout == ""


def test_rejected_images_are_listed_and_strict_fails(gallery, tmp_path):
    folder, drawings = gallery
    source = tmp_path / "source"
    source.mkdir()
    (source / "good.jpg").write_bytes((folder / drawings[0].path).read_bytes())
    (source / "bad.jpg").write_bytes(b"<html>")
    done = epic("extract", source, "-o", tmp_path / "a.parquet", *QUICK)
    assert done.returncode == 0
    assert "bad.jpg" in done.stderr.replace("\n", "")
    assert "HTML" in done.stderr
    done = epic("extract", source, "-o", tmp_path / "b.parquet", *QUICK, "--strict", "--quiet")
    assert done.returncode == 1
    assert done.stderr == ""
    assert pq.read_table(tmp_path / "b.parquet").num_rows == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--groups", "shapes"), "choose from: shape, colors, faces, text"),
        (("--faces", "haar"), "choose from: centerface"),
        (("--ocr", "x"), "choose from: rapid"),
        (("--workers", "0"), "workers"),
        (("--no-such-option",), "No such option"),
    ],
)
def test_usage_errors_exit_with_2(gallery, tmp_path, arguments, message):
    folder, _ = gallery
    done = epic("extract", folder, "-o", tmp_path / "x.parquet", *arguments)
    assert done.returncode == 2
    assert message in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "x.parquet").exists()


def test_an_existing_output_is_refused_without_overwrite(gallery, tmp_path):
    folder, _ = gallery
    out = tmp_path / "x.parquet"
    out.write_text("precious")
    done = epic("extract", folder, "-o", out, *QUICK)
    assert done.returncode == 2
    assert "exists" in done.stderr
    assert out.read_text() == "precious"
    assert epic("extract", folder, "-o", out, *QUICK, "--overwrite").returncode == 0


def test_a_missing_source_and_an_empty_folder(tmp_path):
    done = epic("extract", tmp_path, "-o", tmp_path / "x.parquet", *QUICK)
    assert done.returncode == 2
    assert "no image found" in done.stderr
    done = epic("extract", tmp_path / "gone", "-o", tmp_path / "x.parquet", *QUICK)
    assert done.returncode == 2
    assert "no such file" in done.stderr


def test_a_missing_model_names_the_command(gallery, tmp_path):
    folder, _ = gallery
    environment = {"PATH": "/usr/bin", "HOME": str(tmp_path), "EPIC_MODEL_DIR": str(tmp_path)}
    done = epic("extract", folder, "-o", tmp_path / "x.parquet", env=environment)
    assert done.returncode == 2
    assert "epic models get centerface" in done.stderr


def test_show_prints_the_row_and_draws(gallery, default_models, tmp_path):
    folder, drawings = gallery
    face = next(d for d in drawings if d.faces)
    done = epic("show", folder / face.path, "-o", tmp_path / "overlay.png")
    assert done.returncode == 0, done.stderr
    assert "total_faces_count" in done.stdout
    picture = PILImage.open(tmp_path / "overlay.png")
    assert picture.height > picture.width * face.height // face.width
    again = epic("show", folder / face.path, "-o", tmp_path / "overlay.png")
    assert again.returncode == 2


def test_show_prints_some_of_many_numbers(gallery, tmp_path):
    folder, drawings = gallery
    text = next(d for d in drawings if d.lines)
    done = epic("show", folder / text.path, "-o", tmp_path / "seen.png", "--groups", "writing")
    assert done.returncode == 0, done.stderr
    assert " writing " in done.stdout
    assert "(864)" in done.stdout
    assert len(done.stdout) < 10_000


def test_show_refuses_what_it_cannot_write(gallery, tmp_path):
    folder, drawings = gallery
    image = tmp_path / "a.jpg"
    image.write_bytes((folder / drawings[0].path).read_bytes())
    before = image.read_bytes()
    for output, message in (
        (image, "the image itself"),
        (tmp_path / "a.xyz", "extension"),
        (tmp_path / "gone" / "a.png", "does not exist"),
    ):
        done = epic("show", image, "-o", output, "--overwrite", *QUICK)
        assert done.returncode == 2
        assert message in done.stderr.replace("\n", " ")
    assert image.read_bytes() == before


def test_a_damaged_model_stops_before_the_first_image(gallery, default_models, tmp_path):
    folder, _ = gallery
    model = bytearray(models.find("centerface").read_bytes())
    model[5000:7000] = bytes(2000)
    (tmp_path / "centerface.onnx").write_bytes(model)
    environment = {"PATH": "/usr/bin", "HOME": str(tmp_path), "EPIC_MODEL_DIR": str(tmp_path)}
    done = epic("extract", folder, "-o", tmp_path / "x.parquet", env=environment)
    assert done.returncode == 2
    assert "damaged" in done.stderr
    assert not (tmp_path / "x.parquet").exists()


def test_show_of_an_unreadable_image_exits_with_1(tmp_path):
    path = tmp_path / "صورة.jpg"
    path.write_bytes(b"")
    done = epic("show", path, *QUICK)
    assert done.returncode == 1
    assert "صورة.jpg: the file is empty" in done.stderr


def test_models_list_and_path(tmp_path):
    environment = {"PATH": "/usr/bin", "HOME": str(tmp_path), "EPIC_MODEL_DIR": str(tmp_path)}
    done = epic("models", "list", env=environment)
    assert "centerface" in done.stdout
    done = epic("models", "path", "yunet", env=environment)
    assert done.returncode == 2
    assert "epic models get yunet" in done.stderr
    done = epic("models", "get", "nothing", env=environment)
    assert done.returncode == 2
    assert "choose from" in done.stderr


def test_help_and_version():
    for command in ((), ("extract",), ("show",), ("models",)):
        done = epic(*command, "--help")
        assert done.returncode == 0
        assert "Usage" in done.stdout
    assert epic("--version").stdout.strip()


def test_a_folder_of_shards_its_json_and_log(tmp_path, make_pictures):
    make_pictures(tmp_path / "in", 25)
    (tmp_path / "in" / "0007.png").write_bytes(b"")
    command = ("extract", tmp_path / "in", "-o", tmp_path / "out", "--groups", "shape")
    log = tmp_path / "log.txt"
    done = epic(*command, "--shard-size", "10", "--json", "--log-file", log, "--engine", "inline")
    assert (done.returncode, done.stderr) == (0, "")
    report = json.loads(done.stdout)
    assert (report["rows"], report["resumed"]) == (24, 0)
    assert report["rejected"][0]["reason"] == "the file is empty"
    assert len(list((tmp_path / "out").glob("part-*.parquet"))) == 3
    assert "shard 2: 5 rows of 5 images" in log.read_text()

    again = epic(*command)
    assert "25 images were done before" in again.stderr
    done = epic(*command, "--no-resume")
    assert done.returncode == 2
    assert "holds a dump" in done.stderr
    done = epic(*command[:-1], "shape,quality")
    assert done.returncode == 2
    assert "groups was ['shape']" in done.stderr
    make_pictures(tmp_path / "in", 1, start=7)
    assert json.loads(epic(*command, "--retry-rejected", "--json").stdout)["rejected"] == []
    make_pictures(tmp_path / "in", 1, start=99)
    (tmp_path / "in" / "0000.png").unlink()
    report = json.loads(epic(*command, "--update", "--json").stdout)
    assert (report["rows"], report["resumed"], report["forgotten"]) == (25, 24, 1)


def test_a_time_limit_rejects(tmp_path):
    (tmp_path / "in").mkdir()
    PILImage.new("1", (9000, 9000)).save(tmp_path / "in" / "large.png")
    PILImage.new("1", (9, 9)).save(tmp_path / "in" / "small.png")
    command = ("extract", tmp_path / "in", "-o", tmp_path / "out", *QUICK)
    done = epic(*command, "--time-limit", "0.1", "--workers", "1")
    assert done.returncode == 0, done.stderr
    assert "took longer than 0.1 s" in done.stderr
    assert "1 rows" in done.stderr


def test_ctrl_c_while_the_workers_start(tmp_path, make_pictures):
    make_pictures(tmp_path / "in", 20)
    command = [EPIC, "extract", tmp_path / "in", "-o", tmp_path / "out", *QUICK]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, start_new_session=True)
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    if not children.exists():
        process.kill()
        pytest.skip("needs /proc")
    while len(children.read_text().split()) < 2:  # The first is multiprocessing's own helper.
        time.sleep(0.01)
        assert process.poll() is None
    time.sleep(0.1)  # By now it runs Python, but is far from ready.
    for child in children.read_text().split():
        status = Path(f"/proc/{child}/status").read_text()
        deaf = [int(mask, 16) for mask in re.findall(r"Sig(?:Blk|Ign):\s*(\w+)", status)]
        assert any(mask >> (signal.SIGINT - 1) & 1 for mask in deaf)  # Blocked or ignored.
    os.killpg(process.pid, signal.SIGINT)
    _, errors = process.communicate(timeout=5)
    assert process.returncode == 130
    assert "Traceback" not in errors


@pytest.mark.parametrize("name", ["out", "out.parquet"])
def test_ctrl_c_is_quick_and_says_how_to_go_on(tmp_path, make_pictures, name):
    source = tmp_path / "in"
    source.mkdir()
    PILImage.effect_noise((900, 900), 50).save(source / "noise.png")
    for i in range(200):
        os.link(source / "noise.png", source / f"{i}.png")
    log = tmp_path / "log.txt"
    command = [EPIC, "extract", source, "-o", tmp_path / name, *QUICK]
    command += ["--shard-size", "4", "--log-file", log]
    # A terminal sends Ctrl-C to the whole group: the workers get it too.
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, start_new_session=True)
    while "shard 1" not in (log.read_text() if log.exists() else ""):
        time.sleep(0.02)
        assert process.poll() is None
    os.killpg(process.pid, signal.SIGINT)
    _, errors = process.communicate(timeout=5)
    assert process.returncode == 130
    assert "the same command continues" in errors
    assert "Traceback" not in errors
    state = tmp_path / name if name == "out" else tmp_path / ".out.parquet.parts"
    shards = list(state.glob("part-*.json"))
    assert len(shards) >= 2
    for path in source.glob("1*.png"):
        path.unlink()
    for path in source.glob("[2-9]?.png"):
        path.unlink()
    done = epic(*map(str, command[1:-2]))
    assert done.returncode == 0
    assert f"{4 * len(shards)} images were done before" in done.stderr
