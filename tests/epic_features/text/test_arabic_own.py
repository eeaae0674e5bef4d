"""The Arabic recogniser that ships with the library, on lines drawn here."""

import unicodedata
from concurrent.futures import ThreadPoolExecutor

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from text_drawing import blank, write

from epic_features.settings import Settings
from epic_features.text.arabic_line import HEIGHT, STRIDE, prepare
from epic_features.text.arabic_own import ArabicOwn, model_path
from epic_features.text.arabic_reader import arabic_reader

SENTENCES = ("صباح الخير يا صاحبي", "القاهرة في رمضان حاجة تانية", "محدش يكلمني قبل القهوة")


@pytest.fixture(scope="module")
def read():
    return ArabicOwn()


def line(text, colour="black", ground="white", size=32, margin=None, **options):
    """A line as the detector crops it: a margin of a fifth of the size around the letters."""
    picture = blank(24 * size, 4 * size, ground)
    place = (size, size)
    left, top, right, bottom = write(picture, place, text, size, True, colour, **options)
    margin = size // 5 if margin is None else margin
    return np.asarray(picture)[top - margin : bottom + margin, left - margin : right + margin]


@pytest.mark.parametrize("text", SENTENCES)
@pytest.mark.parametrize(("colour", "ground"), [("black", "white"), ("white", "#075e54")])
def test_reads_dark_and_light_lines(read, text, colour, ground):
    got, score = read(line(text, colour, ground))
    assert got == text
    assert 0.8 < score <= 1


@pytest.mark.parametrize("size", [14, 24, 60])
@pytest.mark.parametrize("margin", [2, 8, 30])
def test_size_of_the_letters_and_of_the_box_do_not_matter(read, size, margin):
    assert read(line("شكرا جدا", size=size, margin=min(margin, size)))[0] == "شكرا جدا"


@pytest.mark.parametrize(
    "text",
    ["سورة البقرة 156", "الساعة ٩:٤٥ م", "خصم ٥٠٪", "١٢٣٤٥٦٧٨٩٠", "٢٠٢٤/١٢/٠٧", "صفحة HTML فقط"],
)
def test_reads_numbers_and_latin_words_in_logical_order(read, text):
    assert read(line(text, size=32))[0] == text


def test_reads_diacritics(read):
    text = "الْحَمْدُ لِلَّهِ رَبِّ الْعَالَمِينَ"
    got, _ = read(line(text, size=48))
    assert _bare(got) == _bare(text)
    assert len(got) - len(_bare(got)) == pytest.approx(len(text) - len(_bare(text)), abs=2)


def _bare(text):
    return "".join(char for char in text if not unicodedata.combining(char))


def test_outlined_caption(read):
    outline = {"stroke_width": 4, "stroke_fill": "black"}
    pixels = line("صباح الفل", "white", "#3f6f8f", size=44, **outline)
    assert read(pixels)[0] == "صباح الفل"


def test_survives_jpeg_and_blur(read):
    pixels = cv2.GaussianBlur(line("شكرا على المساعدة", size=30), (0, 0), 1.0)
    _, packed = cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, 40])
    assert read(cv2.imdecode(packed, cv2.IMREAD_COLOR))[0] == "شكرا على المساعدة"


@pytest.mark.parametrize("shape", [(1, 1), (40, 1), (1, 300), (30, 30), (9, 1200), (3, 30000)])
@pytest.mark.parametrize("value", [0, 255])
def test_nothing_to_read_is_nothing(read, shape, value):
    assert read(np.full((*shape, 3), value, np.uint8)) == ("", 0.0)


@pytest.mark.parametrize("text", ["Всем привет друзья", "καλημέρα σε όλους"])
def test_other_scripts_are_not_made_into_arabic(read, text):
    picture = blank(700, 80)
    write(picture, (20, 15), text, 36)
    got, score = read(np.asarray(picture))
    arabic = sum("\u0620" <= char <= "\u064a" for char in got)
    assert arabic <= 2 or score < 0.5, got


def test_threads_do_not_mix_their_lines(read):
    lines = [line(text) for text in SENTENCES] * 4
    with ThreadPoolExecutor(4) as pool:
        assert [text for text, _ in pool.map(read, lines)] == list(SENTENCES) * 4


def test_is_the_default_and_names_its_file():
    reader = arabic_reader(Settings())
    assert isinstance(reader, ArabicOwn)
    assert len(reader.backend.sha256) == 64
    assert model_path().stat().st_size < 4 * 1024**2


@given(arrays.arrays(np.uint8, st.tuples(st.integers(1, 60), st.integers(1, 90))))
def test_prepared_lines_fit_the_network(pixels):
    prepared = prepare(pixels)
    assert prepared.dtype == np.uint8
    assert prepared.shape[0] == HEIGHT
    assert prepared.shape[1] % STRIDE == 0
    assert 16 <= prepared.shape[1] <= 2000


def test_empty_rows_are_cut_off_and_light_letters_turned_dark():
    tight = prepare(line("شكرا جدا", margin=2))
    loose = prepare(line("شكرا جدا", "white", "black", margin=30))
    # The loose box keeps its empty columns, so only the heights of the letters are alike.
    inked = [np.flatnonzero((pixels < 128).any(axis=1)) for pixels in (tight, loose)]
    assert abs(np.ptp(inked[0]) - np.ptp(inked[1])) <= 2
    assert np.median(loose) > 200
