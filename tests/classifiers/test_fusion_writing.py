"""Two columns of lists in one model: each a part of its own, and the second may be null."""

from __future__ import annotations

import hashlib
import io
import json

import numpy as np
import pyarrow as pa
import pytest
from scipy.special import log_softmax
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from classifiers import FusionClassifier, TableEncoder, TabularClassifier, explain, importance
from classifiers.embeddings import lists_of
from classifiers.explanation import Explanation, Reason
from classifiers.folds import make_folds
from classifiers.fusion_encoding import FusionEncoder
from classifiers.table import TableError
from classifiers.topics import part_of, phrase_of, topic_of
from epic_features.errors import ModelFileError
from epic_features.frame import to_pandas

pytestmark = pytest.mark.usefixtures("lightgbm")

LENGTHS = {"embedding": 12, "writing": 8}
MODES = ("pca", "stack", "product")


def lists(labels, column, seed=0, apart=1.0):
    """Noise around a place for each class; other places for each column."""
    length = LENGTHS[column]
    names, codes = np.unique(labels.astype(str), return_inverse=True)
    places = np.random.default_rng(length).normal(0, apart, (len(names), length))
    noise = np.random.default_rng(seed).normal(0, 1, (len(labels), length))
    return (places[codes] + noise).astype(np.float32)


def with_lists(table, column, values):
    """Add a column, or replace it; what is NaN is null."""
    rows = [None if np.isnan(row).any() else row for row in values]
    field = pa.array(rows, pa.list_(pa.float32(), LENGTHS[column]))
    if column in table.column_names:
        table = table.drop_columns(column)
    return table.append_column(column, field)


def nothing(table, column="writing"):
    return with_lists(table, column, np.full((len(table), LENGTHS[column]), np.nan))


@pytest.fixture(scope="module")
def fused(three):
    """Ninety rows of three classes with an embedding, two in three with writing."""
    table, labels = three
    writing = lists(labels, "writing", seed=1)
    writing[::3] = np.nan
    table = with_lists(table, "embedding", lists(labels, "embedding", apart=0.4))
    return with_lists(table, "writing", writing), labels


@pytest.fixture(scope="module", params=MODES)
def mode(request):
    return request.param


@pytest.fixture(scope="module")
def model(mode, fused, quick):
    """Do not fit it again."""
    return FusionClassifier(mode, 4, **quick).fit(*fused)


def regression(values, labels):
    """Scikit-learn's, on the rows that have a list."""
    known = np.isfinite(values).all(axis=1)
    made = make_pipeline(StandardScaler(), LogisticRegression(C=9 / values.shape[1], max_iter=1000))
    return made.fit(values[known].astype(float), labels[known])


def log_odds(made, values):
    """Of rows without a list NaN."""
    found = np.full((len(values), 3), np.nan)
    known = np.isfinite(values).all(axis=1)
    found[known] = made.predict_log_proba(values[known].astype(float))
    return np.maximum(found, np.log(1e-6))


def test_the_product_is_that_of_three_models(fused, quick):
    table, labels = fused
    model = FusionClassifier("product", **quick).fit(table, labels)
    plain = TabularClassifier(**quick).fit(table, labels)
    assert len(model.weights_) == 4
    plain.weights_ = model.weights_[:2]
    shares = np.log(np.unique(labels.astype(str), return_counts=True)[1] / len(labels))
    sum_of_parts = log_softmax(plain.raw_scores(table).astype(float), axis=1)
    for column, weight in zip(LENGTHS, model.weights_[2:], strict=True):
        values = lists_of(table, column)
        found = log_odds(regression(values, labels.astype(str)), values) - shares
        sum_of_parts += np.nan_to_num(found, nan=0.0) * weight
    wanted = np.exp(sum_of_parts)
    wanted /= wanted.sum(axis=1, keepdims=True)
    assert model.predict_proba(table) == pytest.approx(wanted, abs=1e-3)


def test_a_picture_without_writing_is_judged_by_the_other_parts(fused, quick):
    table, labels = fused
    model = FusionClassifier("product", **quick).fit(table, labels)
    alone = FusionClassifier("product", **quick).fit(table.drop_columns("writing"), labels)
    bare = nothing(table)
    alone.weights_ = model.weights_[:3]
    wanted = alone.raw_scores(bare)
    assert np.array_equal(model.raw_scores(bare), wanted)
    frame = to_pandas(bare)
    assert np.array_equal(model.raw_scores(frame), wanted)
    # One by one too, where nothing in the table says how long the lists would be.
    frame["writing"] = None
    one = model.raw_scores(frame.iloc[4:5])
    assert one == pytest.approx(wanted[4:5], abs=1e-5)
    with_some = model.raw_scores(table)
    assert np.array_equal(with_some[::3], wanted[::3])
    assert not np.isclose(with_some[1::3], wanted[1::3]).all(axis=1).any()


