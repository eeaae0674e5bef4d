"""Metadata and an embedding together: learned without looking, saved, explained, refused."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from fused_tables import LENGTH, embeddings, with_embedding
from scipy.special import softmax
from sklearn.base import clone
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from classifiers import FusionClassifier, TableEncoder, TabularClassifier, explain, importance
from classifiers.embeddings import lists_of, logistic_regression, principal_components
from classifiers.fusion_encoding import FusionEncoder
from classifiers.table import provenance_of
from epic_features.frame import to_pandas

pytestmark = pytest.mark.usefixtures("lightgbm")


def test_it_learns(fusion_mode, three_fused, quick, make_table):
    table, labels = three_fused
    model = FusionClassifier(fusion_mode, **quick).fit(table, labels)
    odds = model.predict_proba(table)
    assert odds.shape == (90, 3)
    assert odds.sum(axis=1) == pytest.approx(np.ones(90))
    assert (model.classes_[model.out_of_fold_.argmax(axis=1)] == labels).mean() > 0.8
    fresh, truth = make_table({"memes": 30, "notes": 30, "personal": 30}, seed=7)
    fresh = with_embedding(fresh, embeddings(truth.astype(str), seed=7))
    assert (model.predict(fresh) == truth).mean() > 0.8
    assert model.predict_proba(table[:0]).shape == (0, 3)
    assert np.array_equal(model.predict_proba(to_pandas(table)), odds)
    assert model.predict_proba(table[4:5]) == pytest.approx(odds[4:5], abs=1e-6)


def test_the_embedding_helps_where_the_metadata_are_noise(fusion_mode, make_table, quick):
    table, _ = make_table({"only": 120})
    labels = np.where(np.arange(120) % 2, "a", "b")
    fused = with_embedding(table, embeddings(labels))
    alone = TabularClassifier(**quick).fit(table, labels)
    both = FusionClassifier(fusion_mode, **quick).fit(fused, labels)
    single = "pca" if fusion_mode == "product" else fusion_mode
    embedding_only = FusionClassifier(single, columns=(), **quick).fit(fused, labels)
    rates = [
        (m.classes_[m.out_of_fold_.argmax(axis=1)] == labels).mean()
        for m in (alone, both, embedding_only)
    ]
    assert rates[0] < 0.65
    assert min(rates[1:]) > 0.8  # So few pictures can't do better beside 60 columns of noise.
    names = embedding_only.encoder_.feature_names_
    assert all(name.startswith("embedding:") for name in names)


def test_scikit_learn_conventions(fusion_mode, three_fused, quick):
    table, labels = three_fused
    model = FusionClassifier(fusion_mode, n_components=4, **quick)
    parameters = clone(model).get_params()
    assert parameters == model.get_params()
    assert (parameters["mode"], parameters["n_components"]) == (fusion_mode, 4)
    base = set(TabularClassifier().get_params().items())
    assert base <= set(FusionClassifier().get_params().items())
    assert cross_val_score(model, to_pandas(table), labels, cv=2).min() > 0.5
    encoder = FusionEncoder(fusion_mode)
    assert clone(encoder).get_params() == encoder.get_params()


def test_components_are_those_of_scikit_learn(three_fused):
    table, labels = three_fused
    encoder = FusionEncoder("pca", 5).fit(table)
    found = encoder.transform(table)
    own = TableEncoder().fit(table)
    width = len(own.feature_names_)
    assert np.array_equal(found[:, :width], own.transform(table), equal_nan=True)
    wanted = PCA(5, svd_solver="full").fit_transform(embeddings(labels.astype(str)).astype(float))
    assert np.abs(found[:, width:]) == pytest.approx(np.abs(wanted), abs=1e-4)
    names = encoder.get_feature_names_out()[width:].tolist()
    assert names == [f"embedding:component {k}" for k in range(1, 6)]
    assert len(FusionEncoder("pca", 500).fit(table).feature_names_) == width + LENGTH


@pytest.mark.parametrize("count", [2, 3])
def test_probabilities_are_those_of_scikit_learn(three_fused, count):
    table, labels = three_fused
    kept = np.isin(labels, np.unique(labels.astype(str))[:count])
    table, labels = table.filter(pa.array(kept)), labels[kept].astype(str)
    encoder = FusionEncoder("stack", columns=()).fit(table, labels)
    found = encoder.transform(table)
    plain = lists_of(table, "embedding").astype(float)
    wanted = make_pipeline(StandardScaler(), LogisticRegression(C=9 / LENGTH, max_iter=1000))
    wanted = wanted.fit(plain, labels).predict_log_proba(plain)
    assert found == pytest.approx(np.maximum(wanted, np.log(1e-6)), abs=1e-3)
    assert encoder.feature_names_.tolist() == [f"embedding:class {c}" for c in np.unique(labels)]


@pytest.mark.parametrize("priors", [None, "equal"])
@pytest.mark.parametrize("classes", ["two", "three"])
def test_the_product_is_that_of_two_models(classes, priors, request, quick):
    """Of one of the metadata alone, and of a logistic regression on the embedding.

    Probabilities by Bayes' rule: what each says of a class beyond its share is multiplied.
    """
    table, labels = request.getfixturevalue(f"{classes}_fused")
    kept = np.arange(len(labels)) % 3 + (labels == labels[0]) > 0  # Classes of different sizes.
    table, labels = table.filter(pa.array(kept)), labels[kept]
    both = FusionClassifier("product", priors=priors, **quick).fit(table, labels)
    plain = TabularClassifier(**quick).fit(table, labels)
    codes, counts = np.unique(labels.astype(str), return_inverse=True, return_counts=True)[1:]
    shares = counts / counts.sum()
    assert len(set(counts)) > 1
    values = lists_of(table, "embedding")
    learned = logistic_regression(values, codes, len(both.classes_))
    # A plain model is of two parts: the product of what its trees and its regression say.
    plain.weights_ = both.weights_[:2]
    product = softmax(plain.raw_scores(table).astype(float), axis=1) / shares
    said = np.exp(learned.log_probabilities(values).astype(float)) / shares
    product *= said ** both.weights_[2]
    if priors is None:
        product *= shares
    assert both.predict_proba(table) == pytest.approx(
        product / product.sum(axis=1, keepdims=True), abs=1e-5
    )
    contributions = both.contributions(table)
    raw = both.raw_scores(table)
    assert contributions.sum(axis=2) == pytest.approx(raw, abs=1e-4)


def test_the_rows_to_train_on_are_judged_by_others(three_fused):
    """Each group has its own labels by chance: who has seen a group knows them, others can't."""
    table, _ = three_fused
    random = np.random.default_rng(3)
    groups = np.arange(90) // 5
    places = random.normal(0, 3, (18, LENGTH))
    values = places[groups] + random.normal(0, 0.01, (90, LENGTH))
    table = with_embedding(table.drop_columns("embedding"), values)
    labels = np.array(["a", "b"])[random.permutation(np.arange(18) % 2)][groups]
    encoder = FusionEncoder("stack", columns=())
    honest = encoder.fit_transform(table, labels, groups=groups).argmax(axis=1)
    seen = encoder.transform(table).argmax(axis=1)
    split = FusionEncoder("stack", columns=()).fit_transform(table, labels).argmax(axis=1)
    truth = (labels == "b").astype(int)
    assert (seen == truth).mean() > 0.9
    assert (split == truth).mean() > 0.9
    assert (honest == truth).mean() < 0.7
    assert FusionEncoder("pca", 3, columns=()).fit_transform(table).shape == (90, 3)


