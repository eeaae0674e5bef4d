"""Folders, globs, files and pixels to image references, in a fixed order and without holding them.

A reference is cheap: nothing is opened before `ImageReference.load`.
"""

from __future__ import annotations

import glob
import os
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

from epic_features.errors import ImageError, SourceError
from epic_features.image import (
    Image,
    decode,
    from_array,
    from_pillow,
    looks_encoded,
    too_many_bytes,
)
from epic_features.settings import Settings

ImageLike: TypeAlias = Any
"""A path, an array (H, W), (H, W, 3) or (H, W, 4) of uint8, encoded bytes, or a PIL image."""

EXTENSIONS = frozenset(
    ".jpg .jpeg .jpe .jfif .mpo .png .apng .webp .heic .heif .hif .avif .gif .bmp .dib .tif .tiff "
    ".ico .jp2 .j2k .ppm .pgm .pbm .pnm".split()
)


@dataclass(frozen=True, eq=False)
class ImageReference:
    """Where one image can be had.

    Attributes
    ----------
    name : str
        What to call the image in errors and lists of rejected files.
    content : Path, bytes, ndarray or PIL image
        The image, or the path of its file.
    relative_path : str or None
        Path below the source root with ``/``; None for an image that is not a file.
    label : str or None
        Class of a folder-per-class data set.
    """

    name: str
    content: ImageLike
    relative_path: str | None = None
    label: str | None = None

    def load(self, settings: Settings) -> Image:
        """Read and decode the image.

        Raises
        ------
        ImageError
            It can't be read or decoded.
        """
        content = self.content
        if isinstance(content, ImageError):
            raise content
        if not isinstance(content, Path) and not _is_content(content):
            raise ImageError(self.name, f"a {type(content).__name__} is not an image")
        if isinstance(content, Path):
            image = decode(_read(content, settings, self.name), settings, name=self.name)
            file_name = _printable(content.name)
            return image.named(file_name, self.relative_path or file_name, self.label)
        if isinstance(content, bytes | bytearray | memoryview):
            return decode(bytes(content), settings, name=self.name)
        if isinstance(content, np.ndarray):
            return from_array(content, settings)
        return from_pillow(content, settings)


def is_single(images: ImageLike | Iterable[ImageLike]) -> bool:
    """Tell whether `images` names exactly one image rather than a collection."""
    if isinstance(images, str | os.PathLike):
        path = Path(images).expanduser()
        return not path.is_dir() and not _is_glob(path)
    return _is_content(images)


def references(
    images: ImageLike | Iterable[ImageLike], root: str | os.PathLike[str] | None = None
) -> Iterator[ImageReference]:
    """List images in a fixed order.

    The order is the one given; inside a folder files come first, then subfolders, each by name.

    Parameters
    ----------
    images : path, array, bytes, PIL image, folder, glob pattern, or an iterable of these
        Folders are searched below; hidden files and folders (``.thumbnails``) and files whose
        extension is not an image's are passed over; files without extension count when their
        first bytes are an image's.
    root : path, optional
        What `relative_path` and `class` refer to. By default the folder itself, the part of a glob
        pattern before its first wildcard, or the folder of a single file; a path inside an
        iterable keeps the path it was given with.

    Yields
    ------
    ImageReference
        One per image, listed lazily.

    Raises
    ------
    SourceError
        A path does not exist, lies outside `root`, or a folder or pattern has no image.
    """
    base = Path(root).expanduser() if root is not None else None
    if isinstance(images, str | os.PathLike):
        yield from _from_path(Path(images).expanduser(), base, alone=True)
    elif _is_content(images):
        yield ImageReference(_content_name(images, None), images)
    elif isinstance(images, Iterable):
        for position, image in enumerate(images):
            if isinstance(image, str | os.PathLike):
                try:
                    yield from _from_path(Path(image).expanduser(), base, alone=False)
                except SourceError as error:
                    # Among others, a bad item is rejected when its turn comes and stops nothing.
                    yield ImageReference(_printable(str(image)), ImageError(str(image), str(error)))
            else:
                yield ImageReference(_content_name(image, position), image)
    else:
        raise SourceError(
            f"a {type(images).__name__} is not an image; give a path, folder, glob pattern, array, "
            "bytes, PIL image or an iterable of these"
        )


def _is_content(image: object) -> bool:
    if isinstance(image, np.ndarray | bytes | bytearray | memoryview):
        return True
    from PIL import Image as PILImage

    return isinstance(image, PILImage.Image)


