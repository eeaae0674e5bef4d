"""What a worker process of the service does with one picture."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import cache, partial
from typing import TYPE_CHECKING, Any, Protocol

from classifiers.table import groups_needed
from epic_features import Settings
from epic_features.extractor import Extractors
from epic_features.image import Image
from epic_features.sources import ImageReference
from epic_gallery.service.models import QUICK

if TYPE_CHECKING:
    from classifiers.explanation import Explanation
    from classifiers.rule import Rule
    from classifiers.tabular import TabularClassifier
    from epic_gallery.cascade import Cascade
    from epic_gallery.sorting import CascadeExtractor

_REASONS = 5


@dataclass(frozen=True, eq=False)
class Question(ImageReference):
    """A picture, and what is asked about it.

    Attributes
    ----------
    model : str
        Name of the model.
    features : bool
        Whether the whole feature row is wanted.
    """

    model: str = ""
    features: bool = False


@dataclass(frozen=True, eq=False)
class _Asked(Image):
    model: str = ""
    features: bool = False


class _Model(Protocol):
    def answer(self, image: Image, features: bool) -> dict[str, Any]: ...


class Looker:
    """Answers questions; models and networks are loaded once, when they are first needed.

    Parameters
    ----------
    settings : Settings
        Its limits on bytes and pixels hold; all else is as each model was trained.
    warm : str
        The model to load at once.
    """

    def __init__(self, settings: Settings, warm: str) -> None:
        import cv2
        import numpy as np

        self._settings = settings
        self._extractor = Extractors()
        self._model = cache(partial(_find, extractor=self._extractor))
        noise = np.random.default_rng(0).integers(0, 255, (64, 64, 3), np.uint8)
        file = cv2.imencode(".png", noise)[1].tobytes()
        # Opens the networks of all tiers; not those of the whole row, which few ask for.
        self.row(self.load(Question("noise", file, model=warm)))

    def load(self, image: ImageReference) -> Image:
        """Decode the picture of a question."""
        assert isinstance(image, Question)
        loaded = image.load(self._settings)
        known = {field.name: getattr(loaded, field.name) for field in fields(Image)}
        return _Asked(**known, model=image.model, features=image.features)

    def row(self, image: Image) -> dict[str, Any]:
        """Return the part of the picture object of the API that the pixels decide."""
        assert isinstance(image, _Asked)
        size = {"width": image.width, "height": image.height}
        return {**size, **self._model(image.model).answer(image, image.features)}


def _find(name: str, extractor: Extractors) -> _Model:
    from classifiers.pretrained import find_model
    from classifiers.rules import QUICK as RULES
    from classifiers.rules import load
    from epic_gallery.cascade import Cascade, load_cascade

    if name in RULES:
        return RuleModel(load(name), extractor)
    if name == QUICK:
        steps = load_cascade("personal").steps
        last = steps[-1].model
        return TrainedModel(Cascade(steps[:-1], last, steps[-1].name), last, extractor)
    return TrainedModel(load_cascade(name), find_model(name), extractor)


class TrainedModel:
    """A cascade, or a cascade without steps, and what it says of a picture.

    Parameters
    ----------
    cascade : Cascade
        The model.
    whole : TabularClassifier
        What answers instead when all columns are wanted.
    extractor : Extractors
        Models that have the same share their networks.
    """

    def __init__(self, cascade: Cascade, whole: TabularClassifier, extractor: Extractors) -> None:
        from epic_gallery.cascade import Cascade

        # All columns are there only when no step may stop before them.
        self._cascades = {False: cascade, True: Cascade((), whole)}
        self._extractor = extractor
        self._maker = cache(self._new_maker)

    def _new_maker(self, features: bool) -> CascadeExtractor:
        from epic_gallery.sorting import CascadeExtractor

        cascade = self._cascades[features]
        return CascadeExtractor(cascade.steps, cascade.settings[-1], self._extractor)

    def answer(self, image: Image, features: bool) -> dict[str, Any]:
        """Return label, probabilities and reasons, and the row when it is asked for."""
        from classifiers.explanation import explain

        cascade = self._cascades[features]
        row = self._maker(features).row(image)
        tier = row.pop("tier")
        table = self._extractor(cascade.settings[tier]).table([row])
        (said,) = cascade.label(tier, table).to_pylist()
        model = cascade.last if tier == len(cascade.steps) else cascade.steps[tier].model
        (explanation,) = explain(model, table, [said["label"]])
        probabilities = {str(name): said[f"p_{name}"] for name in model.classes_}
        found = {
            "label": said["label"],
            "decision": said["decision"],
            "probabilities": probabilities,
            "confidence": probabilities[said["label"]],
            "tier": said["tier"],
            "reasons": _reasons(explanation, row, list(probabilities)),
        }
        answer: dict[str, Any] = plain({**found, "features": row} if features else found)
        return answer


class RuleModel:
    """A quick rule, and what it says of a picture.

    Parameters
    ----------
    rule : Rule
        One of `classifiers.rules`.
    extractor : Extractors
        For when features are asked for.
    """

    def __init__(self, rule: Rule, extractor: Extractors) -> None:
        self._rule = rule
        self._extractor = extractor

    def answer(self, image: Image, features: bool) -> dict[str, Any]:
        """Return label, probabilities and the reason, and the columns around it when asked for."""
        from classifiers.phrases import say
        from epic_gallery.cascade import FULL

        rule = self._rule
        verdict = rule.classify(image)
        found = {
            "label": verdict.label,
            "decision": verdict.label,
            "probabilities": verdict.probabilities,
            "confidence": verdict.probabilities[verdict.label],
            "tier": FULL,
            "reasons": [
                {
                    "column": rule.columns[0],
                    "value": verdict.values[rule.columns[0]],
                    "share": 1.0,
                    "toward": verdict.label,
                    "text": {
                        "en": verdict.reasons[0],
                        "ar": say("ar", f"{rule.kind} {verdict.label}", **verdict.values),
                    },
                }
            ],
        }
        if features:
            groups = ("shape", *groups_needed(rule.columns))
            found["features"] = self._extractor(Settings(groups=groups)).row(image)
        answer: dict[str, Any] = plain(found)
        return answer


def _reasons(
    explanation: Explanation, row: Mapping[str, Any], classes: list[str]
) -> list[dict[str, Any]]:
    """Return the topics that decided most, each with the column behind most of it.

    What speaks against the answer speaks for the other class; with more than two classes there is
    no such class, and it is left out.
    """
    from classifiers.phrases import LANGUAGES
    from classifiers.topics import RESEMBLES, phrase_of

    seen = {**row, RESEMBLES: explanation.resembles}
    whole = sum(abs(reason.contribution) for reason in explanation.reasons) or 1.0
    others = [name for name in classes if name != explanation.answer]
    found: dict[tuple[str, bool], dict[str, Any]] = {}
    for reason in explanation.reasons:
        speaks_for = reason.contribution > 0
        if not reason.contribution or (not speaks_for and len(others) != 1):
            continue
        # Several topics may say the same, such as "no text".
        if (reason.phrase, speaks_for) not in found:
            strongest = max(reason.features, key=lambda name: abs(reason.features[name]))
            found[reason.phrase, speaks_for] = {
                "column": strongest,
                "value": row.get(strongest),
                "share": 0.0,
                "toward": explanation.answer if speaks_for else others[0],
                "text": {name: phrase_of(reason.topic, seen, name) for name in LANGUAGES},
            }
        found[reason.phrase, speaks_for]["share"] += abs(reason.contribution) / whole
    return sorted(found.values(), key=lambda reason: -reason["share"])[:_REASONS]


def plain(value: Any) -> Any:
    """Return a value as JSON can hold it; what is not a finite number becomes null."""
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()  # Half a character is no JSON.
    if value is None or isinstance(value, bool | int):
        return value
    if hasattr(value, "tolist"):
        return plain(value.tolist())
    number = float(value)
    return number if math.isfinite(number) else None
