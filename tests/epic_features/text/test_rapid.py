import json
import socket
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from PIL import Image as PillowImage
from text_drawing import as_image, blank, write

from epic_features.errors import ModelNotFound
from epic_features.image import Image
from epic_features.settings import Settings
from epic_features.text.layout import layout
from epic_features.text.rapid import RapidReader
from epic_features.text.script import Script


@pytest.fixture(scope="module")
def reader():
    return RapidReader(Settings())


def texts(boxes):
    return {box.text for box in boxes}


def test_reads_english_where_it_stands(reader):
    picture = blank(640, 240)
    place = write(picture, (60, 40), "Good morning everyone", 36)
    write(picture, (60, 140), "See you at 10:30", 28)
    boxes = {box.text: box for box in reader.read(as_image(picture))}
    assert set(boxes) == {"Good morning everyone", "See you at 10:30"}
    box = boxes["Good morning everyone"]
    assert box.script is Script.LATIN
    assert 0.9 < box.score <= 1
    assert box.polygon.shape == (4, 2)
    assert box.polygon.dtype == np.float32
    corners = np.array(place)[[0, 1, 2, 1, 2, 3, 0, 3]].reshape(4, 2)
    assert np.abs(box.polygon - corners).max() < 20


def test_reads_arabic_and_english_lines_of_one_picture(reader):
    picture = blank(640, 240, "#dcf8c6")
    write(picture, (300, 30), "صباح الخير يا صاحبي", 34, arabic=True)
    write(picture, (60, 140), "Happy birthday", 34)
    boxes = reader.read(as_image(picture))
    assert {(box.text, box.script) for box in boxes} == {
        ("صباح الخير يا صاحبي", Script.ARABIC),
        ("Happy birthday", Script.LATIN),
    }


def test_outlined_arabic_caption_on_a_busy_ground(reader):
    noise = np.random.default_rng(0).integers(60, 190, (12, 40, 3), np.uint8)
    picture = PillowImage.fromarray(noise).resize((720, 220), PillowImage.Resampling.BICUBIC)
    outline = {"colour": "white", "stroke_width": 4, "stroke_fill": "black"}
    write(picture, (90, 60), "كل سنة وانت طيب", 60, arabic=True, **outline)
    (read,) = texts(reader.read(as_image(picture)))
    wrong = [pair for pair in zip(read, "كل سنة وانت طيب", strict=True) if len(set(pair)) > 1]
    assert len(wrong) <= 1, read


@pytest.mark.parametrize(
    "turn", [PillowImage.Transpose.ROTATE_90, PillowImage.Transpose.ROTATE_270]
)
def test_reads_lines_that_run_up_or_down(reader, turn):
    picture = blank(640, 200)
    write(picture, (60, 70), "Turned by a quarter", 40)
    (box,) = reader.read(as_image(picture.transpose(turn)))
    assert box.text == "Turned by a quarter"
    across = box.polygon[1] - box.polygon[0]
    assert abs(across[1]) > 10 * abs(across[0])
    assert (across[1] < 0) == (turn is PillowImage.Transpose.ROTATE_90)


def test_reads_slanted_lines(reader):
    picture = blank(700, 400)
    write(picture, (100, 180), "Slightly slanted line", 40)
    boxes = reader.read(as_image(picture.rotate(8, fillcolor="white")))
    assert texts(boxes) == {"Slightly slanted line"}


def test_without_arabic_its_lines_are_boxes_without_text():
    picture = blank(640, 120)
    write(picture, (200, 30), "صباح الخير يا صاحبي", 34, arabic=True)
    reader = RapidReader(Settings(arabic="none"))
    (box,) = reader.read(as_image(picture))
    assert not reader.reads_arabic
    assert (box.text, box.score, box.script) == ("", 0.0, Script.OTHER)


@pytest.mark.parametrize("size", [(1, 1), (2, 2), (88, 64), (4000, 3), (3, 4000), (31, 33)])
@pytest.mark.parametrize("content", ["flat", "noise"])
def test_odd_sizes_do_no_harm(reader, size, content):
    pixels = np.full((*size, 3), 128, np.uint8)
    if content == "noise":
        pixels = np.random.default_rng(1).integers(0, 256, (*size, 3), np.uint8)
    for box in reader.read(Image(pixels)):
        assert (box.polygon >= 0).all()
        assert (box.polygon <= (size[1], size[0])).all()


def test_read_only_pixels_and_many_threads(reader):
    picture = blank(640, 240)
    write(picture, (60, 40), "One picture, many threads", 34)
    write(picture, (300, 140), "شكرا جدا على المساعدة", 34, arabic=True)
    pixels = np.asarray(picture).copy()
    pixels.flags.writeable = False
    expected = texts(reader.read(Image(pixels)))
    # How well the Arabic is read hangs on the fonts of this machine.
    assert "One picture, many threads" in expected
    assert len(expected) == 2
    with ThreadPoolExecutor(4) as pool:
        assert all(texts(boxes) == expected for boxes in pool.map(reader.read, [Image(pixels)] * 8))


def test_never_opens_a_connection(monkeypatch):
    def refuse(*_):
        raise AssertionError("the reader tried to use the network")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    picture = blank(320, 100)
    write(picture, (30, 30), "Offline", 34)
    assert texts(RapidReader(Settings()).read(as_image(picture))) == {"Offline"}


def test_says_what_it_runs_on(reader):
    roles = [backend.role for backend in reader.backends]
    assert roles[:2] == ["text detection", "text recognition"]
    assert roles[2:] == ["Arabic recognition"]
    assert all(len(backend.sha256) == 64 for backend in reader.backends)


def test_threshold_leaves_out_doubtful_boxes():
    picture = blank(320, 100)
    write(picture, (30, 30), "Certain", 34)
    assert RapidReader(Settings(text_threshold=0.99)).read(as_image(picture)) == []


def test_missing_arabic_model_is_an_error_that_names_it(tmp_path):
    with pytest.raises(ModelNotFound, match=r"epic models get arabic-ppocrv5"):
        RapidReader(Settings(arabic="rapid", model_dir=str(tmp_path)))


def test_gold_pictures_are_read_as_written(reader, shared):
    folder = shared / "gold" / "ocr" / "rendered"
    pages = json.loads((folder / "lines.json").read_text("utf-8"))
    chosen = [page for page in pages if page["file"] in ("chat_07.jpg", "social_05.jpg")]
    for page in chosen:
        with PillowImage.open(folder / page["file"]) as picture:
            boxes = reader.read(Image(np.asarray(picture.convert("RGB"))))
        expected = {line["text"] for line in page["lines"]}
        assert len(expected & texts(boxes)) >= 0.9 * len(expected)
        assert len(layout(boxes).boxes) == len(page["lines"])


@pytest.mark.parametrize("number", ["06", "07", "08", "09", "11"])
def test_texture_that_fills_a_photo_is_no_text(reader, shared, number):
    path = shared / "gold" / "ocr" / "rendered" / f"notext_{number}.jpg"
    with PillowImage.open(path) as picture:
        assert reader.read(Image(np.asarray(picture.convert("RGB")))) == []
