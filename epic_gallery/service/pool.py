"""Worker processes for a server: one picture a worker at a time, each with a time limit."""

from __future__ import annotations

from pathlib import Path
from typing import Any


class WorkerPool:
    """Looks at pictures in worker processes."""

    async def start(self) -> None:
        """Start the workers."""

    async def stop(self) -> None:
        """End every worker."""

    async def classify(
        self, content: bytes | Path, *, name: str, model: str, features: bool = False
    ) -> dict[str, Any]:
        """Return the picture object of the API, without ``index``.

        Parameters
        ----------
        content : bytes or Path
            An encoded picture, or a file that the worker is to read.
        name : str
            What to call it in the answer.
        model : str
            Name of a model of ``GET /v1/models``.
        features : bool
            Whether the answer has the whole feature row.
        """
        raise NotImplementedError
