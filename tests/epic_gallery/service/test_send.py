"""``epic serve`` and ``epic send``, as people run them."""

import json
import os
import signal
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from serving import ROOT, png

from epic_gallery.sending import Address

CODE = "from epic_gallery.cli import main; main()"


def epic(*arguments, **environment):
    done = subprocess.run(
        [sys.executable, "-c", CODE, *map(str, arguments)],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "200", **environment},
        timeout=300,
    )
    return done.returncode, done.stdout, done.stderr


@pytest.fixture
def folder(tmp_path):
    """Pictures with odd names, one of them broken."""
    root = tmp_path / "pictures"
    root.mkdir()
    for seed, name in enumerate(("a.png", "صورة 😀.png", "x [b].png", os.fsdecode(b"\xff.png"))):
        (root / name).write_bytes(png(40, 30, seed))
    (root / "broken.png").write_bytes(png(40, 30)[:200])
    return root


def test_all_are_answered_however_busy_the_service_is(exposed, folder):
    code, out, err = epic("send", folder, "--to", exposed.link, "--at-once", 5)
    found = {line["name"].rpartition("/")[2]: line for line in map(json.loads, out.splitlines())}
    assert code == 1, err
    assert "1 of 5 pictures were not classified" in err
    assert set(found) == {"a.png", "صورة 😀.png", "x [b].png", "\\xff.png", "broken.png"}
    assert found.pop("broken.png")["error"]["code"] == "broken_picture"
    assert all(line["label"] in ("animated", "real") for line in found.values())
    (folder / "broken.png").unlink()
    token = exposed.link.partition("token=")[2]
    address = exposed.url
    code, out, err = epic("send", folder, "--to", address, "--table", EPIC_TOKEN=token)
    assert (code, err.strip()) == (0, "")
    assert "x [b].png" in out


def test_what_makes_no_sense_is_said(exposed, folder, tmp_path):
    address = exposed.url
    for arguments, said in (
        ((folder, "--to", address), "token"),
        ((folder, "--to", exposed.link, "--model", "zebra"), "choose from"),
        ((tmp_path / "nothing", "--to", exposed.link), "does not exist"),
        ((folder, "--to", "ftp://x"), "is no address"),
    ):
        code, out, err = epic("send", *arguments)
        assert (code, out) == (2, "")
        assert "error:" in err
        assert said in err


def test_nobody_there_and_somebody_else_there(folder, monkeypatch):
    from epic_gallery.sending import Sender, ServiceError

    monkeypatch.setattr("time.sleep", lambda _: None)
    with pytest.raises(ServiceError, match="is `epic serve` running"):
        list(Sender(Address.parse("127.0.0.1:9"), attempts=2).send([folder / "a.png"]))

    class Other(BaseHTTPRequestHandler):
        def do_POST(self):  # noqa: N802
            self.rfile.read(int(self.headers["content-length"]))
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"hello")

        def log_message(self, *_):
            pass

    with HTTPServer(("127.0.0.1", 0), Other) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        address = Address.parse(f"127.0.0.1:{server.server_port}")
        with pytest.raises(ServiceError, match="something else than JSON"):
            list(Sender(address).send([folder / "a.png"]))
        server.shutdown()


def test_it_waits_as_long_as_it_is_told_and_gives_up_in_the_end(folder, monkeypatch):
    from epic_gallery.sending import Sender

    pauses = []
    monkeypatch.setattr("time.sleep", pauses.append)

    class Full(BaseHTTPRequestHandler):
        def do_POST(self):  # noqa: N802
            self.rfile.read(int(self.headers["content-length"]))
            body = b'{"error": {"code": "queue_full", "message": "full"}}'
            self.send_response(503)
            self.send_header("Retry-After", "7")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    with HTTPServer(("127.0.0.1", 0), Full) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        sender = Sender(Address.parse(f"127.0.0.1:{server.server_port}"), attempts=4)
        (found,) = sender.send([folder / "a.png"])
        server.shutdown()
    assert found["error"]["code"] == "queue_full"
    assert len([pause for pause in pauses if pause >= 7]) == 3


def test_a_file_that_can_not_be_read(exposed, tmp_path):
    from epic_gallery.sending import Sender

    (found,) = Sender(Address.parse(exposed.link)).send([tmp_path / "gone.png"])
    assert found["error"]["code"] == "unreadable"


@pytest.mark.parametrize(
    ("given", "url", "token"),
    [
        ("127.0.0.1:8420", "http://127.0.0.1:8420", None),
        ("http://pi.local:1/", "http://pi.local:1", None),
        ("https://[::1]:1/#token=abc", "https://[::1]:1", "abc"),
    ],
)
def test_addresses(given, url, token):
    assert Address.parse(given) == Address(url, token)


def test_serve_prints_the_link_with_a_new_token_and_ends_on_ctrl_c(exposed):
    command = [sys.executable, "-c", CODE, "serve", "--port", "0", "--model", "bytes"]
    process = subprocess.Popen(
        [*command, "--host", "0.0.0.0", "--workers", "1"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    with process:
        lines = iter(process.stdout.readline, "")
        printed = []
        for line in lines:
            printed.append(line)
            if "#token=" in line:
                break
        assert sum("█" in line for line in printed) > 10
        assert printed[-1].startswith("http://")
        assert printed[-1].strip().partition("#")[2] != exposed.link.partition("#")[2]
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=120)
    assert "Traceback" not in err


def test_serve_says_what_is_wrong(tmp_path, exposed):
    for arguments, said in (
        (("--model", "zebra"), "choose from: personal"),
        (("--folder", tmp_path / "nothing"), "is not a folder"),
        (("--host", "0.0.0.0", "--port", exposed.url.rpartition(":")[2]), "can't listen"),
    ):
        code, _, err = epic("serve", *arguments)
        assert code == 2
        assert "error:" in err
        assert said in " ".join(err.split())


@pytest.mark.parametrize(
    ("command", "missing"), [("serve", "uvicorn"), ("serve", "segno"), ("send", "httpx")]
)
def test_a_missing_extra_is_named(tmp_path, command, missing):
    code = f"import sys; sys.modules[{missing!r}] = None; {CODE}"
    done = subprocess.run(
        [sys.executable, "-c", code, command, *([tmp_path] if command == "send" else [])],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "200"},
    )
    assert done.returncode == 2
    assert f"needs {missing}" in done.stderr
    assert "epic-features[serve]" in done.stderr
