"""Dominant colours as numbers, against scikit-image."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from skimage.color import rgb2lab

from classifiers.colors import color_features, lab_of

hex_colors = st.integers(0, 0xFFFFFF).map("#{:06x}".format)


def objects(rows):
    result = np.full((len(rows), 5), None, object)
    for index, row in enumerate(rows):
        result[index, : len(row)] = row
    return result


def shares_of(rows):
    result = np.full((len(rows), 5), np.nan)
    for index, row in enumerate(rows):
        result[index, : len(row)] = row
    return result


def features(colors, shares):
    values, names = color_features(objects([colors]), shares_of([shares]))
    return dict(zip(names, values[0], strict=True))


def truth(texts):
    numbers = np.array([[int(t[i : i + 2], 16) for i in (1, 3, 5)] for t in texts])
    return rgb2lab(numbers[None] / 255)[0]


@given(st.lists(hex_colors, min_size=1, max_size=20))
def test_lab_is_that_of_scikit_image(texts):
    assert lab_of(np.array(texts, object)) == pytest.approx(truth(texts), abs=0.6)


def test_nothing_stays_unknown():
    lab = lab_of(np.array([[None, "#ffffff"]], object))
    assert lab.shape == (1, 2, 3)
    assert np.isnan(lab[0, 0]).all()
    assert lab[0, 1] == pytest.approx([100, 0, 0], abs=0.1)


@pytest.mark.parametrize("text", ["red", "ffffff", "#fff", "#12345g", ""])
def test_other_texts_are_refused(text):
    with pytest.raises(ValueError, match="#rrggbb|invalid literal"):
        lab_of(np.array([text], object))


def test_one_colour():
    found = features(["#ff0000"], [1.0])
    lightness, a, b = truth(["#ff0000"])[0]
    assert found["color_1_lightness"] == pytest.approx(lightness, abs=0.1)
    assert found["color_1_chroma"] == pytest.approx(np.hypot(a, b), abs=0.3)
    assert found["colors_mean_a"] == pytest.approx(a, abs=0.3)
    assert (found["colors_spread"], found["colors_entropy"]) == pytest.approx((0, 0), abs=1e-6)
    assert (found["colors_count"], found["color_1_share"]) == (1, 1)
    assert np.isnan(found["color_2_lightness"])


def test_black_and_white():
    found = features(["#ffffff", "#000000"], [0.75, 0.25])
    assert found["colors_mean_lightness"] == pytest.approx(75, abs=0.01)
    # 0.75 of the picture is 25 away from the mean, 0.25 of it 75.
    assert found["colors_spread"] == pytest.approx(np.sqrt(0.75 * 25**2 + 0.25 * 75**2), abs=0.01)
    assert found["colors_entropy"] == pytest.approx(-0.75 * np.log(0.75) - 0.25 * np.log(0.25))
    assert found["colors_count"] == 2


def test_a_row_without_colours_is_unknown_throughout():
    values, names = color_features(objects([[], ["#123456"]]), shares_of([[], [1]]))
    assert np.isnan(values[0]).all()
    assert values.shape == (2, len(names)) == (2, 32)
    assert len(set(names)) == 32


@given(st.lists(hex_colors, min_size=2, max_size=5, unique=True), st.data())
def test_figures_of_all_colours_together_do_not_depend_on_their_order(texts, data):
    order = data.draw(st.permutations(range(len(texts))))
    weights = np.arange(1, len(texts) + 1) / sum(range(1, len(texts) + 1))
    one = features(texts, weights)
    other = features([texts[i] for i in order], weights[list(order)])
    for name in (n for n in one if n.startswith("colors_")):
        assert one[name] == pytest.approx(other[name], abs=1e-6)
