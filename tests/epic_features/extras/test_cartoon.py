"""The ``cartoon`` group on images whose answer is known, and on real drawings and photos."""

from __future__ import annotations

import csv
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from epic_features.extras import CartoonStage
from epic_features.image import Image, decode
from epic_features.schema import EXTRA_COLUMNS
from epic_features.settings import Settings


def row_of(pixels: NDArray[np.uint8]) -> dict[str, float]:
    return dict(CartoonStage()(Image(pixels=pixels)))


def test_flat_image() -> None:
    row = row_of(np.full((20, 50, 3), 90, np.uint8))
    assert list(row) == [column.name for column in EXTRA_COLUMNS if column.group == "cartoon"]
    assert row == {
        "distinct_colors_ratio": pytest.approx(1 / 1000),
        "top512_colors_ratio": 1.0,
        "bilateral_similarity": pytest.approx(1),
        "edge_density": 0.0,
    }


def test_distinct_colors_and_top_512_of_a_known_image() -> None:
    """1024 x 1024: half of it black, the rest 1,024 blocks of a colour of their own."""
    pixels = np.zeros((1024, 1024, 3), np.uint8)
    code = np.arange(512 * 1024) // 512 + 1
    pixels[512:] = np.stack([code % 256, code // 256, code * 0], axis=-1).reshape(512, 1024, 3)
    row = row_of(pixels)
    assert row["distinct_colors_ratio"] == pytest.approx(1025 / 1024**2)
    assert row["top512_colors_ratio"] == pytest.approx(0.5 + 511 * 512 / 1024**2)


def test_one_vertical_line_is_two_edges() -> None:
    pixels = np.zeros((200, 200, 3), np.uint8)
    pixels[:, 100:] = 255
    assert row_of(pixels)["edge_density"] == pytest.approx(1 / 200, rel=0.5)


def test_noise_loses_its_colors_to_the_filter_and_flat_areas_keep_theirs() -> None:
    random = np.random.default_rng(0)
    blocks = random.integers(0, 256, (8, 8, 3)).astype(np.uint8)
    drawing = blocks.repeat(30, axis=0).repeat(30, axis=1)
    noise = np.clip(drawing + random.normal(0, 25, drawing.shape), 0, 255).astype(np.uint8)
    assert row_of(drawing)["bilateral_similarity"] > 0.95
    assert row_of(noise)["bilateral_similarity"] < 0.9


@pytest.mark.parametrize("shape", [(1, 1), (1, 4000), (3, 256)])
@pytest.mark.filterwarnings("error")
def test_odd_shapes_and_uniform_histograms(shape: tuple[int, int]) -> None:
    ramp = (np.arange(shape[0] * shape[1]) % 256).astype(np.uint8).reshape(*shape, 1)
    row = row_of(np.repeat(ramp, 3, axis=2))
    assert all(np.isfinite(value) for value in row.values())


@settings(max_examples=15, deadline=None)
@given(arrays(np.uint8, st.tuples(st.integers(1, 20), st.integers(1, 20), st.just(3))))
def test_ranges(pixels: NDArray[np.uint8]) -> None:
    row = row_of(pixels)
    assert 0 < row["distinct_colors_ratio"] <= 1
    assert 0 < row["top512_colors_ratio"] <= 1
    assert -1 <= row["bilateral_similarity"] <= 1
    assert 0 <= row["edge_density"] <= 1


def test_drawings_are_told_from_photos(shared: Path) -> None:
    """Weakly, each by itself: the median drawing differs from the median photo."""
    values: dict[str, list[dict[str, float]]] = {"animated": [], "real": []}
    with (shared / "data" / "manifest.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            group = values.get(row["drawn"])
            if group is not None and len(group) < 60:
                encoded = (shared / "data" / row["file"]).read_bytes()
                group.append(row_of(decode(encoded, Settings()).pixels))
    for name in ("top512_colors_ratio", "bilateral_similarity"):
        drawing, photo = (np.median([row[name] for row in rows]) for rows in values.values())
        assert drawing > photo, name


@settings(max_examples=15, deadline=None)
@given(
    arrays(
        np.uint8,
        st.tuples(st.integers(1, 50), st.integers(1, 50), st.just(3)),
        elements=st.sampled_from([0, 1, 255]),
    ),
    st.sampled_from([1, 7, 16, 23]),
)
def test_colours_of_the_resize_are_those_of_the_resize(
    pixels: NDArray[np.uint8], factor: int
) -> None:
    """Small pictures, which are not really resized, larger ones, and such of a few pixels."""
    pixels = np.repeat(np.repeat(pixels, factor, axis=0), factor, axis=1)
    resized = cv2.resize(pixels, (1024, 1024), interpolation=cv2.INTER_NEAREST)
    _, counts = np.unique(resized.reshape(-1, 3), axis=0, return_counts=True)
    row = CartoonStage()(Image(pixels))
    assert row["top512_colors_ratio"] == np.sort(counts)[-512:].sum() / 1024**2
    distinct = len(np.unique(pixels.reshape(-1, 3), axis=0))
    assert row["distinct_colors_ratio"] == distinct / (pixels.shape[0] * pixels.shape[1])
