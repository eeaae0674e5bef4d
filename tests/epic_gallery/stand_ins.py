"""Small models and feature tables, so that sorting can be tested without reading text."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from classifiers import TabularClassifier
from epic_features.schema import schema_of
from epic_features.settings import CORE_GROUPS

SCHEMA = schema_of(CORE_GROUPS)

# Faces, lines of text, colours: what the models tell the kinds by.
KINDS = {
    "photo": ("personal", "other"),
    "screenshot": ("irrelevant", "screenshots"),
    "notes": ("irrelevant", "printed-notes"),
    "odd": (None, None),
}


def row(kind: str, path: str, numbers: np.random.Generator) -> dict[str, object]:
    """Return the features of a picture of a kind; "odd" is between a photo and a screenshot."""
    faces = {"photo": 3, "screenshot": 0, "notes": 0, "odd": numbers.integers(0, 4)}[kind]
    lines = {"photo": 0, "screenshot": 12, "notes": 40, "odd": numbers.integers(0, 13)}[kind]
    values: dict[str, object] = {}
    for field in SCHEMA:
        if pa.types.is_list(field.type):
            values[field.name] = []
        elif pa.types.is_integer(field.type):
            values[field.name] = 1
        elif pa.types.is_floating(field.type):
            values[field.name] = float(numbers.random())
        elif field.name.startswith("dominant_color"):
            values[field.name] = "#808080"
    values.update(
        {
            "file_name": path.rpartition("/")[2],
            "relative_path": path,
            "total_faces_count": int(faces + (numbers.random() < 0.1)),
            "total_lines_of_text_count": int(lines + numbers.integers(0, 3)),
        }
    )
    return values


def table(kinds: dict[str, str], seed: int = 0) -> pa.Table:
    """Return features of pictures, given kinds by path."""
    numbers = np.random.default_rng(seed)
    rows = [row(kind, path, numbers) for path, kind in kinds.items()]
    return pa.Table.from_pylist(rows, schema=SCHEMA)


def write_features(kinds: dict[str, str], path: Path) -> Path:
    """Write the table of `table`."""
    pq.write_table(table(kinds), path)
    return path


def train(folder: Path) -> None:
    """Train a model `personal` and a model `whatsapp`."""
    known = [kind for kind in KINDS if kind != "odd"]
    kinds = {f"{n}.jpg": known[n % 3] for n in range(600)}
    for n in range(60):
        kinds[f"odd{n}.jpg"] = "odd"
    features = table(kinds, seed=1)
    numbers = np.random.default_rng(2)
    labels = [
        KINDS[kind] if kind != "odd" else KINDS[["photo", "screenshot"][numbers.integers(2)]]
        for kind in kinds.values()
    ]
    for position, (name, protect) in enumerate(
        (("personal", ["personal"]), ("whatsapp", ["other"]))
    ):
        model = TabularClassifier(protect=protect, max_rounds=40, patience=10, folds=3, words=2)
        model.fit(features, [label[position] for label in labels])
        model.save(folder / name)
