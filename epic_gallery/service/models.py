"""The models that the service offers."""

from __future__ import annotations

import json
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from classifiers import pretrained
from epic_features.errors import ModelFileError

QUICK = "quick-personal"

_TRAINED = {
    "personal": "Personal photos and what is irrelevant; cheap models first, text only when needed",
    "gallery": "The ten classes of a phone gallery",
    "whatsapp": "Handwritten notes, printed notes, screenshots, brochures and other pictures",
    "drawn": "Drawn or animated pictures, and real ones",
    QUICK: "Personal or irrelevant without reading text: faster, less often right",
}
_RULES = {
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
    trained = tuple(_facts(name) for name in _TRAINED)
    if find_spec("classifiers.rules") is None:
        return trained
    rules = (ModelFacts(name, said, ("animated", "real"), None) for name, said in _RULES.items())
    return (*trained, *rules)


def _facts(name: str) -> ModelFacts:
    folder = Path(pretrained.__file__).parent
    home = folder / ("personal" if name == QUICK else name)
    record = _read(home / "model.json")
    measured = _read(home / "evaluation.json") if name != QUICK else None
    figures = {key: measured[key] for key in _FIGURES if key in measured} if measured else None
    return ModelFacts(name, _TRAINED[name], tuple(record["classes"]), figures)


def _read(path: Path) -> dict[str, Any]:
    try:
        found: dict[str, Any] = json.loads(path.read_bytes())
    except (OSError, ValueError) as error:
        raise ModelFileError(f"can't read {path}: {error}; install epic-features again") from error
    return found
