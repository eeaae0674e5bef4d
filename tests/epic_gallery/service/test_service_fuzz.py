"""Random and broken bodies, and good pictures in between.

``benchmarks/serve.py`` does the same with many more.
"""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest
from serving import children, png

from benchmarks.broken_bodies import bodies
from classifiers.rules import load

COUNT = 80


def memory_of(pid):
    """Return the bytes a process has in memory."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0]) * 1024


def test_no_body_brings_the_service_down(strict, drawn, shared_or_none):
    good = [content for content in drawn.values() if len(content) < 150_000][:4]
    assert len(good) == 4
    good.append(png(120, 90))
    mine = load("colors")
    truth = [mine.classify(content).probabilities for content in good]
    processes = len(children(strict.process.pid))

    def ask(numbered):
        number, (kind, content, name) = numbered
        with httpx.Client(base_url=strict.url, timeout=180) as client:
            answer = client.post("/v1/classify", content=content, headers={"Content-Type": kind})
            assert answer.status_code < 500 or answer.status_code == 503, (name, answer.text)
            if number % 5 == 0:
                raw = {"Content-Type": "image/jpeg"}
                which = number // 5 % len(good)
                found = client.post("/v1/classify", content=good[which], headers=raw)
                assert found.status_code == 200, found.text
                assert found.json()["probabilities"] == pytest.approx(truth[which])
        return answer.status_code

    corrupt = shared_or_none and shared_or_none / "gold" / "corrupt"
    cases = list(enumerate(bodies(COUNT, good, seed=1, corrupt=corrupt)))
    with ThreadPoolExecutor(4) as pool:
        statuses = set(pool.map(ask, cases))
        before = memory_of(strict.process.pid)
        list(pool.map(ask, cases[-60:]))
    assert {200, 413, 415, 422} <= statuses
    # What a second round over the same bodies leaves behind.
    assert memory_of(strict.process.pid) - before < 50 * 2**20
    strict.until(lambda: strict.health()["ready"] == 2)
    assert len(children(strict.process.pid)) == processes
    metrics = strict.metrics()
    assert metrics["epic_requests_in_flight",] == metrics["epic_pictures_waiting",] == 0


@pytest.fixture
def shared_or_none():
    """The folder of real test data, or None."""
    folder = Path(__file__).resolve().parents[4] / "shared"
    return folder if folder.is_dir() else None
