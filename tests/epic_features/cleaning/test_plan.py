"""Plans: one format, and nothing outside the root."""

import json
import os

import pandas as pd
import pytest
from tree_of_files import fill

from epic_features import OutputError, PlanError
from epic_features.cleaning.plan import (
    Action,
    make_plan,
    plan_from_findings,
    read_plan,
    write_plan,
)

NAMES = ("a.jpg", "s/صورة.jpg", "😀.png", os.fsdecode(b"\xff\xfe.jpg"), "back\\slash.jpg")


def written(path, **changes):
    content = {"format": "epic-plan", "version": 1, "root": str(path.parent), "actions": []}
    path.write_text(json.dumps({**content, **changes}))
    return path


def test_a_plan_survives_writing_and_reading(tmp_path):
    fill(tmp_path, dict.fromkeys(NAMES, b"x"))
    plan = make_plan(tmp_path, [Action(name, "trash", reason="كذا") for name in NAMES])
    write_plan(plan, tmp_path / "plan.json")
    assert read_plan(tmp_path / "plan.json") == plan
    text = (tmp_path / "plan.json").read_bytes()
    assert "صورة".encode() in text  # Readable for people.
    json.loads(text)
    with pytest.raises(OutputError, match="exists"):
        write_plan(plan, tmp_path / "plan.json")


@pytest.mark.parametrize(
    "path",
    ["/etc/passwd", "../x", "a/../../x", "a//b", "", ".", "a/./b", "a\0b", ".epic/lock", "a/"],
)
def test_a_path_outside_the_root_is_refused(tmp_path, path):
    (tmp_path / "a").mkdir()
    actions = [{"path": path, "action": "trash"}]
    with pytest.raises(PlanError, match="below the root"):
        read_plan(written(tmp_path / "p.json", actions=actions))
    actions = [{"path": "x", "action": "move", "target": path}]
    with pytest.raises(PlanError, match="below the root"):
        read_plan(written(tmp_path / "p.json", actions=actions))


def test_a_folder_behind_a_link_is_refused(tmp_path):
    (tmp_path / "out").mkdir()
    root = tmp_path / "root"
    root.mkdir()
    (root / "link").symlink_to(tmp_path / "out")
    (tmp_path / "out" / "a.jpg").write_bytes(b"x")
    for action in (
        {"path": "link/a.jpg", "action": "trash"},
        {"path": "a.jpg", "action": "move", "target": "link/a.jpg"},
    ):
        with pytest.raises(PlanError, match="symbolic link"):
            read_plan(written(tmp_path / "p.json", root=str(root), actions=[action]))


@pytest.mark.parametrize(
    "changes",
    [
        {"format": "x"},
        {"version": 2},
        {"actions": {}},
        {"actions": [3]},
        {"actions": [{"path": "a"}]},
        {"actions": [{"path": "a", "action": "delete"}]},
        {"actions": [{"path": "a", "action": "trash", "size": 1.5}]},
        {"actions": [{"path": "a", "action": "trash", "size": True}]},
        {"actions": [{"path": 7, "action": "trash"}]},
        {"actions": [{"path": "a", "action": "trash", "target": "b"}]},
        {"actions": [{"path": "a", "action": "move"}]},
        {"actions": [{"path": "a", "action": "rename", "target": "b/a"}]},
        {"actions": [{"path": "a", "action": "trash"}, {"path": "a", "action": "trash"}]},
        {"root": None},
        {"root": "/nowhere"},
    ],
)
def test_what_is_no_plan_is_refused(tmp_path, changes):
    with pytest.raises(PlanError):
        read_plan(written(tmp_path / "p.json", **changes))


@pytest.mark.parametrize("text", ["", "[]", "{", "\xff", "[" * 100_000])
def test_what_is_not_even_json_is_refused(tmp_path, text):
    (tmp_path / "p.json").write_text(text, encoding="latin-1")
    with pytest.raises(PlanError):
        read_plan(tmp_path / "p.json")


def test_nanoseconds_may_be_digits(tmp_path):
    """A browser can't hold them in a number."""
    action = {"path": "a", "action": "trash", "size": "3", "mtime_ns": "1700000000123456789"}
    plan = read_plan(written(tmp_path / "p.json", actions=[action]))
    assert plan.actions[0].mtime_ns == 1700000000123456789


def test_findings_become_a_plan(tmp_path):
    fill(tmp_path, dict.fromkeys(NAMES, b"x"))
    findings = pd.DataFrame(
        {
            "path": ["a.jpg", r"\xff\xfe.jpg", "😀.png", "gone.jpg", "a.jpg", r"back\slash.jpg"],
            "suggestion": ["rename", "rename", "keep", "trash", "trash", "trash"],
            "target": ["a.png", r"\xff\xfe.png", None, None, None, None],
            "reason": "because",
        }
    )
    plan = plan_from_findings(findings, tmp_path)
    planned = {a.path: (a.action, a.target) for a in plan.actions}
    raw = os.fsdecode(b"\xff\xfe")
    assert planned == {
        "a.jpg": ("trash", None),
        f"{raw}.jpg": ("rename", f"{raw}.png"),
        "back\\slash.jpg": ("trash", None),
    }
    assert all(a.size == 1 and a.mtime_ns and a.reason == "because" for a in plan.actions)
    assert set(plan.table["path"]) == {"a.jpg", r"\xff\xfe.jpg", r"back\slash.jpg"}


@pytest.mark.parametrize("path", ["a/\ud800.jpg", "x" * 300 + "/a.jpg", "b/.epic/journal-1.jsonl"])
def test_names_that_no_file_can_have_are_refused_before_anything_moves(tmp_path, path):
    actions = [{"path": "x", "action": "move", "target": path}]
    with pytest.raises(PlanError):
        read_plan(written(tmp_path / "p.json", actions=actions))
