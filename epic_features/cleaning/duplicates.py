"""Copies of the same picture, also when they were resized or encoded anew."""

from __future__ import annotations

import logging
import os
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from epic_features.cleaning.findings import Finding, table_of
from epic_features.cleaning.hashing import Progress, as_numbers, near_pairs, results_of
from epic_features.cleaning.looks import Look, likeness, look_of
from epic_features.engines import Engine
from epic_features.engines.processes import available_cores
from epic_features.errors import ImageError, SettingsError
from epic_features.settings import Settings
from epic_features.sources import ImageLike, ImageReference, references

if TYPE_CHECKING:
    import pandas as pd

logger = logging.getLogger(__name__)

# Copies differ in at most 4 bits on folds 0-2 of the project's test data; see `looks`.
DISTANCE = 7


@dataclass(frozen=True, eq=False)
class Copy:
    """One member of a group of copies.

    Attributes
    ----------
    reference : ImageReference
        The file.
    look : Look
        What was compared.
    likeness : float
        How alike it is to the first member of the group, [0, 1]; 1 for equal files.
    exact : bool
        Whether its bytes are those of the first member.
    """

    reference: ImageReference
    look: Look
    likeness: float
    exact: bool


def find_duplicates(
    source: ImageLike | Iterable[ImageLike],
    *,
    root: str | os.PathLike[str] | None = None,
    features: pd.DataFrame | None = None,
    distance: int = DISTANCE,
    engine: Engine | None = None,
    on_progress: Progress | None = None,
) -> pd.DataFrame:
    """Find pictures that are there more than once.

    Copies of other sizes, qualities and formats are found; cropped, turned or edited ones are other
    pictures. Pictures whose 64-bit perceptual hashes are near are compared by their thumbnails, and
    each copy is compared with the very one that would be kept.

    Parameters
    ----------
    source, root
        As for `epic_features.extract`.
    features : DataFrame, optional
        A feature table of the same source with the group ``quality`` (for a large folder, written
        by `epic_features.dump`, which can be resumed). Images that are not in it are hashed.
    distance : int
        Most differing bits of two hashes, 0 to 15.
    engine : Engine, optional
        Where hashes are computed; by default one process per core.
    on_progress : callable, optional
        Called with the number of images hashed and their total.

    Returns
    -------
    DataFrame
        Columns of `epic_features.cleaning.findings.FINDINGS`, the copies of a picture one below the
        other, the one to keep first: the one with most pixels, then with most bytes. `kind` is
        ``"exact"`` (same bytes as the kept one) or ``"near"``; `value` is 1 less the difference of
        the part that differs most. A copy in another class than the kept one is suggested for
        review, not for the trash: one of the two labels is wrong, or the picture leaks from one
        split to another. Unreadable images are left out; see `find_corrupt`.

    Raises
    ------
    SettingsError
        `distance` is out of range, or `features` lacks ``relative_path`` or ``phash``.
    """
    listed = list(references(source, root))
    known = _hashes_in(features) if features is not None else {}
    missing = [item for item in listed if item.relative_path not in known]
    hashed = Settings(groups=("shape", "quality"))
    for result, item in zip(results_of(missing, hashed, engine, on_progress), missing, strict=True):
        if result.row is not None:
            known[item.relative_path] = (result.row["phash"], result.sha256)
        elif result.rejected is not None:
            logger.info("%s: not compared: %s", item.name, result.rejected.reason)
    pictures = [item for item in listed if item.relative_path in known]
    pairs = [known[item.relative_path] for item in pictures]
    groups = duplicate_groups(
        pictures, as_numbers(phash for phash, _ in pairs), [sha for _, sha in pairs], distance
    )
    return table_of(
        finding for number, group in enumerate(groups) for finding in _findings(number, group)
    )


def duplicate_groups(
    pictures: Sequence[ImageReference],
    hashes: NDArray[np.uint64],
    checksums: Sequence[str | None],
    distance: int = DISTANCE,
) -> list[list[Copy]]:
    """Group the copies of each picture, the best copy first, in the order of those.

    Parameters
    ----------
    pictures : sequence of ImageReference, length n
        The images.
    hashes : ndarray of uint64, shape (n,)
        Their perceptual hashes.
    checksums : sequence of str or None, length n
        SHA-256 of the files where it is known, which saves reading equal files more than once.
    distance : int
        Most differing bits of two hashes.
    """
    groups: list[list[Copy]] = []
    with ThreadPoolExecutor(available_cores()) as threads:
        for members in _near(hashes, distance):
            looks = _looks([pictures[i] for i in members], [checksums[i] for i in members], threads)
            groups += _grouped(
                [
                    (pictures[i], look, hashes[i])
                    for i, look in zip(members, looks, strict=True)
                    if look is not None
                ],
                distance,
            )
    return sorted(groups, key=lambda group: group[0].reference.relative_path or "")


