"""The commands of ``epic clean``, run by the real entry point."""

import json
import os
import sys

import numpy as np
import pandas as pd
import pytest
from PIL import Image as PILImage
from tree_of_files import listing, tree

from epic_features.cleaning.feature_tables import read_manifest, read_table
from epic_features.cleaning.tables import root_in, write_table
from epic_gallery.cli import main


@pytest.fixture
def epic(monkeypatch, capsys):
    """Return a function that runs ``epic clean`` and returns its exit code and what it printed."""

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["epic", "clean", *map(str, arguments)])
        monkeypatch.setenv("COLUMNS", "200")
        try:
            main()
            code = 0
        except SystemExit as error:
            code = error.code or 0
        out, err = capsys.readouterr()
        return code, out, err

    return run


@pytest.fixture
def dataset(tmp_path):
    """Two classes of pictures, two of which are not what they should be."""
    root = tmp_path / "dataset"
    numbers = np.random.default_rng(0)
    for name in ("cats", "كلاب"):
        (root / name).mkdir(parents=True)
        for n in range(6):
            pixels = numbers.integers(0, 255, (40 + n, 50, 3), np.uint8)
            PILImage.fromarray(pixels).save(root / name / f"img{n}.png")
    (root / "cats" / "empty.jpg").write_bytes(b"")
    (root / "cats" / "img5.png").rename(root / "cats" / "img5.jpg")
    return root


def test_find_plan_apply_undo(epic, dataset, tmp_path):
    before = tree(dataset)
    out, plan = tmp_path / "corrupt.parquet", tmp_path / "plan.json"
    code, shown, _ = epic("corrupt", dataset, "-o", out, "--plan", plan)
    assert code == 0
    assert "empty.jpg" in shown
    assert set(read_table(out)["kind"]) == {"empty", "wrong_extension"}
    assert root_in(out) == dataset
    code, _, said = epic("apply", plan)
    assert (code, "2 moved" in said) == (0, True)
    assert (dataset / "cats" / "img5.png").exists()
    assert not (dataset / "cats" / "empty.jpg").exists()
    code, shown, _ = epic("status", dataset, "--json")
    assert [row["state"] for row in json.loads(shown)] == ["done"]
    code, _, said = epic("undo", dataset / "cats")
    assert (code, "2 moved" in said) == (0, True)
    assert tree(dataset) == before
    assert "nothing to move" in epic("undo", dataset)[2]
    assert "nothing was interrupted" in epic("resume", dataset)[2]
    assert epic("status", dataset)[0] == 0


def test_names_that_look_like_nothing_are_kept(tmp_path):
    path = tmp_path / "table.csv"
    path.write_text("path,class,score\na.jpg,NA,1.5\nb.jpg,None,\nc.jpg,null,NA\nd.jpg,,2\n")
    table = read_table(path)
    assert table["class"][:3].tolist() == ["NA", "None", "null"]
    assert table["class"].isna().tolist() == [False, False, False, True]
    assert table["score"].dtype == float
    assert table["score"].isna().tolist() == [False, True, True, False]
    manifest = read_manifest(path)
    assert manifest["class"][:3].tolist() == ["NA", "None", "null"]
    assert manifest["score"][0] == "1.5"


def test_rank_and_restore(epic, dataset, tmp_path):
    before = tree(dataset)
    out = tmp_path / "rank.csv"
    code, _, said = epic("rank", dataset / "كلاب", "--by", "-height", "-o", out)
    assert code == 0, said
    ranked = [f"{n:04d}_img{5 - n}.png" for n in range(6)]
    assert listing(dataset / "كلاب") == ranked
    assert list(pd.read_csv(out)["path"]) == [f"كلاب/{name}" for name in ranked]
    assert epic("rank", dataset / "كلاب", "--by", "height")[0] == 2
    assert epic("restore", dataset / "كلاب")[0] == 0
    assert tree(dataset) == before
    assert "no image has a rank" in epic("restore", dataset)[2]