def test_components_are_learned_inside_the_fold(three_fused, quick):
    """What only the tested fold has must not be among the components."""
    table, labels = three_fused
    values = embeddings(labels.astype(str))
    fold = np.arange(90) % 3
    other = values.copy()
    other[fold == 2] += np.random.default_rng(1).normal(0, 1000, (30, LENGTH))
    bare = table.drop_columns("embedding")
    one, two = (
        FusionClassifier("pca", 3, **quick).fit(with_embedding(bare, v), labels, fold=fold)
        for v in (values, other)
    )
    assert not np.allclose(
        one.encoder_.maps_["embedding"].weights, two.encoder_.maps_["embedding"].weights
    )
    maps = []
    for v in (values, other):
        kept = with_embedding(bare, v).filter(pa.array(fold != 2))
        maps.append(FusionEncoder("pca", 3).fit(kept).maps_["embedding"].weights)
    assert np.array_equal(*maps)


def test_guarantee_and_calibration(fused_model, two_fused):
    table, labels = two_fused
    odds = fused_model.out_of_fold_[
        np.arange(len(labels)), np.searchsorted(fused_model.classes_, labels)
    ]
    assert np.log(odds).mean() > np.log(0.5)  # Better than knowing nothing.
    assert fused_model.guarantee_.protected == 160
    decided = fused_model.decide(table)
    assert set(decided) <= {"personal", "irrelevant", "unsure"}
    hidden = (decided == "irrelevant") & (labels == "personal")
    assert hidden.sum() <= 2


def test_the_embedding_is_one_reason(fused_model, two_fused):
    table, _ = two_fused
    for source in (table[:5], to_pandas(table).iloc[:5]):
        for explanation in explain(fused_model, source):
            topics = [reason.topic for reason in explanation.reasons]
            assert topics.count("embedding") == 1
            (reason,) = (r for r in explanation.reasons if r.topic == "embedding")
            assert reason.phrase == "its look as a whole"
            assert all(name.startswith("embedding:") for name in reason.features)
            total = explanation.base + sum(r.contribution for r in explanation.reasons)
            assert total == pytest.approx(explanation.score)
            sentence = explanation.sentence()
            good = [r.phrase for r in explanation.reasons if r.contribution > 0]
            assert (reason.phrase in sentence) == (reason.phrase in list(dict.fromkeys(good))[:3])
            assert "its look as a whole, " not in sentence
    shares = importance(fused_model, table)
    assert shares["topics"]["embedding"] > 0
    assert shares["parts"]["embedding"] == pytest.approx(shares["topics"]["embedding"])


