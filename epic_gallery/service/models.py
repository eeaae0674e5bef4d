"""The models that the service offers."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from classifiers import pretrained
from epic_features.errors import ModelFileError

QUICK = "quick-personal"
_WHOLE = "personal"  # A cascade answers for it; the steps of that alone are `QUICK`.

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

Figures = dict[str, float]


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
        How good what answers is, as measured when it was trained. Of a cascade, only what is
        promised about protected classes is shipped.
    with_features : dict or None
        The same of what answers when all columns are asked for: the whole model. None when that was
        not measured.
    """

    name: str
    description: str
    classes: tuple[str, ...]
    figures: Figures | None
    with_features: Figures | None


def catalogue() -> tuple[ModelFacts, ...]:
    """Return what is known of every model that can be asked for."""
    return tuple(_facts(name, description) for name, description in _MODELS.items())


def _facts(name: str, description: str) -> ModelFacts:
    shipped = Path(pretrained.__file__).parent
    # The quick model knows the classes of the one it stands before.
    home = shipped / (_WHOLE if name == QUICK else name)
    try:
        measured = json.loads((home / "evaluation.json").read_bytes())
        classes = tuple(measured["classes"])
        whole = {key: measured[key] for key in _FIGURES if measured.get(key) is not None}
        whole |= _promised(home)
        if name not in (_WHOLE, QUICK):
            return ModelFacts(name, description, classes, whole, whole)
        tiers = json.loads((shipped / QUICK / "cascade.json").read_bytes())
        last = tiers["last"] if name == _WHOLE else tiers["steps"][-1]["name"]
        figures = _promised(shipped / QUICK / last)
    except (OSError, ValueError, LookupError) as error:
        raise ModelFileError(f"can't read {home}: {error}; install epic-features again") from error
    return ModelFacts(name, description, classes, figures, whole if name == _WHOLE else None)


def _promised(home: Path) -> Figures:
    """Return how many protected pictures there were in the test, and how many would be hidden."""
    found: dict[str, Any] | None = json.loads((home / "model.json").read_bytes()).get("guarantee")
    if found is None:
        return {}
    interval = {"hidden_low": found["low"], "hidden_high": found["high"]}
    return {"protected": found["protected"], "hidden": found["hidden"], **interval}
