"""Labels from folders and from sheets."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifiers.known_labels import folder_labels, read_sheet, sheet_labels
from classifiers.table import TableError
from epic_features.errors import SourceError

NAMES = st.text("abصﻻ. _-", min_size=1, max_size=4)


@given(st.lists(st.lists(NAMES, min_size=1, max_size=3), min_size=1, max_size=12))
def test_the_first_folder_is_the_label(parts):
    paths = ["/".join(each) for each in parts]
    wanted = {n: each[0] for n, each in enumerate(parts) if len(each) > 1}
    if not wanted:
        with pytest.raises(TableError, match="no image lies in a folder"):
            folder_labels(paths)
        return
    known = folder_labels(paths)
    assert dict(zip(known.rows.tolist(), known.labels, strict=True)) == wanted
    assert known.absent == len(paths) - len(wanted)
    assert (str(known) == "") is (known.absent == 0)


def test_a_sheet(tmp_path):
    path = tmp_path / "labels.csv"
    path.write_text("file,kind,album\n./a.jpg,NA,1\nb.jpg,,2\nx/c.jpg,memes,3\ngone.jpg,memes,4\n")
    sheet = read_sheet(path, {"label": "kind", "group": "album"})
    path.unlink()  # It is read once.
    known = sheet_labels(["x/c.jpg", "b.jpg", "d.jpg", "a.jpg"], sheet)
    assert known.rows.tolist() == [0, 3]
    assert known.labels.tolist() == ["memes", "NA"]
    assert known.columns["group"].tolist() == ["3", "1"]
    assert (known.absent, known.unused) == (2, 1)
    assert str(known) == (
        "left out because they have no label: 2 of 4 pictures; labels that name no picture: 1"
    )
    with pytest.raises(TableError, match=r"none of the 1 images, such as z\.jpg, .*names a\.jpg"):
        sheet_labels(["z.jpg"], sheet)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("file;kind\na.jpg;memes\n", "lacks the columns file, kind.*separated by commas"),
        ("relative_path,kind\na.jpg,memes\na.jpg,notes\n", "same picture, such as a\\.jpg"),
        ("", "can't read"),
    ],
)
def test_a_sheet_that_is_none(tmp_path, text, message):
    (tmp_path / "labels.csv").write_text(text)
    with pytest.raises(SourceError, match=message):
        read_sheet(tmp_path / "labels.csv", {"label": "kind"})


def test_what_a_sheet_says_twice_is_said_once(tmp_path):
    (tmp_path / "labels.csv").write_text("file\na/b.jpg\n./a/b.jpg\n")
    sheet = read_sheet(tmp_path / "labels.csv", {"label": "file"})
    assert sheet_labels(["a/b.jpg"], sheet).rows.tolist() == [0]
