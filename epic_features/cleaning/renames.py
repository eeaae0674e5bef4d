"""Rename a file without ever overwriting one, inside a file system and across.

Nothing here keeps a record; `epic_features.cleaning.moves` does, and asks to be told of the two
moments at which a crash would leave more than one file.
"""

from __future__ import annotations

import ctypes
import errno
import hashlib
import os
import secrets
import shutil
import sys
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

_AT_FDCWD = -100
_RENAME_NOREPLACE = 1
_RENAME_EXCL = 4
_CHUNK = 2**20
# What file systems answer that do not know a way of renaming (or know no hard links).
_NOT_OFFERED = frozenset(
    {
        errno.EINVAL,
        errno.ENOSYS,
        errno.ENOTSUP,
        errno.EOPNOTSUPP,
        errno.EPERM,
        errno.EMLINK,
        errno.ENOTTY,
        errno.EACCES,
    }
)

Note = Callable[[str, dict[str, Any]], None]
"""Called with ``"reserved"`` or ``"copied"`` and what identifies the new file."""


@dataclass(frozen=True)
class Identity:
    """What tells whether a file is still the one it was, without reading it.

    Attributes
    ----------
    size : int
        Bytes.
    mtime_ns : int
        Time of the last change, nanoseconds since 1970.
    device, inode : int
        Stay the same while a file is renamed; on some file systems (FAT, FUSE) they do not survive
        a remount. Both are 0 for a file on a server.
    etag : str or None
        A server's mark of the version.
    """

    size: int
    mtime_ns: int
    device: int
    inode: int
    etag: str | None = None

    @classmethod
    def of(cls, status: os.stat_result) -> Identity:
        """Take the identity from a stat call."""
        return cls(status.st_size, status.st_mtime_ns, status.st_dev, status.st_ino)

    def fits(self, status: os.stat_result) -> bool:
        """Tell whether a file is this one, perhaps edited in place, or an unchanged copy."""
        unchanged = (status.st_size, status.st_mtime_ns) == (self.size, self.mtime_ns)
        return unchanged or self.is_file(status)

    def is_file(self, status: os.stat_result) -> bool:
        """Tell whether a file is this very one, under whatever name."""
        return (status.st_dev, status.st_ino) == (self.device, self.inode)


def status_of(path: Path) -> os.stat_result | None:
    """Return what is at a path, links not followed; None when nothing is."""
    try:
        return path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return None


def relocate(source: Path, target: Path, *, aside: Path, note: Note, mtime_ns: int) -> None:
    """Rename a file; across file systems: copy, verify, flush, and delete the original.

    Parameters
    ----------
    source, target : Path
        The folder of `target` exists.
    aside : Path
        A name in the folder of `target` that nobody else uses, for the unfinished copy.
    note : callable
        Told before a step that a crash could leave half done.
    mtime_ns : int
        Time of change to give to a copy.

    Raises
    ------
    FileExistsError
        `target` is taken.
    OSError
        It can't be done; `source` is where it was, and nothing is at `target`.
    """
    try:
        rename_exclusive(source, target, note)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        _copy_across(source, target, aside, note, mtime_ns)


def rename_exclusive(source: Path, target: Path, note: Note) -> None:
    """Rename inside a file system; never overwrites, even when another process is quicker.

    By the system's own exclusive rename; where the file system does not offer it, by a hard link
    and the removal of the old name; where there are no hard links either, by creating the new
    name exclusively and renaming over that empty file.
    """
    if os.name == "nt":
        source.rename(target)  # Windows refuses an existing target.
        return
    if is_other_spelling(source, target):
        source.rename(target)
        return
    for way in (_rename_by_system, _rename_by_link):
        try:
            way(source, target)
            return
        except OSError as error:
            if error.errno not in _NOT_OFFERED:
                raise
    _rename_by_reservation(source, target, note)


def is_other_spelling(source: Path, target: Path) -> bool:
    """Tell whether two paths are one entry of a folder that ignores case."""
    there, new = status_of(source), status_of(target)
    return (
        there is not None
        and new is not None
        and source.name != target.name
        and os.path.samestat(there, new)
        and there.st_nlink == 1
        and _folded(source.name) == _folded(target.name)
        and source.parent == target.parent
    )


def _folded(name: str) -> str:
    return unicodedata.normalize("NFC", name).casefold()


def _rename_by_system(source: Path, target: Path) -> None:
    old, new = os.fsencode(source), os.fsencode(target)
    library = _libc()
    if sys.platform == "darwin" and hasattr(library, "renamex_np"):
        failed = library.renamex_np(old, new, _RENAME_EXCL)
    elif hasattr(library, "renameat2"):
        failed = library.renameat2(_AT_FDCWD, old, _AT_FDCWD, new, _RENAME_NOREPLACE)
    else:
        raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS))
    if failed:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), str(source), None, str(target))


