"""The columns of the optional groups, declared once; `epic_features.schema` joins them to the core.

The groups ``layout`` and ``texture`` exist for the classifiers: what tells a notebook page from a
slide, a chat from a caption and a drawing from a photograph when the 37 columns look alike.
"""

from __future__ import annotations

from collections.abc import Iterable

import pyarrow as pa

from epic_features.column import BIG, COUNT, REAL, TEXT, Column

_SMALL = " On a copy of at most 512 px."


def _layout_columns() -> Iterable[Column]:
    """Yield the columns of the group ``layout``: how the text of a picture is set."""
    columns = (
        (
            "text_height_mean",
            "height",
            "(0, ∞)",
            "Mean height of the text boxes. Null without text.",
        ),
        (
            "text_height_max",
            "height",
            "(0, ∞)",
            "Height of the highest text box. Null without text.",
        ),
        (
            "text_height_spread",
            "",
            "[0, ∞)",
            "Standard deviation of the heights of the boxes divided by their mean: small in "
            "print. Null without text.",
        ),
        (
            "text_tilt",
            "degree",
            "[0, 180]",
            "Slope of the text: median over boxes by length. Null without text.",
        ),
        (
            "text_tilt_spread",
            "degree",
            "[0, 360]",
            "Mean absolute difference of the slopes of the boxes from that median, by "
            "length. Null without text.",
        ),
        (
            "text_width",
            "width",
            "[0, ∞)",
            "From the left-most to the right-most text. Null without text.",
        ),
        (
            "text_left_spread",
            "width",
            "[0, ∞)",
            "Standard deviation of the boxes' left edges. Null without text.",
        ),
        (
            "text_right_spread",
            "width",
            "[0, ∞)",
            "Standard deviation of their right edges. Null without text.",
        ),
        (
            "text_middle_spread",
            "width",
            "[0, ∞)",
            "Standard deviation of their middles. Null without text.",
        ),
        (
            "text_x",
            "width",
            "[0, 1]",
            "Mean place of the text from the left, by length. Null without text.",
        ),
        (
            "text_y",
            "height",
            "[0, 1]",
            "Mean place of the text from the top, by length. Null without text.",
        ),
        *(
            (
                f"text_band_{number}_share",
                "ratio",
                "[0, ∞)",
                f"Area of the text boxes in horizontal quarter {number} from the top, divided by "
                "the area of the image; overlaps count twice.",
            )
            for number in range(1, 5)
        ),
        (
            "line_step",
            "height",
            "(0, ∞)",
            "Median distance of the tops of following lines. Null without text.",
        ),
        (
            "line_step_spread",
            "",
            "[0, ∞)",
            "Median absolute deviation of those distances divided by their median. Null "
            "without text.",
        ),
        (
            "text_ground_plainness",
            "ratio",
            "[0, 1]",
            "Mean share of the pixels of a text box within 3 grey levels of its ground: "
            "high on screens, low on paper and photographs. The ground is the most frequent "
            "brightness of the box; like the four following, for the 40 largest boxes. Null "
            "without text.",
        ),
        (
            "text_ground_brightness",
            "",
            "[0, 1]",
            "Mean of the grounds' mean of R, G and B. Null without text.",
        ),
        (
            "text_ground_colorfulness",
            "",
            "[0, 1]",
            "Mean difference of the largest and the smallest of R, G and B of the grounds. "
            "Null without text.",
        ),
        (
            "text_ground_spread",
            "",
            "[0, 0.5]",
            "Standard deviation of the brightness of the grounds: bubbles, bars, captions. "
            "Null without text.",
        ),
        (
            "text_contrast",
            "",
            "[0, 1]",
            "Mean difference in luma of the ground and the 5 % of the pixels furthest from "
            "it. Null without text.",
        ),
        (
            "text_grounds_count",
            "count",
            "[0, ∞)",
            "Different grounds of text boxes, in steps of 32 per channel.",
        ),
        ("text_boxes_count", "count", "[0, ∞)", "Text boxes of any script."),
        ("blank_boxes_ratio", "ratio", "[0, 1]", "Text boxes that can't be read."),
        (
            "text_score_mean",
            "",
            "[0, 1]",
            "Mean recognition confidence of all boxes read. Null without text.",
        ),
        (
            "text_score_min",
            "",
            "[0, 1]",
            "Least recognition confidence of the boxes read. Null without text.",
        ),
        ("characters_count", "count", "[0, ∞)", "Characters read."),
        (
            "characters_per_box",
            "",
            "[1, ∞)",
            "Mean number of characters of the boxes read. Null without text.",
        ),
        (
            "capitals_ratio",
            "ratio",
            "[0, 1]",
            "Capitals among the letters that have case. Null without text.",
        ),
        (
            "other_letters_ratio",
            "ratio",
            "[0, 1]",
            "Letters that are neither Latin nor Arabic among all letters. Null without text.",
        ),
        ("digits_ratio", "ratio", "[0, 1]", "Digits among all characters. Null without text."),
        ("clock_times_count", "count", "[0, ∞)", "Times of day, such as 12:30."),
        ("handles_count", "count", "[0, ∞)", "Names after @ and topics after #."),
        ("addresses_count", "count", "[0, ∞)", "Web addresses."),
        ("prices_count", "count", "[0, ∞)", "Amounts with a currency or a percent sign."),
        (
            "list_marks_count",
            "count",
            "[0, ∞)",
            "Boxes that begin with a bullet, a number or a letter of a list.",
        ),
    )
    for name, unit, limits, meaning in columns:
        kind = COUNT if unit == "count" else REAL
        yield Column(name, kind, "layout", unit, limits, meaning)


