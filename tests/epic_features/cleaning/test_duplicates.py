"""Duplicates: against brute force, and on copies made here of real and drawn pictures."""

from __future__ import annotations

import io
import shutil
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image as PILImage

from epic_features import Settings, extract
from epic_features.cleaning.duplicates import find_duplicates
from epic_features.cleaning.hashing import as_numbers, near_pairs
from epic_features.cleaning.looks import likeness, look_of
from epic_features.engines import make_engine
from epic_features.errors import SettingsError
from epic_features.image import from_array

HASHES = st.integers(0, 2**64 - 1)


def scene(seed: int, width: int = 320, height: int = 240) -> PILImage.Image:
    """A picture with structure at all sizes, like none of another seed."""
    rng = np.random.default_rng(seed)
    pixels = np.zeros((height, width, 3), np.float32)
    for cells in (3, 7, 20, 60):
        noise = rng.uniform(-1, 1, (cells, cells, 3)).astype(np.float32)
        pixels += cv2.resize(noise, (width, height), interpolation=cv2.INTER_CUBIC)
    return PILImage.fromarray((np.clip(pixels / 2 + 0.5, 0, 1) * 255).astype(np.uint8))


def page(letters: str) -> PILImage.Image:
    """A page of text as a drawing: the same layout, other letters."""
    pixels = np.full((400, 300, 3), 255, np.uint8)
    for line in range(12):
        text = "".join(letters[(line * 7 + i) % len(letters)] for i in range(18))
        cv2.putText(pixels, text, (15, 40 + 28 * line), cv2.FONT_HERSHEY_SIMPLEX, 0.7, (0, 0, 0), 2)
    return PILImage.fromarray(pixels)


def found_in(folder: Path, **options: object) -> pd.DataFrame:
    return find_duplicates(folder, engine=make_engine("inline"), **options)


def groups_of(found: pd.DataFrame) -> list[set[str]]:
    return sorted((set(part["path"]) for _, part in found.groupby("group")), key=min)


@settings(max_examples=30)
@given(
    st.lists(st.tuples(HASHES, st.lists(st.integers(0, 63), max_size=18)), max_size=40),
    st.integers(0, 15),
)
def test_near_pairs_are_those_of_brute_force(seeds, distance):
    hashes = [value for value, _ in seeds]
    for value, flips in seeds:
        for bit in flips:
            value ^= 1 << bit
        hashes.append(value)
    expected = [
        (i, j)
        for i in range(len(hashes))
        for j in range(i + 1, len(hashes))
        if (hashes[i] ^ hashes[j]).bit_count() <= distance
    ]
    pairs = near_pairs(np.array(hashes, np.uint64), distance)
    assert [tuple(pair) for pair in pairs.tolist()] == expected


def test_pairs_are_the_same_in_small_portions(monkeypatch):
    from epic_features.cleaning import hashing

    hashes = np.random.default_rng(0).integers(0, 2**64, 300, np.uint64)
    hashes = np.concatenate([hashes, hashes ^ np.uint64(5), hashes[:50] ^ np.uint64(1 << 40)])
    whole = near_pairs(hashes, 7)
    assert len(whole) >= 300
    monkeypatch.setattr(hashing, "_MOST_PAIRS_AT_ONCE", 10)
    np.testing.assert_array_equal(near_pairs(hashes, 7), whole)


@pytest.mark.parametrize("distance", [-1, 16])
def test_distances_out_of_range(distance):
    with pytest.raises(SettingsError, match="distance"):
        near_pairs(np.zeros(2, np.uint64), distance)


def test_hashes_as_numbers():
    assert as_numbers(["00000000000000ff", "ffffffffffffffff"]).tolist() == [255, 2**64 - 1]


def test_copies_are_found_and_the_best_is_kept(tmp_path):
    for seed in range(6):
        scene(seed).save(tmp_path / f"other{seed}.png")
    picture = scene(99, 640, 480)
    picture.save(tmp_path / "best.png")
    picture.save(tmp_path / "poor.jpg", quality=30)
    picture.resize((160, 120), PILImage.Resampling.BICUBIC).save(tmp_path / "small.webp")
    shutil.copy(tmp_path / "small.webp", tmp_path / "small again.webp")
    found = found_in(tmp_path)
    assert groups_of(found) == [{"best.png", "poor.jpg", "small.webp", "small again.webp"}]
    assert found["path"][0] == "best.png"
    assert found["keep"].tolist() == [True, False, False, False]
    assert found["suggestion"].tolist() == ["keep", "trash", "trash", "trash"]
    assert set(found["kind"]) == {"near"}
    assert found["value"].between(0.85, 1).all()


