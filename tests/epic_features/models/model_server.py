"""A real web server with good and bad manners, to download from."""

from __future__ import annotations

import random
import time
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

CONTENT = random.Random(2).randbytes(300_000)
PIECE = 100_000  # what the dropping paths send before they hang up


class Handler(BaseHTTPRequestHandler):
    server: Server

    def log_message(self, *args: object) -> None:
        pass

    def do_GET(self) -> None:
        wanted = self.headers.get("Range")
        self.server.requests.append((self.path, wanted))
        tries = self.server.tries[self.path] = self.server.tries[self.path] + 1
        start = int(wanted.removeprefix("bytes=").removesuffix("-")) if wanted else 0
        match self.path:
            case "/good":
                self.send_file(CONTENT, start)
            case "/ignores-range":
                self.send_file(CONTENT, 0)
            case "/continues-elsewhere":
                self.send_file(CONTENT, max(start - 1000, 0))
            case "/drops":
                self.send_file(CONTENT, start, PIECE)
            case "/drops-once-ignores-range":
                self.send_file(CONTENT, 0, PIECE if tries == 1 else None)
            case "/always-stops-at-the-same-place":
                self.send_file(CONTENT, 0, PIECE)
            case "/slow":
                self.send_file(CONTENT, start, pause=0.05)
            case "/wrong":
                self.send_file(CONTENT[::-1], start)
            case "/short":
                self.send_file(CONTENT[:1000], start)
            case "/long":
                self.send_file(CONTENT * 100, start)
            case "/endless":
                self.send_response(200)
                self.end_headers()
                while True:
                    self.wfile.write(CONTENT)
            case "/redirect":
                self.send_response(302)
                self.send_header("Location", "/good")
                self.end_headers()
            case "/login-page":
                self.send_response(200)
                self.send_header("Content-Type", "text/html; charset=utf-8")
                self.end_headers()
                self.wfile.write(b"<html>Please log in</html>")
            case "/fails-twice" if tries > 2:
                self.send_file(CONTENT, start)
            case "/fails-twice" | "/fails":
                self.send_error(500)
            case _:
                self.send_error(404)

    def send_file(
        self, content: bytes, start: int, most: int | None = None, pause: float = 0
    ) -> None:
        if start >= len(content):
            self.send_error(416)
            return
        body = content[start:]
        self.send_response(206 if start else 200)
        self.send_header("Content-Length", str(len(body)))
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
        self.end_headers()
        sent = body[:most]
        for piece in range(0, len(sent), 1 << 14):
            self.wfile.write(sent[piece : piece + (1 << 14)])
            time.sleep(pause)


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.requests: list[tuple[str, str | None]] = []
        self.tries: Counter[str] = Counter()

    def handle_error(self, request: object, client_address: object) -> None:
        pass  # clients that hang up are part of the tests

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.server_port}{path}"
