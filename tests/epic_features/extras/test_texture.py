"""How a surface looks, on drawn pictures whose figures are known."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray
from scipy.stats import entropy

from epic_features import Extractor, Settings
from epic_features.extras import TextureStage
from epic_features.extras.texture import _quantiles_of_counts
from epic_features.image import Image
from epic_features.schema import EXTRA_COLUMNS

Pixels = NDArray[np.uint8]

COLUMNS = {column.name: column for column in EXTRA_COLUMNS if column.group == "texture"}


def row_of(pixels: Pixels) -> dict[str, Any]:
    return dict(TextureStage()(Image(pixels=pixels)))


def gray(values: NDArray[Any]) -> Pixels:
    return np.repeat(np.clip(values, 0, 255).astype(np.uint8)[..., None], 3, axis=2)


def flat(color: tuple[int, int, int], height: int = 60, width: int = 80) -> Pixels:
    return np.full((height, width, 3), color, np.uint8)


small_pictures = arrays(np.uint8, st.tuples(st.integers(1, 12), st.integers(1, 12), st.just(3)))


@settings(max_examples=80)
@given(small_pictures)
def test_every_column_is_there_and_within_its_range(pixels: Pixels) -> None:
    row = row_of(pixels)
    assert list(row) == list(COLUMNS) or set(row) == set(COLUMNS)
    for name, value in row.items():
        assert type(value) is float, name
        assert np.isfinite(value), name
        low, high = COLUMNS[name].range[1:-1].split(", ")
        assert value >= float(low) - 1e-6, name
        assert high == "∞" or value <= float(high) + 1e-6, name


@pytest.mark.parametrize("shape", [(1, 1), (1, 700), (700, 1), (2, 2), (3, 2), (4, 9)])
def test_pictures_of_a_few_pixels(shape: tuple[int, int]) -> None:
    row = row_of(flat((10, 200, 30), *shape))
    assert all(np.isfinite(value) for value in row.values())
    assert (row["flat_ratio"], row["outline_ratio"], row["noise_level"]) == (1, 0, 0)


def test_the_group_fits_the_arrow_table() -> None:
    extractor = Extractor(Settings(groups=("texture",)))
    table = extractor.table([extractor.row(flat((1, 2, 3)))])
    for name in COLUMNS:
        assert table.schema.field(name).type == pa.float32()
        assert table[name].null_count == 0


def test_flat_white() -> None:
    row = row_of(flat((255, 255, 255)))
    for name in (
        "flat_ratio plain_rows_ratio plain_columns_ratio border_brightness white_ratio gray_ratio "
        "top_cell_ratio top_8_cells_ratio ground_brightness luma_p05 luma_p50 luma_p95"
    ).split():
        assert row[name] == 1, name
    for name in (
        "noise_level outline_ratio soft_edge_ratio border_contrast saturation_mean vivid_ratio "
        "skin_ratio ground_contrast black_ratio hue_entropy color_entropy local_pattern_entropy "
        "local_contrast_p95"
    ).split():
        assert row[name] == 0, name


def test_black_and_grey_are_told_from_white() -> None:
    assert (row_of(flat((0, 0, 0)))["black_ratio"], row_of(flat((16,) * 3))["black_ratio"]) == (
        1,
        1,
    )
    assert row_of(flat((17,) * 3))["black_ratio"] == 0
    assert row_of(flat((250,) * 3))["white_ratio"] == 1
    assert row_of(flat((249,) * 3))["white_ratio"] == 0


def stripes(step: int = 10) -> Pixels:
    return gray(np.tile((np.arange(120) // step % 2) * 255, (90, 1)))


def test_vertical_stripes() -> None:
    row = row_of(stripes())
    # Both sides of each of the 11 steps answer a Sobel operator.
    assert row["outline_ratio"] == pytest.approx(22 / 120)
    assert (row["vertical_outline_ratio"], row["horizontal_outline_ratio"]) == (1, 0)
    assert (row["plain_rows_ratio"], row["plain_columns_ratio"]) == (0, 1)
    assert row["soft_edge_ratio"] == 0
    assert row["flat_ratio"] == pytest.approx(109 / 120)


def test_horizontal_stripes_are_the_same_turned() -> None:
    one, other = row_of(stripes()), row_of(np.ascontiguousarray(stripes().transpose(1, 0, 2)))
    assert other["horizontal_outline_ratio"] == one["vertical_outline_ratio"] == 1
    assert other["vertical_outline_ratio"] == 0
    assert other["plain_columns_ratio"] == one["plain_rows_ratio"]
    for name in ("outline_ratio", "flat_ratio", "noise_level", "color_entropy"):
        assert other[name] == pytest.approx(one[name])


def test_slanted_stripes_are_neither() -> None:
    y, x = np.mgrid[0:90, 0:120]
    row = row_of(gray(((x + y) // 10 % 2) * 255))
    assert row["outline_ratio"] > 0.1
    assert row["vertical_outline_ratio"] < 0.05
    assert row["horizontal_outline_ratio"] < 0.05


def test_checkerboard() -> None:
    y, x = np.mgrid[0:96, 0:96]
    row = row_of(gray((x // 12 + y // 12) % 2 * 255))
    assert row["white_ratio"] == row["black_ratio"] == 0.5
    assert row["color_entropy"] == pytest.approx(1)
    assert row["border_brightness"] == pytest.approx(0.5)
    assert row["border_contrast"] == pytest.approx(0.5)
    assert row["vertical_outline_ratio"] == pytest.approx(row["horizontal_outline_ratio"])


@pytest.mark.parametrize("slope", [0.0, 20.0])
def test_a_ramp_has_soft_edges_only(slope: float) -> None:
    row = row_of(gray(np.tile(np.arange(12) * slope, (12, 1))))
    # Sobel / 4 answers with the difference across two pixels.
    assert row["local_contrast_p50"] == pytest.approx(2 * slope / 255, abs=1e-6)
    assert row["soft_edge_ratio"] == (1 if slope else 0)
    assert row["outline_ratio"] == 0


@pytest.mark.parametrize("sigma", [2.0, 5.0, 9.0])
def test_noise_of_a_known_deviation(sigma: float) -> None:
    random = np.random.default_rng(0)
    noisy = gray((127 + random.normal(0, sigma, (400, 500))).round())
    assert row_of(noisy)["noise_level"] == pytest.approx(sigma, rel=0.05)


def test_noise_is_measured_before_the_picture_is_shrunk() -> None:
    random = np.random.default_rng(0)
    noisy = gray((127 + random.normal(0, 5, (1600, 2000))).round())
    row = row_of(noisy)
    assert row["noise_level"] == pytest.approx(5, rel=0.05)
    assert row["local_contrast_p50"] < row_of(noisy[:400, :500])["local_contrast_p50"] / 2


def test_outlines_are_no_noise() -> None:
    # Immerkaer's mask alone would take the corners of the squares for noise.
    y, x = np.mgrid[0:100, 0:100]
    assert row_of(gray((x // 20 + y // 20) % 2 * 255))["noise_level"] < 0.5


def test_a_patch_of_skin() -> None:
    pixels = flat((20, 60, 200), 40, 40)
    pixels[:10] = (224, 172, 138)
    assert row_of(pixels)["skin_ratio"] == pytest.approx(0.25)


@settings(max_examples=40)
@given(small_pictures)
def test_colour_figures_against_brute_force(pixels: Pixels) -> None:
    row, flat_pixels = row_of(pixels), pixels.reshape(-1, 3)
    _, counts = np.unique(flat_pixels >> 4, axis=0, return_counts=True)
    top = np.sort(counts)[::-1] / counts.sum()
    assert row["color_entropy"] == pytest.approx(entropy(counts, base=2), abs=1e-9)
    assert row["top_cell_ratio"] == pytest.approx(top[0])
    assert row["top_8_cells_ratio"] == pytest.approx(top[:8].sum())
    hsv = cv2.cvtColor(pixels, cv2.COLOR_RGB2HSV).reshape(-1, 3)
    saturation = hsv[:, 1] / 255
    assert row["saturation_mean"] == pytest.approx(saturation.mean(), abs=1e-6)
    assert row["saturation_contrast"] == pytest.approx(saturation.std(), abs=1e-6)
    assert row["vivid_ratio"] == pytest.approx((saturation > 0.6).mean(), abs=1e-6)
    assert row["gray_ratio"] == pytest.approx((saturation < 0.06).mean(), abs=1e-6)
    weights = [saturation[hsv[:, 0] // 5 == hue].sum() for hue in range(36)]
    expected = entropy(weights, base=2) if sum(weights) else 0
    assert row["hue_entropy"] == pytest.approx(expected, abs=1e-5)


@settings(max_examples=40)
@given(small_pictures)
def test_light_figures_against_brute_force(pixels: Pixels) -> None:
    row = row_of(pixels)
    luma = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY).astype(int)
    height, width = luma.shape
    same = 0
    for y in range(height):
        for x in range(width):
            right = abs(luma[y, min(x + 1, width - 1)] - luma[y, x])
            below = abs(luma[min(y + 1, height - 1), x] - luma[y, x])
            same += right <= 1 and below <= 1
    assert row["flat_ratio"] == pytest.approx(same / luma.size)
    assert row["plain_rows_ratio"] == pytest.approx((luma.std(axis=1) < 2).mean())
    assert row["plain_columns_ratio"] == pytest.approx((luma.std(axis=0) < 2).mean())
    for share in (5, 25, 50, 75, 95):
        expected = np.percentile(luma, share) / 255
        assert row[f"luma_p{share:02d}"] == pytest.approx(expected)


def test_light_that_falls_off_shows_on_the_ground() -> None:
    even, uneven = (
        gray(np.full((160, 160), 230.0)),
        gray(np.tile(np.linspace(120, 250, 160), (160, 1))),
    )
    for pixels in (even, uneven):
        pixels[::8, ::8] = 0  # Ink does not count.
    assert row_of(even)["ground_brightness"] == pytest.approx(230 / 255)
    assert row_of(even)["ground_contrast"] == 0
    assert row_of(uneven)["ground_contrast"] == pytest.approx(130 / 255 / np.sqrt(12), rel=0.05)


@pytest.mark.parametrize("kind", ["noise", "stripes", "clouds"])
def test_local_patterns_against_brute_force(kind: str) -> None:
    random = np.random.default_rng(1)
    values = {
        # Even levels, in steps of 4: the threshold of more than 2 levels is then "brighter".
        "noise": random.integers(0, 60, (50, 70)) * 4,
        "stripes": stripes()[..., 0].astype(int) // 4 * 4,
        "clouds": cv2.resize(random.random((6, 7)) * 60, (70, 50)).astype(int) * 4,
    }[kind]
    found = row_of(gray(values))["local_pattern_entropy"]
    assert found == pytest.approx(entropy(uniform_counts(neighbours(values)), base=2))


def neighbours(values: NDArray[Any]) -> NDArray[np.int64]:
    """Return eight bits for every inner pixel, once around it."""
    height, width = values.shape
    around = [(-1, -1), (-1, 0), (-1, 1), (0, 1), (1, 1), (1, 0), (1, -1), (0, -1)]
    codes = np.zeros((height - 2, width - 2), np.int64)
    for y in range(1, height - 1):
        for x in range(1, width - 1):
            bits = [values[y + dy, x + dx] > values[y, x] for dy, dx in around]
            codes[y - 1, x - 1] = sum(bit << place for place, bit in enumerate(bits))
    return codes


def uniform_counts(codes: NDArray[np.int64]) -> list[int]:
    """Count the ten rotation invariant uniform patterns (Ojala et al. 2002)."""
    counts = [0] * 10
    for code in codes.ravel():
        bits = f"{code:08b}"
        changes = sum(a != b for a, b in zip(bits, bits[1:] + bits[0], strict=True))
        counts[bits.count("1") if changes <= 2 else 9] += 1
    return counts


def test_bands_from_top_to_bottom() -> None:
    pixels = flat((255, 255, 255), 80, 60)
    pixels[20:40] = (255, 0, 0)
    pixels[40:60] = stripes()[:20, :60]
    pixels[60:] = 0
    row = row_of(pixels)
    assert [row[f"band_{n}_brightness"] for n in (1, 4)] == [1, 0]
    assert row["band_2_brightness"] == pytest.approx(76 / 255)
    assert row["band_3_brightness"] == pytest.approx(0.5)
    assert [row[f"band_{n}_colorfulness"] for n in (1, 2, 3, 4)] == [0, 1, 0, 0]
    assert row["band_3_outlines"] > 0.15
    # Only the rows that touch the next band.
    assert row["band_1_outlines"] == pytest.approx(1 / 20)


def test_a_large_picture_is_measured_small() -> None:
    pixels = flat((255, 255, 255), 1024, 2048)
    pixels[::2] = 0  # Averages to grey.
    row = row_of(pixels)
    assert row["flat_ratio"] == 1
    assert row["luma_p50"] == pytest.approx(0.5, abs=0.01)


@given(
    st.lists(st.integers(0, 255), min_size=1, max_size=60),
    st.lists(st.floats(0, 1), min_size=1, max_size=5),
)
def test_quantiles_of_counts_are_those_of_the_values(
    values: list[int], shares: list[float]
) -> None:
    counts = np.bincount(values, minlength=256)
    found = _quantiles_of_counts(np.stack([counts, 3 * counts]), shares)
    assert found[0] == pytest.approx(np.quantile(values, shares))
    assert found[1] == pytest.approx(np.quantile(values * 3, shares))
