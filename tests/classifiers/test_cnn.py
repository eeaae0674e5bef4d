"""VCNN, MCNN and HCNN: really trained, on small pictures drawn here."""

from __future__ import annotations

import multiprocessing
import os
import pickle
import signal
import subprocess
import sys

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import cross_val_score

from classifiers.cnn import HCNN, MCNN, VCNN
from classifiers.network_storage import load, save
from classifiers.onnx_network import OnnxNetwork
from classifiers.table import TableError
from epic_features import SettingsMismatch
from epic_features.errors import MissingExtra, ModelFileError

torch = pytest.importorskip("torch", reason="needs PyTorch, the extra 'train'")

SIDE = 32
SMALL = {"width": 4, "embedding": 16, "epochs": 6, "batch_size": 8, "learning_rate": 5e-3}


def draw(labels, seed=0):
    """Stripes of different directions and colours, with noise."""
    random = np.random.default_rng(seed)
    y, x = np.mgrid[0:SIDE, 0:SIDE]
    kinds = {"memes": x, "notes": y, "personal": x + y}
    pictures = []
    for label in labels:
        wave = 127 + 90 * np.sin(kinds[label] * 0.8 + random.uniform(0, 6))
        color = random.uniform(0.5, 1, 3) if label == "personal" else np.ones(3)
        noise = random.normal(0, 25 if label == "personal" else 1, (SIDE, SIDE, 3))
        pictures.append(np.clip(wave[:, :, None] * color + noise, 0, 255).astype(np.uint8))
    return np.stack(pictures)


@pytest.fixture(scope="module")
def drawn(three):
    table, labels = three
    return draw(labels), labels, table


@pytest.fixture(scope="module")
def vcnn(drawn):
    return VCNN(**SMALL).fit(drawn[0], drawn[1])


def held_out_accuracy(model, labels, *metadata):
    return float((model.predict(draw(labels, seed=7), *metadata) == labels).mean())


@pytest.mark.parametrize("kind", [VCNN, HCNN])
def test_it_learns_to_tell_the_classes(kind, drawn):
    pixels, labels, _ = drawn
    model = kind(**SMALL).fit(pixels, labels)
    assert held_out_accuracy(model, labels) > 0.9
    assert model.history_[-1].loss < model.history_[0].loss
    odds = model.predict_proba(pixels)
    assert odds.shape == (90, 3)
    assert odds.sum(axis=1) == pytest.approx(np.ones(90))
    assert model.embed(pixels).shape == (90, 16)
    few = kind(**{**SMALL, "epochs": 1, "learning_rate": 1e-9}).fit(pixels, labels)
    assert held_out_accuracy(few, labels) < 0.7


def test_metadata_tell_what_pixels_do_not(drawn):
    """Every picture is the same; only the table knows the class."""
    pixels, labels, table = drawn
    same = np.repeat(pixels[:1], len(pixels), axis=0)
    model = MCNN(**SMALL | {"epochs": 20}).fit(same, labels, metadata=table)
    assert (model.predict(same, table) == labels).mean() > 0.8
    alone = VCNN(**SMALL).fit(same, labels)
    assert len(set(alone.predict(same))) == 1


def test_scaling_changes_the_numbers(drawn):
    pixels, labels, table = drawn
    for scale in (True, False):
        model = MCNN(**SMALL | {"epochs": 1}, scale=scale).fit(pixels, labels, metadata=table)
        numbers = model.metadata_.transform(table)
        assert np.isfinite(numbers).all()
        assert (abs(numbers).max() <= 5) == scale


def test_hcnn_divides_the_classes_by_their_colors(drawn):
    pixels, labels, _ = drawn
    model = HCNN(**SMALL | {"epochs": 1}).fit(pixels, labels)
    assert "personal" not in model.few_colors_
    assert len(model.few_colors_) == 1
    # The mixture by hand.
    found = model.network_.run(pixels[:5])
    exp = {name: np.exp(found[name].astype(float)) for name in ("level", "few", "many")}
    level, few, many = (values / values.sum(axis=1, keepdims=True) for values in exp.values())
    mixed = level[:, :1] * few + level[:, 1:] * many
    powers = mixed ** (1 / model.temperature_)
    wanted = powers / powers.sum(axis=1, keepdims=True)
    assert model.predict_proba(pixels[:5]) == pytest.approx(wanted, abs=1e-6)


