"""Files on WebDAV and plain web servers.

Written on `requests` and not on the fsspec back end for WebDAV, which resumes dropped downloads
without an upper bound and can't address names with ``?``, ``#`` or ``%``.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import quote, unquote
from xml.etree import ElementTree

from epic_features.sources.address import Server
from epic_features.sources.filesystem import Entry
from epic_features.sources.names import FileIdentity
from epic_features.sources.patience import NotThere, Permanent, Taken, TooManyBytes, Transient

_CHUNK = 2**16
_LISTING_BYTES = 2**29  # About a million files in one folder; memory must end somewhere.
_BUSY = frozenset((408, 423, 425, 429))
_WORDS = {
    401: "the server wants a user and password, or refuses the ones it got (HTTP 401)",
    403: "access is forbidden (HTTP 403)",
}
_CAUSES = {
    "IncompleteRead": "it ended in the middle of the file",
    "RemoteDisconnected": "it was closed without an answer",
}
_PROPERTIES = (
    b'<?xml version="1.0" encoding="utf-8"?><propfind xmlns="DAV:"><prop><resourcetype/>'
    b"<getcontentlength/><getlastmodified/><getetag/><getcontenttype/></prop></propfind>"
)


class Web:
    """Single files over HTTP or HTTPS."""

    def __init__(self, server: Server) -> None:
        import requests

        secure = server.scheme in ("https", "webdavs")
        self.server = server
        self._base = f"http{'s' if secure else ''}://{server.host}"
        self._session = requests.Session()
        # Compressed bodies would have to be unpacked before their size is known.
        self._session.headers["Accept-Encoding"] = "identity"
        self._auth: Any = None

    def listing(self, path: str, deadline: float) -> list[Entry]:
        """Refuse: HTTP has no folders."""
        raise Permanent("a web address has no list of files; give files, or webdav:// for folders")

    def stat(self, path: str, deadline: float) -> Entry:
        """Return what the headers of a file tell."""
        # Not HEAD: signed addresses are good for GET alone.
        with self._answer("GET", path) as answer:
            return Entry(path.rsplit("/", 1)[-1], False, _of_headers(answer.headers))

    def read(self, path: str, limit: int, deadline: float) -> bytes:
        """Read a file in one stream; raises TooManyBytes when it is longer than `limit`."""
        with self._answer("GET", path) as answer:
            size = _of_headers(answer.headers).size
            if size > limit:
                raise TooManyBytes(size)
            data = bytearray()
            for chunk in self._chunks(answer, deadline):
                data += chunk
                if len(data) > limit:
                    raise TooManyBytes(len(data))
        if len(data) < size:
            raise Transient(f"the connection ended after {len(data)} of {size} bytes")
        return bytes(data)

    def head(self, path: str, count: int, deadline: float) -> bytes:
        """Read the first bytes of a file."""
        with self._answer("GET", path) as answer:
            data = b""
            for chunk in self._chunks(answer, deadline):
                data += chunk
                if len(data) >= count:
                    break
            return data[:count]

    def _chunks(self, answer: Any, deadline: float) -> Iterator[bytes]:
        # read1 returns what has come; read would wait for a whole chunk from a server that drips.
        while chunk := answer.raw.read1(_CHUNK, decode_content=False):
            yield chunk
            if time.monotonic() > deadline:
                raise Permanent("the server sends too slowly; not done in the time there is")

    @contextmanager
    def _answer(
        self, method: str, path: str, timeout: float | None = None, **request: Any
    ) -> Iterator[Any]:
        """Give the response of a request that succeeded; failures are sorted into ours."""
        import requests
        import urllib3

        timeout = timeout or self.server.patience.timeout
        try:
            answer = self._send(method, path, timeout=timeout, **request)
            try:
                _check(answer)
                yield answer
            finally:
                answer.close()
        except (requests.Timeout, urllib3.exceptions.TimeoutError):
            raise Transient(f"the server did not answer within {timeout:g} seconds") from None
        except requests.exceptions.SSLError:
            raise Permanent("the server's certificate is not trusted") from None
        except (requests.ConnectionError, urllib3.exceptions.HTTPError) as error:
            raise Transient(f"the connection failed: {_cause(error)}") from None
        except requests.RequestException as error:
            raise Permanent(f"the request failed: {type(error).__name__}") from None

    def _url(self, path: str) -> str:
        return self._base + quote(path, safe="/", errors="surrogateescape")

    def _send(self, method: str, path: str, **request: Any) -> Any:
        from requests.auth import HTTPBasicAuth, HTTPDigestAuth

        server = self.server
        url = self._url(path) + (f"?{server.query}" if server.query else "")

        def send() -> Any:
            return self._session.request(method, url, auth=self._auth, stream=True, **request)

        answer = send()
        if answer.status_code == 401 and server.user and self._auth is None:
            # The password is sent only after the server has said in which way, so that one that
            # knows Digest never gets it in clear.
            digest = "digest" in answer.headers.get("WWW-Authenticate", "").lower()
            if digest:
                self._auth = HTTPDigestAuth(server.user, server.password)
            else:  # As bytes, because requests would encode text as Latin-1.
                self._auth = HTTPBasicAuth(server.user.encode(), server.password.encode())
            answer.close()
            answer = send()
        return answer


class WebDav(Web):
    """Files and folders over WebDAV (RFC 4918)."""

    def listing(self, path: str, deadline: float) -> list[Entry]:
        """Return what lies directly in a folder."""
        found = self._propfind(path.rstrip("/") + "/", "1", deadline)
        own = path.strip("/")
        if own not in (where for where, _ in found):
            # Behind a proxy the server's paths may have another beginning than ours.
            own = min((where for where, _ in found), key=len, default=own)
        # Whatever else a server claims to lie here is not followed: it could lead in circles.
        return [
            entry
            for where, entry in found
            if where != own and where.rpartition("/")[0] == own and entry.name not in (".", "..")
        ]

    def stat(self, path: str, deadline: float) -> Entry:
        """Return what the server tells about one file or folder."""
        found = self._propfind(path, "0", deadline)
        if not found:
            raise Permanent("the server's answer names no file")
        return found[0][1]

    def move(self, path: str, target: str) -> None:
        """Give a file another path; raises Taken when the server finds something there.

        A Transient failure leaves open whether the server has done it.
        """
        headers = {"Destination": self._url(target), "Overwrite": "F"}
        with self._answer("MOVE", path, headers=headers, allow_redirects=False) as answer:
            if answer.status_code == 207:
                raise Permanent("the server could not move the file (HTTP 207)")

    def make_folder(self, path: str) -> None:
        """Make a folder; raises Permanent when it is there or the one above is not."""
        with self._answer("MKCOL", path.rstrip("/") + "/", allow_redirects=False):
            pass

    def delete(self, path: str, etag: str | None) -> None:
        """Delete a file of that version; never a folder, because that would take all it holds."""
        headers = {"If-Match": etag} if etag else {}
        with self._answer("DELETE", path.rstrip("/"), headers=headers, allow_redirects=False):
            pass

    def _propfind(self, path: str, depth: str, deadline: float) -> list[tuple[str, Entry]]:
        headers = {"Depth": depth, "Content-Type": "application/xml"}
        parser: ElementTree.XMLPullParser[Any] = ElementTree.XMLPullParser(["end"])
        found: list[tuple[str, Entry]] = []
        size = 0
        # A phone may first have to put the list of a folder together.
        timeout = self.server.patience.list_timeout if depth == "1" else None
        asked = self._answer("PROPFIND", path, timeout, data=_PROPERTIES, headers=headers)
        with asked as answer:
            if answer.status_code != 207:
                raise Permanent(f"not a WebDAV server (HTTP {answer.status_code} to PROPFIND)")
            try:
                for chunk in self._chunks(answer, deadline):
                    size += len(chunk)
                    if size > _LISTING_BYTES:
                        raise Permanent(f"its list of files is longer than {_LISTING_BYTES} bytes")
                    parser.feed(chunk)
                    found.extend(_responses(parser))
                parser.close()
            except ElementTree.ParseError:
                raise Transient("the server's list of files is cut off or no XML") from None
        return found


def _responses(parser: ElementTree.XMLPullParser[Any]) -> Iterator[tuple[str, Entry]]:
    """Yield path without outer slashes and entry of each response that is complete."""
    events: Iterator[Any] = parser.read_events()
    for _, element in events:
        if element.tag != "{DAV:}response":
            continue
        href = (element.findtext("{DAV:}href") or "").strip()
        if "://" in href:
            href = "/" + href.partition("://")[2].partition("/")[2]
        where = unquote(href, errors="surrogateescape").strip("/")
        folder = element.find(".//{DAV:}resourcetype/{DAV:}collection") is not None
        identity = FileIdentity(
            _whole_number(element.findtext(".//{DAV:}getcontentlength")),
            _nanoseconds(element.findtext(".//{DAV:}getlastmodified")),
            element.findtext(".//{DAV:}getetag") or None,
        )
        kind = element.findtext(".//{DAV:}getcontenttype")
        element.clear()
        yield where, Entry(where.rpartition("/")[2], folder, identity, kind)


def _of_headers(headers: Any) -> FileIdentity:
    return FileIdentity(
        _whole_number(headers.get("Content-Length")),
        _nanoseconds(headers.get("Last-Modified")),
        headers.get("ETag"),
    )


def _whole_number(text: str | None) -> int:
    text = (text or "").strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) < 20 else -1


def _nanoseconds(text: str | None) -> int | None:
    try:
        moment = parsedate_to_datetime(text or "")
    except ValueError:
        return None
    since = moment.astimezone(UTC) - datetime(1970, 1, 1, tzinfo=UTC)
    return (since.days * 86400 + since.seconds) * 10**9


def _check(answer: Any) -> None:
    status = answer.status_code
    if status < 300:
        return
    if status in (404, 410):
        raise NotThere(f"no such file on the server (HTTP {status})")
    if status == 412:
        raise Taken("there is a file of that name, or it changed (HTTP 412)")
    if status in _WORDS:
        raise Permanent(_WORDS[status])
    if status >= 500 or status in _BUSY:
        wait = _whole_number(answer.headers.get("Retry-After"))
        raise Transient(
            f"the server is failing or busy (HTTP {status})", wait if wait > 0 else None
        )
    raise Permanent(f"the server refused (HTTP {status})")


def _cause(error: BaseException) -> str:
    """Return the innermost reason, without the address that the libraries put into theirs."""
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, OSError) and seen.strerror:
            return seen.strerror
        inner = next((arg for arg in seen.args if isinstance(arg, BaseException)), None)
        inner = getattr(seen, "reason", None) if inner is None else inner
        following = (
            inner if isinstance(inner, BaseException) else seen.__cause__ or seen.__context__
        )
        if following is None or following is seen:
            break
        seen = following
    kind = type(seen or error).__name__
    return _CAUSES.get(kind, kind)
