"""Cheap steps before a full model, on real pictures and with real models."""

import json
import os
import signal
from copy import copy
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image as PILImage

from classifiers.guarantee import UNSURE
from classifiers.tabular import TabularClassifier
from epic_features import Extractor, Settings, SettingsError, extract
from epic_features.engines.processes import ProcessEngine
from epic_features.errors import ModelFileError, SettingsMismatch
from epic_features.sources import ImageReference, references
from epic_gallery.cascade import Cascade, Step, load_cascade, settled, settling_thresholds
from epic_gallery.sorting import CascadeExtractor, sort_images
from training.cascade_thresholds import RATE, apply, choose, rehearse

CLASSES = np.array(["irrelevant", "personal"])
CHEAP = Settings(groups=("shape", "quality"), text="counts")
FOUND = Settings(groups=("shape", "quality", "layout"), text="counts")
NEVER, ALWAYS = {"irrelevant": 2.0, "personal": 2.0}, {"irrelevant": 0.0, "personal": 0.0}


def picture(brightness, seed):
    noise = np.random.default_rng(seed).integers(-20, 20, (48, 64, 3))
    return np.clip(brightness + noise, 0, 255).astype(np.uint8)


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    """Bright pages and dark photos, and some in between."""
    folder = tmp_path_factory.mktemp("pictures")
    for number in range(18):
        PILImage.fromarray(picture(20 + 12 * number, number)).save(folder / f"{number:02d}.png")
    return folder


@pytest.fixture(scope="module")
def model(lightgbm):
    """Return a function that trains a small model on what some settings measure."""
    random = np.random.default_rng(0)
    brightness = random.integers(20, 230, 90)
    arrays = [picture(value, seed) for seed, value in enumerate(brightness)]
    noisy = brightness + random.normal(0, 15, 90)
    labels = np.where(noisy > 125, "irrelevant", "personal")
    table = extract(arrays, settings=CHEAP)

    def train(settings):
        made = TabularClassifier(
            columns=["brightness", "contrast", "sharpness"],
            protect=("personal",),
            min_images=3,
            max_rounds=20,
            column_share=1.0,
        ).fit(table, labels)
        made.provenance_["settings"].update(groups=list(settings.groups), text=settings.text)
        return made

    return train


@pytest.fixture(scope="module")
def cascade(model, default_models):
    cheap, found, full = model(CHEAP), model(FOUND), model(Settings(groups=("core", "quality")))
    sure, less = {"irrelevant": 0.7, "personal": 2.0}, {"irrelevant": 0.3, "personal": 2.0}
    return Cascade((Step("cheap", cheap, sure), Step("found", found, less)), full)


def with_thresholds(cascade, *thresholds):
    steps = zip(cascade.steps, thresholds, strict=True)
    return Cascade(tuple(Step(s.name, s.model, t) for s, t in steps), cascade.last)


def test_each_picture_ends_where_its_own_probabilities_say(cascade, pictures):
    labels = sort_images(pictures, cascade, engine="inline").labels
    expected = []
    tables = [extract(pictures, settings=settings) for settings in cascade.settings]
    for row in range(18):
        one = [table.iloc[[row]] for table in tables]
        for step, table in zip(cascade.steps, one, strict=False):
            values = dict(zip(CLASSES, step.model.predict_proba(table)[0], strict=True))
            sure = [name for name in CLASSES if values[name] >= step.settle_from[name]]
            if sure:
                expected.append((step.name, max(sure, key=values.get)))
                break
        else:
            expected.append(("full", cascade.last.decide(one[-1])[0]))
    found = zip(labels["tier"].to_pylist(), labels["decision"].to_pylist(), strict=True)
    assert list(found) == expected
    assert {tier for tier, _ in expected} == {"cheap", "found", "full"}
    assert labels["file_name"].to_pylist() == [f"{n:02d}.png" for n in range(18)]
    assert labels["sha256"].null_count == 0


