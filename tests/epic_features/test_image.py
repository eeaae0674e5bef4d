"""Decoding: compared with what was encoded, and with Pillow's own conversions."""

import csv
import io
import subprocess
import sys
import zlib
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image as PILImage
from PIL import ImageOps

from epic_features.errors import ImageError
from epic_features.image import FORMATS, decode, from_array, from_pillow
from epic_features.settings import Settings

SETTINGS = Settings()


def encoded(picture: PILImage.Image, kind: str = "PNG", **options: object) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, kind, **options)
    return buffer.getvalue()


def corrupt_cases(folder: Path) -> list[tuple[Path, str]]:
    with (folder / "manifest.csv").open() as file:
        return [
            (folder / row["file"], row["notes"].split("expected=")[1].split()[0])
            for row in csv.DictReader(file)
        ]


def test_lossless_formats_give_the_very_pixels(photo):
    for kind in ("PNG", "BMP", "TIFF", "PPM"):
        image = decode(encoded(PILImage.fromarray(photo), kind), SETTINGS)
        assert image.format == kind
        np.testing.assert_array_equal(image.pixels, photo)
    webp = decode(encoded(PILImage.fromarray(photo), "WEBP", lossless=True), SETTINGS)
    np.testing.assert_array_equal(webp.pixels, photo)


@pytest.mark.parametrize("kind", ["JPEG", "AVIF", "WEBP", "JPEG2000"])
def test_lossy_formats_stay_close(photo, kind):
    image = decode(encoded(PILImage.fromarray(photo), kind), SETTINGS)
    assert np.abs(image.pixels.astype(int) - photo).mean() < 6


def test_pixels_are_read_only(photo):
    for image in (
        decode(encoded(PILImage.fromarray(photo)), SETTINGS),
        from_array(photo, SETTINGS),
    ):
        with pytest.raises(ValueError, match="read-only"):
            image.pixels[0, 0] = 0


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation_agrees_with_pillow(photo, orientation):
    picture = PILImage.fromarray(photo)
    exif = PILImage.Exif()
    exif[0x0112] = orientation
    data = encoded(picture, "PNG", exif=exif)
    image = decode(data, SETTINGS)
    expected = ImageOps.exif_transpose(PILImage.open(io.BytesIO(data)))
    np.testing.assert_array_equal(image.pixels, np.asarray(expected))
    assert image.exif[0x0112] == orientation
    opened = PILImage.open(io.BytesIO(data))
    np.testing.assert_array_equal(from_pillow(opened, SETTINGS).pixels, np.asarray(expected))


def test_alpha_is_composited_on_white():
    rgba = np.zeros((1, 3, 4), np.uint8)
    rgba[0, :, 0] = 200
    rgba[0, :, 3] = (0, 128, 255)
    for image in (decode(encoded(PILImage.fromarray(rgba)), SETTINGS), from_array(rgba, SETTINGS)):
        red, green = image.pixels[0, :, 0].astype(int), image.pixels[0, :, 1].astype(int)
        np.testing.assert_allclose(red, [255, 255 - 55 * 128 / 255, 200], atol=1)
        np.testing.assert_allclose(green, [255, 127, 0], atol=1)


def test_transparent_palette_and_transparent_colour():
    palette = PILImage.new("P", (2, 1))
    palette.putpalette([10, 20, 30, 200, 100, 50])
    palette.putdata([0, 1])
    image = decode(encoded(palette, "PNG", transparency=0), SETTINGS)
    assert image.pixels.tolist() == [[[255, 255, 255], [200, 100, 50]]]
    rgb = PILImage.fromarray(np.array([[[1, 2, 3], [4, 5, 6]]], np.uint8))
    image = decode(encoded(rgb, "PNG", transparency=(1, 2, 3)), SETTINGS)
    assert image.pixels.tolist() == [[[255, 255, 255], [4, 5, 6]]]


