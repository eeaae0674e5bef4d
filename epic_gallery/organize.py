"""Sort pictures into folders: first a plan, then the moves, which can always be undone.

The moves themselves, their journal, `undo`, `resume` and `status` are those of
`epic_features.cleaning.moves`.
"""

from __future__ import annotations

import json
import logging
import os
import stat
import zlib
from collections.abc import Collection, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import count
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any, TypeAlias

from classifiers.workflow import Progress, extract_features
from epic_features import Settings
from epic_features.cleaning.plan import EPIC_FOLDER, Plan, make_plan, place_of
from epic_features.cleaning.webdav_storage import journal_root
from epic_features.dump_folder import owned, remove
from epic_features.errors import ImageError, OutputError, PlanError, SourceError
from epic_features.sources import ImageReference, references
from epic_features.sources.address import is_url
from epic_features.sources.names import FileIdentity, printable
from epic_features.sources.remote import RemotePath
from epic_gallery.schemes import Scheme

if TYPE_CHECKING:
    import pandas as pd

logger = logging.getLogger(__name__)

ACTIONS = ("move", "copy", "link")
COLUMNS = (
    *("path", "label", "confidence", "decision", "personal"),
    *("action", "target", "size", "mtime_ns", "etag", "reason"),
)

Place: TypeAlias = Path | RemotePath


@dataclass(frozen=True)
class Picture:
    """A picture that may be sorted, as it was before it was looked at.

    Attributes
    ----------
    path : str
        Path below the source with ``/``, as it is on disk.
    identity : FileIdentity
        Size, time of change and, on a server, the mark of its version.
    """

    path: str
    identity: FileIdentity


@dataclass(frozen=True)
class SortPlan:
    """Where the pictures of a folder would go.

    Attributes
    ----------
    root : Path or RemotePath
        The folder.
    table : DataFrame
        One row per picture, with `COLUMNS`. ``action`` and ``target`` are null for what stays.
    """

    root: Place
    table: pd.DataFrame

    @property
    def plan(self) -> Plan:
        """The moves, ready for `epic_features.cleaning.apply`."""
        rows = self.table[self.table["action"].notna()]
        return make_plan(self.root, rows)

    @property
    def staying(self) -> pd.DataFrame:
        """The rows of the pictures that stay."""
        return self.table[self.table["action"].isna()]


def list_pictures(
    source: str | os.PathLike[str], folders: Collection[str] = (), *, whatsapp: bool = False
) -> list[Picture]:
    """List the pictures of a folder that are still to be sorted.

    Symbolic links are left out, and so is what lies in a folder that pictures are sorted into.

    Parameters
    ----------
    source : path or address
        A folder of this machine or of a WebDAV server.
    folders : collection of str
        Names of the folders directly below the source that pictures are sorted into.
    whatsapp : bool
        List only the pictures of WhatsApp chats.

    Raises
    ------
    SourceError
        There is no picture at all.
    PlanError
        The source is not a folder.
    """
    root = place_of(source)
    sorted_into = {printable(name) for name in folders}
    given = source if is_url(source) else root
    found = []
    for reference in references(given, whatsapp=whatsapp):
        path = _below(reference, root)
        first, slash, _ = path.partition("/")
        if slash and printable(first) in sorted_into:
            continue
        if isinstance(reference.content, Path) and reference.content.is_symlink():
            continue
        try:
            found.append(Picture(path, reference.identity()))
        except ImageError as error:
            logger.info("%s", error)  # Gone meanwhile, or a folder that can't be listed.
    return found


