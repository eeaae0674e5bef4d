"""What the service says instead of an answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Problem:
    """Why there is no answer: for a program, and for people.

    Attributes
    ----------
    code : str
        One of `STATUS`.
    message : str
        What was tried, on what, and what to do next.
    """

    code: str
    message: str

    @property
    def status(self) -> int:
        """HTTP status of a request that asked for nothing else."""
        return STATUS[self.code]

    @property
    def json(self) -> dict[str, Any]:
        """The object that the API gives."""
        return {"error": {"code": self.code, "message": self.message}}


class Refusal(Exception):
    """A request that is not carried out.

    Parameters
    ----------
    code : str
        One of `STATUS`.
    message : str
        What was tried, on what, and what to do next.
    retry_after : int, optional
        Seconds after which it may be tried again.
    """

    def __init__(self, code: str, message: str, *, retry_after: int | None = None) -> None:
        super().__init__(message)
        self.problem = Problem(code, message)
        self.retry_after = retry_after


STATUS = {
    "bad_request": 400,
    "unknown_model": 400,
    "wrong_host": 400,
    "no_token": 401,
    "cross_site": 403,
    "not_found": 404,
    "wrong_method": 405,
    "too_slow_upload": 408,
    "stale_plan": 409,
    "not_possible": 409,
    "too_large": 413,
    "too_many_pixels": 413,
    "too_many_files": 413,
    "wrong_content_type": 415,
    "not_a_picture": 415,
    "broken_picture": 422,
    "picture_took_too_long": 422,
    "picture_ended_worker": 422,
    "picture_failed": 422,
    "too_many_requests": 429,
    "queue_full": 503,
    "memory_full": 503,
    "no_worker": 503,
    "internal": 500,
}
"""HTTP status of every code. A code of a picture can also stand in a line of an answer."""
