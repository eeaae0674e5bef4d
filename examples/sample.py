"""The pictures that the notebooks look at: a few of your own, or drawn ones."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from platformdirs import user_cache_path

from epic_features.sources import local
from examples.gallery import draw_gallery

_DRAWN = 120


def sample_gallery(per_class: int = 30) -> Path:
    """Return a folder of pictures, a folder for each class below it; it is made once.

    Parameters
    ----------
    per_class : int
        Most pictures of a class that are copied from the folder that the environment variable
        ``EPIC_DATA`` names, which has to hold a folder of pictures for each class. They are spread
        evenly over its sorted names. Without ``EPIC_DATA`` a gallery is drawn.

    Returns
    -------
    Path
        ``gallery`` in the folder that ``EPIC_WORK`` names, or in the user's cache folder. What is
        computed can be kept beside it.
    """
    source = os.environ.get("EPIC_DATA")
    home = Path(os.environ.get("EPIC_WORK") or user_cache_path("epic-features") / "examples")
    work = home / (f"{Path(source).resolve().name}-{per_class}" if source else "drawn")
    gallery = work / "gallery"
    if not gallery.exists():
        part = work / "gallery.part"
        shutil.rmtree(part, ignore_errors=True)
        part.mkdir(parents=True)
        if source:
            _copy_some(Path(source), part, per_class)
        else:
            draw_gallery(part, count=_DRAWN)
        part.rename(gallery)
    return gallery


def _copy_some(source: Path, target: Path, per_class: int) -> None:
    for folder in sorted(path for path in source.iterdir() if path.is_dir()):
        paths = [Path(path) for path in local.walk(folder)]
        step = max(1, -(-len(paths) // per_class))
        (target / folder.name).mkdir()
        for path in paths[::step]:
            shutil.copy2(path, target / folder.name / path.name)
