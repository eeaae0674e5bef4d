"""Files and folders of this machine."""

from __future__ import annotations

import glob
import os
import stat
from collections.abc import Iterator
from pathlib import Path

from epic_features.errors import ImageError
from epic_features.image import looks_encoded, too_many_bytes
from epic_features.settings import Settings
from epic_features.sources.names import FileIdentity, has_image_extension, is_hidden


def read(path: Path, settings: Settings, name: str) -> bytes:
    """Read a regular file whose size is within the limit, and not past that size."""
    try:
        status = path.stat()  # Before opening: opening a named pipe would wait for a writer.
        if stat.S_ISDIR(status.st_mode):
            raise ImageError(name, "a folder that can't be listed", "source")
        if not stat.S_ISREG(status.st_mode):
            raise ImageError(name, "not a regular file", "source")
        if status.st_size > settings.max_bytes:
            raise too_many_bytes(name, status.st_size, settings)
        with path.open("rb") as file:
            return file.read(status.st_size)
    except OSError as error:
        raise ImageError(name, f"can't be read: {error.strerror or error}", "source") from error


def identity(path: Path, name: str) -> FileIdentity:
    """Return what one stat call tells about a file."""
    try:
        status = path.stat()
    except OSError as error:
        raise ImageError(name, f"can't be read: {error.strerror or error}", "source") from error
    return FileIdentity(status.st_size, status.st_mtime_ns)


def entries(folder: Path) -> tuple[list[str], list[str]]:
    """Return the names of the candidate files and of the subfolders, each sorted.

    Names, not paths, because a camera folder may have a hundred thousand of them.

    Raises
    ------
    OSError
        The folder can't be listed.
    """
    files, folders = [], []
    with os.scandir(folder) as found:
        for entry in found:
            if is_hidden(entry.name):
                continue
            if entry.is_dir(follow_symlinks=False):
                folders.append(entry.name)
            elif not entry.is_dir() and _is_candidate(entry.name, entry.path):
                files.append(entry.name)
    return sorted(files), sorted(folders)


def subfolders(folder: Path) -> list[str]:
    """Return the names of all subfolders, hidden ones too, sorted."""
    with os.scandir(folder) as found:
        return sorted(entry.name for entry in found if entry.is_dir(follow_symlinks=False))


def walk(folder: Path, *, deep: bool = True) -> Iterator[Path]:
    """Yield the candidate files of a folder and, if `deep`, after them those of each subfolder."""
    try:
        files, folders = entries(folder)
    except OSError:
        yield folder  # Loading it fails with the reason, so that the batch goes on and reports it.
        return
    for name in files:
        yield folder / name
    for name in folders if deep else ():
        yield from walk(folder / name)


def is_glob(path: Path) -> bool:
    """Tell a pattern from a file whose name has brackets in it."""
    return glob.has_magic(str(path)) and not path.exists()


def match(pattern: Path) -> Iterator[Path]:
    """Yield the candidate files that a pattern matches, by name."""
    for found in sorted(glob.glob(str(pattern), recursive=True)):
        path = Path(found)
        if path.is_file() and _is_candidate(path.name, found):
            yield path


def fixed_part(pattern: Path) -> Path:
    """Return the folder of a pattern before its first wildcard."""
    parts = []
    for part in pattern.parts[:-1]:
        if glob.has_magic(part):
            break
        parts.append(part)
    return Path(*parts)


def _is_candidate(name: str, path: str) -> bool:
    known = has_image_extension(name)
    if known is not None:
        return known
    try:
        with Path(path).open("rb") as file:
            return looks_encoded(file.read(16))
    except OSError:
        return False
