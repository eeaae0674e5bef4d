"""Bodies of requests that a stranger might send: random, broken, and made to do harm."""

from __future__ import annotations

import io
import random
import struct
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path

PNG = b"\x89PNG\r\n\x1a\n"
_MAGIC = (
    PNG,
    b"\xff\xd8\xff\xe0\x00\x10JFIF",
    b"GIF89a",
    b"RIFF\xff\xff\xff\x7fWEBPVP8 ",
    b"BM",
    b"II*\x00\x08\x00\x00\x00",
    b"MM\x00*\x00\x00\x00\x08",
    b"\x00\x00\x00\x1cftypheic",
    b"\x00\x00\x00\x1cftypavif",
    b"\x00\x00\x01\x00\x01\x00",
    b"\x00\x00\x00\x0cjP  \r\n\x87\n",
    b"P6\n99999 99999\n255\n",
)
_TEXTS = (b"<html>", b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"{}", b"%PDF-1.7", b"\0" * 999)


def bodies(
    count: int, good: Sequence[bytes], seed: int = 0, corrupt: Path | None = None
) -> Iterator[tuple[str, bytes, str]]:
    """Yield content type, body and kind of requests; forms have the boundary ``frontier``.

    Parameters
    ----------
    count : int
        How many that are made of chance; the files of `corrupt` and `bombs` come on top.
    good : sequence of bytes
        Pictures to break.
    seed : int
        Of chance.
    corrupt : Path, optional
        Folder of broken pictures.
    """
    dice = random.Random(seed)
    raw = "application/octet-stream"
    for name, bomb in bombs().items():
        yield raw, bomb, name
    for path in sorted(corrupt.iterdir()) if corrupt else []:
        yield "image/jpeg", path.read_bytes(), "corrupt"
    for _ in range(count):
        kind = dice.choice(("noise", "magic", "cut", "flipped", "joined", "text", "form", "form"))
        content = _broken(kind, dice, good)
        if kind == "form":
            yield "multipart/form-data; boundary=frontier", content, kind
        else:
            yield raw, content, kind


def bombs() -> dict[str, bytes]:
    """Return small files that are large, long or deep once they are opened."""
    from PIL import Image as PILImage

    frames = [PILImage.new("P", (64, 64), n) for n in range(500)]
    film, tall = io.BytesIO(), io.BytesIO()
    frames[0].save(film, "GIF", save_all=True, append_images=frames[1:])
    PILImage.new("1", (1, 60_000)).save(tall, "TIFF", compression="group4")
    empty = zlib.compress(bytes(4_000_000))
    return {
        "bomb: 2147483647 px": png_of(2**31 - 1, 2**31 - 1, [(b"IDAT", empty)]),
        "bomb: 12000 x 12000 px": png_of(12_000, 12_000, [(b"IDAT", empty)]),
        "bomb: too much data": png_of(10, 10, [(b"IDAT", zlib.compress(bytes(60_000_000), 9))]),
        "bomb: text": png_of(10, 10, [(b"zTXt", b"k\0\0" + zlib.compress(bytes(60_000_000), 9))]),
        "bomb: profile": png_of(
            10, 10, [(b"iCCP", b"k\0\0" + zlib.compress(bytes(60_000_000), 9))]
        ),
        "bomb: frames": film.getvalue(),
        "bomb: thin": tall.getvalue(),
        "bomb: header only": PNG + struct.pack(">I4s", 2**31 - 1, b"IHDR"),
        "bomb: tags": b"II*\0\x08\0\0\0\xff\xff"
        + b"\x0e\x01\x02\0\xff\xff\xff\x7f\x08\0\0\0" * 500,
    }


def png_of(width: int, height: int, chunks: Sequence[tuple[bytes, bytes]]) -> bytes:
    """Return an RGB PNG with these chunks after its header."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return PNG + b"".join(
        struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
        for name, body in ((b"IHDR", header), *chunks, (b"IEND", b""))
    )


def form_of(files: Sequence[tuple[str, bytes]]) -> bytes:
    """Return a form with the boundary ``frontier``."""
    parts = [
        b'--frontier\r\nContent-Disposition: form-data; name="files"; filename="%s"\r\n\r\n%s\r\n'
        % (name.encode(), content)
        for name, content in files
    ]
    return b"".join(parts) + b"--frontier--\r\n"


def _broken(kind: str, dice: random.Random, good: Sequence[bytes]) -> bytes:
    if kind == "noise":
        return dice.randbytes(dice.choice((0, 1, 15, 16, 17, 300, 5000, 70_000)))
    if kind == "magic":
        return dice.choice(_MAGIC) + dice.randbytes(dice.choice((0, 8, 200, 5000)))
    if kind == "text":
        return dice.choice(_TEXTS)
    if kind == "joined":
        return dice.choice(good)[: dice.randrange(200, 3000)] + dice.choice(good)
    picture = dice.choice(good)
    if kind == "cut":
        return picture[: dice.randrange(len(picture))]
    flipped = bytearray(picture)
    for _ in range(dice.choice((1, 5, 50, 500))):
        flipped[dice.randrange(len(flipped))] = dice.randrange(256)
    if kind == "flipped":
        return bytes(flipped)
    form = bytearray(form_of([("a.png", picture), ("b" * 300, bytes(flipped)), ("", b"")]))
    start = dice.choice((0, 1, 40, len(form) - 30))
    for place in range(start, min(len(form), start + dice.choice((0, 3, 20)))):
        form[place] = dice.randrange(256)
    return bytes(form[: dice.choice((len(form), len(form) - 5, dice.randrange(len(form))))])
