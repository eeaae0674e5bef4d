"""Folds: what belongs together stays together."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifiers.folds import given_folds, make_folds
from classifiers.table import TableError


@st.composite
def grouped_rows(draw):
    """Rows in at least six groups, with enough rows of each class."""
    groups = draw(st.lists(st.integers(0, 9), min_size=30, max_size=60))
    groups += list(range(10))
    codes = draw(st.lists(st.integers(0, 2), min_size=len(groups), max_size=len(groups)))
    codes[:18] = [0, 1, 2] * 6
    return np.array(codes), np.array([f"album {g}" for g in groups])


@given(grouped_rows(), st.integers(2, 5), st.integers(0, 9))
def test_groups_are_never_split(rows, folds, seed):
    codes, groups = rows
    fold = make_folds(codes, groups, folds, seed)
    assert fold.shape == codes.shape
    assert set(fold) <= set(range(folds))
    assert len(set(fold)) >= 2
    for group in set(groups):
        assert len(set(fold[groups == group])) == 1
    assert np.array_equal(fold, make_folds(codes, groups, folds, seed))


@given(st.lists(st.integers(2, 30), min_size=2, max_size=5), st.integers(2, 6), st.integers(0, 9))
def test_without_groups_every_fold_has_its_share_of_each_class(counts, folds, seed):
    codes = np.repeat(np.arange(len(counts)), counts)
    fold = make_folds(codes, None, folds, seed)
    used = min(folds, *counts)
    assert set(fold) == set(range(used))
    for code, count in enumerate(counts):
        shares = np.bincount(fold[codes == code], minlength=used)
        assert shares.max() - shares.min() <= 1
        assert shares.sum() == count


def test_another_seed_gives_other_folds():
    codes = np.repeat([0, 1], 50)
    assert not np.array_equal(make_folds(codes, None, 5, 0), make_folds(codes, None, 5, 1))


def test_fewer_groups_than_folds():
    groups = np.repeat(["a", "b", "c"], 10)
    fold = make_folds(np.tile([0, 1], 15), groups, 5, 0)
    assert len(set(fold)) == 3


@pytest.mark.parametrize("count", [2, 3])
def test_as_many_groups_as_images_of_a_small_class(count):
    codes = np.repeat([0, 1], count)
    fold = make_folds(codes, np.arange(len(codes)), 5, 0)
    assert len(set(fold)) >= 2


def test_what_cannot_be_split():
    codes = np.repeat([0, 1], 5)
    with pytest.raises(TableError, match="one group"):
        make_folds(codes, ["all"] * 10, 5, 0)
    with pytest.raises(TableError, match="3 groups for 10 rows"):
        make_folds(codes, [1, 2, 3], 5, 0)
    with pytest.raises(TableError, match="folds=1"):
        make_folds(codes, None, 1, 0)


def test_given_folds_are_taken_as_they_are():
    codes = np.repeat([0, 1], 3)
    assert given_folds([0, 7, -1, 0, 7, -1], codes).tolist() == [0, 7, -1, 0, 7, -1]


@pytest.mark.parametrize(
    ("fold", "message"),
    [
        ([0, 0, 0, 0, 0, 0], "one fold"),
        ([0, -1, 0, -1, 0, 0], "one fold"),
        ([0, 1], "each of the 6 rows"),
        ([0.0, 1.0, 0.0, 1.0, 0.0, 1.0], "whole number"),
        (["0", "1", "0", "1", "0", "1"], "whole number"),
    ],
)
def test_given_folds_that_do_not_fit(fold, message):
    with pytest.raises(TableError, match=message):
        given_folds(fold, np.repeat([0, 1], 3))
