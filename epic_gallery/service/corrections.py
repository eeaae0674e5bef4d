"""Corrected labels, kept as a folder of pictures per class that ``epic train`` reads as it is."""

from __future__ import annotations

import hashlib
import re
import tempfile
from collections.abc import Collection
from pathlib import Path

from epic_features.errors import OutputError
from epic_features.image import looks_encoded
from epic_gallery.service.refusals import Refusal

_HEAD = 16
_SHA256 = re.compile(r"[0-9a-f]{64}")
_SUFFIXES = (
    *((b"\xff\xd8\xff", ".jpg"), (b"\x89PNG", ".png"), (b"GIF8", ".gif"), (b"RIFF", ".webp")),
    *((b"BM", ".bmp"), (b"II*\0", ".tif"), (b"MM\0*", ".tif")),
)


class Corrections:
    """A folder with one folder per class; a picture is in one of them, named by its SHA-256.

    Parameters
    ----------
    folder : Path
        Made when the first picture comes.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def save(self, content: bytes, label: str, classes: Collection[str]) -> str:
        """Keep a picture as an example of a class; one that is there already moves.

        Parameters
        ----------
        content : bytes
            The encoded picture.
        label : str
            Its class.
        classes : collection of str
            All classes of the model that was wrong.

        Returns
        -------
        str
            Its path below the folder.

        Raises
        ------
        Refusal
            It is no picture, the class is not one of the model's, or the folder holds examples
            for a model with other classes.
        OutputError
            It can't be written.
        """
        if label not in classes:
            known = ", ".join(classes)
            raise Refusal("bad_request", f"class={label!r} is not known; choose from: {known}")
        if not looks_encoded(content[:_HEAD]):
            raise Refusal("not_a_picture", "that is no picture; send the bytes of one")
        if other := sorted(self._labels() - set(classes)):
            raise Refusal(
                "bad_request",
                f"the corrections kept here are for a model with other classes "
                f"({', '.join(other)}); start the service with another --corrections folder",
            )
        digest = hashlib.sha256(content).hexdigest()
        target = self._folder / label / f"{digest}{_suffix(content[:_HEAD])}"
        there = self._find(digest)
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            if there:
                there[0].replace(target)
            else:
                _write(content, target)
        except OSError as error:
            raise OutputError(f"can't write {target}: {error.strerror}") from error
        return f"{label}/{target.name}"

    def remove(self, digest: str) -> bool:
        """Forget a picture; return whether it was there.

        Raises
        ------
        Refusal
            That is no SHA-256.
        OutputError
            It can't be removed.
        """
        if not _SHA256.fullmatch(digest):
            raise Refusal("bad_request", f"{digest[:80]!r} is not a SHA-256 in lower case")
        there = self._find(digest)
        try:
            for path in there:
                path.unlink()
        except OSError as error:
            raise OutputError(f"can't remove {path}: {error.strerror}") from error
        return bool(there)

    def _labels(self) -> set[str]:
        """Return the classes that have examples."""
        if not self._folder.is_dir():
            return set()
        return {
            path.name
            for path in self._folder.iterdir()
            if path.is_dir() and not path.name.startswith(".") and any(path.iterdir())
        }

    def _find(self, digest: str) -> list[Path]:
        return sorted(self._folder.glob(f"[!.]*/{digest}.*"))


def _suffix(head: bytes) -> str:
    """Return the extension of a picture that `looks_encoded`."""
    for magic, suffix in _SUFFIXES:
        if head.startswith(magic):
            return suffix
    return ".avif" if head[8:12] in (b"avif", b"avis") else ".heic"


def _write(content: bytes, target: Path) -> None:
    """Write a file that is there completely or not at all."""
    top = target.parent.parent
    with tempfile.NamedTemporaryFile(dir=top, prefix=".", suffix=".part", delete=False) as part:
        try:
            part.write(content)
            part.close()
            Path(part.name).replace(target)
        except OSError:
            Path(part.name).unlink(missing_ok=True)
            raise
