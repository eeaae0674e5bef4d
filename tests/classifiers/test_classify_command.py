"""`epic train`, `epic classify` and `epic evaluate` as processes of their own."""

import csv
import json
import shutil
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image as PILImage

from classifiers import FusionClassifier
from classifiers.storage import load
from classifiers.workflow import TRAINING, extract_features

EPIC = Path(sys.executable).with_name("epic")


def epic(*arguments) -> subprocess.CompletedProcess[str]:
    return subprocess.run([EPIC, *map(str, arguments)], capture_output=True, text=True, timeout=300)


def one_line(text: str) -> str:
    return " ".join(text.split())


def pictures_of(table: pa.Table, folder: Path) -> Path:
    """Make files of the names in a table; features are at hand, so nobody looks into them."""
    for name in table["relative_path"].to_pylist():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()
    return folder


@pytest.fixture(scope="module")
def workshop(three, tmp_path_factory, lightgbm):
    """A folder with features of three classes and a model that was trained on them."""
    folder = tmp_path_factory.mktemp("workshop")
    pq.write_table(three[0], folder / "features.parquet")
    pictures = pictures_of(three[0], folder / "pictures")
    done = epic(
        "train", pictures, "-o", folder / "model", "--features", folder / "features.parquet",
        "--protect", "personal",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "macro F1" in done.stderr
    assert "in the test of the model only 30 protected images could be judged" in done.stderr
    assert done.stdout == ""
    return folder


def test_train_writes_a_model_and_a_report(workshop):
    names = {path.name for path in (workshop / "model").iterdir()}
    assert names == {"model.json", "model.npz", "model.txt", "report"}
    page = (workshop / "model" / "report" / "report.html").read_text(encoding="utf-8")
    assert "macro F1" in page
    assert not list(workshop.glob(".*"))


@pytest.mark.parametrize("name", ["labels.csv", "labels.parquet"])
def test_classify_writes_a_row_for_every_picture(workshop, three, tmp_path, name):
    out = tmp_path / name
    command = (
        "classify", workshop / "pictures", "-o", out, "--model", workshop / "model",
        "--features", workshop / "features.parquet", "--reasons",
    )  # fmt: skip
    done = epic(*command)
    assert done.returncode == 0, done.stderr
    if name.endswith("csv"):
        with out.open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
    else:
        rows = pq.read_table(out).to_pylist()
    assert len(rows) == 90
    assert list(rows[0]) == [
        "file_name", "relative_path", "label", "decision", "confidence",
        "p_memes", "p_notes", "p_personal", "reasons",
    ]  # fmt: skip
    assert [row["relative_path"] for row in rows] == three[0]["relative_path"].to_pylist()
    right = sum(row["label"] == row["relative_path"].split("/")[0] for row in rows)
    assert right > 75
    for row in rows:
        assert row["reasons"]
        assert row["decision"] in ("personal", "unsure")  # Nothing is hidden without a promise.
        odds = [float(row[f"p_{c}"]) for c in ("memes", "notes", "personal")]
        assert sum(odds) == pytest.approx(1, abs=1e-5)
        assert float(row["confidence"]) == pytest.approx(max(odds))
    if name.endswith("parquet"):
        return
    before = out.read_bytes()
    again = epic(*command)
    assert again.returncode == 2
    assert "exists" in again.stderr
    assert out.read_bytes() == before
    assert epic(*command, "--overwrite", "--quiet").stderr == ""
    assert [path.name for path in tmp_path.iterdir()] == [name]
    features = workshop / "features.parquet"
    held = features.read_bytes()
    lost = epic(*(features if part == out else part for part in command), "--overwrite")
    assert (lost.returncode, "holds the features" in one_line(lost.stderr)) == (2, True)
    assert features.read_bytes() == held
    shard = tmp_path / "kept" / "part-00000.parquet"
    shard.parent.mkdir()
    shutil.copy(features, shard)
    lost = epic(*command[:2], "-o", shard, *command[4:6], "--features", shard.parent, "--overwrite")
    assert (lost.returncode, "holds the features" in one_line(lost.stderr)) == (2, True)
    assert shard.read_bytes() == held


def test_evaluate_writes_a_report(workshop, tmp_path):
    out = tmp_path / "report"
    command = (
        "evaluate", workshop / "pictures", "-o", out, "--model", workshop / "model",
        "--features", workshop / "features.parquet",
    )  # fmt: skip
    done = epic(*command)
    assert done.returncode == 0, done.stderr
    assert "accuracy" in done.stderr
    record = json.loads((out / "evaluation.json").read_text(encoding="utf-8"))
    assert record["images"] == 90
    assert record["accuracy"] > 0.8
    assert (out / "report.html").exists()
    again = epic(*command)
    assert (again.returncode, "exists" in again.stderr) == (2, True)


def test_labels_from_a_sheet(workshop, three, tmp_path):
    sheet = tmp_path / "labels.csv"
    paths = three[0]["relative_path"].to_pylist()
    lines = [f"{p},{p.split('/')[0]}" for p in paths[:40]]
    sheet.write_text("file,kind\n" + "\n".join([*lines, "gone.jpg,memes"]))
    command = (
        "evaluate", workshop / "pictures", "-o", tmp_path / "out", "--model", workshop / "model",
        "--features", workshop / "features.parquet", "--labels", sheet,
    )  # fmt: skip
    assert epic(*command, "--label-column", "kind").returncode == 0
    assert json.loads((tmp_path / "out" / "evaluation.json").read_text())["images"] == 40
    done = epic(*command, "--overwrite", "--label-column", "mood")
    assert done.returncode == 2
    assert "lacks the columns mood; it has file, kind" in one_line(done.stderr)


@pytest.fixture(scope="module")
def colours(tmp_path_factory, lightgbm) -> Path:
    """Six small pictures without text: warm and cold ones."""
    folder = tmp_path_factory.mktemp("colours")
    for name, base in (("warm", 200), ("cold صور", 20)):  # Each takes the text reader a second.
        (folder / name).mkdir()
        for number in range(3):
            color = (base + number, 90, 220 - base)
            PILImage.new("RGB", (40, 30), color).save(folder / name / f"{number}.png")
    return folder


def test_train_and_classify_pictures(colours, default_models, tmp_path):
    done = epic("train", colours, "-o", tmp_path / "model", "--workers", "1")
    assert done.returncode == 0, done.stderr
    assert "without --protect a model promises nothing" in one_line(done.stderr)
    model = load(tmp_path / "model")
    assert isinstance(model, FusionClassifier)
    assert {"embedding", "writing"} <= set(model.provenance_["settings"]["groups"])
    out = tmp_path / "labels.parquet"
    source = colours / "warm" / "[01].png"
    done = epic("classify", source, "-o", out, "--model", tmp_path / "model", "--workers", "1")
    assert done.returncode == 0, done.stderr
    labels = pq.read_table(out)["label"].to_pylist()
    assert len(labels) == 2
    assert set(labels) <= {"warm", "cold صور"}
    # Features that were not asked for are thrown away.
    assert sorted(path.name for path in tmp_path.iterdir()) == ["labels.parquet", "model"]


def test_a_class_that_came_later_and_a_stray_picture(colours, default_models, tmp_path):
    pictures, kept = tmp_path / "pictures", tmp_path / "features"
    shutil.copytree(colours / "warm", pictures / "warm")
    command = ("train", pictures, "-o", tmp_path / "model", "--features", kept, "--workers", "1")
    done = epic(*command)
    assert (done.returncode, "only the class 'warm'" in one_line(done.stderr)) == (2, True)
    # Looked at while there was one class, which then was none.
    extract_features(str(pictures), kept, TRAINING, workers=1)
    shutil.copytree(colours / "cold صور", pictures / "cold صور")
    shutil.copy(colours / "warm" / "0.png", pictures / "stray.png")
    done = epic(*command)
    assert done.returncode == 0, done.stderr
    assert load(tmp_path / "model").classes_.tolist() == ["cold صور", "warm"]
    assert "no label: 1 of 7 pictures" in one_line(done.stderr)


@pytest.mark.parametrize(
    ("counts", "message"),
    [
        ({"only": 4}, "only the class 'only'"),
        ({"alone": 1, "more": 4}, "only one image of: alone"),
        ({}, "none of the 4 pictures"),
    ],
)
def test_what_cannot_be_trained_on(make_table, tmp_path, counts, message):
    table, _ = make_table(counts or {"a": 2, "b": 2})
    pictures = pictures_of(table, tmp_path / "pictures")
    pq.write_table(table if counts else table[:0], tmp_path / "features.parquet")
    done = epic(
        "train", pictures, "-o", tmp_path / "model", "--features", tmp_path / "features.parquet"
    )
    assert done.returncode == 2, done.stderr
    assert any(part in one_line(done.stderr) for part in message.split("|"))
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "model").exists()


