"""The one place where behaviour is chosen."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from epic_features.errors import SettingsError

CORE_GROUPS = ("shape", "colors", "faces", "text")
EXTRA_GROUPS = ("bytes", "cartoon", "quality", "exif", "layout", "texture")
# Not among them, and not in ``all``: hundreds of numbers a picture, which only models want.
WRITING_GROUP = "writing"
# It needs a model that somebody has chosen, too.
EMBEDDING_GROUP = "embedding"
LIST_GROUPS = (WRITING_GROUP, EMBEDDING_GROUP)
# Back ends that tell whether two embeddings can be compared: the network, and its preprocessing.
EMBEDDING_ROLES = ("embedding", "embedding input")
FACE_DETECTORS = ("centerface", "yunet", "retinaface")
TEXT_READERS = ("rapid", "paddle")
TEXT_EXTENTS = ("full", "counts", "budget:N")
ARABIC_READERS = ("own", "tesseract", "rapid", "none")

_BUDGET = re.compile(r"budget:([1-9]\d{0,5})")

# Pillow itself refuses anything larger, as a decompression bomb.
_MOST_PIXELS = 178_956_970

# A name that stands for several groups, or for a group and what it is measured on.
_GROUP_ALIASES = {
    "core": CORE_GROUPS,
    "all": CORE_GROUPS + EXTRA_GROUPS,
    "layout": ("text", "layout"),
    "writing": ("text", "writing"),
}


def _host_only() -> Any:
    """Metadata of a field that describes the machine and can't change a row."""
    return {"changes_rows": False}


