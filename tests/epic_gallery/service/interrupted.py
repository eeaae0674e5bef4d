"""Moves that a kill cuts off."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

from serving import ROOT

from epic_features.cleaning.plan import Action, make_plan, write_plan

_DYING = """
import os, signal, sys
from epic_features.cleaning.journal import Journal
announce = Journal.announce

def dying(journal, entry, step):
    announce(journal, entry, step)
    if entry.number == {number}:
        os.kill(os.getpid(), signal.SIGKILL)

Journal.announce = dying
"""
_APPLY = """
from epic_features.cleaning.moves import apply
from epic_features.cleaning.plan import read_plan
apply(read_plan(sys.argv[1]))
"""
_UNDO = """
from epic_features.cleaning.moves import undo
undo(sys.argv[1])
"""


def dying(number: int) -> str:
    """Return code that ends its process with SIGKILL before the move of one file of a plan."""
    return _DYING.replace("{number}", str(number))


def cut_off(root: Path, moves: dict[str, str], number: int) -> None:
    """Move files in a process that is killed before it moves the file of this number."""
    plan = root.parent / "plan.json"
    plan.unlink(missing_ok=True)
    actions = [Action(path, "move", target) for path, target in moves.items()]
    write_plan(make_plan(root, actions), plan)
    _killed(_APPLY, plan, number)


def cut_off_undo(root: Path, number: int) -> None:
    """Take the latest move back in a process that is killed before this file is back."""
    _killed(_UNDO, root, number)


def _killed(work: str, argument: Path, number: int) -> None:
    command = [sys.executable, "-c", dying(number) + work, argument]
    done = subprocess.run(command, env={**os.environ, "PYTHONPATH": str(ROOT)}, timeout=120)
    assert done.returncode == -signal.SIGKILL