def _texture_columns() -> Iterable[Column]:
    """Yield the columns of the group ``texture``: how the surface of a picture looks."""
    yield Column(
        "noise_level",
        REAL,
        "texture",
        "grey level",
        "[0, ∞)",
        "Standard deviation of the noise away from outlines (Immerkaer 1996), in the middle "
        "512 × 512 pixels.",
    )
    shares = ("05", "25", "50", "75", "95")
    for share in shares:
        meaning = f"{share} % quantile of luma." + _SMALL
        yield Column(f"luma_p{share}", REAL, "texture", "", "[0, 1]", meaning)
    for share in shares:
        meaning = f"{share} % quantile of the magnitude of the gradient of luma (Sobel / 4)."
        name = f"local_contrast_p{share}"
        yield Column(name, REAL, "texture", "", "[0, 1.5]", meaning + _SMALL)
    reals = (
        ("outline_ratio", "Pixels whose gradient is at least 60 grey levels."),
        ("vertical_outline_ratio", "Share of those that are vertical within 4 degrees."),
        ("horizontal_outline_ratio", "Share of those that are horizontal within 4 degrees."),
        ("soft_edge_ratio", "Pixels with a gradient of 7.5 to 60 among those of 7.5 and more."),
        ("flat_ratio", "Pixels that differ by at most one grey level from the next two."),
        ("plain_rows_ratio", "Rows whose luma has a standard deviation below 2 grey levels."),
        ("plain_columns_ratio", "Columns whose luma has one below 2 grey levels."),
        ("border_contrast", "Standard deviation of the luma of the outermost pixels."),
        ("border_brightness", "Mean luma of the outermost pixels."),
        ("saturation_mean", "Mean HSV saturation."),
        ("saturation_contrast", "Standard deviation of the HSV saturation."),
        ("vivid_ratio", "Pixels with a saturation above 0.6."),
        ("gray_ratio", "Pixels with a saturation below 0.06."),
        ("hue_entropy", "Entropy of 36 hues, weighted by saturation."),
        ("color_entropy", "Entropy of 4,096 colours (16 levels a channel)."),
        ("top_cell_ratio", "Share of the most frequent of these 4,096 colours."),
        ("top_8_cells_ratio", "Share of the 8 most frequent of them."),
        ("skin_ratio", "Pixels in the chroma range of skin (Chai and Ngan 1999)."),
        ("ground_brightness", "Median of the 90 % quantiles of luma in 8 × 8 blocks."),
        ("ground_contrast", "Their standard deviation: uneven light on paper."),
        ("white_ratio", "Pixels with a luma of 250 and more."),
        ("black_ratio", "Pixels with a luma of 16 and less."),
        (
            "local_pattern_entropy",
            "Entropy of the ten rotation-invariant uniform local binary patterns (Ojala 2002).",
        ),
    )
    entropies = {
        "hue_entropy": "[0, 5.17]",
        "color_entropy": "[0, 12]",
        "local_pattern_entropy": "[0, 3.33]",
    }
    for name, meaning in reals:
        unit = "bit" if name in entropies else ""
        limits = entropies.get(name, "[0, 1]")
        yield Column(name, REAL, "texture", unit, limits, meaning + _SMALL)
    bands = (
        ("brightness", "Mean luma"),
        ("colorfulness", "Mean difference of the largest and the smallest of R, G and B"),
        ("outlines", "Share of outline pixels"),
    )
    for number in range(1, 5):
        for name, meaning in bands:
            yield Column(
                f"band_{number}_{name}",
                REAL,
                "texture",
                "",
                "[0, 1]",
                f"{meaning} in horizontal quarter {number} from the top." + _SMALL,
            )


