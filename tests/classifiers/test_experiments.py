"""The named variants: what they are, run on a few pictures, continued, reported, disputed."""

from __future__ import annotations

import csv

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image
from sklearn.metrics import accuracy_score, f1_score, precision_score, recall_score
from typer.testing import CliRunner

from classifiers.disputes import disputed
from classifiers.experiment_report import as_frame, as_markdown, summarise
from classifiers.experiments import ExperimentData, Outcome, clean_rows, read_data, run
from classifiers.table import TableError
from classifiers.variants import variants
from epic_features.errors import OutputError, SettingsError, SourceError
from epic_gallery.cli import app

SEED_NAMES = "m01 01.1 01.3 01.4 01.6 m02 02.1 02.2 02.3 02.5 m03 m04 04.1 04.2".split()
SIDE = 32


@pytest.fixture(scope="module")
def data(three, tmp_path_factory):
    """Ninety pictures whose brightness tells the class, in two folds."""
    table, labels = three
    root = tmp_path_factory.mktemp("pictures")
    random = np.random.default_rng(0)
    codes = np.unique(labels, return_inverse=True)[1]
    noise = random.normal(0, 30, (90, SIDE, SIDE, 3))
    pixels = np.clip(60 + 70 * codes[:, None, None, None] + noise, 0, 255).astype(np.uint8)
    paths = np.array(table["relative_path"].to_pylist(), dtype=object)
    for path, picture in zip(paths, pixels, strict=True):
        (root / path).parent.mkdir(exist_ok=True)
        Image.fromarray(picture).save(root / path, quality=95)
    groups = np.array([f"source {k}" for k in np.arange(90) % 9])
    fold = (np.arange(90) % 9 < 4).astype(np.intp)
    return ExperimentData(root, paths, pixels, labels.astype(str), groups, fold, table)


def test_every_variant_of_the_seed_is_there_as_data():
    assert [variant.name for variant in variants()] == SEED_NAMES
    assert {variant.model for variant in variants()} == {"VCNN", "MCNN", "HCNN", "XCNN"}
    assert [variant.name for variant in variants() if variant.cleaned] == ["01.6"]
    (one,) = variants(["02.1"])
    assert one.parameters["scale"] is True
    with pytest.raises(SettingsError, match=r"no variant is called 'm05'; there are: m01, 01\.1"):
        variants(["m01", "m05"])


def test_parameters_are_those_of_the_models(tmp_path):
    for variant in variants():
        model = variant.build(checkpoints=tmp_path, fold=0, epochs=3)
        inside = model.network if variant.model == "XCNN" else model
        assert inside.epochs == 3
        for name, value in variant.parameters.items():
            assert model.get_params()[name] == value


class Stopped(Exception):
    pass


def test_run_and_continue(data, tmp_path):
    pytest.importorskip("torch", reason="needs PyTorch, the extra 'train'")
    small = {"epochs": 2, "width": 4, "embedding": 8}
    names = ["01.3", "02.1", "m03"]
    done = []

    def told(variant, fold, epoch, most):
        if (variant.name, fold, epoch) == stop_at:
            raise Stopped
        done.append((variant.name, fold, epoch))

    stop_at = ("02.1", 1, 2)
    with pytest.raises(Stopped):
        run(variants(names), data, tmp_path / "one", on_progress=told, **small)
    assert ("02.1", 0, 2) in done
    stop_at = None
    done.clear()
    outcomes = run(variants(names), data, tmp_path / "one", on_progress=told, **small)
    # The epoch that was being told of had been saved already.
    assert done == [("m03", fold, epoch) for fold in (0, 1) for epoch in (1, 2)]
    undisturbed = run(variants(names), data, tmp_path / "two", **small)
    assert len(outcomes) == 6
    for one, two in zip(outcomes, undisturbed, strict=True):
        assert np.array_equal(one.probabilities, two.probabilities)
        assert (one.variant, one.fold, one.epochs, one.parameters) == (
            two.variant, two.fold, two.epochs, two.parameters,
        )  # fmt: skip
        assert one.rows.tolist() == np.flatnonzero(data.fold == one.fold).tolist()
    with pytest.raises(OutputError, match="other pictures, folds or parameters"):
        run(variants(names), data, tmp_path / "one", **small | {"epochs": 3})