def _content_name(image: object, position: int | None) -> str:
    kinds = {"ndarray": "array", "bytearray": "bytes", "memoryview": "bytes"}
    kind = kinds.get(type(image).__name__, type(image).__name__)
    return f"<{kind}>" if position is None else f"<{kind} {position}>"


def _is_glob(path: Path) -> bool:
    return glob.has_magic(str(path)) and not path.exists()


def _from_path(path: Path, root: Path | None, *, alone: bool) -> Iterator[ImageReference]:
    if path.is_dir():
        yield from _located(_nonempty(_walk(path), path, "folder"), root or path)
    elif _is_glob(path):
        yield from _located(_nonempty(_glob(path), path, "pattern"), root or _fixed_part(path))
    elif root is not None:
        yield from _located([path], root)
    elif alone:
        yield ImageReference(_printable(str(path)), path, _printable(path.name))
    else:
        yield ImageReference(_printable(str(path)), path, _printable(path.as_posix()))


def _located(paths: Iterable[Path], root: Path) -> Iterator[ImageReference]:
    labelled = is_folder_per_class(root)
    # Not Path.absolute(), which keeps "..".
    absolute_root = os.path.abspath(root)  # noqa: PTH100
    for path in paths:
        try:
            relative = Path(os.path.abspath(path)).relative_to(absolute_root)  # noqa: PTH100
        except ValueError:
            raise SourceError(f"{path} does not lie below the root {root}") from None
        label = _printable(relative.parts[0]) if labelled and len(relative.parts) > 1 else None
        yield ImageReference(_printable(str(path)), path, _printable(relative.as_posix()), label)


def _printable(path: str) -> str:
    """Replace what is not UTF-8 in a file name: no table and no terminal could hold it."""
    return os.fsencode(path).decode("utf-8", "replace")


def is_folder_per_class(root: Path) -> bool:
    """Tell whether a folder is a data set with one subfolder per class.

    It is when it has two or more visible subfolders and no image of its own. Only the folder
    itself is looked at, so that listing a large tree can begin at once.
    """
    try:
        files, folders = _entries(root)
    except OSError:
        return False
    return len(folders) >= 2 and not files


def _entries(folder: Path) -> tuple[list[os.DirEntry[str]], list[os.DirEntry[str]]]:
    """Return the candidate files and the subfolders of a folder, each sorted by name."""
    files, folders = [], []
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.name.startswith("."):
                continue
            if entry.is_dir(follow_symlinks=False):
                folders.append(entry)
            elif not entry.is_dir() and _is_candidate(entry.name, entry.path):
                files.append(entry)
    return sorted(files, key=lambda e: e.name), sorted(folders, key=lambda e: e.name)


def _walk(folder: Path) -> Iterator[Path]:
    try:
        files, folders = _entries(folder)
    except OSError:
        yield folder  # Loading it fails with the reason, so that the batch goes on and reports it.
        return
    yield from (Path(entry.path) for entry in files)
    for entry in folders:
        yield from _walk(Path(entry.path))


def _is_candidate(name: str, path: str) -> bool:
    extension = Path(name).suffix.lower()
    if extension:
        return extension in EXTENSIONS
    try:
        with Path(path).open("rb") as file:
            return looks_encoded(file.read(16))
    except OSError:
        return False


def _glob(pattern: Path) -> Iterator[Path]:
    for match in sorted(glob.glob(str(pattern), recursive=True)):
        path = Path(match)
        if path.is_file() and _is_candidate(path.name, match):
            yield path


def _fixed_part(pattern: Path) -> Path:
    """Return the folder of a pattern before its first wildcard."""
    parts = []
    for part in pattern.parts[:-1]:
        if glob.has_magic(part):
            break
        parts.append(part)
    return Path(*parts)


def _nonempty(paths: Iterator[Path], source: Path, kind: str) -> Iterator[Path]:
    empty = True
    for path in paths:
        empty = False
        yield path
    if empty:
        raise SourceError(f"no image found for the {kind} {source}; check the path")


def _read(path: Path, settings: Settings, name: str) -> bytes:
    """Read a regular file whose size is within the limit, and not past that size."""
    try:
        status = path.stat()  # Before opening: opening a named pipe would wait for a writer.
        if stat.S_ISDIR(status.st_mode):
            raise ImageError(name, "a folder that can't be listed")
        if not stat.S_ISREG(status.st_mode):
            raise ImageError(name, "not a regular file")
        if status.st_size > settings.max_bytes:
            raise too_many_bytes(name, status.st_size, settings)
        with path.open("rb") as file:
            return file.read(status.st_size)
    except OSError as error:
        raise ImageError(name, f"can't be read: {error.strerror or error}") from error
