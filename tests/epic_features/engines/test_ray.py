"""The cluster engine on a real local Ray; needs the extra ``ray``."""

import os
import signal
import threading
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

from epic_features import Extractor, Settings, dump
from epic_features.engines.inline import InlineEngine
from epic_features.errors import MissingExtra
from epic_features.sources import ImageReference, references

try:
    import ray
except ImportError:
    ray = None

needs_ray = pytest.mark.skipif(ray is None, reason="needs the extra ray")
SHAPE = Settings(groups=("shape", "bytes"))


@pytest.fixture(scope="module")
def cluster():
    # The actors import this module to read the references below.
    path = os.pathsep.join([str(Path(__file__).parent), os.environ.get("PYTHONPATH", "")])
    ray.init(
        num_cpus=2,
        include_dashboard=False,
        log_to_driver=False,
        runtime_env={"env_vars": {"PYTHONPATH": path}},
    )
    yield
    ray.shutdown()


@dataclass(frozen=True, eq=False)
class Slow(ImageReference):
    """An image that takes a while and leaves a note about who works on it."""

    def load(self, settings):
        actor = self.content.parent.parent / "actors" / str(os.getppid())
        actor.touch()
        time.sleep(0.05)
        return super().load(settings)


@dataclass(frozen=True, eq=False)
class Deadly(ImageReference):
    """An image that kills the process that loads it."""

    def load(self, settings):
        os.kill(os.getpid(), signal.SIGKILL)


@needs_ray
def test_rows_and_shards_equal_those_of_the_local_engine(cluster, tmp_path, make_pictures):
    make_pictures(tmp_path / "in", 80)
    (tmp_path / "in" / "0011.png").write_bytes(b"<html>")
    for engine in ("inline", "ray"):
        out = tmp_path / engine
        report = dump(tmp_path / "in", out, settings=SHAPE, engine=engine, shard_size=30)
        assert (report.rows, len(report.rejected)) == (79, 1)
    for name in ("part-00000", "part-00001", "part-00002"):
        file = f"{name}.parquet"
        assert (tmp_path / "ray" / file).read_bytes() == (tmp_path / "inline" / file).read_bytes()
    (tmp_path / "ray" / "part-00001.json").unlink()
    report = dump(tmp_path / "in", tmp_path / "ray", settings=SHAPE, engine="ray", shard_size=30)
    assert report.resumed == 50


@needs_ray
def test_a_killed_actor_and_a_deadly_image_cost_no_other_row(cluster, tmp_path, make_pictures):
    from epic_features.engines.ray_engine import RayEngine

    make_pictures(tmp_path / "in", 200)
    (tmp_path / "actors").mkdir()
    listed = [
        (Deadly if i == 70 else Slow)(r.name, r.content, r.relative_path, None)
        for i, r in enumerate(references(tmp_path / "in"))
    ]

    def kill():
        while len(actors := list((tmp_path / "actors").iterdir())) < 2:
            time.sleep(0.05)
        time.sleep(0.5)
        os.kill(int(actors[0].name), signal.SIGKILL)

    killer = threading.Thread(target=kill, daemon=True)
    killer.start()
    results = list(RayEngine(2).run(listed, SHAPE))
    killer.join(1)
    assert not killer.is_alive()
    assert len(list((tmp_path / "actors").iterdir())) >= 3  # One more than there were at first.
    expected = list(InlineEngine().run(references(tmp_path / "in"), SHAPE))
    assert [i for i, result in enumerate(results) if result.row is None] == [70]
    assert results[70].rejected.stage == "worker"
    del results[70], expected[70]
    extractor = Extractor(SHAPE)
    assert extractor.table(r.row for r in results).equals(extractor.table(r.row for r in expected))
    assert [(r.identity, r.sha256) for r in results] == [(r.identity, r.sha256) for r in expected]


@pytest.mark.skipif(ray is not None, reason="Ray is installed")
def test_without_ray_the_extra_is_named(tmp_path, make_pictures):
    make_pictures(tmp_path / "in", 1)
    with pytest.raises(MissingExtra, match=r"epic-features\[ray\]"):
        dump(tmp_path / "in", tmp_path / "out", settings=SHAPE, engine="ray")
