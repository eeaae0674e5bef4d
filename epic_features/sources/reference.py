"""Where one image can be had. A reference is cheap: nothing is opened before it is loaded."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

from epic_features.errors import ImageError
from epic_features.image import Image, decode, from_array, from_pillow
from epic_features.settings import Settings
from epic_features.sources import local
from epic_features.sources.names import FileIdentity, printable
from epic_features.sources.remote import RemotePath

ImageLike: TypeAlias = Any
"""A path, an array (H, W), (H, W, 3) or (H, W, 4) of uint8, encoded bytes, or a PIL image."""


@dataclass(frozen=True, eq=False)
class ImageReference:
    """Where one image can be had.

    It can be pickled, and is small when it stands for a file.

    Attributes
    ----------
    name : str
        What to call the image in errors and lists of rejected files; without credentials.
    content : Path, RemotePath, bytes, ndarray, PIL image or ImageError
        The image, the path of its file, or why there is none. A remote path holds credentials:
        pass it to other processes, but do not write it to disk.
    relative_path : str or None
        Path below the source root with ``/``; None for an image that is not a file.
    label : str or None
        Class of a folder-per-class data set.
    """

    name: str
    content: ImageLike
    relative_path: str | None = None
    label: str | None = None

    @property
    def is_file(self) -> bool:
        """Whether the image is a file, here or on a server, and not pixels or bytes."""
        return isinstance(self.content, Path | RemotePath)

    def identity(self) -> FileIdentity:
        """Return size and time of change of the file, without reading it.

        That is one stat call; for a file found in a server's list it is what the list told, because
        asking again would cost a request for each file. Of an image that is not a file only the
        number of bytes it takes in memory is known.

        Raises
        ------
        ImageError
            The file is gone, or can't be asked for.
        """
        content = self.content
        if isinstance(content, Path):
            return local.identity(content, self.name)
        if isinstance(content, RemotePath):
            return content.identity(self.name)
        if isinstance(content, np.ndarray | memoryview):
            return FileIdentity(content.nbytes)
        if isinstance(content, bytes | bytearray):
            return FileIdentity(len(content))
        return FileIdentity(content.width * content.height * len(content.getbands()))

    def load(self, settings: Settings) -> Image:
        """Read and decode the image.

        Raises
        ------
        ImageError
            It can't be read or decoded.
        """
        content = self.content
        if isinstance(content, Path | RemotePath):
            if isinstance(content, Path):
                encoded = local.read(content, settings, self.name)
            else:
                encoded = content.read(settings, self.name)
            image = decode(encoded, settings, name=self.name)
            file_name = printable(content.name)
            return image.named(file_name, self.relative_path or file_name, self.label)
        if isinstance(content, bytes | bytearray | memoryview):
            return decode(bytes(content), settings, name=self.name)
        if isinstance(content, np.ndarray):
            return from_array(content, settings)
        if isinstance(content, ImageError):
            raise content
        if not is_content(content):
            raise ImageError(self.name, f"a {type(content).__name__} is not an image", "source")
        return from_pillow(content, settings)


def is_content(image: object) -> bool:
    """Tell whether something is an image itself: pixels, encoded bytes or a PIL image."""
    if isinstance(image, np.ndarray | bytes | bytearray | memoryview):
        return True
    from PIL import Image as PILImage

    return isinstance(image, PILImage.Image)
