"""Every column, declared once.

The Parquet types, the column reference in the documentation, the encoder of the classifiers and the
tests all read this table. The first 37 columns are a contract: names, order and meaning do not
change within a major version.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

import pyarrow as pa

from epic_features.column import BIG, COUNT, LABEL, REAL, TEXT, WORDS, Column
from epic_features.extra_columns import EXTRA_COLUMNS
from epic_features.settings import EMBEDDING_GROUP, EXTRA_GROUPS, LIST_GROUPS

__all__ = [
    "CORE_COLUMNS",
    "EXTRA_COLUMNS",
    "N_COLORS",
    "SCHEMA",
    "Column",
    "columns_of",
    "schema_of",
]

N_COLORS = 5


def _color_columns() -> Iterable[Column]:
    for k in range(1, N_COLORS + 1):
        yield Column(
            f"dominant_color_{k}",
            TEXT,
            "colors",
            "sRGB",
            "#rrggbb",
            f"Centre of colour cluster {k} by size (k-means, k = 5, in sRGB over all pixels, alpha "
            "composited on white). Null when the image has fewer distinct colours.",
        )
        yield Column(
            f"color_to_image_ratio_{k}",
            REAL,
            "colors",
            "ratio",
            "[0, 1]",
            f"Share of the pixels nearest to the centre of cluster {k}, before it is rounded to "
            "hex. Descending; the non-null ones sum to 1.",
        )


CORE_COLUMNS: tuple[Column, ...] = (
    Column("file_name", TEXT, "file", "", "", "Base name with extension."),
    Column(
        "relative_path",
        TEXT,
        "file",
        "",
        "",
        "Path below the source root, with / as separator on every system.",
    ),
    Column("aspect_ratio", REAL, "shape", "", "(0, ∞)", "width / height."),
    Column("area", BIG, "shape", "px²", "[1, ∞)", "width * height."),
    Column("width", COUNT, "shape", "px", "[1, ∞)", "Width of the upright image."),
    Column("height", COUNT, "shape", "px", "[1, ∞)", "Height of the upright image."),
    *_color_columns(),
    Column("total_faces_count", COUNT, "faces", "count", "[0, ∞)", "Faces found."),
    Column(
        "faces_to_image_ratio",
        REAL,
        "faces",
        "ratio",
        "[0, 1]",
        "Area of the union of the face boxes, clipped to the image, divided by the image area.",
    ),
    Column(
        "text_to_image_ratio",
        REAL,
        "text",
        "ratio",
        "[0, 1]",
        "Area of the union of the text polygons, clipped to the image, divided by the image area.",
    ),
    Column(
        "lines_per_text_block",
        REAL,
        "text",
        "",
        "[0, ∞)",
        "total_lines_of_text_count / text_blocks_count; 0 with no block.",
    ),
    Column(
        "total_lines_of_text_count",
        COUNT,
        "text",
        "count",
        "[0, ∞)",
        "Text lines: detected boxes that share a baseline are one line.",
    ),
    Column(
        "text_blocks_count",
        COUNT,
        "text",
        "count",
        "[0, ∞)",
        "Paragraphs: lines that are near each other and aligned form one block.",
    ),
    Column(
        "total_en_boxes",
        COUNT,
        "text",
        "count",
        "[0, ∞)",
        "Text boxes whose letters are mostly Latin.",
    ),
    Column(
        "total_ar_boxes",
        COUNT,
        "text",
        "count",
        "[0, ∞)",
        "Text boxes whose letters are mostly Arabic. Boxes with no letter of either script count "
        "in neither. Null when no Arabic recogniser was at hand.",
    ),
    Column("en_words_original", WORDS, "text", "", "", "Latin-script words as read."),
    Column(
        "ar_words_original",
        WORDS,
        "text",
        "",
        "",
        "Arabic-script words as read, diacritics kept.",
    ),
    Column(
        "en_words_lemmatized",
        WORDS,
        "text",
        "",
        "",
        "One lemma per word of en_words_original, lower case; contractions are expanded first, so "
        "the list can be longer.",
    ),
    Column(
        "en_words_segmented_and_lemmatized",
        WORDS,
        "text",
        "",
        "",
        "Words of en_words_original; those that recognition glued together are split, then all "
        "are lemmatized.",
    ),
    Column(
        "ar_words_lemmatized",
        WORDS,
        "text",
        "",
        "",
        "One lemma per word of ar_words_original: normalised, clitics peeled, dictionary form; "
        "Egyptian dialect included.",
    ),
    Column(
        "en_words_including_separators",
        WORDS,
        "text",
        "",
        "",
        "All tokens of the English boxes; punctuation, digits and symbols are tokens too.",
    ),
    Column(
        "ar_words_including_separators",
        WORDS,
        "text",
        "",
        "",
        "All tokens of the Arabic boxes; punctuation, digits and symbols are tokens too.",
    ),
    Column(
        "en_words_to_boxes",
        REAL,
        "text",
        "",
        "[0, ∞)",
        "len(en_words_original) / total_en_boxes; 0 with no box.",
    ),
    Column(
        "ar_words_to_boxes",
        REAL,
        "text",
        "",
        "[0, ∞)",
        "len(ar_words_original) / total_ar_boxes; 0 with no box.",
    ),
    Column(
        "en_avg_score",
        REAL,
        "text",
        "",
        "[0, 1]",
        "Mean recognition confidence of the English boxes; null with no box.",
    ),
    Column(
        "ar_avg_score",
        REAL,
        "text",
        "",
        "[0, 1]",
        "Mean recognition confidence of the Arabic boxes; null with no box.",
    ),
    Column(
        "math_digits_or_symbols_count",
        COUNT,
        "text",
        "count",
        "[0, ∞)",
        "Code points of the recognised text that are digits or mathematical symbols.",
    ),
    Column(
        "class",
        LABEL,
        "file",
        "",
        "",
        "Name of the folder directly below the root when the source is a folder-per-class data "
        "set; null otherwise.",
    ),
)

SCHEMA: pa.Schema = pa.schema([column.field for column in CORE_COLUMNS])


def columns_of(groups: Sequence[str], embedding_size: int | None = None) -> tuple[Column, ...]:
    """Return the columns of a table: the 37 core ones, then those of the extra groups named.

    Parameters
    ----------
    groups : sequence of str
        Column groups, as in `Settings.groups`. Core groups add nothing: their columns are always
        there, null when the group was not computed.
    embedding_size : int, optional
        Length of the column ``embedding``, which then is a list of that fixed size.
    """
    wanted = [group for group in (*EXTRA_GROUPS, *LIST_GROUPS) if group in groups]
    extra = (column for group in wanted for column in EXTRA_COLUMNS if column.group == group)
    columns = (*CORE_COLUMNS, *extra)
    if embedding_size is None:
        return columns
    sized = pa.list_(pa.float32(), embedding_size)
    return tuple(replace(c, type=sized) if c.group == EMBEDDING_GROUP else c for c in columns)


def schema_of(groups: Sequence[str], embedding_size: int | None = None) -> pa.Schema:
    """Return the Arrow schema of `columns_of` the groups."""
    return pa.schema([column.field for column in columns_of(groups, embedding_size)])
