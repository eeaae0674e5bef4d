"""Pictures that stand for one that is gone: "image not found", torn-picture signs, blanks."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from epic_features.cleaning.duplicates import duplicate_groups
from epic_features.cleaning.findings import Finding, table_of
from epic_features.cleaning.hashing import Progress, as_numbers, results_of
from epic_features.cleaning.placeholder_icons import Layout, layout_of
from epic_features.cleaning.placeholder_texts import says_gone
from epic_features.engines import Engine
from epic_features.engines.processes import available_cores
from epic_features.errors import ImageError, SettingsError
from epic_features.settings import Settings
from epic_features.sources import ImageLike, ImageReference, references

if TYPE_CHECKING:
    import pandas as pd

logger = logging.getLogger(__name__)

COPIES = 5

_TEXT = ("en_words_including_separators", "ar_words_including_separators")
# Chosen on folds 0-2 of the project's test data and signs drawn for it: see benchmarks/cleaning.py.
_LEAST_FLAT_SHARE = 0.6
_LEAST_GROUND_SHARE = 0.6
_MOST_MARKS = 10
_LEAST_LIKENESS = 0.68
_MOST_MARKS_WITH_ICON = 8
_BLANK_SHARE = 0.999


@dataclass(frozen=True)
class _Verdict:
    kind: str
    suggestion: str
    reason: str
    value: float


def find_placeholders(
    source: ImageLike | Iterable[ImageLike],
    *,
    root: str | os.PathLike[str] | None = None,
    features: pd.DataFrame | None = None,
    settings: Settings | None = None,
    read_text: bool = True,
    copies: int = COPIES,
    engine: Engine | None = None,
    on_progress: Progress | None = None,
) -> pd.DataFrame:
    """Find pictures that a site or program shows in place of one that is gone.

    Only plain pictures (a ground of one colour or shade with few things on it) are looked at: text
    that says so, in English or Arabic; the silhouette of a missing-picture sign; nothing at all;
    or the very same plain picture under many names. Similar screens are not the same picture: see
    `epic_features.cleaning.looks.likeness`.

    Parameters
    ----------
    source, root
        As for `epic_features.extract`.
    features : DataFrame, optional
        A feature table of the same source with the group ``quality``. When it has the
        text columns too, nothing is read again. Images that are not in it are computed.
    settings : Settings, optional
        Text readers, when texts are to be read.
    read_text : bool
        Read the text of the plain pictures that `features` has no text of.
    copies : int
        From how many copies on a plain picture is suspected.
    engine : Engine, optional
        Where images are worked on; by default one process per core.
    on_progress : callable, optional
        Called with the number of images looked at and their total. Text is read afterwards.

    Returns
    -------
    DataFrame
        Columns of `epic_features.cleaning.findings.FINDINGS` in the order of the source. `kind` is
        ``"text"`` or ``"icon"`` (trash), ``"blank"`` or ``"repeated"`` (review); `value` the
        likeness to the icon, the number of copies, or 1; `group` numbers pictures that are copies
        of one another.

    Raises
    ------
    SettingsError
        `features` lacks ``relative_path`` or ``phash``, or `copies` is below 2.
    ModelNotFound
        Text is to be read and a model is missing; the message names the command that gets it.
    """
    if copies < 2:
        raise SettingsError(f"copies={copies!r}; it must be at least 2")
    listed = list(references(source, root))
    known = _rows_in(features) if features is not None else {}
    missing = [item for item in listed if item.relative_path not in known]
    looked_at = replace(settings or Settings(), groups=("quality",))
    for item, result in zip(
        missing, results_of(missing, looked_at, engine, on_progress), strict=True
    ):
        if result.row is not None:
            known[item.relative_path] = result.row
    plain = _plain([item for item in listed if item.relative_path in known])
    pictures = [item for item, _ in plain]
    layouts = {item.relative_path: layout for item, layout in plain}
    hashes = as_numbers(known[item.relative_path]["phash"] for item in pictures)
    groups = [
        [copy.reference for copy in group]
        for group in duplicate_groups(pictures, hashes, [None] * len(pictures))
    ]
    grouped = {item.relative_path for group in groups for item in group}
    alone = [[item] for item in pictures if item.relative_path not in grouped]
    words = _words([group[0] for group in groups + alone], known, settings, engine, read_text)
    found: dict[str | None, Finding] = {}
    for number, group in enumerate(groups + alone):
        first = group[0].relative_path
        verdict = _verdict(layouts[first], words.get(first), len(group), copies)
        if verdict is None:
            continue
        for item in group:
            found[item.relative_path] = Finding(
                path=item.relative_path or item.name,
                finder="placeholders",
                kind=verdict.kind,
                suggestion=verdict.suggestion,
                reason=verdict.reason,
                value=verdict.value,
                group=number if len(group) > 1 else None,
                label=item.label,
            )
    return table_of(found[i.relative_path] for i in listed if i.relative_path in found)


def _rows_in(features: pd.DataFrame) -> dict[str | None, Mapping[str, Any]]:
    for column in ("relative_path", "phash"):
        if column not in features:
            raise SettingsError(
                f"the feature table has no column {column}; extract it with the group quality"
            )
    columns = ["relative_path", "phash", *(name for name in _TEXT if name in features)]
    complete = features[columns].dropna(subset=["phash"])
    return {row["relative_path"]: row for row in complete.to_dict("records")}


def _plain(pictures: Sequence[ImageReference]) -> list[tuple[ImageReference, Layout]]:
    """Return the pictures that have a ground with few things on it."""
    with ThreadPoolExecutor(available_cores()) as threads:
        layouts = threads.map(partial(_layout, Settings()), pictures)
        return [
            (item, layout)
            for item, layout in zip(pictures, layouts, strict=True)
            if layout is not None
            and layout.marks <= _MOST_MARKS
            and (
                layout.flat_share >= _LEAST_FLAT_SHARE or layout.ground_share >= _LEAST_GROUND_SHARE
            )
        ]


def _layout(settings: Settings, picture: ImageReference) -> Layout | None:
    try:
        return layout_of(picture.load(settings))
    except ImageError as error:
        logger.info("%s: not looked at: %s", picture.name, error.reason)
        return None


def _words(
    pictures: Sequence[ImageReference],
    known: Mapping[str | None, Mapping[str, Any]],
    settings: Settings | None,
    engine: Engine | None,
    read_text: bool,
) -> dict[str | None, Mapping[str, Any]]:
    """Return the rows with the words of the pictures that were or are now read."""
    rows = {item.relative_path: known[item.relative_path] for item in pictures}
    words = {path: row for path, row in rows.items() if row.get(_TEXT[0]) is not None}
    unread = [item for item in pictures if item.relative_path not in words]
    if not read_text:
        return words
    reading = replace(settings or Settings(), groups=("text",))
    logger.info("reading the text of %d plain pictures", len(unread))
    for item, result in zip(unread, results_of(unread, reading, engine), strict=True):
        if result.row is not None:
            words[item.relative_path] = result.row
    return words


def _verdict(
    layout: Layout, words: Mapping[str, Any] | None, members: int, copies: int
) -> _Verdict | None:
    """Say what a plain picture stands for; None when for nothing but itself."""
    # A null list is one of a reader that was not at hand.
    texts = [() if words is None or words.get(name) is None else words[name] for name in _TEXT]
    said = says_gone(*texts)
    if said:
        return _Verdict("text", "trash", f'a plain picture that says "{said}"', 1.0)
    if (
        layout.likeness >= _LEAST_LIKENESS
        and layout.marks <= _MOST_MARKS_WITH_ICON
        and layout.ground_share >= _LEAST_GROUND_SHARE
    ):
        reason = f"a plain picture with the sign of a missing one ({layout.icon})"
        return _Verdict("icon", "trash", reason, layout.likeness)
    if layout.flat_share >= _BLANK_SHARE and layout.ground_share >= _BLANK_SHARE:
        return _Verdict("blank", "review", "nothing but one colour", 1.0)
    if members >= copies:
        return _Verdict("repeated", "review", f"a plain picture, {members} times", members)
    return None
