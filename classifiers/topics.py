"""What the columns are about, in people's words.

Every number of the encoder belongs to one topic; a topic has a phrase that says what it looks like
in a given image.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from classifiers.table import COLUMNS

Row = Mapping[str, Any]

EMBEDDING_PREFIX = "embedding:"
"""Begins the name of every number that comes from the column ``embedding``."""

NO_TEXT = "no text"
"""What all topics about text say of a picture without any."""


def topic_of(feature: str) -> str:
    """Return the topic of a number of `TableEncoder` or `FusionEncoder`."""
    if f"{feature}:".startswith(EMBEDDING_PREFIX):
        return "embedding"
    if feature.startswith("word:"):
        return "words"
    if feature.startswith(("color_", "colors_")) and feature not in COLUMNS:
        return "colours"
    for topic, names in _TOPICS.items():
        if feature in names:
            return topic
    return _BY_GROUP.get(COLUMNS[feature].group, "other") if feature in COLUMNS else "other"


def part_of(feature: str) -> str:
    """Return the part of the feature table: geometry, colour, faces, text counts, words, a group.

    These are the parts of the ablation study.
    """
    if feature.startswith("word:"):
        return "words"
    if f"{feature}:".startswith(EMBEDDING_PREFIX):
        return "embedding"
    if feature not in COLUMNS:
        return "colour"
    names = {"shape": "geometry", "colors": "colour", "faces": "faces", "text": "text counts"}
    group = COLUMNS[feature].group
    return names.get(group, f"extra group {group}")


def phrase_of(topic: str, row: Row) -> str:
    """Say in a few words what an image is like in respect of a topic.

    Parameters
    ----------
    topic : str
        A topic of `topic_of`.
    row : mapping
        The feature row of the image; columns that are missing or null are passed over.
    """
    return _PHRASES[topic](row) if topic in _PHRASES else topic


_TOPICS: dict[str, frozenset[str]] = {
    "amount of text": frozenset(
        {
            "text_to_image_ratio",
            "total_lines_of_text_count",
            "text_blocks_count",
            "lines_per_text_block",
            "text_boxes_count",
            "characters_count",
            "characters_per_box",
            "en_words_to_boxes",
            "ar_words_to_boxes",
        }
    ),
    "language": frozenset({"total_en_boxes", "total_ar_boxes", "other_letters_ratio"}),
    "legibility": frozenset(
        {"en_avg_score", "ar_avg_score", "text_score_mean", "text_score_min", "blank_boxes_ratio"}
    ),
    "numbers and signs": frozenset(
        {
            "math_digits_or_symbols_count",
            "digits_ratio",
            "clock_times_count",
            "handles_count",
            "addresses_count",
            "prices_count",
            "list_marks_count",
            "capitals_ratio",
        }
    ),
    "ground of the text": frozenset(
        {
            "text_ground_plainness",
            "text_ground_brightness",
            "text_ground_colorfulness",
            "text_ground_spread",
            "text_grounds_count",
            "text_contrast",
        }
    ),
    "light": frozenset(
        {
            "brightness",
            "contrast",
            "ground_brightness",
            "white_ratio",
            "black_ratio",
            "luma_p05",
            "luma_p25",
            "luma_p50",
            "luma_p75",
            "luma_p95",
            "border_brightness",
        }
    ),
    "colours": frozenset(
        {
            "distinct_colors_ratio",
            "top512_colors_ratio",
            "saturation_mean",
            "saturation_contrast",
            "vivid_ratio",
            "gray_ratio",
            "hue_entropy",
            "color_entropy",
            "top_cell_ratio",
            "top_8_cells_ratio",
        }
    ),
    "skin": frozenset({"skin_ratio"}),
    "top to bottom": frozenset(
        f"band_{number}_{name}"
        for number in range(1, 5)
        for name in ("brightness", "colorfulness", "outlines")
    ),
}

_BY_GROUP = {
    "shape": "shape",
    "colors": "colours",
    "faces": "faces",
    "text": "amount of text",
    "layout": "setting of the text",
    "texture": "surface",
    "cartoon": "surface",
    "quality": "surface",
    "exif": "camera",
    "bytes": "file",
}


def _shape(row: Row) -> str:
    ratio = row.get("aspect_ratio")
    if ratio is None:
        return "shape"
    if ratio < 0.62:
        return f"tall like a phone screen (1 : {1 / ratio:.1f})"
    if ratio < 0.95:
        return f"upright (1 : {1 / ratio:.1f})"
    return "square" if ratio < 1.06 else f"wide ({ratio:.1f} : 1)"


def _faces(row: Row) -> str:
    count, share = row.get("total_faces_count"), row.get("faces_to_image_ratio")
    if count is None:
        return "faces not looked for"
    if not count:
        return "no face"
    faces = "one face" if count == 1 else f"{count} faces"
    return f"{faces} ({share:.0%} of the picture)" if share is not None else faces


def _amount(row: Row) -> str:
    if nothing := _without_text(row):
        return nothing
    share, lines = row.get("text_to_image_ratio") or 0.0, row["total_lines_of_text_count"]
    words = "a lot of text" if share >= 0.2 or lines >= 15 else "some text"
    words = "little text" if share < 0.03 and lines <= 3 else words
    return f"{words} ({share:.0%}, {lines} line{'s' if lines > 1 else ''})"


def _language(row: Row) -> str:
    if nothing := _without_text(row):
        return nothing
    english, arabic = row.get("total_en_boxes") or 0, row.get("total_ar_boxes") or 0
    if not english and not arabic:
        return "no Arabic or Latin letters"
    if english and arabic:
        return "Arabic and Latin letters"
    return "Arabic letters" if arabic else "Latin letters"


def _legibility(row: Row) -> str:
    if nothing := _without_text(row):
        return nothing
    score = row.get("text_score_mean")
    if score is None:
        score = row.get("en_avg_score")
    if score is None:
        return "letters that can't be read"
    return "clear letters" if score >= 0.93 else "letters that are hard to read"


def _signs(row: Row) -> str:
    if nothing := _without_text(row):
        return nothing
    for column, name in (
        ("clock_times_count", "times of day"),
        ("handles_count", "@names or #topics"),
        ("addresses_count", "web addresses"),
        ("prices_count", "prices or percentages"),
        ("list_marks_count", "list marks"),
        ("math_digits_or_symbols_count", "digits or maths symbols"),
    ):
        if count := row.get(column):
            return f"{name} ({count})"
    return "no digits or signs"


def _without_text(row: Row) -> str | None:
    """Return what to say of a picture in which no text was found or looked for, else None."""
    lines = row.get("total_lines_of_text_count")
    if lines is None:
        return "text not looked for"
    return None if lines else NO_TEXT


def _setting(row: Row) -> str:
    if nothing := _without_text(row):
        return nothing
    tilt, spread = row.get("text_tilt"), row.get("text_height_spread")
    if tilt is not None and tilt > 2:
        return f"tilted lines ({tilt:.0f}°)"
    if spread is not None and spread > 0.5:
        return "letters of many sizes"
    place = row.get("text_y")
    if place is None:
        return "the way the lines are set"
    return "lines " + (
        "at the top" if place < 0.35 else "at the foot" if place > 0.65 else "evenly set"
    )


def _ground(row: Row) -> str:
    if nothing := _without_text(row):
        return nothing
    plain = row.get("text_ground_plainness")
    if plain is None:
        return "the ground of the text"
    grounds = row.get("text_grounds_count") or 1
    if plain > 0.5:
        return "text on a plain ground" if grounds == 1 else f"text on {grounds} plain grounds"
    return "text on a picture or on paper"


def _colours(row: Row) -> str:
    share = row.get("color_to_image_ratio_1")
    if share is not None and share > 0.5:
        return f"one colour covers {share:.0%}"
    flat = row.get("top_8_cells_ratio")
    if flat is not None and flat > 0.7:
        return "a few flat colours"
    return "many colours" if flat is not None and flat < 0.35 else "the colours"


def _light(row: Row) -> str:
    value = row.get("brightness")
    if value is None:
        value = row.get("luma_p50")
    if value is None:
        return "light"
    return "bright" if value > 0.7 else "dark" if value < 0.3 else "medium light"


def _surface(row: Row) -> str:
    flat = row.get("flat_ratio")
    if flat is None:
        return "the surface"
    return f"clean, flat surface ({flat:.0%})" if flat > 0.5 else "natural texture"


def _skin(row: Row) -> str:
    share = row.get("skin_ratio")
    return "skin colours" if share is None else f"skin colours ({share:.0%})"


def _words(row: Row) -> str:
    if nothing := _without_text(row):
        return nothing
    count = 0
    for name in ("en_words_original", "ar_words_original"):
        words = row.get(name)
        count += len(words) if words is not None else 0
    return f"its words ({count})" if count else "no words"


_PHRASES: dict[str, Callable[[Row], str]] = {
    "shape": _shape,
    "faces": _faces,
    "amount of text": _amount,
    "language": _language,
    "legibility": _legibility,
    "numbers and signs": _signs,
    "setting of the text": _setting,
    "ground of the text": _ground,
    "colours": _colours,
    "light": _light,
    "surface": _surface,
    "skin": _skin,
    "words": _words,
    "top to bottom": lambda row: "how top and bottom differ",
    "camera": lambda row: "camera details" if row.get("has_camera_make") else "no camera details",
    "file": lambda row: "the file",
    "embedding": lambda row: "its look as a whole",
}