@pytest.mark.parametrize("metadata", [0, 3])
def test_onnx_gives_what_torch_gives(metadata):
    from classifiers.network_training import as_input, new_network
    from classifiers.onnx_network import export

    network = new_network(3, {"class": 4, "level": 2}, width=4, embedding=8, metadata=metadata)
    pixels = draw(["memes", "notes", "personal"] * 30)
    with torch.no_grad():  # Means and variances of batch normalisation that are not 0 and 1.
        network.train()
        known = torch.randn(90, metadata) if metadata else None
        network(as_input(pixels), known)
        network.eval()
        wanted = network(as_input(pixels), known)
    outputs = ("embedding", "class", "level")
    found = OnnxNetwork(export(network, outputs, SIDE), outputs).run(
        pixels, None if known is None else known.numpy()
    )
    for name in outputs:
        assert found[name] == pytest.approx(wanted[name].numpy(), abs=1e-5)
    assert OnnxNetwork(export(network, outputs, SIDE), outputs).run(
        pixels[:0], None if known is None else known.numpy()[:0]
    )["class"].shape == (0, 4)


def test_same_seed_same_network(drawn, vcnn):
    pixels, labels, _ = drawn
    assert VCNN(**SMALL).fit(pixels, labels).network_.model == vcnn.network_.model
    other = VCNN(**SMALL, random_state=1).fit(pixels, labels)
    assert other.network_.model != vcnn.network_.model


def test_training_leaves_the_process_as_it_was(drawn):
    torch.manual_seed(5)
    before, threads = torch.random.get_rng_state(), torch.get_num_threads()
    VCNN(**SMALL | {"epochs": 1}).fit(*drawn[:2])
    assert torch.equal(torch.random.get_rng_state(), before)
    assert torch.get_num_threads() == threads


def fit_and_die(pixels, labels, path, epoch):
    def die(done):
        if done.number == epoch:
            os.kill(os.getpid(), signal.SIGKILL)

    options = {**SMALL, "augmentation": "strong"}
    VCNN(**options, checkpoint=path, on_epoch=die).fit(pixels, labels)


def test_killed_and_continued_is_the_same_network(drawn, tmp_path):
    pixels, labels, _ = drawn
    undisturbed = VCNN(**SMALL, augmentation="strong").fit(pixels, labels)
    path = tmp_path / "run" / "checkpoint.pt"
    context = multiprocessing.get_context("spawn")
    child = context.Process(target=fit_and_die, args=(pixels, labels, path, 3))
    child.start()
    child.join(300)
    assert child.exitcode == -signal.SIGKILL
    seen = []
    model = VCNN(**SMALL, augmentation="strong", checkpoint=path, on_epoch=seen.append)
    model.fit(pixels, labels)
    assert [epoch.number for epoch in seen] == [4, 5]
    assert model.network_.model == undisturbed.network_.model
    assert [e.loss for e in model.history_] == [e.loss for e in undisturbed.history_]
    seen.clear()
    assert model.fit(pixels, labels).network_.model == undisturbed.network_.model
    assert not seen


def test_a_checkpoint_of_another_training_is_refused(drawn, tmp_path):
    pixels, labels, _ = drawn
    path = tmp_path / "checkpoint.pt"
    options = SMALL | {"epochs": 1, "checkpoint": path}
    VCNN(**options).fit(pixels, labels)
    with pytest.raises(ModelFileError, match="another training"):
        VCNN(**options | {"batch_size": 16}).fit(pixels, labels)
    with pytest.raises(ModelFileError, match="another training"):
        VCNN(**options).fit(pixels[::-1], labels)
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(ModelFileError, match="remove it to start anew"):
        VCNN(**options).fit(pixels, labels)


