"""Copies and links beside the originals: made, taken back, and kept when they are the last."""

import os
import random
import shutil
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from killed import POINTS, runner
from tree_of_files import fill, tree

from epic_features.cleaning.journal import Journal, Step
from epic_features.cleaning.moves import apply, resume, status, undo
from epic_features.cleaning.plan import Action, make_plan

ODD_NAMES = (
    "صورة الجروب ٢٠٢٤.jpg",
    "😀 family 👨‍👩‍👧.png",
    os.fsdecode(b"\xff\xfe.jpg"),
    "x" * 251 + ".jpg",
    "a\nb.jpg",
)


def everything(root: Path) -> dict[str, tuple[bytes, int]]:
    """Return like `tree`, but links as what they hold."""
    found = {}
    for name, (content, mtime_ns) in tree(root).items():
        path = root / name
        found[name] = (
            (os.fsencode(path.readlink()), 0) if path.is_symlink() else (content, mtime_ns)
        )
    return found


@pytest.mark.parametrize("action", ["copy", "link"])
def test_odd_names_there_and_back(tmp_path, action):
    fill(tmp_path, {f"in/{name}": name.encode("utf-8", "replace") for name in ODD_NAMES})
    (tmp_path / "in" / ODD_NAMES[0]).chmod(0o640)
    fill(tmp_path, {f"out/{ODD_NAMES[3]}": b"taken"})
    before = everything(tmp_path)
    plan = make_plan(tmp_path, [Action(f"in/{n}", action, f"out/{n}") for n in ODD_NAMES])
    report = apply(plan)
    assert {o.result for o in report.outcomes} == {"copied" if action == "copy" else "linked"}
    after = tree(tmp_path)
    assert {name: value for name, value in after.items() if name in before} == before
    for outcome in report.outcomes:
        assert after[outcome.target][0] == before[outcome.path][0]
        made = (tmp_path / outcome.target).lstat()
        assert (tmp_path / outcome.target).is_symlink() == (action == "link")
        if action == "copy":
            there = (tmp_path / outcome.path).lstat()
            assert (made.st_mtime_ns, made.st_mode) == (there.st_mtime_ns, there.st_mode)
    assert report.outcomes[3].target == f"out/{'x' * 247} (2).jpg"
    undone = undo(tmp_path)
    assert undone.count("removed") == len(ODD_NAMES), undone.table
    assert everything(tmp_path) == before
    assert undo(tmp_path).outcomes == ()


def test_a_copy_that_is_the_only_one_or_was_edited_stays(tmp_path):
    fill(tmp_path, {f"{n}.jpg": f"content {n}".encode() for n in range(5)})
    report = apply(
        make_plan(tmp_path, [Action(f"{n}.jpg", "copy", f"c/{n}.jpg") for n in range(5)])
    )
    (tmp_path / "0.jpg").unlink()
    (tmp_path / "c/1.jpg").write_bytes(b"edited 1!")
    (tmp_path / "2.jpg").write_bytes(b"edited 2!")
    (tmp_path / "c/3.jpg").unlink()
    undone = undo(report.journal)
    results = {outcome.path: outcome.result for outcome in undone.outcomes}
    assert results == {
        "c/0.jpg": "skipped",
        "c/1.jpg": "skipped",
        "c/2.jpg": "skipped",
        "c/3.jpg": "missing",
        "c/4.jpg": "removed",
    }
    assert (tmp_path / "c/0.jpg").read_bytes() == b"content 0"
    assert (tmp_path / "c/2.jpg").read_bytes() == b"content 2"
    assert "stays" in {o.path: o.reason for o in undone.outcomes}["c/0.jpg"]


def test_a_copy_that_became_the_original_stays(tmp_path):
    """Somebody replaced the copy by a hard link; removing it is harmless, yet it is not ours."""
    fill(tmp_path, {"a.jpg": b"a"})
    apply(make_plan(tmp_path, [Action("a.jpg", "copy", "c/a.jpg")]))
    (tmp_path / "c/a.jpg").unlink()
    os.link(tmp_path / "a.jpg", tmp_path / "c/a.jpg")
    assert [outcome.result for outcome in undo(tmp_path).outcomes] == ["skipped"]
    assert (tmp_path / "c/a.jpg").exists()


def test_a_link_that_was_replaced_stays_and_a_dangling_one_goes(tmp_path):
    fill(tmp_path, {"a.jpg": b"a", "b.jpg": b"b"})
    apply(make_plan(tmp_path, [Action(f"{n}.jpg", "link", f"l/{n}.jpg") for n in "ab"]))
    (tmp_path / "l/a.jpg").unlink()
    (tmp_path / "l/a.jpg").write_bytes(b"somebody's")
    (tmp_path / "b.jpg").unlink()
    results = {outcome.path: outcome.result for outcome in undo(tmp_path).outcomes}
    assert results == {"l/a.jpg": "skipped", "l/b.jpg": "removed"}
    assert (tmp_path / "l/a.jpg").read_bytes() == b"somebody's"


