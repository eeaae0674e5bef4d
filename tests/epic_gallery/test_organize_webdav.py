"""Pictures on a phone's WebDAV server: moved there, whatever becomes of the connection."""

import os
import random
import signal
import threading
import time

import pytest
from killed import POINTS, moved_on_server, runner, undone_on_server
from tree_of_files import fill, tree
from webdav_server import PASSWORD, USER, FaultyServer

from epic_features.cleaning.moves import apply, resume, status, undo
from epic_features.cleaning.plan import Action, make_plan, read_plan, write_plan
from epic_features.errors import OutputError, PlanError
from epic_features.sources import Patience
from epic_features.sources.remote import RemotePath
from epic_gallery.organize import list_pictures

QUICK = Patience(attempts=3, wait=0.01, timeout=1.0, total=5.0, list_timeout=1.5)
NAMES = (
    "DCIM/صورة ١.jpg",
    "DCIM/100% real.jpg",
    "DCIM/a b+c&d=e #1.jpg",
    "WhatsApp/😀.jpg",
    "WhatsApp/" + "x" * 251 + ".jpg",
    "WhatsApp/[1].jpg",
)


@pytest.fixture(autouse=True)
def _state(tmp_path, monkeypatch):
    monkeypatch.setenv("EPIC_STATE", str(tmp_path / "state"))


@pytest.fixture
def phone(tmp_path):
    folder = tmp_path / "phone"
    fill(folder, {name: f"picture {name}".encode() for name in NAMES})
    return folder


@pytest.fixture
def server(phone):
    server = FaultyServer(phone, writable=True)
    yield server
    server.stop()


def plan_of(server, names=NAMES, folder="screenshots"):
    """Plan as `epic organize` does: with what the server's list tells."""
    known = {picture.path: picture.identity for picture in list_pictures(server.url)}
    actions = [
        Action(
            name,
            "move",
            f"{folder}/{name.rpartition('/')[2]}",
            size=known[name].size,
            mtime_ns=known[name].mtime_ns,
            etag=known[name].etag,
        )
        for name in names
    ]
    return make_plan(RemotePath.of(server.url, QUICK), actions)


def results(report):
    return {outcome.path: outcome.result for outcome in report.outcomes}


def test_moved_there_and_back(server, phone):
    before = tree(phone)
    report = apply(plan_of(server))
    assert set(results(report).values()) == {"moved"}, [
        o for o in report.outcomes if o.result != "moved"
    ]
    after = tree(phone)
    assert sorted(after.values()) == sorted(before.values())
    assert all(name.startswith("screenshots/") for name in after)
    assert not (phone / ".epic").exists()  # The journal is on this machine.
    assert server.requests["GET", "/DCIM/صورة ١.jpg"] == 0  # And the picture stayed there.
    assert list(status(server.url)["state"]) == ["done"]
    assert resume(server.url) == []
    assert undo(server.url).count("moved") == len(NAMES)
    assert tree(phone) == before
    assert undo(server.url).outcomes == ()
    assert undo(report.journal).outcomes == ()


def test_a_plan_file_keeps_no_password_and_can_be_applied(phone, tmp_path, monkeypatch):
    server = FaultyServer(phone, writable=True, locked=True)
    before = tree(phone)
    monkeypatch.setenv("EPIC_REMOTE_USER", USER)
    monkeypatch.setenv("EPIC_REMOTE_PASSWORD", PASSWORD)
    write_plan(plan_of(server), tmp_path / "plan.json")
    report = apply(read_plan(tmp_path / "plan.json"))
    assert report.count("moved") == len(NAMES)
    assert undo(report.journal).count("moved") == len(NAMES)
    assert tree(phone) == before
    for path in (tmp_path / "state").rglob("*"):
        assert path.is_dir() or PASSWORD not in path.read_text()
    assert PASSWORD not in (tmp_path / "plan.json").read_text()
    server.stop()


def test_taken_names_and_changed_files(server, phone):
    fill(phone, {"screenshots/😀.jpg": b"somebody's", "screenshots/[1].jpg": b"another"})
    planned = plan_of(server)
    os.utime(phone / NAMES[0], (1, 1))
    before = (phone / NAMES[1]).stat()
    (phone / NAMES[1]).write_bytes(b"edited and longer than before, so that it is another one")
    os.utime(phone / NAMES[1], ns=(before.st_atime_ns, before.st_mtime_ns))
    (phone / NAMES[2]).unlink()
    report = apply(planned)
    found = results(report)
    assert [found[name] for name in NAMES] == ["skipped"] * 3 + ["moved"] * 3
    assert (phone / "screenshots/😀.jpg").read_bytes() == b"somebody's"
    assert (phone / "screenshots/😀 (2).jpg").exists()
    assert undo(server.url).count("moved") == 3
    assert (phone / NAMES[3]).read_bytes() == f"picture {NAMES[3]}".encode()