def test_sixteen_bit_grey_is_scaled_not_clipped():
    grey = np.array([[0, 257 * 7, 257 * 128, 65535]], np.uint16)
    image = decode(encoded(PILImage.fromarray(grey)), SETTINGS)
    assert image.pixels[0, :, 0].tolist() == [0, 7, 128, 255]


def test_float_tiff():
    image = decode(
        encoded(PILImage.fromarray(np.array([[0, 0.5, 1]], np.float32)), "TIFF"), SETTINGS
    )
    assert image.pixels[0, :, 1].tolist() == [0, 128, 255]


def test_cmyk_and_one_bit():
    cmyk = PILImage.new("CMYK", (4, 4), (0, 255, 255, 0))
    red = decode(encoded(cmyk, "TIFF"), SETTINGS).pixels[0, 0]
    assert red.tolist() == [255, 0, 0]
    bits = PILImage.new("1", (3, 3), 1)
    assert decode(encoded(bits), SETTINGS).pixels.min() == 255


def test_first_frame_of_an_animation():
    frames = [PILImage.new("RGB", (8, 8), color) for color in ("red", "lime", "blue")]
    for kind in ("GIF", "PNG", "WEBP"):
        options = {"lossless": True} if kind == "WEBP" else {}
        data = encoded(frames[0], kind, save_all=True, append_images=frames[1:], **options)
        assert decode(data, SETTINGS).pixels[4, 4].tolist() == [255, 0, 0]


@pytest.mark.parametrize(
    ("array", "reason"),
    [
        (np.zeros((4, 4, 3), np.float32), "float32"),
        (np.zeros((4, 4, 2), np.uint8), "shape"),
        (np.zeros((4,), np.uint8), "shape"),
        (np.zeros((0, 4, 3), np.uint8), "no pixels"),
    ],
)
def test_unusable_arrays_are_refused(array, reason):
    with pytest.raises(ImageError, match=reason):
        from_array(array, SETTINGS)


def test_grey_arrays_and_views(photo):
    grey = photo[:, :, 0]
    for array in (grey, grey[:, :, None]):
        pixels = from_array(array, SETTINGS).pixels
        np.testing.assert_array_equal(pixels, np.repeat(grey[:, :, None], 3, 2))
    flipped = photo[::-1, ::2]
    np.testing.assert_array_equal(from_array(flipped, SETTINGS).pixels, flipped)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "empty"),
        (bytes(100), "zero bytes"),
        (b"<!DOCTYPE html><html>404</html>", "HTML"),
        (b'{"error": "not found"}', "JSON"),
        (b"version https://git-lfs.github.com/spec/v1\n", "Git LFS"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "SVG"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "known format"),
        (b"\xff\xd8\xff\xd9" + bytes(50), "JPEG"),
        (b"\xff\xd8\xff\xe0 and then nothing", "cut off"),
    ],
)
def test_reasons_say_what_the_file_is(data, reason):
    with pytest.raises(ImageError, match=reason) as caught:
        decode(data, SETTINGS, name="x.jpg")
    assert "\n" not in caught.value.reason
    assert caught.value.image == "x.jpg"


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_cut_off_files_are_rejected_unless_allowed(photo, kind):
    picture = PILImage.fromarray(np.tile(photo, (4, 4, 1)))
    whole = encoded(picture, kind)
    half = whole[: len(whole) // 2]
    with pytest.raises(ImageError, match="damaged or cut off"):
        decode(half, SETTINGS)
    image = decode(half, Settings(allow_truncated=True))
    assert image.pixels.shape == (480, 640, 3)
    assert np.abs(image.pixels[:100].astype(int) - np.asarray(picture)[:100]).mean() < 6


def test_limits_apply_before_decoding(photo):
    data = encoded(PILImage.fromarray(photo))
    with pytest.raises(ImageError, match="max_pixels=19199"):
        decode(data, Settings(max_pixels=160 * 120 - 1))
    assert decode(data, Settings(max_pixels=160 * 120)).width == 160
    with pytest.raises(ImageError, match="max_bytes=10"):
        decode(data, Settings(max_bytes=10))
    with pytest.raises(ImageError, match="max_pixels"):
        from_array(photo, Settings(max_pixels=10))


def png_of(width: int, height: int, channels: int) -> bytes:
    """A PNG of zeros, made without holding its pixels."""
    packer = zlib.compressobj(1)
    rows = b"".join(packer.compress(bytes(1 + width * channels)) for _ in range(height))
    rows += packer.flush()

    def chunk(kind: bytes, body: bytes) -> bytes:
        crc = zlib.crc32(kind + body).to_bytes(4, "big")
        return len(body).to_bytes(4, "big") + kind + body + crc

    kinds = {3: 2, 4: 6}
    size = width.to_bytes(4, "big") + height.to_bytes(4, "big")
    header = size + bytes([8, kinds[channels], 0, 0, 0])
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")
    )


