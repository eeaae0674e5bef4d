"""Load and abuse of the service: ``python -m benchmarks.serve [SHARED] [-o FILE]``.

Run it by hand, on an idle machine. The service runs as people run it, in a process of its own, and
is asked over the loopback interface.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx
import numpy as np

from benchmarks import machine
from benchmarks.broken_bodies import bodies
from examples.gallery import draw_gallery

MODELS = ("colors", "quick-personal", "personal")
CLIENTS = (1, 8, 32)
_SECONDS = 12.0  # Of each line of the table.
_GOOD_EVERY = 4
_ROUNDS = 2  # Of the same bodies, to see whether memory grows.
_RAW = {"Content-Type": "application/octet-stream"}
_START = "from epic_gallery.cli import main; main()"
_FUZZ_MODEL = "colors"


@dataclass
class Server:
    """A running service."""

    url: str
    pid: int

    def memory(self) -> float:
        """Return the MiB that the serving process has in memory."""
        status = Path(f"/proc/{self.pid}/status").read_text()
        return int(status.partition("VmRSS:")[2].split()[0]) / 1024

    def processes(self) -> int:
        """Return how many children it has."""
        tasks = Path(f"/proc/{self.pid}/task").iterdir()
        return sum(len((task / "children").read_text().split()) for task in tasks)

    def health(self) -> dict[str, Any]:
        """Return what it says of itself."""
        found: dict[str, Any] = httpx.get(f"{self.url}/healthz", timeout=60).json()
        return found


@contextmanager
def served(model: str, workers: int) -> Iterator[Server]:
    """Start the service, and end it."""
    command = [sys.executable, "-c", _START, "serve", "--port", "0", "--model", model]
    process = subprocess.Popen(
        [*command, "--workers", str(workers)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    with process:
        assert process.stdout is not None
        server = Server(process.stdout.readline().strip().rstrip("/"), process.pid)
        while server.health()["ready"] < workers:
            time.sleep(0.2)
        try:
            yield server
        finally:
            process.terminate()


def load(server: Server, model: str, pictures: Sequence[bytes], clients: int) -> list[str]:
    """Let clients ask one after the other for some seconds; return a row of the table."""
    seconds: list[float] = []
    refused: Counter[int] = Counter()
    guard = threading.Lock()
    end = time.monotonic() + _SECONDS

    def client(start: int) -> None:
        with httpx.Client(base_url=server.url, timeout=300, headers=_RAW) as session:
            number = start
            while time.monotonic() < end:
                began = time.monotonic()
                content = pictures[number % len(pictures)]
                answer = session.post("/v1/classify", params={"model": model}, content=content)
                with guard:
                    if answer.status_code == 200:
                        seconds.append(time.monotonic() - began)
                    else:
                        refused[answer.status_code] += 1
                number += 1

    began = time.monotonic()
    with ThreadPoolExecutor(clients) as pool:
        list(pool.map(client, range(clients)))
    spent = time.monotonic() - began
    middle, most = (1000 * np.percentile(seconds, share) for share in (50, 99))
    others = ", ".join(f"{n} × {code}" for code, n in sorted(refused.items())) or "none"
    figures = [f"{len(seconds) / spent:.1f}", f"{middle:.0f}", f"{most:.0f}", str(len(seconds))]
    return [model, str(clients), *figures, others]


def abuse(server: Server, good: Sequence[bytes], corrupt: Path | None) -> list[str]:
    """Send 1,000 broken bodies and all known bombs; return lines of a list."""
    with httpx.Client(base_url=server.url, timeout=300, headers=_RAW) as session:
        truth = [session.post("/v1/classify", content=content).json() for content in good]
    statuses: Counter[int] = Counter()
    asked = wrong = 0
    guard = threading.Lock()
    lives: list[int] = []
    slowest: tuple[float, str] = (0.0, "")

    def ask(numbered: tuple[int, tuple[str, bytes, str]]) -> None:
        nonlocal asked, wrong, slowest
        number, (kind, content, name) = numbered
        with httpx.Client(base_url=server.url, timeout=300) as session:
            began = time.monotonic()
            answer = session.post("/v1/classify", content=content, headers={"Content-Type": kind})
            spent = time.monotonic() - began
            with guard:
                statuses[answer.status_code] += 1
                slowest = max(slowest, (spent, name))
            if number % _GOOD_EVERY:
                return
            which = number // _GOOD_EVERY % len(good)
            found = session.post("/v1/classify", content=good[which], headers=_RAW)
            same = found.status_code == 200 and all(
                found.json()[key] == truth[which][key] for key in ("label", "probabilities")
            )
            with guard:
                asked += 1
                wrong += not same

    cases = list(enumerate(bodies(1000, good, seed=7, corrupt=corrupt)))
    memory = []
    for _ in range(_ROUNDS):
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(ask, cases))
        memory.append(server.memory())
        lives.append(server.processes())
    metrics = httpx.get(f"{server.url}/metrics").text
    replaced = [line for line in metrics.splitlines() if line.startswith("epic_workers_replaced")]
    told = ", ".join(f"{code}: {count}" for code, count in sorted(statuses.items()))
    return [
        f"{len(cases)} bodies, {_ROUNDS} rounds, 8 at once; status codes: {told}",
        f"good pictures in between: {asked}, {wrong} of them not answered right",
        f"slowest: {slowest[0]:.1f} s ({slowest[1]})",
        "memory of the serving process after each round: "
        + ", ".join(f"{value:.0f} MiB" for value in memory),
        f"its processes after each round: {', '.join(map(str, lives))}",
        *(f"`{line}`" for line in replaced if "created" not in line),
    ]


def main() -> None:
    """Measure, and print or write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("shared", nargs="?", type=Path, help="folder with gold/corrupt")
    parser.add_argument("-o", "--output", type=Path)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--note", default="", help="what else the machine was doing")
    given = parser.parse_args()
    before = os.getloadavg()[0]
    with TemporaryDirectory() as folder:
        drawings = draw_gallery(Path(folder), count=24, seed=0)
        pictures = [(Path(folder) / drawing.path).read_bytes() for drawing in drawings]
    rows = []
    for model in MODELS:
        with served(model, given.workers) as server:
            load(server, model, pictures, 1)  # Networks are loaded when they are first needed.
            rows += [load(server, model, pictures, clients) for clients in CLIENTS]
    corrupt = given.shared / "gold" / "corrupt" if given.shared else None
    with served(_FUZZ_MODEL, given.workers) as server:
        found = abuse(server, pictures[:8], corrupt)
    header = ("model", "clients", "pictures/s", "p50 ms", "p99 ms", "answers", "refused")
    text = "\n\n".join(
        (
            "# The service under load and under attack",
            machine.describe(),
            f"{len(pictures)} drawn pictures in turn, {given.workers} worker processes, loopback, "
            f"{_SECONDS:g} s for each line, clients in one process. Times are those of the client. "
            f"Load average before: {before:.1f}. {given.note}".strip(),
            machine.table(header, rows),
            f"Random, broken and hostile bodies (model {_FUZZ_MODEL}):",
            "\n".join(f"- {line}" for line in found),
        )
    )
    if given.output:
        given.output.write_text(text + "\n", encoding="utf-8")
    sys.stdout.write(text + "\n")


if __name__ == "__main__":
    main()
