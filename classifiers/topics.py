"""What the columns are about, in people's words.

Every number of the encoder belongs to one topic; a topic has a phrase that says what it looks like
in a given image.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any, TypeAlias

from classifiers.phrases import say
from classifiers.subjects import COUNT, SHARE, known_subjects
from classifiers.table import COLUMNS, LIST_COLUMNS, WORD_COLUMNS

Row: TypeAlias = Mapping[str, Any]
Say: TypeAlias = Callable[..., str]
"""`classifiers.phrases.say` of one language."""

RESEMBLES = "resembles"
"""Beside the columns of a row: the class it looks like; see `classifiers.resemblance`."""

_WORD_FEATURES = ("word", COUNT, SHARE)


def topic_of(feature: str) -> str:
    """Return the topic of a number of `TableEncoder` or `FusionEncoder`."""
    kind = feature.partition(":")[0]
    if kind in LIST_COLUMNS:
        return kind
    if kind in _WORD_FEATURES:
        return "words"
    if feature.startswith(("color_", "colors_")) and feature not in COLUMNS:
        return "colours"
    for topic, names in _TOPICS.items():
        if feature in names:
            return topic
    return _BY_GROUP.get(COLUMNS[feature].group, "other") if feature in COLUMNS else "other"


def part_of(feature: str) -> str:
    """Return the part of the feature table: geometry, colour, faces, text counts, words, a group.

    These are the parts of the ablation study; each column of lists is one of its own.
    """
    kind = feature.partition(":")[0]
    if kind in LIST_COLUMNS:
        return kind
    if kind in _WORD_FEATURES:
        return "words"
    if feature not in COLUMNS:
        return "colour"
    names = {"shape": "geometry", "colors": "colour", "faces": "faces", "text": "text counts"}
    group = COLUMNS[feature].group
    return names.get(group, f"extra group {group}")


def phrase_of(topic: str, row: Row, language: str = "en") -> str:
    """Say in a few words what an image is like in respect of a topic.

    Parameters
    ----------
    topic : str
        A topic of `topic_of`.
    row : mapping
        The feature row of the image; columns that are missing or null are passed over. With
        `RESEMBLES` it is said what the picture looks like as a whole.
    language : str
        One of `classifiers.phrases.LANGUAGES`.
    """
    spoken = partial(say, language)
    return _PHRASES[topic](row, spoken) if topic in _PHRASES else spoken("other")


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


def _shape(row: Row, say: Say) -> str:
    ratio = row.get("aspect_ratio")
    if ratio is None:
        return say("shape")
    if ratio < 0.62:
        return say("tall", ratio=1 / ratio)
    if ratio < 0.95:
        return say("upright", ratio=1 / ratio)
    return say("square") if ratio < 1.06 else say("wide", ratio=ratio)


def _faces(row: Row, say: Say) -> str:
    count, share = row.get("total_faces_count"), row.get("faces_to_image_ratio")
    if count is None:
        return say("faces not looked for")
    if not count:
        return say("no face")
    faces = say("faces", count=count)
    return faces if share is None else say("faces and share", faces=faces, share=share)


def _amount(row: Row, say: Say) -> str:
    if nothing := _without_text(row, say):
        return nothing
    share, lines = row.get("text_to_image_ratio") or 0.0, row["total_lines_of_text_count"]
    words = "a lot of text" if share >= 0.2 or lines >= 15 else "some text"
    words = "little text" if share < 0.03 and lines <= 3 else words
    return say("amount", words=say(words), share=share, lines=say("lines", count=lines))


def _language(row: Row, say: Say) -> str:
    if nothing := _without_text(row, say):
        return nothing
    english, arabic = row.get("total_en_boxes") or 0, row.get("total_ar_boxes") or 0
    if not english and not arabic:
        return say("other letters")
    if english and arabic:
        return say("both letters")
    return say("arabic letters") if arabic else say("latin letters")


def _legibility(row: Row, say: Say) -> str:
    if nothing := _without_text(row, say):
        return nothing
    score = row.get("text_score_mean")
    if score is None:
        score = row.get("en_avg_score")
    if score is None:
        return say("unreadable")
    return say("clear") if score >= 0.93 else say("hard to read")


def _signs(row: Row, say: Say) -> str:
    if nothing := _without_text(row, say):
        return nothing
    for column in (
        "clock_times_count",
        "handles_count",
        "addresses_count",
        "prices_count",
        "list_marks_count",
        "math_digits_or_symbols_count",
    ):
        if count := row.get(column):
            return say(column, count=count)
    return say("no signs")


def _without_text(row: Row, say: Say) -> str | None:
    """Return what to say of a picture in which no text was found or looked for, else None."""
    lines = row.get("total_lines_of_text_count")
    if lines is None:
        return say("text not looked for")
    return None if lines else say("no text")


def _setting(row: Row, say: Say) -> str:
    if nothing := _without_text(row, say):
        return nothing
    tilt, spread = row.get("text_tilt"), row.get("text_height_spread")
    if tilt is not None and tilt > 2:
        return say("tilted", tilt=tilt)
    if spread is not None and spread > 0.5:
        return say("many sizes")
    place = row.get("text_y")
    if place is None:
        return say("setting")
    return say("at the top" if place < 0.35 else "at the foot" if place > 0.65 else "evenly set")


def _ground(row: Row, say: Say) -> str:
    if nothing := _without_text(row, say):
        return nothing
    plain = row.get("text_ground_plainness")
    if plain is None:
        return say("ground")
    if plain > 0.5:
        return say("plain grounds", count=row.get("text_grounds_count") or 1)
    return say("no plain ground")


def _colours(row: Row, say: Say) -> str:
    share = row.get("color_to_image_ratio_1")
    if share is not None and share > 0.5:
        return say("one colour", share=share)
    flat = row.get("top_8_cells_ratio")
    if flat is not None and flat > 0.7:
        return say("flat colours")
    return say("many colours" if flat is not None and flat < 0.35 else "colours")


def _light(row: Row, say: Say) -> str:
    value = row.get("brightness")
    if value is None:
        value = row.get("luma_p50")
    if value is None:
        return say("light")
    return say("bright" if value > 0.7 else "dark" if value < 0.3 else "medium light")


def _surface(row: Row, say: Say) -> str:
    flat = row.get("flat_ratio")
    if flat is None:
        return say("surface")
    return say("flat surface", share=flat) if flat > 0.5 else say("natural texture")


def _skin(row: Row, say: Say) -> str:
    share = row.get("skin_ratio")
    return say("skin") if share is None else say("skin and share", share=share)


def _words(row: Row, say: Say) -> str:
    if nothing := _without_text(row, say):
        return nothing
    about = known_subjects().leading(_lists(row, WORD_COLUMNS))
    if about is not None:
        subject, count = about
        return say(f"subject {subject}", count=count)
    count = len(_lists(row, ("en_words_original", "ar_words_original")))
    return say("words", count=count) if count else say("no words")


def _lists(row: Row, columns: Iterable[str]) -> list[str]:
    """Return the words of several columns together."""
    found = (row.get(name) for name in columns)
    return [word for words in found if words is not None for word in words]


def _look(row: Row, say: Say) -> str:
    found = row.get(RESEMBLES)
    return say(f"looks {found}" if found else "embedding")


_PHRASES: dict[str, Callable[[Row, Say], str]] = {
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
    "top to bottom": lambda row, say: say("top to bottom"),
    "camera": lambda row, say: say("camera" if row.get("has_camera_make") else "no camera"),
    "file": lambda row, say: say("file"),
    "writing": lambda row, say: say("writing"),
    "embedding": _look,
}
