"""The folder a dump is kept in: whose it is, what it was begun with, and who is writing to it."""

from __future__ import annotations

import json
import sqlite3
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from epic_features import __version__
from epic_features.errors import OutputError, SettingsError
from epic_features.settings import Settings
from epic_features.shards import Shards, write_whole

MANIFEST = "dump.json"
_LOCK = ".lock"
_LISTED = "a list of pictures"


def is_one_file(out: Path) -> bool:
    """Tell whether an output path asks for one file rather than for a folder of shards."""
    return out.suffix.lower() == ".parquet"


def folder_of(out: Path) -> Path:
    """Return the folder of the shards: the output itself, or a hidden one beside the file."""
    return out.with_name(f".{out.name}.parts") if is_one_file(out) else out


def check_free(out: Path, *, overwrite: bool, changes_existing: bool) -> None:
    """Raise OutputError when an output can't be begun or continued.

    Parameters
    ----------
    out : Path
        The output as the user named it.
    overwrite : bool
        An existing file may be replaced.
    changes_existing : bool
        The user wants to change a finished dump, which only a folder allows.
    """
    if is_one_file(out):
        if changes_existing and out.exists():
            raise OutputError(
                f"{out} is one file, of which no shards are kept; updating and retrying need a "
                "dump in a folder: give an output path that does not end in .parquet"
            )
        if out.is_dir() or (out.exists() and not overwrite):
            raise OutputError(f"{out} exists; choose another path or allow overwriting")
    elif out.exists() and not out.is_dir():
        raise OutputError(f"{out} is a file; give a folder, or a path that ends in .parquet")
    elif out.is_dir() and not (out / MANIFEST).exists() and _content(out) - {_LOCK}:
        raise OutputError(f"the folder {out} is not empty and holds no dump; choose another path")
    if not out.parent.is_dir():
        raise OutputError(f"can't write to {out.parent}: no such folder")


@contextmanager
def owned(folder: Path) -> Iterator[None]:
    """Create the folder if need be and keep every other process from writing to it meanwhile.

    A folder that holds nothing but the manifest in the end is removed.
    """
    try:
        folder.mkdir(exist_ok=True)
        lock = (folder / _LOCK).open("w")
    except OSError as error:
        raise OutputError(f"can't write to {folder.parent}: {error.strerror}") from error
    with lock:
        _lock(lock.fileno(), folder)
        try:
            yield
        except sqlite3.OperationalError as error:
            where = tempfile.gettempdir()
            raise OutputError(f"can't write the temporary index in {where}: {error}") from error
        finally:
            if folder.exists() and not _content(folder) - {_LOCK, MANIFEST}:
                remove(folder)


def _content(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def _lock(descriptor: int, folder: Path) -> None:
    try:
        import fcntl
    except ImportError:  # Windows: nobody is kept away.
        return
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise OutputError(f"another process is writing to {folder}; wait until it ends") from None
    except OSError:
        return  # Some network file systems know no locks.


def is_merged(folder: Path, target: Path) -> bool:
    """Tell whether one file was made of these shards already, by a run that died before the end."""
    manifest = folder / MANIFEST
    return (
        manifest.exists()
        and target.is_file()
        and target.stat().st_mtime_ns > manifest.stat().st_mtime_ns
    )


def remove(folder: Path) -> None:
    """Remove a dump; a folder that holds something else stays."""
    Shards(folder).clear()
    for name in (MANIFEST, _LOCK):
        (folder / name).unlink(missing_ok=True)
    with suppress(OSError):
        folder.rmdir()


def begin(
    folder: Path,
    settings: Settings,
    source: str | None,
    root: str | None,
    embedding: Sequence[str | None] = (),
) -> None:
    """Note what a dump is made of, or compare with what it was begun with.

    Parameters
    ----------
    folder : Path
        The folder of the shards.
    settings : Settings
        How to extract.
    source, root : str or None
        Where the images come from.
    embedding : sequence of str
        Checksums of the network behind the column ``embedding``: what two networks make of
        pictures can't be compared, and a file may have been replaced by another.

    Raises
    ------
    SettingsError
        Settings that can change a row differ; the message names them. Or the network is another.
    OutputError
        The source or root differs, or the manifest can't be read.
    """
    path = folder / MANIFEST
    if not path.exists():
        manifest = {
            "version": __version__,
            "settings": settings.to_dict(),
            "source": source,
            "root": root,
            "embedding": list(embedding),
        }
        text = json.dumps(manifest, ensure_ascii=False, indent=1)
        write_whole(path, lambda aside: aside.write_text(text, encoding="utf-8"))
        return
    try:
        there: dict[str, Any] = json.loads(path.read_bytes())
        theirs: dict[str, Any] = there["settings"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise OutputError(f"{path} can't be read ({error}); overwrite the dump") from error
    ours = settings.to_dict()
    names = [n for n in Settings.row_fields() if theirs.get(n) != ours[n]]
    if names:
        differences = "; ".join(f"{n} was {theirs.get(n)!r} and is {ours[n]!r}" for n in names)
        raise SettingsError(
            f"the dump in {folder} was begun with other settings: {differences}. Use "
            "those, choose another output, or begin anew"
        )
    if there.get("embedding", list(embedding)) != list(embedding):
        raise SettingsError(
            f"the dump in {folder} was begun with another network than {settings.embedding} is "
            "now. Use that one, choose another output, or begin anew"
        )
    for name, value in (("source", source), ("root", root)):
        if there.get(name) != value:
            raise OutputError(
                f"the dump in {folder} was begun with another {name}: {there.get(name) or _LISTED} "
                f"and not {value or _LISTED}. Choose another output, or begin anew"
            )
