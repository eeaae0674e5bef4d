"""Every limit of the service, from outside."""

import re
import socket
import struct
import threading
import zlib
from contextlib import suppress

import httpx
import pytest
from serving import ROOT, form, png, received, serving

from epic_gallery.service.refusals import STATUS
from epic_gallery.service.settings import Limits

HEAD = b"POST /v1/classify HTTP/1.1\r\nHost: localhost\r\nContent-Type: image/png\r\n"
MANY = (
    b"POST /v1/classify HTTP/1.1\r\nHost: localhost\r\n"
    b"Content-Type: multipart/form-data; boundary=frontier\r\n"
)


@pytest.fixture
def still_answers(strict, small):
    """After the test, good pictures are answered, and nothing is left over."""
    yield
    assert strict.classify(small).status_code == 200
    metrics = strict.until(lambda: (m := strict.metrics())["epic_requests_in_flight",] == 0 and m)
    assert metrics["epic_pictures_waiting",] == 0


@pytest.mark.usefixtures("still_answers")
class TestBytes:
    def test_announced(self, strict):
        answer = strict.classify(b"\x89PNG" + bytes(200_000))
        assert answer.status_code == 413
        assert answer.json()["error"]["code"] == "too_large"
        assert "200000 bytes" in answer.json()["error"]["message"]

    def test_announced_is_refused_before_it_comes(self, strict):
        with strict.connection() as connection:
            connection.sendall(HEAD + b"Content-Length: 99999999999\r\n\r\n")
            assert b"413" in received(connection, b"too_large")

    def test_not_announced(self, strict):
        def pieces():
            for _ in range(30):
                yield bytes(10_000)

        answer = strict.classify(pieces())
        assert (answer.status_code, answer.json()["error"]["code"]) == (413, "too_large")

    def test_one_of_many(self, strict, small):
        files = [("a.png", small), ("big.png", bytes(200_001)), ("b.png", small)]
        status, lines = strict.classify_many(files)
        assert status == 200
        found = {line["name"]: line.get("error", {}).get("code") for line in lines}
        assert found == {"a.png": None, "big.png": "too_large", "b.png": None}

    def test_any_other_body(self, strict):
        answer = httpx.post(f"{strict.url}/v1/models", content=bytes(2_000_000))
        assert answer.status_code in (405, 413)


def _bomb(side):
    """Return a PNG of a few hundred bytes that says it is large."""
    data = zlib.compress(bytes(10_000))
    chunks = [
        (b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)),
        (b"IDAT", data),
        (b"IEND", b""),
    ]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
        for name, body in chunks
    )


@pytest.mark.usefixtures("still_answers")
def test_pixels(strict):
    bombs = [_bomb(side) for side in (1001, 20_000, 2**31 - 1)]
    for content in bombs:
        answer = strict.classify(content)
        assert (answer.status_code, answer.json()["error"]["code"]) == (413, "too_many_pixels")


@pytest.mark.usefixtures("still_answers")
def test_files(strict, small):
    status, lines = strict.classify_many([(f"{n}.png", small) for n in range(25)])
    assert status == 200
    assert lines[-1]["error"]["code"] == "too_many_files"
    assert sorted(line["index"] for line in lines[:-1]) == list(range(20))
    assert all("label" in line for line in lines[:-1])


