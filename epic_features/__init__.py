"""37 metadata features per image, offline, in Arabic and English.

The heavy parts are loaded on first use, so that importing the package is quick.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from epic_features.dumping import DumpReport, dump
    from epic_features.errors import (
        EngineError,
        EpicError,
        ImageError,
        MissingExtra,
        MissingLibrary,
        ModelDownloadError,
        ModelNotFound,
        OutputError,
        PlanError,
        SettingsError,
        SettingsMismatch,
        SourceError,
    )
    from epic_features.extractor import Extractor
    from epic_features.frame import extract
    from epic_features.schema import SCHEMA
    from epic_features.settings import Settings

__all__ = [
    "SCHEMA",
    "DumpReport",
    "EngineError",
    "EpicError",
    "Extractor",
    "ImageError",
    "MissingExtra",
    "MissingLibrary",
    "ModelDownloadError",
    "ModelNotFound",
    "OutputError",
    "PlanError",
    "Settings",
    "SettingsError",
    "SettingsMismatch",
    "SourceError",
    "__version__",
    "dump",
    "extract",
]

_HOMES = {
    "DumpReport": "dumping",
    "dump": "dumping",
    "Extractor": "extractor",
    "extract": "frame",
    "SCHEMA": "schema",
    "Settings": "settings",
}


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES.get(name, 'errors')}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
