"""The free fonts that the training lines are drawn with.

From Debian packages (``/usr/share/fonts``) and from the npm packages of Fontsource, which hold the
fonts of Google's catalogue, all under the SIL Open Font Licence; `fetch` gets those.
"""

from __future__ import annotations

import json
import subprocess
import tarfile
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path

from PIL import ImageFont

DEBIAN = {
    "fonts-arabeyes": "GPL-2",
    "fonts-dejavu-core": "Bitstream Vera",
    "fonts-droid-fallback": "Apache-2.0",
    "fonts-farsiweb": "GPL-2+ with font exception",
    "fonts-freefarsi": "GPL-2+ with font exception",
    "fonts-font-awesome": "OFL-1.1",
    "fonts-freefont-ttf": "GPL-3+ with font exception",
    "fonts-hosny-amiri": "OFL-1.1",
    "fonts-hosny-thabit": "OFL-1.1",
    "fonts-kacst": "GPL-2",
    "fonts-kacst-one": "GPL-2",
    "fonts-lato": "OFL-1.1",
    "fonts-liberation": "OFL-1.1",
    "fonts-noto-core": "OFL-1.1",
    "fonts-noto-ui-core": "OFL-1.1",
    "fonts-open-sans": "Apache-2.0",
    "fonts-paktype": "GPL-2 with font exception",
    "fonts-roboto-unhinted": "Apache-2.0",
    "fonts-sil-harmattan": "OFL-1.1",
    "fonts-sil-lateef": "OFL-1.1",
    "fonts-sil-scheherazade": "OFL-1.1",
}
"""Debian packages of fonts and their licences."""

# Faces by how often they are met: on screens, in print, on cards and posters.
_SCREEN = (
    "alexandria almarai beiruti cairo changa el-messiri ibm-plex-sans-arabic lexend mada "
    "noto-kufi-arabic noto-naskh-arabic noto-sans-arabic readex-pro rubik tajawal vazirmatn zain"
).split()
_PRINT = "amiri harmattan lateef markazi-text mirza scheherazade-new reem-kufi ruwudu".split()
_DISPLAY = (
    "alkalami aref-ruqaa badeen-display baloo-bhaijaan-2 blaka cairo-play gulzar handjet jomhuria "
    "katibeh kufam lalezar lemonada marhey oi playpen-sans-arabic qahiri rakkas vibes "
    "noto-nastaliq-urdu"
).split()
_ICONS = ("material-icons", "noto-emoji")
FONTSOURCE = (*_SCREEN, *_PRINT, *_DISPLAY, *_ICONS)
"""Fonts of the npm packages ``@fontsource/NAME``."""

