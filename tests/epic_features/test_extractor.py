"""Rows and frames of the quick stages; the slow ones are tested where they live."""

import io
import warnings
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pandas as pd
import pytest
from PIL import Image as PILImage

from epic_features import Extractor, ImageError, Settings, SourceError, extract

QUICK = Settings(groups=("shape", "colors"))


def test_every_kind_of_input_gives_the_same_row(photo, tmp_path):
    path = tmp_path / "picture.png"
    PILImage.fromarray(photo).save(path)
    kinds = (photo, PILImage.open(path), path.read_bytes(), path, str(path), [path], tmp_path)
    frames = [extract(kind, settings=QUICK) for kind in kinds]
    pixels = [frame.drop(columns=["file_name", "relative_path"]) for frame in frames]
    for frame in pixels[1:]:
        pd.testing.assert_frame_equal(frame, pixels[0])
    assert frames[3].loc[0, "file_name"] == "picture.png"
    assert frames[0]["file_name"].isna().all()


def test_null_says_not_looked(photo):
    row = Extractor(QUICK).row(photo)
    assert row["width"] == 160
    assert row["total_faces_count"] is None
    assert row["en_words_original"] is None
    frame = extract(photo, settings=QUICK)
    assert frame["total_faces_count"].isna().all()
    assert frame["total_faces_count"].dtype == "Int32"


def test_order_labels_and_rejections(gallery, tmp_path):
    folder, drawings = gallery
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(b"\xff\xd8\xff nothing")
    paths = [folder / drawing.path for drawing in drawings]
    with pytest.warns(UserWarning, match="1 of 25 images"):
        frame = extract([broken, *paths], settings=QUICK)
    assert frame["file_name"].tolist() == [path.name for path in paths]
    assert [item["path"] for item in frame.attrs["rejected"]] == [str(broken)]
    assert frame["width"].tolist() == [drawing.width for drawing in drawings]
    assert frame["height"].tolist() == [drawing.height for drawing in drawings]

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        frame = extract(folder, settings=QUICK)
    by_path = {drawing.path: drawing.label for drawing in drawings}
    assert dict(zip(frame["relative_path"], frame["class"], strict=True)) == by_path


def test_a_single_unreadable_image_raises(tmp_path):
    path = tmp_path / "broken.jpg"
    path.write_bytes(b"")
    with pytest.raises(ImageError, match=r"broken\.jpg: the file is empty"):
        extract(path, settings=QUICK)


def test_one_image_means_one(tmp_path, photo):
    PILImage.fromarray(photo).save(tmp_path / "a.png")
    with pytest.raises(SourceError, match="not one image"):
        Extractor(QUICK).row(tmp_path)


def test_rejections_tell_which_item(photo):
    with pytest.warns(UserWarning, match="2 of 3"):
        frame = extract([photo, photo.astype(float), b"<html>"], settings=QUICK)
    assert [item["path"] for item in frame.attrs["rejected"]] == ["<array 1>", "<bytes 2>"]


def test_nothing_gives_an_empty_typed_frame():
    frame = extract([], settings=QUICK)
    assert len(frame) == 0
    assert frame["area"].dtype == "Int64"
    assert frame.shape[1] == 37


def test_provenance_travels_with_the_frame(photo):
    provenance = extract(photo, settings=QUICK).attrs["provenance"]
    assert provenance["settings"]["groups"] == ["shape", "colors"]
    assert provenance["version"]


def test_a_failing_stage_rejects_one_image_and_not_the_batch(photo, monkeypatch):
    extractor = Extractor(QUICK)

    class Broken:
        group = "colors"
        backends = ()

        def __call__(self, image):
            if image.width == 160:
                raise RuntimeError("out of\npaint")
            return {}

    monkeypatch.setattr(extractor, "stages", (Broken(),))
    with pytest.raises(ImageError, match="colors stage failed: RuntimeError: out of paint"):
        extractor.row(photo)
    assert extractor.row(photo[:, :80])["width"] is None


def test_threads_share_an_extractor(gallery, default_models):
    folder, drawings = gallery
    extractor = Extractor(Settings(groups=("all",)))
    paths = [folder / drawing.path for drawing in drawings[:6]]
    expected = [extractor.row(path) for path in paths]
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(extractor.row, paths)) == expected


def test_all_extra_groups_follow_the_contract(gallery):
    folder, drawings = gallery
    settings = Settings(groups=("bytes", "cartoon", "quality", "exif"))
    frame = extract(folder / drawings[0].path, settings=settings)
    assert frame.columns[37] == "file_size"
    assert frame.loc[0, "file_size"] == (folder / drawings[0].path).stat().st_size
    assert frame.loc[0, "format"] in ("JPEG", "PNG", "WEBP")


def test_bytes_and_memoryviews(photo):
    buffer = io.BytesIO()
    PILImage.fromarray(photo).save(buffer, "PNG")
    frame = extract([buffer.getvalue(), memoryview(buffer.getvalue())], settings=QUICK)
    assert frame["width"].tolist() == [160, 160]
    assert np.isclose(frame["aspect_ratio"].astype(float), 4 / 3).all()
