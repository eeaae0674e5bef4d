"""What a picture looks like: named by the network, in people's words."""

from pathlib import Path

import numpy as np
import pytest
from scipy.special import softmax

import classifiers.pretrained
from classifiers import explain, load_pretrained
from classifiers.phrases import LANGUAGES
from classifiers.resemblance import resembled
from classifiers.topics import RESEMBLES, phrase_of
from epic_features import Settings, extract

pytestmark = pytest.mark.usefixtures("lightgbm")


@pytest.fixture(scope="module")
def pictures(gallery):
    folder, drawings = gallery
    found = {
        kind: [folder / drawing.path for drawing in drawings if drawing.label == kind][:4]
        for kind in ("fTxtMssgs", "academicDigital", "fmemes")
    }
    if not all(found.values()):
        pytest.skip("this machine can't draw all kinds of pictures")
    return found


def seen(paths, embedding="backbones"):
    return extract(paths, settings=Settings(groups=("shape",), embedding=embedding))


def test_it_is_what_the_regression_of_the_shipped_model_says(pictures):
    table = seen([path for paths in pictures.values() for path in paths])
    file = Path(classifiers.pretrained.__file__).parent / "gallery" / "model.npz"
    with np.load(file) as stored:
        scores = np.stack(table["embedding"]) @ stored["weights"] + stored["offset"]
    odds = softmax(scores.astype(float), axis=1)
    names = load_pretrained("gallery").classes_
    wanted = [str(names[row.argmax()]) if row.max() >= 0.5 else None for row in odds]
    assert resembled(table) == wanted


def test_drawn_pages_and_chats_look_like_some(pictures):
    for kind in ("fTxtMssgs", "academicDigital"):
        found = resembled(seen(pictures[kind]))
        assert found.count(kind) > len(found) / 2


def test_nothing_is_said_of_what_is_not_known(pictures):
    paths = pictures["fTxtMssgs"][:2]
    table = seen(paths)
    assert resembled(seen(paths, "vcnn")) == [None, None]
    assert resembled(seen(paths, None)) == [None, None]
    assert resembled(table.iloc[:0]) == []
    unmarked = table.copy()
    unmarked.attrs = {}
    assert resembled(unmarked) == [None, None]
    holes = table.copy()
    holes.at[0, "embedding"] = None
    assert resembled(holes) == [None, resembled(table)[1]]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_class_has_words(language):
    plain = phrase_of("embedding", {}, language)
    names = load_pretrained("gallery").classes_.tolist()
    said = {phrase_of("embedding", {RESEMBLES: name}, language) for name in names}
    assert len(said) == len(names) == 10
    assert plain not in said
    assert phrase_of("embedding", {RESEMBLES: None}, language) == plain


def test_a_reason_says_it(pictures):
    from epic_gallery.cascade import load_cascade

    step = load_cascade("personal").steps[0]
    table = extract(pictures["fTxtMssgs"], settings=step.settings)
    looks = resembled(table)
    for explanation, look in zip(explain(step.model, table), looks, strict=True):
        assert explanation.resembles == look
        if look == "fTxtMssgs":
            assert "looks like a chat" in explanation.sentence()
    assert "fTxtMssgs" in looks