def test_a_class_with_no_example_in_the_training_part(data, tmp_path):
    pytest.importorskip("torch", reason="needs PyTorch, the extra 'train'")
    fold = np.where(data.labels == "notes", 0, data.fold)
    alone = ExperimentData(**{**vars(data), "fold": fold})
    outcomes = run(variants(["m01"]), alone, tmp_path, epochs=1, width=4, embedding=8)
    without = next(outcome for outcome in outcomes if outcome.fold == 0)
    assert (without.probabilities[:, 1] == 0).all()
    assert without.probabilities.sum(axis=1) == pytest.approx(np.ones(len(without.rows)))
    assert summarise(outcomes, alone)[1].images == 90


def test_cleaning_removes_copies_and_doubtful_labels(data):
    rows = np.flatnonzero(data.fold == 0)
    (first, second) = rows[data.labels[rows] == "memes"][:2]
    original = (data.root / data.paths[second]).read_bytes()
    (data.root / data.paths[second]).write_bytes((data.root / data.paths[first]).read_bytes())
    # Copies are found by the hash in the table.
    hashes = data.table["phash"].to_pylist()
    table = data.table
    try:
        unique = [f"{k * 0x9E3779B97F4A7C15 % 2**64:016x}" for k in range(1, 91)]
        unique[second] = unique[first]
        column = pa.array(unique, table.schema.field("phash").type)
        table = table.set_column(table.schema.get_field_index("phash"), "phash", column)
        stays = clean_rows(ExperimentData(**{**vars(data), "table": table}), rows)
    finally:
        (data.root / data.paths[second]).write_bytes(original)
    assert hashes == data.table["phash"].to_pylist()
    assert set(stays) < set(rows)
    assert len({first, second} & set(stays)) == 1
    assert set(data.labels[stays]) == set(data.labels)


def outcome(name, data, fold, answers):
    rows = np.flatnonzero(data.fold == fold)
    classes = np.unique(data.labels)
    odds = np.full((len(rows), 3), 0.1, np.float32)
    odds[np.arange(len(rows)), np.searchsorted(classes, answers[rows])] = 0.8
    return Outcome(name, fold, rows, odds, len(data.fold) - len(rows), 2, 1000, 5.0 + fold)


def test_figures_are_those_of_scikit_learn(data):
    random = np.random.default_rng(1)
    answers = np.where(
        random.random(90) < 0.6, data.labels, random.choice(np.unique(data.labels), 90)
    )
    none, line = summarise([outcome("m01", data, fold, answers) for fold in (0, 1)], data)
    for fold in (0, 1):
        part = data.fold == fold
        truth, found = data.labels[part], answers[part]
        assert line.macro_f1.values[fold] == pytest.approx(f1_score(truth, found, average="macro"))
        assert line.recall.values[fold] == pytest.approx(
            recall_score(truth, found, average="macro")
        )
        assert line.precision.values[fold] == pytest.approx(
            precision_score(truth, found, average="macro")
        )
        assert line.accuracy.values[fold] == pytest.approx(accuracy_score(truth, found))
    assert line.pooled_accuracy == pytest.approx(accuracy_score(data.labels, answers))
    assert (line.seconds, line.parameters, line.images, line.folds) == (5.5, 1000, 90, 2)
    assert none.variant == "none"
    assert none.accuracy.mean < line.accuracy.mean
    frame = as_frame([none, line])
    assert frame["macro_f1"].tolist() == [none.macro_f1.mean, line.macro_f1.mean]
    assert len(as_markdown([none, line]).splitlines()) == 4


def test_what_every_model_disputes(data):
    one, two = data.labels.copy(), data.labels.copy()
    notes = np.flatnonzero(data.labels == "notes")
    one[notes[:6]] = "memes"
    two[notes[3:9]] = "memes"
    two[notes[5]] = "personal"
    outcomes = [
        outcome(name, data, fold, answers)
        for name, answers in (("m01", one), ("m03", two))
        for fold in (0, 1)
    ]
    table = disputed(outcomes, data)
    assert set(table["path"]) == set(data.paths[notes[3:6]])
    assert table["value"].is_monotonic_decreasing
    by_path = table.set_index("path")
    agreed = by_path.loc[data.paths[notes[3]]]
    assert (agreed["other"], agreed["agree"], agreed["models"]) == ("memes", 2, 2)
    assert by_path.loc[data.paths[notes[5]], "agree"] == 1
    # A variant that was not run on every fold has no say.
    with_part = [*outcomes, outcome("m02", data, 0, data.labels)]
    assert disputed(with_part, data)["models"].eq(2).all()
    with pytest.raises(TableError, match="run the experiments first"):
        disputed(with_part[-1:], data)