def test_findings_are_reviewed(epic, dataset, tmp_path):
    out, page = tmp_path / "found.parquet", tmp_path / "review.html"
    code, shown, _ = epic("duplicates", dataset, "--json", "-o", out)
    assert (code, json.loads(shown)) == (0, [])
    assert epic("corrupt", dataset, "-o", tmp_path / "c.csv")[0] == 0
    code, _, said = epic("review", tmp_path / "c.csv", "-o", page)
    assert (code, "give --root" in said) == (2, True)
    assert epic("review", tmp_path / "c.csv", "-o", page, "--root", dataset)[0] == 0
    assert "empty.jpg" in page.read_text(encoding="utf-8")
    assert epic("review", tmp_path / "c.csv", "-o", page, "--root", dataset)[0] == 2


def test_clusters_and_labels_from_a_table(epic, dataset, tmp_path):
    names = [f"{c}/img{n}.png" for c in ("cats", "كلاب") for n in range(6)]
    features = pd.DataFrame({"relative_path": names, "width": 10, "area": range(12)})
    features["area"] = features["area"].astype("Int64")
    table = tmp_path / "features.parquet"
    write_table(features, table)
    sheet = tmp_path / "sheet.png"
    arguments = ("clusters", dataset / "cats", "--k", 2, "--features", table, "--sheet", sheet)
    code, shown, said = epic(*arguments, "--json", "-o", tmp_path / "alike.parquet")
    assert code == 0, said
    assert {row["class"] for row in json.loads(shown)} == {"cats"}
    assert PILImage.open(sheet).width > 1000
    assert epic(*arguments)[0] == 2  # The sheet exists.
    code, _, said = epic("labels", dataset, "--features", table, "-o", tmp_path / "doubt.csv")
    assert code == 0, said
    assert pd.read_csv(tmp_path / "doubt.csv")["value"].is_monotonic_decreasing


def test_a_failed_move_ends_with_1(epic, dataset, tmp_path):
    plan = tmp_path / "plan.json"
    epic("corrupt", dataset, "--plan", plan)
    (dataset / ".epic").mkdir()
    (dataset / ".epic" / "trash").symlink_to(tmp_path)
    code, _, said = epic("apply", plan)
    assert code == 1
    assert "symbolic link" in said


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("corrupt", "nowhere"), "no such folder"),
        (("corrupt", ".", "-o", "x.txt"), ".csv or .parquet"),
        (("rank", ".", "--by", "a.b"), "can't be used"),
        (("apply", "nowhere.json"), "can't read the plan"),
        (("undo", "nowhere.jsonl"), "can't read the journal"),
        (("status", "."), "no journal"),
        (("review", "nowhere.parquet", "-o", "r.html", "--root", "."), "can't read the table"),
    ],
)
def test_errors_are_said_and_nothing_is_written(epic, tmp_path, monkeypatch, arguments, message):
    monkeypatch.chdir(tmp_path)
    code, _, said = epic(*arguments)
    assert code == 2
    assert message in said
    assert os.listdir(tmp_path) == []  # noqa: PTH208


def test_every_public_name_can_be_had():
    """No module of the package hides a function of the same name."""
    from epic_features import cleaning

    for name in cleaning.__all__:
        assert callable(getattr(cleaning, name)), name


def test_a_table_without_findings_is_good_news(epic, dataset, tmp_path):
    (dataset / "cats" / "empty.jpg").unlink()
    (dataset / "cats" / "img5.jpg").rename(dataset / "cats" / "img5.png")
    found = tmp_path / "corrupt.parquet"
    assert epic("corrupt", dataset, "-o", found)[0] == 0
    code, _, said = epic("review", found, "-o", tmp_path / "review.html")
    assert (code, "nothing to review" in said) == (0, True), said
    assert not (tmp_path / "review.html").exists()
