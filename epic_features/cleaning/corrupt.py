"""Files that are no whole image, and images with another format's extension."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from epic_features.cleaning.findings import Finding, table_of
from epic_features.cleaning.hashing import Progress, results_of
from epic_features.engines import Engine, Result
from epic_features.settings import Settings
from epic_features.sources import ImageLike, ImageReference, references

if TYPE_CHECKING:
    import pandas as pd

logger = logging.getLogger(__name__)

EXTENSIONS_OF_FORMAT = {
    "JPEG": (".jpg", ".jpeg", ".jpe", ".jfif", ".mpo"),
    "MPO": (".jpg", ".jpeg", ".jpe", ".jfif", ".mpo"),
    "PNG": (".png", ".apng"),
    "WEBP": (".webp",),
    "HEIF": (".heic", ".heif", ".hif"),
    "AVIF": (".avif",),
    "GIF": (".gif",),
    "BMP": (".bmp", ".dib"),
    "DIB": (".dib", ".bmp"),
    "TIFF": (".tif", ".tiff"),
    "ICO": (".ico",),
    "JPEG2000": (".jp2", ".j2k"),
    "PPM": (".ppm", ".pgm", ".pbm", ".pnm"),
}
"""Extensions of the formats as Pillow names them; the first one is offered for a wrong one."""

# What `epic_features.image.decode` says; anything else names what the file is instead.
_KINDS = (
    ("the file is empty", "empty"),
    ("exceed the limit", "too_large"),
    ("not an image of a known format", "damaged"),
    ("a JPEG with a damaged header", "damaged"),
    ("damaged or cut off", "damaged"),
)
_ZEROS = bytes(512)


def find_corrupt(
    source: ImageLike | Iterable[ImageLike],
    *,
    root: str | os.PathLike[str] | None = None,
    settings: Settings | None = None,
    engine: Engine | None = None,
    on_progress: Progress | None = None,
) -> pd.DataFrame:
    """Find files that can't be used as they are, by decoding every one of them.

    Parameters
    ----------
    source, root
        As for `epic_features.extract`.
    settings : Settings, optional
        `max_pixels` and `max_bytes` apply.
    engine : Engine, optional
        Where images are decoded; by default in one process per core, so that a decoder that
        crashes or hangs costs one file.
    on_progress : callable, optional
        Called with the number of files read and their total.

    Returns
    -------
    DataFrame
        Columns of `epic_features.cleaning.findings.FINDINGS`, one row per file found, in the order
        of the source; `value` is the size in bytes. `kind` and `suggestion` are

        - ``"empty"``: no bytes (trash);
        - ``"not_image"``: something else, such as an HTML page or a Git LFS pointer (trash; a PDF
          document or SVG drawing: review);
        - ``"damaged"``: nothing of it can be decoded here; some other program may (review);
        - ``"truncated"``: cut off or damaged, but a part can be decoded, or a JPEG whose end was
          filled with zeros (review, as it may be the only copy of a photo);
        - ``"too_large"``: above a limit of the settings (review);
        - ``"unreadable"``: the file can't be had, or a decoder died over it (review);
        - ``"wrong_extension"``: a good image whose name tells another format or none; `target` is
          a free name with the right one (rename).
    """
    limits = settings or Settings()
    whole = replace(limits, groups=("shape", "bytes"), allow_truncated=False)
    listed = list(references(source, root))
    found: dict[int, Finding] = {}
    failed: list[tuple[int, Result]] = []
    taken = {_path(item).casefold() for item in listed}
    for i, result in enumerate(results_of(listed, whole, engine, on_progress)):
        if result.row is None:
            failed.append((i, result))
        elif finding := _misnamed(listed[i], result, taken) or _zero_filled(listed[i], result):
            found[i] = finding
    partial = replace(whole, allow_truncated=True)
    second = results_of([listed[i] for i, _ in failed], partial, engine)
    for (i, first), again in zip(failed, second, strict=True):
        found[i] = _rejected(listed[i], first, decodes_in_part=again.row is not None)
    return table_of(found[i] for i in sorted(found))


def _rejected(item: ImageReference, result: Result, *, decodes_in_part: bool) -> Finding:
    """Say what is wrong with a file that was rejected."""
    rejected = result.rejected
    reason = rejected.reason if rejected is not None else ""
    if rejected is not None and rejected.stage in ("source", "worker"):
        kind = "too_large" if "exceed the limit" in reason else "unreadable"
    elif decodes_in_part:
        kind, reason = "truncated", f"{reason}; a part of it can be decoded"
    else:
        kind = next((kind for words, kind in _KINDS if words in reason), "not_image")
    worthless = kind == "empty" or (kind == "not_image" and not _has_worth(reason))
    return _finding(item, result, kind, "trash" if worthless else "review", reason)


def _has_worth(reason: str) -> bool:
    return "SVG" in reason or "PDF" in reason


def _misnamed(item: ImageReference, result: Result, taken: set[str]) -> Finding | None:
    """Offer a free name to an image whose extension is another format's."""
    name = PurePosixPath(_path(item))
    kind = (result.row or {}).get("format")
    known = EXTENSIONS_OF_FORMAT.get(kind or "", ())
    if not item.is_file or not known or name.suffix.lower() in known:
        return None
    stem = name.stem if item.relative_path and name.suffix else name.name
    target, number = name.with_name(stem + known[0]), 1
    while str(target).casefold() in taken:
        number += 1
        target = name.with_name(f"{stem}-{number}{known[0]}")
    taken.add(str(target).casefold())
    said = f"named {name.suffix}" if name.suffix else "without an extension"
    reason = f"a {kind} image {said}"
    return _finding(item, result, "wrong_extension", "rename", reason, str(target))


def _zero_filled(item: ImageReference, result: Result) -> Finding | None:
    """Find a JPEG that decodes, with a grey part, because its lost end was filled with zeros.

    Broken memory cards and downloads that were given their full size beforehand leave such files.
    """
    row = result.row or {}
    if row.get("format") not in ("JPEG", "MPO") or not isinstance(item.content, Path):
        return None
    try:
        with item.content.open("rb") as file:
            file.seek(-min(len(_ZEROS), row["file_size"]), os.SEEK_END)
            if file.read() != _ZEROS:
                return None
            file.seek(0)
            end = file.read().rstrip(b"\0")[-2:]
    except OSError as error:
        logger.info("%s: its end was not looked at: %s", item.name, error.strerror)
        return None
    if end == b"\xff\xd9":
        return None  # Only padding behind a whole image.
    reason = "its end is missing: the file was filled up with zeros"
    return _finding(item, result, "truncated", "review", reason)


def _finding(
    item: ImageReference,
    result: Result,
    kind: str,
    suggestion: str,
    reason: str,
    target: str | None = None,
) -> Finding:
    return Finding(
        path=_path(item),
        finder="corrupt",
        kind=kind,
        suggestion=suggestion,
        reason=reason,
        value=result.identity.size if result.identity is not None else None,
        target=target,
        label=item.label,
    )


def _path(item: ImageReference) -> str:
    return item.relative_path or item.name
