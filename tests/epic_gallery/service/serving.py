"""A real service in a real process, and raw connections to it."""

from __future__ import annotations

import io
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from textwrap import indent

import httpx
import numpy as np
from PIL import Image as PILImage

from epic_gallery.service.settings import Limits, ServiceSettings

ROOT = Path(__file__).resolve().parents[3]
_CODE = """
import json, logging, sys
from epic_gallery.service.server import open_service
from epic_gallery.service.settings import Limits, ServiceSettings
if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    given = json.loads(sys.argv[1])
    service = open_service(ServiceSettings(**given | {"limits": Limits(**given["limits"])}))
    {also}
    print(service.link, flush=True)
    service.run()
"""


@dataclass
class Served:
    """A running service.

    Attributes
    ----------
    link : str
        As it printed it.
    process : Popen
        The process that serves.
    log : Path
        What it wrote to its standard error.
    """

    link: str
    process: subprocess.Popen
    log: Path

    @property
    def url(self) -> str:
        return self.link.partition("/#")[0].rstrip("/")

    @property
    def port(self) -> int:
        return int(self.url.rpartition(":")[2])

    def classify(self, content, **query):
        headers = {"Content-Type": "application/octet-stream"}
        return httpx.post(
            f"{self.url}/v1/classify", params=query, content=content, headers=headers, timeout=120
        )

    def classify_many(self, files, **query):
        """Send (name, bytes) pairs; return the status and the lines."""
        parts = [("files", (name, content, "image/jpeg")) for name, content in files]
        answer = httpx.post(f"{self.url}/v1/classify", params=query, files=parts, timeout=300)
        return answer.status_code, [json.loads(line) for line in answer.text.splitlines()]

    def health(self):
        return httpx.get(f"{self.url}/healthz", timeout=60).json()

    def metrics(self):
        from prometheus_client.parser import text_string_to_metric_families

        text = httpx.get(f"{self.url}/metrics", timeout=60).text
        return {
            (sample.name, *sorted(sample.labels.values())): sample.value
            for family in text_string_to_metric_families(text)
            for sample in family.samples
        }

    def workers(self) -> list[int]:
        """Process numbers of the workers."""
        return [pid for pid in children(self.process.pid) if b"spawn_main" in command_of(pid)]

    def until(self, check, seconds=240):
        """Wait until something holds, and return it."""
        end = time.monotonic() + seconds
        while True:
            found = check()
            if found or time.monotonic() > end:
                assert found, self.log.read_text()
                return found
            time.sleep(0.05)

    @contextmanager
    def connection(self) -> Iterator[socket.socket]:
        with socket.create_connection(("127.0.0.1", self.port), timeout=60) as made:
            yield made


@contextmanager
def serving(
    folder: Path, limits: Limits | None = None, also: str = "", /, **settings
) -> Iterator[Served]:
    """Start a service on a free port, and end it; `also` is done to it before it runs."""
    given = asdict(ServiceSettings(port=0, limits=limits or Limits(), **settings))
    log = folder / "service.log"
    script = folder / "service.py"
    script.write_text(_CODE.replace("{also}", indent(also, "    ").strip()))
    with log.open("w") as errors:
        process = subprocess.Popen(
            [sys.executable, script, json.dumps(given, default=str)],
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            env={**os.environ, "PYTHONPATH": str(ROOT), "TMPDIR": str(folder)},
        )
    with process:
        try:
            link = process.stdout.readline().strip()
            assert link, log.read_text()
            served = Served(link, process, log)
            served.until(lambda: served.health()["ready"] == served.health()["workers"])
            yield served
        finally:
            process.terminate()
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()


def children(pid: int) -> list[int]:
    found = []
    for task in Path(f"/proc/{pid}/task").iterdir():
        with suppress(OSError):  # A thread may have ended since.
            found += [int(child) for child in (task / "children").read_text().split()]
    return found


def command_of(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


def form(files, boundary=b"frontier") -> bytes:
    """Return the body of a form with (name, bytes) pairs."""
    parts = [
        b'--%s\r\nContent-Disposition: form-data; name="files"; filename="%s"\r\n'
        b"Content-Type: image/jpeg\r\n\r\n%s\r\n" % (boundary, name.encode(), content)
        for name, content in files
    ]
    return b"".join(parts) + b"--%s--\r\n" % boundary


def received(connection: socket.socket, until: bytes | None = None) -> bytes:
    """Read until the end, or until some bytes came; what a reset cut off is gone."""
    found = b""
    try:
        while (until is None or until not in found) and (data := connection.recv(65536)):
            found += data
    except ConnectionError:
        pass
    return found


def png(width: int, height: int, seed: int = 0) -> bytes:
    """Return the file of a picture of noise."""
    noise = np.random.default_rng(seed).integers(0, 255, (height, width, 3), np.uint8)
    out = io.BytesIO()
    PILImage.fromarray(noise).save(out, "PNG")
    return out.getvalue()
