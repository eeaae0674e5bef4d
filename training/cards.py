"""The model cards, with the figures of the run that made the models."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from classifiers.evaluation import Evaluation
from classifiers.fusion import FusionClassifier
from classifiers.tabular import TabularClassifier
from epic_features.settings import EMBEDDING_GROUP
from training.data import DRAWN_WEIGHT

TARGETS: dict[str, tuple[str, tuple[str, ...]]] = {
    "personal": ("personal", ("personal",)),
    "gallery": ("class", ("personalPhotos", "selfies")),
    "whatsapp": ("whatsapp", ("other",)),
    "drawn": ("drawn", ()),
}

SHIPPED: dict[str, Any] = {"mode": "product", "priors": "equal"}
"""How the parts of the shipped models are joined, and what is expected before a picture is seen.
The shares of the classes in the data come from what could be found; those of a phone are others."""


def new_model(name: str, columns: Sequence[str] | None = None) -> FusionClassifier:
    """Return a model as the one shipped under a name, not trained."""
    return FusionClassifier(**SHIPPED, columns=columns, protect=TARGETS[name][1])


_USE = {
    "personal": "Telling personal photos from everything else on a phone, so that the rest can be "
    "looked through and put away. It is made to be sure before it hides anything.",
    "gallery": "Sorting pictures into the classes of EPIC for a first overview, and as a start for "
    "a model of your own.",
    "whatsapp": "Sorting what came over WhatsApp into handwritten notes, printed notes, "
    "screenshots and brochures, leaving all other pictures where they are.",
    "drawn": "Telling drawings, cartoons and anime from photographs.",
}

_FAILURES = {
    "personal": (
        "photos of talks with large slides, of signs, shop fronts and packages are taken for junk",
        "photographs used as a joke or as a card, with few words or none on them, are taken for "
        "personal",
        "drawn or rendered cards with flowers and soft light are taken for personal",
        "cakes with writing on them are taken for junk",
        "drawings and anime, which it was never shown, may be taken for personal: 85 of 210 are, "
        "and 68 are unsure",
    ),
    "gallery": (
        "screenshots of posts whose picture is a meme, and memes cut from posts, are taken for "
        "each other",
        "slides and pages with little text are taken for screenshots or posts",
        "a third of the chats are taken for other screenshots or for posts",
        "flyers that consist of a photograph and a title are taken for memes",
        "painted wallpapers are taken for photographs",
    ),
    "whatsapp": (
        "slides, and pages with large headings, are taken for screenshots; faint print for "
        "handwriting",
        "cards with one line of calligraphy over a landscape are taken for other pictures",
        "advertisements made of screenshots are taken for screenshots",
        "screenshots filled by a photo or a video are taken for other pictures",
        "Arabic memes and posts, of which there were none to learn from, are taken for brochures: "
        "59 of 75 memes and 32 of 50 posts that the project draws, 29 and 30 of them surely, so "
        "the promise does not hold for them",
    ),
    "drawn": (
        "painted landscapes and scenes with soft light are taken for photographs",
        "cartoons with dark, dull colours are taken for photographs",
        "photographs of a single thing on a plain ground, and very bright ones, are taken for "
        "drawings",
        "it was never shown memes, cards or screenshots: use it on pictures, not on pages",
    ),
}


def card(name: str, model: TabularClassifier, result: Evaluation, facts: pd.DataFrame) -> str:
    """Return the card of a model as Markdown."""
    real = facts[facts["fold"] >= 0]
    return render(
        "card.md",
        name=name,
        use=_USE[name],
        failures=_FAILURES[name],
        model=model,
        result=result,
        groups=[g for g in model.provenance_["settings"]["groups"] if g != EMBEDDING_GROUP],
        rounds=model.booster_.current_iteration(),
        terms=len(model.encoder_.vocabulary_.terms),
        images=len(real),
        sources=real["source_repo"].nunique(),
        drawn=len(facts) - len(real),
        drawn_weight=DRAWN_WEIGHT,
        folds=real["fold"].nunique(),
    )


def render(template: str, **values: Any) -> str:
    """Return a page made from a file of ``training/templates``."""
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent / "templates"),
        undefined=jinja2.StrictUndefined,
        keep_trailing_newline=True,
    )
    return environment.get_template(template).render(**values)