def test_a_picture_that_is_settled_is_not_read_and_others_get_the_full_row(cascade, pictures):
    path = pictures / "03.png"
    full = cascade.settings[-1]
    settings = with_thresholds(cascade, ALWAYS, NEVER)
    maker = CascadeExtractor(settings.steps, full)
    row = maker.row(Extractor(full).load(path))
    assert row["tier"] == 0
    assert row["brightness"] is not None
    assert row["text_to_image_ratio"] is row["total_faces_count"] is None
    last = CascadeExtractor(with_thresholds(cascade, NEVER, NEVER).steps, full)
    found = last.row(Extractor(full).load(path))
    assert found.pop("tier") == 2
    assert found == Extractor(full).row(path)


def test_no_stage_runs_twice(cascade, pictures, monkeypatch):
    ran = []
    run = Extractor.run
    monkeypatch.setattr(
        Extractor, "run", staticmethod(lambda g, w, i: ran.append((g, type(w))) or run(g, w, i))
    )
    maker = CascadeExtractor(with_thresholds(cascade, NEVER, NEVER).steps, cascade.settings[-1])
    maker.row(maker._extractors[0].load(pictures / "03.png"))
    assert sorted(name for name, _ in ran) == [
        "colors",
        "faces",
        "quality",
        "shape",
        "text",
        "text",
    ]
    assert len(set(ran)) == len(ran)


@dataclass(frozen=True, eq=False)
class Deadly(ImageReference):
    """An image that kills the process that loads it."""

    def load(self, settings):
        os.kill(os.getpid(), signal.SIGKILL)


def test_a_dead_worker_costs_one_picture(cascade, pictures):
    good = sorted(pictures.iterdir())[:4]
    deadly = Deadly(str(good[0]), good[0], "deadly.png", None)
    steps = with_thresholds(cascade, ALWAYS, NEVER).steps
    engine = ProcessEngine(2, build=partial(CascadeExtractor, steps))
    listed = [*references(good), deadly]
    results = list(engine.run(listed, cascade.settings[-1]))
    assert [result.row is not None for result in results] == [True] * 4 + [False]
    assert results[-1].rejected.stage == "worker"
    assert [result.row["tier"] for result in results[:4]] == [0] * 4


def test_a_bad_file_costs_one_picture(cascade, pictures, tmp_path):
    good = sorted(pictures.iterdir())[:6]
    (tmp_path / "bad.png").write_bytes(b"no image")
    told = []
    done = sort_images(
        [*good[:3], tmp_path / "bad.png", *good[3:]],
        with_thresholds(cascade, ALWAYS, NEVER),
        workers=2,
        on_progress=lambda *counts: told.append(counts),
    )
    assert done.labels["file_name"].to_pylist() == [path.name for path in good]
    assert [item.stage for item in done.rejected] == ["decode"]
    assert told[0] == (0, 0)
    assert told[-1] == (6, 1)
    alone = sort_images(good, with_thresholds(cascade, ALWAYS, NEVER), engine="inline")
    assert alone.labels.equals(done.labels)


@pytest.mark.parametrize("engine", ["inline", "processes"])
def test_the_models_are_told_how_the_rows_were_made(cascade, pictures, model, engine, caplog):
    sort_images(pictures, cascade, engine=engine, workers=1, reasons=True)
    sort_images([], cascade, engine="inline", reasons=True)
    assert not caplog.records
    other = model(replace(CHEAP, groups=("shape", "quality"), embedding="vcnn"))
    other.provenance_["settings"]["embedding"] = "vcnn"
    other.provenance_["backends"] = [{"role": "embedding", "name": "other", "sha256": "0"}]
    alone = Cascade((), other)
    with pytest.raises(SettingsMismatch, match="embedding by vcnn"):
        sort_images(pictures, alone, engine=engine, workers=1)