class TestSlowCallers:
    """None of them ends the connection; the service does, or reading times out after a minute."""

    @staticmethod
    def is_dropped(connection, drip=b"", every=0.2):
        stop = threading.Event()

        def trickle():
            while not stop.wait(every):
                try:
                    connection.sendall(drip)
                except OSError:
                    return

        if drip:
            threading.Thread(target=trickle, daemon=True).start()
        try:
            return received(connection)
        finally:
            stop.set()

    def test_who_says_nothing(self, hasty):
        with hasty.connection() as connection:
            self.is_dropped(connection)

    def test_who_never_ends_the_headers(self, hasty):
        with hasty.connection() as connection:
            connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n")
            self.is_dropped(connection, b"X-Slow: 1\r\n")

    def test_who_never_ends_the_headers_of_the_second_request(self, hasty):
        with hasty.connection() as connection:
            connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
            assert b"200 OK" in received(connection, b"}")
            connection.sendall(b"GET /healthz HTTP/1.1\r\n")
            self.is_dropped(connection, b"X-Slow: 1\r\n")

    def test_who_stops_within_the_body(self, hasty):
        with hasty.connection() as connection:
            connection.sendall(HEAD + b"Content-Length: 1000\r\n\r\n\x89PNG")
            assert b"408" in self.is_dropped(connection)

    def test_who_sends_the_body_byte_by_byte(self, hasty):
        with hasty.connection() as connection:
            connection.sendall(HEAD + b"Content-Length: 1000\r\n\r\n\x89PNG")
            assert b"too_slow_upload" in self.is_dropped(connection, b"x")

    def test_who_sends_a_form_byte_by_byte(self, hasty):
        body = form([("a.png", png(8, 8)), ("b.png", png(12, 12))])
        with hasty.connection() as connection:
            connection.sendall(MANY + b"Content-Length: 100000\r\n\r\n" + body[:-300])
            said = self.is_dropped(connection, b"x")
            assert b"a.png" in said
            assert b"too_slow_upload" in said

    def test_who_goes_on_after_the_answer(self, hasty):
        with hasty.connection() as connection:
            connection.sendall(HEAD + b"Content-Length: 99999999\r\n\r\n")
            assert b"413" in self.is_dropped(connection, b"x")

    def test_who_sends_a_body_to_a_page(self, hasty):
        with hasty.connection() as connection:
            connection.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 999\r\n\r\n")
            assert b"200 OK" in self.is_dropped(connection, b"x")

    def test_who_reads_no_answer(self, hasty):
        # Names make the lines long, so that the buffers of the system are soon full.
        body = form([(f"{n}{'x' * 60_000}.png", b"nothing") for n in range(300)])
        with socket.socket() as connection:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            connection.connect(("127.0.0.1", hasty.port))
            connection.settimeout(60)
            with suppress(OSError):
                connection.sendall(MANY + b"Content-Length: %d\r\n\r\n" % len(body) + body)
            hasty.until(lambda: hasty.metrics()["epic_requests_in_flight",] == 0, 60)

    def test_others_are_answered_all_the_same(self, hasty, small):
        with hasty.connection(), hasty.connection() as slow:
            slow.sendall(HEAD + b"Content-Length: 1000\r\n\r\n\x89PNG")
            assert hasty.classify(small).status_code == 200
        assert hasty.metrics()["epic_pictures_waiting",] == 0


@pytest.mark.usefixtures("still_answers")
class TestHalfClosed:
    def test_within_the_headers(self, strict):
        self.is_dropped_at_once(strict, b"POST /v1/classify HTTP/1.1\r\nHost: loc")

    def test_within_the_body(self, strict):
        self.is_dropped_at_once(strict, HEAD + b"Content-Length: 1000\r\n\r\n\x89PNG")

    def test_within_a_form(self, strict, small):
        body = form([("a.png", small), ("b.png", small)])
        self.is_dropped_at_once(strict, MANY + b"Content-Length: 9999999\r\n\r\n" + body[:-100])

    @staticmethod
    def is_dropped_at_once(strict, sent):
        with strict.connection() as connection:
            connection.sendall(sent)
            connection.shutdown(socket.SHUT_WR)
            # Not even the word that it took too long.
            assert b"HTTP/1.1 4" not in received(connection)


@pytest.fixture(scope="module")
def narrow(tmp_path_factory):
    limits = Limits(
        max_requests=2, max_queue=1, max_held=600_000, max_bytes=400_000, body_timeout=30
    )
    folder = tmp_path_factory.mktemp("narrow")
    kept = folder / "kept"
    with serving(folder, limits, model="colors", workers=1, corrections=kept) as served:
        yield served


