"""Moving and taking back: what is moved, what is left alone, and why."""

import contextlib
import errno
import os
import shutil
import stat
import subprocess
import tempfile
import threading
from pathlib import Path

import pytest
from tree_of_files import contents, fill, listing, tree

from epic_features import OutputError, PlanError
from epic_features.cleaning import renames
from epic_features.cleaning.journal import Journal, Step
from epic_features.cleaning.lock import is_locked, locked
from epic_features.cleaning.moves import apply, find_root, resume, status, undo
from epic_features.cleaning.plan import Action, Plan, make_plan
from epic_features.cleaning.renames import Identity, relocate, rename_exclusive, sha256_of, suffixed

ODD_NAMES = (
    "صورة الجروب ٢٠٢٤.jpg",
    "😀 family 👨‍👩‍👧.png",
    os.fsdecode(b"\xff\xfe.jpg"),
    "x" * 251 + ".jpg",
    "ص" * 125 + ".jpeg",
    "-rf",
    "a\nb.jpg",
    ".hidden",
)


def no_note(op, values):
    raise AssertionError(f"{op} was not expected")


@pytest.fixture
def other_file_system(tmp_path):
    """A folder on another file system than tmp_path."""
    for place in ("/dev/shm", "/run/user", "/var/tmp"):
        if os.access(place, os.W_OK) and Path(place).stat().st_dev != tmp_path.stat().st_dev:
            folder = Path(tempfile.mkdtemp(dir=place))
            yield folder
            shutil.rmtree(folder)
            return
    pytest.skip("there is no second file system that can be written")


def test_every_action_and_back(tmp_path):
    fill(tmp_path, {name: name.encode("utf-8", "surrogateescape") for name in ODD_NAMES})
    fill(tmp_path, {f"in/{name}": b"in" for name in ODD_NAMES})
    before = tree(tmp_path)
    actions = [Action(name, "trash") for name in ODD_NAMES]
    actions += [Action(f"in/{name}", "move", f"out/deep/{name}") for name in ODD_NAMES[:5]]
    actions += [
        Action(f"in/{name}", "rename", f"in/{n}.jpg") for n, name in enumerate(ODD_NAMES[5:])
    ]
    report = apply(make_plan(tmp_path, actions))
    assert report.count("moved") == len(actions), report.table
    after = tree(tmp_path)
    assert sum(name.startswith(".epic/trash/") for name in after) == len(ODD_NAMES)
    assert {f"out/deep/{name}" for name in ODD_NAMES[:5]} <= set(after)
    assert contents(tmp_path) == sorted(before.values())
    undone = undo(report.journal)
    assert undone.count("moved") == len(actions)
    assert tree(tmp_path) == before
    assert not (tmp_path / "out").exists()
    assert not list((tmp_path / ".epic" / "trash").glob("*"))
    assert undo(report.journal).outcomes == ()
    assert tree(tmp_path) == before


def test_a_taken_name_gets_a_number(tmp_path):
    fill(tmp_path, {"a.jpg": b"a", "b.jpg": b"b", "c.jpg": b"c", "x" * 251 + ".jpg": b"x"})
    long = "x" * 251 + ".jpg"
    plan = make_plan(
        tmp_path,
        [
            Action("a.jpg", "rename", "c.jpg"),
            Action("b.jpg", "rename", "c.jpg"),
            Action("c.jpg", "rename", long),
        ],
    )
    report = apply(plan)
    assert [outcome.target for outcome in report.outcomes] == [
        "c (2).jpg",
        "c (3).jpg",
        "x" * 247 + " (2).jpg",
    ]
    assert (tmp_path / long).read_bytes() == b"x"


def test_an_old_name_that_is_taken_gets_a_number(tmp_path):
    fill(tmp_path, {"a.jpg": b"a"})
    report = apply(make_plan(tmp_path, [Action("a.jpg", "trash")]))
    (tmp_path / "a.jpg").write_bytes(b"new")
    assert undo(report.journal).outcomes[0].target == "a (2).jpg"
    assert (tmp_path / "a.jpg").read_bytes() == b"new"
    assert (tmp_path / "a (2).jpg").read_bytes() == b"a"


