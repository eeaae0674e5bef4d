"""Models with an embedding: their files, and tables that do not fit them."""

from __future__ import annotations

import json

import numpy as np
import pyarrow as pa
import pytest
from fused_tables import LENGTH, embeddings, with_embedding

from classifiers import FusionClassifier, TabularClassifier, explain
from classifiers.embeddings import lists_of
from classifiers.fusion_encoding import FusionEncoder
from classifiers.pretrained import find_model
from classifiers.table import TableError
from classifiers.workflow import classify, settings_of
from epic_features import SettingsMismatch
from epic_features.errors import ModelFileError
from epic_features.frame import to_pandas

pytestmark = pytest.mark.usefixtures("lightgbm")


def test_a_saved_model_gives_the_same_answers(fused_model, two_fused, tmp_path):
    table, _ = two_fused
    fused_model.save(tmp_path / "model")
    assert {p.name for p in (tmp_path / "model").iterdir()} == {
        "model.txt", "model.json", "model.npz",
    }  # fmt: skip
    again = find_model(tmp_path / "model")
    assert type(again) is FusionClassifier
    assert again.get_params() == fused_model.get_params() | {"protect": ["personal"]}
    assert np.array_equal(again.predict_proba(table), fused_model.predict_proba(table))
    assert again.decide(table).tolist() == fused_model.decide(table).tolist()
    assert again.guarantee_ == fused_model.guarantee_
    assert again.provenance_ == fused_model.provenance_
    with np.load(tmp_path / "model" / "model.npz", allow_pickle=False) as stored:
        plain = {f"regression_{n}" for n in ("mean", "deviation", "weights", "offset")}
        assert set(stored.files) == {"weights", "offset"} | plain
    again.save(tmp_path / "again")
    for path in (tmp_path / "model").iterdir():
        assert (tmp_path / "again" / path.name).read_bytes() == path.read_bytes()
    labels = classify(again, table, reasons=True)
    assert labels.num_rows == len(table)


@pytest.mark.parametrize(
    "damage", ["missing", "cut", "text", "shape", "pickle", "names", "kind", "other values"]
)
def test_damaged_files(fused_model, tmp_path, damage):
    fused_model.save(tmp_path)
    arrays = tmp_path / "model.npz"
    record = json.loads((tmp_path / "model.json").read_text())
    if damage == "missing":
        arrays.unlink()
    elif damage == "cut":
        arrays.write_bytes(arrays.read_bytes()[:300])
    elif damage == "text":
        arrays.write_text("weights")
    elif damage == "shape":
        np.savez(arrays, weights=np.zeros((LENGTH, 9), np.float32), offset=np.zeros(7, np.float32))
    elif damage == "pickle":
        np.savez(arrays, weights=np.array([{}], object), offset=np.zeros(7))
    elif damage == "names":
        np.savez(arrays, other=np.zeros(3))
    elif damage == "other values":
        with np.load(arrays) as stored:
            negated = {name: -stored[name] for name in stored.files}
        np.savez(arrays, **negated)
    else:
        (tmp_path / "model.json").write_text(json.dumps(record | {"kind": "magic"}))
    with pytest.raises(ModelFileError, match=r"damaged|can't read"):
        TabularClassifier.load(tmp_path)


def test_nothing_is_left_of_a_model_that_was_there(fused_model, model_of_two, tmp_path):
    fused_model.save(tmp_path)
    model_of_two.save(tmp_path)
    assert type(find_model(tmp_path)) is TabularClassifier


def test_another_network_is_refused(fused_model, two_fused, two):
    table, labels = two_fused
    values = embeddings(labels.astype(str), seed=1, apart=0.8)
    other = with_embedding(two[0], values, network="c" * 64)
    with pytest.raises(SettingsMismatch, match=r"embedding by net .* cccccccccccc instead of net"):
        fused_model.predict(other)
    with pytest.raises(
        SettingsMismatch, match=r"groups embedding \(extract with `--groups .* --embed net/`\)"
    ) as said:
        fused_model.predict(two[0])
    assert "nothing known" not in str(said.value)
    with pytest.raises(SettingsMismatch):
        explain(fused_model, other)
    moved = with_embedding(two[0], values, path="elsewhere/net.onnx")
    assert np.array_equal(fused_model.predict_proba(moved), fused_model.predict_proba(table))
    # Without a word about its origin a table is told by the length at least.
    nameless = with_embedding(two[0], values[:, :-1]).replace_schema_metadata(None)
    with pytest.raises(TableError, match="19 numbers; the model was trained on 20"):
        fused_model.predict(nameless)


