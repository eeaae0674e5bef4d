"""From pixels to the input of a network, as a file beside the network describes it."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from epic_features.errors import ModelFileError

FILE_NAME = "preprocess.json"
INTERPOLATIONS = ("nearest", "bilinear", "bicubic", "lanczos")
LAYOUTS = ("NCHW", "NHWC")

_LARGEST = 4096


@dataclass(frozen=True)
class Preprocess:
    """How a picture becomes the input of a network.

    Attributes
    ----------
    input_size : int
        Side of the square the network looks at, in pixels, from 1 to 4096.
    mean, std : tuple of 3 floats
        The input is (value / 255 - mean) / std for R, G and B; ``std`` is greater than 0.
    interpolation : str
        ``nearest``, ``bilinear``, ``bicubic`` or ``lanczos``, as Pillow resizes: with a window that
        widens when it shrinks.
    crop : float or None
        The shorter side is resized to ``floor(input_size / crop)`` pixels and the middle square is
        cut out, as timm and torchvision do; in (0, 1]. None squeezes the whole picture into the
        square, whatever its proportions.
    layout : str
        Order of the axes: ``NCHW`` or ``NHWC``.
    output : str
        Name of the output that is the embedding.
    """

    input_size: int
    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    interpolation: str
    crop: float | None
    layout: str
    output: str

    def __call__(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Return the input for one picture.

        Parameters
        ----------
        pixels : ndarray of uint8, shape (height, width, 3)
            RGB.

        Returns
        -------
        ndarray of float32, shape (3, side, side) or (side, side, 3)
        """
        from PIL import Image as PILImage

        side = self.input_size
        height, width = pixels.shape[:2]
        square = PILImage.fromarray(pixels).resize(
            (side, side),
            PILImage.Resampling[self.interpolation.upper()],
            box=self._box(width, height),
        )
        scaled = np.asarray(square, np.float32) / 255
        values = (scaled - np.array(self.mean, np.float32)) / np.array(self.std, np.float32)
        return np.ascontiguousarray(values.transpose(2, 0, 1) if self.layout == "NCHW" else values)

    def _box(self, width: int, height: int) -> tuple[float, float, float, float]:
        """Return the part of the picture that the network sees: left, top, right, bottom.

        Resizing just that part gives what resizing all and cutting out the middle would, without
        the huge picture that a strip of a few pixels would become.
        """
        if self.crop is None:
            return 0.0, 0.0, float(width), float(height)
        shorter = math.floor(self.input_size / self.crop)
        wide = shorter * max(width, height) // height
        high = shorter * max(width, height) // width
        left = round((wide - self.input_size) / 2)
        top = round((high - self.input_size) / 2)
        across, down = width / wide, height / high
        right, bottom = left + self.input_size, top + self.input_size
        return left * across, top * down, min(right * across, width), min(bottom * down, height)

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as JSON-ready values."""
        return {**asdict(self), "mean": list(self.mean), "std": list(self.std)}

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the file that `read` reads."""
        Path(path).write_text(json.dumps(self.to_dict(), indent=1) + "\n", encoding="utf-8")

    @classmethod
    def read(cls, path: str | os.PathLike[str]) -> Preprocess:
        """Read a ``preprocess.json``.

        Raises
        ------
        ModelFileError
            The file is missing, is not a JSON object, or a field is missing, unknown or wrong; the
            message names the file and the field.
        """
        try:
            record = json.loads(Path(path).read_text(encoding="utf-8"))
        except FileNotFoundError:
            raise ModelFileError(
                f"{path} is missing; it says how pictures are made ready for the network beside it "
                "(docs/embeddings.md)"
            ) from None
        except (OSError, ValueError) as error:
            raise ModelFileError(f"can't read {path}: {error}") from error
        if not isinstance(record, dict):
            raise ModelFileError(f"{path} must hold a JSON object, not a {type(record).__name__}")
        return cls(**_checked(record, Path(path)))


def _checked(record: Mapping[str, Any], path: Path) -> dict[str, Any]:
    names = [field.name for field in fields(Preprocess)]
    if missing := [name for name in names if name not in record]:
        raise ModelFileError(f"{path} lacks the field {missing[0]!r}; it needs {', '.join(names)}")
    if unknown := [name for name in record if name not in names]:
        raise ModelFileError(f"{path}: unknown field {unknown[0]!r}; known are {', '.join(names)}")
    for name, (fits, wanted) in _RULES.items():
        if not fits(record[name]):
            raise ModelFileError(f"{path}: {name} is {record[name]!r} and must be {wanted}")
    triples = {name: tuple(map(float, record[name])) for name in ("mean", "std")}
    crop = None if record["crop"] is None else float(record["crop"])
    return {**record, **triples, "crop": crop}


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _are_three(value: object) -> bool:
    return isinstance(value, list) and len(value) == 3 and all(map(_is_number, value))


_RULES: dict[str, tuple[Callable[[Any], bool], str]] = {
    "input_size": (
        lambda v: isinstance(v, int) and not isinstance(v, bool) and 1 <= v <= _LARGEST,
        f"a whole number of pixels from 1 to {_LARGEST}",
    ),
    "mean": (_are_three, "a list of 3 numbers, for R, G and B"),
    "std": (
        lambda v: _are_three(v) and min(v) > 0,
        "a list of 3 numbers greater than 0, for R, G and B",
    ),
    "interpolation": (
        lambda v: v in INTERPOLATIONS,
        f"one of {', '.join(INTERPOLATIONS)}",
    ),
    "crop": (
        lambda v: v is None or (_is_number(v) and 0 < v <= 1),
        "a share greater than 0 and at most 1, or null",
    ),
    "layout": (lambda v: v in LAYOUTS, f"one of {', '.join(LAYOUTS)}"),
    "output": (lambda v: isinstance(v, str) and bool(v), "the name of an output"),
}