class TestBusy:
    """A service with room for two requests, of which slow uploads take their part."""

    def in_flight(self, narrow, number):
        narrow.until(lambda: narrow.metrics()["epic_requests_in_flight",] == number)

    def test_too_many_requests(self, narrow, small):
        with narrow.connection() as one, narrow.connection() as other:
            for connection in (one, other):
                connection.sendall(HEAD + b"Content-Length: 1000\r\n\r\n\x89PNG")
            self.in_flight(narrow, 2)
            answer = narrow.classify(small)
            assert answer.status_code == 429
            assert answer.json()["error"]["code"] == "too_many_requests"
            assert int(answer.headers["retry-after"]) >= 1
            assert narrow.health()["status"] == "ok"
        self.in_flight(narrow, 0)
        assert narrow.classify(small).status_code == 200

    def test_too_much_memory(self, narrow, small):
        with narrow.connection() as one:
            one.sendall(HEAD + b"Content-Length: 399999\r\n\r\n" + bytes(390_000))
            self.in_flight(narrow, 1)
            narrow.until(lambda: narrow.classify(bytes(250_000)).status_code == 503)
            answer = narrow.classify(bytes(250_000))
            assert answer.json()["error"]["code"] == "memory_full"
            assert int(answer.headers["retry-after"]) >= 1
            assert narrow.classify(small).status_code == 200
            _, lines = narrow.classify_many([("big.png", bytes(250_000)), ("a.png", small)])
            errors = {line["name"]: line.get("error", {}).get("code") for line in lines}
            assert errors == {"big.png": "memory_full", "a.png": None}
        self.in_flight(narrow, 0)
        assert narrow.classify(png(150, 100)).status_code == 200

    def test_corrections_are_in_the_same_memory(self, narrow, small):
        def correct(content):
            query = {"class": "real", "model": "colors"}
            return httpx.post(f"{narrow.url}/v1/corrections", params=query, content=content)

        large = b"\x89PNG" + bytes(250_000)
        with narrow.connection() as one:
            one.sendall(HEAD + b"Content-Length: 399999\r\n\r\n" + bytes(390_000))
            self.in_flight(narrow, 1)
            answer = narrow.until(lambda: (a := correct(large)).status_code == 503 and a, 30)
            assert answer.json()["error"]["code"] == "memory_full"
            assert int(answer.headers["retry-after"]) >= 1
            assert correct(small).status_code == 200
        self.in_flight(narrow, 0)
        head = HEAD.replace(b"/v1/classify", b"/v1/corrections?class=real&model=colors")
        with narrow.connection() as one:
            one.sendall(head + b"Content-Length: 399999\r\n\r\n" + bytes(390_000))
            narrow.until(lambda: narrow.classify(bytes(250_000)).status_code == 503, 30)
        # What was cut off, refused, kept or no picture is held no longer.
        narrow.until(lambda: narrow.classify(bytes(399_000)).status_code == 415, 30)
        for _ in range(3):
            assert correct(large).status_code == 200
            assert correct(bytes(399_000)).status_code == 415
            assert correct(bytes(400_001)).json()["error"]["code"] == "too_large"
        assert narrow.classify(bytes(399_000)).status_code == 415

    def test_a_full_queue(self, narrow, small):
        with narrow.connection() as one:
            files = [(f"{n}.png", png(60, 60, n)) for n in range(60)]
            body = form(files)
            one.sendall(MANY + b"Content-Length: %d\r\n\r\n" % len(body) + body)
            codes = {narrow.classify(small).status_code for _ in range(40)}
            assert 503 in codes
            assert codes <= {200, 503}
            said = received(one, b"\r\n0\r\n\r\n")
            assert said.count(b'"label"') == 60
        assert narrow.until(lambda: narrow.classify(small).status_code == 200)


def test_the_limits_in_the_documentation_are_those_of_the_code():
    page = (ROOT / "docs" / "service.md").read_text(encoding="utf-8")
    told = " ".join(page.split())
    limits = Limits()
    for words in (
        f"above {limits.max_bytes // 2**20} MiB or {limits.max_pixels // 10**6} million pixels",
        f"a form of more than {limits.max_files:,}",
        f"longer than {limits.time_limit:g} s",
        f"{limits.max_requests} requests are worked on",
        f"{limits.max_queue} pictures wait, or {limits.max_held // 2**20} MiB",
        f"no byte for {limits.body_timeout:g} s, or fewer than {limits.least_rate // 1000} kB",
        f"within {limits.header_timeout:g} s, and an answer must be read within "
        f"{limits.body_timeout:g} s; there may be {limits.max_connections} connections",
    ):
        assert words in told, words
    for code, status in STATUS.items():
        assert re.search(rf"^\| [\d, ]*{status}[\d, ]* \|.*`{code}`", page, re.M), code
