"""Corrupt files: the gold set, and faults made here."""

from __future__ import annotations

import csv
import io
import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image as PILImage

from epic_features.cleaning.corrupt import EXTENSIONS_OF_FORMAT, find_corrupt
from epic_features.engines import make_engine
from epic_features.image import FORMATS
from epic_features.settings import Settings


def encoded(kind: str = "JPEG", **options: object) -> bytes:
    noise = np.random.default_rng(0).integers(0, 255, (90, 120, 3), np.uint8)
    buffer = io.BytesIO()
    PILImage.fromarray(noise).save(buffer, kind, **options)
    return buffer.getvalue()


def found_in(folder: Path, **options: object) -> pd.DataFrame:
    return find_corrupt(folder, engine=make_engine("inline"), **options).set_index("path")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "good.jpg").write_bytes(encoded())
    return tmp_path


def test_agrees_with_the_gold_set(shared):
    folder = shared / "gold" / "corrupt"
    found = found_in(folder)
    corrupt = set(found.index[found["kind"] != "wrong_extension"])
    with (folder / "manifest.csv").open() as file:
        for row in csv.DictReader(file):
            expected = row["notes"].split("expected=")[1].split()[0]
            if expected == "reject":
                assert row["file"] in corrupt
            if expected == "decode":
                assert row["file"] not in corrupt
    assert found.loc["corrupt_081.jpeg", "target"] == "corrupt_081.webp"
    assert found.loc["corrupt_032", "target"] == "corrupt_032.jpg"


@pytest.mark.parametrize(
    ("data", "kind", "suggestion"),
    [
        (b"", "empty", "trash"),
        (b"<!DOCTYPE html><html>404</html>", "not_image", "trash"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:0", "not_image", "trash"),
        (b'{"error": "gone"}', "not_image", "trash"),
        (bytes(3000), "not_image", "trash"),
        (b"%PDF-1.7 and so on", "not_image", "review"),
        (b"neither this nor that", "damaged", "review"),
        (encoded()[:20], "damaged", "review"),
        (encoded()[:4000], "truncated", "review"),
        (encoded("PNG")[:4000], "truncated", "review"),
    ],
)
def test_kinds(folder, data, kind, suggestion):
    (folder / "bad.jpg").write_bytes(data)
    found = found_in(folder)
    assert list(found.index) == ["bad.jpg"]
    row = found.loc["bad.jpg"]
    assert (row["kind"], row["suggestion"], row["value"]) == (kind, suggestion, len(data))
    assert row["reason"]


def test_an_end_of_zeros_is_told_from_padding(folder):
    data = encoded()
    (folder / "lost.jpg").write_bytes(data[:-3000] + bytes(3000))
    (folder / "padded.jpg").write_bytes(data + bytes(3000))
    found = found_in(folder)
    assert list(found.index) == ["lost.jpg"]
    assert found.loc["lost.jpg", "kind"] == "truncated"


def test_a_limit_is_no_damage(folder):
    found = found_in(folder, settings=Settings(max_pixels=100))
    assert found.loc["good.jpg", ["kind", "suggestion"]].tolist() == ["too_large", "review"]
    found = found_in(folder, settings=Settings(max_bytes=100))
    assert found.loc["good.jpg", ["kind", "suggestion"]].tolist() == ["too_large", "review"]


def test_the_right_extension_is_offered_and_free(folder):
    for name in ("a.jpg", "b.gif", "b.jpg", "no_extension", "dots.in.name.JPG"):
        (folder / name).write_bytes(encoded("PNG"))
    (folder / "a.png").write_bytes(encoded("PNG"))
    targets = found_in(folder)["target"].to_dict()
    assert targets == {
        "a.jpg": "a-2.png",
        "b.gif": "b.png",
        "b.jpg": "b-2.png",
        "dots.in.name.JPG": "dots.in.name.png",
        "no_extension": "no_extension.png",
    }


@pytest.mark.parametrize("name", ["x.jpeg", "x.JPG", "x.jfif"])
def test_other_spellings_of_an_extension_are_right(tmp_path, name):
    (tmp_path / name).write_bytes(encoded())
    assert found_in(tmp_path).empty


def test_every_format_has_an_extension():
    assert set(FORMATS) <= set(EXTENSIONS_OF_FORMAT)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read(folder):
    (folder / "good.jpg").chmod(0)
    assert found_in(folder).loc["good.jpg", "kind"] == "unreadable"


def test_odd_names_and_classes(tmp_path):
    for name in (b"\xff\xfe.jpg", "صورة 😀.jpg".encode()):
        for label in ("one", "two"):
            (tmp_path / label).mkdir(exist_ok=True)
            (tmp_path / label / os.fsdecode(name)).write_bytes(b"")
    found = found_in(tmp_path)
    assert "one/صورة 😀.jpg" in found.index
    assert r"two/\xff\xfe.jpg" in found.index
    assert found["class"].tolist() == ["one", "one", "two", "two"]


def test_processes_and_progress(folder):
    (folder / "bad.jpg").write_bytes(encoded()[:4000])
    calls: list[tuple[int, int]] = []
    found = find_corrupt(
        folder,
        engine=make_engine("processes", workers=1),
        on_progress=lambda done, total: calls.append((done, total)),
    )
    assert found["path"].tolist() == ["bad.jpg"]
    assert calls == [(1, 2), (2, 2)]
