"""The classifier as scikit-learn sees it, and what it refuses."""

from functools import partial

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.metrics import get_scorer, roc_auc_score
from sklearn.model_selection import GroupKFold, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from classifiers import FusionClassifier, TabularClassifier, explain, importance
from classifiers.guarantee import UNSURE
from classifiers.table import TableError
from epic_features import Settings, SettingsMismatch
from epic_features.frame import to_pandas

pytestmark = pytest.mark.usefixtures("lightgbm")


def accuracy(model, table, labels):
    return (model.predict(table) == labels).mean()


def test_it_learns_and_returns_probabilities(model_of_three, three, make_table):
    table, labels = three
    assert model_of_three.classes_.tolist() == ["memes", "notes", "personal"]
    odds = model_of_three.predict_proba(table)
    assert odds.shape == (90, 3)
    assert odds.sum(axis=1) == pytest.approx(np.ones(90))
    assert (odds > 0).all()
    fresh, truth = make_table({"memes": 30, "notes": 30, "personal": 30}, seed=7)
    assert accuracy(model_of_three, fresh, truth) > 0.8
    held_out = model_of_three.out_of_fold_
    assert (model_of_three.classes_[held_out.argmax(axis=1)] == labels).mean() > 0.8
    assert model_of_three.guarantee_ is None
    assert model_of_three.decide(table).tolist() == model_of_three.predict(table).tolist()


def test_pandas_arrow_and_single_rows_agree(model_of_three, three):
    table, _ = three
    odds = model_of_three.predict_proba(table)
    assert np.array_equal(model_of_three.predict_proba(to_pandas(table)), odds)
    assert np.array_equal(model_of_three.predict_proba(table[4:5]), odds[4:5])
    assert model_of_three.predict_proba(table[:0]).shape == (0, 3)
    assert model_of_three.predict(table[:0]).shape == (0,)


def test_scikit_learn_conventions(three, quick):
    table, labels = three
    frame = to_pandas(table)
    model = TabularClassifier(**quick, protect=("personal",))
    assert clone(model).get_params() == model.get_params()
    assert model.get_params()["words"] == quick["words"]
    pipeline = make_pipeline(FunctionTransformer(), clone(model)).fit(frame, labels)
    assert (pipeline.predict(frame) == labels).mean() > 0.8
    scores = cross_val_score(model, frame, labels, cv=2)
    assert scores.min() > 0.5
    groups = np.arange(90) % 9
    scores = cross_val_score(model, frame, labels, cv=GroupKFold(2), groups=groups)
    assert scores.min() > 0.5


def test_two_fits_give_the_same_model(three, quick, model_of_three):
    again = TabularClassifier(**quick).fit(*three)
    assert again.booster_.model_to_string() == model_of_three.booster_.model_to_string()
    assert np.array_equal(again.out_of_fold_, model_of_three.out_of_fold_)
    assert again.weights_.tolist() == model_of_three.weights_.tolist()
    other = TabularClassifier(**quick, random_state=1).fit(*three)
    assert other.booster_.model_to_string() != model_of_three.booster_.model_to_string()


def test_groups_stay_together(three, quick):
    groups = np.arange(90) // 5
    model = TabularClassifier(**quick).fit(*three, groups=groups)
    for group in range(18):
        assert len(set(model.fold_[groups == group])) == 1
    assert set(model.fold_) == {0, 1, 2}


def test_what_was_held_out_was_not_trained_on(three, quick):
    """Labels of a fold that are nonsense must not show in its own held-out answers."""
    table, labels = three
    fold = np.arange(90) % 2
    honest = TabularClassifier(**quick).fit(table, labels, fold=fold)
    turned = {"memes": "notes", "notes": "personal", "personal": "memes"}
    wrong = np.array([turned[x] if f else x for x, f in zip(labels, fold, strict=True)], object)
    model = TabularClassifier(**quick).fit(table, wrong, fold=fold)
    # Fold 1 was judged by a model of fold 0, whose labels are the same in both.
    one, other = (m.out_of_fold_[fold == 1].argmax(axis=1) for m in (honest, model))
    assert (one == other).mean() > 0.95
    assert (model.classes_[other] == labels[fold == 1]).mean() > 0.6