@pytest.mark.parametrize("reasons", [False, True])
def test_no_pictures_at_all_give_an_empty_table(cascade, reasons):
    done = sort_images([], cascade, engine="inline", reasons=reasons)
    assert len(done.labels) == 0
    assert ("reasons" in done.labels.column_names) == reasons
    assert {"label", "decision", "p_personal", "tier", "sha256"} <= set(done.labels.column_names)


@pytest.mark.parametrize("wrong", [{"engine": "ray"}, {"workers": 0}, {"time_limit": 0}])
def test_bad_arguments_are_refused(cascade, pictures, wrong):
    with pytest.raises(SettingsError):
        sort_images(pictures, cascade, **wrong)


def test_a_saved_cascade_answers_the_same(cascade, pictures, tmp_path, model):
    cascade.save(tmp_path / "steps")
    again = Cascade.load(tmp_path / "steps")
    assert again.last.guarantee_ == cascade.last.guarantee_
    assert again.tiers == ("cheap", "found", "full")
    assert again.settings == cascade.settings
    first, second = (
        sort_images(pictures, one, engine="inline", reasons=True).labels for one in (cascade, again)
    )
    assert first.drop_columns("reasons").equals(second.drop_columns("reasons"))
    assert first["reasons"].null_count == 0


def test_a_damaged_or_foreign_cascade_is_refused(cascade, tmp_path):
    cascade.save(tmp_path)
    other = copy(cascade.last)
    other.classes_ = np.array(["cat", "personal"])
    other.save(tmp_path / "full")
    with pytest.raises(ModelFileError, match="knows the classes irrelevant, personal, .* cat, per"):
        Cascade.load(tmp_path)
    (tmp_path / "full" / "model.txt").unlink()
    with pytest.raises(ModelFileError, match="model.txt is missing"):
        Cascade.load(tmp_path)
    record = json.loads((tmp_path / "cascade.json").read_text())
    (tmp_path / "cascade.json").write_text(json.dumps({**record, "format": 99}))
    with pytest.raises(ModelFileError, match="format"):
        Cascade.load(tmp_path)
    (tmp_path / "cascade.json").write_text("{")
    with pytest.raises(ModelFileError, match=r"can't read"):
        Cascade.load(tmp_path)


def test_a_model_without_steps_works_alone(cascade, pictures, tmp_path):
    cascade.last.save(tmp_path / "model")
    alone = load_cascade(tmp_path / "model")
    assert alone.tiers == ("full",)
    few = sorted(pictures.iterdir())[:3]
    assert set(sort_images(few, alone, engine="inline").labels["tier"].to_pylist()) == {"full"}


def test_the_shipped_steps_settle_pages_without_reading_them(shared, lightgbm):
    steps = load_cascade("personal")
    assert steps.tiers == ("look", "pixels", "boxes", "lines")
    assert all(settings.text == "counts" for settings in steps.settings[:-1])
    assert steps.settings[-1].text == "budget:6"
    assert 0 < steps.last.guarantee_.hidden < 0.01 * steps.last.guarantee_.protected
    pages = sorted((shared / "data" / "academicDigital").glob("*.jpg"))[:12]
    labels = sort_images(pages, steps, engine="inline").labels
    assert labels["tier"].to_pylist().count("look") >= 8
    assert set(labels["label"].to_pylist()) == {"irrelevant"}


def test_what_no_step_settles_is_decided_by_six_lines(shared, lightgbm):
    """By the columns that the library gives with the settings of the last tier."""
    cascade = load_cascade("personal")
    never = Cascade(
        tuple(Step(s.name, s.model, NEVER) for s in cascade.steps), cascade.last, cascade.last_name
    )
    cards = sorted((shared / "data" / "eGreetingAndMisc").glob("*.jpg"))[:3]
    labels = sort_images(cards, never, engine="inline").labels
    assert set(labels["tier"].to_pylist()) == {"lines"}
    extractor = Extractor(cascade.settings[-1])
    table = extractor.table([extractor.row(path) for path in cards])
    assert labels["p_personal"].to_pylist() == pytest.approx(
        cascade.last.predict_proba(table)[:, 1].tolist(), abs=1e-6
    )
    assert labels["decision"].to_pylist() == cascade.last.decide(table).tolist()


