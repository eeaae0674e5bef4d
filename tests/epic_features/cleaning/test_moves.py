"""Moving and taking back: what is moved, what is left alone, and why."""

import os
import threading

import pytest
from tree_of_files import ODD_NAMES, contents, fill, tree

from epic_features import OutputError, PlanError
from epic_features.cleaning.journal import Journal, Step
from epic_features.cleaning.lock import is_locked, locked
from epic_features.cleaning.moves import apply, find_root, resume, status, undo
from epic_features.cleaning.plan import Action, Plan, make_plan
from epic_features.cleaning.renames import Identity, sha256_of


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
