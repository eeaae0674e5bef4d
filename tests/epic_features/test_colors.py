"""Dominant colours against brute-force k-means on all pixels, and on images of known palettes."""

from __future__ import annotations

import csv
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from random import Random

import cv2
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from epic_features.color_counts import count_colors, count_distinct
from epic_features.colors import ColorsStage, Palette, dominant_colors
from epic_features.image import Image, decode
from epic_features.schema import CORE_COLUMNS
from epic_features.settings import Settings

Pixels = NDArray[np.uint8]
sizes = st.tuples(st.integers(1, 12), st.integers(1, 12), st.just(3))
any_pixels = arrays(np.uint8, sizes)
# Few values a channel: flat parts, ties, images around five distinct colours.
few_colors = arrays(np.uint8, sizes, elements=st.sampled_from([0, 1, 128, 255]))


def real_images(shared: Path, per_class: int, largest: int) -> list[Pixels]:
    """The first images of every class with at most `largest` pixels, so that brute force ends."""
    taken: Counter[str] = Counter()
    images = []
    with (shared / "data" / "manifest.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            label = row["class"]
            small = int(row["width"]) * int(row["height"]) <= largest
            if small and taken[label] < per_class:
                taken[label] += 1
                encoded = (shared / "data" / row["file"]).read_bytes()
                images.append(decode(encoded, Settings()).pixels)
    return images


def distances(pixels: Pixels, centers: NDArray[np.floating]) -> NDArray[np.float64]:
    """Squared distances of all pixels to all centres, shape (pixels, k)."""
    flat = pixels.reshape(-1, 3).astype(np.float64)
    return np.stack([((flat - center) ** 2).sum(axis=1) for center in centers], axis=1)


def cost(pixels: Pixels, centers: NDArray[np.floating]) -> float:
    return float(distances(pixels, centers).min(axis=1).sum())


def same(one: Palette, other: Palette) -> bool:
    return (
        one.centers.tobytes() == other.centers.tobytes()
        and one.shares.tobytes() == other.shares.tobytes()
    )


# benchmarks/colors_speed.py does the same on 50 images of any size.
def test_cost_is_within_1_percent_of_the_best_of_20_restarts_on_all_pixels(shared: Path) -> None:
    images = real_images(shared, per_class=2, largest=120_000)
    assert len(images) >= 12
    criteria = (cv2.TERM_CRITERIA_EPS + cv2.TERM_CRITERIA_MAX_ITER, 100, 0.1)
    ratios = []
    for pixels in images:
        flat = pixels.reshape(-1, 3).astype(np.float32)
        _, _, best = cv2.kmeans(flat, 5, None, criteria, 20, cv2.KMEANS_PP_CENTERS)
        ratios.append(cost(pixels, dominant_colors(pixels).centers) / cost(pixels, best))
    assert max(ratios) <= 1.01, ratios


def test_shares_are_those_of_the_pixels_nearest_to_each_center(shared: Path) -> None:
    for pixels in real_images(shared, per_class=2, largest=400_000):
        palette = dominant_colors(pixels)
        nearest = distances(pixels, palette.centers).argmin(axis=1)
        shares = np.bincount(nearest, minlength=5) / nearest.size
        assert palette.shares == pytest.approx(shares, abs=1e-6)


@settings(max_examples=200, deadline=None)
@given(st.one_of(any_pixels, few_colors))
def test_palette_describes_all_pixels(pixels: Pixels) -> None:
    palette = dominant_colors(pixels)
    distinct = len(np.unique(pixels.reshape(-1, 3), axis=0))
    assert len(palette.centers) == len(palette.shares) == len(palette.hex) == min(5, distinct)
    assert (palette.shares > 0).all()
    assert (np.diff(palette.shares) <= 0).all()
    assert palette.shares.sum() == pytest.approx(1, abs=1e-12)
    assert ((palette.centers >= 0) & (palette.centers <= 255)).all()


@settings(max_examples=100, deadline=None)
@given(st.one_of(any_pixels, few_colors), st.randoms(use_true_random=False))
def test_order_of_the_pixels_does_not_matter(pixels: Pixels, random: Random) -> None:
    flat = pixels.reshape(-1, 3)
    shuffled = flat[random.sample(range(len(flat)), len(flat))].reshape(1, -1, 3)
    assert same(dominant_colors(pixels), dominant_colors(shuffled))


@settings(max_examples=50, deadline=None)
@given(st.tuples(*[st.integers(0, 255)] * 3), sizes)
def test_flat_image_has_one_color(color: tuple[int, int, int], size: tuple[int, int, int]) -> None:
    palette = dominant_colors(np.full(size, color, np.uint8))
    assert palette.hex == ("#" + bytes(color).hex(),)
    assert palette.shares.tolist() == [1.0]


@settings(max_examples=50, deadline=None)
@given(
    st.lists(st.tuples(*[st.integers(0, 255)] * 3), min_size=2, max_size=5, unique=True), st.data()
)
def test_up_to_five_colors_are_returned_exactly(
    colors: list[tuple[int, int, int]], data: st.DataObject
) -> None:
    counts = data.draw(st.lists(st.integers(1, 50), min_size=len(colors), max_size=len(colors)))
    pixels = np.repeat(np.array(colors, np.uint8), counts, axis=0)[None]
    palette = dominant_colors(pixels)
    truth = sorted(zip(counts, colors, strict=True), key=lambda pair: (-pair[0], pair[1]))
    assert palette.hex == tuple("#" + bytes(color).hex() for _, color in truth)
    assert palette.shares == pytest.approx([count / sum(counts) for count, _ in truth])


def test_sixth_color_joins_its_neighbour() -> None:
    row = [(0, 0, 0)] * 50 + [(255, 0, 0)] * 40 + [(0, 255, 0)] * 30 + [(0, 0, 255)] * 20
    row += [(250, 250, 250)] * 6 + [(252, 252, 252)] * 4
    palette = dominant_colors(np.array([row], np.uint8))
    assert palette.hex == ("#000000", "#ff0000", "#00ff00", "#0000ff", "#fbfbfb")
    assert palette.centers[4] == pytest.approx([250.8] * 3)
    assert palette.shares[4] == pytest.approx(10 / 150)


def test_small_details_of_a_dark_picture_are_found() -> None:
    """Nearly all pixels within a few grey levels; clusters must not drown in coarse bins."""
    random = np.random.default_rng(1)
    pixels = random.integers(0, 16, (200, 200, 3)).astype(np.uint8)
    for i, color in enumerate([(255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255)]):
        pixels[i, :20] = color
    assert set(dominant_colors(pixels).hex[1:]) == {"#ff0000", "#00ff00", "#0000ff", "#ffffff"}


def test_threads_and_earlier_calls_do_not_change_a_bit(shared: Path) -> None:
    images = real_images(shared, per_class=1, largest=400_000)
    first = [dominant_colors(pixels) for pixels in images]
    with ThreadPoolExecutor(4) as pool:
        again = list(pool.map(dominant_colors, reversed(images)))
    assert all(same(one, other) for one, other in zip(first, reversed(again), strict=True))


@pytest.mark.parametrize("k", [1, 2, 8])
def test_other_numbers_of_colors(k: int) -> None:
    pixels = np.random.default_rng(2).integers(0, 256, (40, 40, 3)).astype(np.uint8)
    palette = dominant_colors(pixels, k)
    assert len(palette.shares) == k
    if k == 1:
        assert palette.centers[0] == pytest.approx(pixels.mean(axis=(0, 1)))


@settings(max_examples=50, deadline=None)
@given(st.one_of(any_pixels, few_colors))
def test_counts_are_those_of_numpy(pixels: Pixels) -> None:
    colors, counts = np.unique(pixels.reshape(-1, 3), axis=0, return_counts=True)
    counted = count_colors(pixels)
    assert np.array_equal(counted.colors, colors)
    assert np.array_equal(counted.counts, counts)
    assert count_distinct(pixels) == len(colors)


def test_counts_of_an_image_larger_than_one_chunk() -> None:
    """17 megapixels are sorted in two parts."""
    part = np.random.default_rng(3).integers(0, 8, (100, 100, 3)).astype(np.uint8)
    counted, of_part = count_colors(np.tile(part, (17, 100, 1))), count_colors(part)
    assert np.array_equal(counted.colors, of_part.colors)
    assert np.array_equal(counted.counts, 1700 * of_part.counts)


def test_distinct_colors_of_an_image_larger_than_one_block() -> None:
    pixels = np.random.default_rng(4).integers(0, 256, (300, 400, 3)).astype(np.uint8)
    assert count_distinct(pixels) == len(np.unique(pixels.reshape(-1, 3), axis=0))


@pytest.mark.parametrize(
    "pixels",
    [np.zeros((0, 4, 3), np.uint8), np.zeros((4, 4), np.uint8), np.zeros((4, 4, 3), np.float32)],
    ids=["empty", "grey", "float"],
)
def test_wrong_pixels_are_refused(pixels: Pixels) -> None:
    with pytest.raises(ValueError, match="give uint8 RGB"):
        dominant_colors(pixels)


def test_no_cluster_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 1"):
        dominant_colors(np.zeros((2, 2, 3), np.uint8), 0)


def test_row_of_a_rich_image_keeps_the_contract_as_float32() -> None:
    pixels = np.random.default_rng(4).integers(0, 256, (64, 64, 3)).astype(np.uint8)
    columns = [column for column in CORE_COLUMNS if column.group == "colors"]
    row = ColorsStage()(Image(pixels=pixels))
    assert list(row) == [column.name for column in columns]
    table = pa.Table.from_pylist([row], schema=pa.schema([column.field for column in columns]))
    stored = table.to_pylist()[0]
    shares = [stored[f"color_to_image_ratio_{i}"] for i in range(1, 6)]
    assert shares == sorted(shares, reverse=True)
    assert sum(shares) == pytest.approx(1, abs=1e-5)


def test_row_of_two_colors_is_null_from_the_third_on() -> None:
    pixels = np.zeros((4, 4, 3), np.uint8)
    pixels[0] = (255, 128, 0)
    row = ColorsStage()(Image(pixels=pixels))
    assert row["dominant_color_1"] == "#000000"
    assert row["color_to_image_ratio_1"] == 0.75
    assert row["dominant_color_2"] == "#ff8000"
    assert row["color_to_image_ratio_2"] == 0.25
    for i in (3, 4, 5):
        assert row[f"dominant_color_{i}"] is None
        assert row[f"color_to_image_ratio_{i}"] is None
