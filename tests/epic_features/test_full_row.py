"""The main job: all 37 columns of the drawn gallery, against what was drawn."""

import subprocess
import sys
from collections import Counter

import numpy as np
import pytest
from PIL import Image as PILImage

from epic_features import Extractor, Settings, extract


@pytest.fixture(scope="module")
def frame(gallery, default_models):
    folder, _ = gallery
    return extract(folder).set_index("relative_path")


def found_share(wanted: list[str], words: list[str]) -> float:
    """Share of the wanted words that were read, each reading counting once."""
    missing = Counter(wanted) - Counter(words)
    return 1 - missing.total() / len(wanted)


def words_of(drawing, script: str) -> list[str]:
    """The words that were drawn in a script, by a simple rule of this test's own."""
    text = " ".join(line.text for line in drawing.lines if line.script == script)
    for mark in '.,:;!?()[]{}«»"،؛؟…-–/\\+=*<>#@&%0123456789٠١٢٣٤٥٦٧٨٩':
        text = text.replace(mark, " ")
    return [word.lower() for word in text.split() if len(word) > 2]


def test_every_picture_has_a_row_with_its_shape_and_class(frame, gallery):
    _, drawings = gallery
    assert len(frame) == len(drawings)
    for drawing in drawings:
        row = frame.loc[drawing.path]
        assert (row["width"], row["height"]) == (drawing.width, drawing.height)
        assert row["area"] == drawing.width * drawing.height
        assert row["class"] == drawing.label


def test_faces(frame, gallery):
    _, drawings = gallery
    known = [d for d in drawings if d.faces is not None]
    wrong = [d.path for d in known if frame.loc[d.path, "total_faces_count"] != d.faces]
    assert any(d.faces for d in known)
    assert len(wrong) <= 1, wrong


@pytest.mark.parametrize(
    ("script", "column", "aim"),
    [("en", "en_words_original", 0.9), ("ar", "ar_words_original", 0.7)],
)
def test_words(frame, gallery, script, column, aim):
    _, drawings = gallery
    shares = [
        found_share(words_of(d, script), [word.lower() for word in frame.loc[d.path, column]])
        for d in drawings
        if words_of(d, script)
    ]
    assert shares
    assert np.mean(shares) >= aim, sorted(shares)


def test_boxes_by_script(frame, gallery):
    _, drawings = gallery
    english = sum(line.script == "en" for d in drawings for line in d.lines)
    arabic = sum(line.script == "ar" for d in drawings for line in d.lines)
    assert frame["total_en_boxes"].sum() == pytest.approx(english, rel=0.15)
    assert frame["total_ar_boxes"].sum() == pytest.approx(arabic, rel=0.15)


def test_photographs_without_text_have_none(frame, gallery):
    _, drawings = gallery
    photos = [d.path for d in drawings if d.label in ("personalPhotos", "animated")]
    assert photos
    assert sum(frame.loc[photos, "total_ar_boxes"]) == 0
    assert (frame.loc[photos, "text_to_image_ratio"] < 0.2).all()


def test_ratios_and_counts_hang_together(frame):
    for name in ("faces_to_image_ratio", "text_to_image_ratio", "en_avg_score", "ar_avg_score"):
        values = frame[name].dropna()
        assert ((values >= 0) & (values <= 1)).all()
    assert (frame["text_blocks_count"] <= frame["total_lines_of_text_count"]).all()
    assert frame.loc[frame["total_en_boxes"] == 0, "en_avg_score"].isna().all()
    boxes = frame[frame["total_en_boxes"] > 0]
    expected = boxes["en_words_original"].map(len) / boxes["total_en_boxes"].astype(float)
    np.testing.assert_allclose(boxes["en_words_to_boxes"].astype(float), expected, rtol=1e-6)
    assert (frame["ar_words_lemmatized"].map(len) == frame["ar_words_original"].map(len)).all()


def test_without_an_arabic_recogniser_the_arabic_columns_are_null(gallery):
    folder, drawings = gallery
    arabic = next(d for d in drawings if any(line.script == "ar" for line in d.lines))
    frame = extract(folder / arabic.path, settings=Settings(groups=("text",), arabic="none"))
    names = [name for name in frame.columns if name.startswith(("ar_", "total_ar"))]
    assert len(names) == 6
    assert frame.loc[0, names].isna().all()
    assert frame.loc[0, "total_lines_of_text_count"] > 0


@pytest.mark.parametrize("size", [(1, 1), (2, 2), (3, 900), (900, 3), (31, 33)])
def test_tiny_and_thin_images(default_models, size):
    width, height = size
    pixels = np.full((height, width, 3), 200, np.uint8)
    row = Extractor(Settings(groups=("all",))).row(pixels)
    assert row["total_faces_count"] == 0
    assert row["color_to_image_ratio_1"] == 1
    assert row["dominant_color_2"] is None
    assert row["en_words_original"] == []


def test_rows_are_the_same_from_several_processes(gallery, default_models, tmp_path):
    folder, drawings = gallery
    paths = [str(folder / d.path) for d in drawings[:4]]
    code = (
        "import sys, hashlib; from epic_features import Extractor, Settings;"
        "e = Extractor(Settings(groups=('all',)));"
        "print(hashlib.sha256(repr([e.row(p) for p in sys.argv[1:]]).encode()).hexdigest())"
    )
    runs = [
        subprocess.run([sys.executable, "-c", code, *paths], capture_output=True, check=True)
        for _ in range(2)
    ]
    assert runs[0].stdout == runs[1].stdout


def test_odd_real_files_cost_no_more_than_a_row(shared, default_models):
    """All of them, with every group: no crash and no stage that fails on what was decoded."""
    extractor = Extractor(Settings(groups=("all",)))
    from epic_features import ImageError

    for path in sorted((shared / "gold" / "corrupt").glob("corrupt_*")):
        try:
            row = extractor.row(path)
        except ImageError as error:
            assert "stage failed" not in error.reason
        else:
            assert row["width"] >= 1


def test_a_rotated_photo_gives_the_row_of_the_upright_one(gallery, default_models, tmp_path):
    folder, drawings = gallery
    face = next(d for d in drawings if d.faces)
    picture = PILImage.open(folder / face.path).convert("RGB")
    upright, turned = tmp_path / "upright.png", tmp_path / "turned.png"
    exif = PILImage.Exif()
    exif[0x0112] = 6
    picture.save(upright)
    picture.transpose(PILImage.Transpose.ROTATE_90).save(turned, exif=exif)
    one, other = (
        extract([upright, turned]).drop(columns=["file_name", "relative_path"]).to_dict("records")
    )
    assert str(one) == str(other)
    assert one["total_faces_count"] == face.faces
