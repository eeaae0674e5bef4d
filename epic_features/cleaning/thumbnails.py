"""Small copies of images, for pages and sheets."""

from __future__ import annotations

import base64
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from epic_features.errors import ImageError
from epic_features.settings import Settings
from epic_features.sources.reference import ImageReference

_QUALITY = 70
_AHEAD = 64


def thumbnails(
    paths: Sequence[Path], side: int, on_progress: Callable[[int, int], None] | None = None
) -> Iterator[NDArray[np.uint8] | None]:
    """Yield a small copy of each image, None for one that can't be read.

    Parameters
    ----------
    paths : sequence of Path
        Image files; a file that is cut off gives what there is of it.
    side : int
        Most pixels of the longer side.
    on_progress : callable, optional
        Called with the numbers of images done and to do.

    Yields
    ------
    ndarray of uint8, shape (height, width, 3), or None
        RGB, upright.
    """
    settings = Settings(groups=("shape",), allow_truncated=True)

    def small(path: Path) -> NDArray[np.uint8] | None:
        try:
            return ImageReference(str(path), path).load(settings).fitted(side)
        except ImageError:
            return None

    remaining = iter(paths)
    done = 0
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        while batch := list(islice(remaining, _AHEAD)):
            for pixels in pool.map(small, batch):
                done += 1
                yield pixels
                if on_progress:
                    on_progress(done, len(paths))


def as_data_url(pixels: NDArray[np.uint8]) -> str:
    """Return pixels as a JPEG within an address, for a page that loads nothing."""
    quality = [cv2.IMWRITE_JPEG_QUALITY, _QUALITY]
    _, encoded = cv2.imencode(".jpg", cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR), quality)
    return "data:image/jpeg;base64," + base64.b64encode(encoded.tobytes()).decode()
