"""Embeddings: tiny networks made here, whose answer can be worked out by hand, and real ones."""

from __future__ import annotations

import hashlib
import os
import shutil
import threading

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image as PILImage
from tiny_network import FIELDS, describe, make_network, noise

from epic_features import Extractor, ImageError, Settings, dump, extract
from epic_features.errors import ModelNotFound, SettingsError
from epic_features.extras.embedding import Embedder
from epic_features.extras.preprocess import INTERPOLATIONS, Preprocess
from epic_features.image import decode
from epic_gallery.cli import app


def expected(pixels: np.ndarray, fields: dict | None = None) -> np.ndarray:
    """Resize all of it and cut out the middle, as timm says it: another way than the library's."""
    fields = fields or FIELDS
    height, width = pixels.shape[:2]
    picture, side = PILImage.fromarray(pixels), fields["input_size"]
    how = PILImage.Resampling[fields["interpolation"].upper()]
    if fields["crop"] is None:
        picture = picture.resize((side, side), how)
    else:
        short = int(side / fields["crop"])
        if width < height:
            picture = picture.resize((short, int(short * height / width)), how)
        else:
            picture = picture.resize((int(short * width / height), short), how)
        left = round((picture.width - side) / 2)
        top = round((picture.height - side) / 2)
        picture = picture.crop((left, top, left + side, top + side))
    values = np.asarray(picture, np.float64) / 255
    return (values - fields["mean"]) / fields["std"]


@given(
    st.integers(1, 60),
    st.integers(1, 60),
    st.sampled_from(INTERPOLATIONS),
    st.sampled_from([1.0, 0.875, 0.5, None]),
    st.integers(1, 24),
)
def test_preprocessing_is_that_of_the_field(height, width, interpolation, crop, side):
    fields = FIELDS | {"interpolation": interpolation, "crop": crop, "input_size": side}
    # Without black and white: what overshoots is cut off between Pillow's two passes, whose order
    # depends on the sizes.
    pixels = noise(height, width) // 4 + 96
    made = Preprocess(**fields)(pixels)
    assert made.dtype == np.float32
    assert made.shape == (3, side, side)
    wanted = expected(pixels, fields).transpose(2, 0, 1)
    grey = (made - wanted) * np.array(fields["std"])[:, None, None] * 255
    if interpolation == "nearest":  # At a tie it may take the other neighbour, but makes up none.
        colors = Preprocess(**fields | {"mean": [0] * 3, "std": [1] * 3})(pixels) * 255
        known = {tuple(color) for color in pixels.reshape(-1, 3).tolist()}
        assert {tuple(c) for c in np.rint(colors).astype(int).reshape(3, -1).T.tolist()} <= known
    else:
        assert np.abs(grey).max() < 2.01


def test_a_long_strip_needs_no_huge_picture():
    # Resized as a whole it would be 60 million pixels.
    made = Preprocess(**FIELDS | {"input_size": 64})(noise(2, 30_000))
    assert made.shape == (3, 64, 64)


def test_the_embedding_is_what_the_network_makes(network):
    pictures = [noise(20 + i, 30, i) for i in range(37)]
    found = Embedder(network).embed(pictures)
    assert found.dtype == np.float32
    assert found.shape == (37, 3)
    wanted = [expected(p).mean(axis=(0, 1)) for p in pictures]
    assert found == pytest.approx(np.array(wanted), abs=0.02)
    assert len({tuple(row) for row in found.tolist()}) == 37


def test_one_or_many_at_a_time_and_any_way_to_name_it(network):
    pictures = [noise(20, 30, i) for i in range(5)]
    together = Embedder(network).embed(pictures)
    alone = Embedder(str(network / "means.onnx"))
    assert np.array_equal(together, np.concatenate([alone.embed([p]) for p in pictures]))
    assert alone.embed([]).shape == (0, 3)
    assert alone.embed(iter(pictures[:2])).shape == (2, 3)


@pytest.mark.parametrize("keep_axes", [False, True])
@pytest.mark.parametrize("layout", ["NCHW", "NHWC"])
def test_layouts_fixed_batches_and_trailing_axes(network, layout, keep_axes):
    pictures = [noise(20, 30, i) for i in range(3)]
    wanted = Embedder(network).embed(pictures)
    for batch in ("n", 1):
        make_network(network / "means.onnx", layout=layout, batch=batch, keep_axes=keep_axes)
        describe(network, layout=layout)
        found = Embedder(network).embed(pictures)
        assert found == pytest.approx(wanted, abs=1e-6)


def test_free_axes(network):
    make_network(network / "means.onnx", side="s")
    embedder = Embedder(network)
    assert embedder.size == 3
    assert embedder.embed([noise(9, 9)]).shape == (1, 3)


def test_the_column(network, photo):
    settings = Settings(groups=("shape",), embedding=str(network))
    assert settings.groups == ("shape", "embedding")
    extractor = Extractor(settings)
    row = extractor.row(photo)
    assert list(row)[37:] == ["embedding"]
    assert row["embedding"] == Embedder(network).embed([photo])[0].tolist()
    table = extractor.table([row])
    assert table.schema.field("embedding").type == pa.list_(pa.float32(), 3)
    assert table["embedding"].to_pylist() == [row["embedding"]]
    frame = extract([photo, photo[:40]], settings=settings)
    assert np.stack(frame["embedding"]).shape == (2, 3)
    digests = {b["role"]: b["sha256"] for b in frame.attrs["provenance"]["backends"]}
    network_digest = hashlib.sha256((network / "means.onnx").read_bytes()).hexdigest()
    assert digests["embedding"] == network_digest
    describe(network, crop=0.5)
    (prepared,) = (b.sha256 for b in Embedder(network).backends if b.role == "embedding input")
    assert prepared != digests["embedding input"]


