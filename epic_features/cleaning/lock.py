"""One process at a time moves the files of a folder."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from epic_features.cleaning.plan import EPIC_FOLDER
from epic_features.errors import OutputError

_TRIES = 6
_PAUSE = 0.05
"""Seconds between them."""


@contextmanager
def locked(root: Path) -> Iterator[None]:
    """Make the folder ``.epic`` and keep every other process from moving files meanwhile.

    Raises
    ------
    OutputError
        It can't be written, or another process is at work.
    """
    folder = root / EPIC_FOLDER
    if folder.is_symlink():
        raise OutputError(f"{folder} is a symbolic link; remove it")
    try:
        folder.mkdir(exist_ok=True)
        lock = (folder / "lock").open("w")
    except OSError as error:
        raise OutputError(
            f"can't keep a journal in {root}: {error.strerror}. Nothing is moved without one"
        ) from error
    with lock:
        try:
            _take(lock)
        except ImportError:
            pass  # Windows: nobody is kept away.
        except BlockingIOError:
            raise OutputError(
                f"another process moves files in {root}; wait until it ends"
            ) from None
        except OSError:
            pass  # Some network file systems know no locks.
        yield


def _take(lock: IO[str]) -> None:
    import fcntl

    for _ in range(_TRIES - 1):
        with suppress(BlockingIOError):  # Somebody who only asks with `is_locked` is gone at once.
            fcntl.flock(lock.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        time.sleep(_PAUSE)
    fcntl.flock(lock.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)


def is_locked(root: Path) -> bool:
    """Tell whether a process is moving files of a root now; False where that can't be known."""
    try:
        import fcntl

        with (root / EPIC_FOLDER / "lock").open() as lock:
            fcntl.flock(lock.fileno(), fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except (ImportError, OSError):
        return False
    return False
