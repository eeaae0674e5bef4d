"""Worker processes that die, hang and are killed: real ones."""

import multiprocessing
import os
import random
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

from epic_features import Settings, SourceError
from epic_features.engines.inline import InlineEngine
from epic_features.engines.processes import ProcessEngine, available_cores
from epic_features.errors import ModelNotFound
from epic_features.sources import ImageReference, references

SHAPE = Settings(groups=("shape",))


@dataclass(frozen=True, eq=False)
class Deadly(ImageReference):
    """An image that kills the process that loads it, the first `times` times."""

    times: int = 1000

    def load(self, settings):
        count = self.content.with_suffix(".count")
        with count.open("a") as file:
            file.write("x")
        if len(count.read_text()) <= self.times:
            os.kill(os.getpid(), signal.SIGKILL)
        return super().load(settings)


@dataclass(frozen=True, eq=False)
class Sleepy(ImageReference):
    """An image over which a worker falls asleep."""

    def load(self, settings):
        with self.content.with_suffix(".asleep").open("a") as file:
            file.write(f"{os.getpid()} ")
        time.sleep(600)


@dataclass(frozen=True, eq=False)
class Telling(ImageReference):
    """An image that leaves a note about the process that loads it."""

    def load(self, settings):
        import cv2

        note = f"{cv2.getNumThreads()} {os.environ['OMP_NUM_THREADS']} {os.getpid()}"
        self.content.with_suffix(".note").write_text(note)
        return super().load(settings)


def of_kind(kind, path, **more):
    return kind(str(path), path, path.name, None, **more)


@pytest.fixture
def pictures(tmp_path, make_pictures):
    folder = tmp_path / "in"
    make_pictures(folder, 60)
    return folder


def rows(results):
    return [result.row for result in results]


def test_results_come_in_order_and_equal_those_of_the_calling_process(pictures):
    (pictures / "0007.png").write_bytes(b"no image")
    inline = list(InlineEngine().run(references(pictures), SHAPE))
    assert [result.name for result in inline] == [str(p) for p in sorted(pictures.iterdir())]
    for workers in (1, 3):
        assert list(ProcessEngine(workers).run(references(pictures), SHAPE)) == inline
    assert inline[7].rejected.stage == "decode"
    assert inline[8].sha256 is not None


def test_references_are_taken_as_they_are_needed(pictures):
    taken = 0

    def listed():
        nonlocal taken
        while True:
            taken += 1
            yield from references(pictures / "0000.png")

    results = ProcessEngine(2).run(listed(), SHAPE)
    for _ in range(10):
        next(results)
    assert taken < 400
    results.close()
    assert multiprocessing.active_children() == []


def test_an_image_that_kills_its_worker_is_tried_twice_and_then_rejected(pictures):
    listed = list(references(pictures))
    listed[5] = of_kind(Deadly, pictures / "0005.png")
    listed[9] = of_kind(Deadly, pictures / "0009.png", times=1)
    results = list(ProcessEngine(2).run(listed, SHAPE))
    assert [i for i, result in enumerate(results) if result.row is None] == [5]
    assert results[5].rejected.stage == "worker"
    assert "SIGKILL" in results[5].rejected.reason
    assert (pictures / "0005.count").read_text() == "xx"
    assert (pictures / "0009.count").read_text() == "xx"
    assert results[9].row["width"] == 10


def test_an_image_that_takes_too_long_is_rejected_and_the_others_are_not(pictures):
    listed = list(references(pictures))
    listed[3] = of_kind(Sleepy, pictures / "0003.png")
    listed[4] = of_kind(Sleepy, pictures / "0004.png")
    results = list(ProcessEngine(2, time_limit=2).run(listed, SHAPE))
    assert [i for i, result in enumerate(results) if result.row is None] == [3, 4]
    assert results[3].rejected.reason == "took longer than 2 s"


