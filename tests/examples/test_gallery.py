"""The truth about the drawn pictures, held against the pictures themselves."""

from __future__ import annotations

import json
import subprocess
import sys
import unicodedata
from collections.abc import Iterator
from dataclasses import asdict, replace
from itertools import combinations
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont, ImageOps, features
from shapely.geometry import Polygon, box

from examples.gallery import Drawing, Kit, draw_gallery, texts
from examples.gallery.canvas import Canvas
from examples.gallery.truth import count_maths, script_of

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("gallery")


@pytest.fixture(scope="module")
def drawings(out: Path) -> list[Drawing]:
    return draw_gallery(out, count=48, seed=5)


@pytest.fixture(scope="module")
def kit() -> Kit:
    return Kit.find()


def pixels(out: Path, drawing: Drawing) -> NDArray[np.uint8]:
    return np.asarray(ImageOps.exif_transpose(Image.open(out / drawing.path)).convert("RGB"))


def files(folder: Path) -> dict[str, bytes]:
    found = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in found}


def test_same_seed_same_bytes_other_seed_other_texts(tmp_path: Path) -> None:
    first = draw_gallery(tmp_path / "a", count=24, seed=3)
    again = draw_gallery(tmp_path / "b", count=24, seed=3)
    other = draw_gallery(tmp_path / "c", count=6, seed=4)

    assert first == again
    assert files(tmp_path / "a") == files(tmp_path / "b")
    assert [drawing.lines for drawing in first[:6]] != [drawing.lines for drawing in other]


def test_larger_count_only_adds(tmp_path: Path, drawings: list[Drawing]) -> None:
    assert draw_gallery(tmp_path, count=7, seed=5) == drawings[:7]
    assert len(drawings) == 48


def test_truth_file_says_what_was_returned(out: Path, drawings: list[Drawing]) -> None:
    written = json.loads((out / "truth.json").read_text(encoding="utf-8"))
    assert written == json.loads(json.dumps([asdict(drawing) for drawing in drawings]))
    assert files(out).keys() == {drawing.path for drawing in drawings} | {"truth.json"}


def test_folder_is_class_and_size_is_upright(out: Path, drawings: list[Drawing]) -> None:
    for drawing in drawings:
        assert Path(drawing.path).parent.as_posix() == drawing.label
        assert pixels(out, drawing).shape == (drawing.height, drawing.width, 3)


def test_some_file_is_rotated_and_some_are_png_and_webp(
    out: Path, drawings: list[Drawing], kit: Kit
) -> None:
    opened = [Image.open(out / drawing.path) for drawing in drawings]
    assert {"JPEG", "PNG", "WEBP"} == {image.format for image in opened}
    turned = [image for image in opened if image.getexif().get(0x0112) == 6]
    assert bool(turned) == bool(kit.portraits)


def test_boxes_hold_ink_apart_from_each_other(out: Path, drawings: list[Drawing]) -> None:
    for drawing in drawings:
        grey = pixels(out, drawing).astype(int).sum(axis=2) // 3
        boxes = [Polygon(line.polygon) for line in drawing.lines]
        for polygon, line in zip(boxes, drawing.lines, strict=True):
            assert box(1, 1, drawing.width - 1, drawing.height - 1).covers(polygon), line
            left, top, right, bottom = map(round, polygon.bounds)
            inside = grey[top:bottom, left:right]
            assert np.ptp(inside) > 60, line
        assert not any(a.overlaps(b) for a, b in combinations(boxes, 2)), drawing.path


def test_no_ink_outside_the_boxes(out: Path, drawings: list[Drawing]) -> None:
    slides = [drawing for drawing in drawings if drawing.path.endswith(".png") and drawing.maths]
    slides = [drawing for drawing in slides if drawing.label == "academicDigital"]
    assert slides
    for drawing in slides:
        dark = pixels(out, drawing).max(axis=2) < 0x40  # only letters are
        before = dark.sum()
        for line in drawing.lines:
            (left, top), _, (right, bottom), _ = line.polygon
            dark[int(top) : int(bottom), int(left) : int(right)] = False
        assert before > 1000
        assert not dark.any()


def test_text_is_logical_nfc_with_its_script(drawings: list[Drawing]) -> None:
    seen = set()
    for line in (line for drawing in drawings for line in drawing.lines):
        assert line.text == unicodedata.normalize("NFC", line.text)
        assert not any("\ufb50" <= char <= "\ufeff" for char in line.text)
        names = [unicodedata.name(char).split()[0] for char in line.text if char.isalpha()]
        scripts = {"LATIN": "en", "ARABIC": "ar"}
        assert {scripts[name] for name in names if name in scripts} <= {line.script}
        seen.add(line.script)
    assert seen >= {"en", "other"}


