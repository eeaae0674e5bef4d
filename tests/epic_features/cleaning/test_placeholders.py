"""Placeholders: drawn ones of other shapes than the library's, and pictures that are none."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image as PILImage
from PIL import ImageDraw, ImageFont

from epic_features import Settings, extract
from epic_features.cleaning.placeholder_icons import ICONS, layout_of
from epic_features.cleaning.placeholder_texts import says_gone
from epic_features.cleaning.placeholders import find_placeholders
from epic_features.engines import make_engine
from epic_features.errors import SettingsError
from epic_features.image import from_array


def found_in(folder: Path, **options: object) -> pd.DataFrame:
    options = {"read_text": False, **options}
    return find_placeholders(folder, engine=make_engine("inline"), **options).set_index("path")


def sign(name: str, side: int = 120, size: tuple[int, int] = (400, 300)) -> PILImage.Image:
    """A sign of the library on a ground, in grey."""
    mask = PILImage.fromarray(ICONS[name]() * 255).resize((side, side))
    picture = PILImage.new("RGB", size, "#f4f4f4")
    picture.paste("#999999", ((size[0] - side) // 2, (size[1] - side) // 2), mask)
    return picture


def words(text: str, size: tuple[int, int] = (480, 320)) -> PILImage.Image:
    picture = PILImage.new("RGB", size, "#222831")
    font = ImageFont.load_default(28)
    ImageDraw.Draw(picture).multiline_text((40, 120), text, "#eeeeee", font)
    return picture


def screen(seed: int) -> PILImage.Image:
    """One of many similar screens: the same bars, other messages."""
    rng = np.random.default_rng(seed)
    picture = PILImage.new("RGB", (360, 640), "#ece5dd")
    draw = ImageDraw.Draw(picture)
    draw.rectangle((0, 0, 360, 60), "#075e54")
    top = 80
    while top < 520:
        high, wide = int(rng.integers(30, 90)), int(rng.integers(100, 260))
        left = 12 if rng.random() < 0.5 else 348 - wide
        draw.rounded_rectangle((left, top, left + wide, top + high), 8, "#ffffff")
        for line in range(top + 10, top + high - 8, 14):
            draw.line(
                (left + 10, line, left + wide - int(rng.integers(10, 90)), line), "#444444", 4
            )
        top += high + 14
    return picture


@pytest.mark.parametrize(
    "text",
    [
        "If you are looking for an image, it was probably deleted",
        "Image not found",
        "Imagenotfound",
        "No photo available",
        "This content isn't available right now",
        "This content isn ' t available right now",
        "This image or video has been moved or deleted",
        "Please update your account to enable 3rd party hosting",
        "404 Not Found",
        "The imoge was deletod",
    ],
)
def test_english_words_of_placeholders(text):
    assert says_gone(text.split(), [])


@pytest.mark.parametrize(
    "text",
    [
        "الصورة غير متوفرة",
        "تم حذف هذه الصورة",
        "عذرًا هذا المحتوى غير متاح الآن",
        "لا توجد صورة",
        "الصوره مش موجوده",
        "تعذر تحميل الصورة",
        "لم يتم العثور على الصفحة",
    ],
)
def test_arabic_words_of_placeholders(text):
    assert says_gone([], text.split())


@pytest.mark.parametrize(
    "text",
    [
        "",
        "good morning",
        "the piano image",
        "a photo of my cat",
        "casino photo finish",
        "صباح الخير",
    ],
)
def test_other_words(text):
    assert says_gone(text.split(), text.split()) is None


def test_a_page_about_images_is_no_placeholder():
    page = ["The", "image", "was", "deleted"] + ["because", "of", "the", "rules"] * 30
    assert says_gone(page, []) is None


@pytest.mark.parametrize("name", ICONS)
@pytest.mark.parametrize("side", [60, 200])
def test_signs_are_known_at_any_size_and_colour(name, side):
    layout = layout_of(from_array(np.asarray(sign(name, side)), Settings()))
    assert layout.icon == name
    assert layout.likeness > 0.85
    inverted = layout_of(from_array(255 - np.asarray(sign(name, side)), Settings()))
    assert inverted.icon == name


def test_signs_are_found_and_photos_are_not(tmp_path, photo):
    sign("crossed photo").save(tmp_path / "gone.jpg", quality=60)
    PILImage.fromarray(photo).save(tmp_path / "photo.jpg")
    found = found_in(tmp_path)
    assert found["kind"].to_dict() == {"gone.jpg": "icon"}
    assert found["suggestion"].tolist() == ["trash"]


def test_blank_pictures_are_for_review(tmp_path):
    PILImage.new("RGB", (200, 100), "#123456").save(tmp_path / "a.png")
    PILImage.new("RGB", (1, 1), "white").save(tmp_path / "b.gif")
    found = found_in(tmp_path)
    assert found["kind"].to_dict() == {"a.png": "blank", "b.gif": "blank"}
    assert set(found["suggestion"]) == {"review"}


def test_one_plain_picture_under_many_names(tmp_path):
    picture = PILImage.new("RGB", (300, 200), "#dddddd")
    draw = ImageDraw.Draw(picture)
    draw.polygon([(120, 80), (180, 80), (200, 120), (100, 140)], "#884422")
    for i in range(5):
        picture.resize((300 - 20 * i, 200 - round(13.33 * i))).save(tmp_path / f"{i}.jpg")
    found = found_in(tmp_path)
    assert set(found["kind"]) == {"repeated"}
    assert found["value"].tolist() == [5] * 5
    assert found["group"].nunique() == 1
    assert found_in(tmp_path, copies=6).empty


def test_similar_screens_are_no_placeholders(tmp_path):
    for seed in range(12):
        screen(seed).save(tmp_path / f"{seed}.png")
    assert found_in(tmp_path, copies=2).empty


def test_words_of_a_feature_table_are_used(tmp_path):
    words("...").save(tmp_path / "gone.png")
    words("?").save(tmp_path / "greeting.png")
    features = extract(tmp_path, settings=Settings(groups=("quality",)))
    features["en_words_including_separators"] = [["Image", "not", "found"], ["hello"]]
    features["ar_words_including_separators"] = [None, []]
    found = found_in(tmp_path, features=features)
    assert found["kind"].to_dict() == {"gone.png": "text"}


def test_text_is_read(tmp_path, default_models):
    words("This image was\nremoved by its owner").save(tmp_path / "gone.png")
    words("Happy birthday\nto my sister").save(tmp_path / "greeting.png")
    found = found_in(tmp_path, read_text=True)
    assert found["kind"].to_dict() == {"gone.png": "text"}
    assert "removed" in found.loc["gone.png", "reason"]


def test_bad_files_stop_nothing(tmp_path):
    (tmp_path / "bad.png").write_bytes(b"nothing")
    sign("photo").save(tmp_path / "gone.png")
    assert list(found_in(tmp_path).index) == ["gone.png"]


def test_arguments_that_make_no_sense(tmp_path):
    sign("photo").save(tmp_path / "a.png")
    with pytest.raises(SettingsError, match="copies=1"):
        found_in(tmp_path, copies=1)
    with pytest.raises(SettingsError, match="phash"):
        found_in(tmp_path, features=pd.DataFrame({"relative_path": ["a.png"]}))


def test_real_photos_have_no_signs(shared):
    paths = sorted((shared / "data" / "personalPhotos").glob("*.jpg"))[::8]
    found = find_placeholders(paths, read_text=False, engine=make_engine("inline"))
    assert found.empty
