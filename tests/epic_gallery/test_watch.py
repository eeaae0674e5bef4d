"""Pictures that arrive: half written, many at once, moved in, while everything goes on."""

import os
import random
import signal
import subprocess
import sys
import threading
import time

import numpy as np
import pytest
from PIL import Image as PILImage
from stand_ins import SCHEMA, row
from tree_of_files import fill, tree

from epic_features.cleaning.moves import apply, undo
from epic_features.errors import MissingExtra, OutputError, PlanError, SourceError
from epic_features.extractor import Rejected
from epic_gallery.organize import read_sort_plan
from epic_gallery.schemes import find_scheme

pytest.importorskip("watchdog", reason="needs the extra watch")

from epic_gallery.watch import Arrivals, Watcher  # noqa: E402

QUIET = 0.5


class Reader:
    """Reads a picture by its name and first bytes, instead of looking at pixels."""

    def __init__(self):
        self.read = []

    def row_or_rejection(self, image):
        content = image.content.read_bytes()
        self.read.append(image.relative_path)
        if not content.endswith(b"end"):
            return Rejected(image.name, "cut off", relative_path=image.relative_path)
        kind = content.split()[0].decode()
        return row(kind, image.relative_path, np.random.default_rng(len(content)))

    def table(self, rows):
        import pyarrow as pa

        return pa.Table.from_pylist(rows, schema=SCHEMA)


@pytest.fixture
def watched(tmp_path, models):
    """Return a function that watches a folder in a thread; what it sorts is in a list."""
    root = tmp_path / "phone"
    root.mkdir()
    scheme = find_scheme("whatsapp", models / "whatsapp", models / "personal")
    started = []

    def watch(sink=None, **options):
        plans, reader = [], Reader()
        options = {"quiet": QUIET, "extractor": reader, **options}
        watcher = Watcher(root, scheme, sink or plans.append, **options)
        stop, failures = threading.Event(), []

        def run():
            try:
                watcher.run(stop)
            except Exception as error:
                failures.append(error)

        thread = threading.Thread(target=run)
        thread.start()
        started.append((stop, thread))
        time.sleep(0.3)
        return root, plans, reader, failures

    yield watch
    for stop, thread in started:
        stop.set()
        thread.join(20)
        assert not thread.is_alive()


def wait_for(condition, seconds=15.0):
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, "it did not happen"
        time.sleep(0.05)


def seen(plans):
    return [path for plan in plans for path in plan.table["path"]]


def test_arrivals_wait_until_nothing_changes(tmp_path):
    arrivals = Arrivals(tmp_path, 2.0)
    (tmp_path / "a.jpg").write_bytes(b"a")
    arrivals.add("a.jpg")
    arrivals.add("gone.jpg")
    assert arrivals.settled(0.0) == []
    assert len(arrivals) == 1
    assert arrivals.settled(1.9) == []
    (tmp_path / "a.jpg").write_bytes(b"ab")
    assert arrivals.settled(2.5) == []
    assert arrivals.settled(4.4) == []
    os.utime(tmp_path / "a.jpg", (1, 1))
    assert arrivals.settled(4.6) == []
    (picture,) = arrivals.settled(6.7)
    assert (picture.path, picture.identity.size) == ("a.jpg", 2)
    arrivals.handled("a.jpg", (2, picture.identity.mtime_ns))
    arrivals.add("a.jpg")
    assert arrivals.settled(100.0) == []
    assert len(arrivals) == 0
    (tmp_path / "empty.jpg").touch()  # The writer has only opened it.
    arrivals.add("empty.jpg")
    arrivals.settled(100.0)
    assert arrivals.settled(200.0) == []
    assert len(arrivals) == 1


def test_only_what_arrives_is_sorted(watched, tmp_path):
    fill(tmp_path / "phone", {"old.jpg": b"screenshot end", "screenshots/x.jpg": b"photo end"})
    root, plans, _, _ = watched()
    fill(root, {"new.jpg": b"screenshot 1 end", "صورة.jpg": b"photo end", ".hidden.jpg": b"x end"})
    fill(root, {"Sent/deep/😀.jpg": b"notes end", "note.txt": b"notes end"})
    fill(root, {"screenshots/y.jpg": b"photo end"})
    elsewhere = tmp_path / "elsewhere.jpg"
    elsewhere.write_bytes(b"screenshot 2 end")
    elsewhere.rename(root / "moved in.jpg")
    (tmp_path / "album").mkdir()
    (tmp_path / "album" / "inside.jpg").write_bytes(b"screenshot 3 end")
    (tmp_path / "album").rename(root / "album")
    (root / "download.part").write_bytes(b"screenshot 4 end")
    (root / "download.part").rename(root / "downloaded.jpg")
    wanted = {
        *("new.jpg", "صورة.jpg", "Sent/deep/😀.jpg"),
        *("moved in.jpg", "album/inside.jpg", "downloaded.jpg"),
    }
    wait_for(lambda: set(seen(plans)) >= wanted)
    time.sleep(2 * QUIET)
    assert sorted(seen(plans)) == sorted(wanted)  # Each once.
    targets = {a.path: a.target for plan in plans for a in plan.plan.actions}
    assert targets["Sent/deep/😀.jpg"] == "printed-notes/😀.jpg"
    assert "صورة.jpg" not in targets


