"""Words as numbers, against scikit-learn."""

import json
import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.feature_extraction.text import TfidfVectorizer

from classifiers.words import WordCounts

words = st.lists(st.sampled_from(["one", "two", "three", "بحر", "عيد", "x"]), max_size=8)


def theirs(rows, min_rows):
    vectorizer = TfidfVectorizer(analyzer=list, sublinear_tf=True, min_df=min_rows)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        values = vectorizer.fit_transform(rows).toarray()
    return list(vectorizer.get_feature_names_out()), values


@given(st.lists(words, min_size=1, max_size=20), st.integers(1, 3))
def test_values_are_those_of_scikit_learn(rows, min_rows):
    counts = WordCounts(100, min_rows).fit(rows)
    try:
        terms, values = theirs(rows, min_rows)
    except ValueError:  # scikit-learn refuses an empty vocabulary.
        assert counts.terms == []
        assert counts.transform(rows).shape == (len(rows), 0)
        return
    assert counts.terms == terms
    assert counts.transform(rows) == pytest.approx(values, abs=1e-5)


def test_unknown_words_and_rows_that_were_not_looked_at():
    counts = WordCounts(10, 1).fit([["sea", "sun"], None, ["sea"], []])
    values = counts.transform([None, [], ["never", "seen"], ["sun", "never"]])
    assert np.isnan(values[0]).all()
    assert (values[1:3] == 0).all()
    assert values[3] == pytest.approx([0, 1])


def test_rows_that_are_null_do_not_change_the_weights():
    rows = [["sea", "sun"], ["sea"], []]
    known, more = WordCounts(10, 1).fit(rows), WordCounts(10, 1).fit([None, *rows, None])
    assert known.to_dict() == more.to_dict()


def test_the_most_frequent_words_by_rows_are_kept():
    rows = [["often", "often", "often"], ["both", "b"], ["both", "a"]]
    assert WordCounts(1, 1).fit(rows).terms == ["both"]
    assert WordCounts(2, 1).fit(rows).terms == ["a", "both"]  # Of equals, by alphabet.
    assert WordCounts(0, 1).fit(rows).terms == []
    assert WordCounts(9, 2).fit(rows).terms == ["both"]


@given(st.lists(words, min_size=1, max_size=20))
def test_a_vocabulary_survives_json(rows):
    counts = WordCounts(4, 1).fit(rows)
    again = WordCounts.from_dict(json.loads(json.dumps(counts.to_dict())))
    assert np.array_equal(again.transform(rows), counts.transform(rows))
