"""A service for a folder, started as people start it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from serving import ROOT, Served

_CODE = "from epic_gallery.cli import main\nif __name__ == '__main__':\n    main()\n"


@contextmanager
def serving_folder(root: Path, corrections: Path, place: Path, first: str = "") -> Iterator[Served]:
    """Run ``epic serve --folder`` on a free port, and end it.

    Parameters
    ----------
    root, corrections : Path
        Given to the command.
    place : Path
        An existing folder for its log.
    first : str
        Code that runs before the command.
    """
    log, script = place / "service.log", place / "service.py"
    script.write_text(first + _CODE)
    command = [sys.executable, script, "serve", "--port", "0", "--workers", "1"]
    with log.open("w") as errors:
        process = subprocess.Popen(
            [*command, "--folder", root, "--corrections", corrections],
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"},
        )
    with process:
        try:
            link = process.stdout.readline().strip()
            assert link.startswith("http://127.0.0.1:"), log.read_text()
            served = Served(link, process, log)
            served.until(lambda: served.health()["ready"], 120)
            yield served
        finally:
            process.terminate()
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                process.kill()
