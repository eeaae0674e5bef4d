"""Every file the library may fetch: where it comes from, how it is checked, where it is kept.

Nothing here touches the network except `get`, which only runs when somebody asks for it
(``epic models get NAME``); the rest of the library calls `find`.
"""

from __future__ import annotations

from epic_features.models.registry import (
    MODELS,
    ModelFile,
    Url,
    WheelMember,
    known_names,
    lookup,
)
from epic_features.models.store import (
    ModelStatus,
    cache_dir,
    find,
    get,
    path_of,
    sha256,
    status,
)

__all__ = [
    "MODELS",
    "ModelFile",
    "ModelStatus",
    "Url",
    "WheelMember",
    "cache_dir",
    "find",
    "get",
    "known_names",
    "lookup",
    "path_of",
    "sha256",
    "status",
]
