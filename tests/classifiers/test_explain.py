"""Reasons: they sum to the score, and their words fit the picture."""

import subprocess
import sys

import numpy as np
import pytest

from classifiers.explanation import explain, importance
from classifiers.plots import as_png
from classifiers.table import COLUMNS, TableError
from classifiers.topics import part_of, phrase_of, topic_of
from epic_features import Settings, SettingsMismatch
from epic_features.frame import to_pandas
from epic_features.settings import EXTRA_GROUPS

PARTS = {"geometry", "colour", "faces", "text counts", "words", "embedding", "writing"} | {
    f"extra group {group}" for group in EXTRA_GROUPS
}

TEXT_TOPICS = (
    "amount of text",
    "language",
    "legibility",
    "numbers and signs",
    "setting of the text",
    "ground of the text",
    "words",
)


def raw(model, table):
    """The score of each class, by its probability and those of all; of two that of the second."""
    odds = np.log(model.predict_proba(table))
    if len(model.classes_) == 2:
        return odds[:, 1] - odds[:, 0]
    said = model.raw_scores(table)
    assert np.ptp(said - odds, axis=1) == pytest.approx(0, abs=1e-6)
    return said


def test_the_package_gives_the_functions_however_often_they_are_imported():
    code = (
        "from classifiers import explain; import classifiers.explanation;"
        "from classifiers import explain, evaluate, importance;"
        "print(*map(callable, (explain, evaluate, importance)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout.split() == ["True"] * 3, done.stderr


def test_contributions_sum_to_the_raw_score(model_of_three, three):
    table, _ = three
    scores = raw(model_of_three, table)
    odds = model_of_three.predict_proba(table)
    for row, found in enumerate(explain(model_of_three, table)):
        code = odds[row].argmax()
        assert found.answer == model_of_three.classes_[code]
        assert found.probability == odds[row, code]
        assert found.score == pytest.approx(scores[row, code])
        together = found.base + sum(reason.contribution for reason in found.reasons)
        assert together == pytest.approx(scores[row, code])
        sizes = [abs(reason.contribution) for reason in found.reasons]
        assert sizes == sorted(sizes, reverse=True)
        for reason in found.reasons:
            assert sum(reason.features.values()) == pytest.approx(reason.contribution)
            assert {topic_of(name) for name in reason.features} == {reason.topic}
        names = [name for reason in found.reasons for name in reason.features]
        assert sorted(names) == sorted(model_of_three.encoder_.feature_names_)


def test_of_two_classes_the_first_mirrors_the_second(model_of_two, two):
    table = two[0][:9]
    scores = raw(model_of_two, table)
    second = explain(model_of_two, table, ["personal"] * 9)
    first = explain(model_of_two, table, ["irrelevant"] * 9)
    for score, one, other in zip(scores, second, first, strict=True):
        assert one.score == pytest.approx(score)
        assert other.score == pytest.approx(-score)
        assert other.probability == pytest.approx(1 - one.probability)
        mirrored = {reason.topic: -reason.contribution for reason in other.reasons}
        assert mirrored == pytest.approx({r.topic: r.contribution for r in one.reasons})


def test_another_class_can_be_explained(model_of_three, three):
    table = three[0][:5]
    scores = raw(model_of_three, table)
    for row, found in enumerate(explain(model_of_three, table, ["notes"] * 5)):
        assert found.answer == "notes"
        assert found.score == pytest.approx(scores[row, 1])


def test_a_class_that_is_not_known(model_of_three, three):
    with pytest.raises(TableError, match="zebra"):
        explain(model_of_three, three[0][:1], ["zebra"])


def test_pandas_gives_the_same_reasons(model_of_three, three):
    table = three[0][:12]
    assert explain(model_of_three, to_pandas(table)) == explain(model_of_three, table)


def test_no_rows(model_of_three, three):
    assert explain(model_of_three, three[0][:0]) == []


def test_other_settings_are_refused(model_of_three, make_table):
    table, _ = make_table({"a": 2}, settings=Settings(groups=("all",), faces="yunet"))
    with pytest.raises(SettingsMismatch):
        explain(model_of_three, table)
    with pytest.raises(SettingsMismatch):
        importance(model_of_three, table)


def test_a_sentence_names_what_speaks_for_the_answer(model_of_three, three):
    found = explain(model_of_three, three[0])
    for one in found:
        good = list(dict.fromkeys(r.phrase for r in one.reasons if r.contribution > 0))
        assert one.sentence(2) == (", ".join(good[:2]) or "nothing speaks for it")
    assert len({one.sentence() for one in found}) > 10


def test_a_plot(model_of_three, three):
    (found,) = explain(model_of_three, three[0][:1])
    assert as_png(found.plot()).startswith(b"\x89PNG")
    assert as_png(found.plot(most=1)) != as_png(found.plot(most=3))


def test_importance_over_a_table(model_of_three, three):
    table, _ = three
    found = importance(model_of_three, table)
    # Of the trees by LightGBM, of the regression one number at a time, at its mean where unknown.
    numbers = model_of_three.encoder_.transform(table)
    of_trees = model_of_three.booster_.predict(numbers, pred_contrib=True)
    of_trees = of_trees.reshape(len(table), 3, -1)[..., :-1]
    regression = model_of_three.parts_.regression
    away = np.nan_to_num((numbers - regression.scaling.mean) / regression.scaling.deviation)
    slopes = np.clip(away, -5, 5)[:, None, :] * regression.weights.T
    parts = model_of_three.weights_[0] * of_trees + model_of_three.weights_[1] * slopes
    names = list(model_of_three.encoder_.feature_names_)
    for name in (names[0], names[7], names[-1]):
        expected = np.abs(parts[..., names.index(name)]).mean()
        assert found["features"][name] == pytest.approx(expected)
    faces = [names.index(n) for n in ("total_faces_count", "faces_to_image_ratio")]
    expected = np.abs(parts[..., faces].sum(axis=-1)).mean()
    assert found["parts"]["faces"] == pytest.approx(expected)
    assert found["topics"]["faces"] == pytest.approx(expected)
    for values in found.values():
        assert list(values.values()) == sorted(values.values(), reverse=True)


def test_every_feature_has_a_topic_with_a_phrase_and_a_part(model_of_three):
    for name in [*model_of_three.encoder_.feature_names_, *COLUMNS]:
        if name in COLUMNS and COLUMNS[name].group == "file":
            continue
        topic = topic_of(name)
        assert topic != "other", name
        assert phrase_of(topic, {}), name
        assert part_of(name) in PARTS, name


@pytest.mark.parametrize(
    ("topic", "row", "phrase"),
    [
        ("shape", {"aspect_ratio": 0.5}, "tall like a phone screen (1 : 2.0)"),
        ("shape", {"aspect_ratio": 0.75}, "upright (1 : 1.3)"),
        ("shape", {"aspect_ratio": 1.0}, "square"),
        ("shape", {"aspect_ratio": 1.5}, "wide (1.5 : 1)"),
        ("faces", {"total_faces_count": 0, "faces_to_image_ratio": 0.0}, "no face"),
        (
            "faces",
            {"total_faces_count": 1, "faces_to_image_ratio": 0.25},
            "one face (25% of the picture)",
        ),
        ("faces", {"total_faces_count": 3, "faces_to_image_ratio": None}, "3 faces"),
        ("faces", {"total_faces_count": None}, "faces not looked for"),
        (
            "amount of text",
            {"text_to_image_ratio": 0.0, "total_lines_of_text_count": 0},
            "no text",
        ),
        (
            "amount of text",
            {"text_to_image_ratio": 0.41, "total_lines_of_text_count": 20},
            "a lot of text (41%, 20 lines)",
        ),
        (
            "amount of text",
            {"text_to_image_ratio": 0.01, "total_lines_of_text_count": 1},
            "little text (1%, 1 line)",
        ),
        (
            "amount of text",
            {"text_to_image_ratio": 0.1, "total_lines_of_text_count": 5},
            "some text (10%, 5 lines)",
        ),
        ("language", {"total_en_boxes": 1, "total_ar_boxes": 2}, "Arabic and Latin letters"),
        ("language", {"total_en_boxes": 0, "total_ar_boxes": 2}, "Arabic letters"),
        ("language", {"total_en_boxes": 3, "total_ar_boxes": None}, "Latin letters"),
        ("language", {"total_en_boxes": 0}, "no Arabic or Latin letters"),
        ("numbers and signs", {"clock_times_count": 4, "handles_count": 1}, "times of day (4)"),
        ("numbers and signs", {"handles_count": 2}, "@names or #topics (2)"),
        ("numbers and signs", {}, "no digits or signs"),
        ("setting of the text", {"total_lines_of_text_count": 0}, "no text"),
        (
            "setting of the text",
            {"total_lines_of_text_count": 2, "text_tilt": 7.2},
            "tilted lines (7°)",
        ),
        (
            "setting of the text",
            {"total_lines_of_text_count": 2, "text_tilt": 0.1, "text_y": 0.9},
            "lines at the foot",
        ),
        ("light", {"brightness": 0.9}, "bright"),
        ("light", {"brightness": None, "luma_p50": 0.1}, "dark"),
        ("skin", {"skin_ratio": 0.3}, "skin colours (30%)"),
        (
            "words",
            {"en_words_original": ["a", "b"], "ar_words_original": None},
            "its words (2)",
        ),
        ("words", {"en_words_original": []}, "no words"),
        ("camera", {"has_camera_make": True}, "camera details"),
        ("camera", {"has_camera_make": None}, "no camera details"),
        ("surface", {"flat_ratio": 0.8}, "clean, flat surface (80%)"),
    ],
)
def test_phrases_of_rows(topic, row, phrase):
    assert phrase_of(topic, {"total_lines_of_text_count": 3, **row}) == phrase


@pytest.mark.parametrize("topic", TEXT_TOPICS)
def test_no_text_and_not_looked_for_are_two_things(topic):
    assert phrase_of(topic, {"total_lines_of_text_count": 0}) == "no text"
    assert phrase_of(topic, {"total_lines_of_text_count": None}) == "text not looked for"