@cache
def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def _rename_by_link(source: Path, target: Path) -> None:
    os.link(source, target, follow_symlinks=False)
    try:
        source.unlink()
    except OSError:
        target.unlink()
        raise


def _rename_by_reservation(source: Path, target: Path, note: Note) -> None:
    note("reserved", {})
    os.close(os.open(target, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    try:
        source.replace(target)
    except OSError:
        if target.stat().st_size == 0:
            target.unlink()
        raise


def copy_exclusive(source: Path, target: Path, *, aside: Path, note: Note, mtime_ns: int) -> None:
    """Copy a file, read the copy back and flush it; never overwrites.

    Parameters and errors are those of `relocate`.
    """
    if status_of(target) is not None:
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(target))
    before = source.lstat()
    try:
        written = _copy(source, aside)
        shutil.copystat(source, aside, follow_symlinks=False)
        os.utime(aside, ns=(before.st_atime_ns, mtime_ns))
        flush(aside)
        if sha256_of(aside) != written:
            raise OSError(errno.EIO, "the copy does not read back as it was written")
        copy = aside.lstat()
        note("copied", {"identity": vars(Identity.of(copy))})
        rename_exclusive(aside, target, note)
    except BaseException:
        aside.unlink(missing_ok=True)
        raise
    try:
        flush(target.parent)
        if not _is_untouched(before, source):
            raise OSError(errno.EBUSY, "the file changed while it was copied")
    except OSError:
        target.unlink()  # The copy made above; the original is where it was.
        raise


def _copy_across(source: Path, target: Path, aside: Path, note: Note, mtime_ns: int) -> None:
    copy_exclusive(source, target, aside=aside, note=note, mtime_ns=mtime_ns)
    try:
        source.unlink()
    except OSError:
        target.unlink()  # The copy made above; the original is where it was.
        raise
    flush(source.parent)


def _is_untouched(before: os.stat_result, source: Path) -> bool:
    now = source.lstat()
    fields = ("st_ino", "st_size", "st_mtime_ns", "st_ctime_ns")
    return all(getattr(now, field) == getattr(before, field) for field in fields)


def _copy(source: Path, aside: Path) -> str:
    """Copy into a new file that is flushed; return the SHA-256 of what was read."""
    digest = hashlib.sha256()
    with source.open("rb") as old, aside.open("xb") as new:
        while chunk := old.read(_CHUNK):
            digest.update(chunk)
            new.write(chunk)
        new.flush()
        os.fsync(new.fileno())
    return digest.hexdigest()


def link_text(link: Path, source: Path) -> str:
    """Return what a symbolic link holds: the way from its folder, so that both may be moved."""
    return os.path.relpath(source, link.parent)


def is_link_to(link: Path, source: Path) -> bool:
    """Tell whether a path is the symbolic link to a file that `link_text` describes."""
    return link.is_symlink() and str(link.readlink()) == link_text(link, source)


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file as hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def flush(path: Path) -> None:
    """Have the content of a file, or the names in a folder, written to the disk."""
    if os.name == "nt" and path.is_dir():
        return  # Windows has no way to flush a folder.
    descriptor = os.open(path, os.O_RDONLY if os.name != "nt" else os.O_RDWR)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP, errno.EBADF):
            raise  # Those say that this file system can't flush folders.
    finally:
        os.close(descriptor)


def aside_in(folder: Path, token: str) -> Path:
    """Return the name of an unfinished copy: hidden, and with a token that is drawn at random."""
    return folder / f".epic-{token}.part"


def new_token() -> str:
    """Draw a token of 64 bits."""
    return secrets.token_hex(8)


def suffixed(name: str, number: int, limit: int = 255) -> str:
    """Return a file name with `` (2)`` before its extension, within a number of bytes."""
    return shortened(name, f" ({number})", limit)


def shortened(name: str, insert: str = "", limit: int = 255) -> str:
    """Return a file name with text before its extension; its stem is cut to fit the limit.

    Parameters
    ----------
    name : str
        File name; may hold the surrogates that stand for bytes that are not UTF-8.
    insert : str
        Text to put between stem and extension.
    limit : int
        Most bytes of the result in UTF-8.
    """
    stem, dot, extension = name.rpartition(".")
    if not stem:
        stem, dot, extension = name, "", ""
    tail = insert + dot + extension
    room = limit - len(os.fsencode(tail))
    while len(os.fsencode(stem)) > max(room, 1):
        stem = stem[:-1]
    return stem + tail
