"""Names of files in a folder and below it."""

from __future__ import annotations

import os
import unicodedata
from pathlib import Path

from epic_features.cleaning.plan import EPIC_FOLDER


def same_name(name: str) -> str:
    """Return what two spellings of a name share: some systems decompose accents when they copy."""
    return unicodedata.normalize("NFC", name)


def names_below(root: Path) -> dict[str, list[str]]:
    """Return the paths of all files below a folder by `same_name` of their name.

    Links are not followed; the folder ``.epic`` is left out.

    Parameters
    ----------
    root : Path
        Paths are relative to it, with ``/``.
    """
    places: dict[str, list[str]] = {}
    for folder, folders, files in os.walk(root):
        folders[:] = sorted(name for name in folders if name != EPIC_FOLDER)
        relative = Path(folder).relative_to(root)
        for name in sorted(files):
            places.setdefault(same_name(name), []).append((relative / name).as_posix())
    return places
