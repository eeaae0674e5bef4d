"""Execute the notebooks and store what they show: ``python -m examples.run_notebooks``.

Only with drawn pictures, so that nobody's photos get into a notebook that is passed on.
"""

from __future__ import annotations

import base64
import io
import os
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nbformat import NotebookNode

ROOT = Path(__file__).resolve().parents[1]
NOTEBOOKS = tuple(sorted((ROOT / "examples" / "notebooks").glob("*.ipynb")))
_COLORS = 96


def execute(path: Path, more: str = "") -> NotebookNode:
    """Run a notebook from a clean state and return it with its outputs.

    Parameters
    ----------
    path : Path
        The notebook; it is not changed.
    more : str
        Code of a last cell.

    Raises
    ------
    nbclient.exceptions.CellExecutionError
        A cell failed.
    """
    import nbformat
    from jupyter_client.manager import AsyncKernelManager
    from nbclient import NotebookClient

    notebook = nbformat.read(path, as_version=4)
    if more:
        notebook.cells.append(nbformat.v4.new_code_cell(more))
    options = {"timeout": 900, "resources": {"metadata": {"path": str(ROOT)}}}
    with tempfile.TemporaryDirectory(prefix="epic-") as pipes:
        # Nobody else on this machine can listen in on a pipe.
        kernel = AsyncKernelManager(transport="ipc", ip=f"{pipes}/kernel", kernel_name="python3")
        return NotebookClient(notebook, km=kernel, **options).execute()


def main() -> int:
    """Execute all notebooks, or those that are named, and write them."""
    import nbformat

    if "EPIC_DATA" in os.environ:
        print("error: EPIC_DATA is set; the outputs would hold your pictures", file=sys.stderr)
        return 1
    with tempfile.TemporaryDirectory(prefix="epic-") as folder:
        # From a clean state, and no folder of the person at work is named.
        os.environ["EPIC_WORK"] = folder
        for path in [Path(name) for name in sys.argv[1:]] or NOTEBOOKS:
            notebook = execute(path)
            for cell in notebook.cells:
                cell.metadata.pop("execution", None)  # Times, which differ with each run.
                for output in cell.get("outputs", ()):
                    data = output.get("data", {})
                    if "image/png" in data:
                        data["image/png"] = _smaller(data["image/png"])
            shown = nbformat.writes(notebook).replace(folder, "work")
            path.write_text(shown + "\n", encoding="utf-8")
            print(f"{path.name}: {path.stat().st_size // 1000} kB")
    return 0


def _smaller(png: str) -> str:
    """Return a picture with fewer colours, when that takes less room."""
    from PIL import Image

    buffer = io.BytesIO()
    picture = Image.open(io.BytesIO(base64.b64decode(png))).convert("RGB")
    picture.quantize(_COLORS).save(buffer, "PNG", optimize=True)
    return min(base64.b64encode(buffer.getvalue()).decode(), png.replace("\n", ""), key=len)


if __name__ == "__main__":
    sys.exit(main())