def sort_pictures(
    source: str | os.PathLike[str],
    scheme: Scheme,
    *,
    features: str | os.PathLike[str] | None = None,
    action: str = "move",
    begin_anew: bool = False,
    whatsapp: bool = False,
    workers: int | None = None,
    on_progress: Progress | None = None,
) -> SortPlan:
    """Plan where the pictures of a folder go; nothing is moved.

    Parameters
    ----------
    source : path or address
        A folder of this machine or of a WebDAV server.
    scheme : Scheme
        Who decides.
    features : path, optional
        A Parquet file of features, used as it is, but what it lacks is extracted; or a folder of
        features that is brought up to date. By default a scheme with a cascade reads no more of a
        picture than it needs and keeps nothing; others keep the features in `features_folder`, and
        drop those of other settings.
    action : str
        ``"move"``, ``"copy"`` or ``"link"``.
    begin_anew : bool
        Whether a folder of features begun with other settings is thrown away instead of refused.
    whatsapp : bool
        Only the pictures of WhatsApp chats.
    workers : int, optional
        Images worked on at once.
    on_progress : callable, optional
        Called with the numbers of pictures read and of those rejected.

    Raises
    ------
    SourceError
        There is no picture.
    PlanError
        The source is not a folder, or files can't be copied or linked there.
    """
    root = place_of(source)
    if action not in ACTIONS:
        raise PlanError(f"action {action!r} is not known; choose from {ACTIONS}")
    if isinstance(root, RemotePath) and action != "move":
        raise PlanError(f"on a server pictures can only be moved; {action} needs a folder here")
    # Before they are read: what changes while it is read is left alone later.
    pictures = list_pictures(source, scheme.folders, whatsapp=whatsapp)
    if not pictures:
        raise SourceError(f"everything in {printable(str(root))} is sorted already")
    if features is None and scheme.cascade is not None:
        from epic_gallery.sorting import sort_images

        labels = sort_images(
            list(_addresses(source, pictures)),
            scheme.cascade,
            root=source,
            workers=workers,
            reasons=True,
            on_progress=on_progress,
        ).labels
        decided = scheme.judge(labels, labels)
    else:
        kept = Path(features) if features is not None else features_folder(root, scheme.settings)
        if not kept.is_file():
            kept.parent.mkdir(parents=True, exist_ok=True)
        table, _ = extract_features(
            list(_addresses(source, pictures)),
            kept,
            scheme.settings,
            root=source,
            begin_anew=begin_anew or features is None,
            workers=workers,
            on_progress=on_progress,
        )
        decided = scheme.decide(table)
        if features is None:
            _drop_features_beside(kept)
    return plan_moves(root, pictures, decided, action, with_unread=True)


def plan_moves(
    root: Place,
    pictures: Iterable[Picture],
    decided: pd.DataFrame,
    action: str,
    *,
    with_unread: bool = False,
) -> SortPlan:
    """Join what was decided to the files as they were listed.

    Parameters
    ----------
    root : Path or RemotePath
        The folder.
    pictures : iterable of Picture
        What may be sorted; a row about anything else is dropped.
    decided : DataFrame
        Of `Scheme.decide`.
    action : str
        ``"move"``, ``"copy"`` or ``"link"``.
    with_unread : bool
        Whether pictures about which nothing was decided get a row, too.
    """
    import pandas as pd

    known = {printable(picture.path): picture for picture in pictures}
    unread = set(known) - set(decided["path"]) if with_unread else set()
    rows: list[dict[str, Any]] = []
    for row in decided.drop_duplicates("path").to_dict("records"):
        if (picture := known.get(row["path"])) is None:
            continue
        goes = isinstance(row["folder"], str)
        target = f"{row['folder']}/{PurePosixPath(picture.path).name}" if goes else None
        if target is not None and action != "move" and _is_done(root, picture.path, target):
            goes, row["reason"] = False, f"is in {row['folder']} already"
        rows.append(
            {
                **{name: row[name] for name in COLUMNS[:5]},
                "path": picture.path,
                "action": action if goes else None,
                "target": target if goes else None,
                "size": picture.identity.size,
                "mtime_ns": picture.identity.mtime_ns,
                "etag": picture.identity.etag,
                "reason": row["reason"],
            }
        )
    for name in sorted(unread):
        values = dict.fromkeys(COLUMNS) | vars(known[name].identity)
        rows.append({**values, "path": known[name].path, "reason": "it could not be read"})
    # As objects, because pandas' own strings can't hold names that are not Unicode.
    table = pd.DataFrame(rows, columns=list(COLUMNS), dtype=object)
    types = {"size": "Int64", "mtime_ns": "Int64", "confidence": "float32", "personal": "float32"}
    return SortPlan(root, table.astype(types))


