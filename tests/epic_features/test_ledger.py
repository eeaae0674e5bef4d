"""The ledger against a plain count of what was listed and what is done."""

import json
import tempfile
from collections import Counter
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from epic_features.engines import Result
from epic_features.extractor import Rejected
from epic_features.ledger import Ledger, file_record, key_of
from epic_features.shards import Shards
from epic_features.sources import FileIdentity, ImageReference

names = st.lists(st.sampled_from("abcde"), max_size=12)


def reference(name):
    return ImageReference(f"/pictures/{name}", Path(f"/pictures/{name}"), name)


def result(name, *, ok=True):
    row = {"relative_path": name} if ok else None
    rejected = None if ok else Rejected(f"/pictures/{name}", "broken", "decode", name)
    return Result(f"/pictures/{name}", row, rejected, FileIdentity(3, 4), "5" * 64)


def write(shards, number, results):
    table = pa.table({"relative_path": [r.row["relative_path"] for r in results if r.row]})
    record = {"rows": len(table), "rejected": len(results) - len(table)}
    shards.write(number, table, {**record, "files": [file_record(r) for r in results]})


def listed(ledger, items):
    return [r.relative_path for r in ledger.pending(map(reference, items))]


@settings(deadline=None)
@given(done=st.lists(names, max_size=3), source=names)
def test_pending_is_what_is_listed_less_what_is_done(done, source):
    with tempfile.TemporaryDirectory() as folder:
        shards = Shards(Path(folder))
        for number, shard in enumerate(done):
            write(shards, number, [result(name) for name in shard])
        ledger = Ledger(shards)
        counts = Counter(name for shard in done for name in shard)
        expected = []
        for name in source:
            if counts[name]:
                counts[name] -= 1
            else:
                expected.append(name)
        assert listed(ledger, source) == expected
        # What was not listed is forgotten, and nothing else.
        assert ledger.forget_unseen() == counts.total()
        left = [row["relative_path"] for row in rows(shards)]
        assert Counter(left) == Counter(name for s in done for name in s) - counts
        assert [r["rows"] for r in shards.records()] == [len(r["files"]) for r in shards.records()]


def rows(shards):
    import pyarrow.parquet as pq

    return [row for n in shards.numbers() for row in pq.read_table(shards.parquet(n)).to_pylist()]


@given(
    bad=st.lists(st.tuples(st.sampled_from("abcdefgh"), st.booleans()), unique_by=lambda x: x[0])
)
def test_retrying_and_then_forgetting_keeps_rows_and_records_in_step(bad):
    with tempfile.TemporaryDirectory() as folder:
        shards = Shards(Path(folder))
        write(shards, 0, [result(name, ok=ok) for name, ok in bad])
        ledger = Ledger(shards)
        ledger.retry_rejected(only=True)
        assert listed(ledger, [name for name, _ in bad] + ["new"]) == [n for n, ok in bad if not ok]
        kept = [name for name, ok in bad if ok]
        ledger = Ledger(shards)
        assert listed(ledger, kept[1:]) == []
        ledger.forget_unseen()
        assert [row["relative_path"] for row in rows(shards)] == kept[1:]
        files = [file["path"] for record in shards.records() for file in record["files"]]
        assert files == [f"/pictures/{name}" for name in kept[1:]]


def test_the_same_file_has_one_key_however_it_is_written(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    assert key_of("in/../a.png") == key_of("a.png") == key_of(str(tmp_path / "a.png"))
    assert key_of("s3://bucket/a/../b") == "s3://bucket/a/../b"
    assert key_of("<array 3>", is_file=False) == "<array 3>"


def test_records_are_json_and_say_what_is_in_memory():
    image = ImageReference("<array 0>", np.zeros((1, 1, 3), np.uint8))
    record = file_record(Result(image.name, {"relative_path": None}, None, None))
    assert json.loads(json.dumps(record)) == {"path": "<array 0>", "in_memory": True}
    told = file_record(result("a", ok=False))
    assert told["reason"] == "broken"
    assert told["size"] == 3


def test_a_revision_that_dies_in_between_costs_the_shard_and_no_more(tmp_path, monkeypatch):
    shards = Shards(tmp_path)
    write(shards, 0, [result(name) for name in "abc"])
    write(shards, 1, [result(name) for name in "de"])

    def die(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("epic_features.shards.os.fsync", die)
    with pytest.raises(KeyboardInterrupt):
        shards.revise(0, {1})
    monkeypatch.undo()
    shards.sweep()
    assert shards.numbers() == [1]
    assert listed(Ledger(shards), "abcde") == ["a", "b", "c"]
    assert sorted(p.name for p in tmp_path.iterdir()) == ["part-00001.json", "part-00001.parquet"]