def test_the_numbers_of_each_column(mode, fused):
    table, labels = fused
    own = TableEncoder().fit(table)
    encoder = FusionEncoder(mode, 4).fit(table, labels)
    found, width = encoder.transform(table), len(own.feature_names_)
    assert np.array_equal(found[:, :width], own.transform(table), equal_nan=True)
    size = 4 if mode == "pca" else 3
    names = [f"component {k}" for k in range(1, 5)]
    names = names if mode == "pca" else [f"class {name}" for name in encoder.classes_]
    assert encoder.feature_names_[width:].tolist() == [
        f"{column}:{name}" for column in LENGTHS for name in names
    ]
    for place, column in enumerate(LENGTHS):
        values = lists_of(table, column)
        numbers = found[:, width + size * place :][:, :size]
        if mode == "pca":
            known = values[np.isfinite(values).all(axis=1)].astype(float)
            wanted = np.abs(PCA(4, svd_solver="full").fit(known).transform(np.nan_to_num(values)))
            wanted[np.isnan(values).any(axis=1)] = np.nan
            numbers = np.abs(numbers)
        else:
            wanted = log_odds(regression(values, labels.astype(str)), values)
        assert numbers == pytest.approx(wanted, abs=1e-3, nan_ok=True)
    assert encoder.columns_used_[-2:] == ["embedding", "writing"]


def test_the_rows_to_train_on_are_judged_by_others(fused):
    table, labels = fused
    labels, groups = labels.astype(str), np.arange(90) // 2
    encoder = FusionEncoder("stack", columns=())
    found = encoder.fit_transform(table, labels, groups=groups)
    codes = np.unique(labels, return_inverse=True)[1]
    fold = make_folds(codes, groups, 5, 0)
    for place, column in enumerate(LENGTHS):
        values = lists_of(table, column)
        wanted = np.zeros((90, 3))
        for part in range(5):
            test = fold == part
            wanted[test] = log_odds(regression(values[~test], labels[~test]), values[test])
        numbers = found[:, 3 * place :][:, :3]
        assert numbers == pytest.approx(wanted, abs=1e-3, nan_ok=True)
    assert np.isnan(found[::3, 3:]).all()
    assert np.isfinite(np.delete(found, np.s_[::3], axis=0)).all()


def test_what_only_the_writing_tells_is_learned(mode, make_table, quick):
    table, _ = make_table({"only": 120})
    labels = np.where(np.arange(120) % 2, "a", "b")
    table = with_lists(table, "embedding", lists(np.zeros(120), "embedding"))
    table = with_lists(table, "writing", lists(labels, "writing"))
    model = FusionClassifier(mode, **quick).fit(table, labels)
    assert (model.classes_[model.out_of_fold_.argmax(axis=1)] == labels).mean() > 0.85


def test_a_saved_model_gives_the_same_answers(model, fused, tmp_path):
    table, _ = fused
    model.save(tmp_path / "model")
    again = FusionClassifier.load(tmp_path / "model")
    assert np.array_equal(again.predict_proba(table), model.predict_proba(table))
    assert again.weights_.tolist() == model.weights_.tolist()
    with np.load(tmp_path / "model" / "model.npz", allow_pickle=False) as stored:
        own = {"weights", "offset", "writing_weights", "writing_offset"}
        plain = {f"regression_{n}" for n in ("mean", "deviation", "weights", "offset")}
        assert set(stored.files) == own | plain
        assert stored["weights"].shape[0] == LENGTHS["embedding"]
        assert stored["writing_weights"].shape[0] == LENGTHS["writing"]
    again.save(tmp_path / "again")
    for path in (tmp_path / "model").iterdir():
        assert (tmp_path / "again" / path.name).read_bytes() == path.read_bytes()


@pytest.mark.parametrize("lost", [{"writing_offset"}, {"writing_weights", "writing_offset"}])
def test_a_part_that_is_lost_is_missed(model, lost, tmp_path):
    model.save(tmp_path)
    with np.load(tmp_path / "model.npz") as stored:
        left = {name: stored[name] for name in stored.files if name not in lost}
    packed = io.BytesIO()
    np.savez(packed, **left)
    (tmp_path / "model.npz").write_bytes(packed.getvalue())
    record = json.loads((tmp_path / "model.json").read_text(encoding="utf-8"))
    record["arrays_sha256"] = hashlib.sha256(packed.getvalue()).hexdigest()
    (tmp_path / "model.json").write_text(json.dumps(record), encoding="utf-8")
    with pytest.raises(ModelFileError, match="damaged"):
        FusionClassifier.load(tmp_path)


@pytest.mark.parametrize("weights", [[1.0], [0.5] * 3, [0.5] * 5, [0.5, 0.2, 0.5, 1.1]])
def test_there_is_a_weight_for_each_part(model, weights, tmp_path):
    model.save(tmp_path)
    record = json.loads((tmp_path / "model.json").read_text(encoding="utf-8"))
    record["weights"] = weights
    (tmp_path / "model.json").write_text(json.dumps(record), encoding="utf-8")
    with pytest.raises(ModelFileError, match="weights"):
        FusionClassifier.load(tmp_path)


