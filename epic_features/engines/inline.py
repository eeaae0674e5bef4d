"""The work of one image, and the engine that does it in the calling process."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path

from epic_features.engines import BuildRowMaker, Result, Results, RowMaker
from epic_features.errors import ImageError
from epic_features.extractor import Extractor, Rejected
from epic_features.image import Image
from epic_features.settings import Settings
from epic_features.sources import FileIdentity, ImageReference


class InlineEngine:
    """Works on one image after the other in the calling process, without a time limit.

    Parameters
    ----------
    build : callable
        Settings to what makes the rows.
    """

    def __init__(self, build: BuildRowMaker = Extractor) -> None:
        self._build = build

    def run(self, references: Iterable[ImageReference], settings: Settings) -> Results:
        """Yield one result per reference, in order."""
        maker = self._build(settings)
        for reference in references:
            yield result_of(maker, reference)


def result_of(maker: RowMaker, reference: ImageReference) -> Result:
    """Compute one image; whatever goes wrong with it is a rejection, never an exception."""
    identity = None
    try:
        image, identity = _load_unchanged(maker, reference)
        sha256 = hashlib.sha256(image.encoded).hexdigest() if image.encoded is not None else None
        return Result(reference.name, maker.row(image), None, identity, sha256)
    except ImageError as error:
        identity = _identity_or_none(reference)
        return rejection(reference, error.reason, error.stage, identity)
    except Exception as error:  # Memory that runs out, a file system that breaks its promises.
        reason = " ".join(f"{type(error).__name__}: {error}".split())
        return rejection(reference, reason, "decode", _identity_or_none(reference))


def rejection(
    reference: ImageReference, reason: str, stage: str, identity: FileIdentity | None = None
) -> Result:
    """Make the result of an image that gives no row."""
    rejected = Rejected(reference.name, reason, stage, reference.relative_path)
    return Result(reference.name, None, rejected, identity)


def _load_unchanged(
    maker: RowMaker, reference: ImageReference
) -> tuple[Image, FileIdentity | None]:
    """Load an image together with the identity of exactly the bytes that were read."""
    if not reference.is_file:
        return maker.load(reference), None
    before = reference.identity()
    for _ in range(2):
        image = maker.load(reference)
        if not isinstance(reference.content, Path):
            return image, before  # A server sends one version, and asking again would be slow.
        after = _identity_or_none(reference)
        if after is None or after == before:
            return image, before
        before = after
    raise ImageError(reference.name, "changed while it was being read", "source")


def _identity_or_none(reference: ImageReference) -> FileIdentity | None:
    try:
        return reference.identity() if reference.is_file else None
    except ImageError:
        return None