def test_what_changed_since_the_plan_is_left_alone(tmp_path):
    names = ("size", "time", "gone", "same", "hash", "touched")
    fill(tmp_path, dict.fromkeys(names, b"abc"))
    plan = make_plan(tmp_path, [Action(name, "trash", sha256=None) for name in names[:4]])
    hashes = {name: sha256_of(tmp_path / name) for name in names[4:]}
    hashed = make_plan(tmp_path, [Action(n, "trash", sha256=h) for n, h in hashes.items()])
    (tmp_path / "size").write_bytes(b"abcd")
    os.utime(tmp_path / "time", ns=(1, 1))
    (tmp_path / "gone").unlink()
    times = (tmp_path / "hash").stat()
    (tmp_path / "hash").write_bytes(b"xyz")
    os.utime(tmp_path / "hash", ns=(times.st_atime_ns, times.st_mtime_ns))
    os.utime(tmp_path / "touched", ns=(1, 1))
    report = apply(Plan(tmp_path, plan.actions + hashed.actions))
    results = {outcome.path: outcome.result for outcome in report.outcomes}
    assert results == {
        **dict.fromkeys(("size", "time", "gone", "hash"), "skipped"),
        **dict.fromkeys(("same", "touched"), "moved"),
    }
    assert "gone" in next(o.reason for o in report.outcomes if o.path == "gone")


def test_links_folders_and_pipes_are_left_alone(tmp_path):
    fill(tmp_path, {"real.jpg": b"x"})
    (tmp_path / "link.jpg").symlink_to("real.jpg")
    (tmp_path / "dangling.jpg").symlink_to("nowhere")
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")
    names = ("link.jpg", "dangling.jpg", "folder", "pipe")
    report = apply(make_plan(tmp_path, [Action(name, "trash") for name in names]))
    assert report.count("skipped") == 4
    assert (tmp_path / "link.jpg").is_symlink()
    assert "symbolic link" in report.outcomes[0].reason


def test_a_folder_that_became_a_link_is_not_followed(tmp_path):
    root, outside = tmp_path / "root", tmp_path / "outside"
    fill(root, {"s/a.jpg": b"x", "b.jpg": b"y"})
    outside.mkdir()
    plan = make_plan(root, [Action("s/a.jpg", "trash"), Action("b.jpg", "move", "t/b.jpg")])
    (root / "s").rename(outside / "s")
    (root / "s").symlink_to(outside / "s")
    (root / "t").symlink_to(outside)
    report = apply(plan)
    assert report.count("failed") == 2
    assert (outside / "s" / "a.jpg").exists()
    assert (root / "b.jpg").exists()


def test_an_edited_file_is_taken_back_as_it_is(tmp_path):
    fill(tmp_path, {"a.jpg": b"a", "b.jpg": b"b"})
    plan = make_plan(tmp_path, [Action(n, "move", f"x/{n}") for n in ("a.jpg", "b.jpg")])
    report = apply(plan)
    (tmp_path / "x" / "a.jpg").write_bytes(b"edited")
    (tmp_path / "x" / "b.jpg").unlink()
    undone = undo(report.journal)
    assert {o.path: o.result for o in undone.outcomes} == {"x/a.jpg": "moved", "x/b.jpg": "missing"}
    assert (tmp_path / "a.jpg").read_bytes() == b"edited"


def test_undo_takes_the_latest_journal_of_the_folder_or_one_above(tmp_path):
    fill(tmp_path, {"s/a.jpg": b"a", "b.jpg": b"b"})
    apply(make_plan(tmp_path, [Action("s/a.jpg", "trash")]))
    apply(make_plan(tmp_path, [Action("b.jpg", "trash")]))
    assert find_root(tmp_path / "s") == tmp_path
    assert undo(tmp_path / "s").outcomes[0].target == "b.jpg"
    assert undo(tmp_path / "s").outcomes[0].target == "s/a.jpg"
    assert undo(tmp_path).outcomes == ()
    assert list(status(tmp_path)["state"]) == ["undone", "undone"]


