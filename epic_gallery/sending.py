"""Send pictures to a service, and keep trying while it is busy."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import httpx

from epic_features.errors import EpicError, SettingsError
from epic_features.sources.names import printable

_BUSY = (429, 502, 503, 504)
_LONGEST_PAUSE = 60.0
_TIMEOUT = httpx.Timeout(10.0, read=180.0, write=60.0)


class ServiceError(EpicError):
    """A service can't be reached, or does not want to answer us at all."""


@dataclass(frozen=True)
class Address:
    """Where a service is.

    Attributes
    ----------
    url : str
        Without a path, such as ``http://192.168.1.5:8420``.
    token : str or None
        What it wants to see.
    """

    url: str
    token: str | None

    @classmethod
    def parse(cls, given: str, token: str | None = None) -> Address:
        """Read an address, or the whole link that `epic serve` printed.

        Raises
        ------
        SettingsError
            It is no HTTP address.
        """
        parts = urlsplit(given if "://" in given else f"http://{given}")
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise SettingsError(f"{given} is no address such as http://127.0.0.1:8420")
        found = parts.fragment.removeprefix("token=") if "token=" in parts.fragment else None
        return cls(urlunsplit((parts.scheme, parts.netloc, "", "", "")), token or found)


class Sender:
    """Sends pictures one by one, some at the same time.

    Parameters
    ----------
    address : Address
        Of the service.
    model : str, optional
        By default the service decides.
    features : bool
        Whether to ask for feature rows.
    at_once : int
        Requests at the same time.
    attempts : int
        How often a picture is sent before it is given up.
    """

    def __init__(
        self,
        address: Address,
        *,
        model: str | None = None,
        features: bool = False,
        at_once: int = 4,
        attempts: int = 6,
    ) -> None:
        self._address = address
        self._query = {"features": "1"} if features else {}
        if model is not None:
            self._query["model"] = model
        self._at_once = at_once
        self._attempts = attempts
        headers = {"Content-Type": "application/octet-stream"}
        if address.token:
            headers["Authorization"] = f"Bearer {address.token}"
        # A proxy has no business with pictures that are sent within a house.
        self._client = httpx.Client(
            base_url=address.url, headers=headers, timeout=_TIMEOUT, trust_env=False
        )

    def send(self, files: Iterable[Path]) -> Iterator[dict[str, Any]]:
        """Yield the picture object of every file as it comes; ``name`` is the path.

        Raises
        ------
        ServiceError
            The service can't be reached, or refuses the token or the model.
        """
        pool = ThreadPoolExecutor(self._at_once)
        try:
            waiting = [pool.submit(self._one, file) for file in files]
            for future in as_completed(waiting):
                yield future.result()
        finally:
            pool.shutdown(cancel_futures=True)
            self._client.close()

    def _one(self, file: Path) -> dict[str, Any]:
        name = printable(str(file))
        try:
            content = file.read_bytes()
        except OSError as error:
            return {"name": name, "error": _error("unreadable", f"{name}: {error.strerror}")}
        answer = self._patiently(
            lambda: self._client.post("/v1/classify", params=self._query, content=content)
        )
        found = _json(answer, self._address.url)
        if answer.status_code in (400, 401, 403, 404):
            raise ServiceError(f"{self._address.url}: {found['error']['message']}")
        return {**found, "name": name}

    def _patiently(self, ask: Callable[[], httpx.Response]) -> httpx.Response:
        """Ask until there is an answer, at growing intervals or when the service says."""
        for attempt in range(self._attempts):
            last = attempt == self._attempts - 1
            asked_to_wait = 0.0
            try:
                answer = ask()
                if answer.status_code not in _BUSY or last:
                    return answer
                asked_to_wait = _seconds(answer.headers.get("retry-after"))
            except httpx.TransportError as error:
                if last or isinstance(error, httpx.UnsupportedProtocol):
                    raise ServiceError(
                        f"can't reach {self._address.url}: {error}; is `epic serve` running there?"
                    ) from error
            # Not all at the same moment again.
            pause = 0.25 * 2**attempt * random.uniform(0.5, 1.5)
            time.sleep(min(_LONGEST_PAUSE, max(asked_to_wait, pause)))
        raise AssertionError("the last attempt returns or raises")


def _seconds(header: str | None) -> float:
    """Return the seconds of Retry-After; a date, which it may also be, counts as none."""
    try:
        return max(0.0, float(header or 0))
    except ValueError:
        return 0.0


def _json(answer: httpx.Response, url: str) -> dict[str, Any]:
    try:
        found = answer.json()
    except ValueError:
        found = None
    if not isinstance(found, dict) or not ("label" in found or "error" in found):
        raise ServiceError(
            f"{url} answered {answer.status_code} with something else than JSON; is it the "
            "address of `epic serve`?"
        )
    return found


def _error(code: str, message: str) -> dict[str, str]:
    return {"code": code, "message": message}
