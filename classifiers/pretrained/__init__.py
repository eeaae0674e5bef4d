"""The models that come with the library; each folder holds its trees, its facts and its card."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from classifiers.storage import load
from epic_features.errors import ModelFileError

if TYPE_CHECKING:
    from classifiers.rule import Rule
    from classifiers.tabular import TabularClassifier

NAMES = ("personal", "gallery", "whatsapp", "drawn")


def load_pretrained(name: str) -> TabularClassifier:
    """Return a model that comes with the library.

    Parameters
    ----------
    name : str
        ``"personal"`` (personal or irrelevant), ``"gallery"`` (the classes of the data),
        ``"whatsapp"`` (handwritten notes, printed notes, screenshots, brochures, other) or
        ``"drawn"`` (animated or real).

    Raises
    ------
    ModelFileError
        There is no model of that name.
    """
    if name not in NAMES:
        raise ModelFileError(f"there is no model {name!r}; choose from: {', '.join(NAMES)}")
    return load(Path(__file__).parent / name)


def find_model(name: str | os.PathLike[str]) -> TabularClassifier:
    """Return a model that comes with the library, or the one in a folder."""
    if isinstance(name, str) and name in NAMES:
        return load_pretrained(name)
    if not Path(name).is_dir():
        raise ModelFileError(
            f"{name} is neither a folder with a model nor one of: {', '.join(NAMES)}"
        )
    return load(name)


def find_model_or_rule(name: str | os.PathLike[str]) -> TabularClassifier | Rule:
    """Return a quick rule by its name, see `classifiers.rules.QUICK`, else as `find_model`."""
    from classifiers import rules

    if isinstance(name, str) and name in rules.QUICK:
        return rules.load(name)
    try:
        return find_model(name)
    except ModelFileError as error:
        if Path(name).is_dir():
            raise
        raise ModelFileError(f"{error}, {', '.join(rules.QUICK)}") from error
