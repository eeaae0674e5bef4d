"""The six steps: choose a class, give values, sort, rename, let the person work, restore."""

import os
import shutil

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image as PILImage
from tree_of_files import fill, listing, tree

from epic_features import PlanError, SettingsError, SourceError, extract
from epic_features.cleaning.moves import apply, restore, undo
from epic_features.cleaning.plan import Action, make_plan
from epic_features.cleaning.rank import rank_images, ranking


def scores(values, root=""):
    names = list(values)
    return pd.DataFrame({"path": [root + name for name in names], "score": list(values.values())})


@pytest.fixture
def classes(tmp_path):
    """A data set of two classes, with a score for each image of the first."""
    values = {f"img{n}.jpg": (n * 7) % 12 / 3 for n in range(12)}
    fill(tmp_path, {f"first/{name}": name.encode() for name in values})
    fill(tmp_path, {f"second/img{n}.jpg": b"second" for n in range(3)})
    return tmp_path, values


def test_images_are_renamed_by_their_value(classes):
    root, values = classes
    table, report = rank_images(root / "first", "score", features=scores(values))
    in_order = sorted(values, key=values.get)
    assert listing(root / "first") == [f"{n:04d}_{name}" for n, name in enumerate(in_order)]
    assert list(table["value"]) == sorted(values.values())
    assert report.journal.parent == root / ".epic"
    assert report.count("moved") == 12


@pytest.mark.parametrize("descending", [False, True])
def test_images_without_a_value_come_last_and_say_so(classes, descending):
    root, values = classes
    del values["img3.jpg"]
    values["img5.jpg"] = None
    table = ranking(root / "first", "score", features=scores(values), descending=descending)
    assert set(table["path"].iloc[-2:]) == {"first/img3.jpg", "first/img5.jpg"}
    assert set(table["reason"].iloc[-2:]) == {"no value of score"}
    assert table["value"].isna().sum() == 2
    known = list(table["value"].iloc[:-2])
    assert known == sorted(known, reverse=descending)


def test_names_come_back_after_the_person_worked(classes):
    root, values = classes
    _, report = rank_images(root / "first", "score", features=scores(values))
    names = listing(root / "first")
    first, second = root / "first", root / "second"
    (first / names[0]).unlink()
    (first / names[1]).rename(second / names[1])
    (first / "odd").mkdir()
    (first / names[2]).rename(first / "odd" / names[2])
    (first / names[3]).write_bytes(b"edited")
    (first / names[4]).rename(first / "my own name.jpg")
    shutil.copy(first / names[5], second / names[5])
    fill(
        root,
        {
            "first/added.jpg": b"added",
            "first/0099_added.jpg": b"added",
            "second/" + names[6][5:] + "x": b"",
        },
    )
    fill(root, {f"first/{names[7][5:]}": b"taken"})
    restored = restore(first)
    assert [r.journal for r in restored] == [report.journal]
    old = [name[5:] for name in names]
    assert not (first / old[0]).exists()
    assert old[1].encode() in [path.read_bytes() for path in second.glob("img*.jpg")]
    assert (first / "odd" / old[2]).read_bytes() == old[2].encode()
    assert (first / old[3]).read_bytes() == b"edited"
    assert (first / "my own name.jpg").exists()
    assert (first / old[5]).exists()
    assert (first / "0099_added.jpg").read_bytes() == b"added"
    assert (first / old[7]).read_bytes() == b"taken"
    assert (first / f"{old[7].removesuffix('.jpg')} (2).jpg").read_bytes() == old[7].encode()
    once = tree(root)
    restore(first)
    undo(report.journal)
    assert tree(root) == once


def test_an_image_that_comes_back_later_is_restored_later(classes):
    root, values = classes
    rank_images(root / "first", "score", features=scores(values))
    before = tree(root)
    name = listing(root / "first")[0]
    (root / "first" / name).rename(root.parent / name)
    assert restore(root)[0].count("missing") == 1
    (root.parent / name).rename(root / "first" / name)
    restore(root)
    assert {
        path.replace("first/" + name, "first/" + name[5:]) for path in before if name in path
    } <= set(tree(root))