_SYSTEM = (
    (6.0, "truetype/noto/NotoNaskhArabicUI-*.ttf"),
    (6.0, "truetype/noto/NotoSansArabicUI-*.ttf"),
    (5.0, "truetype/dejavu/DejaVuSans.ttf"),
    (3.0, "truetype/dejavu/DejaVuSans-Bold.ttf"),
    (1.0, "truetype/dejavu/DejaVuSansMono.ttf"),
    (2.0, "truetype/noto/NotoNaskhArabic-*.ttf"),
    (3.0, "truetype/noto/NotoSansArabic-*.ttf"),
    (2.0, "truetype/noto/NotoKufiArabic-*.ttf"),
    (2.0, "truetype/freefarsi/*.ttf"),
    (1.0, "truetype/freefont/FreeSerif.ttf"),
    (1.0, "truetype/freefont/FreeMono.ttf"),
    (3.0, "opentype/fonts-hosny-amiri/Amiri-*.ttf"),
    (1.0, "opentype/fonts-hosny-thabit/Thabit*.ttf"),
    (2.0, "truetype/kacst-one/*.ttf"),
    (4.0, "truetype/kacst/Kacst*.ttf"),
    (3.0, "truetype/scheherazade/*.ttf"),
    (1.0, "truetype/harmattan/*.ttf"),
    (1.0, "opentype/lateef/*.ttf"),
    (2.0, "truetype/farsiweb/*.ttf"),
    (1.5, "truetype/paktype/PakType*.ttf"),
    (7.0, "truetype/fonts-arabeyes/ae_*.ttf"),
)
_FONTSOURCE_WEIGHT = dict.fromkeys(_SCREEN, 3.5) | dict.fromkeys(_PRINT, 2.5)
_NASTALIQ = ("gulzar", "noto-nastaliq-urdu")
_DISPLAY_WEIGHT, _NASTALIQ_WEIGHT = 1.0, 0.3
_LATIN = (
    "truetype/roboto/unhinted/RobotoTTF/Roboto-Regular.ttf",
    "truetype/roboto/unhinted/RobotoTTF/Roboto-Bold.ttf",
    "truetype/liberation/LiberationSans-Regular.ttf",
    "truetype/liberation/LiberationSans-Bold.ttf",
    "truetype/liberation/LiberationSerif-Regular.ttf",
    "truetype/open-sans/OpenSans-Regular.ttf",
    "truetype/open-sans/OpenSans-Bold.ttf",
    "truetype/lato/Lato-Regular.ttf",
    "truetype/dejavu/DejaVuSans.ttf",
    "truetype/noto/NotoSans-Regular.ttf",
)
# Broken or unreadable: no Arabic letters, dotless or a picture for each letter.
_UNUSABLE = (
    "Colored",
    "KacstDecorative",
    "ae_Shado",
    "ae_Japan",
    "KacstArt",
    "KacstPen",
    "ae_Jet",
    "Ajrak",
)

# These draw Arabic-Indic digits in the shapes of European ones.
_EUROPEAN_DIGITS = ("zain", "badeen-display", "oi")

HELD_OUT = (
    "mada",
    "zain",
    "markazi-text",
    "lemonada",
    "rakkas",
    "KacstTitle",
    "ae_AlMohanad",
    "ae_Granada",
    "Thabit",
    "ae_Salem",
)
"""Parts of the names of fonts kept out of training, to see how unknown ones are read."""


@dataclass(frozen=True)
class Face:
    """A font file with Arabic letters.

    Attributes
    ----------
    path : Path
        File with the Arabic letters.
    partner : Path or None
        File of the same family with the Latin letters, where they are kept apart.
    weight : float
        How often it is drawn, relative to the others.
    """

    path: Path
    partner: Path | None
    weight: float
    symbols: frozenset[int] = field(repr=False)

    @property
    def held_out(self) -> bool:
        """Whether it is kept out of training."""
        return any(name in self.path.name for name in HELD_OUT)


_FOREIGN = {
    "he": "truetype/noto/NotoSansHebrew-*.ttf",
    "hi": "truetype/noto/NotoSansDevanagari-*.ttf",
    "bn": "truetype/noto/NotoSansBengali-*.ttf",
    "ta": "truetype/noto/NotoSansTamil-*.ttf",
    "th": "truetype/noto/NotoSansThai-*.ttf",
    "ka": "truetype/noto/NotoSansGeorgian-*.ttf",
    "hy": "truetype/noto/NotoSansArmenian-*.ttf",
    "am": "truetype/noto/NotoSansEthiopic-*.ttf",
    "zh": "truetype/droid/DroidSansFallback*.ttf",
    "ja": "truetype/droid/DroidSansFallback*.ttf",
    "ko": "truetype/droid/DroidSansFallback*.ttf",
}
_FOREIGN_ELSE = ("truetype/noto/NotoSans-*.ttf", "truetype/noto/NotoSerif-*.ttf")


@lru_cache(maxsize=64)
def foreign_faces(language: str) -> tuple[Path, ...]:
    """Return fonts for a language in another script, as Babel names it."""
    root = Path("/usr/share/fonts")
    patterns = (_FOREIGN[language],) if language in _FOREIGN else _FOREIGN_ELSE
    return tuple(path for pattern in patterns for path in sorted(root.glob(pattern)))


