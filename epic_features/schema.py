"""Every column, declared once.

The Parquet types, the column reference in the documentation, the encoder of the classifiers and the
tests all read this table. The first 37 columns are a contract: names, order and meaning do not
change within a major version.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import pyarrow as pa

from epic_features.settings import EXTRA_GROUPS

N_COLORS = 5

_TEXT = pa.string()
_WORDS = pa.list_(pa.string())
_COUNT = pa.int32()
_REAL = pa.float32()
_BIG = pa.int64()
_LABEL = pa.dictionary(pa.int32(), pa.string())


@dataclass(frozen=True)
class Column:
    """One column of the feature table.

    Attributes
    ----------
    name : str
        Column name.
    type : pyarrow.DataType
        Arrow type.
    group : str
        Column group that computes it; ``file`` for what is known without looking at pixels.
    unit : str
        ``px``, ``px²``, ``ratio``, ``count``, ... or empty.
    range : str
        Possible values in mathematical notation.
    meaning : str
        One or two sentences for the reference.
    """

    name: str
    type: pa.DataType
    group: str
    unit: str
    range: str
    meaning: str

    @property
    def field(self) -> pa.Field:
        """The Arrow field; meaning, unit, range and group are in its metadata."""
        metadata = {
            "meaning": self.meaning,
            "unit": self.unit,
            "range": self.range,
            "group": self.group,
        }
        return pa.field(self.name, self.type, metadata=metadata)


def _color_columns() -> Iterable[Column]:
    for k in range(1, N_COLORS + 1):
        yield Column(
            f"dominant_color_{k}",
            _TEXT,
            "colors",
            "sRGB",
            "#rrggbb",
            f"Centre of colour cluster {k} by size (k-means, k = 5, in sRGB over all pixels, alpha "
            "composited on white). Null when the image has fewer distinct colours.",
        )
        yield Column(
            f"color_to_image_ratio_{k}",
            _REAL,
            "colors",
            "ratio",
            "[0, 1]",
            f"Share of the pixels nearest to the centre of cluster {k}, before it is rounded to "
            "hex. Descending; the non-null ones sum to 1.",
        )


CORE_COLUMNS: tuple[Column, ...] = (
    Column("file_name", _TEXT, "file", "", "", "Base name with extension."),
    Column(
        "relative_path",
        _TEXT,
        "file",
        "",
        "",
        "Path below the source root, with / as separator on every system.",
    ),
    Column("aspect_ratio", _REAL, "shape", "", "(0, ∞)", "width / height."),
    Column("area", _BIG, "shape", "px²", "[1, ∞)", "width * height."),
    Column("width", _COUNT, "shape", "px", "[1, ∞)", "Width of the upright image."),
    Column("height", _COUNT, "shape", "px", "[1, ∞)", "Height of the upright image."),
    *_color_columns(),
    Column("total_faces_count", _COUNT, "faces", "count", "[0, ∞)", "Faces found."),
    Column(
        "faces_to_image_ratio",
        _REAL,
        "faces",
        "ratio",
        "[0, 1]",
        "Area of the union of the face boxes, clipped to the image, divided by the image area.",
    ),
    Column(
        "text_to_image_ratio",
        _REAL,
        "text",
        "ratio",
        "[0, 1]",
        "Area of the union of the text polygons, clipped to the image, divided by the image area.",
    ),
    Column(
        "lines_per_text_block",
        _REAL,
        "text",
        "",
        "[0, ∞)",
        "total_lines_of_text_count / text_blocks_count; 0 with no block.",
    ),
    Column(
        "total_lines_of_text_count",
        _COUNT,
        "text",
        "count",
        "[0, ∞)",
        "Text lines: detected boxes that share a baseline are one line.",
    ),
    Column(
        "text_blocks_count",
        _COUNT,
        "text",
        "count",
        "[0, ∞)",
        "Paragraphs: lines that are near each other and aligned form one block.",
    ),
    Column(
        "total_en_boxes",
        _COUNT,
        "text",
        "count",
        "[0, ∞)",
        "Text boxes whose letters are mostly Latin.",
    ),
    Column(
        "total_ar_boxes",
        _COUNT,
        "text",
        "count",
        "[0, ∞)",
        "Text boxes whose letters are mostly Arabic. Boxes with no letter of either script count "
        "in neither. Null when no Arabic recogniser was at hand.",
    ),
    Column("en_words_original", _WORDS, "text", "", "", "Latin-script words as read."),
    Column(
        "ar_words_original",
        _WORDS,
        "text",
        "",
        "",
        "Arabic-script words as read, diacritics kept.",
    ),
    Column(
        "en_words_lemmatized",
        _WORDS,
        "text",
        "",
        "",
        "One lemma per word of en_words_original, lower case; contractions are expanded first, so "
        "the list can be longer.",
    ),
    Column(
        "en_words_segmented_and_lemmatized",
        _WORDS,
        "text",
        "",
        "",
        "Words of en_words_original; those that recognition glued together are split, then all "
        "are lemmatized.",
    ),
    Column(
        "ar_words_lemmatized",
        _WORDS,
        "text",
        "",
        "",
        "One lemma per word of ar_words_original: normalised, clitics peeled, dictionary form; "
        "Egyptian dialect included.",
    ),
    Column(
        "en_words_including_separators",
        _WORDS,
        "text",
        "",
        "",
        "All tokens of the English boxes; punctuation, digits and symbols are tokens too.",
    ),
    Column(
        "ar_words_including_separators",
        _WORDS,
        "text",
        "",
        "",
        "All tokens of the Arabic boxes; punctuation, digits and symbols are tokens too.",
    ),
    Column(
        "en_words_to_boxes",
        _REAL,
        "text",
        "",
        "[0, ∞)",
        "len(en_words_original) / total_en_boxes; 0 with no box.",
    ),
    Column(
        "ar_words_to_boxes",
        _REAL,
        "text",
        "",
        "[0, ∞)",
        "len(ar_words_original) / total_ar_boxes; 0 with no box.",
    ),
    Column(
        "en_avg_score",
        _REAL,
        "text",
        "",
        "[0, 1]",
        "Mean recognition confidence of the English boxes; null with no box.",
    ),
    Column(
        "ar_avg_score",
        _REAL,
        "text",
        "",
        "[0, 1]",
        "Mean recognition confidence of the Arabic boxes; null with no box.",
    ),
    Column(
        "math_digits_or_symbols_count",
        _COUNT,
        "text",
        "count",
        "[0, ∞)",
        "Code points of the recognised text that are digits or mathematical symbols.",
    ),
    Column(
        "class",
        _LABEL,
        "file",
        "",
        "",
        "Name of the folder directly below the root when the source is a folder-per-class data "
        "set; null otherwise.",
    ),
)

EXTRA_COLUMNS: tuple[Column, ...] = (
    Column("file_size", _BIG, "bytes", "byte", "[1, ∞)", "Size of the file."),
    Column("format", _TEXT, "bytes", "", "", "File format told by its content, e.g. JPEG."),
    Column(
        "bits_per_pixel", _REAL, "bytes", "bit/px", "(0, ∞)", "8 * file_size / number of pixels."
    ),
    Column("byte_length", _BIG, "bytes", "byte", "[1, ∞)", "Length of the encoded file as bytes."),
    Column(
        "hex_length", _BIG, "bytes", "character", "[2, ∞)", "Length of the file written as hex."
    ),
    Column(
        "base64_length",
        _BIG,
        "bytes",
        "character",
        "[4, ∞)",
        "Length of the file written as base64.",
    ),
    Column(
        "byte_entropy",
        _REAL,
        "bytes",
        "bit/byte",
        "[0, 8]",
        "Shannon entropy of the byte values of the file.",
    ),
    Column("sha256", _TEXT, "bytes", "", "", "SHA-256 of the file, as hex."),
    Column(
        "distinct_colors_ratio",
        _REAL,
        "cartoon",
        "ratio",
        "(0, 1]",
        "Distinct colours divided by pixels.",
    ),
    Column(
        "top512_colors_ratio",
        _REAL,
        "cartoon",
        "ratio",
        "(0, 1]",
        "Share of the pixels of a 1024 × 1024 nearest-neighbour resize covered by its 512 most "
        "frequent colours.",
    ),
    Column(
        "bilateral_similarity",
        _REAL,
        "cartoon",
        "",
        "[-1, 1]",
        "Correlation of the RGB histograms before and after a bilateral filter, on a copy of at "
        "most 256 px.",
    ),
    Column(
        "edge_density",
        _REAL,
        "cartoon",
        "ratio",
        "[0, 1]",
        "Share of edge pixels on a copy of at most 256 px.",
    ),
    Column("brightness", _REAL, "quality", "", "[0, 1]", "Mean luma."),
    Column("contrast", _REAL, "quality", "", "[0, 0.5]", "Standard deviation of the luma."),
    Column(
        "sharpness",
        _REAL,
        "quality",
        "",
        "[0, ∞)",
        "Variance of the Laplacian of the 8-bit BT.601 luma, longest side at most 1024 px.",
    ),
    Column("phash", _TEXT, "quality", "", "16 hex digits", "64-bit perceptual (DCT) hash."),
    Column("dhash", _TEXT, "quality", "", "16 hex digits", "64-bit difference hash."),
    Column("has_camera_make", pa.bool_(), "exif", "", "", "EXIF names the maker of a camera."),
    Column(
        "has_gps", pa.bool_(), "exif", "", "", "EXIF holds a position; the position is not kept."
    ),
    Column(
        "taken_at",
        pa.timestamp("ms"),
        "exif",
        "",
        "",
        "EXIF DateTimeOriginal, local time without zone; null when absent or malformed.",
    ),
    Column("orientation", _COUNT, "exif", "", "[1, 8]", "EXIF orientation as stored."),
    Column("software", _TEXT, "exif", "", "", "EXIF software tag."),
)

SCHEMA: pa.Schema = pa.schema([column.field for column in CORE_COLUMNS])


def columns_of(groups: Sequence[str]) -> tuple[Column, ...]:
    """Return the columns of a table: the 37 core ones, then those of the extra groups named.

    Parameters
    ----------
    groups : sequence of str
        Column groups, as in `Settings.groups`. Core groups add nothing: their columns are always
        there, null when the group was not computed.
    """
    wanted = [group for group in EXTRA_GROUPS if group in groups]
    extra = (column for group in wanted for column in EXTRA_COLUMNS if column.group == group)
    return (*CORE_COLUMNS, *extra)


def schema_of(groups: Sequence[str]) -> pa.Schema:
    """Return the Arrow schema of `columns_of` the groups."""
    return pa.schema([column.field for column in columns_of(groups)])
