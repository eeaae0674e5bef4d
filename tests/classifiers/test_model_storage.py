"""Models on disk: the same answers again, and clear words about what is damaged."""

import copy
import hashlib
import json
import re
import shutil
from pathlib import Path

import numpy as np
import pytest

import classifiers.pretrained
import epic_features
from classifiers import TabularClassifier, load_pretrained
from classifiers.pretrained import NAMES, find_model
from classifiers.storage import FORMAT
from epic_features import OutputError, Settings
from epic_features.errors import ModelFileError


@pytest.fixture
def saved(model_of_two, tmp_path):
    folder = tmp_path / "model"
    model_of_two.save(folder)
    return folder


def test_a_loaded_model_gives_the_same_answers(model_of_two, two, saved):
    table, _ = two
    again = TabularClassifier.load(saved)
    assert np.array_equal(again.predict_proba(table), model_of_two.predict_proba(table))
    assert again.predict(table).tolist() == model_of_two.predict(table).tolist()
    assert again.decide(table).tolist() == model_of_two.decide(table).tolist()
    assert again.guarantee_ == model_of_two.guarantee_
    assert again.provenance_ == model_of_two.provenance_
    assert again.classes_.tolist() == model_of_two.classes_.tolist()
    assert find_model(saved).weights_.tolist() == model_of_two.weights_.tolist()


def test_the_weights_are_kept(model_of_two, two, tmp_path):
    model = copy.copy(model_of_two)
    model.weights_ = np.array([0.1371, 0.7])
    model.save(tmp_path / "warm")
    again = TabularClassifier.load(tmp_path / "warm")
    assert np.array_equal(again.predict_proba(two[0]), model.predict_proba(two[0]))


def test_three_classes_without_a_guarantee(model_of_three, three, tmp_path):
    model_of_three.save(tmp_path / "new" / "model")
    again = TabularClassifier.load(tmp_path / "new" / "model")
    assert np.array_equal(again.predict_proba(three[0]), model_of_three.predict_proba(three[0]))
    assert again.guarantee_ is None


def test_saved_again_it_is_the_same_files(saved, tmp_path):
    TabularClassifier.load(saved).save(tmp_path / "again")
    for name in ("model.json", "model.npz", "model.txt"):
        assert (tmp_path / "again" / name).read_bytes() == (saved / name).read_bytes()


def test_a_loaded_model_can_be_trained_again(two, saved, model_of_two):
    again = TabularClassifier.load(saved).fit(*two)
    assert again.booster_.model_to_string() == model_of_two.booster_.model_to_string()


def test_files_are_text_and_arrays_and_no_pickle(saved):
    files = ["model.json", "model.npz", "model.txt"]
    assert sorted(path.name for path in saved.iterdir()) == files
    for name in ("model.json", "model.txt"):
        (saved / name).read_text(encoding="utf-8")
        assert not (saved / name).read_bytes().startswith(b"\x80")
    with np.load(saved / "model.npz", allow_pickle=False) as stored:
        assert all(stored[name].dtype == np.float64 for name in stored.files)
    json.loads((saved / "model.json").read_text(encoding="utf-8"))


def test_saving_replaces_an_older_model(saved, model_of_three, three):
    model_of_three.save(saved)
    assert TabularClassifier.load(saved).classes_.tolist() == model_of_three.classes_.tolist()
    assert len(list(saved.iterdir())) == 3


@pytest.mark.parametrize("name", ["model.json", "model.npz", "model.txt"])
def test_a_missing_file(saved, name):
    (saved / name).unlink()
    with pytest.raises(ModelFileError, match=f"{name} is missing; train one with `epic train`"):
        TabularClassifier.load(saved)


def test_what_is_no_model(tmp_path, lightgbm):
    with pytest.raises(ModelFileError, match="holds no model"):
        TabularClassifier.load(tmp_path)
    with pytest.raises(ModelFileError, match="neither a folder with a model nor one of: personal"):
        find_model(str(tmp_path / "gone"))
    with pytest.raises(ModelFileError, match="no model 'cats'; choose from: personal"):
        load_pretrained("cats")


def changed(folder, change):
    record = json.loads((folder / "model.json").read_text(encoding="utf-8"))
    change(record)
    (folder / "model.json").write_text(json.dumps(record), encoding="utf-8")


