"""The aims on images counted by eye."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture
def benchmark(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.syspath_prepend(Path(__file__).parents[3] / "benchmarks")
    import face_accuracy

    return face_accuracy


def test_centerface_counts_and_areas(benchmark, shared: Path, centerface_model: Path):
    result = benchmark.measure(shared, "centerface")
    assert result["labelled"] > 100
    assert result["exact"] >= 0.97
    assert result["false_positives"] <= 2
    other = benchmark.measure(shared, "yunet")
    assert other["exact"] >= 0.97
    bias, _ = benchmark.area_difference(result, other)
    assert bias <= 0.01


@pytest.mark.parametrize(
    ("text", "right", "wrong"),
    [
        ("3", [3], [2, 4]),
        ("0", [0], [1]),
        (">10", [11, 50], [10, 0]),
        ("more than 10", [11], [10]),
        ("10+", [11], [10]),
    ],
)
def test_labels(benchmark, text: str, right: list[int], wrong: list[int]):
    label = benchmark.parse_label(text)
    assert all(label.accepts(count) for count in right)
    assert not any(label.accepts(count) for count in wrong)


def test_ambiguous_images_have_no_label(benchmark):
    assert benchmark.parse_label("ambiguous") is None