def test_without_a_journal_there_is_nothing_to_undo(tmp_path):
    with pytest.raises(PlanError, match="no journal"):
        undo(tmp_path)
    with pytest.raises(PlanError, match="can't read"):
        undo(tmp_path / "journal.jsonl")


def test_no_two_processes_move_at_once(tmp_path):
    fill(tmp_path, {"a.jpg": b"a"})
    plan = make_plan(tmp_path, [Action("a.jpg", "trash")])
    with locked(tmp_path), pytest.raises(OutputError, match="another process"):
        apply(plan)
    assert (tmp_path / "a.jpg").exists()


def test_asking_whether_files_are_moved_keeps_nobody_from_moving(tmp_path):
    ended = threading.Event()

    def ask():
        while not ended.is_set():
            is_locked(tmp_path)

    asking = threading.Thread(target=ask)
    with locked(tmp_path):
        assert is_locked(tmp_path)
        asking.start()
    try:
        for _ in range(200):
            with locked(tmp_path):
                pass
    finally:
        ended.set()
        asking.join()
    assert not is_locked(tmp_path)


@pytest.mark.parametrize("way", ["_rename_by_system", "_rename_by_link"])
def test_the_ways_of_renaming_never_overwrite(tmp_path, way):
    fill(tmp_path, {"a": b"a", "b": b"b"})
    with pytest.raises(FileExistsError):
        getattr(renames, way)(tmp_path / "a", tmp_path / "b")
    getattr(renames, way)(tmp_path / "a", tmp_path / "c")
    assert {n: c for n, (c, _) in tree(tmp_path).items()} == {"b": b"b", "c": b"a"}


def test_a_reservation_never_overwrites(tmp_path):
    fill(tmp_path, {"a": b"a", "b": b"b"})
    noted = []
    with pytest.raises(FileExistsError):
        renames._rename_by_reservation(
            tmp_path / "a", tmp_path / "b", lambda op, v: noted.append(op)
        )
    renames._rename_by_reservation(tmp_path / "a", tmp_path / "c", lambda op, v: noted.append(op))
    assert {n: c for n, (c, _) in tree(tmp_path).items()} == {"b": b"b", "c": b"a"}
    assert noted == ["reserved", "reserved"]


def test_a_file_crosses_file_systems_with_its_time_and_mode(tmp_path, other_file_system):
    fill(tmp_path, {"a.jpg": os.urandom(3_000_000)})
    source, target = tmp_path / "a.jpg", other_file_system / "a.jpg"
    source.chmod(0o640)
    before, content = source.stat(), source.read_bytes()
    notes = []
    relocate(
        source,
        target,
        aside=other_file_system / ".part",
        note=lambda op, values: notes.append(op),
        mtime_ns=before.st_mtime_ns,
    )
    assert not source.exists()
    assert target.read_bytes() == content
    assert target.stat().st_mtime_ns == before.st_mtime_ns
    assert stat.S_IMODE(target.stat().st_mode) == 0o640
    assert notes == ["copied"]
    assert listing(other_file_system) == ["a.jpg"]


def test_a_taken_name_on_another_file_system_is_kept(tmp_path, other_file_system):
    fill(tmp_path, {"a": b"a"})
    fill(other_file_system, {"a": b"other"})
    with pytest.raises(FileExistsError):
        relocate(
            tmp_path / "a",
            other_file_system / "a",
            aside=other_file_system / ".part",
            note=no_note,
            mtime_ns=0,
        )
    assert (other_file_system / "a").read_bytes() == b"other"
    assert (tmp_path / "a").read_bytes() == b"a"


@pytest.fixture
def mounted(tmp_path):
    """A root whose folder ``small`` is another file system of 256 KiB."""
    small = tmp_path / "small"
    small.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(small)]
    if shutil.which("mount") is None or subprocess.run(command, capture_output=True).returncode:
        pytest.skip("mounting a small file system needs root")
    yield tmp_path
    subprocess.run(["umount", str(small)], check=True)