def test_equal_bytes_are_exact(tmp_path):
    for name in ("a", "b", "c"):
        scene(1).save(tmp_path / f"{name}.png")
    found = found_in(tmp_path)
    assert found["kind"].tolist() == ["exact"] * 3
    assert found["value"].tolist() == [1, 1, 1]


def captioned(caption: str) -> PILImage.Image:
    pixels = np.array(scene(5, 480, 360))
    cv2.putText(pixels, caption, (20, 330), cv2.FONT_HERSHEY_SIMPLEX, 0.8, (255, 255, 255), 2)
    return PILImage.fromarray(pixels)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (page("abcdefgh"), page("mnopqrst")),
        (captioned("when it works"), captioned("when it fails")),
        (captioned("when it works"), captioned("")),
        (scene(1), scene(1).transpose(PILImage.Transpose.FLIP_LEFT_RIGHT)),
        (scene(1), scene(1).crop((16, 12, 320, 240))),
    ],
)
def test_alike_is_not_the_same(one, other):
    looks = [look_of(from_array(np.asarray(picture), Settings())) for picture in (one, other)]
    assert likeness(*looks) == 0
    assert likeness(looks[0], looks[0]) == 1


def test_one_meme_with_two_captions_is_two_pictures(tmp_path):
    for name, caption in (("one", "when it works"), ("two", "when it fails")):
        captioned(caption).save(tmp_path / f"{name}.png")
        captioned(caption).resize((240, 180)).save(tmp_path / f"{name} small.jpg")
    found = found_in(tmp_path, distance=15)
    assert groups_of(found) == [{"one.png", "one small.jpg"}, {"two.png", "two small.jpg"}]


def test_flat_pictures_of_other_colours_and_shapes(tmp_path):
    for name, color, size in (
        ("red", (200, 0, 0), (60, 60)),
        ("blue", (0, 0, 200), (60, 60)),
        ("wide", (200, 0, 0), (120, 60)),
        ("large red", (200, 0, 0), (90, 90)),
    ):
        PILImage.new("RGB", size, color).save(tmp_path / f"{name}.png")
    assert groups_of(found_in(tmp_path)) == [{"red.png", "large red.png"}]


def test_copies_across_classes_are_for_review(tmp_path):
    for label in ("memes", "photos"):
        (tmp_path / label).mkdir()
        scene(1).save(tmp_path / label / "x.png")
    scene(1).save(tmp_path / "memes" / "y.png")
    found = found_in(tmp_path).set_index("path")
    assert found["class"].to_dict() == {
        "memes/x.png": "memes",
        "memes/y.png": "memes",
        "photos/x.png": "photos",
    }
    assert found["suggestion"].tolist() == ["keep", "trash", "review"]
    assert found["reason"].str.contains("in 2 classes: memes, photos").all()


def test_bad_files_and_stale_tables_stop_nothing(tmp_path):
    for name in ("a.png", "b.png", "gone.png", "new.png"):
        scene(3).save(tmp_path / name)
    (tmp_path / "bad.png").write_bytes(b"nothing")
    features = extract(
        [tmp_path / name for name in ("a.png", "b.png", "gone.png")],
        settings=Settings(groups=("quality",)),
        root=tmp_path,
    )
    (tmp_path / "gone.png").write_bytes(b"")
    found = found_in(tmp_path, features=features)
    assert groups_of(found) == [{"a.png", "b.png", "new.png"}]


def test_a_table_without_hashes_is_refused(tmp_path):
    scene(1).save(tmp_path / "a.png")
    with pytest.raises(SettingsError, match="phash"):
        found_in(tmp_path, features=pd.DataFrame({"relative_path": ["a.png"]}))


def test_nothing_to_find(tmp_path):
    scene(1).save(tmp_path / "a.png")
    found = found_in(tmp_path)
    assert found.empty
    assert "class" in found


def recoded(path: Path, scale: float, kind: str, quality: int) -> NDArray[np.uint8]:
    picture = PILImage.open(path).convert("RGB")
    size = (round(picture.width * scale), round(picture.height * scale))
    buffer = io.BytesIO()
    picture.resize(size, PILImage.Resampling.BILINEAR).save(buffer, kind, quality=quality)
    return np.frombuffer(buffer.getvalue(), np.uint8)


def test_real_pictures_and_their_copies(shared, tmp_path):
    paths = sorted((shared / "data").glob("*/*.jpg"))[::70]
    for i, path in enumerate(paths):
        shutil.copy(path, tmp_path / f"{i:03d}.jpg")
        if i % 2:
            recoded(path, 0.5, "JPEG", 60).tofile(tmp_path / f"{i:03d} copy.jpg")
    expected = [{f"{i:03d}.jpg", f"{i:03d} copy.jpg"} for i in range(1, len(paths), 2)]
    assert groups_of(found_in(tmp_path)) == expected
