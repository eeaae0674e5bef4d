"""Models over the feature table: personal or irrelevant, which class, drawn or real, and why.

Everything heavy is imported when it is first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from classifiers.encoding import TableEncoder
    from classifiers.evaluation import Evaluation, evaluate
    from classifiers.explanation import explain, importance
    from classifiers.fusion import FusionClassifier
    from classifiers.pretrained import load_pretrained
    from classifiers.tabular import TabularClassifier

_HOMES = {
    "Evaluation": "evaluation",
    "FusionClassifier": "fusion",
    "TableEncoder": "encoding",
    "TabularClassifier": "tabular",
    "evaluate": "evaluation",
    "explain": "explanation",
    "importance": "explanation",
    "load_pretrained": "pretrained",
}

__all__ = [
    "Evaluation",
    "FusionClassifier",
    "TableEncoder",
    "TabularClassifier",
    "evaluate",
    "explain",
    "importance",
    "load_pretrained",
]


def __getattr__(name: str) -> object:
    from importlib import import_module

    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"classifiers.{_HOMES[name]}"), name)
