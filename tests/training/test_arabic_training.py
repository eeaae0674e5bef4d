"""The renderer and the training of the Arabic recogniser, on a small scale."""
# ruff: noqa: E402 - the imports need what is looked for first

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

for _name in ("bidi", "babel", "faker", "fontTools", "onnx"):
    pytest.importorskip(_name, reason=f"the training needs {_name}")

from epic_features.text.arabic_line import HEIGHT
from epic_features.text.direction import logical_order
from training.arabic_reader.draw import draw
from training.arabic_reader.fonts import faces
from training.arabic_reader.render import Line, Renderer, load, save
from training.arabic_reader.shapes import reshaped
from training.arabic_reader.text import SYMBOLS, Corpus, runs_of, symbols_only, vocalised


@pytest.fixture(scope="module")
def face(tmp_path_factory):
    found = [
        face for face in faces(tmp_path_factory.mktemp("none")) if "DejaVuSans.ttf" in str(face)
    ]
    if not found:
        pytest.skip("no Arabic font is installed")
    return found[0]


def test_symbols_stand_as_they_are_drawn(face):
    text = "الساعة 10:30 مع HTML"
    drawing = draw(text, face, 40)
    assert drawing.symbols == "HTML عم 10:30 ةعاسلا"
    assert logical_order(drawing.symbols) == text
    # "HTML" has no descender and stands on the left: nothing is drawn below its line there.
    left = drawing.mask[:, : drawing.mask.shape[1] // 5]
    assert left.max() > 200


def test_kashida_is_drawn_but_not_told(face):
    plain, long = draw("سلام", face, 40), draw("سلام", face, 40, "ســـلام")
    assert plain.symbols == long.symbols == "مالس"
    assert long.mask.shape[1] > plain.mask.shape[1] + 20


def test_digits_with_gaps_are_drawn_apart(face):
    plain, apart = draw("٤٢٧", face, 40), draw("٤٢٧", face, 40, gap=15)
    assert plain.symbols == apart.symbols == "٤٢٧"
    assert apart.mask.shape[1] == pytest.approx(plain.mask.shape[1] + 30, abs=2)
    assert (apart.mask.max(axis=0) == 0).sum() >= 24


@given(seed=st.integers(0, 2**32 - 1), size=st.integers(9, 52))
def test_letters_in_another_shape_are_still_there(seed, size):
    rng = np.random.default_rng(seed)
    height, width = size, int(rng.integers(3, 5 * size))
    mask = np.zeros((height, width), np.uint8)
    for _ in range(4):
        ends = rng.integers(0, [width, height], (2, 2)).tolist()
        cv2.line(mask, *map(tuple, ends), 255, max(1, size // 12), cv2.LINE_AA)
    made = reshaped(rng, mask, size)
    assert made.dtype == np.uint8
    assert made.ndim == 2
    if made is not mask:
        assert made.max() >= 100
        assert all(edge.any() for edge in (made[0], made[-1], made[:, 0], made[:, -1]))


def test_nothing_stays_nothing():
    nothing = np.zeros((20, 60), np.uint8)
    for seed in range(20):
        assert reshaped(np.random.default_rng(seed), nothing, 20) is nothing


def test_a_font_without_the_letters_is_refused(face):
    assert draw("漢字", face, 40) is None


def test_only_known_symbols_are_drawn():
    assert symbols_only("٪۱۲۴ کیف") == "٪١٢۴ كيف"
    assert symbols_only("漢字") == ""
    assert len(SYMBOLS) == len(set(SYMBOLS))


def test_random_diacritics_leave_the_letters():
    text = "صباح الخير"
    marked = vocalised(np.random.default_rng(0), text, dense=True)
    assert marked != text
    assert "".join(char for char in marked if not "\u064b" <= char <= "\u0652") == text


def test_lines_of_the_test_sets_are_never_drawn(shared):
    texts = (shared / "text" / "pud_arabic.txt").read_text("utf-8").splitlines()
    banned = texts[::2]
    corpus = Corpus(shared, banned)
    rng = np.random.default_rng(0)
    forbidden = set().union(*(runs_of(line) for line in banned))
    drawn = [corpus.line(rng) for _ in range(3000)]
    assert not any(forbidden & runs_of(line) for line in drawn)
    assert all(set(line) <= set(SYMBOLS) for line in drawn)


@pytest.fixture(scope="module")
def renderer(shared, tmp_path_factory):
    return Renderer(shared, tmp_path_factory.mktemp("no-npm-fonts"))


def test_the_same_seed_gives_the_same_lines(renderer, tmp_path):
    lines, again = renderer.lines(3, 40), renderer.lines(3, 40)
    for one, other in zip(lines, again, strict=True):
        assert one.symbols == other.symbols
        np.testing.assert_array_equal(one.pixels, other.pixels)
    save(lines, tmp_path / "shard.npz")
    for one, other in zip(lines, load(tmp_path / "shard.npz"), strict=True):
        assert one[1:] == other[1:]
        np.testing.assert_array_equal(one.pixels, other.pixels)
    assert {line.pixels.shape[0] for line in lines} == {HEIGHT}
    assert renderer.lines(4, 40)[0].symbols != lines[0].symbols


def test_held_out_fonts_are_kept_out(shared, renderer, tmp_path):
    held_out = {line.font for line in Renderer(shared, tmp_path, held_out=True).lines(0, 60)}
    assert held_out
    assert not held_out & {line.font for line in renderer.lines(0, 400)}


def _shards(folder, count, size):
    """Lines whose symbol is told by the place of a bar."""
    rng = np.random.default_rng(0)
    folder.mkdir()
    for index in range(count):
        lines = []
        for _ in range(size):
            pixels = np.full((HEIGHT, 24), 255, np.uint8)
            high = rng.random() < 0.5
            pixels[4 : 16 if high else 36, 8:16] = 0
            lines.append(Line(pixels, "ا" if high else "ب", "plain", "none"))
        save(lines, folder / f"{index:06}.npz")


@pytest.fixture
def small(monkeypatch):
    pytest.importorskip("torch", reason="the training needs torch")
    from training.arabic_reader import train

    monkeypatch.setattr(train, "SHARD", 64)
    return train


def _weights(path):
    import torch

    return torch.load(path, weights_only=True)["averaged"]


class _Stop(Exception):
    pass


def test_a_run_that_was_stopped_ends_like_an_undisturbed_one(small, tmp_path):
    training = small.Training(lines=2 * 3 * 64, passes=1, warm_up=2)
    for name in ("whole", "halves"):
        _shards(tmp_path / name, 6, 64)
    whole = small.train(training, tmp_path / "whole", tmp_path / "a")

    def stop_after_the_first_window(path, wait=small._wait):
        if int(path.stem) >= 3:
            raise _Stop
        return wait(path)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(small, "_wait", stop_after_the_first_window)
        with pytest.raises(_Stop):
            small.train(training, tmp_path / "halves", tmp_path / "b")
    resumed = small.train(training, tmp_path / "halves", tmp_path / "b")
    for name, value in _weights(whole).items():
        np.testing.assert_array_equal(value.numpy(), _weights(resumed)[name].numpy(), err_msg=name)


def test_it_learns_and_what_is_exported_reads_the_same(small, tmp_path):
    from epic_features.text.arabic_own import ArabicOwn
    from training.arabic_reader.export import export

    _shards(tmp_path / "shards", 24, 64)
    training = small.Training(lines=24 * 64 * 4, passes=4, warm_up=5, averaging=0.9, pixels=512)
    checkpoint = small.train(training, tmp_path / "shards", tmp_path / "checkpoints")
    assert not list((tmp_path / "shards").iterdir())
    export(checkpoint, tmp_path / "bars.onnx")
    reader = ArabicOwn(tmp_path / "bars.onnx")
    for bottom, symbol in ((16, "ا"), (36, "ب")):
        pixels = np.full((HEIGHT, 24), 255, np.uint8)
        pixels[4:bottom, 8:16] = 0
        assert reader.symbols(pixels)[0] == symbol
