"""Moves and renames on disks that are full, foreign, read-only or of another kind."""

import contextlib
import errno
import os
import shutil
import stat
import subprocess
import tempfile
from pathlib import Path

import pytest
from tree_of_files import ODD_NAMES, contents, fill, listing, tree

from epic_features import OutputError
from epic_features.cleaning import renames
from epic_features.cleaning.moves import apply, resume, status, undo
from epic_features.cleaning.plan import Action, make_plan
from epic_features.cleaning.renames import relocate, rename_exclusive, suffixed


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
