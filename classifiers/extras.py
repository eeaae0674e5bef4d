"""Optional parts, with a clear word when one is missing."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from classifiers.openmp import load_bundled_openmp
from epic_features.errors import MissingExtra, MissingLibrary


def needs(name: str, purpose: str, extra: str = "train") -> Any:
    """Return a module of an extra.

    Parameters
    ----------
    name : str
        Name of the module.
    purpose : str
        What it is needed for, as in "training a network".
    extra : str
        The extra that brings it.

    Raises
    ------
    MissingExtra
        It is not installed.
    """
    try:
        return import_module(name)
    except ImportError as error:
        raise MissingExtra(
            f"{purpose} needs {name.partition('.')[0]}; install it with "
            f"`pip install 'epic-features[{extra}]'`"
        ) from error


def require_lightgbm() -> None:
    """Load LightGBM, whose wheels leave OpenMP to the system, or else with scikit-learn's.

    Raises
    ------
    MissingLibrary
        There is no OpenMP that it could use.
    """
    try:
        try:
            import_module("lightgbm")
        except OSError:
            load_bundled_openmp()
            import_module("lightgbm")
    except OSError as error:
        raise MissingLibrary(
            f"LightGBM can't be loaded ({error}); it needs OpenMP: `apt install libgomp1` on "
            "Debian and Ubuntu, `dnf install libgomp` on Fedora, `brew install libomp` on a Mac"
        ) from error