def test_usage_errors(workshop, tmp_path):
    (tmp_path / "empty").mkdir()
    features = ("--features", workshop / "features.parquet")
    broken = tmp_path / "broken.parquet"
    broken.write_bytes(b"PAR1 no")
    named = ("--model", workshop / "model")
    out = tmp_path / "x.csv"
    for arguments, message in (
        (
            ("classify", workshop / "pictures", "-o", tmp_path / "x.txt"),
            "must end in .parquet or .csv",
        ),
        (
            ("classify", workshop / "pictures", "-o", out, "--model", "cats", *features),
            "neither a folder",
        ),
        (("classify", tmp_path / "empty", "-o", out, *named), "no image found"),
        (
            ("classify", workshop / "pictures", "-o", out, *named, "--features", broken),
            "not a feature table",
        ),
        (("train", tmp_path / "empty", "-o", tmp_path / "m"), "no image found"),
    ):
        done = epic(*arguments)
        assert done.returncode == 2, (arguments, done.stderr)
        assert message in one_line(done.stderr), arguments
        assert "Traceback" not in done.stderr
    left = sorted(path.name for path in tmp_path.iterdir())
    assert left == ["broken.parquet", "empty"]


def test_features_of_other_settings_are_refused(workshop, make_table, tmp_path):
    from epic_features import Settings

    table, _ = make_table({"a": 3}, settings=Settings(groups=("all",), faces="yunet"))
    pq.write_table(table, tmp_path / "f.parquet")
    pictures = pictures_of(table, tmp_path / "pictures")
    done = epic(
        "classify", pictures, "-o", tmp_path / "x.csv", "--model", workshop / "model",
        "--features", tmp_path / "f.parquet",
    )  # fmt: skip
    assert done.returncode == 2
    assert "faces='yunet' instead of 'centerface'" in one_line(done.stderr)
    assert not (tmp_path / "x.csv").exists()


