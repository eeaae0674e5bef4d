"""The one place where behaviour is chosen."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from epic_features.errors import SettingsError

CORE_GROUPS = ("shape", "colors", "faces", "text")
EXTRA_GROUPS = ("bytes", "cartoon", "quality", "exif")
FACE_DETECTORS = ("centerface", "yunet", "retinaface")
TEXT_READERS = ("rapid", "paddle")
ARABIC_READERS = ("tesseract", "rapid", "none")

_GROUP_ALIASES = {"core": CORE_GROUPS, "all": CORE_GROUPS + EXTRA_GROUPS}


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
        ``core``) and the extra groups ``bytes``, ``cartoon``, ``quality``, ``exif``; ``all`` means
        every group. Core columns of a group left out are null; extra columns left out are absent.
    faces : str
        Face detector: ``centerface``, ``yunet`` or ``retinaface``.
    face_threshold : float or None
        Least confidence of a face, in [0, 1]; None takes the detector's own default.
    ocr : str
        Text reader: ``rapid`` or ``paddle``.
    arabic : str
        Recogniser of Arabic lines behind ``ocr="rapid"``: ``tesseract``, ``rapid`` (a PP-OCRv5
        model that has to be downloaded) or ``none``.
    text_threshold : float
        Least mean confidence of a detected text box, in [0, 1].
    allow_truncated : bool
        Decode what there is of a cut-off file instead of rejecting it.
    max_pixels : int
        Images with more pixels (width * height) are rejected before memory is allocated.
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
    arabic: str = "tesseract"
    text_threshold: float = 0.6
    allow_truncated: bool = False
    max_pixels: int = field(default=100_000_000, metadata=_host_only())
    max_bytes: int = field(default=128 * 2**20, metadata=_host_only())
    model_dir: str | None = field(default=None, metadata=_host_only())

    def __post_init__(self) -> None:
        object.__setattr__(self, "groups", _expand_groups(self.groups))
        _check_choice("faces", self.faces, FACE_DETECTORS)
        _check_choice("ocr", self.ocr, TEXT_READERS)
        _check_choice("arabic", self.arabic, ARABIC_READERS)
        for name in ("face_threshold", "text_threshold"):
            value = getattr(self, name)
            if value is not None and not 0 <= value <= 1:
                raise SettingsError(f"{name} is {value!r}; it must lie between 0 and 1")
        for name in ("max_pixels", "max_bytes"):
            if getattr(self, name) < 1:
                raise SettingsError(f"{name} is {getattr(self, name)!r}; it must be at least 1")

    def to_dict(self) -> dict[str, Any]:
        """Return the settings as JSON-ready values."""
        return {**asdict(self), "groups": list(self.groups)}

    @classmethod
    def row_fields(cls) -> tuple[str, ...]:
        """Return the names of the settings that can change a row."""
        return tuple(f.name for f in fields(cls) if f.metadata.get("changes_rows", True))


def _check_choice(name: str, value: str, known: Iterable[str]) -> None:
    if value not in known:
        raise SettingsError(f"{name}={value!r} is not known; choose from: {', '.join(known)}")


def _expand_groups(groups: Iterable[str]) -> tuple[str, ...]:
    if isinstance(groups, str):
        raise SettingsError(f"groups={groups!r} is a string; give a tuple such as ({groups!r},)")
    wanted: set[str] = set()
    known = _GROUP_ALIASES["all"]
    for group in groups:
        if group not in _GROUP_ALIASES:
            _check_choice("groups", group, (*known, *_GROUP_ALIASES))
        wanted.update(_GROUP_ALIASES.get(group, (group,)))
    return tuple(group for group in known if group in wanted)
