"""Pictures as small squares of pixels, all in one array, for networks to learn from."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from epic_features.errors import SourceError
from epic_features.image import decode
from epic_features.settings import Settings

SIDE = 128


def load_pictures(
    paths: Sequence[str | os.PathLike[str]],
    side: int = SIDE,
    on_progress: Callable[[int, int], None] | None = None,
) -> NDArray[np.uint8]:
    """Decode pictures and squeeze each into a square, whatever its proportions.

    Parameters
    ----------
    paths : sequence of path-like
        Picture files.
    side : int
        Width and height of a square in pixels.
    on_progress : callable, optional
        Called with the numbers of pictures done and to do.

    Returns
    -------
    ndarray of uint8, shape (n, side, side, 3)
        RGB, upright.

    Raises
    ------
    ImageError, SourceError
        A picture can't be read.
    """
    from PIL import Image

    settings = Settings(groups=("shape",))
    pixels = np.zeros((len(paths), side, side, 3), np.uint8)
    for number, path in enumerate(paths):
        try:
            found = decode(Path(path).read_bytes(), settings).pixels
        except OSError as error:
            raise SourceError(f"can't read {path}: {error.strerror}") from error
        small = Image.fromarray(found).resize((side, side), Image.Resampling.BILINEAR)
        pixels[number] = np.asarray(small)
        if on_progress:
            on_progress(number + 1, len(paths))
    return pixels
