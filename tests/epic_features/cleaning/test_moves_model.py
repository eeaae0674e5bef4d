"""Moving and taking back against a model, while the owner of the files works in between.

The model is what a person would expect: a content exists until the person deletes it, whatever is
moved and however often. Where it is does not matter, except that an undisturbed undo puts
everything exactly back.
"""

from __future__ import annotations

import shutil
import tempfile
from collections import Counter
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from tree_of_files import fill, tree

from epic_features.cleaning.journal import RANK
from epic_features.cleaning.moves import apply, restore, resume, status, undo
from epic_features.cleaning.plan import Action, Plan, make_plan

FOLDERS = ("", "a/", "a/b/", "صور/")
NAMES = ("1.jpg", "1 (2).jpg", "0000_1.jpg", "😀.png")
PATHS = st.sampled_from([folder + name for folder in FOLDERS for name in NAMES])


class Owner(RuleBasedStateMachine):
    """Random plans, ended or taken back, and random work of the person."""

    def __init__(self) -> None:
        super().__init__()
        self.root = Path(tempfile.mkdtemp())
        self.expected: Counter[bytes] = Counter()
        self.made = 0
        self.plan: Plan | None = None
        fill(self.root, {"a/1.jpg": b"", "1.jpg": b"one", "صور/1.jpg": b"one"})
        self.expected.update([b"", b"one", b"one"])

    def teardown(self) -> None:
        shutil.rmtree(self.root)

    def files(self) -> list[str]:
        return sorted(tree(self.root))

    def has_journal(self) -> bool:
        return bool(list(self.root.glob(".epic/journal-*.jsonl")))

    @rule(path=PATHS)
    def the_owner_adds(self, path: str) -> None:
        if not (self.root / path).exists():
            self.made += 1
            content = f"content {self.made}".encode()
            fill(self.root, {path: content})
            self.expected[content] += 1

    @rule(data=st.data())
    def the_owner_deletes(self, data: st.DataObject) -> None:
        if files := self.files():
            path = self.root / data.draw(st.sampled_from(files))
            self.expected[path.read_bytes()] -= 1
            path.unlink()

    @rule(data=st.data())
    def the_owner_edits(self, data: st.DataObject) -> None:
        if files := self.files():
            path = self.root / data.draw(st.sampled_from(files))
            self.expected[path.read_bytes()] -= 1
            self.made += 1
            content = f"edited {self.made}".encode()
            path.write_bytes(content)
            self.expected[content] += 1

    @rule(data=st.data(), place=PATHS)
    def the_owner_moves(self, data: st.DataObject, place: str) -> None:
        if (files := self.files()) and not (self.root / place).exists():
            (self.root / place).parent.mkdir(parents=True, exist_ok=True)
            (self.root / data.draw(st.sampled_from(files))).rename(self.root / place)

    @rule(data=st.data(), wanted=st.lists(PATHS, min_size=6, max_size=6))
    def a_plan_is_made(self, data: st.DataObject, wanted: list[str]) -> None:
        files = [path for path in self.files() if not path.startswith(".epic")]
        chosen = (
            data.draw(st.lists(st.sampled_from(files), max_size=6, unique=True)) if files else []
        )
        actions = [
            Action(path, "trash") if target == path else Action(path, "move", target)
            for path, target in zip(chosen, wanted, strict=False)
        ]
        self.plan = make_plan(self.root, actions)

    @precondition(lambda self: self.plan is not None)
    @rule()
    def the_plan_is_applied(self) -> None:
        assert self.plan is not None
        report = apply(self.plan)
        assert len(report.outcomes) == len(self.plan.actions)

    @rule(data=st.data())
    def a_folder_is_ranked(self, data: st.DataObject) -> None:
        files = [path for path in self.files() if not path.startswith(".epic")]
        actions = []
        for rank, path in enumerate(data.draw(st.permutations(files))):
            folder, slash, name = path.rpartition("/")
            if not name.startswith("000"):
                actions.append(Action(path, "rename", f"{folder}{slash}{rank:04d}_{name}"))
        apply(make_plan(self.root, actions), kind=RANK)

    @precondition(has_journal)
    @rule()
    def names_are_restored(self) -> None:
        restore(self.root)
        once = tree(self.root)
        restore(self.root)
        assert tree(self.root) == once

    @precondition(has_journal)
    @rule(data=st.data())
    def any_journal_is_undone(self, data: st.DataObject) -> None:
        journal = data.draw(st.sampled_from(sorted(status(self.root)["journal"])))
        undo(journal)
        once = tree(self.root)
        undo(journal)
        assert tree(self.root) == once

    @rule(data=st.data(), wanted=st.lists(PATHS, min_size=6, max_size=6))
    def an_undisturbed_undo_puts_everything_back(
        self, data: st.DataObject, wanted: list[str]
    ) -> None:
        before = tree(self.root)
        self.a_plan_is_made(data, wanted)
        assert self.plan is not None
        report = apply(self.plan)
        assert report.count("moved") == len(self.plan.actions)
        if report.journal is not None:
            assert undo(report.journal).count("moved") == len(self.plan.actions)
        assert tree(self.root) == before

    @precondition(has_journal)
    @rule()
    def nothing_was_interrupted(self) -> None:
        assert resume(self.root) == []

    @invariant()
    def nothing_is_lost_and_nothing_is_there_twice(self) -> None:
        there = Counter(content for content, _ in tree(self.root).values())
        assert there == +self.expected


TestOwner = Owner.TestCase
TestOwner.settings = settings(max_examples=25, stateful_step_count=25, deadline=None)
