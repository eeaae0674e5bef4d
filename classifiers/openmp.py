"""OpenMP for a Linux that has none of its own: the copy inside scikit-learn's wheel."""

from __future__ import annotations

import ctypes
import importlib.util
import tempfile
from pathlib import Path

_SONAME = b"libgomp.so.1"


def load_bundled_openmp() -> None:
    """Load scikit-learn's copy of GNU OpenMP under the name that other libraries look for.

    The wheels of scikit-learn for Linux carry one, but auditwheel has given it a name of its own
    (``libgomp-e985bcbb.so.1.0.0``), and so the loader does not take it for the ``libgomp.so.1``
    that LightGBM's wheels leave to the system. What is loaded is a copy with the old name in it;
    its file is gone when this returns. Nothing happens where scikit-learn carries no such file:
    on other systems, or when it was built from source.

    Raises
    ------
    OSError
        The copy can't be read, written to the temporary folder, or loaded from there.
    """
    spec = importlib.util.find_spec("sklearn")
    if spec is None or spec.origin is None:
        return
    for file in (Path(spec.origin).parents[1] / "scikit_learn.libs").glob("libgomp-*.so.1*"):
        name = file.name.encode()
        renamed = file.read_bytes().replace(name + b"\0", _SONAME.ljust(len(name) + 1, b"\0"))
        with tempfile.NamedTemporaryFile(prefix="openmp-", suffix=".so") as copy:
            copy.write(renamed)
            copy.flush()
            ctypes.CDLL(copy.name)