def test_workers_killed_at_random_change_nothing(pictures):
    expected = rows(InlineEngine().run([*references(pictures)] * 20, SHAPE))
    finished = threading.Event()
    kills = 0

    def kill():
        nonlocal kills
        chance = random.Random(3)
        while not finished.wait(chance.uniform(0.05, 0.5)):
            if kills < 5 and (workers := multiprocessing.active_children()):
                os.kill(chance.choice(workers).pid, signal.SIGKILL)
                kills += 1

    killer = threading.Thread(target=kill)
    killer.start()
    source = (r for _ in range(20) for r in (time.sleep(0.1), *references(pictures))[1:])
    found = rows(ProcessEngine(2).run(source, SHAPE))
    finished.set()
    killer.join()
    assert kills >= 3
    assert found == expected


def test_workers_use_one_thread_each(pictures):
    path = pictures / "0001.png"
    before = dict(os.environ)
    (result,) = ProcessEngine(4).run([of_kind(Telling, path)], SHAPE)
    cv_threads, omp_threads, pid = path.with_suffix(".note").read_text().split()
    assert (cv_threads, omp_threads) == ("1", "1")
    assert int(pid) != os.getpid()
    assert dict(os.environ) == before
    assert result.row is not None


def test_a_worker_that_cannot_load_its_models_says_why(pictures, tmp_path):
    settings = Settings(groups=("faces",), model_dir=str(tmp_path))
    with pytest.raises(ModelNotFound, match="epic models get"):
        list(ProcessEngine(1).run(references(pictures), settings))
    assert multiprocessing.active_children() == []


ASLEEP = """
import sys
from pathlib import Path
from epic_features import Settings
from epic_features.engines.processes import ProcessEngine
from test_processes import Sleepy
path = Path(sys.argv[1])
list(ProcessEngine(2).run([Sleepy(path.name, path, path.name)] * 2, Settings(groups=("shape",))))
"""


def test_workers_end_with_their_parent_even_in_the_middle_of_an_image(pictures):
    path = pictures / "0000.png"
    here = os.pathsep.join([str(Path(__file__).parent), os.environ.get("PYTHONPATH", "")])
    process = subprocess.Popen(
        [sys.executable, "-c", ASLEEP, path], env={**os.environ, "PYTHONPATH": here}
    )
    until = time.monotonic() + 30
    note = path.with_suffix(".asleep")
    while not note.exists() or len(workers := note.read_text().split()) < 2:
        assert time.monotonic() < until
        time.sleep(0.02)
    process.kill()
    process.wait()
    while alive := [pid for pid in workers if is_alive(int(pid))]:
        assert time.monotonic() < until, alive
        time.sleep(0.02)


def is_alive(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    # One that ended may wait for a parent that asks for it.
    status = Path(f"/proc/{pid}/stat")
    return not status.exists() or status.read_text().rpartition(")")[2].split()[0] != "Z"


def test_a_script_without_guard_gets_advice(pictures, tmp_path):
    script = tmp_path / "script.py"
    script.write_text(
        "import sys; from epic_features import Settings, dump\n"
        "dump(sys.argv[1], sys.argv[2], settings=Settings(groups=('shape',)))"
    )
    command = [sys.executable, script, pictures, tmp_path / "out"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 1
    assert "EngineError" in done.stderr
    assert "__main__" in done.stderr
    assert not (tmp_path / "out").exists()


def test_an_error_of_the_listing_ends_the_run_and_its_processes(pictures):
    def listed():
        yield from references(pictures)
        raise SourceError("the server is gone")

    with pytest.raises(SourceError, match="gone"):
        list(ProcessEngine(2).run(listed(), SHAPE))
    assert multiprocessing.active_children() == []


def test_files_that_vanish_change_or_cannot_be_read(pictures, tmp_path):
    @dataclass(frozen=True, eq=False)
    class Growing(ImageReference):
        def load(self, settings):
            image = super().load(settings)
            with Path(self.content).open("ab") as file:
                file.write(b" ")
            return image

    listed = [
        of_kind(ImageReference, pictures / "gone.png"),
        of_kind(Growing, pictures / "0000.png"),
    ]
    gone, growing = InlineEngine().run(listed, SHAPE)
    assert (gone.rejected.stage, gone.identity) == ("source", None)
    assert "No such file" in gone.rejected.reason
    assert growing.rejected.stage == "source"
    assert "changed" in growing.rejected.reason


def test_all_cores_are_used_by_default():
    assert ProcessEngine().workers == available_cores() >= 1
