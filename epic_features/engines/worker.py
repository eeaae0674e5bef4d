"""What runs inside a worker process."""

from __future__ import annotations

import os
import signal
import threading
from multiprocessing import parent_process
from multiprocessing.connection import Connection

from epic_features.engines import BuildRowMaker
from epic_features.settings import Settings

READY = "ready"
FAILED = "failed"

ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
"""Environment of a worker: as many processes as cores, so one thread each."""


def serve(connection: Connection, settings: Settings, build: BuildRowMaker) -> None:
    """Answer ``(position, reference)`` with ``(position, Result)`` until the pipe is closed.

    The first message sent is ``(READY, None)``, or ``(FAILED, exception)`` when `build`
    fails.
    """
    # A Ctrl-C reaches the whole process group; the parent alone decides what it means.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_die_with_parent, daemon=True).start()
    os.environ.update(ONE_THREAD)
    import cv2

    from epic_features.engines.inline import result_of

    cv2.setNumThreads(1)
    try:
        maker = build(settings)
    except Exception as error:
        connection.send((FAILED, error))
        return
    connection.send((READY, None))
    while True:
        try:
            position, reference = connection.recv()
        except EOFError:
            return
        connection.send((position, result_of(maker, reference)))


def _die_with_parent() -> None:
    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
