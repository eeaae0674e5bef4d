"""The cards of the shipped models show the figures of the files beside them."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pandas as pd
import pytest

from classifiers import Evaluation, load_pretrained
from classifiers.evaluation import ClassScore, Spread
from classifiers.pretrained import NAMES
from training.cards import card

SHIPPED = Path(__file__).resolve().parents[2] / "classifiers" / "pretrained"


def evaluation_of(name: str) -> Evaluation:
    record = json.loads((SHIPPED / name / "evaluation.json").read_text(encoding="utf-8"))
    per_class = {label: ClassScore(**score) for label, score in record["per_class"].items()}
    folds = {measure: Spread(**spread) for measure, spread in record["folds"].items()}
    return Evaluation(**{**record, "per_class": per_class, "folds": folds})


def facts_of(result: Evaluation, sources: int, drawn: int) -> pd.DataFrame:
    """As many rows as there were pictures; which these were is not stored."""
    count, folds = result.images, len(result.folds["accuracy"].values)
    real = pd.DataFrame(
        {
            "fold": [row % folds for row in range(count)],
            "source_repo": [f"repository {row % sources}" for row in range(count)],
        }
    )
    ours = pd.DataFrame({"fold": [-1] * drawn, "source_repo": ["drawn"] * drawn})
    return pd.concat([real, ours], ignore_index=True)


@pytest.mark.usefixtures("lightgbm")
@pytest.mark.parametrize("name", NAMES)
def test_a_card_is_made_of_its_model_and_its_evaluation(name: str) -> None:
    shown = (SHIPPED / name / "README.md").read_text(encoding="utf-8")
    # Only these two are nowhere else.
    sources = re.search(r"pictures from (\d+) public repositories", shown)
    drawn = re.search(r"and (\d+) pictures\nthat the project draws", shown)
    assert sources is not None
    result = evaluation_of(name)
    facts = facts_of(result, int(sources[1]), int(drawn[1]) if drawn else 0)
    assert card(name, load_pretrained(name), result, facts) == shown


@pytest.mark.usefixtures("lightgbm")
@pytest.mark.parametrize("name", NAMES)
def test_a_model_was_tested_on_the_pictures_of_its_evaluation(name: str) -> None:
    result, model = evaluation_of(name), load_pretrained(name)
    assert list(result.classes) == model.classes_.tolist()
    if model.guarantee_ is not None:
        mine = sum(result.per_class[label].support for label in model.protect)
        assert model.guarantee_.protected == mine