def test_the_writing_is_a_reason_of_its_own(model, fused):
    table, _ = fused
    total = model.contributions(table).sum(axis=2)
    assert total == pytest.approx(model.raw_scores(table), abs=1e-4)
    names = model.encoder_.feature_names_
    writing = np.array([name.startswith("writing:") for name in names])
    if model.mode == "product":
        found = model.contributions(table)[:, :, :-1][:, :, writing]
        assert not found[::3].any()
        assert found[1::3].any(axis=(1, 2)).all()
    phrases = {"embedding": "its look as a whole", "writing": "how its lines of text look"}
    for source in (table[:5], to_pandas(table).iloc[:5]):
        for explanation in explain(model, source):
            for column, phrase in phrases.items():
                (reason,) = (r for r in explanation.reasons if r.topic == column)
                assert reason.phrase == phrase == phrase_of(column, {})
                assert {part_of(name) for name in reason.features} == {column}
                assert all(name.startswith(f"{column}:") for name in reason.features)
    shares = importance(model, table)
    for part in ("topics", "parts"):
        assert set(phrases) <= set(shares[part])
    assert topic_of("writing") == part_of("writing") == "writing"


def test_what_can_be_checked_by_looking_comes_first():
    topics = ("embedding", "writing", "faces")
    reasons = tuple(Reason(topic, f"{topic}!", 3.0 - k, {}) for k, topic in enumerate(topics))
    explanation = Explanation("memes", 0.9, 0.0, 6.0, reasons)
    assert explanation.sentence() == "faces!, writing!, embedding!"
    assert explanation.sentence(2) == "writing!, embedding!"


def test_tables_without_the_column_or_with_another_are_refused(model, fused, three):
    table, labels = fused
    bare = table.drop_columns("writing")
    message = r"lacks the column writing; .*`epic extract --groups core,writing`"
    with pytest.raises(TableError, match=message):
        model.predict(bare)
    with pytest.raises(TableError, match=message):
        explain(model, to_pandas(bare))
    longer = lists_of(table, "writing")[:, [0, *range(8)]]
    longer = bare.append_column("writing", pa.array(list(longer), pa.list_(pa.float32())))
    with pytest.raises(TableError, match="9 numbers; the model was trained on 8"):
        model.predict(longer)
    with pytest.raises(TableError, match="the column writing should hold lists of numbers"):
        model.predict(bare.append_column("writing", pa.array(["a"] * 90)))
    with pytest.raises(TableError, match="lacks the column embedding"):
        model.predict(table.drop_columns("embedding"))
    with pytest.raises(TableError, match="lacks the column embedding"):
        FusionClassifier().fit(table.drop_columns("embedding"), labels)


def test_a_model_without_writing_does_not_care(mode, fused, quick):
    table, labels = fused
    alone = FusionClassifier(mode, **quick).fit(table.drop_columns("writing"), labels)
    bare = alone.predict_proba(table.drop_columns("writing"))
    assert np.array_equal(alone.predict_proba(table), bare)


def test_a_column_without_any_list_says_nothing(mode, fused, quick, tmp_path):
    table, labels = fused
    empty = nothing(table)
    model = FusionClassifier(mode, **quick).fit(empty, labels)
    assert np.isfinite(model.out_of_fold_).all()
    odds = model.predict_proba(empty)
    assert np.array_equal(model.predict_proba(table), odds)  # Nothing was learned of any list.
    model.save(tmp_path)
    assert np.array_equal(FusionClassifier.load(tmp_path).predict_proba(table), odds)
    frame = to_pandas(empty)
    frame["writing"] = None
    again = FusionClassifier(mode, **quick).fit(frame, labels)
    assert np.array_equal(again.predict_proba(frame), odds)
    if mode != "stack":  # There its columns of NaN change which columns the trees draw.
        alone = FusionClassifier(mode, **quick).fit(table.drop_columns("writing"), labels)
        assert alone.predict_proba(table) == pytest.approx(odds, abs=1e-3)
        assert alone.out_of_fold_ == pytest.approx(model.out_of_fold_, abs=1e-3)


def test_a_fold_whose_training_part_has_no_list(mode, fused, quick):
    """Only one fold has writing: it is judged by a model that has seen none."""
    table, labels = fused
    fold = np.arange(90) % 3
    values = lists(labels, "writing")
    values[fold > 0] = np.nan
    held = with_lists(table, "writing", values)
    model = FusionClassifier(mode, **quick).fit(held, labels, fold=fold)
    assert np.isfinite(model.out_of_fold_).all()
    assert np.isfinite(model.predict_proba(held)).all()


def test_it_is_no_number(fused, three, quick):
    table, labels = fused
    plain = TabularClassifier(**quick).fit(*three)
    model = TabularClassifier(**quick).fit(table, labels)
    assert model.booster_.model_to_string() == plain.booster_.model_to_string()
    assert "writing" not in model.encoder_.columns_used_
    with pytest.raises(TableError, match=r"no such columns: writing|turned into numbers"):
        TableEncoder(columns=["writing"]).fit(table)