def test_training_stops_when_it_gets_no_better(drawn):
    pixels, labels, _ = drawn
    shuffled = np.random.default_rng(0).permutation(labels)
    model = VCNN(**SMALL | {"epochs": 40, "patience": 3, "learning_rate": 0.02})
    model.fit(pixels, shuffled)
    losses = [epoch.held_out for epoch in model.history_]
    best = int(np.argmin(losses))
    assert len(losses) == best + 4 < 40


def test_groups_are_held_out_together(drawn):
    """The pictures of a group carry a mark; who trains on some of them knows the others."""
    pixels, labels, _ = drawn
    groups = np.arange(90) % 15
    model = VCNN(**SMALL)
    model.classes_, codes = np.unique(labels, return_inverse=True)
    stop = model._stop_rows(codes, groups)
    assert not set(groups[stop]) & set(groups[~stop])
    assert 0 < stop.sum() < 45
    # All notes are of one group: they stay in the training part.
    held = model._stop_rows(codes, np.where(labels == "notes", 99, groups))
    assert held is None or (labels[~held] == "notes").any()


def test_scikit_learn(drawn, vcnn):
    pixels, labels, _ = drawn
    model = MCNN(width=7, scale=False)
    assert clone(model).get_params() == model.get_params()
    assert model.set_params(epochs=2).epochs == 2
    with pytest.raises(NotFittedError):
        VCNN().predict(pixels)
    with pytest.raises(NotFittedError):
        VCNN().embed(pixels)
    scores = cross_val_score(VCNN(**SMALL), pixels, labels, cv=2)
    assert scores.shape == (2,)
    again = pickle.loads(pickle.dumps(vcnn))
    assert np.array_equal(again.predict_proba(pixels), vcnn.predict_proba(pixels))
    assert set(vcnn.predict(pixels)) <= {"memes", "notes", "personal"}


def test_numbers_as_labels_and_weights(drawn):
    pixels, labels, _ = drawn
    codes = np.unique(labels, return_inverse=True)[1]
    model = VCNN(**SMALL | {"epochs": 1}, class_weight="balanced").fit(pixels, codes)
    assert model.classes_.tolist() == [0, 1, 2]


def test_two_pictures_are_enough_to_run(drawn):
    pixels, labels, _ = drawn
    two = [int(np.flatnonzero(labels == name)[0]) for name in ("memes", "notes")]
    model = VCNN(**SMALL | {"epochs": 1}).fit(pixels[two], labels[two])
    assert model.history_[0].held_out is None
    assert model.predict_proba(pixels).shape == (90, 2)


@pytest.mark.parametrize(
    ("pixels", "message"),
    [
        (np.zeros((4, 32, 32, 3)), "uint8"),
        (np.zeros((4, 32, 32), np.uint8), r"\(4, 32, 32\)"),
        (np.zeros((4, 32, 40, 3), np.uint8), r"\(4, 32, 40, 3\)"),
        (np.zeros((4, 16, 16, 3), np.uint8), "at least 32"),
    ],
)
def test_pictures_that_are_none(pixels, message):
    with pytest.raises(TableError, match=message):
        VCNN(**SMALL).fit(pixels, ["a", "a", "b", "b"])


def test_wrong_input(drawn, vcnn):
    pixels, labels, table = drawn
    for wrong, message in [
        ({"augmentation": "magic"}, "augmentation='magic'; choose from: none, rotation, strong"),
        ({"epochs": 0}, "epochs=0; at least 1"),
        ({"class_weight": "heavy"}, "class_weight='heavy'"),
    ]:
        with pytest.raises(TableError, match=message):
            VCNN(**SMALL | wrong).fit(pixels, labels)
    with pytest.raises(TableError, match="only the class 'a'"):
        VCNN(**SMALL).fit(pixels, np.full(90, "a"))
    with pytest.raises(TableError, match="89 labels for 90 rows"):
        VCNN(**SMALL).fit(pixels, labels[1:])
    with pytest.raises(TableError, match="48 pixels wide; the model was trained on 32"):
        vcnn.predict(np.zeros((2, 48, 48, 3), np.uint8))
    with pytest.raises(TableError, match="VCNN looks at pixels alone"):
        vcnn.predict(pixels, table)
    with pytest.raises(TableError, match="MCNN needs the feature table"):
        MCNN(**SMALL).fit(pixels, labels)
    with pytest.raises(TableError, match="89 rows of metadata for 90 pictures"):
        MCNN(**SMALL).fit(pixels, labels, metadata=table[1:])


