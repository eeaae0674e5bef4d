"""Feature tables with a column of embeddings, drawn at random."""

from __future__ import annotations

import json

import numpy as np
import pyarrow as pa

from epic_features.extractor import METADATA_KEY

LENGTH = 20


def embeddings(labels, seed=0, apart=1.0, length=LENGTH):
    """Noise around a place for each class."""
    random = np.random.default_rng(seed)
    names, codes = np.unique(labels, return_inverse=True)
    places = np.random.default_rng(99).normal(0, apart, (len(names), length))
    return (places[codes] + random.normal(0, 1, (len(labels), length))).astype(np.float32)


def with_embedding(table, values, network="a" * 64, path="net/"):
    """Add the column as `epic extract --embed` would."""
    record = json.loads(table.schema.metadata[METADATA_KEY])
    record["settings"]["embedding"] = path
    record["settings"]["groups"].append("embedding")
    record["backends"] += [
        {"role": "embedding", "name": "net (onnxruntime)", "version": "1", "sha256": network},
        {"role": "embedding input", "name": "pillow", "version": "12", "sha256": "b" * 64},
    ]
    column = pa.array(list(values), pa.list_(pa.float32(), values.shape[1]))
    table = table.append_column("embedding", column)
    return table.replace_schema_metadata({METADATA_KEY: json.dumps(record).encode()})
