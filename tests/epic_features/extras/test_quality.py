"""Light, sharpness and hashes against formulas and another library."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray
from PIL import Image as PILImage

from epic_features.extras import QualityStage, quality
from epic_features.extras.quality import dhash, phash
from epic_features.image import Image, decode
from epic_features.schema import EXTRA_COLUMNS
from epic_features.settings import Settings

Pixels = NDArray[np.uint8]


def row_of(pixels: Pixels) -> dict[str, object]:
    return dict(QualityStage()(Image(pixels=pixels)))


def differing_bits(one: str, other: str) -> int:
    return (int(one, 16) ^ int(other, 16)).bit_count()


def photos(shared: Path) -> list[Pixels]:
    paths = sorted((shared / "data").glob("*/*.jpg"))[::90]
    return [decode(path.read_bytes(), Settings()).pixels for path in paths]


def test_columns_are_those_of_the_schema() -> None:
    row = row_of(np.zeros((9, 9, 3), np.uint8))
    assert list(row) == [column.name for column in EXTRA_COLUMNS if column.group == "quality"]


@pytest.mark.parametrize(("side", "times"), [(900, 1), (1500, 2), (2500, 2)])
def test_luma_is_computed_once_of_the_same_pixels(
    side: int, times: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[Pixels] = []
    luma = quality._luma
    monkeypatch.setattr(quality, "_luma", lambda pixels: made.append(pixels) or luma(pixels))
    row_of(np.zeros((30, side, 3), np.uint8))
    assert len(made) == times


def test_black_and_white_halves() -> None:
    pixels = np.zeros((40, 60, 3), np.uint8)
    pixels[:, 30:] = 255
    row = row_of(pixels)
    assert row["brightness"] == pytest.approx(0.5)
    assert row["contrast"] == pytest.approx(0.5)
    # Two columns of 60 answer the step, with +255 and -255.
    assert row["sharpness"] == pytest.approx(2 / 60 * 255**2)


@settings(max_examples=50, deadline=None)
@given(arrays(np.uint8, st.tuples(st.integers(1, 15), st.integers(1, 15), st.just(3))))
def test_brightness_and_contrast_follow_bt_601(pixels: Pixels) -> None:
    luma = pixels @ np.array([0.299, 0.587, 0.114]) / 255
    row = row_of(pixels)
    assert row["brightness"] == pytest.approx(luma.mean(), abs=0.003)
    assert row["contrast"] == pytest.approx(luma.std(), abs=0.003)
    assert len(str(row["phash"])) == len(str(row["dhash"])) == 16


def test_blur_lowers_sharpness(shared: Path) -> None:
    for pixels in photos(shared):
        blurred = np.asarray(cv2.GaussianBlur(pixels, (0, 0), 2), np.uint8)
        assert row_of(blurred)["sharpness"] < row_of(pixels)["sharpness"]  # type: ignore[operator]


def clouds(n: int) -> list[Pixels]:
    """Random soft shapes with noise, as many as asked for."""
    random = np.random.default_rng(5)
    soft = (cv2.resize(random.random((5, 6, 3)), (320, 240)) for _ in range(n))
    noisy = (image + random.normal(0, 0.1, image.shape) for image in soft)
    return [(np.clip(image, 0, 1) * 255).astype(np.uint8) for image in noisy]


def test_hashes_of_drawn_pictures_are_those_of_imagehash() -> None:
    compare_with_imagehash(clouds(20))


def test_hashes_of_real_pictures_are_those_of_imagehash(shared: Path) -> None:
    compare_with_imagehash(photos(shared))


def test_hashes_of_large_pictures_are_those_of_all_their_pixels() -> None:
    for small in clouds(6):
        pixels = np.asarray(cv2.resize(small, (2400, 1800)), np.uint8)
        row, luma = row_of(pixels), np.asarray(cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY), np.uint8)
        assert differing_bits(str(row["phash"]), phash(luma)) <= 2
        assert differing_bits(str(row["dhash"]), dhash(luma)) <= 2


def compare_with_imagehash(images: list[Pixels]) -> None:
    imagehash = pytest.importorskip("imagehash", reason="the development package ImageHash")
    same_p = same_d = 0
    for pixels in images:
        row, picture = row_of(pixels), PILImage.fromarray(pixels)
        p_bits = differing_bits(str(row["phash"]), str(imagehash.phash(picture)))
        d_bits = differing_bits(str(row["dhash"]), str(imagehash.dhash(picture)))
        # Its luma is rounded another way in a few pixels, which can turn a bit that is a near tie.
        assert p_bits <= 2
        assert d_bits <= 2
        same_p += p_bits == 0
        same_d += d_bits == 0
    assert same_p >= 0.9 * len(images)
    assert same_d >= 0.9 * len(images)


def test_phash_survives_resizing_and_tells_pictures_apart(shared: Path) -> None:
    images = photos(shared)
    hashes = [str(row_of(pixels)["phash"]) for pixels in images]
    for pixels, known in zip(images, hashes, strict=True):
        half = Image(pixels=pixels).fitted(max(pixels.shape[:2]) // 2)
        assert differing_bits(str(row_of(half)["phash"]), known) <= 6
    pairs = [(a, b) for i, a in enumerate(hashes) for b in hashes[:i]]
    assert np.median([differing_bits(a, b) for a, b in pairs]) > 20


@pytest.mark.parametrize("shade", [0, 77, 255])
def test_hashes_of_flat_pictures_hold_no_rounding_noise(shade: int) -> None:
    row = row_of(np.full((50, 70, 3), shade, np.uint8))
    assert row["phash"] == ("8000000000000000" if shade else "0" * 16)
    assert row["dhash"] == "0" * 16


def test_dhash_of_a_ramp_rises_everywhere() -> None:
    ramp = np.repeat(np.arange(180, dtype=np.uint8)[None, :, None], 80, axis=0).repeat(3, axis=2)
    assert row_of(ramp)["dhash"] == "f" * 16
    assert row_of(np.ascontiguousarray(ramp[:, ::-1]))["dhash"] == "0" * 16