def features_folder(root: Place, settings: Settings) -> Path:
    """Return where features are kept between runs: in the folder ``.epic`` of the pictures.

    Each set of settings has a folder of its own; only the last one used is kept.
    """
    top = journal_root(root) if isinstance(root, RemotePath) else root
    chosen = json.dumps([getattr(settings, name) for name in Settings.row_fields()])
    return top / EPIC_FOLDER / f"features-{zlib.crc32(chosen.encode()):08x}"


def write_sort_plan(sorting: SortPlan, path: Path, *, overwrite: bool = False) -> None:
    """Write the table as Parquet, with the folder that its paths refer to, at once.

    Raises
    ------
    OutputError
        It exists, or can't be written.
    """
    from epic_features.cleaning.tables import check_output, write_table

    check_output(path, overwrite=overwrite)
    part = path.with_name(f".{path.name}.part{path.suffix}")
    root = sorting.root.url if isinstance(sorting.root, RemotePath) else sorting.root
    write_table(sorting.table, part, root, overwrite=True)
    part.replace(path)


def read_sort_plan(path: Path, root: str | os.PathLike[str] | None = None) -> SortPlan:
    """Read what `write_sort_plan` wrote.

    Parameters
    ----------
    path : Path
        The Parquet file.
    root : path or address, optional
        Where the folder is now, if not where it was; for a server, with user and password.

    Raises
    ------
    PlanError
        It is no such table, or does not tell its folder.
    SourceError
        It can't be read.
    """
    from epic_features.cleaning.feature_tables import read_table
    from epic_features.cleaning.tables import place_in

    if not path.exists():
        raise SourceError(f"{path} does not exist; make it with: epic organize plan")
    table = read_table(path)
    if missing := sorted(set(COLUMNS) - set(table.columns)):
        raise PlanError(f"{path} is not a plan of epic organize: it lacks {', '.join(missing)}")
    there = root if root is not None else place_in(path)
    if there is None:
        raise PlanError(f"{path} does not tell which folder its paths refer to")
    return SortPlan(place_of(there), table[list(COLUMNS)])


def _drop_features_beside(kept: Path) -> None:
    """Remove what other settings left in `features_folder`, unless it is being written."""
    for other in kept.parent.glob("features-*"):
        if other != kept:
            with suppress(OutputError), owned(other):
                remove(other)


def _addresses(source: str | os.PathLike[str], pictures: Iterable[Picture]) -> Iterator[str]:
    from urllib.parse import quote

    for picture in pictures:
        if is_url(source):
            name = quote(picture.path, safe="/", errors="surrogateescape")
            yield f"{source.rstrip('/')}/{name}"
        else:
            yield str(Path(source).expanduser() / picture.path)


def _below(reference: ImageReference, root: Place) -> str:
    """Return the path of a listed file below the source, as it is on disk."""
    content = reference.content
    if isinstance(content, RemotePath) and isinstance(root, RemotePath):
        return content.below(root) or ""
    return os.path.relpath(content, str(root)).replace(os.sep, "/")


def _is_done(root: Place, path: str, target: str) -> bool:
    """Tell whether a copy or a link of a picture is there from an earlier time."""
    from epic_features.cleaning.renames import is_link_to, sha256_of, status_of, suffixed

    if isinstance(root, RemotePath):
        return False
    original, made = root / path, root / target
    size, name = original.lstat().st_size, made.name
    for number in count(2):
        there = status_of(made)
        if there is None:
            return False
        if is_link_to(made, original):
            return True
        alike = stat.S_ISREG(there.st_mode) and there.st_size == size
        if alike and sha256_of(made) == sha256_of(original):
            return True
        made = made.with_name(suffixed(name, number))
    raise AssertionError("there is always a free name")
