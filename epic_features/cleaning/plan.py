"""What is to be moved where: one format for finders, review pages and everything that sorts.

A plan is a JSON file that people can read. It does nothing by itself:
`epic_features.cleaning.moves.apply` carries it out.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import TYPE_CHECKING, Any

from epic_features.errors import OutputError, PlanError
from epic_features.sources.address import is_url
from epic_features.sources.names import printable
from epic_features.sources.remote import RemotePath

if TYPE_CHECKING:
    import pandas as pd

ACTIONS = ("trash", "move", "rename", "copy", "link")
EPIC_FOLDER = ".epic"

_LONGEST_NAME = 255  # bytes, on all usual file systems
PLAN_FORMAT, PLAN_VERSION = "epic-plan", 1
_ESCAPED_BYTE = re.compile(rb"\\x([89a-f][0-9a-f])")


@dataclass(frozen=True)
class Action:
    """One file and what is to become of it.

    Attributes
    ----------
    path : str
        Path below the root with ``/``.
    action : str
        ``"trash"``: into the trash folder; ``"move"``: to another folder; ``"rename"``: another
        name in the same folder; ``"copy"`` and ``"link"``: the file stays, and a copy or a symbolic
        link is made.
    target : str or None
        The path below the root that the file is to have; None for ``"trash"``.
    size : int or None
        Bytes when it was planned. A file that differs is left alone; None is not compared.
    mtime_ns : int or None
        Time of change when it was planned, nanoseconds since 1970; compared like `size`, unless
        `sha256` tells that the content is the same.
    sha256 : str or None
        SHA-256 of the content as hex; the file is read and compared when it is given.
    reason : str
        One line for people.
    etag : str or None
        A server's mark of the version, compared like `size`.

    Raises
    ------
    PlanError
        A path does not stay below the root, or the action is not known.
    """

    path: str
    action: str
    target: str | None = None
    size: int | None = None
    mtime_ns: int | None = None
    sha256: str | None = None
    reason: str = ""
    etag: str | None = None

    def __post_init__(self) -> None:
        check_path(self.path)
        if self.action not in ACTIONS:
            raise PlanError(f"action {self.action!r} is not known; choose from {ACTIONS}")
        if self.action == "trash":
            if self.target is not None:
                raise PlanError(f"{self.path!r}: trash takes no target")
            return
        if self.target is None:
            raise PlanError(f"{self.path!r}: {self.action} needs a target")
        check_path(self.target)
        same_folder = PurePosixPath(self.path).parent == PurePosixPath(self.target).parent
        if self.action == "rename" and not same_folder:
            raise PlanError(f"{self.path!r}: rename stays in its folder; use move")

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> Action:
        """Take an action from the fields of JSON; whole numbers may be strings of digits.

        JavaScript can't hold nanoseconds since 1970 in a number.
        """
        try:
            size, mtime_ns = (_whole(values.get(name)) for name in ("size", "mtime_ns"))
            texts = [values.get(name) for name in ("target", "sha256", "etag")]
            path, action, reason = values["path"], values["action"], values.get("reason") or ""
        except (KeyError, ValueError, TypeError, AttributeError) as error:
            raise PlanError(f"not an action: {values!r}") from error
        if not all(isinstance(t, str) for t in (path, action, reason)) or not all(
            t is None or isinstance(t, str) for t in texts
        ):
            raise PlanError(f"not an action: {values!r}")
        return cls(path, action, texts[0], size, mtime_ns, texts[1], reason, texts[2])


@dataclass(frozen=True)
class Plan:
    """Actions on files below one folder.

    Attributes
    ----------
    root : Path or RemotePath
        Absolute path of the folder, or the folder on a server.
    actions : tuple of Action
        In the order in which they are carried out.

    Raises
    ------
    PlanError
        A file is named twice.
    """

    root: Path | RemotePath
    actions: tuple[Action, ...]

    def __post_init__(self) -> None:
        seen: set[str] = set()
        for action in self.actions:
            if action.path in seen:
                raise PlanError(f"{action.path!r} is in the plan twice")
            seen.add(action.path)

    @property
    def table(self) -> pd.DataFrame:
        """The actions as a table, one column for each attribute of `Action`.

        Bytes of names that are not UTF-8 are written as in feature tables.
        """
        import pandas as pd

        rows = [asdict(action) for action in self.actions]
        for row in rows:
            row.update(path=printable(row["path"]), target=printable(row["target"] or "") or None)
        return pd.DataFrame(rows, columns=[field.name for field in fields(Action)])


def check_path(path: str, *, own_folder: bool = False) -> None:
    """Raise PlanError unless a path is plain: below the root, without ``..``, outside ``.epic``.

    Parameters
    ----------
    path : str
        Path below the root with ``/``.
    own_folder : bool
        Whether it may lie in ``.epic``.
    """
    parts = path.split("/")
    windows = PureWindowsPath(path)
    if (
        any(part in ("", ".", "..") for part in parts)
        or "\0" in path
        or EPIC_FOLDER in (parts[1:] if own_folder else parts)
        or (os.name == "nt" and (windows.drive or "\\" in path))
    ):
        raise PlanError(f"{path!r} is not the path of a file below the root")
    try:
        longest = max(len(os.fsencode(part)) for part in parts)
    except UnicodeEncodeError as error:
        raise PlanError(f"{path!r} can't be the name of a file: {error.reason}") from error
    if longest > _LONGEST_NAME:
        raise PlanError(f"{path[:80]!r}... has a name of more than {_LONGEST_NAME} bytes")


def check_folder(root: Path, path: str) -> None:
    """Raise PlanError when the folder of a path is reached through a symbolic link.

    What is behind a link need not lie below the root.
    """
    folder = root
    for part in PurePosixPath(path).parent.parts:
        folder /= part
        if folder.is_symlink():
            raise PlanError(f"{folder} is a symbolic link; only real folders are changed")


def root_of(folder: str | os.PathLike[str]) -> Path:
    """Return a folder as the absolute root of a plan.

    Raises
    ------
    PlanError
        It does not exist.
    """
    root = Path(os.path.abspath(Path(folder).expanduser()))  # noqa: PTH100 (links stay links)
    if not root.is_dir():
        raise PlanError(f"no such folder: {root}")
    return root


def place_of(root: str | os.PathLike[str] | RemotePath) -> Path | RemotePath:
    """Return a folder or the address of one on a server as the root of a plan; see `root_of`."""
    if isinstance(root, RemotePath):
        return root
    return RemotePath.of(root) if is_url(root) else root_of(root)


def make_plan(
    root: str | os.PathLike[str] | RemotePath, actions: pd.DataFrame | Iterable[Action]
) -> Plan:
    r"""Make a plan from a table or from actions; sizes and times are looked up where they lack.

    Parameters
    ----------
    root : path or address
        The folder that paths refer to. For a folder on a server nothing is looked up.
    actions : DataFrame or iterable of Action
        A table has the columns ``path``, ``action``, and where there are any ``target``,
        ``sha256`` and ``reason``. Paths may be written as in feature tables, where a byte that is
        not UTF-8 is ``\xNN``. Files that are gone are left out.

    Raises
    ------
    PlanError
        A path does not stay below the root, or is named twice.
    """
    top = place_of(root)
    given = actions if not hasattr(actions, "to_dict") else _actions_of(top, actions)
    if isinstance(top, RemotePath):
        return Plan(top, tuple(given))
    planned = (_with_identity(top, action) for action in given)
    return Plan(top, tuple(action for action in planned if action is not None))


def plan_from_findings(
    findings: pd.DataFrame,
    root: str | os.PathLike[str],
    suggestions: Iterable[str] = ("trash", "rename"),
) -> Plan:
    """Make a plan of what finders suggest.

    Parameters
    ----------
    findings : DataFrame
        With the columns ``path``, ``suggestion``, and where there are any ``target`` and
        ``reason``. A file with several findings gets the first action, trash before rename.
    root : path
        The folder that paths refer to.
    suggestions : iterable of str
        Which suggestions to take up: ``"trash"``, ``"rename"``.
    """
    wanted = set(suggestions)
    chosen = findings[findings["suggestion"].isin(wanted)]
    chosen = chosen.sort_values(
        "suggestion", key=lambda s: s.map({"trash": 0}).fillna(1), kind="stable"
    ).drop_duplicates("path")
    return make_plan(root, chosen.sort_index().rename(columns={"suggestion": "action"}))


def read_plan(path: str | os.PathLike[str], root: str | os.PathLike[str] | None = None) -> Plan:
    """Read a plan file and check it.

    Parameters
    ----------
    path : path
        A file written by `write_plan` or saved from a review page.
    root : path, optional
        Where the folder is now, if not where it was.

    Raises
    ------
    PlanError
        It can't be read, is no plan, or names something outside its root.
    """
    try:
        content = json.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise PlanError(f"can't read the plan {path}: {error}") from error
    if not isinstance(content, dict) or content.get("format") != PLAN_FORMAT:
        raise PlanError(f'{path} is not a plan: it lacks "format": "{PLAN_FORMAT}"')
    if content.get("version") != PLAN_VERSION:
        raise PlanError(f"{path} has version {content.get('version')!r}; known is {PLAN_VERSION}")
    items, there = content.get("actions"), root or content.get("root")
    if not isinstance(items, list) or not isinstance(there, str | os.PathLike):
        raise PlanError(f"{path} is not a plan: it lacks a root or actions")
    if not all(isinstance(item, dict) for item in items):
        raise PlanError(f"{path} is not a plan: an action is not an object")
    plan = Plan(place_of(there), tuple(map(Action.of, items)))
    if isinstance(plan.root, Path):
        for action in plan.actions:
            for name in filter(None, (action.path, action.target)):
                check_folder(plan.root, name)
    return plan


def write_plan(plan: Plan, path: str | os.PathLike[str], *, overwrite: bool = False) -> None:
    """Write a plan as JSON.

    Raises
    ------
    OutputError
        The file exists and `overwrite` is false, or it can't be written.
    """
    content = {
        "format": PLAN_FORMAT,
        "version": PLAN_VERSION,
        "root": plan.root.url if isinstance(plan.root, RemotePath) else str(plan.root),
        "actions": [asdict(action) for action in plan.actions],
    }
    try:
        with Path(path).open("wb" if overwrite else "xb") as file:
            file.write(readable_json(content))
    except FileExistsError:
        raise OutputError(f"{path} exists; choose another path or overwrite it") from None
    except OSError as error:
        raise OutputError(f"can't write the plan {path}: {error.strerror}") from error


def readable_json(content: object) -> bytes:
    """Return JSON in UTF-8, with escapes only for the bytes of file names that are not Unicode."""
    text = json.dumps(content, ensure_ascii=False, indent=1)
    return text.encode("utf-8", "backslashreplace")


def on_disk(root: Path, path: str) -> str:
    r"""Return a path of a table as it is on disk, where ``\xNN`` may stand for a byte."""
    return path if os.path.lexists(root / path) else _with_bytes(path)


def _with_bytes(path: str) -> str:
    encoded = _ESCAPED_BYTE.sub(
        lambda match: bytes.fromhex(match[1].decode()), path.encode("utf-8", "surrogateescape")
    )
    return encoded.decode("utf-8", "surrogateescape")


def _actions_of(root: Path | RemotePath, table: pd.DataFrame) -> Iterable[Action]:
    import pandas as pd

    names = [field.name for field in fields(Action) if field.name in table]
    for row in table[names].to_dict("records"):
        given = {name: value for name, value in row.items() if not pd.isna(value)}
        values: dict[str, Any] = {k: v if isinstance(v, str) else int(v) for k, v in given.items()}
        there = on_disk(root, values["path"]) if isinstance(root, Path) else values["path"]
        if there != values["path"] and "target" in values:
            values["target"] = _with_bytes(values["target"])
        values["path"] = there
        if values["action"] == "trash":
            values.pop("target", None)
        yield Action.of(values)


def _with_identity(root: Path, action: Action) -> Action | None:
    if action.size is not None:
        return action
    try:
        status = (root / action.path).lstat()
    except OSError:
        return None
    return replace(action, size=status.st_size, mtime_ns=status.st_mtime_ns)


def _whole(value: Any) -> int | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise ValueError(value)
    return int(value)
