"""The shipped network's training: what is unknown is left out, what is held out is not seen."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs PyTorch, the extra 'train'")

from classifiers.embeddings import alignment  # noqa: E402
from epic_features.extras.embedding import Embedder  # noqa: E402
from training import embedder  # noqa: E402

COUNT = 24


@pytest.fixture(scope="module")
def lessons():
    random = np.random.default_rng(0)
    coarse = random.integers(0, 256, (COUNT, 8, 8, 3), dtype=np.uint8)
    codes = {name: random.integers(0, 2, COUNT) for name in embedder.TARGETS}
    codes["drawn"][: COUNT // 2] = -1
    return embedder.Lessons(
        pixels=coarse.repeat(16, axis=1).repeat(16, axis=2),
        taught=random.normal(0, 1, (COUNT, 20)).astype(np.float32),
        codes=codes,
        weights=np.ones(COUNT, np.float32),
        fold=np.where(np.arange(COUNT) % 4 == 3, -1, np.arange(COUNT) % 4),
    )


def test_held_out_embeddings_are_those_of_networks_without_the_fold(lessons, tmp_path):
    real = lessons.fold >= 0
    pixels, fold = lessons.pixels[real], lessons.fold[real]
    found = embedder.held_out(lessons, pixels, fold, tmp_path)
    assert found.shape == (3, real.sum(), 128)
    by = [embedder.trained(lessons, k, tmp_path).run(pixels)["embedding"] for k in range(3)]
    for k in range(3):
        assert np.array_equal(found[k][fold == k], by[k][fold == k])
        j, other = (k + 1) % 3, (k + 2) % 3
        same = alignment(by[j][fold == other], by[k][fold == other])
        assert found[k][fold == j] == pytest.approx(same.scores(by[j][fold == j]), abs=1e-5)
    assert {path.name for path in tmp_path.iterdir()} == {f"without-{k}.onnx" for k in range(3)}


def test_a_network_does_not_see_the_fold_it_is_without(lessons, tmp_path):
    changed = lessons.pixels.copy()
    changed[lessons.fold == 1] = 0
    codes = {name: np.where(lessons.fold == 1, 0, c) for name, c in lessons.codes.items()}
    codes["drawn"] = lessons.codes["drawn"]
    other = replace(lessons, pixels=changed, codes=codes)
    (tmp_path / "other").mkdir()
    one = embedder.trained(lessons, 1, tmp_path)
    two = embedder.trained(other, 1, tmp_path / "other")
    assert one.model == two.model


def test_what_is_not_known_of_a_picture_has_no_say(lessons):
    outputs = {
        **{name: torch.zeros(2, 2, requires_grad=True) for name in embedder.TARGETS},
        "teacher": torch.zeros(2, 20),
    }
    targets = {name: torch.tensor([1, -1]) for name in embedder.TARGETS}
    loss = embedder._loss(outputs, {**targets, "teacher": torch.ones(2, 20)})
    assert loss.tolist() == pytest.approx([2 + 4 * np.log(2), 2])
    loss.sum().backward()
    assert not outputs["drawn"].grad[1].any()
    assert outputs["drawn"].grad[0].any()


def test_what_is_shipped_can_be_used_by_its_path(lessons, tmp_path):
    network = embedder.trained(lessons, None, tmp_path)
    embedder.ship(network, tmp_path / "vcnn")
    found = Embedder(tmp_path / "vcnn").embed(lessons.pixels[:3])
    assert found == pytest.approx(network.run(lessons.pixels[:3])["embedding"], abs=1e-5)
