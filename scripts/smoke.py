"""A few things that must work where nothing but the wheel is installed.

``python -I smoke.py WHEEL``, from a folder that is not the repository.
"""

from __future__ import annotations

import csv
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
from PIL import Image, ImageDraw, ImageFont

import epic_features
from classifiers import load_pretrained
from classifiers.pretrained import NAMES
from epic_features import SCHEMA, Settings, extract
from epic_features.notebook import view


def epic(*arguments: str | Path) -> str:
    """Run the installed command and return what it prints."""
    command = [str(Path(sys.executable).with_name("epic")), *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{' '.join(command)} failed: {done.stderr}")
    return done.stdout


def draw(folder: Path) -> None:
    """Draw a page with words, and a picture without."""
    page = Image.new("RGB", (640, 360), "white")
    pen = ImageDraw.Draw(page)
    pen.text((40, 60), "HELLO FROM CAIRO", fill="black", font=ImageFont.load_default(48))
    page.save(folder / "page.png")
    y, x = np.mgrid[0:240, 0:320]
    Image.fromarray(np.stack([x % 256, y, 255 - y], axis=-1).astype(np.uint8)).save(
        folder / "sky.jpg"
    )


def main() -> None:
    """Extract, classify and ask the command for help."""
    home = Path(epic_features.__file__)
    assert home.is_relative_to(sys.prefix), f"{home} is not what was installed"
    version = Path(sys.argv[1]).name.split("-")[1]
    assert epic("--version").strip() == epic_features.__version__ == version
    for command in ("extract", "classify", "train", "organize", "clean", "serve", "models"):
        assert command in epic("--help"), command
        assert "Usage" in epic(command, "--help"), command
    assert all(load_pretrained(name).classes_.size for name in NAMES)

    with tempfile.TemporaryDirectory() as place:
        folder = Path(place, "gallery")
        folder.mkdir()
        draw(folder)
        frame = extract(folder).set_index("file_name")
        assert {*frame.columns, "file_name"} == set(SCHEMA.names)
        assert "CAIRO" in frame.loc["page.png", "en_words_original"], frame.loc["page.png"]
        assert frame.loc["sky.jpg", "total_lines_of_text_count"] == 0
        assert "data:image/jpeg" in view(frame.reset_index(), folder).html
        assert len(extract(folder, settings=Settings(groups=("all",), embedding="backbones"))) == 2

        epic("extract", folder, "-o", Path(place, "features.parquet"))
        assert pq.read_table(Path(place, "features.parquet")).num_rows == 2
        epic("classify", folder, "-o", Path(place, "labels.csv"), "--reasons")
        with Path(place, "labels.csv").open(encoding="utf-8") as lines:
            labels = [row["label"] for row in csv.DictReader(lines)]
        assert len(labels) == 2
        assert set(labels) <= {"personal", "irrelevant"}
    print(f"epic-features {version} works with Python {sys.version.split()[0]}")


if __name__ == "__main__":
    main()
