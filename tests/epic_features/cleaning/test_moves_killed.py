"""Processes that are killed while they move files.

A forked process kills itself (SIGKILL) when it comes to a line, chosen at random, of the code that
moves. EPIC_KILLED_POINTS sets how many such points are tried in all.
"""

import os
import random
import shutil
import subprocess
import sys

import pytest
from killed import ANSWERS, POINTS, runner
from tree_of_files import contents, fill, tree

from epic_features.cleaning import plan
from epic_features.cleaning.journal import RANK
from epic_features.cleaning.moves import apply, restore, resume, status, undo
from epic_features.cleaning.plan import Action, make_plan


@pytest.fixture(scope="module")
def run():
    return runner()


def make_tree(root, random_numbers):
    """Write files, some of them equal, some of them empty, and plan to do something with most."""
    odd = ["صورة.jpg", "😀.png", "x" * 251 + ".jpg", os.fsdecode(b"\xff.jpg"), "a.jpg", "b.jpg"]
    names_of_files = [f"{folder}{name}" for folder in ("", "s/", "s/t/") for name in odd]
    sizes = random_numbers.choices((0, 1, 5000, 1_200_000), (1, 2, 8, 1), k=len(names_of_files))
    fill(
        root,
        {
            name: bytes([random_numbers.randrange(4)]) * size
            for name, size in zip(names_of_files, sizes, strict=True)
        },
    )
    actions = []
    for name in random_numbers.sample(names_of_files, 8):
        folder, _, base = name.rpartition("/")
        target = random_numbers.choice(["same.jpg", base])
        actions.append(
            random_numbers.choice(
                [
                    Action(name, "trash"),
                    Action(name, "move", f"new/folder/{target}"),
                    Action(name, "rename", f"{folder}/ren_{base[-20:]}".lstrip("/")),
                ]
            )
        )
    return make_plan(root, actions)


def undo_all(root):
    while undo(root).outcomes:
        pass


@pytest.mark.parametrize("way", ANSWERS)
def test_killed_at_any_line_nothing_is_lost(tmp_path, run, way):
    numbers = random.Random(way)
    interrupted = 0
    points = POINTS // len(ANSWERS)
    for point in range(points):
        root = tmp_path / str(point)
        root.mkdir()
        planned = make_tree(root, numbers)
        before, moved = tree(root), sorted(tree(root).values())
        interrupted += not run(apply, planned, way, numbers.randrange(1, 3500))
        if list(root.glob(".epic/journal-*.jsonl")):
            for _ in range(numbers.randrange(3)):
                run(numbers.choice([resume, undo_all]), root, way, numbers.randrange(1, 2500))
            last = numbers.choice([resume, undo_all])
            assert run(last, root, way)
            assert contents(root) == moved, (point, last)
            assert run(undo_all, root, way)
        assert tree(root) == before, point
        assert not list(root.rglob(".epic-*.part"))
        shutil.rmtree(root)
    assert interrupted > points // 2  # Else the points lie behind the end.


def test_a_killed_plan_is_completed(tmp_path, run):
    numbers = random.Random(3)
    for point in range(POINTS // 5):
        root = tmp_path / str(point)
        root.mkdir()
        planned = make_tree(root, numbers)
        before = contents(root)
        if run(apply, planned, "rename", numbers.randrange(600, 2500)):
            continue
        resume(root)
        assert list(status(root)["state"]) == ["done"]
        assert list(status(root)["moved"]) == [len(planned.actions)]
        assert contents(root) == before
        assert resume(root) == []


def rank_all(planned):
    apply(planned, kind=RANK)


def test_a_killed_ranking_is_restored(tmp_path, run):
    numbers = random.Random(4)
    for point in range(POINTS // 4):
        root = tmp_path / str(point)
        fill(root, {f"img{n}.jpg": bytes([n % 3]) * n for n in range(12)})
        before = tree(root)
        order = numbers.sample(range(12), 12)
        planned = make_plan(
            root,
            [Action(f"img{n}.jpg", "rename", f"{r:04d}_img{n}.jpg") for r, n in enumerate(order)],
        )
        run(rank_all, planned, "rename", numbers.randrange(700, 3000))
        run(restore, root, "rename", numbers.randrange(1, 4000))
        restore(root)
        assert tree(root) == before
        restore(root)
        assert tree(root) == before


def test_killed_from_outside(tmp_path):
    """The whole command, killed after a random time."""
    fill(tmp_path, {f"{n:04d}.jpg": bytes([n % 251]) * 100 for n in range(600)})
    before = tree(tmp_path)
    planned = make_plan(tmp_path, [Action(name, "trash") for name in before])
    plan.write_plan(planned, tmp_path.parent / "killed.json")
    code = (
        "import sys; from epic_features.cleaning.moves import apply, resume, undo;"
        "from epic_features.cleaning.plan import read_plan;"
        "print(flush=True); apply(read_plan(sys.argv[1]))"
    )
    numbers = random.Random(5)
    for _ in range(2):
        child = subprocess.Popen(
            [sys.executable, "-c", code, tmp_path.parent / "killed.json"], stdout=subprocess.PIPE
        )
        child.stdout.readline()
        with pytest.raises(subprocess.TimeoutExpired):
            child.wait(numbers.uniform(0.02, 0.2))
        child.kill()
        child.wait()
        assert contents(tmp_path) == sorted(before.values())
        undo_all(tmp_path)
        assert tree(tmp_path) == before
