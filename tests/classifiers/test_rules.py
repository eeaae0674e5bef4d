"""The quick rules against counting, against scikit-learn, and on drawn and real pictures."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image as PILImage

from classifiers.rules import QUICK, BilateralClassifier, BytesClassifier, ColorsClassifier, load
from classifiers.table import TableError
from epic_features import ImageError, Settings, SettingsMismatch, extract
from epic_features.image import Image, decode

ROOT = Path(__file__).resolve().parents[2]
LENGTHS = ["byte_length", "hex_length", "base64_length"]
NAMES = tuple(QUICK)


def png(pixels: np.ndarray, kind: str = "PNG") -> bytes:
    buffer = io.BytesIO()
    PILImage.fromarray(pixels).save(buffer, kind)
    return buffer.getvalue()


def lengths_of(sizes) -> pd.DataFrame:
    sizes = np.asarray(sizes)
    return pd.DataFrame(dict(zip(LENGTHS, (sizes, 2 * sizes, 4 * -(-sizes // 3)), strict=True)))


def labels_of(drawn) -> np.ndarray:
    return np.where(drawn, "animated", "real")


@pytest.mark.parametrize("colours", [300, 512, 700, 5000])
@pytest.mark.parametrize("height", [1024, 256])
def test_the_share_of_the_colours_is_what_counting_gives(colours, height):
    random = np.random.default_rng(colours)
    palette = random.choice(2**24, colours, replace=False)
    picked = palette[(random.random((height, 512)) ** 3 * colours).astype(int)]
    pixels = np.stack([picked >> 16, picked >> 8 & 255, picked & 255], axis=-1).astype(np.uint8)
    # Both sides divide 1,024, so that every pixel is repeated equally often.
    counts = Counter(map(tuple, pixels.reshape(-1, 3).tolist()))
    share = sum(count for _, count in counts.most_common(512)) / pixels[..., 0].size
    table = pd.DataFrame({"top512_colors_ratio": [0.1, 0.9]})
    for threshold, label in ((share - 1e-6, "animated"), (share + 1e-6, "real")):
        if threshold <= 1:
            rule = ColorsClassifier(threshold=threshold).fit(table, ["real", "animated"])
            assert rule.classify(png(pixels)).label == label
    (reason,) = rule.classify(png(pixels)).reasons
    assert f"cover {share:.1%} of it" in reason


def test_smoothing_is_measured_as_in_the_table():
    pixels = np.random.default_rng(1).integers(0, 256, (60, 80, 3)).astype(np.uint8)
    frame = extract(pixels, settings=Settings(groups=("cartoon",)))
    value = float(frame["bilateral_similarity"].iloc[0])
    table = pd.DataFrame({"bilateral_similarity": [-1.0, 1.0]})
    for threshold, label in ((value - 1e-4, "animated"), (value + 1e-4, "real")):
        rule = BilateralClassifier(threshold=threshold).fit(table, ["real", "animated"])
        assert rule.classify(png(pixels)).label == label


@pytest.mark.parametrize("kind", ["bilateral", "colors"])
def test_a_fit_recovers_a_known_threshold(kind):
    random = np.random.default_rng(3)
    values = random.random(2000)
    drawn = values > 0.42
    drawn[random.random(2000) < 0.1] ^= True  # One label in ten is wrong.
    rule = QUICK[kind](threshold=None)
    rule.fit(pd.DataFrame({rule.columns[0]: values}), labels_of(drawn))
    assert rule.threshold_ == pytest.approx(0.42, abs=0.01)


@settings(max_examples=60)
@given(
    st.lists(st.tuples(st.integers(0, 8), st.booleans()), min_size=2, max_size=25),
    st.sampled_from(["balanced", None]),
)
def test_no_other_threshold_is_right_more_often(items, class_weight):
    values = np.array([value / 8 for value, _ in items])
    drawn = np.array([flag for _, flag in items])
    table = pd.DataFrame({"top512_colors_ratio": values})
    rule = ColorsClassifier(threshold=None, class_weight=class_weight)
    if drawn.all() or not drawn.any() or len(set(values)) < 2:
        with pytest.raises(TableError):
            rule.fit(table, labels_of(drawn))
        return
    rule.fit(table, labels_of(drawn))

    def right(threshold):
        hits = (values > threshold) == drawn
        if class_weight is None:
            return hits.mean()
        return (hits[drawn].mean() + hits[~drawn].mean()) / 2

    between = np.unique(values)[:-1] + 1e-9
    assert right(rule.threshold_) == pytest.approx(max(right(cut) for cut in between))
    assert (rule.predict(table) == labels_of(values > rule.threshold_)).all()


def test_the_shipped_threshold_of_the_colours_is_the_given_one():
    assert load("colors").threshold_ == 0.3
    assert ColorsClassifier().threshold == 0.3


def test_ranges_of_lengths_against_scikit_learn():
    from sklearn.linear_model import LogisticRegression
    from sklearn.preprocessing import OneHotEncoder

    random = np.random.default_rng(5)
    drawn = random.random(600) < 0.3
    table = lengths_of(random.lognormal(np.where(drawn, 9.8, 10.6), 0.7).astype(int))
    rule = BytesClassifier(ranges=6).fit(table, labels_of(drawn))
    # qcut holds the upper end of a range, the rule the lower one of the next.
    cut = table.apply(lambda column: pd.qcut(column - 0.5, 6, labels=False))
    hot = OneHotEncoder().fit_transform(cut)
    model = LogisticRegression(class_weight="balanced", max_iter=1000).fit(hot, drawn)
    expected = model.predict_proba(hot)[:, 1]
    assert np.abs(rule.predict_proba(table)[:, 0] - expected).max() < 0.02
    assert np.median(np.abs(rule.predict_proba(table)[:, 0] - expected)) < 1e-3


def test_ranges_learn_that_drawings_are_short():
    sizes = np.r_[np.arange(1000, 2000, 10), np.arange(50_000, 90_000, 400)]
    table = lengths_of(sizes)
    rule = BytesClassifier().fit(table, labels_of(sizes < 10_000))
    assert (rule.predict(table) == labels_of(sizes < 10_000)).all()
    flat, noise = np.zeros((20, 30, 3), np.uint8), np.random.default_rng(0)
    assert rule.classify(png(flat, "JPEG")).label == "animated"
    long = png(noise.integers(0, 256, (300, 200, 3)).astype(np.uint8))
    verdict = rule.classify(long)
    assert len(long) > 90_000
    assert verdict.label == "real"
    assert re.fullmatch(
        r"files of [\d,]+ bytes and more are more often photographs", verdict.reasons[0]
    )


def test_a_range_holds_the_length_it_begins_with():
    random = np.random.default_rng(7)
    table = lengths_of(random.integers(1000, 90_000, 300))
    rule = BytesClassifier(ranges=4).fit(table, labels_of(random.random(300) < 0.5))
    for edge in rule.edges_["byte_length"].astype(int):
        before, at = rule.reasons(lengths_of([edge - 1, edge]))
        assert f" to {edge - 1:,} bytes " in before
        assert f"files of {edge:,} " in at


def test_drawn_and_real_pictures_of_the_gallery(whole_gallery):
    folder, drawings = whole_gallery
    rule = load("colors")
    share = {"animated": [], "real": []}
    for drawing in drawings:
        if drawing.path.split("/")[0] in ("animated", "personalPhotos"):
            kind = "animated" if drawing.path.startswith("animated") else "real"
            verdict = rule.classify((folder / drawing.path).read_bytes())
            assert verdict.label == kind, drawing.path
            share[kind].append(verdict.probabilities["animated"])
    assert share["animated"]
    if not share["real"]:
        pytest.skip("no photographs on this machine")
    assert min(share["animated"]) > 0.8 > 0.5 > max(share["real"])


@pytest.mark.parametrize("name", NAMES)
def test_a_picture_and_its_row_get_the_same_answer(name, gallery):
    folder, drawings = gallery
    rule = load(name)
    for drawing in drawings[::5]:
        path = folder / drawing.path
        frame = extract(path, settings=Settings(groups=("bytes", "cartoon")))
        verdict = rule.classify(path.read_bytes())
        assert list(verdict.probabilities) == ["animated", "real"]
        assert sum(verdict.probabilities.values()) == pytest.approx(1)
        assert verdict.probabilities[verdict.label] >= 0.5
        odds = rule.predict_proba(frame)
        assert odds[0] == pytest.approx(list(verdict.probabilities.values()), abs=1e-4)
        assert rule.predict(frame).tolist() == [verdict.label]
        assert (rule.reasons(frame)[0],) == verdict.reasons
        assert rule.classify(decode(path.read_bytes(), Settings())) == verdict


def test_the_rules_beat_chance_on_real_pictures(shared):
    """Those they were learned on: a rule that was loaded upside down would fail."""
    groups = {"animated": [], "real": []}
    with (shared / "data" / "manifest.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            if row["drawn"] in groups and len(groups[row["drawn"]]) < 120:
                groups[row["drawn"]].append((shared / "data" / row["file"]).read_bytes())
    for name in NAMES:
        rule = load(name)
        recalls = [
            np.mean([rule.classify(encoded).label == label for encoded in files])
            for label, files in groups.items()
        ]
        assert np.mean(recalls) > 0.52, (name, recalls)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("encoded", [b"", b"\0" * 500, b"<html>", b"\xff\xd8\xff not a JPEG"])
def test_bytes_that_are_no_picture(name, encoded):
    with pytest.raises(ImageError):
        load(name).classify(encoded)


@pytest.mark.parametrize("name", NAMES)
def test_pictures_that_are_refused(name):
    noise = np.random.default_rng(0).integers(0, 256, (90, 90, 3)).astype(np.uint8)
    jpeg = png(noise, "JPEG")
    with pytest.raises(ImageError, match="cut off"):
        load(name).classify(jpeg[: len(jpeg) // 2])
    with pytest.raises(ImageError, match="max_pixels=100"):
        load(name).classify(jpeg, Settings(max_pixels=100))


def test_pixels_have_no_length(photo):
    image = Image(pixels=photo)
    with pytest.raises(ImageError, match="no length"):
        load("bytes").classify(image)
    for name in ("bilateral", "colors"):
        assert load(name).classify(image).label in ("animated", "real")


def test_tables_that_do_not_fit():
    good = pd.DataFrame({"top512_colors_ratio": [0.1, 0.5]})
    both = ["real", "animated"]
    for table, labels, message in (
        (pd.DataFrame({"width": [1, 2]}), both, "lacks top512_colors_ratio"),
        (pd.DataFrame({"top512_colors_ratio": [0.1, None]}), both, "1 of 2 rows have no top512"),
        (good, ["real", "real"], "the labels are real"),
        (good, ["real", None], "the labels are None, real"),
        (good, ["real", "cartoon"], "cartoon"),
        (good, ["real"], "shape"),
        (good[:0], [], "none"),
    ):
        with pytest.raises(TableError, match=message):
            ColorsClassifier().fit(table, labels)
    for rule, message in (
        (ColorsClassifier(threshold=3), "threshold=3"),
        (ColorsClassifier(threshold="high"), "threshold='high'"),
        (ColorsClassifier(class_weight="fair"), "class_weight='fair'"),
    ):
        with pytest.raises(TableError, match=message):
            rule.fit(good, both)
    with pytest.raises(TableError, match="ranges=1"):
        BytesClassifier(ranges=1).fit(lengths_of([5, 6]), both)
    with pytest.raises(TableError, match="nothing can be told apart"):
        BilateralClassifier().fit(pd.DataFrame({"bilateral_similarity": [1.0, 1.0]}), both)


def test_a_table_of_other_settings_is_refused(photo):
    frame = extract(photo, settings=Settings(groups=("cartoon",), text_threshold=0.9))
    with pytest.raises(SettingsMismatch, match=r"text_threshold=0\.9"):
        load("colors").predict_proba(frame)


def test_the_command(tmp_path, photo):
    pictures = tmp_path / "pictures"
    pictures.mkdir()
    (pictures / "flat صورة.png").write_bytes(png(np.full((50, 60, 3), 90, np.uint8)))
    noise = np.random.default_rng(0).integers(0, 256, (400, 400, 3)).astype(np.uint8)
    (pictures / "noise.png").write_bytes(png(noise))
    (pictures / "broken.jpg").write_bytes(b"\xff\xd8\xff")
    epic = Path(sys.executable).with_name("epic")
    for name in ("colors", "bytes"):
        command = [epic, "classify", pictures, "-o", tmp_path / f"{name}.csv", "--model", name]
        done = subprocess.run(
            [*map(str, command), "--reasons", "--workers", "1"],
            capture_output=True,
            text=True,
            timeout=300,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )
        assert done.returncode == 0, done.stderr
        assert "1 pictures could not be read" in done.stderr
        with (tmp_path / f"{name}.csv").open(encoding="utf-8", newline="") as file:
            rows = {row["file_name"]: row for row in csv.DictReader(file)}
        assert {path: row["decision"] for path, row in rows.items()} == {
            "flat صورة.png": "animated",
            "noise.png": "real",
        }
        for path, row in rows.items():
            verdict = load(name).classify((pictures / path).read_bytes())
            assert float(row["p_real"]) == pytest.approx(verdict.probabilities["real"], abs=1e-4)
            assert (row["reasons"],) == verdict.reasons


def test_the_page_gives_the_figures_of_the_rules():
    page = (ROOT / "docs" / "rules.md").read_text(encoding="utf-8")
    for name in (*NAMES, "drawn"):
        folder = ROOT / "classifiers" / "pretrained" / name
        record = json.loads((folder / "evaluation.json").read_text())
        assert (record["images"], round(record["majority"], 3)) == (942, 0.777)
        (line,) = re.findall(rf"^\| (?:`|model \[`){name}`.*\.\d\d \|$", page, re.MULTILINE)[:1]
        spread = record["folds"]["accuracy"]
        recalls = [score["recall"] for score in record["per_class"].values()]
        figures = (
            f"{record['accuracy']:.3f}",
            f"{spread['mean']:.3f} ± {spread['deviation']:.3f}",
            f"{np.mean(recalls):.3f}",
            *(f"{recall:.2f}" for recall in recalls),
        )
        for figure in figures:
            assert f" {figure.replace('0.', '.')} |" in line, (name, figure)