def test_saved_and_loaded_without_torch(drawn, vcnn, tmp_path):
    pixels, labels, table = drawn
    mcnn = MCNN(**SMALL | {"epochs": 1}).fit(pixels, labels, metadata=table)
    hcnn = HCNN(**SMALL | {"epochs": 1}).fit(pixels, labels)
    for model, more in ((vcnn, ()), (mcnn, (table,)), (hcnn, ())):
        save(model, tmp_path / model.kind)
        again = load(tmp_path / model.kind)
        assert type(again) is type(model)
        assert np.array_equal(
            again.predict_proba(pixels, *more), model.predict_proba(pixels, *more)
        )
    assert load(tmp_path / "hcnn").few_colors_ == hcnn.few_colors_
    np.save(tmp_path / "pixels.npy", pixels[:4])
    code = (
        "import sys\n"
        "class Without:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name == 'torch': raise ImportError(name)\n"
        "sys.meta_path.insert(0, Without())\n"
        "import numpy as np\n"
        "from classifiers.cnn import VCNN\n"
        "from classifiers.network_storage import load\n"
        f"pixels = np.load({str(tmp_path / 'pixels.npy')!r})\n"
        f"print(load({str(tmp_path / 'vcnn')!r}).predict(pixels).tolist())\n"
        "try: VCNN().fit(pixels, list('abab'))\n"
        "except ImportError as error: print(error)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    answers, refused = done.stdout.splitlines()
    assert answers == str(vcnn.predict(pixels[:4]).tolist()), done.stderr
    assert refused == (
        "training a network needs torch; install it with `pip install 'epic-features[train]'`"
    )
    assert issubclass(MissingExtra, ImportError)


def test_damaged_files(vcnn, drawn, tmp_path):
    save(vcnn, tmp_path / "net")
    network, rest = tmp_path / "net" / "network.onnx", tmp_path / "net" / "network.json"
    network.write_bytes(vcnn.network_.model[:-10])
    with pytest.raises(ModelFileError, match="damaged"):
        load(tmp_path / "net")
    network.unlink()
    with pytest.raises(ModelFileError, match=r"network\.onnx is missing"):
        load(tmp_path / "net")
    save(vcnn, tmp_path / "net")
    for wrong in ("{}", "[", '{"format": 1, "sha256": 3}'):
        rest.write_text(wrong)
        with pytest.raises(ModelFileError):
            load(tmp_path / "net")
    with pytest.raises(ModelFileError, match="no output 'level'; it has embedding, class"):
        OnnxNetwork(vcnn.network_.model, ("embedding", "level")).run(drawn[0])
    with pytest.raises(ModelFileError, match="not an ONNX file"):
        OnnxNetwork(b"nothing", ("class",)).run(drawn[0])
    with pytest.raises(ModelFileError, match="can't be run"):
        OnnxNetwork(vcnn.network_.model, ("class",)).run(drawn[0], np.zeros((90, 2), np.float32))


def test_a_table_made_in_another_way_is_refused(drawn, make_table, tmp_path):
    from epic_features import Settings

    pixels, labels, table = drawn
    model = MCNN(**SMALL | {"epochs": 1}).fit(pixels, labels, metadata=table)
    save(model, tmp_path / "net")
    settings = Settings(
        groups=("core", "cartoon", "quality", "exif", "layout", "texture"), faces="yunet"
    )
    other, _ = make_table({"memes": 30, "notes": 30, "personal": 30}, settings=settings)
    for fitted in (model, load(tmp_path / "net")):
        with pytest.raises(SettingsMismatch, match="faces"):
            fitted.predict(pixels, other)
