"""The models that the service offers."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from classifiers import pretrained
from epic_features.errors import ModelFileError

QUICK = "quick-personal"

_MODELS = {
    "personal": "Personal photos and what is irrelevant; cheap models first, text only when needed",
    "gallery": "The ten classes of a phone gallery",
    "whatsapp": "Handwritten notes, printed notes, screenshots, brochures and other pictures",
    "drawn": "Drawn or animated pictures, and real ones",
    QUICK: "Personal or irrelevant without reading text: faster, less often right",
    "bytes": "Drawn or real, by the length of the file",
    "bilateral": "Drawn or real, by what a bilateral filter changes",
    "colors": "Drawn or real, by the share of the most frequent colours",
}
_FIGURES = ("accuracy", "macro_f1", "majority", "images", "auc")


@dataclass(frozen=True)
class ModelFacts:
    """What is known of a model without loading it.

    Attributes
    ----------
    name, description : str
        For the option ``model=``, and for people.
    classes : tuple of str
        What it tells apart.
    figures : dict or None
        How good it is, as measured when it was trained; None when that is not shipped.
    """

    name: str
    description: str
    classes: tuple[str, ...]
    figures: dict[str, float] | None


def catalogue() -> tuple[ModelFacts, ...]:
    """Return what is known of every model that can be asked for."""
    return tuple(_facts(name, description) for name, description in _MODELS.items())


def _facts(name: str, description: str) -> ModelFacts:
    # The quick model knows the classes of the one it stands before; it was not measured alone.
    home = Path(pretrained.__file__).parent / ("personal" if name == QUICK else name)
    path = home / "evaluation.json"
    try:
        measured: dict[str, Any] = json.loads(path.read_bytes())
        classes = tuple(measured["classes"])
    except (OSError, ValueError, KeyError) as error:
        raise ModelFileError(f"can't read {path}: {error}; install epic-features again") from error
    figures = {key: measured[key] for key in _FIGURES if measured.get(key) is not None}
    return ModelFacts(name, description, classes, None if name == QUICK else figures)
