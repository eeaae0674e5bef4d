"""What a figure was measured on, and how a table of figures is written."""

from __future__ import annotations

import os
import platform
from collections.abc import Sequence
from datetime import date
from importlib.metadata import version
from pathlib import Path

PARTS = (
    "epic-features",
    "numpy",
    "pillow",
    "opencv-python-headless",
    "onnxruntime",
    "rapidocr",
    "tesserocr",
    "simplemma",
)


def describe() -> str:
    """Return a Markdown paragraph naming date, processor and versions."""
    processor = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        names = [line for line in cpuinfo.read_text().splitlines() if "model name" in line]
        processor = names[0].split(":", 1)[1].strip() if names else processor
    parts = ", ".join(f"{part} {version(part)}" for part in PARTS)
    return (
        f"Measured on {date.today()}: {processor}, {os.cpu_count()} cores, {platform.system()}, "
        f"Python {platform.python_version()}; {parts}."
    )


def table(header: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """Return a Markdown table."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(str(cell) for cell in line) + " |" for line in lines)


def write(path: Path, title: str, *parts: str) -> None:
    """Write a Markdown report and print it."""
    text = "\n\n".join([f"# {title}", describe(), *parts]) + "\n"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    print(text)
