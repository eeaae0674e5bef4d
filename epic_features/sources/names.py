"""What file names say, and what is known of a file without reading it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePosixPath

EXTENSIONS = frozenset(
    ".jpg .jpeg .jpe .jfif .mpo .png .apng .webp .heic .heif .hif .avif .gif .bmp .dib .tif .tiff "
    ".ico .jp2 .j2k .ppm .pgm .pbm .pnm".split()
)


@dataclass(frozen=True)
class FileIdentity:
    """What tells whether a file is still the one it was, without reading it.

    Attributes
    ----------
    size : int
        Bytes; -1 when the server does not say.
    mtime_ns : int or None
        Time of the last change in nanoseconds since 1970, as exact as its source has it (a second
        over WebDAV, two on the FAT of a memory card); None when it is not known.
    etag : str or None
        The server's own mark of a version, or the CRC-32 inside a zip file.
    """

    size: int
    mtime_ns: int | None = None
    etag: str | None = None


def is_hidden(name: str) -> bool:
    """Tell whether a file or folder is passed over, such as ``.thumbnails``."""
    return name.startswith(".")


def has_image_extension(name: str) -> bool | None:
    """Tell by its extension whether a file may be an image; None when it has none."""
    extension = PurePosixPath(name).suffix.lower()
    return extension in EXTENSIONS if extension else None


def printable(name: str) -> str:
    r"""Return a name that any file format can store.

    A file name need not be valid Unicode; Python then has lone surrogates in it, which Parquet
    and JSON refuse. They become ``\xNN``, the byte that they stand for.
    """
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
