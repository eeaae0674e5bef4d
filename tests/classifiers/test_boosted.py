"""XCNN: trees on embeddings of networks that have not seen the picture."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

from classifiers.boosted import XCNN
from classifiers.cnn import VCNN
from classifiers.embeddings import alignment
from classifiers.table import TableError

pytest.importorskip("torch", reason="needs PyTorch, the extra 'train'")

SIDE = 32
SMALL = {"width": 4, "embedding": 12, "epochs": 4, "batch_size": 8, "learning_rate": 5e-3}


@pytest.fixture(scope="module")
def drawn():
    """Two classes of stripes, in groups of four."""
    random = np.random.default_rng(0)
    y, x = np.mgrid[0:SIDE, 0:SIDE]
    labels = np.repeat(["across", "down"], 32)
    waves = [
        np.sin((x if label == "across" else y) * 0.8 + random.uniform(0, 6)) for label in labels
    ]
    noise = random.normal(0, 40, (64, SIDE, SIDE, 3))
    pixels = np.clip(127 + 60 * np.stack(waves)[..., None] + noise, 0, 255).astype(np.uint8)
    return pixels, labels, np.arange(64) // 4


@pytest.fixture(scope="module")
def checkpoints(tmp_path_factory):
    return tmp_path_factory.mktemp("checkpoints")


@pytest.fixture(scope="module")
def model(drawn, checkpoints):
    pixels, labels, groups = drawn
    model = XCNN(VCNN(**SMALL), min_images=2, folds=2, checkpoint=checkpoints)
    return model.fit(pixels, labels, groups=groups)


def test_it_learns(model, drawn):
    pixels, labels, _ = drawn
    assert (model.predict(pixels) == labels).mean() > 0.8
    odds = model.predict_proba(pixels)
    assert odds.sum(axis=1) == pytest.approx(np.ones(64))
    assert model.parameters_["learning_rate"] == 0.3


def test_networks_are_shared_by_their_checkpoints(model, drawn, checkpoints):
    """Another head on the same networks trains none of them again."""
    pixels, labels, groups = drawn
    assert {path.name for path in checkpoints.iterdir()} == {
        "all.pt", "without-0.pt", "without-1.pt",
    }  # fmt: skip
    seen = []
    network = VCNN(**SMALL, on_epoch=seen.append)
    other = XCNN(
        network, min_images=2, folds=2, checkpoint=checkpoints, class_weight="balanced",
    ).fit(pixels, labels, groups=groups)  # fmt: skip
    assert not seen
    assert other.seconds_ > 0
    assert other.network_.network_.model == model.network_.network_.model
    same = XCNN(network, min_images=2, folds=2, checkpoint=checkpoints)
    again = same.fit(pixels, labels, groups=groups)
    assert again.booster_.model_to_string() == model.booster_.model_to_string()


def test_trees_train_on_embeddings_of_networks_that_have_not_seen_the_picture(
    model, drawn, monkeypatch
):
    pixels, labels, groups = drawn
    fits = []
    real = VCNN.fit

    def spied(self, pixels, y, groups=None, metadata=None):
        fits.append(set(np.asarray(groups).tolist()))
        return real(self, pixels, y, groups, metadata)

    monkeypatch.setattr(VCNN, "fit", spied)
    quick = VCNN(**SMALL | {"epochs": 1})
    XCNN(quick, min_images=2, folds=2).fit(pixels, labels, groups=groups)
    everything, first, second = fits
    assert everything == set(groups.tolist())
    assert not first & second
    assert first | second == everything


def test_tuning(drawn, checkpoints):
    optuna = pytest.importorskip("optuna", reason="needs Optuna, the extra 'train'")
    pixels, labels, groups = drawn
    tuned = XCNN(VCNN(**SMALL), min_images=2, folds=2, checkpoint=checkpoints, trials=3)
    one = tuned.fit(pixels, labels, groups=groups).parameters_
    assert set(one) >= {"learning_rate", "num_leaves", "min_data_in_leaf", "lambda_l2"}
    assert clone(tuned).fit(pixels, labels, groups=groups).parameters_ == one
    assert optuna.logging.get_verbosity() == optuna.logging.WARNING


def test_xgboost(drawn, checkpoints):
    pytest.importorskip("xgboost", reason="needs XGBoost, the extra 'xgboost'")
    pixels, labels, groups = drawn
    model = XCNN(VCNN(**SMALL), library="xgboost", folds=2, checkpoint=checkpoints)
    model.fit(pixels, labels, groups=groups)
    assert (model.predict(pixels) == labels).mean() > 0.8
    odds = model.predict_proba(pixels)
    assert odds.sum(axis=1) == pytest.approx(np.ones(64))
    again = clone(model).fit(pixels, labels, groups=groups)
    assert np.array_equal(again.predict_proba(pixels), odds)


def test_without_optuna():
    code = (
        "import sys\n"
        "class Without:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name == 'optuna': raise ImportError(name)\n"
        "sys.meta_path.insert(0, Without())\n"
        "import numpy as np\n"
        "from classifiers.boosted import XCNN\n"
        "try: XCNN(trials=2).fit(np.zeros((4, 32, 32, 3), np.uint8), list('abab'))\n"
        "except ImportError as error: print(error)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout.strip() == (
        "Bayesian optimisation needs optuna; install it with `pip install 'epic-features[train]'`"
    ), done.stderr


def test_scikit_learn(drawn):
    model = XCNN(VCNN(width=5), trials=2)
    assert clone(model).get_params()["network__width"] == 5
    with pytest.raises(NotFittedError):
        model.predict(drawn[0])
    with pytest.raises(TableError, match="library='catboost'; choose from: lightgbm, xgboost"):
        XCNN(library="catboost").fit(*drawn[:2])
    with pytest.raises(TableError, match="class_weight='heavy'"):
        XCNN(class_weight="heavy").fit(*drawn[:2])
    with pytest.raises(TableError, match="all rows are of one group"):
        XCNN(VCNN(**SMALL | {"epochs": 1})).fit(*drawn[:2], groups=np.zeros(64))


def test_alignment_finds_a_rotation_and_a_shift():
    random = np.random.default_rng(0)
    given = random.normal(0, 2, (200, 6)).astype(np.float32)
    turn, _ = np.linalg.qr(random.normal(0, 1, (6, 6)))
    wanted = (given @ turn + 3).astype(np.float32)
    found = alignment(given[:100], wanted[:100])
    assert found.scores(given[100:]) == pytest.approx(wanted[100:], abs=0.02)
    dead = given.copy()
    dead[:, 2] = 0  # A number that is 0 for every picture, as a ReLU may leave it.
    assert np.isfinite(alignment(dead, wanted).scores(dead)).all()
    unrelated = random.normal(0, 1, (200, 6)).astype(np.float32)
    assert np.abs(alignment(given, unrelated).weights).max() < 0.2
