"""What the tests of moving need to know of a folder."""

from __future__ import annotations

import os
from pathlib import Path

ODD_NAMES = (
    "صورة الجروب ٢٠٢٤.jpg",
    "😀 family 👨‍👩‍👧.png",
    os.fsdecode(b"\xff\xfe.jpg"),
    "x" * 251 + ".jpg",
    "ص" * 125 + ".jpeg",
    "-rf",
    "a\nb.jpg",
    ".hidden",
)


def tree(root: Path) -> dict[str, tuple[bytes, int]]:
    """Return bytes and time of change of every file; of what is in ``.epic`` only the trash."""
    found = {}
    for folder, folders, files in os.walk(root):
        relative = Path(folder).relative_to(root)
        if relative.as_posix() == ".epic":
            folders[:], files[:] = [n for n in folders if n == "trash"], []
        for name in files:
            path = Path(folder, name)
            lost = path.is_symlink() and not path.exists()
            content = b"a link to nothing" if lost else path.read_bytes()
            found[(relative / name).as_posix()] = (content, path.lstat().st_mtime_ns)
    return found


def contents(root: Path) -> list[tuple[bytes, int]]:
    """Return bytes and times of every file, in no order that a move could change."""
    return sorted(tree(root).values())


def fill(root: Path, files: dict[str, bytes]) -> None:
    """Write files, each with a time of change of its own."""
    for number, (name, content) in enumerate(files.items()):
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        os.utime(path, ns=(10**18, 10**18 + number * 1_000_000_007))


def listing(folder: Path) -> list[str]:
    """Return the names in a folder, in order."""
    return sorted(path.name for path in folder.iterdir())