def test_a_root_over_two_file_systems_one_of_them_full(mounted):
    files = {f"{n}.jpg": os.urandom(60_000) for n in range(6)}
    fill(mounted, {**files, "small/in.jpg": b"in"})
    before = tree(mounted)
    actions = [Action(name, "move", f"small/{name}") for name in files]
    report = apply(make_plan(mounted, [*actions, Action("small/in.jpg", "trash")]))
    failed = [outcome for outcome in report.outcomes if outcome.result == "failed"]
    assert 0 < len(failed) < 6
    assert {outcome.reason for outcome in failed} == {os.strerror(errno.ENOSPC)}
    assert report.outcomes[-1].result == "moved"
    assert contents(mounted) == sorted(before.values())
    assert undo(report.journal).count("moved") == 7 - len(failed)
    assert tree(mounted) == before


def test_a_full_disk_under_the_journal_stops_before_anything_is_lost(mounted):
    root = mounted / "small"
    fill(root, {f"{n:03d}": b"x" for n in range(40)})
    before = contents(root)
    plan = make_plan(root, [Action(f"{n:03d}", "trash") for n in range(40)])
    filler = mounted / "small" / "filler"
    with filler.open("wb", buffering=0) as file, contextlib.suppress(OSError):
        while file.write(bytes(4096)):
            pass
    with pytest.raises(OutputError, match="can't keep a journal|can't write the journal"):
        apply(plan)
    os.truncate(filler, filler.stat().st_size - 3 * 4096)
    with pytest.raises(OutputError, match="epic clean resume"):
        apply(plan)
    filler.unlink()
    assert contents(root) == before
    assert list(status(root)["state"]) == ["interrupted"]
    moved = status(root)["moved"][0]
    assert 0 < moved < 40
    resume(root)
    assert contents(root) == before
    assert list(status(root)["moved"]) == [40]


def as_nobody(work):
    """Do some work without the rights of root, for whom no folder is read-only."""
    if os.geteuid() != 0:
        return work()
    os.seteuid(65534)
    try:
        return work()
    finally:
        os.seteuid(0)


def test_a_folder_that_can_not_be_written(tmp_path):
    root = Path(tempfile.mkdtemp(dir="/tmp"))
    try:
        fill(root, {"locked/a.jpg": b"a", "open/b.jpg": b"b", "open/c.jpg": b"c"})
        for place in (root, root / "open"):
            place.chmod(0o777)
        (root / "locked").chmod(0o555)
        for path in root.rglob("*.jpg"):
            path.chmod(0o666)
        before = tree(root)
        actions = [
            Action("locked/a.jpg", "trash"),
            Action("open/b.jpg", "move", "locked/b.jpg"),
            Action("open/c.jpg", "trash"),
        ]
        report = as_nobody(lambda: apply(make_plan(root, actions)))
        assert [o.result for o in report.outcomes] == ["failed", "failed", "moved"]
        assert "ermission" in report.outcomes[0].reason
        assert as_nobody(lambda: undo(report.journal)).count("moved") == 1
        assert tree(root) == before
        locked = make_plan(root / "locked", [Action("a.jpg", "trash")])
        with pytest.raises(OutputError, match="can't keep a journal"):
            as_nobody(lambda: apply(locked))
    finally:
        (root / "locked").chmod(0o777)
        shutil.rmtree(root)


def test_a_file_that_can_be_copied_but_not_removed_stays(other_file_system):
    folder = Path(tempfile.mkdtemp(dir="/tmp"))
    try:
        fill(folder, {"a.jpg": b"a"})
        (folder / "a.jpg").chmod(0o666)
        folder.chmod(0o555)
        other_file_system.chmod(0o777)

        def move():
            with pytest.raises(PermissionError):
                relocate(
                    folder / "a.jpg",
                    other_file_system / "a.jpg",
                    aside=other_file_system / ".part",
                    note=lambda op, values: None,
                    mtime_ns=0,
                )

        as_nobody(move)
        assert listing(folder) == ["a.jpg"]
        assert listing(other_file_system) == []
    finally:
        folder.chmod(0o777)
        shutil.rmtree(folder)