scores = st.lists(
    st.tuples(st.floats(0, 1, width=32), st.sampled_from(CLASSES)), min_size=4, max_size=400
)


@given(scores, st.sampled_from([0.0, 0.01, 0.1]))
def test_a_threshold_is_the_lowest_that_lets_few_others_through(drawn, rate):
    personal = np.array([p for p, _ in drawn])
    truth = np.array([name for _, name in drawn], dtype=object)
    probabilities = np.column_stack([1 - personal, personal])
    everything = np.ones(len(truth), bool)
    limits = settling_thresholds(probabilities, CLASSES, truth, everything, ("personal",), rate)
    for index, name in enumerate(CLASSES):
        others = probabilities[truth != name, index]
        allowed = int(rate * len(others))
        assert (others >= limits[name]).sum() <= allowed
        lower = np.nextafter(limits[name], 0)
        assert limits[name] == 0.5 or (others >= lower).sum() > allowed


@given(scores, st.floats(0.5, 1), st.floats(0.5, 1))
def test_settled_takes_the_likeliest_class_that_is_sure_enough(drawn, one, other):
    personal = np.array([p for p, _ in drawn])
    probabilities = np.column_stack([1 - personal, personal])
    limits = {"irrelevant": one, "personal": other}
    for values, answer in zip(probabilities, settled(probabilities, CLASSES, limits), strict=True):
        sure = [i for i, name in enumerate(CLASSES) if values[i] >= limits[name]]
        assert answer == (CLASSES[max(sure, key=lambda i: values[i])] if sure else UNSURE)


def noisy_world(seed, count=2000):
    """Probabilities of three models, each better than the one before."""
    random = np.random.default_rng(seed)
    truth = np.where(random.random(count) < 0.4, "personal", "irrelevant").astype(object)
    made = []
    for spread in (2.0, 1.5, 1.0):
        raw = np.where(truth == "personal", 2.5, -2.5) + random.normal(0, spread, count)
        personal = 1 / (1 + np.exp(-raw))
        made.append(np.column_stack([1 - personal, personal]))
    return dict(zip(("pixels", "boxes"), made[:2], strict=True)), made[2], truth


@pytest.mark.parametrize("seed", range(5))
def test_all_steps_together_hide_no_more_than_promised(seed):
    steps, full, truth = noisy_world(seed)
    limits = choose(steps, full, CLASSES, truth, ("personal",))
    found = apply(limits, steps, full, CLASSES, ("personal",))
    personal = truth == "personal"
    assert (found.decision[personal] == "irrelevant").mean() <= RATE
    assert (found.decision[~personal] == "personal").mean() <= RATE
    assert 0.05 < (found.tier == 0).mean() < 1
    early = found.tier == 0
    assert np.array_equal(found.probabilities[early], steps["pixels"][early])
    assert np.array_equal(found.probabilities[found.tier == 2], full[found.tier == 2])


def test_a_rehearsal_never_uses_the_fold_it_is_tested_on():
    steps, full, truth = noisy_world(0)
    folds = np.arange(len(truth)) % 4
    before = rehearse(steps, full, CLASSES, truth, folds, ("personal",))
    changed = truth.copy()
    changed[folds == 2] = np.where(truth[folds == 2] == "personal", "irrelevant", "personal")
    after = rehearse(steps, full, CLASSES, changed, folds, ("personal",))
    assert np.array_equal(before.decision[folds == 2], after.decision[folds == 2])
    assert not np.array_equal(before.decision[folds != 2], after.decision[folds != 2])
