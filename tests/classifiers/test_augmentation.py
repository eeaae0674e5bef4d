"""Changed pictures: by the seed, of the same kind, and no further than said."""

from __future__ import annotations

import numpy as np
import pytest

from classifiers.augmentation import AUGMENTATIONS, rotated


def pictures(count=20, side=48):
    random = np.random.default_rng(0)
    coarse = random.integers(0, 256, (count, 6, 6, 3), dtype=np.uint8)
    return np.repeat(np.repeat(coarse, side // 6, axis=1), side // 6, axis=2)


@pytest.mark.parametrize("name", AUGMENTATIONS)
def test_shape_type_and_seed(name):
    given = pictures()
    kept = given.copy()
    one, two = (AUGMENTATIONS[name](given, np.random.default_rng(3)) for _ in range(2))
    assert one.shape == given.shape
    assert one.dtype == np.uint8
    assert np.array_equal(one, two)
    assert np.array_equal(given, kept)
    assert np.array_equal(one, given) == (name == "none")
    if name != "none":
        other = AUGMENTATIONS[name](given, np.random.default_rng(4))
        assert not np.array_equal(one, other)


def test_a_plain_picture_stays_plain_when_turned():
    plain = np.full((3, 40, 40, 3), 90, np.uint8)
    assert np.array_equal(rotated(plain, np.random.default_rng(0)), plain)


def test_the_middle_stays_in_place_and_a_line_turns_by_at_most_15_degrees():
    side = 101
    line = np.zeros((40, side, side, 3), np.uint8)
    line[:, 49:52, :] = 255
    turned = rotated(line, np.random.default_rng(1))
    assert (turned[:, 50, 50] > 200).all()
    angles = []
    for picture in turned:
        y, x = np.nonzero(picture[20:81, 20:81, 0] > 127)
        angles.append(np.degrees(np.arctan(np.polyfit(x, y, 1)[0])))
    assert max(np.abs(angles)) <= 15.5
    assert max(angles) > 5
    assert min(angles) < -5
