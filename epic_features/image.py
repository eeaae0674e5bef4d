"""Bytes to upright RGB pixels: the only place that decodes."""

from __future__ import annotations

import io
import threading
import warnings
from dataclasses import dataclass, field, replace
from functools import cache, cached_property
from typing import TYPE_CHECKING

import cv2
import numpy as np
from numpy.typing import NDArray

from epic_features.color_counts import ColorCounts, count_colors, count_distinct
from epic_features.errors import ImageError
from epic_features.settings import Settings

if TYPE_CHECKING:
    from PIL import Image as PILImage

# Raster formats of galleries. Pillow would also hand EPS to Ghostscript and open scientific
# formats; a picture from a stranger must not reach those.
FORMATS = (
    "JPEG",
    "PNG",
    "WEBP",
    "HEIF",
    "AVIF",
    "GIF",
    "BMP",
    "TIFF",
    "ICO",
    "JPEG2000",
    "PPM",
)

_ORIENTATION = 0x0112
_SUB_IFDS = (0x8769, 0x8825)  # Exif, GPS
# At 2,048 OpenCV would make the overview by halving; see `_halved_and_shrunk`.
_LARGE, _OVERVIEW = 2048, 1024
# Twice as large as wanted, or nearly: what is left to shrink hides where the halves begin.
_HALVE = 3.5
# Pillow keeps RGB in four bytes a pixel, and a strip of this size in one block of memory.
_STRIP_PIXELS = 1_000_000
_open_lock = threading.Lock()


@dataclass(frozen=True, eq=False)
class Image:
    """One decoded image, upright, with what is known about where it came from.

    Attributes
    ----------
    pixels : ndarray of uint8, shape (height, width, 3)
        RGB, EXIF orientation applied, alpha composited on white. Read-only.
    file_name, relative_path, label : str or None
        Base name, path below the source root with ``/``, and folder-per-class label.
    encoded : bytes or None
        The file as it was read; None for an image that was given as pixels.
    format : str or None
        Format of `encoded` as Pillow names it (``"JPEG"``, ``"WEBP"`` ...), told by its content.
    exif : dict
        EXIF tags by number, flat over the IFDs; empty when there are none.
    """

    pixels: NDArray[np.uint8]
    file_name: str | None = None
    relative_path: str | None = None
    label: str | None = None
    encoded: bytes | None = None
    format: str | None = None
    exif: dict[int, object] = field(default_factory=dict)

    @property
    def width(self) -> int:
        """Width in pixels of the upright image."""
        return int(self.pixels.shape[1])

    @property
    def height(self) -> int:
        """Height in pixels of the upright image."""
        return int(self.pixels.shape[0])

    def fitted(self, side: int) -> NDArray[np.uint8]:
        """Return the pixels with the longest side at most `side`, by area averaging.

        Returns `pixels` itself when it is small enough; never enlarges.
        """
        return _shrunk(self.overview if side <= _OVERVIEW else self.pixels, side)

    @cached_property
    def overview(self) -> NDArray[np.uint8]:
        """The pixels, or of a picture with a side above 2,048 a copy that fits into 1,024.

        Shrinking is most of what a large picture costs; smaller copies are made of this one.
        """
        large = max(self.width, self.height) > _LARGE
        return _halved_and_shrunk(self.pixels, _OVERVIEW) if large else self.pixels

    @cached_property
    def color_counts(self) -> ColorCounts:
        """How many pixels have which colour; counted once, for all the stages that ask."""
        return count_colors(self.pixels)

    @property
    def distinct_colors(self) -> int:
        """How many colours there are; only told apart, if nobody has asked for `color_counts`."""
        counted = self.__dict__.get("color_counts")
        return count_distinct(self.pixels) if counted is None else len(counted.counts)

    def named(self, file_name: str, relative_path: str, label: str | None) -> Image:
        """Return the same image with its place in a source."""
        return replace(self, file_name=file_name, relative_path=relative_path, label=label)