def test_a_class_with_no_example_in_a_fold(fusion_mode, three_fused, quick):
    """All notes are of one group, so no part that leaves it out has any."""
    table, labels = three_fused
    groups = np.where(labels == "notes", 100, np.arange(90) % 9)
    model = FusionClassifier(fusion_mode, **quick).fit(table, labels, groups=groups)
    assert np.isfinite(model.out_of_fold_).all()
    assert np.isfinite(model.predict_proba(table)).all()


def test_a_class_never_seen_is_not_ruled_out():
    random = np.random.default_rng(0)
    values = random.normal(0, 1, (40, 5)).astype(np.float32)
    codes = np.arange(40) % 2 * 2
    found = logistic_regression(values, codes, 4).log_probabilities(values)
    assert found[:, [1, 3]] == pytest.approx(np.full((40, 2), np.log(1e-6)))
    assert np.exp(found[:, [0, 2]]).sum(axis=1) == pytest.approx(np.ones(40), abs=1e-5)
    one = logistic_regression(values, np.zeros(40, int), 2).log_probabilities(values)
    assert one[:, 0] == pytest.approx(np.zeros(40))


def test_a_class_with_two_images(fusion_mode, three_fused, quick):
    table, labels = three_fused
    few = labels.copy()
    few[few == "notes"] = "memes"
    few[:2] = "rare"
    model = FusionClassifier(fusion_mode, **quick).fit(table, few)
    assert model.predict_proba(table).shape == (90, 3)


def test_constant_and_wide_embeddings():
    random = np.random.default_rng(0)
    values = random.normal(0, 1, (12, 300)).astype(np.float32)
    values[:, 7] = 4.0
    found = principal_components(values, 32)
    assert found.weights.shape == (300, 12)
    scores = logistic_regression(values, np.arange(12) % 3, 3).log_probabilities(values)
    assert np.isfinite(scores).all()


def test_two_fits_give_the_same_model(fusion_mode, three_fused, quick):
    one, two = (FusionClassifier(fusion_mode, **quick).fit(*three_fused) for _ in range(2))
    assert one.booster_.model_to_string() == two.booster_.model_to_string()
    assert np.array_equal(one.out_of_fold_, two.out_of_fold_)
    assert provenance_of(three_fused[0])["backends"] == one.provenance_["backends"]


@pytest.mark.parametrize("mode", ["stack", "product"])
def test_a_fold_is_judged_on_the_table_of_networks_that_had_not_seen_it(mode, three, quick):
    table, labels = three
    names, codes = np.unique(labels, return_inverse=True)
    knows = with_embedding(table, np.eye(len(names), LENGTH, dtype=np.float32)[codes])
    honest = with_embedding(table, embeddings(labels.astype(str)))
    fold = np.arange(len(labels)) % 3
    alone = FusionClassifier(mode, **quick).fit(honest, labels, fold=fold)
    tables = dict.fromkeys(range(3), honest)
    model = FusionClassifier(mode, **quick).fit(knows, labels, fold=fold, fold_tables=tables)
    assert (model.out_of_fold_ == alone.out_of_fold_).all()
    assert model.weights_.tolist() == alone.weights_.tolist()
    assert not (model.predict_proba(honest) == alone.predict_proba(honest)).all()
    believed = FusionClassifier(mode, **quick).fit(knows, labels, fold=fold)
    assert (believed.out_of_fold_ != alone.out_of_fold_).any()


@pytest.mark.parametrize("chosen", ["stack", "product"])
def test_regressions_on_lists_heed_the_weights_of_rows(chosen, three_fused):
    table, labels = three_fused
    turned = {"memes": "notes", "notes": "personal", "personal": "memes"}
    wrong = np.array([turned[label] for label in labels[:30]], object)
    both, names = pa.concat_tables([table, table[:30]]), np.concatenate([labels, wrong])
    weights = np.repeat([1.0, 0.0], [len(labels), 30])
    plain = FusionEncoder(chosen).fit(table, labels.astype(str)).maps_["embedding"]
    weighed = FusionEncoder(chosen).fit(both, names.astype(str), sample_weight=weights)
    assert weighed.maps_["embedding"].weights == pytest.approx(plain.weights, abs=1e-4)
    assert weighed.maps_["embedding"].offset == pytest.approx(plain.offset, abs=2e-3)
    spoilt = FusionEncoder(chosen).fit(both, names.astype(str)).maps_["embedding"]
    assert spoilt.weights != pytest.approx(plain.weights, abs=1e-2)
