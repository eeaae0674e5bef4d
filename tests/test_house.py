"""Rules of the house that hold for the whole tree."""

import ast
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("epic_features", "classifiers", "epic_gallery")


def imported(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            names.add(node.module or "")
    return {name.split(".")[0] for name in names}


def test_nothing_imports_upwards():
    for level, package in enumerate(PACKAGES):
        for path in (ROOT / package).rglob("*.py"):
            above = set(PACKAGES[level + 1 :]) & imported(path)
            assert not above, f"{path} imports {above}"


def test_no_file_is_longer_than_400_lines():
    for folder in (*PACKAGES, "training", "examples", "benchmarks", "tests"):
        for path in (ROOT / folder).rglob("*.py"):
            if path.name != "word_lists.py":  # One word a line.
                assert len(path.read_text(encoding="utf-8").splitlines()) <= 400, path


def test_importing_loads_no_model_and_no_heavy_part():
    code = (
        "import sys, epic_features; epic_features.Settings();"
        "heavy = {'torch', 'cv2', 'onnxruntime', 'rapidocr', 'tesserocr', 'pandas', 'pyarrow',"
        " 'simplemma', 'lemminflect', 'PIL'} & set(sys.modules); print(sorted(heavy))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert done.stdout.strip() == "[]"


def test_extraction_opens_no_socket(gallery, default_models):
    folder, drawings = gallery
    code = (
        "import socket, sys\n"
        "def refuse(*a, **k): raise AssertionError('a socket was opened')\n"
        "socket.socket.connect = refuse\n"
        "socket.getaddrinfo = refuse\n"
        "from epic_features import Settings, extract\n"
        "print(len(extract(sys.argv[1], settings=Settings(groups=('all',)))))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, folder / drawings[0].path],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert done.stdout.strip() == "1", done.stderr