def decode(encoded: bytes, settings: Settings, *, name: str = "<bytes>") -> Image:
    """Decode the first frame of an encoded image.

    Parameters
    ----------
    encoded : bytes
        A whole image file; its type is told by its content, never by its name.
    settings : Settings
        `max_pixels`, `max_bytes` and `allow_truncated` apply.
    name : str
        What to call the image in errors.

    Raises
    ------
    ImageError
        The bytes are no image, are damaged or cut off, or exceed a limit.
    """
    if len(encoded) > settings.max_bytes:
        raise too_many_bytes(name, len(encoded), settings)
    try:
        picture = _open(encoded)
        _check_pixels(picture, settings, name)
        exif = _exif(picture)  # Before loading: Pillow turns TIFF pixels and drops the tag then.
        _load(picture, allow_truncated=settings.allow_truncated)
        pixels = _upright(_rgb(picture), picture)
    except ImageError:
        raise
    except Exception as error:  # Pillow's plugins raise anything on hostile bytes.
        raise ImageError(name, _reason(encoded, error, settings)) from error
    return Image(pixels=pixels, encoded=encoded, format=picture.format, exif=exif)


def from_pillow(picture: PILImage.Image, settings: Settings) -> Image:
    """Turn an open Pillow image into upright RGB pixels; the Pillow image is not changed."""
    name = getattr(picture, "filename", "") or "<PIL image>"
    _check_pixels(picture, settings, name)
    try:
        exif = _exif(picture)
        pixels = _upright(_rgb(picture), picture)
    except Exception as error:
        raise ImageError(name, f"Pillow can't load its pixels: {error}") from error
    return Image(pixels=pixels, exif=exif)


def from_array(array: NDArray[np.uint8], settings: Settings) -> Image:
    """Wrap pixels that are decoded already.

    Parameters
    ----------
    array : ndarray of uint8, shape (H, W), (H, W, 1), (H, W, 3) or (H, W, 4)
        Grey, RGB or RGBA (not OpenCV's BGR), upright.
    settings : Settings
        `max_pixels` applies.

    Raises
    ------
    ImageError
        Wrong type or shape, no pixels, or too many.
    """
    from PIL import Image as PILImage

    if array.dtype != np.uint8:
        raise ImageError("<array>", f"pixels are {array.dtype}; give uint8 values from 0 to 255")
    channels = array.shape[2] if array.ndim == 3 else 1
    if array.ndim not in (2, 3) or channels not in (1, 3, 4):
        raise ImageError("<array>", f"shape {array.shape}; give (H, W), (H, W, 3) or (H, W, 4)")
    if array.size == 0:
        raise ImageError("<array>", f"shape {array.shape} has no pixels")
    flat = array[:, :, 0] if array.ndim == 3 and channels == 1 else array
    picture = PILImage.fromarray(np.ascontiguousarray(flat))
    _check_pixels(picture, settings, "<array>")
    return Image(pixels=_read_only(_rgb(picture)))


def _shrunk(pixels: NDArray[np.uint8], side: int) -> NDArray[np.uint8]:
    size = _fitting(pixels, side)
    if size == pixels.shape[1::-1]:
        return pixels
    return np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), np.uint8)


