"""Who may ask for what, and what becomes of a picture."""

import os
import re
import stat
import threading
from pathlib import Path

import cv2
import httpx
import numpy as np
import pytest
from serving import form, png

from epic_gallery.service.server import qr_code

HEAD = {"Content-Type": "image/png"}


def post(served, content, **headers):
    return httpx.post(f"{served.url}/v1/classify", content=content, headers=HEAD | headers)


class TestToken:
    def test_only_here_there_is_none(self, strict):
        assert "#" not in strict.link

    def test_it_is_needed_for_everything_but_the_page(self, exposed, small):
        token = exposed.link.partition("#token=")[2]
        assert len(token) >= 32
        url = exposed.url
        for path in ("/v1/models", "/metrics", "/v1/classify", "/v1/nothing"):
            method = "POST" if path == "/v1/classify" else "GET"
            for given in (None, "", "Bearer", "Bearer wrong", f"Basic {token}", f"Bearer {token}x"):
                headers = HEAD | ({} if given is None else {"Authorization": given})
                answer = httpx.request(method, url + path, headers=headers)
                assert answer.status_code == 401, (path, given)
                assert answer.headers["www-authenticate"] == "Bearer"
                assert token not in answer.text
            answer = httpx.request(
                method, url + path, headers=HEAD | {"Authorization": f"Bearer {token}"}
            )
            assert answer.status_code != 401
        for path in ("/", "/healthz", "/openapi.json"):
            assert httpx.get(url + path).status_code == 200
        assert post(exposed, small, Authorization=f"bearer {token}").status_code == 200
        assert token not in exposed.log.read_text()

    def test_a_token_in_other_letters_is_no_mistake_of_the_server(self, exposed, small):
        answer = post(exposed, small, Authorization="Bearer é".encode())
        assert answer.status_code == 401

    def test_the_printed_code_holds_the_link(self, exposed):
        rows = [
            [half for letter in line for half in [HALVES[letter]]]
            for line in qr_code(exposed.link).splitlines()
        ]
        width = max(map(len, rows))
        halves = np.array([row + [(1, 1)] * (width - len(row)) for row in rows])
        picture = halves.transpose(0, 2, 1).reshape(-1, width).astype(np.uint8) * 255
        picture = cv2.copyMakeBorder(picture, 8, 8, 8, 8, cv2.BORDER_CONSTANT, value=255)
        large = cv2.resize(picture, None, fx=5, fy=5, interpolation=cv2.INTER_NEAREST)
        found, _, _ = cv2.QRCodeDetector().detectAndDecode(large)
        assert found == exposed.link


# Upper and lower half of a letter: 1 is light.
HALVES = {"█": (1, 1), "▀": (1, 0), "▄": (0, 1), " ": (0, 0), "\xa0": (0, 0)}


@pytest.mark.parametrize(
    ("host", "is_ours"),
    [
        ("127.0.0.1:1", True),
        ("localhost", True),
        ("LOCALHOST:80", True),
        ("[::1]:80", True),
        ("evil.example", False),
        ("127.0.0.1.evil.example", False),
        ("localhost.evil.example", False),
        ("192.168.1.1", False),
        ("", False),
        ("[::1", False),
        ("user@localhost", False),
    ],
)
def test_names_of_this_computer(strict, small, host, is_ours):
    answer = post(strict, small, Host=host)
    assert answer.status_code == (200 if is_ours else 400), answer.text
    if not is_ours and host:
        assert answer.json()["error"]["code"] == "wrong_host"