def test_a_half_written_file_is_not_read(watched):
    root, plans, reader, _ = watched()
    with (root / "slow.jpg").open("wb") as file:
        file.write(b"screenshot ")
        for _ in range(12):
            file.write(b"more ")
            file.flush()
            time.sleep(QUIET / 4)
        assert reader.read == []
        file.write(b"end")
    wait_for(lambda: seen(plans) == ["slow.jpg"])
    assert reader.read == ["slow.jpg"]


def test_a_writer_that_pauses_is_read_again(watched):
    root, plans, reader, _ = watched()
    with (root / "pause.jpg").open("wb") as file:
        file.write(b"screenshot half")
        file.flush()
        wait_for(lambda: reader.read == ["pause.jpg"])
        assert plans == []
        file.write(b" end")
    wait_for(lambda: seen(plans) == ["pause.jpg"])


def test_a_burst(watched):
    root, plans, _, _ = watched(listed_every=2.0)
    numbers = random.Random(0)
    names = [f"{numbers.choice(['', 'a/', 'b/'])}{n:04d}.jpg" for n in range(1500)]
    fill(root, dict.fromkeys(names, b"screenshot end"))
    wait_for(lambda: len(seen(plans)) >= len(names), 60)
    assert sorted(seen(plans)) == sorted(names)


def test_applied_at_once_and_undone_while_it_runs(watched):
    reports = []
    root, _, _, _ = watched(sink=lambda sorting: reports.append(apply(sorting.plan)))
    fill(root, {f"{n}.jpg": b"screenshot end" for n in range(5)})
    fill(root, {"photo.jpg": b"photo end"})
    wait_for(lambda: len(list(root.glob("screenshots/*"))) == 5)
    assert (root / "photo.jpg").exists()
    time.sleep(QUIET)
    while any(outcome.result == "moved" for outcome in undo(root).outcomes):
        pass
    assert len(list(root.glob("*.jpg"))) == 6
    time.sleep(3 * QUIET)
    assert len(list(root.glob("*.jpg"))) == 6  # What a person takes back stays there.


def test_what_could_not_be_written_comes_again(watched):
    plans = []

    def refusing(sorting):
        plans.append(sorting)
        if len(plans) == 1:
            raise OutputError("the disk is full")

    root, _, _, failures = watched(sink=refusing)
    fill(root, {"a.jpg": b"screenshot end"})
    wait_for(lambda: len(plans) == 2)
    assert failures == []


def test_a_folder_that_goes_away_ends_it(watched, tmp_path):
    root, _, _, failures = watched()
    root.rename(tmp_path / "unplugged")
    wait_for(lambda: failures)
    assert isinstance(failures[0], SourceError)
    assert "is gone" in str(failures[0])


def test_what_can_not_be_watched(tmp_path, models, monkeypatch):
    scheme = find_scheme("whatsapp", models / "whatsapp", models / "personal")
    with pytest.raises(PlanError, match="no such folder"):
        Watcher(tmp_path / "nowhere", scheme, print)
    with pytest.raises(PlanError, match="only a folder of this machine"):
        Watcher("webdav://phone/x", scheme, print)
    monkeypatch.setitem(sys.modules, "watchdog.observers", None)
    with pytest.raises(MissingExtra, match=r"epic-features\[watch\]"):
        Watcher(tmp_path, scheme, print)


def test_the_command_until_ctrl_c(tmp_path, models, default_models):
    """The real command with real pictures; Ctrl-C ends it and says what it did."""
    root, plan = tmp_path / "phone", tmp_path / "plan.parquet"
    fill(root, {"old.txt": b"x"})
    child = subprocess.Popen(
        [
            *(sys.executable, "-c", "from epic_gallery.cli import main; main()", "watch", root),
            *("--model", models / "whatsapp", "--personal", models / "personal"),
            *("--quiet-for", "0.3", "-o", plan),
        ],
        stderr=subprocess.PIPE,
        text=True,
    )
    assert "watching" in child.stderr.readline()
    for n in range(3):
        PILImage.effect_noise((60 + n, 40), 60).convert("RGB").save(root / f"{n}.png")
    before = {path.name: path.read_bytes() for path in root.glob("*.png")}
    wait_for(lambda: plan.exists() and len(read_sort_plan(plan).table) == 3, 60)
    child.send_signal(signal.SIGINT)
    _, said = child.communicate(timeout=60)
    assert child.returncode == 0, said
    assert "3 pictures looked at" in said
    assert "Traceback" not in said
    assert sorted(before.values()) == sorted(
        content for name, (content, _) in tree(root).items() if name.endswith(".png")
    )