@dataclass(frozen=True)
class Settings:
    """Everything that can be chosen about feature extraction.

    Frozen and hashable; two equal settings give equal rows for the same back ends.

    Attributes
    ----------
    groups : tuple of str
        Column groups to compute, from ``shape``, ``colors``, ``faces``, ``text`` (together
        ``core``) and the extra groups ``bytes``, ``cartoon``, ``quality``, ``exif``,
        ``layout`` (which brings ``text`` with it) and ``texture``; ``all`` means all of these.
        Core columns of a group left out are null; extra columns left out are absent. Two groups of
        one long list of numbers each stand apart: ``writing`` (which brings ``text``; only with
        ``ocr="rapid"``), and ``embedding``, which is there exactly when `embedding` is given.
    faces : str
        Face detector: ``centerface``, ``yunet`` or ``retinaface``.
    face_threshold : float or None
        Least confidence of a face, in [0, 1]; None takes the detector's own default.
    ocr : str
        Text reader: ``rapid`` or ``paddle``.
    text : str
        How much of the text is read. ``full``: all of it. ``counts``: nothing, text is only found,
        on a smaller copy, for a small part of the time; all columns that need letters are then
        null. ``budget:N``, such as ``budget:12``: of each picture the N largest boxes; where text
        is and how much is told of all boxes found, also of those that reading would have dropped
        as no text, and the columns that need letters are about what was read.
    arabic : str
        Recogniser of Arabic lines: ``own``, which comes with this library, ``tesseract``, ``rapid``
        (a PP-OCRv5 model that has to be downloaded) or ``none``.
    text_threshold : float
        Least mean confidence of a detected text box, in [0, 1].
    embedding : str or None
        Network behind the column ``embedding``: a name, an ONNX file, or the folder of one; see
        `epic_features.extras.embedding.Embedder`. None leaves the column out.
    allow_truncated : bool
        Decode what there is of a cut-off file instead of rejecting it.
    max_pixels : int
        Images with more pixels (width * height) are rejected before memory is allocated; at most
        178,956,970. An image at the default limit takes up to 1.2 GiB for a moment.
    max_bytes : int
        Files with more bytes are rejected before they are read.
    model_dir : str or None
        Folder of downloaded model files; None takes the user's cache folder.

    Raises
    ------
    SettingsError
        When a value is unknown or out of range; the message lists the known ones.
    """

    groups: tuple[str, ...] = CORE_GROUPS
    faces: str = "centerface"
    face_threshold: float | None = None
    ocr: str = "rapid"
    text: str = "full"
    arabic: str = "own"
    text_threshold: float = 0.6
    embedding: str | None = None
    allow_truncated: bool = False
    max_pixels: int = field(default=100_000_000, metadata=_host_only())
    max_bytes: int = field(default=128 * 2**20, metadata=_host_only())
    model_dir: str | None = field(default=None, metadata=_host_only())

    def __post_init__(self) -> None:
        if self.embedding is not None:
            object.__setattr__(self, "embedding", os.fspath(self.embedding))
        object.__setattr__(self, "groups", _expand_groups(self.groups, self.embedding))
        _check_choice("faces", self.faces, FACE_DETECTORS)
        _check_choice("ocr", self.ocr, TEXT_READERS)
        if self.text not in ("full", "counts") and not _BUDGET.fullmatch(str(self.text)):
            raise SettingsError(
                f"text={self.text!r} is not known; choose from: {', '.join(TEXT_EXTENTS)}, with a "
                "number from 1 for N"
            )
        if self.text == "counts" and self.ocr != "rapid":
            raise SettingsError(
                f'text="counts" finds text with the detector of ocr="rapid", not of {self.ocr!r}; '
                "leave out one of the two"
            )
        if WRITING_GROUP in self.groups and self.ocr != "rapid":
            raise SettingsError(
                f"the group 'writing' is what the recogniser of ocr=\"rapid\" sees, not that of "
                f"{self.ocr!r}; leave out one of the two"
            )
        _check_choice("arabic", self.arabic, ARABIC_READERS)
        if self.model_dir is not None:
            object.__setattr__(self, "model_dir", os.fspath(self.model_dir))
        if self.face_threshold is not None:
            _check_number("face_threshold", self.face_threshold, 0, 1)
        _check_number("text_threshold", self.text_threshold, 0, 1)
        _check_number("max_pixels", self.max_pixels, 1, _MOST_PIXELS)
        _check_number("max_bytes", self.max_bytes, 1, sys.maxsize)

    def to_dict(self) -> dict[str, Any]:
        """Return the settings as JSON-ready values."""
        values = {**asdict(self), "groups": list(self.groups)}
        if self.embedding is not None:
            # JSON can't hold the bytes of a path that is not Unicode.
            path = self.embedding.encode("utf-8", "surrogateescape")
            values["embedding"] = path.decode("utf-8", "backslashreplace")
        return values

    @property
    def text_budget(self) -> int | None:
        """How many text boxes of a picture are read; None when all are."""
        budget = _BUDGET.fullmatch(self.text)
        return int(budget[1]) if budget else {"counts": 0}.get(self.text)

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> Settings:
        """Return the settings behind a table or model, of what `to_dict` said of them.

        What an older version did not know, and what describes the machine, is as by default. What
        was ``ocr="boxes"`` is ``text="counts"`` now.
        """
        known = {name: record[name] for name in cls.row_fields() if name in record}
        if known.get("ocr") == "boxes":
            known |= {"ocr": cls.ocr, "text": "counts"}
        return cls(**known)

    @classmethod
    def row_fields(cls) -> tuple[str, ...]:
        """Return the names of the settings that can change a row."""
        return tuple(f.name for f in fields(cls) if f.metadata.get("changes_rows", True))


def _check_choice(name: str, value: str, known: Iterable[str]) -> None:
    if value not in known:
        raise SettingsError(f"{name}={value!r} is not known; choose from: {', '.join(known)}")


def _check_number(name: str, value: object, least: float, most: float) -> None:
    if not isinstance(value, int | float) or not least <= value <= most:
        raise SettingsError(f"{name}={value!r} must be a number from {least} to {most}")


def _expand_groups(groups: Iterable[str], embedding: str | None) -> tuple[str, ...]:
    if isinstance(groups, str) or not isinstance(groups, Iterable):
        raise SettingsError(f"groups={groups!r} must be a tuple of names, such as ('core',)")
    wanted: set[str] = set() if embedding is None else {EMBEDDING_GROUP}
    known = (*_GROUP_ALIASES["all"], *LIST_GROUPS)
    for group in groups:
        if group not in _GROUP_ALIASES:
            _check_choice("groups", group, (*known, *_GROUP_ALIASES))
        wanted.update(_GROUP_ALIASES.get(group, (group,)))
    if EMBEDDING_GROUP in wanted and embedding is None:
        raise SettingsError(
            "the group 'embedding' needs a network: give embedding= a name, or the path of an "
            "ONNX file with a preprocess.json beside it"
        )
    if not wanted:
        raise SettingsError(f"groups is empty; choose from: {', '.join((*known, *_GROUP_ALIASES))}")
    return tuple(group for group in known if group in wanted)
