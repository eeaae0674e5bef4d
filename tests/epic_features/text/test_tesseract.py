import logging
import shutil
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from PIL import features
from text_drawing import blank, write

from epic_features.errors import MissingExtra, ModelNotFound
from epic_features.settings import Settings
from epic_features.text import arabic_reader as module
from epic_features.text.arabic_reader import ArabicRapid, arabic_reader
from epic_features.text.crops import enclosed_line, grey_line, ink_line
from epic_features.text.ppocr import RECOGNISER, bundled_model
from epic_features.text.rapid import RapidReader
from epic_features.text.tesseract import ArabicLines, find_tessdata

SENTENCES = ("صباح الخير يا صاحبي", "القاهرة في رمضان حاجة تانية", "محدش يكلمني قبل القهوة")
NOWHERE = ("no/such/folder",)


@pytest.fixture(scope="module")
def tessdata():
    try:
        return find_tessdata()
    except ModelNotFound as error:
        pytest.skip(str(error))


@pytest.fixture(scope="module")
def read(tessdata):
    return ArabicLines(tessdata)


@pytest.fixture
def without_tessdata(monkeypatch, tmp_path):
    """A machine with no Arabic data; gives the folder of downloaded models, which is empty."""
    monkeypatch.delenv("TESSDATA_PREFIX", raising=False)
    monkeypatch.setattr("epic_features.text.tesseract._SYSTEM_FOLDERS", NOWHERE)
    return tmp_path


def line(text, colour="black", ground="white", size=32):
    """A line as the detector crops it: a margin of a fifth of the size around the letters."""
    picture = blank(20 * size, 3 * size, ground)
    left, top, right, bottom = write(picture, (size, size), text, size, True, colour)
    margin = size // 5
    return np.asarray(picture)[top - margin : bottom + margin, left - margin : right + margin]


@pytest.mark.parametrize("text", SENTENCES)
@pytest.mark.parametrize(("colour", "ground"), [("black", "white"), ("white", "#075e54")])
def test_reads_dark_and_light_lines(read, text, colour, ground):
    if not features.check("raqm"):
        pytest.skip("letters joined without libraqm are not always known to Tesseract")
    got, score = read(line(text, colour, ground))
    assert got == text
    assert 0.6 < score <= 1


@pytest.mark.parametrize("size", [14, 24, 60])
def test_size_of_the_letters_does_not_matter(read, size):
    assert read(line("شكرا جدا", size=size))[0] == "شكرا جدا"


def test_reads_numbers_in_logical_order(read):
    assert read(line("سورة البقرة 156"))[0] == "سورة البقرة 156"


def test_marks_of_direction_are_gone(read):
    text, _ = read(line("الصلاة (110) خير"))
    assert not set(text) & set("\u200e\u200f\u202a\u202b\u202c\u2066\u2067\u2069\n")


@pytest.mark.parametrize("shape", [(1, 1), (40, 1), (1, 300), (30, 30), (9, 1200)])
@pytest.mark.parametrize("value", [0, 255])
def test_nothing_to_read_is_nothing(read, shape, value):
    text, score = read(np.full((*shape, 3), value, np.uint8))
    assert 0 <= score <= 1
    assert text or score == 0


def test_threads_do_not_mix_their_lines(read):
    lines = [line(text) for text in SENTENCES] * 4
    with ThreadPoolExecutor(4) as pool:
        assert [text for text, _ in pool.map(read, lines)] == list(SENTENCES) * 4


@pytest.mark.parametrize("prepare", [grey_line, ink_line])
@pytest.mark.parametrize(("colour", "ground"), [("black", "#eeeeee"), ("#ffee88", "#203040")])
def test_preparations_are_dark_letters_on_white(prepare, colour, ground):
    prepared = prepare(line("شكرا جدا على المساعدة", colour, ground), 26)
    assert prepared.shape[0] == 26 + 2 * 10
    assert prepared.dtype == np.uint8
    assert (prepared[:10] == 255).all()
    assert (prepared[:, -10:] == 255).all()
    share_of_ink = (prepared < 128).mean()
    assert 0.01 < share_of_ink < 0.25


def test_outlined_letters_are_found_by_their_filling():
    # A ground in two tones, as a caption over sea and sky has it.
    picture = blank(560, 80, "#3f6f8f")
    picture.paste((150, 170, 120), (0, 40, 560, 80))
    outline = {"stroke_width": 4, "stroke_fill": "black"}
    left, top, right, bottom = write(
        picture, (60, 10), "صباح الفل", 44, arabic=True, colour="white", **outline
    )
    # As tight as a detected box: the outline reaches the edges, the filling does not.
    pixels = np.asarray(picture)[top - 3 : bottom + 3, left - 3 : right + 3]
    filling = (pixels.min(axis=2) > 245).mean()
    ink = (enclosed_line(pixels, 28)[10:-10, 10:-10] < 128).mean()
    assert ink == pytest.approx(filling, rel=0.4)


def test_tessdata_is_looked_for_in_the_named_folder_first(tessdata, monkeypatch, tmp_path):
    copy = tmp_path / "ara.traineddata"
    shutil.copy(tessdata, copy)
    monkeypatch.setenv("TESSDATA_PREFIX", str(tmp_path))
    assert find_tessdata() == copy


def test_downloaded_tessdata_is_found_and_used(tessdata, without_tessdata):
    shutil.copy(tessdata, without_tessdata / "ara.traineddata")
    reader = arabic_reader(Settings(arabic="tesseract", model_dir=str(without_tessdata)))
    assert reader(line("شكرا جدا"))[0] == "شكرا جدا"
    assert len(reader.backend.sha256) == 64


def test_missing_tessdata_says_how_to_get_it(without_tessdata):
    with pytest.raises(ModelNotFound, match="apt install tesseract-ocr-ara") as caught:
        find_tessdata(without_tessdata)
    assert "epic models get tessdata-ara" in str(caught.value)


def test_missing_tessdata_is_an_error_for_who_asked_for_it(without_tessdata):
    settings = Settings(arabic="tesseract", model_dir=str(without_tessdata))
    with pytest.raises(ModelNotFound, match="apt install tesseract-ocr-ara"):
        RapidReader(settings)


def test_missing_tesserocr_names_the_extra(tessdata, monkeypatch):
    monkeypatch.setitem(sys.modules, "tesserocr", None)
    with pytest.raises(MissingExtra, match=r"pip install 'epic-features\[tesseract\]'"):
        arabic_reader(Settings(arabic="tesseract"))


def test_no_arabic_is_silent(caplog):
    with caplog.at_level(logging.DEBUG):
        assert arabic_reader(Settings(arabic="none")) is None
    assert not caplog.records


def test_pp_ocr_recogniser_can_take_the_place_of_tesseract(monkeypatch):
    # The Arabic network is not here; the one that reads English shows that the way is open.
    stand_in = bundled_model(RECOGNISER)
    monkeypatch.setattr(module.models, "find", lambda name, cache=None: stand_in)
    reader = arabic_reader(Settings(arabic="rapid"))
    assert isinstance(reader, ArabicRapid)
    picture = blank(400, 60)
    write(picture, (20, 8), "Good morning 2024", 34)
    text, score = reader(np.asarray(picture))
    assert text == "Good morning 2024"
    assert score > 0.9
