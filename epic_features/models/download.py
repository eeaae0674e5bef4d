"""Download one file over HTTP: resumed, retried, and never longer than announced."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from pathlib import Path

import requests

from epic_features.errors import ModelDownloadError

logger = logging.getLogger(__name__)

# Attempts in a row that brought nothing new before giving up, and the wait after the first of
# them in seconds; it doubles each time.
ATTEMPTS = 4
FIRST_WAIT = 0.5
# Seconds to wait for a connection, and for the next bytes.
TIMEOUT = (10, 60)
# Bytes; at most this many are lost when a connection drops.
CHUNK = 1 << 13
# Where the length isn't known in advance; four times the largest model.
LONGEST = 512 << 20
# Answers that a second try may change: request timeout, too many requests, server errors.
_PASSING = frozenset({408, 425, 429, 500, 502, 503, 504})


class _PassingError(Exception):
    """An attempt failed in a way that may pass."""


def download(
    url: str,
    part: Path,
    *,
    size: int | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> None:
    """Fetch `url` into `part`, continuing what is already there.

    Parameters
    ----------
    url : str
        Address; redirects are followed.
    part : Path
        File to write. Kept when the connection fails, so that a later call can go on.
    size : int, optional
        Length in bytes the file must have; more is never written.
    progress : callable, optional
        Called as ``progress(done, total)`` in bytes; `total` is 0 when it isn't known.

    Raises
    ------
    ModelDownloadError
        When the server refuses, sends too much, or fails several times in a row.
    """
    furthest, failures = 0, 0
    while True:
        try:
            return _attempt(url, part, size, progress)
        except _PassingError as error:
            reached = part.stat().st_size if part.exists() else 0
            failures = failures + 1 if reached <= furthest else 1
            furthest = max(furthest, reached)
            if failures >= ATTEMPTS:
                raise ModelDownloadError(
                    f"{url} failed {failures} times in a row, last with: {error}"
                ) from error
            logger.warning("download of %s stopped (%s); trying again", url, error)
            time.sleep(FIRST_WAIT * 2 ** (failures - 1))


def _attempt(
    url: str, part: Path, size: int | None, progress: Callable[[int, int], None] | None
) -> None:
    start = part.stat().st_size if part.exists() else 0
    if size is not None and start >= size:
        if start == size:
            return
        part.unlink()
        start = 0
    # Compressed answers would break both the length and the place to continue from.
    headers = {"Accept-Encoding": "identity"}
    if start:
        headers["Range"] = f"bytes={start}-"
    try:
        with requests.get(url, headers=headers, stream=True, timeout=TIMEOUT) as answer:
            if answer.status_code == requests.codes.requested_range_not_satisfiable and start:
                part.unlink()
                raise _PassingError("the server has less than was downloaded before")
            _check_answer(answer)
            if answer.status_code != requests.codes.partial_content:
                start = 0
            elif not answer.headers.get("Content-Range", "").startswith(f"bytes {start}-"):
                part.unlink(missing_ok=True)
                raise _PassingError("the server continued at another place than asked")
            announced = answer.headers.get("Content-Length", "")
            total = size or (start + int(announced) if announced.isdecimal() else 0)
            _write(answer, part, start, total, LONGEST if size is None else size, progress)
    except requests.exceptions.RequestException as error:
        if isinstance(error, ValueError):  # an address that can't be one
            raise ModelDownloadError(f"{url}: {error}") from error
        raise _PassingError(_reason(error)) from error
    reached = part.stat().st_size
    if total and reached < total:
        raise _PassingError(f"the connection ended after {reached} of {total} bytes")


def _check_answer(answer: requests.Response) -> None:
    problem = f"{answer.url} answered {answer.status_code} {answer.reason}"
    if answer.status_code in _PASSING:
        raise _PassingError(problem)
    if answer.status_code not in (requests.codes.ok, requests.codes.partial_content):
        raise ModelDownloadError(problem)
    if answer.headers.get("Content-Type", "").startswith("text/html"):
        # Login pages of public networks, and error pages sent as success.
        raise ModelDownloadError(f"{answer.url} answered with a web page instead of the file")


def _write(
    answer: requests.Response,
    part: Path,
    start: int,
    total: int,
    limit: int,
    progress: Callable[[int, int], None] | None,
) -> None:
    done = start
    with part.open("r+b" if start else "wb") as file:
        file.seek(start)
        for chunk in answer.iter_content(CHUNK):
            done += len(chunk)
            if done > limit:
                break
            file.write(chunk)
            if progress:
                progress(done, total)
    if done > limit:
        part.unlink()
        raise ModelDownloadError(f"{answer.url} sends more than the expected {limit} bytes")


def _reason(error: requests.exceptions.RequestException) -> str:
    # The innermost reason is the one a person can use, e.g. "Name or service not known".
    inner: BaseException = error
    while inner.__context__ is not None:
        inner = inner.__context__
    return f"{type(error).__name__}: {inner}"
