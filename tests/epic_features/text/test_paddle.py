import importlib.util
import json

import numpy as np
import pytest
from PIL import Image as PillowImage
from text_drawing import as_image, blank, write

from epic_features.errors import MissingExtra
from epic_features.image import Image
from epic_features.settings import Settings
from epic_features.text.paddle import PaddleReader

INSTALLED = importlib.util.find_spec("paddleocr") is not None
needs_paddle = pytest.mark.skipif(
    not INSTALLED, reason="paddleocr is not installed; it needs an environment of its own"
)


@pytest.fixture(scope="module")
def reader(tmp_path_factory):
    return PaddleReader(Settings(ocr="paddle", model_dir=str(tmp_path_factory.mktemp("models"))))


@pytest.mark.skipif(INSTALLED, reason="paddleocr is installed")
def test_missing_paddleocr_names_the_extra():
    with pytest.raises(MissingExtra, match=r"pip install 'epic-features\[paddle\]'"):
        PaddleReader(Settings(ocr="paddle"))


@needs_paddle
def test_reads_english_and_arabic(reader):
    picture = blank(640, 240)
    write(picture, (60, 40), "Good morning everyone", 36)
    write(picture, (300, 140), "شكرا جدا على المساعدة", 34, arabic=True)
    texts = {box.text for box in reader.read(as_image(picture))}
    assert "Good morning everyone" in texts
    assert len(texts) == 2
    if reader.reads_arabic:
        assert "شكرا جدا على المساعدة" in texts


@needs_paddle
@pytest.mark.parametrize("size", [(1, 1), (2, 2), (88, 64), (4000, 3), (3, 4000)])
def test_odd_sizes_without_text_have_no_boxes(reader, size):
    assert reader.read(Image(np.full((*size, 3), 200, np.uint8))) == []


@needs_paddle
def test_gold_pictures_are_read_as_written(reader, shared):
    folder = shared / "gold" / "ocr" / "rendered"
    pages = json.loads((folder / "lines.json").read_text("utf-8"))
    for page in pages:
        if page["file"] in ("chat_07.jpg", "academic_03.jpg"):
            with PillowImage.open(folder / page["file"]) as picture:
                boxes = reader.read(Image(np.asarray(picture.convert("RGB"))))
            english = {line["text"] for line in page["lines"] if line["script"] == "en"}
            assert len(english & {box.text for box in boxes}) >= 0.9 * len(english)
            assert len(boxes) == len(page["lines"])


@needs_paddle
def test_says_what_it_runs_on(reader):
    first, second = reader.backends[:2]
    assert (first.role, second.role) == ("text detection", "text recognition")
    assert first.name == second.name == "paddleocr"
    assert len(first.sha256) == len(second.sha256) == 64
