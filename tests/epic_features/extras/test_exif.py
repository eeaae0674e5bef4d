"""The ``exif`` group on files with tags written by Pillow, sound and broken."""

from __future__ import annotations

import csv
import io
import re
from datetime import datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image as PILImage
from PIL.TiffImagePlugin import IFDRational

from epic_features.extras import ExifStage
from epic_features.image import Image, decode
from epic_features.schema import EXTRA_COLUMNS
from epic_features.settings import Settings

MAKE, ORIENTATION, SOFTWARE, EXIF_IFD, GPS_IFD, TAKEN = 0x10F, 0x112, 0x131, 0x8769, 0x8825, 0x9003
PIXELS = np.zeros((4, 6, 3), np.uint8)
CAIRO = {1: "N", 2: (30.0, 2.0, 40.0), 3: "E", 4: (31.0, 14.0, 9.0)}


def row_of_file(
    main: dict[int, object] | None = None,
    taken: str | None = None,
    gps: dict[int, object] | None = None,
) -> dict[str, object]:
    exif = PILImage.Exif()
    exif.update(main or {})
    if taken is not None:
        exif.get_ifd(EXIF_IFD)[TAKEN] = taken
    if gps is not None:
        exif.get_ifd(GPS_IFD).update(gps)
    buffer = io.BytesIO()
    PILImage.fromarray(PIXELS).save(buffer, "JPEG", exif=exif)
    return dict(ExifStage()(decode(buffer.getvalue(), Settings())))


def row_of_tags(tags: dict[int, object]) -> dict[str, object]:
    return dict(ExifStage()(Image(pixels=PIXELS, encoded=b"x", exif=tags)))


def test_everything_a_phone_writes() -> None:
    main = {MAKE: "Nokia", ORIENTATION: 6, SOFTWARE: "Camera 2.1 "}
    row = row_of_file(main, taken="2019:07:23 18:05:59", gps=CAIRO)
    assert row == {
        "has_camera_make": True,
        "has_gps": True,
        "taken_at": datetime(2019, 7, 23, 18, 5, 59),
        "orientation": 6,
        "software": "Camera 2.1",
    }
    fields = [column.field for column in EXTRA_COLUMNS if column.group == "exif"]
    assert pa.Table.from_pylist([row], schema=pa.schema(fields)).to_pylist() == [row]


def test_file_without_exif_was_looked_at() -> None:
    row = row_of_file()
    assert row["has_camera_make"] is False
    assert row["has_gps"] is False
    assert [row["taken_at"], row["orientation"], row["software"]] == [None, None, None]


def test_pixels_were_not_looked_at() -> None:
    row = ExifStage()(Image(pixels=PIXELS))
    assert list(row) == [column.name for column in EXTRA_COLUMNS if column.group == "exif"]
    assert set(row.values()) == {None}


@pytest.mark.parametrize(
    "taken",
    ["0000:00:00 00:00:00", "    :  :     :  :  ", "2019-07-23", "2019:13:40 25:61:61", "", "soon"],
)
def test_malformed_date_is_null(taken: str) -> None:
    assert row_of_file(taken=taken)["taken_at"] is None


@pytest.mark.parametrize(
    "gps",
    [
        {},
        {1: "N", 3: "E"},
        {2: (30.0, 2.0, 40.0)},
        {2: (30.0, 2.0), 4: (31.0, 14.0)},
    ],
    ids=["empty", "no numbers", "no longitude", "two parts"],
)
def test_gps_directory_without_a_position(gps: dict[int, object]) -> None:
    assert row_of_file(gps=gps)["has_gps"] is False


def test_position_of_undefined_numbers_is_none() -> None:
    undefined = (IFDRational(0, 0),) * 3
    assert row_of_tags({2: undefined, 4: undefined})["has_gps"] is False


def test_position_is_not_in_the_row() -> None:
    assert all(type(value) in (bool, type(None)) for value in row_of_file(gps=CAIRO).values())


@pytest.mark.parametrize("orientation", [0, 9, -1, "6", (6, 6), 6.0, True])
def test_orientation_out_of_range_is_null(orientation: object) -> None:
    assert row_of_tags({ORIENTATION: orientation})["orientation"] is None


def test_blank_texts_are_absent() -> None:
    row = row_of_tags({MAKE: " \0\0", SOFTWARE: b"\0"})
    assert row["has_camera_make"] is False
    assert row["software"] is None


values = st.one_of(
    st.none(),
    st.text(),
    st.sampled_from(["\ud800", "2019:07:23 18:05:59", "a\0b"]),
    st.binary(),
    st.integers(),
    st.floats(),
    st.tuples(st.floats(), st.floats(), st.floats()),
)


@given(st.dictionaries(st.sampled_from([2, 4, MAKE, ORIENTATION, SOFTWARE, TAKEN]), values))
def test_any_tag_values_give_a_row_that_can_be_stored(tags: dict[int, object]) -> None:
    fields = [column.field for column in EXTRA_COLUMNS if column.group == "exif"]
    pa.Table.from_pylist([row_of_tags(tags)], schema=pa.schema(fields))


def test_stored_orientation_of_real_files(shared: Path) -> None:
    folder = shared / "gold" / "corrupt"
    with (folder / "manifest.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    truth = {
        row["file"]: int(match[1])
        for row in rows
        if (match := re.search(r"EXIF orientation (\d)", row["notes"]))
    }
    assert len(truth) >= 4
    for name, orientation in truth.items():
        row = ExifStage()(decode((folder / name).read_bytes(), Settings()))
        assert row["orientation"] == orientation, name
