"""A real WebDAV server whose answers can be spoilt, file by file."""

from __future__ import annotations

import io
import os
import socket
import struct
import threading
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path

from cheroot import wsgi
from cheroot.ssl.builtin import BuiltinSSLAdapter
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from PIL import Image as PILImage
from wsgidav.wsgidav_app import WsgiDAVApp

USER, PASSWORD = "phone", "p@ss/w%rd صعب"
ODD = (
    "صور العائلة/صورة ١.jpg",
    "odd/100% real.jpg",
    "odd/a b+c&d=e.jpg",
    "odd/what? #1 [2]; (3).jpg",
    "odd/%20.jpg",
    "odd/😀 smile.jpg",
    "odd/e\u0301.jpg",
)


def picture(size=(40, 30)) -> bytes:
    buffer = io.BytesIO()
    PILImage.effect_noise(size, 90).save(buffer, "PNG")
    return buffer.getvalue()


def fill_phone(folder: Path) -> Path:
    """Put pictures, odd names and other files into a folder, as a phone has them."""
    for name in (*ODD, "a.jpg", "B.PNG", "deep/er/c.webp", ".thumbnails/t.jpg", "odd/.hidden.jpg"):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(picture())
    (folder / "notes.txt").write_text("no image")
    (folder / "deep" / "no_extension").write_bytes(picture())
    (folder / "deep" / "README").write_text("no image")
    (folder / "empty.jpg").write_bytes(b"")
    (folder / "big.jpg").write_bytes(picture(size=(400, 300)))
    return folder


class _Gateway(wsgi.Gateway_10):
    def get_environ(self):
        return {**super().get_environ(), "test.socket": self.req.conn.socket}


def make_certificate(path: Path) -> None:
    """Write a key and a certificate for 127.0.0.1 that it signed itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "phone")])
    now = datetime.now(UTC)
    address = x509.SubjectAlternativeName([x509.IPAddress(IPv4Address("127.0.0.1"))])
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(address, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    plain = serialization.NoEncryption()
    path.write_bytes(
        key.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain)
        + certificate.public_bytes(pem)
    )


class FaultyServer:
    """wsgidav behind a layer that spoils answers.

    `faults` maps a path (decoded), or a method and a path, to the list of faults of its next
    requests: a status number, the bytes of an answer to PROPFIND, or ``"reset"``, ``"cut"``,
    ``"slow"``, ``"silent"``, ``"endless"``, ``"drip"``, ``"lie"``, ``"lost"`` (the connection drops
    before the server does anything) or ``"unanswered"`` (it drops after). None lets a request
    through, and so does an empty list.
    `requests` counts by method and path.
    """

    def __init__(
        self,
        folder: Path,
        *,
        locked: bool = False,
        digest: bool = False,
        certificate: Path | None = None,
        writable: bool = False,
    ) -> None:
        accounts = {"*": {USER: {"password": PASSWORD}} if locked else True}
        self._app = WsgiDAVApp(
            {
                "provider_mapping": {"/": {"root": str(folder), "readonly": not writable}},
                "simple_dc": {"user_mapping": accounts},
                "http_authenticator": {
                    "accept_basic": not digest,
                    "accept_digest": digest,
                    "default_to_digest": digest,
                },
                "hotfixes": {"re_encode_path_info": True},
                "logging": {"enable": False},
                "verbose": 0,
            }
        )
        self.faults: dict[str | tuple[str, str], list[int | str | bytes | None]] = {}
        self.requests: Counter[tuple[str, str]] = Counter()
        self._server = wsgi.Server(("127.0.0.1", 0), self._answer, numthreads=4, timeout=5)
        self._server.gateway = _Gateway
        self._server.error_log = lambda *_, **__: None
        if certificate is not None:
            self._server.ssl_adapter = BuiltinSSLAdapter(str(certificate), str(certificate))
        self._server.prepare()
        self.host = f"127.0.0.1:{self._server.bind_addr[1]}"
        self.url = f"webdav{'s' if certificate else ''}://{self.host}"
        threading.Thread(target=self._server.serve, daemon=True).start()

    def stop(self) -> None:
        self._server.stop()

    def _answer(self, environ, start_response):
        path = environ["PATH_INFO"].encode("latin-1").decode()
        self.requests[environ["REQUEST_METHOD"], path] += 1
        pending = self.faults.get((environ["REQUEST_METHOD"], path)) or self.faults.get(path)
        fault = pending.pop(0) if pending else None
        if isinstance(fault, int):
            start_response(f"{fault} Spoilt", [("Content-Length", "0"), ("Retry-After", "0")])
            return [b""]
        if isinstance(fault, bytes):
            start_response("207 Multi-Status", [("Content-Length", str(len(fault)))])
            return [fault]
        if fault is None:
            return self._app(environ, start_response)
        if fault == "slow":
            time.sleep(0.5)
            return self._app(environ, start_response)
        return getattr(self, f"_{fault}")(environ, start_response)

    def _whole(self, environ):
        """Return headers and body of the true answer."""
        kept = []
        chunks = self._app(environ, lambda status, headers, exc_info=None: kept.append(headers))
        body = b"".join(chunks)
        if hasattr(chunks, "close"):
            chunks.close()
        return kept[-1], body

    def _cut(self, environ, start_response):
        headers, body = self._whole(environ)
        start_response("200 OK", headers)
        yield body[: len(body) // 2]
        raise ConnectionAbortedError("the test cuts the body")

    def _reset(self, environ, start_response):
        headers, body = self._whole(environ)
        start_response("200 OK", headers)
        yield body[: len(body) // 2]
        time.sleep(0.1)
        self._drop(environ)

    def _lost(self, environ, start_response):
        self._drop(environ)
        yield b""

    def _unanswered(self, environ, start_response):
        self._whole(environ)
        self._drop(environ)
        yield b""

    def _drop(self, environ):
        connection = environ["test.socket"]
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        # With this option closing sends RST, not FIN. The server shuts its socket down first, which
        # would send FIN; so another one is put in its place, and the kernel closes the first.
        with socket.socket() as other:
            os.dup2(other.fileno(), connection.fileno())
        raise ConnectionAbortedError("the test resets the connection")

    def _silent(self, environ, start_response):
        time.sleep(2.5)
        start_response("200 OK", [("Content-Length", "0")])
        yield b""

    def _endless(self, environ, start_response):
        start_response("200 OK", [("Content-Type", "image/jpeg")])  # No length: chunked.
        while True:
            yield b"\xff" * 2**16
            self.requests["sent", "chunks"] += 1

    def _drip(self, environ, start_response):
        start_response("200 OK", [("Content-Length", "1000000")])
        while True:
            yield b"\xff"
            time.sleep(0.05)

    def _lie(self, environ, start_response):
        start_response("200 OK", [("Content-Length", "999999999999")])
        yield b"\xff" * 1000