@pytest.mark.parametrize("fault", ["lost", "unanswered", 503, 502, "slow"])
def test_a_connection_that_drops_in_the_middle(server, phone, fault):
    before = tree(phone)
    planned = plan_of(server)
    for name in NAMES[::2]:
        server.faults["MOVE", f"/{name}"] = [fault]
    report = apply(planned)
    assert set(results(report).values()) == {"moved"}, [
        o for o in report.outcomes if o.result != "moved"
    ]
    assert len(tree(phone)) == len(NAMES)
    assert {o.target for o in report.outcomes} == {a.target for a in planned.actions}
    for outcome in report.outcomes[::2]:
        server.faults["MOVE", f"/{outcome.target}"] = [fault]
    assert undo(server.url).count("moved") == len(NAMES)
    assert tree(phone) == before


def test_answers_lost_at_random(server, phone):
    """Any request may be lost, before or after the server did it."""
    numbers = random.Random(7)
    before = tree(phone)
    served = server._answer

    def spoilt(environ, start_response):
        path = environ["PATH_INFO"].encode("latin-1").decode()
        if numbers.random() < 0.25 and environ["REQUEST_METHOD"] in ("MOVE", "MKCOL", "PROPFIND"):
            server.faults[environ["REQUEST_METHOD"], path] = [
                numbers.choice(["lost", "unanswered", 503])
            ]
        return served(environ, start_response)

    planned = plan_of(server)
    server._server.wsgi_app = spoilt
    patient = Patience(attempts=12, wait=0.001, timeout=1.0, total=20.0)
    for _ in range(3):
        apply(make_plan(RemotePath.of(server.url, patient), planned.actions))
        there = tree(phone)
        assert sorted(there.values()) == sorted(before.values())
        server._server.wsgi_app = served
        assert undo(server.url).count("moved") == len(NAMES)
        assert tree(phone) == before
        server._server.wsgi_app = spoilt


@pytest.mark.parametrize("fault", ["lost", "unanswered"])
def test_a_phone_that_goes_away_and_comes_back(server, phone, fault):
    before = tree(phone)
    planned = plan_of(server)
    third = f"/{NAMES[2]}"
    served = server._answer
    gone = threading.Event()

    def spoilt(environ, start_response):
        path = environ["PATH_INFO"].encode("latin-1").decode()
        if environ["REQUEST_METHOD"] == "MOVE" and path == third:
            gone.set()
            return getattr(server, f"_{fault}")(environ, start_response)
        if gone.is_set():
            return server._lost(environ, start_response)
        return served(environ, start_response)

    server._server.wsgi_app = spoilt
    with pytest.raises(OutputError, match="Nothing is lost; when the server is there again"):
        apply(planned)
    assert sorted(tree(phone).values()) == sorted(before.values())
    server._server.wsgi_app = served
    assert list(status(server.url)["state"]) == ["interrupted"]
    (report,) = resume(server.url)
    assert report.count("moved") == len(NAMES) - (2 if fault == "lost" else 3)
    assert list(status(server.url)["moved"]) == [len(NAMES)]
    assert len(tree(phone)) == len(NAMES)
    undo(server.url)
    assert tree(phone) == before


def test_a_server_that_copies_and_was_interrupted_before_it_deleted(server, phone):
    before = tree(phone)
    planned = plan_of(server, NAMES[:1])
    source, target = phone / NAMES[0], phone / planned.actions[0].target
    served = server._answer

    def half(environ, start_response):
        if environ["REQUEST_METHOD"] == "MOVE" and not target.exists():
            target.write_bytes(source.read_bytes())
            return server._lost(environ, start_response)
        return served(environ, start_response)

    server._server.wsgi_app = half
    assert apply(planned).count("moved") == 1
    assert not source.exists()
    assert target.read_bytes() == before[NAMES[0]][0]


