"""The shipped network's training: what is unknown is left out, what is held out is not seen."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

torch = pytest.importorskip("torch", reason="needs PyTorch, the extra 'train'")

from epic_features import Settings, extract  # noqa: E402
from epic_features.extras.embedding import DEFAULT, Embedder  # noqa: E402
from training import data, embedder  # noqa: E402

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


def test_embeddings_are_those_of_the_network_without_each_fold(lessons, tmp_path):
    found = embedder.embeddings(lessons, lessons.pixels, tmp_path)
    assert set(found) == {"all", "0", "1", "2"}
    for name, vectors in found.items():
        network = embedder.trained(lessons, None if name == "all" else int(name), tmp_path)
        assert vectors.shape == (COUNT, 128)
        assert (vectors == network.run(lessons.pixels)["embedding"]).all()
    assert len({vectors.tobytes() for vectors in found.values()}) == 4
    names = {"all.onnx", *(f"without-{k}.onnx" for k in range(3))}
    assert {path.name for path in tmp_path.iterdir()} == names


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


def test_an_embedding_that_is_added_is_recorded_as_if_it_had_been_extracted(tmp_path):
    path = tmp_path / "grey.png"
    Image.new("L", (40, 30), 99).save(path)
    wanted = extract(path, settings=Settings(groups=("shape",), embedding=DEFAULT))
    plain = extract(path, settings=Settings(groups=("shape",)))
    vector = np.stack(wanted["embedding"])
    found = data._with_embeddings(plain, vector, Embedder())
    assert found.attrs["provenance"] == wanted.attrs["provenance"]
    assert np.array_equal(np.stack(found["embedding"]), vector)


def test_features_of_pictures_the_network_has_seen_are_refused(tmp_path):
    (tmp_path / "pictures/selfies").mkdir(parents=True)
    Image.new("RGB", (40, 30), "red").save(tmp_path / "pictures/selfies/a.png")
    facts = "selfies/a.png,selfies,personal,,,0,me"
    head = "file,class,personal,whatsapp,drawn,fold,source_repo"
    (tmp_path / "pictures/manifest.csv").write_text(f"{head}\n{facts}\n")
    (tmp_path / "cache/drawn-pictures/fmemes").mkdir(parents=True)
    Image.new("RGB", (40, 30), "blue").save(tmp_path / "cache/drawn-pictures/fmemes/b.png")
    with pytest.raises(SystemExit, match=r"held_out-\w{12}.npz is missing.*training.distillation"):
        data.load_data(tmp_path / "pictures", tmp_path / "cache")
