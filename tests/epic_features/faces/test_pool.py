from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, Lock

import pytest

from epic_features.faces.pool import Pool


def test_one_after_another_share_one():
    pool = Pool(object)
    with pool.lend() as first:
        pass
    with pool.lend() as second:
        assert second is first


def test_two_at_once_never_share():
    barrier, lock, busy = Barrier(4), Lock(), set()
    pool = Pool(object)

    def work(_: int) -> object:
        barrier.wait()
        with pool.lend() as item:
            with lock:
                assert item not in busy
                busy.add(item)
            barrier.wait()
            with lock:
                busy.remove(item)
            return item

    with ThreadPoolExecutor(4) as threads:
        assert len(set(threads.map(work, range(40)))) <= 8


def test_what_failed_is_not_lent_again():
    pool = Pool(object)
    with pytest.raises(ValueError, match="broken"), pool.lend() as first:
        raise ValueError("broken")
    with pool.lend() as second:
        assert second is not first