@lru_cache(maxsize=2)
def icons(folder: Path) -> tuple[tuple[Path, str], ...]:
    """Return what stands beside letters and must not be read: font files and one symbol each."""
    paths = [Path("/usr/share/fonts/truetype/font-awesome/fontawesome-webfont.ttf")]
    for name in _ICONS:
        paths += sorted((folder / name / "package" / "files").glob("*-400-normal.woff2"))
    return tuple(
        (path, chr(code))
        for path in paths
        if path.is_file()
        for code in sorted(symbols_of(path))
        if 0xE000 <= code <= 0xF8FF or code >= 0x1F300
    )


def fetch(folder: Path) -> None:
    """Get the npm packages of `FONTSOURCE` into `folder`; those that are there are kept."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in FONTSOURCE:
        if (folder / name).is_dir():
            continue
        packed = subprocess.run(
            ["npm", "pack", "--silent", f"@fontsource/{name}"],
            cwd=folder,
            check=True,
            capture_output=True,
            text=True,
        ).stdout.split()[-1]
        with tarfile.open(folder / packed) as archive:
            archive.extractall(folder / name, filter="data")
        (folder / packed).unlink()


def licences(folder: Path) -> dict[str, str]:
    """Return the licence of every font package, by its name."""
    found = {f"Debian {name}": licence for name, licence in DEBIAN.items()}
    for path in sorted(folder.glob("*/package/metadata.json")):
        licence = json.loads(path.read_text())["license"]
        kind = licence if isinstance(licence, str) else licence["type"]
        found[f"npm @fontsource/{path.parts[-3]}"] = kind
    return found


@lru_cache(maxsize=2)
def faces(folder: Path) -> tuple[Face, ...]:
    """Return every usable font: those of this machine and those of `fetch` in `folder`."""
    found = []
    root = Path("/usr/share/fonts")
    for weight, pattern in _SYSTEM:
        paths = [path for path in sorted(root.glob(pattern)) if _usable(path)]
        found += [_face(path, None, weight / len(paths)) for path in paths]
    for name in (*_SCREEN, *_PRINT, *_DISPLAY):
        files = folder / name / "package" / "files"
        paths = sorted(files.glob(f"{name}-arabic-[0-9]*-normal.woff2"))
        weight = _FONTSOURCE_WEIGHT.get(name, _DISPLAY_WEIGHT)
        weight = _NASTALIQ_WEIGHT if name in _NASTALIQ else weight
        for path in paths:
            latin = path.with_name(path.name.replace("-arabic-", "-latin-", 1))
            if name.endswith("-arabic"):
                latin = path.with_name(path.name.replace(f"{name}-arabic", f"{name}-latin"))
            face = _face(path, latin if latin.is_file() else None, weight / len(paths))
            if name in _EUROPEAN_DIGITS:
                face = replace(face, symbols=face.symbols - set(range(0x660, 0x66A)))
            found.append(face)
    return tuple(face for face in found if {0x628, 0x644, 0x647} <= face.symbols)


@lru_cache(maxsize=1)
def latin_faces() -> tuple[Path, ...]:
    """Return fonts for the Latin words beside Arabic letters that bring none of their own."""
    root = Path("/usr/share/fonts")
    return tuple(root / name for name in _LATIN if (root / name).is_file())


@lru_cache(maxsize=512)
def symbols_of(path: Path) -> frozenset[int]:
    """Return the code points that a font file has glyphs for."""
    from fontTools.ttLib import TTFont

    with TTFont(path, fontNumber=0, lazy=True) as font:
        return frozenset(font.getBestCmap() or ())


@lru_cache(maxsize=4096)
def sized(path: Path, size: int) -> ImageFont.FreeTypeFont:
    """Return a font at a size in pixels."""
    return ImageFont.truetype(str(path), size, layout_engine=ImageFont.Layout.RAQM)


def _face(path: Path, partner: Path | None, weight: float) -> Face:
    return Face(path, partner, weight, symbols_of(path))


def _usable(path: Path) -> bool:
    return not any(name in path.name for name in _UNUSABLE)


def names(found: Iterable[Face]) -> list[str]:
    """Return the file names of some fonts, sorted."""
    return sorted(face.path.name for face in found)