def _halved_and_shrunk(pixels: NDArray[np.uint8], side: int) -> NDArray[np.uint8]:
    """Do what `_shrunk` does, of very large pictures in half of the time and nearly as well."""
    size = _fitting(pixels, side)
    halvings = 0
    while max(pixels.shape[:2]) > _HALVE * side and min(pixels.shape[:2]) > 1:
        height, width = (length // 2 for length in pixels.shape[:2])
        even = pixels[: 2 * height, : 2 * width]  # Elsewise OpenCV takes the slow way.
        pixels = np.asarray(cv2.resize(even, (width, height), interpolation=cv2.INTER_AREA))
        halvings += 1
    if not halvings:
        return _shrunk(pixels, side)
    # OpenCV rounds the means of 2 x 2 pixels up: each time the copy gets an eighth of a grey level
    # brighter, which would move `bilateral_similarity` by up to 1.7 standard deviations. It is
    # taken off in steps of a 256th, before the last rounding.
    fine = np.left_shift(pixels, 8, dtype=np.uint16)
    fine = np.asarray(cv2.resize(fine, size, interpolation=cv2.INTER_AREA), np.uint16)
    return (np.maximum(fine, 32 * halvings) + 128 - 32 * halvings >> 8).astype(np.uint8)


def _fitting(pixels: NDArray[np.uint8], side: int) -> tuple[int, int]:
    """Return width and height of the pixels when their longest side is at most `side`."""
    height, width = pixels.shape[:2]
    scale = min(1.0, side / max(width, height))
    return max(1, round(width * scale)), max(1, round(height * scale))


_MAGIC = (b"\xff\xd8\xff", b"\x89PNG", b"GIF8", b"RIFF", b"BM", b"II*\0", b"MM\0*")


def looks_encoded(head: bytes) -> bool:
    """Tell by the first 16 bytes of a file whether it may be an image of a known format."""
    return head.startswith(_MAGIC) or head[4:8] == b"ftyp"


@cache
def _register_heif() -> None:
    import pi_heif

    pi_heif.register_heif_opener()


def _open(encoded: bytes) -> PILImage.Image:
    from PIL import Image as PILImage

    _register_heif()
    # Pillow warns from 89 million pixels on; the limit that counts is ours. The lock is there
    # because a warnings filter belongs to the process, and opening only reads the header.
    with _open_lock, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return PILImage.open(io.BytesIO(encoded), formats=FORMATS)


def _check_pixels(picture: PILImage.Image, settings: Settings, name: str) -> None:
    width, height = picture.size
    if width * height > settings.max_pixels:
        raise ImageError(
            name,
            f"{width} x {height} pixels exceed the limit max_pixels={settings.max_pixels}",
        )


def too_many_bytes(name: str, size: int, settings: Settings) -> ImageError:
    """Return the error for a file over the limit, for callers that know the size beforehand."""
    return ImageError(name, f"{size} bytes exceed the limit max_bytes={settings.max_bytes}")


def _load(picture: PILImage.Image, *, allow_truncated: bool) -> None:
    from PIL import ImageFile

    try:
        picture.load()
    except (OSError, SyntaxError):
        # Pillow's own switch for this is global. What was decoded before the data ran out is
        # already in the image; without tiles left to decode, load() accepts it.
        started = getattr(picture, "_im", None) is not None
        if not (allow_truncated and started and isinstance(picture, ImageFile.ImageFile)):
            raise
        picture.tile = []
        picture.load()


def _exif(picture: PILImage.Image) -> dict[int, object]:
    """Return the EXIF tags; unreadable EXIF counts as none, because the pixels are what matters."""
    try:
        exif = picture.getexif()
        tags: dict[int, object] = dict(exif)
        for ifd in _SUB_IFDS:
            tags.update(exif.get_ifd(ifd))
    except Exception:
        return {}
    stored = picture.info.get("original_orientation")  # pi-heif turns the pixels and resets the tag
    if stored is not None:
        tags[_ORIENTATION] = stored
    return tags


def _rgb(picture: PILImage.Image) -> NDArray[np.uint8]:
    """Convert any mode to RGB in strips, so that no second full-size copy exists."""
    width, height = picture.size
    pixels = np.empty((height, width, 3), np.uint8)
    rows = max(1, _STRIP_PIXELS // width)
    for top in range(0, height, rows):
        strip = picture.crop((0, top, width, min(height, top + rows)))
        _strip_to_rgb(strip, picture, pixels[top : top + rows])
    return pixels


def _strip_to_rgb(strip: PILImage.Image, whole: PILImage.Image, target: NDArray[np.uint8]) -> None:
    import pyarrow as pa
    from PIL import Image as PILImage

    if strip.mode.startswith(("I", "F")):
        target[:] = _grey_to_rgb(np.asarray(strip), whole)
        return
    if strip.has_transparency_data or strip.mode in ("PA", "La", "RGBa"):
        overlay = strip.convert("RGBA")
        white = PILImage.new("RGBA", strip.size, "white")
        strip = PILImage.alpha_composite(white, overlay)
    # Through Arrow the memory of Pillow is seen without a copy: eight times as fast as NumPy's way.
    values = pa.array(strip.convert("RGB")).values
    # Not `to_numpy`, which imports pandas.
    rgbx = np.frombuffer(values.buffers()[1], np.uint8, len(values), values.offset)
    rgbx = rgbx.reshape(*target.shape[:2], 4)
    cv2.cvtColor(rgbx, cv2.COLOR_RGBA2RGB, dst=target)


def _grey_to_rgb(values: NDArray[np.generic], whole: PILImage.Image) -> NDArray[np.uint8]:
    """Scale grey of 16 bits, 32 bits or float to 8 bits.

    Pillow's ``convert("L")`` clips such values at 255, which turns 16-bit pictures white. 16-bit
    values are scaled by their type; float values have no fixed range and are taken as 0 to 1,
    or 0 to 255 when they go beyond.
    """
    numbers = values.astype(np.float32)
    if whole.mode == "F":
        _, top = whole.getextrema()
        scale = 255.0 if float(top) <= 1.0 else 1.0  # type: ignore[arg-type]
    else:
        scale = 1.0 / 257.0
    grey = np.clip(np.rint(np.nan_to_num(numbers) * scale), 0, 255).astype(np.uint8)
    return np.repeat(grey[:, :, None], 3, axis=2)


def _upright(pixels: NDArray[np.uint8], picture: PILImage.Image) -> NDArray[np.uint8]:
    """Apply EXIF orientation 1-8 (EXIF 2.32, table 6)."""
    try:
        orientation = picture.getexif().get(_ORIENTATION, 1)
    except Exception:
        orientation = 1
    if orientation in (5, 6, 7, 8):
        pixels = pixels.swapaxes(0, 1)
    if orientation in (2, 3, 6, 7):
        pixels = pixels[:, ::-1]
    if orientation in (3, 4, 7, 8):
        pixels = pixels[::-1]
    return _read_only(pixels)


def _read_only(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    pixels = np.ascontiguousarray(pixels)
    pixels.flags.writeable = False
    return pixels


_SIGNS = (
    (b"version https://git-lfs", "a Git LFS pointer, not the image itself"),
    (b"<!doctype html", "an HTML page, not an image"),
    (b"<html", "an HTML page, not an image"),
    (b"<?xml", "XML text, not an image"),
    (b"<svg", "an SVG drawing; only raster images are read"),
    (b"%pdf", "a PDF document, not an image"),
    (b"{", "JSON text, not an image"),
    (b"[", "JSON text, not an image"),
)


def _reason(encoded: bytes, error: Exception, settings: Settings) -> str:
    """Say in one line why the bytes could not be decoded."""
    from PIL import Image as PILImage
    from PIL import UnidentifiedImageError

    if not encoded:
        return "the file is empty"
    if isinstance(error, PILImage.DecompressionBombError):
        return f"its pixels exceed the limit max_pixels={settings.max_pixels}"
    if isinstance(error, UnidentifiedImageError):
        if not encoded.strip(b"\0"):
            return f"{len(encoded)} zero bytes, not an image"
        head = encoded[:512].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
        for sign, meaning in _SIGNS:
            if head.startswith(sign):
                return meaning
        if encoded.startswith(b"\xff\xd8"):
            return "a JPEG with a damaged header or of an unsupported kind (12-bit, lossless)"
        return "not an image of a known format, or its header is damaged"
    detail = " ".join(str(error).split()) or type(error).__name__
    return f"damaged or cut off: {detail}"
