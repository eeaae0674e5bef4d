"""The fonts and photographs that this machine has to offer."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from PIL import Image, ImageFont, features

# Each role with the files that can play it, best first. DejaVu comes with almost every Linux and
# inside matplotlib's wheel, and draws Latin, Arabic and mathematics.
_LATIN_ROLES = {
    "ui": ("NotoSans-Regular", "DejaVuSans"),
    "ui bold": ("NotoSans-Bold", "DejaVuSans-Bold"),
    "caption": ("DejaVuSansCondensed-Bold", "DejaVuSans-Bold", "NotoSans-Bold"),
    "page": ("DejaVuSerif", "DejaVuSans"),
    "page bold": ("DejaVuSerif-Bold", "DejaVuSans-Bold"),
    "slide": ("DejaVuSans",),
    "slide bold": ("DejaVuSans-Bold",),
    "hand": ("NotoSerif-Italic", "DejaVuSerif-Italic", "DejaVuSerif"),
}
_ARABIC_ROLES = {
    "ui": ("NotoSansArabic-Regular", "NotoNaskhArabic-Regular", "DejaVuSans"),
    "ui bold": ("NotoSansArabic-Bold", "NotoNaskhArabic-Bold", "DejaVuSans-Bold"),
    "caption": ("NotoSansArabic-Bold", "NotoNaskhArabic-Bold", "DejaVuSans-Bold"),
    "page": ("NotoNaskhArabic-Regular", "Amiri-Regular", "DejaVuSans"),
    "page bold": ("NotoNaskhArabic-Bold", "Amiri-Bold", "DejaVuSans-Bold"),
    "fancy": ("Amiri-Bold", "NotoNaskhArabic-Bold", "DejaVuSans-Bold"),
    "square": ("NotoKufiArabic-Bold", "Amiri-Bold", "DejaVuSans-Bold"),
    "hand": ("Amiri-Slanted", "NotoNaskhArabic-Regular", "DejaVuSans"),
}
# Without libraqm a font has to have the joined letters as characters, as DejaVu has.
_SHAPED_ROLES = {role: names[-1:] for role, names in _ARABIC_ROLES.items()}
_FONT_ADVICE = (
    "install them with `pip install matplotlib` (its wheel carries DejaVu) or, on Debian and "
    "Ubuntu, `apt-get install fonts-dejavu-core fonts-noto-core fonts-hosny-amiri`"
)

# Photographs inside the wheels, by what they show. All are in the public domain or CC0, but for
# china and flower (CC BY 2.0, danielbuechele and vultilion).
_PORTRAITS = {
    "astronaut": ("skimage", "data/astronaut.png"),
    "officer": ("matplotlib", "mpl-data/sample_data/grace_hopper.jpg"),
}
_VIEWS = {
    "coffee": ("skimage", "data/coffee.png"),
    "cat": ("skimage", "data/chelsea.png"),
    "rocket": ("skimage", "data/rocket.jpg"),
    "motorcycle": ("skimage", "data/motorcycle_left.png"),
    "pavilion": ("sklearn", "datasets/images/china.jpg"),
    "flower": ("sklearn", "datasets/images/flower.jpg"),
}


@dataclass(frozen=True)
class Kit:
    """What pictures can be drawn with.

    Attributes
    ----------
    latin, arabic : mapping of str to Path
        Font files by role; `arabic` is empty when there is none for Arabic.
    portraits, views : mapping of str to Path
        Photographs with one face each, and without any.
    notes : tuple of str
        What is missing, what that leaves out, and how to get it.
    """

    latin: Mapping[str, Path]
    arabic: Mapping[str, Path]
    portraits: Mapping[str, Path]
    views: Mapping[str, Path]
    notes: tuple[str, ...] = ()

    @classmethod
    def find(cls) -> Kit:
        """Look round this machine.

        Raises
        ------
        RuntimeError
            When there is no font for Latin letters and mathematics.
        """
        files = {file.stem: file for file in _font_files()}
        latin, absent = _cast(_LATIN_ROLES, files)
        if absent:
            raise RuntimeError(f"no font for {', '.join(absent)} was found: {_FONT_ADVICE}")
        notes = []
        arabic, absent = _cast(_ARABIC_ROLES if _has_raqm() else _SHAPED_ROLES, files)
        if absent:
            arabic = {}
            notes.append(f"no Arabic pictures: no Arabic font was found; {_FONT_ADVICE}")
        portraits, views = _in_wheels(_PORTRAITS), _in_wheels(_VIEWS)
        if not portraits:
            notes.append("no selfies: `pip install scikit-image` brings a photograph with a face")
        if not views:
            notes.append("no photographs: `pip install scikit-image` brings some")
        return cls(latin, arabic, portraits, views, tuple(notes))

    def font(self, role: str, size: int, *, arabic: bool = False) -> ImageFont.FreeTypeFont:
        """Return the font of a role, `size` pixels to the em."""
        path = (self.arabic if arabic else self.latin)[role]
        return _load(str(path), size, arabic and _has_raqm())

    def photo(self, name: str) -> Image.Image:
        """Return a photograph, as RGB."""
        return Image.open(self.portraits.get(name) or self.views[name]).convert("RGB")


@cache
def _load(path: str, size: int, raqm: bool) -> ImageFont.FreeTypeFont:
    layout = ImageFont.Layout.RAQM if raqm else ImageFont.Layout.BASIC
    return ImageFont.truetype(path, size, layout_engine=layout)


def _cast(
    roles: Mapping[str, tuple[str, ...]], files: Mapping[str, Path]
) -> tuple[dict[str, Path], list[str]]:
    """Return the best file for each role, and the roles nobody can play."""
    found = {
        role: next((files[name] for name in names if name in files), None)
        for role, names in roles.items()
    }
    cast = {role: file for role, file in found.items() if file}
    return cast, [role for role in roles if role not in cast]


def _font_files() -> Iterator[Path]:
    home = Path.home()
    folders = [
        _package_folder("matplotlib") / "mpl-data/fonts/ttf",
        Path("C:/Windows/Fonts"),
        Path("/Library/Fonts"),
        home / "Library/Fonts",
        home / ".fonts",
        home / ".local/share/fonts",
        Path("/usr/local/share/fonts"),
        Path("/usr/share/fonts"),
    ]
    for folder in folders:  # of two fonts with one name the later counts
        yield from sorted(folder.rglob("*.ttf"))


def _has_raqm() -> bool:
    # Pillow's wheels bring libraqm, which looks for FriBiDi on the system at run time; without it
    # they say that they have no raqm either.
    return all(features.check_feature(part) for part in ("raqm", "fribidi"))


def _in_wheels(photos: Mapping[str, tuple[str, str]]) -> dict[str, Path]:
    places = {name: _package_folder(package) / file for name, (package, file) in photos.items()}
    return {name: place for name, place in places.items() if place.is_file()}


def _package_folder(package: str) -> Path:
    """Return where a package lies, without importing it; no existing place when it is absent."""
    spec = importlib.util.find_spec(package)
    return Path(spec.origin).parent if spec and spec.origin else Path("/nonexistent", package)