def test_scikit_learn_ranks_two_classes(two, quick):
    table, labels = two
    frame, model = to_pandas(table), TabularClassifier(**quick).fit(table, labels)
    second = model.predict_proba(table)[:, 1]
    odds = model.decision_function(table)
    assert odds == pytest.approx(np.log(second / (1 - second)), abs=1e-6)
    area = get_scorer("roc_auc")(model, frame, labels)
    assert area == pytest.approx(roc_auc_score(labels == model.classes_[1], second))
    assert cross_val_score(model, frame, labels, cv=2, scoring="roc_auc").min() > 0.5
    honest = CalibratedClassifierCV(TabularClassifier(**quick), cv=2).fit(frame, labels)
    assert honest.predict_proba(frame).shape == (len(labels), 2)


def test_rows_of_fold_minus_one_are_trained_on_and_never_tested(three, quick):
    table, labels = three
    fold = np.arange(90) % 3 - 1
    model = TabularClassifier(**quick).fit(table, labels, fold=fold)
    assert np.isnan(model.out_of_fold_[fold == -1]).all()
    assert not np.isnan(model.out_of_fold_[fold >= 0]).any()
    without = TabularClassifier(**quick).fit(
        table.filter(pa.array(fold >= 0)), labels[fold >= 0], fold=fold[fold >= 0]
    )
    assert model.booster_.model_to_string() != without.booster_.model_to_string()


def test_many_helpers_and_few_tested_rows(three, quick):
    """Whoever tells when to stop must be found among the tested rows."""
    table, labels = three
    for seed in range(5):
        fold = np.full(90, -1)
        fold[np.random.default_rng(seed).choice(90, 8, replace=False)] = [0, 1] * 4
        model = TabularClassifier(**quick).fit(table, labels, fold=fold)
        assert (~np.isnan(model.out_of_fold_[:, 0])).sum() == 8


def test_it_stops_early(three, quick, make_table):
    random = np.random.default_rng(0)
    table, _ = three
    nonsense = TabularClassifier(**{**quick, "max_rounds": 100}).fit(
        table, random.permutation(three[1])
    )
    assert nonsense.booster_.current_iteration() < 30
    assert nonsense.out_of_fold_.max() < 0.9


def test_weights_of_rows(three, quick):
    table, labels = three
    wrong = labels.copy()
    spoilt = np.arange(90) % 3 == 0
    wrong[spoilt] = "memes"
    weights = np.where(spoilt, 0.0, 1.0)
    fold = np.arange(90) // 3 % 3
    plain = TabularClassifier(**quick).fit(table, wrong, fold=fold)
    weighted = TabularClassifier(**quick).fit(table, wrong, fold=fold, sample_weight=weights)
    known = ~spoilt
    truth = table.filter(pa.array(known))
    assert plain.booster_.model_to_string() != weighted.booster_.model_to_string()
    # The regression knows nothing of rows without weight, and the weights of the parts neither.
    clean = TabularClassifier(**quick).fit(truth, wrong[known], fold=fold[known])
    assert weighted.parts_.regression.weights == pytest.approx(
        clean.parts_.regression.weights, rel=0.3, abs=0.05
    )
    spoiled = plain.parts_.regression.weights - clean.parts_.regression.weights
    weighed = weighted.parts_.regression.weights - clean.parts_.regression.weights
    assert np.abs(weighed).mean() < 0.5 * np.abs(spoiled).mean()
    means = [m.predict_proba(truth)[labels[known] != "memes", 0].mean() for m in (plain, weighted)]
    assert means[1] < means[0]
    ones = TabularClassifier(**quick).fit(table, wrong, fold=fold, sample_weight=np.ones(90))
    assert ones.booster_.model_to_string() == plain.booster_.model_to_string()


@pytest.mark.parametrize(
    "weights", [np.zeros(90), np.full(90, -1.0), np.full(90, np.nan), np.ones(3), np.ones((90, 1))]
)
def test_weights_that_make_no_sense(three, quick, weights):
    with pytest.raises(TableError, match="weight"):
        TabularClassifier(**quick).fit(*three, sample_weight=weights)


@pytest.mark.parametrize("kept", [[-1], [0]])
def test_weights_that_leave_nothing_to_test_or_train_on(three, quick, kept):
    fold = np.arange(90) % 4 - 1
    weights = np.isin(fold, kept).astype(float)
    with pytest.raises(TableError, match="has the weight 0"):
        TabularClassifier(**quick).fit(
            *three,
            fold=fold if -1 in kept else fold + 1,
            sample_weight=weights if -1 in kept else (fold + 1 == 0).astype(float),
        )