def test_what_changed_since_the_plan_is_not_copied(tmp_path):
    fill(tmp_path, {"a.jpg": b"a", "b.jpg": b"b"})
    plan = make_plan(tmp_path, [Action("a.jpg", "copy", "c/a"), Action("b.jpg", "link", "c/b")])
    (tmp_path / "a.jpg").write_bytes(b"changed")
    (tmp_path / "b.jpg").unlink()
    assert [o.result for o in apply(plan).outcomes] == ["skipped", "skipped"]
    assert not (tmp_path / "c").exists()


@pytest.mark.parametrize("action", ["copy", "link"])
@pytest.mark.parametrize("removed", [False, True])
def test_an_undo_that_was_cut_off_before_or_after_it_removed(tmp_path, action, removed):
    fill(tmp_path, {"a.jpg": b"a", "b.jpg": b"b"})
    before = tree(tmp_path)
    report = apply(make_plan(tmp_path, [Action(f"{n}.jpg", action, f"c/{n}.jpg") for n in "ab"]))
    journal = Journal.read(report.journal)
    journal.append("phase", name="undo")
    made = journal.entries[1].steps[-1]
    journal.announce(
        journal.entries[1], Step(made.target, made.source, "0" * 16, made.identity, True, action)
    )
    if removed:
        (tmp_path / "c/b.jpg").unlink()
    resume(tmp_path)
    assert tree(tmp_path) == before
    assert list(status(tmp_path)["state"]) == ["undone"]


PATHS = [
    folder + name for folder in ("", "a/", "صور/") for name in ("1.jpg", "1 (2).jpg", "😀.png")
]


@settings(max_examples=60, deadline=None)
@given(
    chosen=st.lists(
        st.tuples(
            st.sampled_from(PATHS),
            st.sampled_from(["move", "copy", "link"]),
            st.sampled_from(PATHS),
        ),
        unique_by=lambda item: item[0],
        max_size=8,
    ),
    deleted=st.sets(st.sampled_from(PATHS), max_size=2),
    edited=st.sets(st.integers(0, 7), max_size=2),
)
def test_against_a_model(chosen, deleted, edited):
    """The model: contents that exist, and how often; an undo loses no content."""
    root = Path(tempfile.mkdtemp())
    try:
        fill(root, {path: f"content {n}".encode() for n, path in enumerate(PATHS)})
        before = everything(root)
        report = apply(make_plan(root, [Action(*item) for item in chosen]))
        made = {"move": "moved", "copy": "copied", "link": "linked"}
        assert [o.result for o in report.outcomes] == [made[action] for _, action, _ in chosen]
        extra = sum(action != "move" for _, action, _ in chosen)
        now = everything(root)
        assert len(now) == len(before) + extra
        for outcome, (path, action, _) in zip(report.outcomes, chosen, strict=True):
            assert (path in now) or action == "move"
            if action != "link":
                assert now[outcome.target] == before[path]
        if not deleted and not edited:
            undo(root) if chosen else None
            assert everything(root) == before
            return
        for path in deleted & set(now):
            (root / path).unlink()
        for number in edited & set(range(len(chosen))):
            target = root / report.outcomes[number].target
            if target.exists() and not target.is_symlink():
                target.write_bytes(f"edited {number}".encode())
        kept = {content for content, mtime_ns in everything(root).values() if mtime_ns}
        if chosen:
            undo(root)
            once = everything(root)
            assert {content for content, mtime_ns in once.values() if mtime_ns} == kept
            undo(root)
            assert everything(root) == once
    finally:
        shutil.rmtree(root)


@pytest.fixture(scope="module")
def run():
    return runner()


def undo_all(root):
    while any(outcome.result in ("moved", "removed") for outcome in undo(root).outcomes):
        pass


@pytest.mark.parametrize("way", ["rename", "reserve"])
def test_killed_at_any_line_nothing_is_lost_or_there_twice(tmp_path, run, way):
    numbers = random.Random(way)
    interrupted = 0
    for point in range(POINTS // 2):
        root = tmp_path / str(point)
        sizes = numbers.choices((0, 1, 5000, 1_200_000), (1, 2, 8, 1), k=8)
        names = [f"{folder}{name}" for folder in ("", "s/") for name in ("a", "صور", "😀", "b")]
        fill(root, {n: os.urandom(1) * size for n, size in zip(names, sizes, strict=True)})
        before = everything(root)
        actions = [
            Action(
                n, numbers.choice(["copy", "copy", "link", "move"]), f"to/{n.rpartition('/')[2]}"
            )
            for n in names
        ]
        planned = make_plan(root, actions)
        staying = {a.path for a in actions if a.action != "move"}
        interrupted += not run(apply, planned, way, numbers.randrange(1, 3500))
        if list(root.glob(".epic/journal-*.jsonl")):
            for _ in range(numbers.randrange(3)):
                run(numbers.choice([resume, undo_all]), root, way, numbers.randrange(1, 2500))
            there = everything(root)
            assert {n: there[n] for n in staying} == {n: before[n] for n in staying}
            if numbers.random() < 0.5:
                assert run(resume, root, way)
                if list(status(root)["state"]) == ["done"]:
                    assert len(everything(root)) == len(names) + len(staying)
                    assert list(status(root)["moved"]) == [len(names)]
            assert run(undo_all, root, way)
        assert everything(root) == before, point
        assert not list(root.rglob(".epic-*.part"))
        shutil.rmtree(root)
    assert interrupted > POINTS // 6