@pytest.mark.parametrize("number", [1, 3, "2", None])
def test_another_format(saved, number):
    changed(saved, lambda record: record.update(format=number))
    (saved / "model.npz").unlink()  # Format 1 had none without an embedding.
    with pytest.raises(
        ModelFileError, match="not a model of format 2; update epic-features, or train"
    ):
        TabularClassifier.load(saved)


@pytest.mark.parametrize("text", ["", "{", "[1]", "null", "\x00\x01"])
def test_json_that_is_none(saved, text):
    (saved / "model.json").write_text(text)
    with pytest.raises(ModelFileError):
        TabularClassifier.load(saved)


def test_bytes_that_are_no_text(saved):
    (saved / "model.json").write_bytes(b"\xff\xfe\x00{")
    with pytest.raises(ModelFileError, match="can't read"):
        TabularClassifier.load(saved)


@pytest.mark.parametrize(
    "change",
    [
        lambda r: r.pop("encoder"),
        lambda r: r.pop("weights"),
        lambda r: r.pop("arrays_sha256"),
        lambda r: r["encoder"].pop("subjects"),
        lambda r: r.update(parameters={"depth": 3}),
        lambda r: r.update(parameters=[]),
        lambda r: r.update(weights="heavy"),
        lambda r: r.update(weights=[1.0]),
        lambda r: r.update(weights=[1.0, -0.1]),
        lambda r: r.update(shares=[0.0]),
        lambda r: r.update(guarantee={"rate": 1}),
        lambda r: r.update(classes=["one"]),
        lambda r: r.update(classes=["one", "two", "three"]),
        lambda r: r["encoder"]["number_columns"].pop(),
        lambda r: r["encoder"]["number_columns"].__setitem__(0, "mood"),
        lambda r: r["encoder"]["words"].update(terms="abc"),
        lambda r: r["encoder"].update(words=None),
        lambda r: r.update(provenance=None),
    ],
)
def test_a_damaged_description(saved, change):
    changed(saved, change)
    with pytest.raises(ModelFileError, match="damaged"):
        TabularClassifier.load(saved)


def test_a_regression_on_other_columns(saved):
    with np.load(saved / "model.npz") as stored:
        arrays = {name: stored[name] for name in stored.files}
    for name in ("mean", "deviation", "weights"):
        arrays[f"regression_{name}"] = arrays[f"regression_{name}"][:-1]
    np.savez(saved / "model.npz", **arrays)
    digest = hashlib.sha256((saved / "model.npz").read_bytes()).hexdigest()
    changed(saved, lambda record: record.update(arrays_sha256=digest))
    with pytest.raises(ModelFileError, match="damaged: .* another shape"):
        TabularClassifier.load(saved)


@pytest.mark.parametrize("text", ["", "tree\n", "no model at all"])
def test_damaged_trees(saved, text):
    (saved / "model.txt").write_text(text)
    with pytest.raises(ModelFileError, match="damaged"):
        TabularClassifier.load(saved)


def test_a_file_in_the_way(model_of_two, tmp_path):
    (tmp_path / "file").write_text("precious")
    with pytest.raises(OutputError, match="can't write the model"):
        model_of_two.save(tmp_path / "file")
    assert (tmp_path / "file").read_text() == "precious"


@pytest.mark.parametrize("name", NAMES)
def test_models_that_come_with_the_library_load(name, tmp_path, lightgbm):
    try:
        model = load_pretrained(name)
    except ModelFileError as error:
        pytest.skip(f"not trained yet: {error}")
    assert len(model.classes_) >= 2
    model.save(tmp_path / "copy")
    assert sum(p.stat().st_size for p in (tmp_path / "copy").iterdir()) < 5e6
    shutil.rmtree(tmp_path / "copy")


@pytest.mark.parametrize("name", NAMES)
def test_shipped_models_say_what_made_them(name):
    """What docs/releases.md promises of the files."""
    folder = Path(classifiers.pretrained.__file__).parent / name
    record = json.loads((folder / "model.json").read_text(encoding="utf-8"))
    assert record["format"] == FORMAT
    trees = (folder / "model.txt").read_text(encoding="utf-8").encode()
    assert record["trees_sha256"] == hashlib.sha256(trees).hexdigest()
    made = record["provenance"]
    assert made["version"].split(".")[0] == epic_features.__version__.split(".")[0]
    assert set(Settings.row_fields()) - {"text", "embedding"} <= set(made["settings"])
    assert len(made["backends"]) >= 3
    for backend in made["backends"]:
        assert backend["version"]
        assert re.fullmatch("[0-9a-f]{64}", backend["sha256"])
