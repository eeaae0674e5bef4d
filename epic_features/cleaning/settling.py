"""What the disk tells about the last step of a journal that was interrupted."""

from __future__ import annotations

import os
from pathlib import Path

from epic_features.cleaning.journal import COPY, LINK, MOVE, Entry
from epic_features.cleaning.renames import (
    Identity,
    aside_in,
    is_link_to,
    rename_exclusive,
    sha256_of,
    status_of,
)


def happened(root: Path, entry: Entry) -> bool:
    """Tell whether the last step of an entry took place, after completing it or clearing it up.

    In doubt nothing is removed: at worst a file that was being copied is there twice, never not at
    all.
    """
    step = entry.steps[-1]
    source, target = root / step.source, root / step.target
    if step.back and step.how != MOVE:
        return status_of(source) is None
    if step.how == LINK:
        return is_link_to(target, source)
    aside = aside_in(target.parent, step.token)
    old, new, copy = status_of(source), status_of(target), status_of(aside)
    if copy is not None:
        if old is not None or new is not None:
            aside.unlink()  # A copy of a file that is still there; the name is ours alone.
        elif entry.copied is not None and copy.st_size == entry.copied.size:
            # Somebody removed the original meanwhile, and this is all there is.
            rename_exclusive(aside, target, lambda op, values: None)
            return True
    if step.how == COPY and new is not None:
        if entry.copied is not None and entry.copied.fits(new):
            return True
        if entry.reserved and new.st_size == 0:
            target.unlink()  # The empty file that had taken the name.
        return False
    if old is None or new is None:
        return new is not None
    if os.path.samestat(old, new):
        if old.st_nlink > 1:
            source.unlink()  # Both names of a file that was being renamed by way of a link.
            return True
        return target.name in os.listdir(target.parent)  # noqa: PTH208
    if entry.reserved and new.st_size == 0 and not step.identity.is_file(new):
        target.unlink()  # The empty file that had taken the name.
        return False
    if entry.copied is not None and entry.copied.fits(new):
        if _unchanged(old, step.identity) and sha256_of(source) == sha256_of(target):
            source.unlink()
            return True
        return False
    return step.identity.fits(new) and not step.identity.fits(old)


def _unchanged(now: os.stat_result, identity: Identity) -> bool:
    return (now.st_size, now.st_mtime_ns) == (identity.size, identity.mtime_ns)