def test_models_without_an_embedding_do_not_care(three, three_fused, quick):
    table, labels = three
    plain = TabularClassifier(**quick).fit(table, labels)
    with_one = TabularClassifier(**quick).fit(*three_fused)
    assert plain.booster_.model_to_string() == with_one.booster_.model_to_string()
    assert np.array_equal(plain.predict_proba(three_fused[0]), plain.predict_proba(table))
    assert np.array_equal(with_one.predict_proba(table), plain.predict_proba(table))
    assert settings_of(with_one).embedding is None
    assert "embedding" not in settings_of(with_one).groups
    roles = {b["role"] for b in with_one.provenance_["backends"]}
    assert not roles & {"embedding", "embedding input"}


def test_the_settings_of_a_model_name_its_network(fused_model):
    settings = settings_of(fused_model)
    assert settings.embedding == "net/"
    assert settings.groups[-1] == "embedding"


def test_rows_without_an_embedding(fusion_mode, three_fused, quick):
    table, labels = three_fused
    values = table["embedding"].to_pylist()
    values[3] = values[50] = None
    holes = table.set_column(
        table.schema.get_field_index("embedding"), "embedding",
        pa.array(values, pa.list_(pa.float32(), LENGTH)),
    )  # fmt: skip
    model = FusionClassifier(fusion_mode, **quick).fit(holes, labels)
    odds = model.predict_proba(holes)
    assert np.isfinite(odds).all()
    assert np.array_equal(model.predict_proba(to_pandas(holes)), odds)
    numbers = model.encoder_.transform(holes)[:, -3:]
    assert np.flatnonzero(np.isnan(numbers).any(axis=1)).tolist() == [3, 50]


def test_kinds_of_columns(three_fused):
    table, _ = three_fused
    wanted = lists_of(table, "embedding")
    assert wanted.dtype == np.float32
    frame = to_pandas(table)
    assert np.array_equal(lists_of(frame, "embedding"), wanted)
    frame["embedding"] = [row.astype(np.float64).tolist() for row in wanted]
    assert np.array_equal(lists_of(frame, "embedding"), wanted)
    plain = pa.table({"embedding": pa.array(wanted.tolist(), pa.list_(pa.float64()))})
    assert np.array_equal(lists_of(plain, "embedding"), wanted)
    chunks = pa.concat_tables([table[:7], table[7:]])
    assert np.array_equal(lists_of(chunks, "embedding"), wanted)
    assert np.array_equal(lists_of(table[3:9], "embedding"), wanted[3:9])


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ([[1.0], [1.0, 2.0]], r"lengths \[1, 2\]"),
        ([None, None], "null in every row; .* again .*--embed NETWORK`"),
        ([[], []], r"lengths \[0\]"),
        (["a", "b"], "lists of numbers"),
        ([1.0, 2.0], "lists of numbers"),
        ([["a"], ["b"]], "lists of numbers"),
    ],
)
def test_no_embeddings(values, message):
    import pandas as pd

    for table in (pa.table({"embedding": values}), pd.DataFrame({"embedding": values})):
        with pytest.raises(TableError, match=message):
            lists_of(table, "embedding")


def test_wrong_parameters(three, three_fused, quick):
    table, labels = three_fused
    with pytest.raises(TableError, match="lacks the column embedding.*--embed"):
        FusionClassifier(**quick).fit(*three)
    with pytest.raises(TableError, match="mode='concat'; choose from: pca, stack, product"):
        FusionClassifier("concat", **quick).fit(table, labels)
    with pytest.raises(TableError, match="n_components=0"):
        FusionClassifier("pca", 0, **quick).fit(table, labels)
    with pytest.raises(TableError, match="n_components='a'"):
        FusionEncoder("pca", "a", columns=()).fit(table)
    with pytest.raises(TableError, match="'product' is of two parts"):
        FusionClassifier("product", columns=(), **quick).fit(table, labels)
    with pytest.raises(TableError, match="needs the class of every row"):
        FusionEncoder("stack").fit(table)
    with pytest.raises(TableError, match="one group"):
        FusionEncoder("stack").fit_transform(table, labels, groups=np.zeros(90))