def test_a_ranked_folder_is_not_ranked_again(classes):
    root, values = classes
    before = tree(root)
    rank_images(root / "first", "score", features=scores(values))
    with pytest.raises(PlanError, match="epic clean restore"):
        rank_images(root / "first", "-score", features=scores(values))
    restore(root)
    assert tree(root) == before
    rank_images(root / "first", "-score", features=scores(values))
    restore(root)
    assert tree(root) == before


def test_two_classes_with_the_same_names_are_kept_apart(classes):
    root, values = classes
    before = tree(root)
    for name in ("first", "second"):
        rank_images(root / name, "score", features=scores(values))
    ranked = [path.rpartition("/")[2] for path in tree(root)]
    assert len(set(ranked)) == len(ranked)
    restore(root / "second")
    assert sum(path.startswith("second/img") for path in tree(root)) == 3
    assert not any(path.startswith("first/img") for path in tree(root))
    restore(root)
    assert tree(root) == before


def test_long_and_odd_names_come_back(tmp_path):
    names = ["x" * 251 + ".jpg", "x" * 250 + "y.png", "ص" * 125 + ".jpg", "😀.jpg"]
    raw = os.fsdecode(b"\xff\xfe.jpg")
    fill(tmp_path, {name: name.encode() for name in names} | {raw: b"raw"})
    before = tree(tmp_path)
    table = scores({**{name: n for n, name in enumerate(names)}, r"\xff\xfe.jpg": -1})
    rank_images(tmp_path, "score", features=table, root=tmp_path)
    ranked = sorted(n for n in listing(tmp_path) if n != ".epic")
    assert [name[:5] for name in ranked] == ["0000_", "0001_", "0002_", "0003_", "0004_"]
    assert ranked[0] == f"0000_{raw}"
    restore(tmp_path)
    assert tree(tmp_path) == before


def test_the_columns_that_are_needed_are_computed(tmp_path):
    for n in range(5):
        PILImage.new("RGB", (10 + n, 50 - n)).save(tmp_path / f"{n}.png")
    (tmp_path / "broken.png").write_bytes(b"no image")
    table = ranking(tmp_path, "width / height", descending=True, root=tmp_path)
    truth = extract(sorted(map(str, tmp_path.glob("[0-9].png"))))
    expected = sorted(truth["width"] / truth["height"], reverse=True)
    np.testing.assert_allclose(table["value"].iloc[:5].astype(float), expected)
    assert table["path"].iloc[5] == "broken.png"


def test_what_is_not_there_is_said(tmp_path):
    with pytest.raises(SourceError, match="no image"):
        ranking(tmp_path, "width")
    fill(tmp_path, {"a.jpg": b"a"})
    with pytest.raises(SettingsError, match="--features"):
        ranking(tmp_path, "doubt")
    with pytest.raises(SettingsError, match="no column 'doubt'"):
        ranking(tmp_path, "doubt", features=scores({"a.jpg": 1}))
    with pytest.raises(PlanError, match="no such folder"):
        ranking(tmp_path / "gone", "width")


@settings(max_examples=30)
@given(values=st.lists(st.one_of(st.none(), st.floats(allow_nan=False)), min_size=1, max_size=9))
def test_ranking_is_sorting(tmp_path_factory, values):
    root = tmp_path_factory.mktemp("rank")
    fill(root, {f"{n}.jpg": b"" for n in range(len(values))})
    features = scores({f"{n}.jpg": v for n, v in enumerate(values)})
    table = ranking(root, "score", features=features, root=root)
    finite = sorted(v for v in values if v is not None and np.isfinite(v))
    assert table["value"].dropna().tolist() == finite
    assert sorted(table["path"]) == sorted(f"{n}.jpg" for n in range(len(values)))


def test_undo_reaches_past_ranked_images_that_were_deleted(classes):
    """The deleted image can't come back; that must not keep an older plan from being undone."""
    root, values = classes
    plan = make_plan(root, [Action("second/img0.jpg", "trash")])
    apply(plan)
    rank_images(root / "first", "score", features=scores(values))
    next((root / "first").glob("0003_*")).unlink()
    restore(root / "first")
    assert not (root / "second" / "img0.jpg").exists()
    assert undo(root).count("moved") == 1
    assert (root / "second" / "img0.jpg").read_bytes() == b"second"


def test_a_root_that_does_not_hold_the_folder_is_refused(classes):
    root, values = classes
    with pytest.raises(PlanError, match="root above it"):
        rank_images(root / "first", "score", features=scores(values), root=root / "second")