def test_reading_data(data, tmp_path):
    read = read_data(data.root, data.table)
    assert read.pixels.shape == (90, 128, 128, 3)
    assert read.groups is None
    assert sorted(set(read.fold)) == [0, 1, 2, 3, 4]
    assert read.labels.tolist() == data.labels.tolist()
    # Features that were kept don't know of folders that came later.
    place = data.table.column_names.index("class")
    nothing = pa.nulls(len(data.table), data.table.schema.field("class").type)
    stale = data.table.set_column(place, "class", nothing)
    assert read_data(data.root, stale).labels.tolist() == data.labels.tolist()
    manifest = data.root / "manifest.csv"
    try:
        facts = zip(data.paths, data.labels, data.fold, data.groups, strict=True)
        lines = [f"{path},{label},{fold},{group}" for path, label, fold, group in facts][5:]
        manifest.write_text("\n".join(["file,class,fold,source_repo", *lines]))
        told = read_data(data.root, data.table)
        assert told.fold.tolist() == data.fold[5:].tolist()
        assert told.groups.tolist() == data.groups[5:].tolist()
        assert len(told.table) == len(told.pixels) == 85
        named = [line.replace(",memes,", ",NA,") for line in lines]
        manifest.write_text("\n".join(["file,class,fold,source_repo", *named]))
        read_na = read_data(data.root, data.table).labels
        assert ((read_na == "NA") == (data.labels[5:] == "memes")).all()
        manifest.write_text("\n".join(["file,class,fold,source_repo", lines[0] + "x", *lines[1:]]))
        assert read_data(data.root, data.table).groups[0].endswith("x")
        manifest.write_text(f"file,class,fold,source_repo\n{data.paths[0]},memes,first,x\n")
        with pytest.raises(SourceError, match="no whole number.*first"):
            read_data(data.root, data.table)
        manifest.write_text("file,class\n")
        with pytest.raises(SourceError, match="lacks the columns fold, source_repo"):
            read_data(data.root, data.table)
        manifest.write_text("file,class,fold,source_repo\nother.jpg,memes,0,x\n")
        with pytest.raises(TableError, match="none of the 90 images"):
            read_data(data.root, data.table)
    finally:
        manifest.unlink()


def test_the_command(data, tmp_path):
    pytest.importorskip("torch", reason="needs PyTorch, the extra 'train'")
    listed = CliRunner().invoke(app, ["experiments", "list"])
    assert all(name in listed.output for name in SEED_NAMES)
    pq.write_table(data.table, tmp_path / "features.parquet")
    arguments = ["experiments", "run", "m01", "--data", str(data.root), "--epochs", "1"]
    arguments += ["--features", str(tmp_path / "features.parquet"), "-o", str(tmp_path / "out")]
    done = CliRunner().invoke(app, arguments)
    assert done.exit_code == 0, done.output
    out = tmp_path / "out"
    with (out / "results.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [row["variant"] for row in rows] == ["none", "m01"]
    assert float(rows[1]["parameters"]) == 114_579
    assert (out / "results.png").read_bytes().startswith(b"\x89PNG")
    assert "90 pictures in 5 folds" in (out / "results.md").read_text()
    assert (out / "disputed.html").is_file()
    before = (out / "runs" / "m01-0.npz").stat().st_mtime_ns
    assert CliRunner().invoke(app, arguments).exit_code == 0
    assert (out / "runs" / "m01-0.npz").stat().st_mtime_ns == before
    wrong = CliRunner().invoke(app, [*arguments[:-1], str(data.root / "out")])
    assert isinstance(wrong.exception, OutputError)
    assert isinstance(
        CliRunner().invoke(app, [*arguments[:2], "m99", *arguments[3:]]).exception, SettingsError
    )
