"""The page on a data set: what it counts, and that it opens by itself."""

import html
import re

import numpy as np
import pandas as pd
import pytest
from PIL import Image as PILImage

from epic_features import OutputError, SourceError
from epic_features.cleaning.report import examine, write_report


def picture(seed, size=(120, 90)):
    """A picture of coarse noise, different for each seed, that survives recompression."""
    small = np.random.default_rng(seed).integers(0, 255, (6, 8, 3), np.uint8)
    return PILImage.fromarray(small).resize(size, PILImage.Resampling.BICUBIC)


@pytest.fixture(scope="module")
def dataset(tmp_path_factory):
    root = tmp_path_factory.mktemp("dataset")
    for name, count, start in (("cats", 6, 0), ("<b>صور", 3, 10)):
        (root / name).mkdir()
        for n in range(count):
            picture(start + n).save(root / name / f"{n}.png")
    picture(0, (240, 180)).save(root / "cats" / "copy.jpg", quality=80)
    picture(1).save(root / "<b>صور" / "leak.png")
    (root / "cats" / "bad.jpg").write_bytes(b"<html>")
    manifest = pd.DataFrame(
        {
            "file": [f"cats/{n}.png" for n in range(6)] + ["cats/copy.jpg"],
            "split": ["train"] * 5 + ["test"] * 2,
        }
    )
    return root, manifest


@pytest.fixture(scope="module")
def found(dataset):
    root, manifest = dataset
    return examine(root, manifest=manifest)


def test_counts(found):
    table = found.classes.set_index("class")
    assert dict(table["images"]) == {"cats": 8, "<b>صور": 4}
    assert table["share"].sum() == pytest.approx(1)
    assert dict(table["corrupt"]) == {"cats": 1, "<b>صور": 0}
    assert found.imbalance == 2
    assert list(found.corrupt["path"]) == ["cats/bad.jpg"]
    assert dict(table["not looked"]) == {"cats": 8, "<b>صور": 4}
    assert found.sizes.loc["<b>صور", ("width", 0.5)] == 120


def test_leaks_across_classes_and_splits(found):
    crossed = {frozenset(g["path"]): set(g["across"]) for _, g in found.duplicates.groupby("group")}
    assert crossed == {
        frozenset({"cats/0.png", "cats/copy.jpg"}): {"split"},
        frozenset({"cats/1.png", "<b>صور/leak.png"}): {"class"},
    }
    assert dict(found.classes.set_index("class")["leaks"]) == {"cats": 3, "<b>صور": 1}


def test_without_a_manifest_a_copy_in_the_class_is_a_duplicate(dataset):
    classes = examine(dataset[0]).classes.set_index("class")
    assert dict(classes["duplicates"]) == {"cats": 1, "<b>صور": 0}
    assert dict(classes["leaks"]) == {"cats": 1, "<b>صور": 1}


def test_languages_come_from_the_text_columns(dataset):
    root, _ = dataset
    features = pd.DataFrame(
        {
            "relative_path": [f"cats/{n}.png" for n in range(5)],
            "total_en_boxes": pd.array([2, 0, 3, 0, None], "Int32"),
            "total_ar_boxes": pd.array([0, 1, 1, 0, None], "Int32"),
        }
    )
    row = examine(root, features=features).classes.set_index("class").loc["cats"]
    told = {name: row[name] for name in ("Latin script", "Arabic", "both", "no text", "not looked")}
    assert told == {"Latin script": 1, "Arabic": 1, "both": 1, "no text": 1, "not looked": 4}


def test_the_page_is_whole_and_escaped(dataset, tmp_path):
    root, manifest = dataset
    write_report(root, tmp_path / "report.html", manifest=manifest)
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "<b>" not in page
    assert "&lt;b&gt;صور/leak.png" in page
    assert "script-src 'none'" in html.unescape(page)
    body = re.sub(
        r'xmlns(:\w+)?="[^"]*"|(?s:<!DOCTYPE.*?>)|(?s:<metadata>.*?</metadata>)', "", page
    )
    assert "http" not in body.replace("http-equiv", "")
    assert page.count("<svg") == 1
    with pytest.raises(OutputError, match="exists"):
        write_report(root, tmp_path / "report.html", manifest=manifest)


def test_a_manifest_that_does_not_fit_is_refused(dataset):
    root, manifest = dataset
    with pytest.raises(SourceError, match="needs a column"):
        examine(root, manifest=manifest.rename(columns={"split": "x"}))
    with pytest.raises(SourceError, match="names no image"):
        examine(root, manifest=manifest.assign(file="elsewhere"))