def test_a_folder_that_ignores_case(tmp_path):
    image, root = tmp_path / "fat.img", tmp_path / "fat"
    root.mkdir()
    with image.open("wb") as file:
        file.truncate(4 * 2**20)
    made = (
        shutil.which("mkfs.vfat")
        and not subprocess.run(["mkfs.vfat", str(image)], capture_output=True).returncode
    )
    mount = ["mount", "-o", "loop", str(image), str(root)]
    if not made or subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("a FAT file system can't be made and mounted here")
    try:
        fill(root, {"IMG.JPG": b"a", "other.jpg": b"b"})
        actions = [Action("IMG.JPG", "rename", "img.jpg"), Action("other.jpg", "rename", "IMG.jpg")]
        report = apply(make_plan(root, actions))
        assert [o.target for o in report.outcomes] == ["img.jpg", "IMG (2).jpg"]
        undo(report.journal)
        assert {n: c for n, (c, _) in tree(root).items()} == {"IMG.JPG": b"a", "other.jpg": b"b"}
    finally:
        subprocess.run(["umount", str(root)], check=True)


def test_a_cut_off_journal_can_be_read_at_every_length(tmp_path):
    """A crash may leave any beginning of the last line."""
    fill(tmp_path, {"a.jpg": b"a", "b.jpg": b"b"})
    report = apply(make_plan(tmp_path, [Action("a.jpg", "trash"), Action("b.jpg", "trash")]))
    whole = report.journal.read_bytes()
    head = whole.index(b'"op": "folder"')
    for length in range(head, len(whole), 7):
        report.journal.write_bytes(whole[:length])
        journal = Journal.read(report.journal)
        assert journal.damaged == 0
        assert len(journal.entries) == 2
    report.journal.write_bytes(whole[: whole.index(b'"op": "step"')] + b"torn" * 2000)
    resume(tmp_path)
    assert Journal.read(report.journal).damaged == 0


@pytest.mark.parametrize("content", [b"", b"abc"])
def test_a_name_that_was_taken_for_a_rename_that_never_came(tmp_path, content):
    """Where neither exclusive renames nor hard links are known, a crash leaves an empty file."""
    fill(tmp_path, {"a.jpg": content})
    before = tree(tmp_path)["a.jpg"]
    plan = make_plan(tmp_path, [Action("a.jpg", "rename", "b.jpg")])
    with locked(tmp_path):
        journal = Journal.create(tmp_path, "apply", plan.actions)
        identity = Identity.of((tmp_path / "a.jpg").lstat())
        journal.announce(journal.entry(0), Step("a.jpg", "b.jpg", "0" * 16, identity))
        journal.append("reserved", n=0)
    (tmp_path / "b.jpg").touch()
    resume(tmp_path)
    assert tree(tmp_path) == {"b.jpg": before}


def test_damaged_lines_cost_only_what_they_told(tmp_path):
    fill(tmp_path, {f"{n}.jpg": bytes([n]) for n in range(5)})
    before = tree(tmp_path)
    report = apply(make_plan(tmp_path, [Action(f"{n}.jpg", "trash") for n in range(5)]))
    lines = report.journal.read_bytes().splitlines(keepends=True)
    for position, line in enumerate(lines):
        if b'"op": "action"' in line and b'"n": 1' in line:
            lines[position] = line.replace(b"1.jpg", b"7.jpg")
    lines[0] = b"?" + lines[0]
    report.journal.write_bytes(b"".join(lines))
    assert Journal.read(report.journal).damaged == 2
    undo(report.journal)
    assert tree(tmp_path) == before


def test_numbers_fit_into_255_bytes():
    assert suffixed("a.jpg", 2) == "a (2).jpg"
    assert suffixed("a", 12) == "a (12)"
    assert suffixed(".hidden", 2) == ".hidden (2)"
    for name in ODD_NAMES:
        assert len(os.fsencode(suffixed(name, 1000))) <= 255


def test_renaming_to_itself_is_refused(tmp_path):
    fill(tmp_path, {"a": b"a"})
    with pytest.raises(FileExistsError):
        rename_exclusive(tmp_path / "a", tmp_path / "a", no_note)
    assert (tmp_path / "a").read_bytes() == b"a"
