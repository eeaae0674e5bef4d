"""How well the fast ways read and count, beside the ways that they replace."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import face_accuracy, machine, ocr_accuracy
from benchmarks.speed_methods import rapidocr
from epic_features import Settings
from epic_features.image import Image
from epic_features.stage import Backend
from epic_features.text.rapid import RapidReader
from epic_features.text.reader import TextBox, TextReader
from epic_features.text.script import clean, script_of

_FIGURES = (
    "rendered CER en",
    "rendered CER ar",
    "rendered CER math",
    "screenshots CER ar",
    "rendered box count error latin",
    "rendered box count error arabic",
    "text-free photos with a box",
)


class Plain:
    """RapidOCR with its defaults as a `TextReader`."""

    reads_arabic = False
    backends: Sequence[Backend] = ()

    def __init__(self) -> None:
        self._read = rapidocr()

    def read(self, image: Image) -> list[TextBox]:
        """Return what RapidOCR found; it drops what it can't read."""
        found: Any = self._read(image)
        if found.boxes is None:
            return []
        texts = [clean(text) for text in found.txts]
        return [
            TextBox(np.asarray(box, np.float32), text, float(score), script_of(text))
            for box, text, score in zip(found.boxes, texts, found.scores, strict=True)
        ]


def report(shared: Path) -> str:
    """Measure and return the section as Markdown."""
    settings = Settings()
    readers: dict[str, TextReader] = {
        "full row": RapidReader(settings),
        'text="budget:12"': RapidReader(Settings(text="budget:12")),
        "RapidOCR, defaults": Plain(),
    }
    read = {name: ocr_accuracy.measure(shared, reader) for name, reader in readers.items()}
    rows = [
        (figure, *(f"{figures[figure]:.4g}" for figures in read.values())) for figure in _FIGURES
    ]
    faces = face_accuracy.measure(shared, settings.faces)
    return "\n\n".join(
        [
            "## Accuracy of the same",
            "Characters and boxes on `gold/ocr` (see `benchmarks/ocr_accuracy.py`):",
            machine.table(("figure", *read), rows),
            f"Faces on `gold/faces`: {faces['exact']:.3f} of {faces['labelled']} counts exact, "
            f"{faces['false_positives']} of {faces['negatives']} pictures without a face got one.",
        ]
    )