def test_the_same_pixels_as_the_features(network, tmp_path):
    """Turned upright by EXIF, and transparent on white."""
    pixels = noise(30, 50)
    exif = PILImage.Exif()
    exif[0x0112] = 6
    PILImage.fromarray(pixels).save(tmp_path / "turned.png", exif=exif)
    row = Extractor(Settings(groups=("shape",), embedding=str(network))).row(
        tmp_path / "turned.png"
    )
    assert (row["width"], row["height"]) == (30, 50)
    assert row["embedding"] == Embedder(network).embed([np.rot90(pixels, -1)])[0].tolist()


def test_threads_agree(network):
    embedder = Embedder(network)
    pictures = [noise(30, 40, i) for i in range(8)]
    wanted = Embedder(network).embed(pictures)
    found: dict[int, np.ndarray] = {}

    def work(i: int) -> None:
        found[i] = embedder.embed([pictures[i]])[0]

    threads = [threading.Thread(target=work, args=(i,)) for i in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert np.array_equal(np.stack([found[i] for i in range(8)]), wanted)


def test_one_picture_that_fails_is_one_rejection(network, tmp_path):
    make_network(network / "means.onnx", scale=3e38)
    describe(network, mean=[0, 0, 0], std=[0.5, 0.5, 0.5])
    PILImage.new("RGB", (9, 9), "white").save(tmp_path / "white.png")  # 2 * 3e38 is infinite
    PILImage.new("RGB", (9, 9), "black").save(tmp_path / "black.png")
    settings = Settings(groups=("shape",), embedding=str(network))
    pictures = [tmp_path / "white.png", tmp_path / "black.png"]
    with pytest.raises(ImageError, match="not finite"):
        Extractor(settings).row(pictures[0])
    report = dump(pictures, tmp_path / "out", engine="inline", settings=settings)
    assert report.rows == 1
    assert [r.stage for r in report.rejected] == ["embedding"]
    with pytest.warns(UserWarning, match="1 of 2 images"):
        assert len(extract(pictures, settings=settings)) == 1


def test_extract_command(network, tmp_path, run_epic, make_pictures):
    make_pictures(tmp_path / "pictures", 5)
    out = tmp_path / "features.parquet"
    result = run_epic(
        "extract", tmp_path / "pictures", "-o", out, "--groups", "shape", "--embed", network
    )
    assert result.exit_code == 0, result.output
    table = pq.read_table(out)
    assert table["embedding"].type == pa.list_(pa.float32(), 3)
    assert table.num_rows == 5
    absent = tmp_path / "none.onnx"
    failed = run_epic(
        "extract", tmp_path / "pictures", "-o", tmp_path / "x.parquet", "--embed", absent
    )
    assert isinstance(failed.exception, ModelNotFound)
    assert not (tmp_path / "x.parquet").exists()


@pytest.fixture
def run_epic():
    from typer.testing import CliRunner

    return lambda *arguments: CliRunner().invoke(app, [str(a) for a in arguments])


def test_a_dump_is_not_continued_with_another_network(network, tmp_path, make_pictures):
    make_pictures(tmp_path / "pictures", 3)
    settings = Settings(groups=("shape",), embedding=str(network))

    def again(**options):
        folders = tmp_path / "pictures", tmp_path / "out"
        return dump(*folders, settings=settings, engine="inline", **options)

    assert again().rows == 3
    make_pictures(tmp_path / "pictures", 2, start=3)
    assert again(update=True).rows == 5
    make_network(network / "means.onnx", scale=2.0)
    with pytest.raises(SettingsError, match="begun with another network"):
        again(update=True)
    assert pq.read_table(tmp_path / "out" / "part-00000.parquet").num_rows == 3


def test_a_folder_whose_name_is_not_unicode(network, photo, tmp_path):
    odd = tmp_path / os.fsdecode("شبكة 🖼 \xff".encode("utf-8", "surrogateescape") + b"\xfe")
    shutil.copytree(network, odd)
    extractor = Extractor(Settings(groups=("shape",), embedding=str(odd)))
    assert extractor.table([extractor.row(photo)]).num_rows == 1


@pytest.mark.parametrize(
    ("name", "side", "length"),
    [("mobilenet_v1_0.25_128", 128, 256), ("mobilenet_v2_1.0_224", 224, 1280)],
)
def test_real_networks(shared, tmp_path, name, side, length):
    """Against another preprocessing and another session."""
    import onnxruntime

    file = shared / "models" / f"{name}.onnx"
    if not file.exists():
        pytest.skip(f"needs {file}")
    shutil.copy(file, tmp_path)
    half = {"mean": [0.5] * 3, "std": [0.5] * 3}
    fields = FIELDS | half | {"input_size": side, "crop": 0.875}
    describe(tmp_path, **fields)
    paths = sorted((shared / "data" / "selfies").glob("*.jpg"))[:6]
    pictures = [decode(path.read_bytes(), Settings()) for path in paths]
    found = Embedder(tmp_path).embed(pictures)
    assert found.shape == (6, length)
    session = onnxruntime.InferenceSession(file)
    inputs = np.stack([expected(p.pixels, fields).transpose(2, 0, 1) for p in pictures])
    (wanted,) = session.run(["embedding"], {"x": inputs.astype(np.float32)})
    wanted = wanted.reshape(6, -1)
    lengths = np.linalg.norm(found, axis=1) * np.linalg.norm(wanted, axis=1)
    assert ((found * wanted).sum(axis=1) / lengths).min() > 0.999
    describe(tmp_path, **fields | {"output": "prob"})
    odds = Embedder(tmp_path).embed(pictures)
    assert odds.sum(axis=1) == pytest.approx(np.ones(6), abs=1e-3)