def test_colors_are_those_of_the_file(out: Path, drawings: list[Drawing]) -> None:
    lossless = [drawing for drawing in drawings if drawing.path.endswith(".png")]
    assert lossless
    for drawing in lossless:
        packed = pixels(out, drawing).astype(int) @ (65536, 256, 1)
        colors, counts = np.unique(packed, return_counts=True)
        shares = {f"#{c:06x}": n / packed.size for c, n in zip(colors, counts, strict=True)}
        for color, share in drawing.colors:
            assert shares[color] == pytest.approx(share, abs=1e-6)
        if drawing.label == "animated":
            assert len(shares) == 5
            assert sum(share for _, share in drawing.colors) == pytest.approx(1, abs=1e-5)


def test_faces_are_those_a_detector_finds(
    shared: Path, out: Path, drawings: list[Drawing], kit: Kit
) -> None:
    model = shared / "models" / "face_detection_yunet_2023mar.onnx"
    detector = cv2.FaceDetectorYN.create(str(model), "", (0, 0), 0.7)
    wrong = []
    for drawing in drawings:
        image = pixels(out, drawing)[:, :, ::-1]
        scale = 640 / max(image.shape)
        image = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        detector.setInputSize((image.shape[1], image.shape[0]))
        found = detector.detect(image)[1]
        if (0 if found is None else len(found)) != drawing.faces:
            wrong.append(drawing)
    assert bool(kit.portraits) == any(drawing.faces for drawing in drawings)
    assert not any(drawing.faces for drawing in wrong)
    assert len(wrong) <= 3  # the detector takes a close cat for a person


def test_selfies_stand_on_their_feet(out: Path, drawings: list[Drawing], kit: Kit) -> None:
    def small(image: Image.Image) -> NDArray[np.float64]:
        return np.asarray(image.convert("L").resize((24, 24)), float).ravel()

    originals = [small(kit.photo(name)) for name in kit.portraits]
    for drawing in (drawing for drawing in drawings if drawing.faces):
        upright = Image.fromarray(pixels(out, drawing))
        likeness = max(np.corrcoef(small(upright), other)[0, 1] for other in originals)
        turned = small(upright.rotate(180))
        assert likeness > max(np.corrcoef(turned, other)[0, 1] for other in originals) + 0.2


def test_arabic_is_joined_and_runs_from_right_to_left(kit: Kit) -> None:
    # DejaVu has the joined shapes as characters of their own: drawn one by one from the left,
    # they are what a shaped line must look like.
    dejavu = kit.latin["slide"]
    canvas = Canvas(replace(kit, arabic={"ui": dejavu}), Image.new("RGB", (400, 120)))
    canvas.write("سلام ٢٥.", (20, 20), canvas.kit.font("ui", 60, arabic=True), "#ffffff")
    shaped = canvas.image.convert("L").crop(Image.Image.getbbox(canvas.image))

    expected = Image.new("L", (400, 120))
    plain = ImageFont.truetype(dejavu, 60, layout_engine=ImageFont.Layout.BASIC)
    ImageDraw.Draw(expected).text((20, 20), ".٢٥ \ufee1\ufefc\ufeb3", 255, plain)
    expected = expected.crop(expected.getbbox())

    assert shaped.width == pytest.approx(expected.width, abs=3)
    both = np.stack([np.asarray(image.resize((200, 50))) > 127 for image in (shaped, expected)])
    assert both.all(axis=0).sum() / both.any(axis=0).sum() > 0.85