def test_weights_of_rows_count_in_those_of_the_parts(three, quick):
    """Held-out rows with labels by chance make every part less sure, unless they weigh nothing."""
    table, labels = three
    fold = np.arange(90) % 3
    wrong, spoilt = labels.copy(), np.arange(90) % 9 < 3
    wrong[spoilt] = np.random.default_rng(1).permutation(labels[spoilt])
    models = [
        TabularClassifier(**quick).fit(table, wrong, fold=fold, sample_weight=weights)
        for weights in (np.ones(90), np.where(spoilt, 1e-9, 1.0))
    ]
    sure = [np.nanmax(m.out_of_fold_, axis=1)[~spoilt].mean() for m in models]
    assert sure[1] > sure[0] + 0.02


def test_weights_of_classes(make_table, quick):
    table, labels = make_table({"rare": 12, "usual": 60})
    plain = TabularClassifier(**quick).fit(table, labels)
    # 72 / (2 * 12) and 72 / (2 * 60).
    by_hand = {"rare": 3.0, "usual": 0.6}
    balanced = TabularClassifier(**quick, class_weight="balanced").fit(table, labels)
    given = TabularClassifier(**quick, class_weight=by_hand).fit(table, labels)
    assert given.booster_.model_to_string() == balanced.booster_.model_to_string()
    sample = np.where(labels == "rare", 3.0, 0.6)
    same = TabularClassifier(**quick).fit(table, labels, sample_weight=sample)
    assert same.booster_.model_to_string() == balanced.booster_.model_to_string()
    assert balanced.booster_.model_to_string() != plain.booster_.model_to_string()
    with pytest.raises(TableError, match="class_weight='fair'"):
        TabularClassifier(**quick, class_weight="fair").fit(table, labels)


def test_the_guarantee_holds_on_what_it_was_chosen_on(model_of_two, two):
    table, labels = two
    promise = model_of_two.guarantee_
    scores, mine = model_of_two.out_of_fold_[:, 1], labels == "personal"
    assert promise.protected == 160
    assert (scores[mine] < promise.hide_below).sum() <= 0.01 * 160
    answers = model_of_two.decide(table)
    assert set(answers) <= {"irrelevant", "personal", UNSURE}
    odds = model_of_two.predict_proba(table)[:, 1]
    assert (odds[answers == "irrelevant"] < promise.hide_below).all()
    assert (odds[answers == "personal"] >= promise.keep_from).all()


def test_too_few_protected_images_hide_nothing(three, quick):
    model = TabularClassifier(**quick, protect=["personal"]).fit(*three)
    assert model.guarantee_.hide_below is None
    assert set(model.decide(three[0])) <= {"personal", UNSURE}


def test_a_class_of_two_images_and_two_groups(make_table, quick):
    table, labels = make_table({"memes": 20, "rare": 2})
    model = TabularClassifier(**quick).fit(table, labels)
    assert not np.isnan(model.out_of_fold_).any()


@pytest.mark.parametrize("counts", [{"a": 2, "b": 2}, {"a": 3, "b": 3}])
def test_a_handful_of_images(make_table, quick, counts):
    table, labels = make_table(counts)
    try:
        model = TabularClassifier(**quick).fit(table, labels)
    except TableError:
        return
    assert not np.isnan(model.predict_proba(table)).any()


def test_two_groups(three, quick):
    try:
        model = TabularClassifier(**quick).fit(*three, groups=np.arange(90) % 2)
    except TableError as error:
        assert "all rows are of one group" not in str(error)  # There are two.
        return
    assert set(model.fold_) == {0, 1}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda y: np.full(90, "memes", object), "only the class 'memes'"),
        (lambda y: np.array(["alone", *y[1:]], object), "only one image of: alone"),
        (lambda y: np.array([None, np.nan, *y[2:]], object), "2 of 90 rows have no label"),
        (lambda y: y[:50], "50 labels for 90 rows"),
        (lambda y: np.array([UNSURE, UNSURE, *y[2:]], object), "can't be called 'unsure'"),
    ],
)
def test_labels_that_cannot_be_learned(three, quick, change, message):
    table, labels = three
    with pytest.raises(TableError, match=message):
        TabularClassifier(**quick).fit(table, change(labels))


