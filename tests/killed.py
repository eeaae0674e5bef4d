"""Processes that end with SIGKILL when they come to a line of the code that moves files."""

from __future__ import annotations

import errno
import multiprocessing
import os
import signal
import sys

from epic_features.cleaning import (
    journal,
    local_storage,
    mover,
    moves,
    names,
    plan,
    renames,
    settling,
    webdav_storage,
)
from epic_features.sources import Patience
from epic_features.sources.remote import RemotePath

POINTS = int(os.environ.get("EPIC_KILLED_POINTS", "25"))
CODE = {
    module.__file__
    for module in (
        *(journal, local_storage, mover, moves, names),
        *(plan, renames, settling, webdav_storage),
    )
}

# What the file system answers decides which way of renaming is taken.
ANSWERS = {
    "rename": {},
    "link": {"_rename_by_system": errno.EINVAL},
    "reserve": {"_rename_by_system": errno.EINVAL, "_rename_by_link": errno.EPERM},
    "copy": {"_rename_by_system": errno.EXDEV},
}


def answer(way):
    """Let renaming of whole files fail as another file system would make it fail."""
    for function, number in ANSWERS[way].items():
        real = getattr(renames, function)

        def fake(source, target, number=number, real=real):
            # An unfinished copy is on the right file system.
            if number == errno.EXDEV and source.name.endswith(".part"):
                return real(source, target)
            raise OSError(number, os.strerror(number))

        setattr(renames, function, fake)


def killed_in(work, argument, way, lines):
    """Run in a process of its own that ends with SIGKILL after a number of lines; 0: never."""
    answer(way)
    left = lines

    def on_line(frame, event, argument):
        nonlocal left
        if event == "line":
            left -= 1
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)
        return on_line

    if lines:
        sys.settrace(
            lambda frame, event, argument: on_line if frame.f_code.co_filename in CODE else None
        )
    work(argument)
    sys.settrace(None)


def runner():
    """Return a function that runs `killed_in` and tells whether it came to its end."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["epic_features.cleaning.moves", "requests"])

    def run(work, argument, way="rename", lines=0):
        process = context.Process(target=killed_in, args=(work, argument, way, lines))
        process.start()
        process.join(60)
        assert process.exitcode in (0, -signal.SIGKILL), process.exitcode
        return process.exitcode == 0

    return run


def moved_on_server(argument):
    """Apply actions there; not in the module of the tests, which takes seconds to import."""
    url, state, actions = argument
    os.environ["EPIC_STATE"] = state
    patience = Patience(attempts=3, wait=0.01, timeout=1.0, total=5.0)
    moves.apply(plan.make_plan(RemotePath.of(url, patience), actions))


def undone_on_server(argument):
    """Take back what was moved there."""
    url, state, _ = argument
    os.environ["EPIC_STATE"] = state
    moves.undo(url)
