"""From a feature table to numbers."""

import json

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

from classifiers import TableEncoder
from classifiers.table import TableError
from epic_features import Extractor, Settings, extract
from epic_features.frame import to_pandas
from epic_features.schema import CORE_COLUMNS, EXTRA_COLUMNS


def feature(encoder, matrix, name):
    return matrix[:, list(encoder.get_feature_names_out()).index(name)]


def column(table, name):
    return np.array(table[name].to_pylist(), np.float64)


def test_numbers_counts_and_the_ratio_of_the_sides(three):
    table, _ = three
    encoder = TableEncoder().fit(table)
    matrix = encoder.transform(table)
    assert matrix.dtype == np.float32
    assert matrix.shape == (len(table), len(encoder.feature_names_))
    for name, expected in (
        ("text_to_image_ratio", column(table, "text_to_image_ratio")),
        ("has_gps", column(table, "has_gps")),
        ("aspect_ratio", np.log(column(table, "aspect_ratio"))),
        ("total_faces_count", np.log1p(column(table, "total_faces_count"))),
        ("characters_count", np.log1p(column(table, "characters_count"))),
    ):
        found = feature(encoder, matrix, name)
        assert found == pytest.approx(expected, rel=1e-6, nan_ok=True), name
        assert np.isnan(found).any(), name  # What is null stays unknown.


def test_pandas_and_arrow_give_the_same_matrix(three):
    table, _ = three
    frame = to_pandas(table)
    encoder = TableEncoder(min_images=1).fit(table)
    assert np.array_equal(encoder.transform(table), encoder.transform(frame), equal_nan=True)
    other = TableEncoder(min_images=1).fit(frame)
    assert other.to_dict() == encoder.to_dict()
    plain = table.to_pandas()  # NumPy's dtypes, lists as arrays.
    assert np.array_equal(encoder.transform(table), encoder.transform(plain), equal_nan=True)
    chunks = pa.concat_tables([table[:10], table[10:]])
    assert np.array_equal(encoder.transform(table), encoder.transform(chunks), equal_nan=True)


def test_rows_do_not_depend_on_each_other(three):
    table, _ = three
    encoder = TableEncoder(min_images=1).fit(table)
    matrix = encoder.transform(table)
    for row in (0, 17):
        assert np.array_equal(
            encoder.transform(table.slice(row, 1))[0], matrix[row], equal_nan=True
        )
    assert encoder.transform(table[:0]).shape == (0, matrix.shape[1])


def test_size_and_bytes_are_left_out_unless_asked_for(make_table):
    table, _ = make_table({"a": 3, "b": 3}, settings=Settings(groups=("core", "bytes")))
    names = set(TableEncoder().fit(table).feature_names_)
    left_out = {"area", "width", "height", *(c.name for c in EXTRA_COLUMNS if c.group == "bytes")}
    assert not names & left_out
    assert "aspect_ratio" in names
    encoder = TableEncoder(columns=("width", "file_size", "dominant_color_1")).fit(table)
    assert encoder.number_columns_ == ["width", "file_size"]
    width = feature(encoder, encoder.transform(table), "width")
    assert width == pytest.approx(column(table, "width"), nan_ok=True)
    assert "color_5_lightness" in encoder.feature_names_
    assert not [n for n in encoder.feature_names_ if n.startswith("word:")]


def test_the_37_columns_are_enough_and_the_rest_is_ignored(make_table, three):
    table, _ = make_table({"a": 4, "b": 4}, settings=Settings())
    encoder = TableEncoder(min_images=1).fit(table.append_column("mood", pa.array([1] * 8)))
    assert not [n for n in encoder.feature_names_ if "mood" in n]
    assert np.array_equal(
        encoder.transform(three[0]),
        encoder.transform(three[0].select([c.name for c in CORE_COLUMNS])),
        equal_nan=True,
    )


def test_words_of_both_languages(three):
    table, _ = three
    count = len(table)
    english = [["sea"]] * 20 + [None] * (count - 20)
    arabic = [["بحر"]] * 10 + [[]] * 20 + [None] * (count - 30)
    for name, values in (
        ("en_words_segmented_and_lemmatized", english),
        ("ar_words_lemmatized", arabic),
    ):
        place = table.column_names.index(name)
        table = table.set_column(place, table.schema.field(name), [values])
    encoder = TableEncoder(min_images=10).fit(table)
    matrix = encoder.transform(table)
    assert list(encoder.feature_names_[-2:]) == ["word:sea", "word:بحر"]
    assert (matrix[:10, -2:] > 0).all()
    assert matrix[10:20, -2:] == pytest.approx(np.array([[1, 0]] * 10))
    assert (matrix[20:30, -2:] == 0).all()
    assert np.isnan(matrix[30:, -2:]).all()
    assert TableEncoder(min_images=11).fit(table).vocabulary_.terms == ["sea"]
    assert TableEncoder(words=0).fit(table).vocabulary_.terms == []


def test_what_was_learned_survives_json(three):
    table, _ = three
    encoder = TableEncoder(words=4, min_images=2).fit(table)
    again = TableEncoder().restore(json.loads(json.dumps(encoder.to_dict())))
    assert list(again.feature_names_) == list(encoder.feature_names_)
    assert np.array_equal(again.transform(table), encoder.transform(table), equal_nan=True)


def test_scikit_learn_conventions(three):
    encoder = TableEncoder(columns=("aspect_ratio",), words=3)
    assert clone(encoder).get_params() == {
        "columns": ("aspect_ratio",),
        "words": 3,
        "min_images": 5,
    }
    with pytest.raises(NotFittedError):
        encoder.transform(three[0])
    assert encoder.fit_transform(three[0]).shape == (len(three[0]), 1)


@pytest.mark.parametrize("columns", [(), ("file_name",), ("phash", "class")])
def test_nothing_to_use(three, columns):
    with pytest.raises(TableError):
        TableEncoder(columns=columns).fit(three[0])


def test_a_colour_that_is_none_is_refused(three):
    frame = to_pandas(three[0])
    encoder = TableEncoder().fit(frame)
    frame.loc[3, "dominant_color_2"] = "red"
    with pytest.raises(TableError, match="dominant_color_2|red"):
        encoder.transform(frame)


def test_a_frame_of_this_library(photo):
    frame = extract([photo, photo[:50]], settings=Settings(groups=("shape", "colors", "texture")))
    encoder = TableEncoder().fit(frame)
    matrix = encoder.transform(frame)
    assert feature(encoder, matrix, "aspect_ratio") == pytest.approx(
        np.log([160 / 120, 160 / 50]), rel=1e-6
    )
    assert np.isnan(feature(encoder, matrix, "total_faces_count")).all()
    assert not np.isnan(feature(encoder, matrix, "noise_level")).any()


def test_what_a_frame_says_of_itself_stays(photo):
    frame = extract([photo], settings=Settings(groups=("shape", "colors")))
    before = frame.attrs["provenance"]
    TableEncoder().fit(frame).transform(frame)
    assert before["settings"]
    assert frame.attrs["provenance"] == before


def test_a_hand_made_frame_of_rows(photo):
    extractor = Extractor(Settings(groups=("shape", "colors", "texture", "exif")))
    rows = [extractor.row(photo), extractor.row(photo[:50])]
    table = extractor.table(rows)
    encoder = TableEncoder().fit(table)
    found, expected = encoder.transform(pd.DataFrame(rows)), encoder.transform(table)
    np.testing.assert_allclose(found, expected, rtol=1e-5)
