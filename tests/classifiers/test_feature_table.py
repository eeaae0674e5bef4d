"""Reading columns of tables, whatever holds them, and refusing those that do not fit."""

import json
import logging
import re

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from classifiers.embeddings import lists_of
from classifiers.fusion_encoding import FusionEncoder
from classifiers.table import (
    COLUMNS,
    TableError,
    check_provenance,
    column_of,
    groups_needed,
    number_columns,
    provenance_of,
    without_record,
)
from epic_features import Settings, SettingsMismatch
from epic_features.extractor import METADATA_KEY
from epic_features.frame import to_pandas

NO_TABLES = [
    np.zeros((3, 4)),
    [],
    [[1]],
    {},
    {"width": [1]},
    None,
    pd.Series({"width": 1}),
    "table",
]


@pytest.mark.parametrize(
    "values",
    [
        pa.chunked_array([pa.array([1, None, 3], pa.int32())]),
        pa.chunked_array([[1], [None, 3]], pa.int64()),
        pd.Series([1, None, 3], dtype="Int32"),
        pd.Series([1, None, 3]),
        pd.Series([1, np.nan, 3], dtype="float32"),
    ],
)
def test_counts_of_any_holder(values):
    table = (
        pa.table({"width": values})
        if isinstance(values, pa.ChunkedArray)
        else pd.DataFrame({"width": values})
    )
    found = column_of(table, "width")
    assert found.dtype == np.float64
    assert np.array_equal(found, [1, np.nan, 3], equal_nan=True)


@pytest.mark.parametrize(
    "values",
    [
        pa.chunked_array([[True, None, False]]),
        pd.Series([True, None, False], dtype="boolean"),
        pd.Series([True, None, False], dtype=object),
    ],
)
def test_yes_and_no(values):
    table = (
        pa.table({"has_gps": values})
        if isinstance(values, pa.ChunkedArray)
        else pd.DataFrame({"has_gps": values})
    )
    assert np.array_equal(column_of(table, "has_gps"), [1, np.nan, 0], equal_nan=True)


@pytest.mark.parametrize("empty", [None, np.nan, pd.NA])
def test_a_column_without_any_value(empty):
    frame = pd.DataFrame({"width": [empty] * 2, "en_words_original": [empty] * 2})
    assert np.isnan(column_of(frame, "width")).all()
    assert column_of(frame, "en_words_original").tolist() == [None, None]


@pytest.mark.parametrize("words", [["a", "b"], np.array(["a", "b"], object)])
def test_lists_of_words(words):
    frame = pd.DataFrame({"en_words_original": [words, None, []]})
    assert column_of(frame, "en_words_original").tolist() == [["a", "b"], None, []]


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("width", ["wide", "narrow"]),
        ("width", [[1], [2]]),
        ("dominant_color_1", [1, 2]),
        ("en_words_original", ["two words", "one"]),
        ("en_words_original", [1.5, 2.5]),
    ],
)
@pytest.mark.parametrize("make", [pd.DataFrame, pa.table])
def test_a_column_of_another_type(make, name, values):
    with pytest.raises(TableError, match=f"column {name} should be"):
        column_of(make({name: values}), name)


@pytest.mark.parametrize("make", [pd.DataFrame, pa.table])
def test_a_missing_column_names_its_group(make):
    with pytest.raises(
        TableError, match="lacks text_tilt; extract it with .* --groups core,layout`"
    ):
        column_of(make({"width": [1]}), "text_tilt")


def test_the_groups_that_are_named_can_be_given(three):
    """To the command, and they bring the column."""
    for name, column in COLUMNS.items():
        if column.group == "file":
            message = f"lacks {name}; make it with `epic extract`$"
        elif name == "embedding":
            message = f"lacks {name}; .* `epic extract --groups core --embed NETWORK`"
        else:
            message = rf"lacks {name}; .* `epic extract --groups (\S+)`"
        with pytest.raises(TableError, match=message) as caught:
            column_of(pa.table({"a": [1]}), name)
        if groups := re.search(r"--groups ([\w,]+)`", str(caught.value)):
            given = Settings(groups=groups[1].split(",")).groups
            assert {"shape", "colors", "faces", "text", column.group} == set(given)


@pytest.mark.parametrize("thing", NO_TABLES, ids=lambda thing: type(thing).__name__)
@pytest.mark.parametrize(
    "read",
    [
        number_columns,
        provenance_of,
        without_record,
        lambda thing: column_of(thing, "width"),
        lambda thing: check_provenance(thing, {}),
        lambda thing: lists_of(thing, "writing"),
        lambda thing: FusionEncoder("pca").fit(thing),
    ],
)
def test_what_is_no_table(read, thing):
    kind = type(thing).__name__
    with pytest.raises(TableError, match=rf"not a {kind}; one row .* `frame\.iloc\[\[0\]\]`"):
        read(thing)