def test_an_empty_table(three, quick):
    with pytest.raises(TableError, match="no rows"):
        TabularClassifier(**quick).fit(three[0][:0], [])


@pytest.mark.parametrize(
    ("protect", "message"),
    [
        ("personal", "give a list of class names"),
        (["mine"], "no images of the protected classes mine"),
        (["memes", "notes", "personal"], "protect"),
    ],
)
def test_protected_classes_that_make_no_sense(three, quick, protect, message):
    with pytest.raises(TableError, match=message):
        TabularClassifier(**quick, protect=protect).fit(*three)


def test_tables_that_do_not_fit(model_of_three, three, make_table, quick):
    table, labels = three
    with pytest.raises(TableError, match="none of the feature columns"):
        TabularClassifier(**quick).fit(pd.DataFrame({"a": range(90)}), labels)
    with pytest.raises(TableError, match="lacks luma_p50"):
        model_of_three.predict(table.drop_columns(["luma_p50"]))
    frame = to_pandas(table)
    frame["text_y"] = "low"
    with pytest.raises(TableError, match="column text_y should be float"):
        model_of_three.predict(frame)
    other, _ = make_table({"a": 2}, settings=Settings(groups=("all",), faces="yunet"))
    with pytest.raises(SettingsMismatch, match="faces='yunet' instead of 'centerface'"):
        model_of_three.predict(other)


def test_what_is_no_table_is_refused_everywhere(model_of_three, three, quick):
    table, labels = three
    row = to_pandas(table).iloc[0]
    for thing in (np.zeros((90, 4)), table.to_pylist(), table.to_pydict(), None, row):
        for ask in (
            model_of_three.predict_proba,
            model_of_three.decide,
            model_of_three.encoder_.transform,
            partial(explain, model_of_three),
            partial(importance, model_of_three),
            partial(TabularClassifier(**quick).fit, y=labels),
            partial(FusionClassifier(**quick).fit, y=labels),
        ):
            with pytest.raises(TableError, match="is a pandas DataFrame or a pyarrow Table, not a"):
                ask(thing)
    (one,) = explain(model_of_three, to_pandas(table).iloc[[0]])  # As the message advises.
    assert one == explain(model_of_three, table)[0]


def test_only_some_columns(three, quick, make_table):
    model = TabularClassifier(**quick, columns=["text_to_image_ratio", "characters_count"])
    model.fit(*three)
    assert list(model.encoder_.feature_names_) == ["text_to_image_ratio", "characters_count"]
    core, _ = make_table({"a": 3}, settings=Settings(groups=("core", "layout")))
    assert model.predict(core).shape == (3,)


def test_infinite_and_missing_numbers_are_survived(model_of_three, three):
    frame = three[0].to_pandas()
    for name in model_of_three.encoder_.number_columns_:
        frame[name] = np.nan
    assert not np.isnan(model_of_three.predict_proba(frame)).any()
    frame["text_to_image_ratio"] = np.inf
    assert not np.isnan(model_of_three.predict_proba(frame)).any()


def test_real_pictures_of_a_drawn_gallery(gallery, quick):
    from epic_features import extract

    folder, drawings = gallery
    paths = [folder / d.path for d in drawings]
    table = extract(paths, settings=Settings(groups=("shape", "colors", "texture")), root=folder)
    labels = ["phone" if "Screenshot" in d.path else "other" for d in drawings]
    model = TabularClassifier(**{**quick, "min_images": 2, "folds": 2}).fit(table, labels)
    assert accuracy(model, table, labels) >= 0.7


def test_real_pictures_of_the_data(shared, quick):
    from epic_features import extract

    classes = ("academicDigital", "personalPhotos")
    paths = [p for c in classes for p in sorted((shared / "data" / c).glob("*.jpg"))[:20]]
    table = extract(paths, settings=Settings(groups=("shape", "colors", "texture")))
    labels = np.array([path.parent.name for path in paths])
    model = TabularClassifier(**{**quick, "max_rounds": 30}).fit(table, labels)
    held_out = model.classes_[model.out_of_fold_.argmax(axis=1)]
    assert (held_out == labels).mean() >= 0.8


def test_groups_that_are_the_classes_are_warned_of(three, quick, caplog):
    """Each class is then judged by a model that has never seen it."""
    table, labels = three
    TabularClassifier(**quick).fit(table, labels, groups=labels)
    assert "are held out together" in caplog.text
