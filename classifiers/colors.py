"""Five named colours as numbers that are near when the colours look alike."""

from __future__ import annotations

import re

import cv2
import numpy as np
from numpy.typing import NDArray

_HEX = re.compile("#[0-9a-fA-F]{6}")
_CHANNELS = ("lightness", "a", "b", "chroma", "share")


def lab_of(hexes: NDArray[np.object_]) -> NDArray[np.float64]:
    """Return CIE Lab (D65, L in [0, 100]) of ``#rrggbb`` texts; NaN for None.

    Parameters
    ----------
    hexes : ndarray of object, any shape
        Colours in sRGB.

    Returns
    -------
    ndarray of float64, the shape of `hexes` and (3,)

    Raises
    ------
    ValueError
        A text is not of the form ``#rrggbb``.
    """
    flat = hexes.ravel()
    known = np.array([isinstance(value, str) for value in flat], bool)
    numbers = np.array([_number(value) for value in flat[known]], np.int64)
    rgb = np.stack([numbers >> 16, numbers >> 8 & 255, numbers & 255], axis=-1)
    lab = np.full((flat.size, 3), np.nan)
    if len(rgb):
        scaled = (rgb / 255).astype(np.float32)[None]
        lab[known] = np.asarray(cv2.cvtColor(scaled, cv2.COLOR_RGB2Lab))[0]
    return lab.reshape(*hexes.shape, 3)


def color_features(
    hexes: NDArray[np.object_], shares: NDArray[np.float64]
) -> tuple[NDArray[np.float64], list[str]]:
    """Return numbers about the dominant colours, and their names.

    Parameters
    ----------
    hexes : ndarray of object, shape (n, 5)
        ``#rrggbb`` or None.
    shares : ndarray of float64, shape (n, 5)
        Share of the pixels of each; NaN for None.

    Returns
    -------
    values : ndarray of float64, shape (n, 32)
        For every colour lightness, a, b, chroma and share; then the mean of the colours by share
        (L, a, b, chroma), their root mean square distance from it in Lab, the entropy of the
        shares in nats, and how many colours there are. NaN where no colours were looked for.
    names : list of str
        Names of the 32 columns.
    """
    lab = lab_of(hexes)
    chroma = np.hypot(lab[..., 1], lab[..., 2])
    single = np.concatenate([lab, chroma[..., None], shares[..., None]], axis=-1)
    weights = np.nan_to_num(shares)
    with np.errstate(invalid="ignore"):  # Rows without any colour are NaN throughout.
        weights = weights / weights.sum(axis=1, keepdims=True)
    filled = np.nan_to_num(lab)
    mean = np.einsum("nk,nkc->nc", weights, filled)
    apart = ((filled - mean[:, None]) ** 2).sum(axis=-1)
    spread = np.sqrt((weights * apart).sum(axis=1))
    logs = np.log(np.where(weights > 0, weights, 1))
    together = np.column_stack(
        [
            mean,
            (weights * np.nan_to_num(chroma)).sum(axis=1),
            spread,
            -(weights * logs).sum(axis=1),
            np.where(np.isnan(spread), np.nan, (~np.isnan(lab[..., 0])).sum(axis=1)),
        ]
    )
    names = [f"color_{k}_{channel}" for k in range(1, 6) for channel in _CHANNELS]
    names += [f"colors_mean_{channel}" for channel in ("lightness", "a", "b", "chroma")]
    names += ["colors_spread", "colors_entropy", "colors_count"]
    return np.hstack([single.reshape(len(hexes), 5 * len(_CHANNELS)), together]), names


def _number(text: str) -> int:
    if not _HEX.fullmatch(text):
        raise ValueError(f"{text!r} is not a colour of the form #rrggbb")
    return int(text[1:], 16)