def test_names_when_others_can_reach_it(exposed):
    for host, status in (("10.0.0.7:8420", 200), ("localhost", 200), ("evil.example", 400)):
        url = exposed.url
        assert httpx.get(f"{url}/healthz", headers={"Host": host}).status_code == status


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"Origin": "http://HOST"}, 200),
        ({"Origin": "https://HOST"}, 200),
        ({"Origin": "http://HOST", "Sec-Fetch-Site": "same-origin"}, 200),
        ({"Sec-Fetch-Site": "none"}, 200),
        ({"Origin": "http://evil.example"}, 403),
        ({"Origin": "http://127.0.0.1"}, 403),
        ({"Origin": "http://HOST.evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "file://"}, 403),
        ({"Origin": "http://["}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Origin": "http://HOST", "Sec-Fetch-Site": "same-site"}, 403),
    ],
)
def test_only_the_own_page_may_send(strict, small, headers, status):
    host = strict.url.removeprefix("http://")
    given = {name: value.replace("HOST", host) for name, value in headers.items()}
    answer = post(strict, small, **given)
    assert answer.status_code == status
    if status == 403:
        assert answer.json()["error"]["code"] == "cross_site"
    assert httpx.get(f"{strict.url}/healthz", headers=given).status_code == 200
    assert "access-control-allow-origin" not in answer.headers


def test_headers_of_every_answer(strict, small):
    answers = [
        *(httpx.get(strict.url + path) for path in ("/", "/healthz", "/nothing", "/v1/models")),
        post(strict, small),
        post(strict, b"nothing"),
        post(strict, small, Host="evil.example"),
        post(strict, small, Origin="null"),
        strict.classify(bytes(300_000)),
    ]
    for answer in answers:
        policy = answer.headers["content-security-policy"]
        assert "default-src 'self'" in policy
        assert "unsafe" not in policy
        assert "http" not in policy
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert "server" not in answer.headers
    assert httpx.get(f"{strict.url}/v1/models").headers["cache-control"] == "no-store"
    assert httpx.get(f"{strict.url}/page.js").headers["cache-control"] == "no-cache"


def test_the_page_asks_nobody_else():
    folder = Path(__file__).resolve().parents[3] / "epic_gallery" / "web"
    for path in folder.rglob("*"):
        if path.suffix in (".html", ".css", ".js", ".json", ".webmanifest", ".svg"):
            found = re.findall(r"""(?:https?:)?//[\w.-]+\.\w+[^\s"')]*""", path.read_text())
            assert [link for link in found if "www.w3.org" not in link] == [], path.name


def test_no_name_and_nothing_of_a_picture_is_logged(strict, small):
    name = "birthday-of-fatima.png"
    strict.classify_many([(name, small), (f"broken {name}", small[:500])])
    strict.classify(small[:500])
    httpx.get(f"{strict.url}/v1/{name}")
    httpx.get(f"{strict.url}/{name}?q={name}")
    log = strict.log.read_text()
    assert "POST /v1/classify 200" in log
    assert "fatima" not in log
    assert "broken" not in log


def test_uploads_never_touch_the_disk(strict):
    """Half of a form of many pictures is with the service while its files are looked at."""
    body = form([(f"{n}.png", png(150, 140, n)) for n in range(60)])
    held = threading.Event()

    def pieces():
        yield body[: len(body) // 2]
        held.wait(60)
        yield body[len(body) // 2 :]

    kind = {"Content-Type": "multipart/form-data; boundary=frontier"}
    answer = []
    caller = threading.Thread(
        target=lambda: answer.append(
            httpx.post(f"{strict.url}/v1/classify", content=pieces(), headers=kind, timeout=120)
        )
    )
    before = strict.metrics().get(("epic_pictures_total", "classified", "colors"), 0)
    caller.start()
    key = ("epic_pictures_total", "classified", "colors")
    strict.until(lambda: strict.metrics().get(key, 0) >= before + 15)
    for pid in [strict.process.pid, *strict.workers()]:
        assert written(pid) == []
    held.set()
    caller.join()
    assert answer[0].text.count('"label"') == 20  # The limit of files.
    folder = strict.log.parent  # Its folder for temporary files, too.
    assert {path.name for path in folder.iterdir()} <= {"service.log", "service.py", "__pycache__"}


def written(pid: int) -> list[str]:
    """Return the files that a process has open for writing, deleted ones too."""
    found = []
    for path in Path(f"/proc/{pid}/fd").iterdir():
        try:
            flags = int(Path(f"/proc/{pid}/fdinfo/{path.name}").read_text().split()[3], 8)
            is_file = stat.S_ISREG(path.stat().st_mode)
            if is_file and flags & os.O_ACCMODE != os.O_RDONLY:
                found.append(str(path.readlink()))
        except OSError:
            continue
    return [path for path in found if not path.endswith("service.log")]