def test_columns_that_are_not_known_or_missing(three):
    table, _ = three
    with pytest.raises(TableError, match="no such columns: colour, size; see docs"):
        number_columns(table, ["width", "size", "colour"])
    with pytest.raises(TableError, match=r"lacks width; .* `epic extract --groups core`"):
        number_columns(table.drop_columns(["width"]), ["width"])
    with pytest.raises(TableError, match="lacks en_avg_score, width; .*--groups core`"):
        number_columns(table.drop_columns(["width", "en_avg_score"]))
    with pytest.raises(TableError, match="none of the feature columns"):
        number_columns(pd.DataFrame({"a": [1]}))
    assert number_columns(table, ["luma_p05", "width"]) == ["width", "luma_p05"]
    assert number_columns(to_pandas(table)) == number_columns(table)


def test_groups_that_compute_columns():
    assert groups_needed(["width", "class"]) == ("shape",)
    assert groups_needed(["luma_p05", "text_tilt", "width"]) == ("shape", "layout", "texture")


def provenance(table):
    return provenance_of(table)


def with_record(table, **changes):
    record = provenance_of(table) | changes
    return table.replace_schema_metadata({METADATA_KEY: json.dumps(record).encode()})


def test_provenance_of_both_holders(three):
    table, _ = three
    record = provenance_of(table)
    assert record["settings"]["groups"][-1] == "texture"
    assert provenance_of(to_pandas(table)) == record
    used = provenance_of(table, ["width", "text_tilt"])
    assert used["settings"]["groups"] == ["shape", "layout"]
    assert provenance_of(table.replace_schema_metadata(None)) == {}
    assert provenance_of(pd.DataFrame({"width": [1]}), ["width"]) == {}


def test_the_same_settings_and_harmless_ones_pass(three, make_table):
    trained = provenance_of(three[0])
    check_provenance(three[0], trained)
    check_provenance(to_pandas(three[0]), trained)
    groups = ("all",)
    table, _ = make_table({"a": 1}, settings=Settings(groups=groups, allow_truncated=True))
    check_provenance(table, trained)
    table, _ = make_table({"a": 1}, settings=Settings(groups=groups, max_pixels=9, model_dir="/x"))
    check_provenance(table, trained)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"faces": "yunet"}, "faces='yunet' instead of 'centerface'"),
        ({"text_threshold": 0.4}, "text_threshold=0.4 instead of 0.6"),
        ({"arabic": "none"}, "arabic='none' instead of 'own'"),
        ({"groups": ("core", "texture")}, "without the column groups .*layout"),
    ],
)
def test_other_settings_are_named(three, make_table, changes, message):
    settings = Settings(**{"groups": ("all",), **changes})
    table, _ = make_table({"a": 2}, settings=settings)
    for holder in (table, to_pandas(table)):
        with pytest.raises(SettingsMismatch, match=message):
            check_provenance(holder, provenance_of(three[0]))


def test_every_difference_is_named(three, make_table):
    table, _ = make_table({"a": 2}, settings=Settings(faces="yunet", text_threshold=0.5))
    table = with_record(table, version="99.0")
    with pytest.raises(SettingsMismatch) as caught:
        check_provenance(table, provenance_of(three[0]))
    for part in ("version 99, not 0", "faces=", "text_threshold=", "texture"):
        assert part in str(caught.value)


def test_another_minor_version_passes(three):
    table, _ = three
    check_provenance(with_record(table, version="0.999.1"), provenance_of(table))


def test_a_table_that_does_not_say_is_taken(three, caplog):
    table, _ = three
    with caplog.at_level(logging.INFO):
        check_provenance(table.replace_schema_metadata(None), provenance_of(table))
        check_provenance(table, {})
    assert len(caplog.records) == 2


def test_another_back_end_is_logged(three, caplog):
    old, new = (
        with_record(three[0], backends=[{"role": "faces", "name": "net", "version": version}])
        for version in ("1", "2")
    )
    check_provenance(new, provenance_of(old))
    assert "faces: the model was trained with net 1, the table has net 2" in caplog.text


@pytest.mark.parametrize(
    "record",
    [
        b"{", b"\xff", b"[1]", b'"text"', b'{"settings": []}', b'{"settings": {"groups": 3}}',
        b'{"backends": {"role": "x"}}', b'{"backends": [{"name": "x"}]}', b'{"backends": ["x"]}',
        b'{"backends": [{"role": "x", "name": "y", "sha256": 5}]}',
        b'{"backends": [{"role": "x"}]}',
    ],
)  # fmt: skip
def test_a_damaged_record(three, record):
    table = three[0].replace_schema_metadata({METADATA_KEY: record})
    with pytest.raises(TableError, match="how it was made is damaged"):
        provenance_of(table)
    assert provenance_of(table.replace_schema_metadata({METADATA_KEY: b"{}"})) == {}
