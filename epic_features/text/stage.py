"""The text columns of the feature row."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from epic_features.geometry import union_area
from epic_features.image import Image
from epic_features.stage import Backend
from epic_features.text.arrangement import arrangement_columns
from epic_features.text.layout import Layout, layout
from epic_features.text.reader import TextBox, TextReader
from epic_features.text.script import Script
from epic_features.text.words import word_columns


class TextStage:
    """Computes the columns of the group ``text``, and of ``layout`` and ``writing`` if wanted.

    Parameters
    ----------
    reader : TextReader
        Finds and reads the text boxes.
    arrangement : bool
        Whether to add the columns of the group ``layout``.
    writing : bool
        Whether to add the column ``writing``; the reader has to tell what its lines look like.
    """

    group = "text"

    def __init__(
        self, reader: TextReader, *, arrangement: bool = False, writing: bool = False
    ) -> None:
        self._reader = reader
        self._arrangement = arrangement
        self._writing = writing

    @property
    def backends(self) -> tuple[Backend, ...]:
        """The libraries and models of the reader."""
        return self._reader.backends

    def read(self, image: Image) -> tuple[list[TextBox], Layout]:
        """Return the text boxes of an image and how they form lines and blocks."""
        boxes = self._reader.read(image)
        return boxes, layout(boxes)

    def __call__(self, image: Image) -> dict[str, Any]:
        """Return one value for every column of the group or groups."""
        return self.columns(image, *self.read(image))

    def columns(self, image: Image, boxes: Sequence[TextBox], page: Layout) -> dict[str, Any]:
        """Return the same columns for text that `read` returned before."""
        columns = text_columns(image, boxes, page, self._reader.reads_arabic)
        if self._arrangement:
            columns |= arrangement_columns(image, page)
        if self._writing:
            columns["writing"] = _mean_look(boxes)
        return columns


def text_columns(
    image: Image, boxes: Sequence[TextBox], page: Layout, reads_arabic: bool
) -> dict[str, Any]:
    """Return the text columns of an image whose text has been read.

    Parameters
    ----------
    image : Image
        The image; only its size is used.
    boxes : sequence of TextBox
        What was read.
    page : Layout
        The same boxes in reading order.
    reads_arabic : bool
        Whether Arabic was looked for; the Arabic columns are None otherwise.
    """
    words = word_columns([(box.text, box.script) for box in page.boxes], reads_arabic)
    area = union_area([box.polygon for box in boxes], image.width, image.height)
    lines, blocks = len(page.lines), len(page.blocks)
    return {
        "text_to_image_ratio": area / (image.width * image.height),
        "lines_per_text_block": lines / blocks if blocks else 0.0,
        "total_lines_of_text_count": lines,
        "text_blocks_count": blocks,
        **_script_columns("en", boxes, Script.LATIN, words["en_words_original"]),
        **_script_columns(
            "ar", boxes, Script.ARABIC, words["ar_words_original"] if reads_arabic else None
        ),
        **words,
    }


def _mean_look(boxes: Sequence[TextBox]) -> list[float] | None:
    looks = [box.look for box in boxes if box.look is not None]
    return np.mean(looks, axis=0).tolist() if looks else None


def _script_columns(
    prefix: str, boxes: Sequence[TextBox], script: Script, words: Sequence[str] | None
) -> dict[str, Any]:
    """Return the columns about the boxes of one script, null without a list of its words."""
    names = (f"total_{prefix}_boxes", f"{prefix}_words_to_boxes", f"{prefix}_avg_score")
    if words is None:
        return dict.fromkeys(names)
    scores = [box.score for box in boxes if box.script is script]
    count = len(scores)
    values = (count, len(words) / count, sum(scores) / count) if count else (0, 0.0, None)
    return dict(zip(names, values, strict=True))