def test_another_file_in_the_way_is_never_deleted(server, phone):
    planned = plan_of(server, NAMES[:1])
    target = phone / planned.actions[0].target
    content = (phone / NAMES[0]).read_bytes()
    served = server._answer

    def quicker(environ, start_response):
        if environ["REQUEST_METHOD"] == "MOVE" and not target.exists():
            target.write_bytes(content[::-1])
        return served(environ, start_response)

    server._server.wsgi_app = quicker
    (outcome,) = apply(planned).outcomes
    assert outcome.target.endswith(" (2).jpg")
    assert target.read_bytes() == content[::-1]
    assert (phone / outcome.target).read_bytes() == content


@pytest.mark.parametrize("name", ["what?.jpg", "a;b.jpg"])
def test_a_name_that_the_server_misreads_is_left_alone(server, phone, name):
    fill(phone, {name: b"odd"})
    report = apply(plan_of(server, [name, NAMES[0]]))
    assert results(report) == {name: "skipped", NAMES[0]: "moved"}
    assert (phone / name).exists()


def test_a_server_that_moves_elsewhere_is_stopped(server, phone):
    """The file is not lost, but nobody can take it back: not one more is moved."""
    served = server._answer
    planned = plan_of(server)

    def elsewhere(environ, start_response):
        if environ["REQUEST_METHOD"] == "MOVE":
            environ["HTTP_DESTINATION"] += "-elsewhere"
        return served(environ, start_response)

    server._server.wsgi_app = elsewhere
    with pytest.raises(OutputError, match="but not to"):
        apply(planned)
    assert sum(name.endswith("-elsewhere") for name in tree(phone)) == 1
    assert len(tree(phone)) == len(NAMES)


def test_what_a_server_can_not_do_is_said(server, phone, tmp_path):
    readonly = FaultyServer(phone)
    before = tree(phone)
    report = apply(plan_of(readonly, NAMES[:2]))
    assert set(results(report).values()) == {"failed"}
    assert "403" in report.outcomes[0].reason
    readonly.stop()
    copies = make_plan(RemotePath.of(server.url, QUICK), [Action(NAMES[0], "copy", "c/1.jpg")])
    assert apply(copies).outcomes[0].reason == "on a server files can only be moved"
    with pytest.raises(PlanError, match="others are only read"):
        apply(make_plan("sftp://phone/x", [Action("a", "move", "b/a")]))
    with pytest.raises(PlanError, match="no journal"):
        undo("webdav://127.0.0.1:9/nowhere")
    assert tree(phone) == before


def test_killed_at_any_line(server, phone, tmp_path):
    run = runner()
    numbers = random.Random(11)
    before = tree(phone)
    interrupted = 0
    for point in range(POINTS // 4):
        argument = (server.url, str(tmp_path / "state"), plan_of(server).actions)
        interrupted += not run(moved_on_server, argument, lines=numbers.randrange(900, 4500))
        assert sorted(tree(phone).values()) == sorted(before.values()), point
        if numbers.random() < 0.5 and (tmp_path / "state").exists():
            run(undone_on_server, argument, lines=numbers.randrange(300, 3000))
            assert sorted(tree(phone).values()) == sorted(before.values()), point
        if list((tmp_path / "state").rglob("journal-*")):
            if numbers.random() < 0.5:
                resume(server.url)
                assert sorted(tree(phone).values()) == sorted(before.values()), point
            while undo(server.url).outcomes:
                pass
        assert tree(phone) == before, point
    assert interrupted


def test_the_server_is_asked_by_a_command_that_is_killed(server, phone, tmp_path):
    """The whole process, killed from outside while the server is slow."""
    import subprocess
    import sys

    before = tree(phone)
    write_plan(plan_of(server), tmp_path / "plan.json")
    for name in NAMES:
        server.faults["MOVE", f"/{name}"] = ["slow"]
    code = "from epic_gallery.cli import main; main()"
    child = subprocess.Popen(
        [sys.executable, "-c", code, "organize", "apply", tmp_path / "plan.json"],
        stderr=subprocess.DEVNULL,
    )
    while not server.requests["MOVE", f"/{NAMES[1]}"]:
        time.sleep(0.01)
        assert child.poll() is None
    child.send_signal(signal.SIGKILL)
    child.wait()
    time.sleep(0.8)  # The server goes on with what it was asked.
    assert sorted(tree(phone).values()) == sorted(before.values())
    resume(server.url)
    assert list(status(server.url)["moved"]) == [len(NAMES)]
    undo(server.url)
    assert tree(phone) == before