def test_names_that_are_hostile_to_tables(workshop, three, tmp_path):
    names = ['a,b".jpg', "صورة 😂.jpg", "new\nline.jpg"]
    table = three[0][:3]
    place = table.column_names.index("relative_path")
    table = table.set_column(place, table.schema.field("relative_path"), pa.array(names))
    pq.write_table(table, tmp_path / "f.parquet")
    pictures = pictures_of(table, tmp_path / "pictures")
    done = epic(
        "classify", pictures, "-o", tmp_path / "x.csv", "--model", workshop / "model",
        "--features", tmp_path / "f.parquet",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    with (tmp_path / "x.csv").open(encoding="utf-8", newline="") as file:
        assert [row["relative_path"] for row in csv.DictReader(file)] == names


def test_a_feature_file_is_matched_with_the_pictures(workshop, three, colours, tmp_path):
    """Rows of other pictures are passed over; a picture that the file lacks is extracted."""
    wanted = three[0][:4]
    pictures = pictures_of(wanted, tmp_path / "pictures")
    PILImage.new("RGB", (40, 30), "red").save(pictures / "new.png")
    command = ("--model", workshop / "model", "--features", workshop / "features.parquet")
    done = epic("classify", pictures, "-o", tmp_path / "x.csv", *command)
    assert done.returncode == 0, done.stderr
    with (tmp_path / "x.csv").open(encoding="utf-8", newline="") as file:
        found = [row["relative_path"] for row in csv.DictReader(file)]
    assert sorted(found) == sorted([*wanted["relative_path"].to_pylist(), "new.png"])
    done = epic("classify", colours, "-o", tmp_path / "y.csv", *command)
    assert done.returncode == 2
    assert "none of the 6 pictures" in one_line(done.stderr)


def test_more_column_groups_than_needed_are_no_hindrance(colours, default_models, tmp_path):
    source, kept = colours / "warm", tmp_path / "features"
    groups = ("--groups", "all,writing", "--embed", "backbones")
    done = epic("extract", source, "-o", kept, *groups, "--workers", "1")
    assert done.returncode == 0, done.stderr
    done = epic("classify", source, "-o", tmp_path / "x.csv", "--features", kept)
    assert done.returncode == 0, done.stderr
    assert len((tmp_path / "x.csv").read_text().splitlines()) == 4


@pytest.mark.parametrize(
    ("command", "options", "message"),
    [
        ("train", ["--protect", "wram"], "wram; there are cold صور, warm"),
        ("train", ["--group-column", "album"], "a column of the CSV of --labels"),
        ("train", ["--labels", "gone.csv"], "can't read gone.csv"),
        ("evaluate", [], "does not know the classes cold صور, warm"),
    ],
)
def test_mistakes_are_named_before_anything_is_looked_at(
    colours, tmp_path, command, options, message
):
    done = epic(command, colours, "-o", tmp_path / "out", *options)
    assert done.returncode == 2
    assert message in one_line(done.stderr)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("command", ["train", "evaluate"])
def test_a_source_that_is_not_there(command, tmp_path):
    done = epic(command, tmp_path / "nosuch", "-o", tmp_path / "out")
    assert done.returncode == 2
    assert "no such file or folder" in one_line(done.stderr)


def test_features_outlive_a_mistake(colours, default_models, tmp_path):
    """What was found in hours is not thrown away because of a broken picture."""
    pictures, work = tmp_path / "pictures", tmp_path / "work"
    shutil.copytree(colours / "warm", pictures / "warm")
    shutil.copytree(colours / "cold صور", pictures / "cold")
    work.mkdir()
    for number in (0, 1):
        (pictures / "cold" / f"{number}.png").write_bytes(b"not a picture")
    command = ("train", pictures, "-o", work / "model", "--workers", "1")
    done = epic(*command)
    assert (done.returncode, "only one image of: cold" in one_line(done.stderr)) == (2, True)
    assert ".model.features" in one_line(done.stderr)
    assert (work / ".model.features").is_dir()
    shutil.copy(colours / "warm" / "1.png", pictures / "cold" / "1.png")
    done = epic(*command)
    assert done.returncode == 0, done.stderr
    assert "left out: 1 pictures" in one_line(done.stderr)
    assert [path.name for path in work.iterdir()] == ["model"]
    (pictures / "gone").mkdir()
    for number in (0, 1):
        (pictures / "gone" / f"{number}.png").write_bytes(b"not a picture")
    done = epic(*command, "--overwrite")
    assert done.returncode == 0, done.stderr
    assert "no picture of the class gone could be read" in one_line(done.stderr)


def test_what_another_model_left_behind_is_no_hindrance(colours, tmp_path):
    from epic_features import Settings

    extract_features(
        str(colours), tmp_path / ".x.csv.features", Settings(groups=("shape",)), workers=1
    )
    done = epic("classify", colours, "-o", tmp_path / "x.csv", "--model", "bytes")
    assert done.returncode == 0, done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["x.csv"]


def test_outputs_inside_the_source_are_refused(workshop):
    pictures = workshop / "pictures"
    done = epic("train", pictures, "-o", pictures / "model")
    assert (done.returncode, "choose a folder outside" in one_line(done.stderr)) == (2, True)