MEMORY = """
import sys
from pathlib import Path
from epic_features.image import decode
from epic_features.settings import Settings
image = decode(Path(sys.argv[1]).read_bytes(), Settings())
# Not ru_maxrss, which a child inherits from its parent.
(peak,) = (line for line in open("/proc/self/status") if line.startswith("VmHWM"))
print(image.width, image.height, int(peak.split()[1]) // 1024)
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="reads memory from /proc")
def test_the_largest_allowed_image_stays_within_memory(tmp_path):
    path = tmp_path / "large.png"
    path.write_bytes(png_of(10_000, 10_000, 4))
    done = subprocess.run(
        [sys.executable, "-c", MEMORY, path], capture_output=True, text=True, check=True
    )
    width, height, mebibytes = map(int, done.stdout.split())
    assert (width, height) == (10_000, 10_000)
    assert mebibytes < 1.5 * 1024


@given(st.binary(max_size=200), st.sampled_from(["JPEG", "PNG", "GIF", "WEBP", "BMP", "TIFF"]))
def test_any_bytes_decode_or_give_an_image_error(junk, kind):
    picture = PILImage.new("RGB", (9, 7), "teal")
    data = bytearray(encoded(picture, kind))
    for i, byte in enumerate(junk):
        data[(i * 37 + byte) % len(data)] = byte
    for candidate in (junk, bytes(data)):
        try:
            image = decode(candidate, SETTINGS)
        except ImageError as error:
            assert "\n" not in str(error)
        else:
            assert image.pixels.ndim == 3


def test_odd_real_files_behave_as_their_manifest_says(shared):
    cases = corrupt_cases(shared / "gold" / "corrupt")
    assert len(cases) >= 60
    for path, expected in cases:
        try:
            image = decode(path.read_bytes(), SETTINGS, name=path.name)
            outcome = "decode"
            assert image.format in FORMATS
        except ImageError as error:
            outcome = "reject"
            assert "\n" not in error.reason
        assert expected in ("either", outcome), f"{path.name} should {expected}"


def test_rotated_real_photos_are_upright(shared):
    for number in (84, 85, 86, 88):
        path = shared / "gold" / "corrupt" / f"corrupt_0{number}.jpg"
        expected = ImageOps.exif_transpose(PILImage.open(path))
        np.testing.assert_array_equal(
            decode(path.read_bytes(), SETTINGS).pixels, np.asarray(expected)
        )


def test_fitted_never_enlarges_and_keeps_the_shape(photo):
    image = from_array(photo, SETTINGS)
    assert image.fitted(160) is image.pixels
    assert image.fitted(80).shape == (60, 80, 3)
    thin = from_array(np.zeros((1, 500, 3), np.uint8), SETTINGS)
    assert thin.fitted(100).shape == (1, 100, 3)


def averaged(pixels, side):
    height, width = pixels.shape[:2]
    scale = side / max(width, height)
    size = (round(width * scale), round(height * scale))
    return cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)


@pytest.mark.parametrize("side", [1024, 640, 256])
def test_copies_are_averages_of_all_pixels(photo, side):
    """Small copies of large pictures are averages of averages."""
    for width in (2000, 2500):
        pixels = cv2.resize(photo, (width, 1500), interpolation=cv2.INTER_CUBIC)
        noise = np.random.default_rng(0).normal(0, 5, pixels.shape)
        image = from_array(np.clip(pixels + noise, 0, 255).astype(np.uint8), SETTINGS)
        difference = image.fitted(side).astype(int) - averaged(image.pixels, side)
        if width == 2500 and side < 1024:
            assert np.abs(difference).mean() < 1
            assert abs(difference.mean()) < 0.02
        else:
            assert not difference.any()


@pytest.mark.parametrize("size", [(4000, 2250), (3000, 4001), (9001, 4000)])
def test_copies_of_very_large_pictures_are_as_bright_as_the_pictures(photo, size):
    """They are made by halving, which OpenCV rounds up by an eighth of a grey level each time."""
    enlarged = cv2.resize(photo, size, interpolation=cv2.INTER_CUBIC).astype(np.int16)
    enlarged += np.random.default_rng(0).integers(-4, 5, enlarged.shape, np.int16)
    image = from_array(np.clip(enlarged, 0, 255).astype(np.uint8), SETTINGS)
    expected = averaged(image.pixels, 1024)
    assert image.overview.shape == expected.shape
    difference = image.overview.astype(int) - expected
    assert abs(difference.mean()) < 0.02
    assert np.abs(difference).mean() < 1


@pytest.mark.parametrize("shape", [(1, 60_000), (3, 40_000), (5000, 4000)])
@pytest.mark.parametrize("level", [0, 1, 128, 255])
def test_plain_pictures_keep_their_colour_when_they_are_shrunk(shape, level):
    image = from_array(np.full((*shape, 3), level, np.uint8), SETTINGS)
    assert (image.overview == level).all()


def test_only_large_pictures_have_an_overview_of_their_own():
    small = from_array(np.zeros((9, 2048, 3), np.uint8), SETTINGS)
    assert small.overview is small.pixels
    large = from_array(np.zeros((2049, 700, 3), np.uint8), SETTINGS)
    assert large.overview.shape == (1024, 350, 3)
    assert large.fitted(1024) is large.overview


def test_distinct_colors_are_the_same_before_and_after_counting(photo):
    image = from_array(photo, SETTINGS)
    before = image.distinct_colors
    assert before == len(image.color_counts.counts) == image.distinct_colors


@pytest.mark.parametrize("mode", ["RGB", "RGBX", "L", "LA", "RGBA", "P", "1", "CMYK", "YCbCr"])
@pytest.mark.parametrize("size", [(1, 1), (3, 700_001), (1_500_001, 2), (1201, 901)])
def test_pixels_are_those_that_pillow_shows(mode, size):
    """Rows of any length, and pictures of more than one strip."""
    width, height = size
    values = np.random.default_rng(0).integers(0, 256, (height, width, 3), np.uint8)
    picture = PILImage.fromarray(values).convert(mode)
    expected = picture
    if mode in ("LA", "RGBA"):
        white = PILImage.new("RGBA", size, "white")
        expected = PILImage.alpha_composite(white, picture.convert("RGBA"))
    pixels = from_pillow(picture, Settings()).pixels
    assert np.array_equal(pixels, np.asarray(expected.convert("RGB")))
    assert not pixels.flags.writeable


def test_colours_are_counted_once():
    image = from_array(np.zeros((4, 5, 3), np.uint8), Settings())
    assert image.color_counts is image.color_counts
    assert image.color_counts.counts.tolist() == [20]
    assert image.named("a", "b", None).color_counts.counts.tolist() == [20]


def test_decoding_does_not_import_pandas():
    """A fifth of a second in every worker."""
    code = (
        "import io, sys; from PIL import Image; from epic_features.image import from_pillow; "
        "from epic_features.settings import Settings; "
        "from_pillow(Image.new('RGB', (9, 9)), Settings()); assert 'pandas' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
