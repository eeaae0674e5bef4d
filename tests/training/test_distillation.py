"""The default embedding's training: what it learns, and what it has not seen."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

torch = pytest.importorskip("torch", reason="needs PyTorch, the extra 'train'")
pytest.importorskip("onnx", reason="needs the package onnx")

from epic_features import Settings, extract  # noqa: E402
from epic_features.errors import ModelNotFound  # noqa: E402
from epic_features.extras.embedding import Embedder  # noqa: E402
from training import data, distillation  # noqa: E402

COUNT, POOLED = 160, 30


@pytest.fixture(scope="module")
def lessons():
    """The teacher's numbers depend on what the backbones see, by a law that is not linear."""
    random = np.random.default_rng(0)
    pooled = random.normal(3, 2, (COUNT, distillation.VIEWS, POOLED)).astype(np.float32)
    law = random.normal(0, 1, (POOLED, 140)) * (random.random((POOLED, 140)) < 0.1)
    taught = np.abs((pooled - 3) @ law).astype(np.float32)
    return distillation.Lessons(pooled, taught, np.arange(COUNT) % 4 - 1)


def test_it_learns_what_the_teacher_says(lessons):
    seen = lessons.fold != 0
    head = distillation.train(lessons.pooled[seen], lessons.taught[seen])
    again = distillation.train(lessons.pooled[seen], lessons.taught[seen])
    assert (head.weights == again.weights).all()

    def explained(inputs):
        """Share of the teacher's variance that a regression on the inputs finds elsewhere."""
        given = np.concatenate([inputs(lessons.pooled), np.ones((COUNT, 8, 1))], axis=2)
        answer = np.linalg.lstsq(
            given[seen].reshape(-1, given.shape[2]), lessons.taught[seen].reshape(-1, 140)
        )[0]
        left = lessons.taught[~seen] - given[~seen] @ answer
        return (
            1 - (left**2).sum() / ((lessons.taught[~seen] - lessons.taught.mean((0, 1))) ** 2).sum()
        )

    assert explained(head) > explained(lambda pooled: pooled) + 0.2


def test_embeddings_are_those_of_the_network_without_each_fold(lessons, tmp_path):
    found = distillation.embeddings(lessons, tmp_path)
    assert set(found) == {"all", "0", "1", "2"}
    for name, vectors in found.items():
        without = None if name == "all" else int(name)
        head = distillation.trained(lessons, without, tmp_path)
        assert vectors.shape == (COUNT, distillation.LENGTH)
        assert (vectors == head(lessons.pooled[:, 0])).all()
    assert len({vectors.tobytes() for vectors in found.values()}) == 4
    names = {"all.npz", *(f"without-{k}.npz" for k in range(3))}
    assert {path.name for path in tmp_path.iterdir()} == names


def test_a_network_does_not_see_the_fold_it_is_without(lessons, tmp_path):
    changed = lessons.pooled.copy(), lessons.taught.copy()
    for values in changed:
        values[lessons.fold == 1] = 0
    (tmp_path / "other").mkdir()
    one = distillation.trained(lessons, 1, tmp_path)
    other = distillation.Lessons(*changed, lessons.fold)
    two = distillation.trained(other, 1, tmp_path / "other")
    assert (one.weights == two.weights).all()


def test_pictures_become_lessons_and_a_network(tmp_path):
    (tmp_path / "pictures").mkdir()
    random = np.random.default_rng(2)
    for name in ("a.png", "b.png", "c.png"):
        coarse = random.integers(0, 256, (5, 7, 3), dtype=np.uint8)
        Image.fromarray(coarse.repeat(30, axis=0).repeat(40, axis=1)).save(
            tmp_path / "pictures" / name
        )
    frame = extract(str(tmp_path / "pictures"), settings=Settings(groups=("shape",)))
    facts = frame[[]].assign(fold=[0, 1, 0])
    (tmp_path / "drawn-pictures").mkdir()
    try:
        lessons = distillation.read_lessons(
            data.Data(frame, facts),
            *(tmp_path / "pictures", tmp_path, tmp_path / "own", Embedder("vcnn")),
        )
    except ModelNotFound as error:
        pytest.skip(f"{error}")
    assert lessons.pooled.shape == (3, distillation.VIEWS, 2864)
    assert lessons.taught.shape == (3, distillation.VIEWS, 128)
    head = distillation.train(lessons.pooled, lessons.taught)
    distillation.ship(head, tmp_path / "made")
    paths = [tmp_path / "pictures" / name for name in frame["relative_path"]]
    found = Embedder(tmp_path / "made").embed(np.asarray(Image.open(path)) for path in paths)
    wanted = head(lessons.pooled[:, 0])
    # The weights that are shipped are rounded.
    assert np.corrcoef(found.ravel(), wanted.ravel())[0, 1] > 0.99