def strings(value: object) -> Iterator[str]:
    """Yield every string in nested tuples and dictionaries."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for inner in value.values():
            yield from strings(inner)
    elif isinstance(value, tuple):
        for inner in value:
            yield from strings(inner)


def missing_glyphs(font: ImageFont.FreeTypeFont, chars: set[str]) -> set[str]:
    nothing = font.getmask("\U0010fff0")  # a code point that no font has
    return {
        char
        for char in chars
        if (mask := font.getmask(char)).size == nothing.size and bytes(mask) == bytes(nothing)
    }


def test_fonts_have_every_letter_they_are_asked_for(kit: Kit) -> None:
    pools = (texts.MEMES, texts.STRIPS, texts.CHATS, texts.POSTS, texts.NOTES)
    latin = set("".join(text for pool in pools for text in strings(pool["en"])))
    maths = set("".join(strings((texts.SLIDES, texts.PAGES))))
    for role in kit.latin:
        chars = (
            maths if role in ("page", "slide") else latin - ({"²"} if role == "caption" else set())
        )
        assert not missing_glyphs(kit.font(role, 40), chars), role
    arabic = set("".join(text for pool in pools for text in strings(pool["ar"])))
    wishes = set("".join(wish for wish, _, _ in texts.GREETINGS))
    for role in kit.arabic:
        chars = wishes if role in ("fancy", "square") else arabic | wishes
        assert not missing_glyphs(kit.font(role, 40, arabic=True), chars), role


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("2²⁰ ≈ 1 000 000", 11),
        ("T(n) = T(n/2) + 1", 5),
        ("P(A ∩ B) = P(A) × P(B)", 3),
        ("0 < x < 1", 4),
        ("well-known facts / opinions", 0),
        ("الساعة ٧:٣٠", 3),
        ("v = f λ", 2),
    ],
)
def test_count_maths(text: str, count: int) -> None:
    assert count_maths(text) == count


@pytest.mark.parametrize("part", ["raqm", "fribidi"])
def test_without_raqm_arabic_is_drawn_in_dejavu(
    part: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    check = features.check_feature
    monkeypatch.setattr(features, "check_feature", lambda name: name != part and check(name))
    kit = Kit.find()
    assert {path.stem for path in kit.arabic.values()} == {"DejaVuSans", "DejaVuSans-Bold"}
    drawings = draw_gallery(tmp_path, count=12, kit=kit)
    assert "ar" in {line.script for drawing in drawings for line in drawing.lines}


def test_without_raqm_lines_look_as_with_it(kit: Kit) -> None:
    if not features.check("raqm"):
        pytest.skip("this Pillow has no raqm to compare with")
    fonts = [
        ImageFont.truetype(kit.latin["slide"], 80, layout_engine=engine)
        for engine in (ImageFont.Layout.BASIC, ImageFont.Layout.RAQM)
    ]
    pools = (texts.MEMES, texts.STRIPS, texts.CHATS, texts.POSTS, texts.NOTES)
    lines = [text for pool in pools for text in strings(pool["ar"])]
    lines += [wish for wish, _, _ in texts.GREETINGS if script_of(wish) == "ar"]
    assert len(lines) > 50
    for text in lines:
        drawn = []
        for font in fonts:
            canvas = Canvas(kit, Image.new("RGB", (8000, 200)))
            canvas.write(text, (20, 20), font, "#ffffff")
            ink = canvas.image.convert("L")
            drawn.append(ink.crop(ink.getbbox()))
        ours, theirs = drawn
        assert ours.width == pytest.approx(theirs.width, rel=0.02), text
        both = np.stack([np.asarray(image.resize(theirs.size)) > 127 for image in drawn])
        # Letters that are not joined have less than 0.2.
        assert both.all(axis=0).sum() / both.any(axis=0).sum() > 0.7, text


def test_without_photographs_scenes_are_drawn(tmp_path: Path, kit: Kit) -> None:
    bare = replace(kit, portraits={}, views={}, notes=("no photographs: here is why",))

    with pytest.warns(UserWarning, match="no photographs"):
        drawings = draw_gallery(tmp_path, count=12, kit=bare)

    assert not {"selfies", "personalPhotos"} & {drawing.label for drawing in drawings}
    assert {drawing.faces for drawing in drawings} == {0}


def test_text_that_runs_off_the_picture_is_an_error(kit: Kit) -> None:
    canvas = Canvas(kit, Image.new("RGB", (100, 100)))
    with pytest.raises(ValueError, match="'too wide' runs off the picture"):
        canvas.write("too wide", (10, 10), kit.font("ui", 40), "#ffffff")
    with pytest.raises(ValueError, match="left no ink"):
        canvas.write("nowhere", (500, 500), kit.font("ui", 40), "#ffffff")


def test_bad_requests_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="count is 0"):
        draw_gallery(tmp_path, count=0)
    (tmp_path / "mine.txt").touch()
    with pytest.raises(FileExistsError, match="is not empty"):
        draw_gallery(tmp_path, count=1)


def test_command(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "examples.gallery", str(tmp_path / "new"), "--count", "3"]
    first = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert first.returncode == 0, first.stderr
    assert "3  pictures in" in first.stdout
    second = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert second.returncode == 1
    assert "is not empty" in second.stderr
