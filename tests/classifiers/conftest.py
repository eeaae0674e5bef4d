"""Feature tables of the real schema, filled with numbers that tell the classes apart."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from fused_tables import embeddings, with_embedding

from classifiers import FusionClassifier, TabularClassifier
from epic_features import Settings, __version__
from epic_features.extractor import METADATA_KEY
from epic_features.schema import Column, columns_of

GROUPS = ("core", "cartoon", "quality", "exif", "layout", "texture")
WORDS = ("homework", "chapter", "meme", "lol", "family", "beach", "message", "sent")

# Few, quick trees: what is tested is not how good they are.
QUICK = {
    "max_rounds": 12,
    "patience": 4,
    "words": 5,
    "folds": 3,
    "column_share": 0.5,
    "min_images": 3,
}

MakeTable = Callable[..., tuple[pa.Table, np.ndarray]]


def value_of(column: Column, level: int, random: np.random.Generator) -> Any:
    if random.random() < 0.03 and column.group != "file":
        return None
    if pa.types.is_boolean(column.type):
        return bool(random.random() < 0.2 + 0.2 * level)
    if pa.types.is_integer(column.type):
        return int(random.poisson(4 + 4 * level))
    if pa.types.is_floating(column.type):
        return float(np.clip(random.normal(0.3 + 0.15 * level, 0.2), 0.01, 3))
    if pa.types.is_list(column.type):
        first = 2 * level % len(WORDS)
        return [str(word) for word in random.choice(WORDS[first : first + 4], 4)]
    if column.unit == "sRGB":
        return f"#{random.integers(80 * level, 80 * level + 96):02x}{random.integers(65536):04x}"
    return None


@pytest.fixture(scope="session")
def make_table() -> MakeTable:
    """Return a function that fills a table: so many rows of each class."""

    def make(
        counts: Mapping[str, int], seed: int = 0, settings: Settings | None = None
    ) -> tuple[pa.Table, np.ndarray]:
        settings = settings or Settings(groups=GROUPS)
        random = np.random.default_rng(seed)
        columns = columns_of(settings.groups)
        labels = np.repeat(list(counts), list(counts.values())).astype(object)
        levels = {name: level for level, name in enumerate(counts)}
        rows = []
        for number, label in enumerate(labels):
            row = {c.name: value_of(c, levels[label], random) for c in columns}
            name = f"{number:04d}.jpg"
            place = {"file_name": name, "relative_path": f"{label}/{name}", "class": label}
            rows.append(row | place)
        order = random.permutation(len(rows))
        record = {"version": __version__, "settings": settings.to_dict(), "backends": []}
        schema = pa.schema([c.field for c in columns]).with_metadata(
            {METADATA_KEY: json.dumps(record).encode()}
        )
        return pa.Table.from_pylist([rows[i] for i in order], schema=schema), labels[order]

    return make


@pytest.fixture(scope="session")
def three(make_table: MakeTable) -> tuple[pa.Table, np.ndarray]:
    """Ninety rows of three classes."""
    return make_table({"memes": 30, "notes": 30, "personal": 30})


@pytest.fixture(scope="session")
def two(make_table: MakeTable) -> tuple[pa.Table, np.ndarray]:
    """Rows of two classes, with enough personal ones for a guarantee."""
    return make_table({"irrelevant": 60, "personal": 160}, seed=2)


@pytest.fixture(scope="session")
def quick() -> dict[str, Any]:
    """Parameters of a model that is trained in a moment."""
    return dict(QUICK)


@pytest.fixture(scope="session")
def model_of_three(lightgbm: None, three: tuple[pa.Table, np.ndarray]) -> TabularClassifier:
    """A model of three classes; do not fit it again."""
    return TabularClassifier(**QUICK).fit(*three)


@pytest.fixture(scope="session")
def model_of_two(lightgbm: None, two: tuple[pa.Table, np.ndarray]) -> TabularClassifier:
    """A model of two classes that protects "personal"; do not fit it again."""
    return TabularClassifier(**QUICK, protect=("personal",)).fit(*two)


@pytest.fixture(scope="module")
def three_fused(three):
    table, labels = three
    return with_embedding(table, embeddings(labels.astype(str))), labels


@pytest.fixture(scope="module")
def two_fused(two):
    table, labels = two
    return with_embedding(table, embeddings(labels.astype(str), seed=1, apart=0.8)), labels


@pytest.fixture(scope="module", params=["pca", "stack", "product"])
def fusion_mode(request):
    return request.param


@pytest.fixture(scope="module")
def fused_model(fusion_mode, two_fused, quick):
    """A model of two classes with a guarantee; do not fit it again."""
    return FusionClassifier(fusion_mode, 6, **quick, protect=("personal",)).fit(*two_fused)
