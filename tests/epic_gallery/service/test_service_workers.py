"""Workers that die, hang or are killed, and the end of the service itself."""

import os
import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from serving import children, png, serving

from classifiers.rules import load


def send_signal(pid, number):
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        pytest.fail("the worker is gone already")


def kill_one(served):
    """Kill a worker, and wait until another has its place."""
    victim = served.until(served.workers)[0]
    send_signal(victim, signal.SIGKILL)
    served.until(lambda: victim not in served.workers() and served.health()["ready"] == 2)


def replaced(served, cause):
    return served.metrics().get(("epic_workers_replaced_total", cause), 0)


def test_killed_under_load_and_nobody_notices(strict):
    mine = load("colors")
    pictures = [png(90, 80, seed) for seed in range(6)]
    truth = [mine.classify(picture).probabilities for picture in pictures]
    before = replaced(strict, "death")
    with ThreadPoolExecutor(1) as killer, ThreadPoolExecutor(3) as pool:
        done = killer.submit(kill_one, strict)
        rounds = 0
        while not done.done() or rounds < 3:
            for answer, expected in zip(pool.map(strict.classify, pictures), truth, strict=True):
                assert answer.status_code == 200, answer.text
                assert answer.json()["probabilities"] == pytest.approx(expected)
            rounds += 1
            time.sleep(0.1)  # Leaves the new worker some of the processor to start on.
        done.result()
    assert replaced(strict, "death") == before + 1
    assert len(strict.workers()) == 2


def test_one_that_hangs_holds_up_nobody_and_is_replaced(strict, small):
    """A stopped process stands for code that never comes back; the limit is 6 s."""
    before = replaced(strict, "time limit")
    victim = strict.workers()[0]
    send_signal(victim, signal.SIGSTOP)
    over = threading.Event()

    def ask(picture):
        found = []
        while not over.is_set():
            found.append(strict.classify(picture))
            if found[-1].status_code != 200:
                over.set()  # The other has what it needs.
        return found

    # One of two comes to the worker that hangs; the larger one does not fit into its pipe.
    with ThreadPoolExecutor(2) as pool:
        both = pool.map(ask, (png(250, 250), small))
        (*quick, slow), met = sorted(both, key=lambda found: found[-1].status_code == 200)
    assert len(met) > 1
    assert {answer.status_code for answer in quick + met} == {200}
    assert slow.status_code == 422
    error = slow.json()["error"]
    assert error["code"] == "picture_took_too_long"
    assert "6 s" in error["message"]
    strict.until(lambda: strict.health()["ready"] == 2)
    assert replaced(strict, "time limit") == before + 1
    assert victim not in strict.workers()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_no_process_is_left_when_the_service_ends(tmp_path, number):
    with serving(tmp_path, model="bytes", workers=1) as served:
        pids = children(served.process.pid)
        assert len(pids) >= 1
        served.process.send_signal(number)
        served.process.wait(60)
        served.until(lambda: not any(alive(pid) for pid in pids))


def alive(pid):
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"
