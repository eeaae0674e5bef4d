"""The schema against the column contract, written down here independently of the code."""

import numpy as np
import pyarrow as pa
import pytest

from epic_features import SCHEMA, Extractor, Settings
from epic_features.schema import CORE_COLUMNS, EXTRA_COLUMNS, columns_of
from epic_features.settings import EXTRA_GROUPS

CONTRACT = """
file_name string | relative_path string | aspect_ratio float | area int64
width int32 | height int32
dominant_color_1 string | color_to_image_ratio_1 float | dominant_color_2 string
color_to_image_ratio_2 float | dominant_color_3 string | color_to_image_ratio_3 float
dominant_color_4 string | color_to_image_ratio_4 float | dominant_color_5 string
color_to_image_ratio_5 float | total_faces_count int32 | faces_to_image_ratio float
text_to_image_ratio float | lines_per_text_block float | total_lines_of_text_count int32
text_blocks_count int32 | total_en_boxes int32 | total_ar_boxes int32
en_words_original words | ar_words_original words | en_words_lemmatized words
en_words_segmented_and_lemmatized words | ar_words_lemmatized words
en_words_including_separators words | ar_words_including_separators words
en_words_to_boxes float | ar_words_to_boxes float | en_avg_score float | ar_avg_score float
math_digits_or_symbols_count int32 | class dictionary
"""


def test_the_37_columns_of_the_contract():
    expected = [tuple(item.split()) for item in CONTRACT.strip().replace("\n", "|").split("|")]
    types = {pa.list_(pa.string()): "words"}
    actual = [
        (field.name, types.get(field.type, str(field.type).split("<")[0])) for field in SCHEMA
    ]
    assert len(SCHEMA) == 37
    assert actual == expected


def test_every_column_is_documented():
    for column in CORE_COLUMNS + EXTRA_COLUMNS:
        assert column.meaning.endswith("."), column.name
        assert column.field.metadata[b"group"].decode() == column.group


def test_names_are_unique_and_extras_come_after_the_contract():
    names = [column.name for column in columns_of(EXTRA_GROUPS)]
    assert len(set(names)) == len(names)
    assert names[:37] == SCHEMA.names
    assert [c.name for c in columns_of(("bytes",))][37] == "file_size"


@pytest.mark.parametrize("group", ["shape", "colors", *EXTRA_GROUPS])
def test_each_stage_fills_exactly_the_columns_of_its_group(group):
    extractor = Extractor(Settings(groups=(group,)))
    (stage,) = extractor.stages
    result = stage(extractor.load(np.full((16, 16, 3), 90, np.uint8)))
    wanted = extractor.settings.groups  # `layout` is measured by the stage of `text`
    declared = [column.name for column in extractor.columns if column.group in wanted]
    # The text columns are computed in another order than the contract lists them.
    key = sorted if "text" in wanted else list
    assert key(result) == key(declared)
    assert stage.group in wanted