EXTRA_COLUMNS: tuple[Column, ...] = (
    Column("file_size", BIG, "bytes", "byte", "[1, ∞)", "Size of the file."),
    Column("format", TEXT, "bytes", "", "", "File format told by its content, e.g. JPEG."),
    Column(
        "bits_per_pixel", REAL, "bytes", "bit/px", "(0, ∞)", "8 * file_size / number of pixels."
    ),
    Column("byte_length", BIG, "bytes", "byte", "[1, ∞)", "Length of the encoded file as bytes."),
    Column("hex_length", BIG, "bytes", "character", "[2, ∞)", "Length of the file written as hex."),
    Column(
        "base64_length",
        BIG,
        "bytes",
        "character",
        "[4, ∞)",
        "Length of the file written as base64.",
    ),
    Column(
        "byte_entropy",
        REAL,
        "bytes",
        "bit/byte",
        "[0, 8]",
        "Shannon entropy of the byte values of the file.",
    ),
    Column("sha256", TEXT, "bytes", "", "", "SHA-256 of the file, as hex."),
    Column(
        "distinct_colors_ratio",
        REAL,
        "cartoon",
        "ratio",
        "(0, 1]",
        "Distinct colours divided by pixels.",
    ),
    Column(
        "top512_colors_ratio",
        REAL,
        "cartoon",
        "ratio",
        "(0, 1]",
        "Share of the pixels of a 1024 × 1024 nearest-neighbour resize covered by its 512 most "
        "frequent colours.",
    ),
    Column(
        "bilateral_similarity",
        REAL,
        "cartoon",
        "",
        "[-1, 1]",
        "Correlation of the RGB histograms before and after a bilateral filter, on a copy of at "
        "most 256 px.",
    ),
    Column(
        "edge_density",
        REAL,
        "cartoon",
        "ratio",
        "[0, 1]",
        "Share of edge pixels on a copy of at most 256 px.",
    ),
    Column("brightness", REAL, "quality", "", "[0, 1]", "Mean luma."),
    Column("contrast", REAL, "quality", "", "[0, 0.5]", "Standard deviation of the luma."),
    Column(
        "sharpness",
        REAL,
        "quality",
        "",
        "[0, ∞)",
        "Variance of the Laplacian of the 8-bit BT.601 luma, longest side at most 1024 px.",
    ),
    Column("phash", TEXT, "quality", "", "16 hex digits", "64-bit perceptual (DCT) hash."),
    Column("dhash", TEXT, "quality", "", "16 hex digits", "64-bit difference hash."),
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
    Column("orientation", COUNT, "exif", "", "[1, 8]", "EXIF orientation as stored."),
    Column("software", TEXT, "exif", "", "", "EXIF software tag."),
    *_layout_columns(),
    *_texture_columns(),
    Column(
        "writing",
        pa.list_(pa.float32(), 864),
        "writing",
        "",
        "(-∞, ∞)",
        "What the lines of text look like: mean over the lines that the general recogniser read of "
        "the mean and standard deviation of its first (2 × 48) and last (2 × 384) convolutions; "
        "null when it read none. Of an Arabic page these are often one or two lines.",
    ),
    Column(
        "embedding",
        pa.list_(pa.float32()),
        "embedding",
        "",
        "(-∞, ∞)",
        "What a network makes of the picture; of fixed length, which depends on the network.",
    ),
)