def _hashes_in(features: pd.DataFrame) -> dict[str | None, tuple[str, str | None]]:
    for column in ("relative_path", "phash"):
        if column not in features:
            raise SettingsError(
                f"the feature table has no column {column}; extract it with the group quality"
            )
    found = features[features["phash"].notna()]
    # Checksums in the table would be those of the files as they were then.
    return {
        path: (phash, None)
        for path, phash in zip(found["relative_path"], found["phash"], strict=True)
    }


def _near(hashes: NDArray[np.uint64], distance: int) -> Iterator[list[int]]:
    """Yield the sets of two or more images that a chain of near hashes connects."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    unique, position = np.unique(hashes, return_inverse=True)
    pairs = near_pairs(unique, distance)
    ones = np.ones(len(pairs), bool)
    links = coo_array((ones, (pairs[:, 0], pairs[:, 1])), shape=(len(unique), len(unique)))
    _, components = connected_components(links, directed=False)
    members: dict[int, list[int]] = defaultdict(list)
    for i, component in enumerate(components[position].tolist()):
        members[component].append(i)
    yield from (found for found in members.values() if len(found) > 1)


def _looks(
    pictures: Sequence[ImageReference], checksums: Sequence[str | None], threads: ThreadPoolExecutor
) -> list[Look | None]:
    """Read each picture, equal files once; None for those that can't be read any more."""
    keys = [sha or f"#{i}" for i, sha in enumerate(checksums)]
    first = dict(zip(reversed(keys), reversed(pictures), strict=True))
    read = dict(zip(first, threads.map(partial(_look, Settings()), first.values()), strict=True))
    return [read[key] for key in keys]


def _look(settings: Settings, picture: ImageReference) -> Look | None:
    try:
        return look_of(picture.load(settings))
    except ImageError as error:
        logger.info("%s: not compared: %s", picture.name, error.reason)
        return None


def _grouped(
    found: list[tuple[ImageReference, Look, np.uint64]], distance: int
) -> Iterator[list[Copy]]:
    """Let the best picture claim its copies, then the best of the rest."""
    found.sort(key=lambda item: (-item[1].area, -item[1].size, item[0].relative_path or ""))
    hashes = np.array([item[2] for item in found], np.uint64)
    free = np.ones(len(found), bool)
    for i, (reference, look, own_hash) in enumerate(found):
        if not free[i]:
            continue
        free[i] = False
        group = [Copy(reference, look, 1.0, True)]
        near = free & (np.bitwise_count(hashes ^ own_hash) <= distance)
        for j in np.flatnonzero(near):
            exact = found[j][1].sha256 == look.sha256
            alike = 1.0 if exact else likeness(look, found[j][1])
            if alike:
                free[j] = False
                group.append(Copy(found[j][0], found[j][1], alike, exact))
        if len(group) > 1:
            yield group


def _findings(number: int, group: list[Copy]) -> Iterator[Finding]:
    best, *others = group
    classes = sorted({copy.reference.label for copy in group if copy.reference.label})
    spread = f"; in {len(classes)} classes: {', '.join(classes)}" if len(classes) > 1 else ""
    for copy in group:
        same_class = copy.reference.label == best.reference.label
        if copy is best:
            suggestion, reason = "keep", f"the best of {len(group)} copies"
        else:
            suggestion = "trash" if same_class else "review"
            same = "the same bytes as" if copy.exact else "the same picture as"
            reason = f"{same} {best.reference.relative_path}"
        yield Finding(
            path=copy.reference.relative_path or copy.reference.name,
            finder="duplicates",
            kind="exact" if all(c.exact for c in (others if copy is best else [copy])) else "near",
            suggestion=suggestion,
            reason=reason + spread,
            value=copy.likeness,
            group=number,
            keep=copy is best,
            label=copy.reference.label,
        )
