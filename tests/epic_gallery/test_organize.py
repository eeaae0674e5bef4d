"""Sorting a gallery: what moves, what stays, and that all of it comes back."""

import json
import os
import random
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pytest
from killed import POINTS
from PIL import Image
from stand_ins import write_features
from tree_of_files import contents, fill, listing, tree

from classifiers.pretrained import load_pretrained
from classifiers.workflow import settings_of
from epic_features import Settings, dump
from epic_features.cleaning.moves import apply, resume, undo
from epic_features.errors import PlanError, SettingsError, SourceError
from epic_gallery.cascade import load_cascade
from epic_gallery.organize import COLUMNS, read_sort_plan, sort_pictures
from epic_gallery.schemes import SCHEMES, find_scheme


@pytest.fixture
def given(models, features):
    return (
        *("--model", models / "whatsapp", "--personal", models / "personal"),
        *("--features", features),
    )


@pytest.fixture
def scheme(models):
    return find_scheme("whatsapp", models / "whatsapp", models / "personal")


def test_plan_apply_undo(epic, folder, given, kinds, tmp_path):
    before = tree(folder)
    plan = tmp_path / "plan.parquet"
    code, _, said = epic("organize", "plan", folder, "-o", plan, *given)
    assert code == 0, said
    assert tree(folder) == before
    assert not (folder / ".epic").exists()
    table = pd.read_parquet(plan)
    assert list(table.columns) == list(COLUMNS)
    assert set(table["path"]) == set(kinds) - {"screenshots/IMG-04.jpg"}
    goes = table[table["action"].notna()].set_index("path")
    assert set(goes["action"]) == {"move"}
    wanted = {"screenshot": "screenshots", "notes": "printed-notes"}
    for path, row in goes.iterrows():
        assert row["target"] == f"{wanted[kinds[path]]}/{path.rpartition('/')[2]}"
        assert row["personal"] < 0.5
        assert 1 / 3 < row["confidence"] <= 1
        assert row["reason"]
    # What is clear is found; the models were not to be sure of all.
    assert len(goes) > 0.8 * sum(kind != "photo" for kind in kinds.values())
    page = (tmp_path / "plan.html").read_text(encoding="utf-8")
    assert "screenshots" in page
    assert "epic organize apply" in page

    code, _, said = epic("organize", "apply", plan)
    assert (code, f"{len(goes)} moved" in said) == (0, True), said
    assert contents(folder) == sorted(before.values())
    assert "IMG-04 (2).jpg" in listing(folder / "screenshots")
    assert "IMG-01 (2).jpg" in listing(folder / "screenshots")
    assert (folder / "screenshots/IMG-04.jpg").read_bytes() == b"bytes of screenshots/IMG-04.jpg"
    code, out, _ = epic("organize", "status", folder, "--json")
    assert [row["state"] for row in json.loads(out)] == ["done"]
    assert epic("organize", "resume", folder)[0] == 0
    code, _, said = epic("organize", "undo", folder / "Sent")
    assert (code, f"{len(goes)} moved back" in said) == (0, True), said
    assert tree(folder) == before
    assert listing(folder)[0] == ".epic"


def test_personal_photos_never_move(folder, features, models, kinds, scheme):
    for name in ("whatsapp", "personal"):
        chosen = scheme if name == "whatsapp" else find_scheme(name, models / name)
        plan = sort_pictures(folder, chosen, features=features).plan
        assert plan.actions
        assert all(kinds[action.path] != "photo" for action in plan.actions)


def test_the_guard_holds_back_what_the_model_would_move(tmp_path, scheme):
    """A model that calls everything a screenshot moves no photo past the guard."""
    from dataclasses import replace

    class Rash:
        classes_, protect, guarantee_ = scheme.model.classes_, (), None
        provenance_, encoder_, contributions = {}, scheme.model.encoder_, scheme.model.contributions

        def predict_proba(self, table):
            import numpy as np

            sure = np.zeros((len(table), len(self.classes_)))
            sure[:, list(self.classes_).index("screenshots")] = 1
            return sure

    kinds = {f"{n}.jpg": ("photo", "screenshot", "odd")[n % 3] for n in range(90)}
    fill(tmp_path / "rash", {name: name.encode() for name in kinds})
    features = write_features(kinds, tmp_path / "more.parquet")
    sorting = sort_pictures(tmp_path / "rash", replace(scheme, model=Rash()), features=features)
    moved = {action.path for action in sorting.plan.actions}
    assert {path for path, kind in kinds.items() if kind == "screenshot"} >= {
        path for path in moved if kinds[path] != "odd"
    }
    kept = sorting.staying.set_index("path")
    limit = scheme.guard.guarantee_.hide_below
    assert (kept["personal"] >= limit).all()
    assert (sorting.table[sorting.table["action"].notna()]["personal"] < limit).all()
    assert kept["reason"].str.contains("may be a personal photo").all()


def test_one_command_asks_first(epic, folder, given, monkeypatch):
    import io

    before = tree(folder)
    monkeypatch.setattr(sys, "stdin", io.StringIO("n\n"))
    code, _, said = epic("organize", folder, *given)
    assert (code, "nothing was moved" in said) == (0, True), said
    assert tree(folder) == before
    monkeypatch.setattr(sys, "stdin", io.StringIO(""))  # No answer is no.
    assert epic("organize", folder, *given)[0] == 1
    assert tree(folder) == before
    monkeypatch.setattr(sys, "stdin", io.StringIO("y\n"))
    assert epic("organize", *given, folder)[0] == 0
    assert tree(folder) != before
    assert epic("organize", "undo", folder)[0] == 0
    assert tree(folder) == before


@pytest.mark.parametrize("how", ["--copy", "--link"])
def test_copies_and_links(epic, folder, given, how):
    before = tree(folder)
    assert epic("organize", folder, how, "--yes", *given)[0] == 0
    once = tree(folder)
    assert {name: once[name] for name in before} == before
    assert len(once) > len(before)
    code, _, said = epic("organize", folder, how, "--yes", *given)
    assert (code, "nothing is to be moved" in said) == (0, True), said
    assert tree(folder) == once
    assert epic("organize", "undo", folder)[0] == 0
    assert tree(folder) == before


def test_what_changed_since_the_plan_is_skipped(folder, features, scheme, tmp_path):
    plan = sort_pictures(folder, scheme, features=features).plan
    first, second, third, *_ = (action.path for action in plan.actions)
    (folder / first).write_bytes(b"edited")
    (folder / second).unlink()
    (folder / third).unlink()
    (folder / third).symlink_to(folder / "IMG-00.jpg")
    report = apply(plan)
    skipped = {outcome.path for outcome in report.outcomes if outcome.result == "skipped"}
    assert skipped == {first, second, third}
    assert report.count("moved") == len(plan.actions) - 3


def test_a_picture_without_features_is_read(epic, folder, given, photo, default_models, tmp_path):
    fill(folder, {"unread.jpg": b"no picture"})
    Image.fromarray(photo).save(folder / "new.png")
    code, _, said = epic("organize", "plan", folder, "-o", tmp_path / "p.parquet", *given)
    assert (code, "1 of those that stay could not be read" in said) == (0, True), said
    table = read_sort_plan(tmp_path / "p.parquet").table.set_index("path")
    assert table.loc["unread.jpg", "reason"] == "it could not be read"
    assert table["action"].isna()["unread.jpg"]
    assert 0 < table.loc["new.png", "confidence"] <= 1


def test_links_and_folders_that_are_sorted_into_are_left_out(folder, features, scheme):
    (folder / "link.jpg").symlink_to(folder / "IMG-01.jpg")
    paths = set(sort_pictures(folder, scheme, features=features).table["path"])
    assert "link.jpg" not in paths
    assert not any(path.startswith("screenshots/") for path in paths)


def test_names_that_are_not_unicode(folder, models, scheme, tmp_path):
    name = os.fsdecode(b"\xff\xfe\xd8.jpg")
    fill(folder, {name: b"odd"})
    features = write_features({"\\xff\\xfe\\xd8.jpg": "screenshot"}, tmp_path / "odd.parquet")
    sorting = sort_pictures(folder, scheme, features=features)
    (action,) = sorting.plan.actions
    assert (action.path, action.target) == (name, f"screenshots/{name}")
    report = apply(sorting.plan)
    assert report.count("moved") == 1
    undo(folder)
    assert (folder / name).read_bytes() == b"odd"


def test_a_plan_file_tells_the_same(epic, folder, given, features, scheme, tmp_path):
    name = os.fsdecode(b"\xff.jpg")
    fill(folder, {name: b"odd"})
    from epic_gallery.organize import write_sort_plan

    sorting = sort_pictures(folder, scheme, features=features)
    write_sort_plan(sorting, tmp_path / "p.parquet")
    planned = sorting.plan
    assert read_sort_plan(tmp_path / "p.parquet").plan == planned
    folder.rename(tmp_path / "moved")
    with pytest.raises(PlanError, match="no such folder"):
        read_sort_plan(tmp_path / "p.parquet")
    there = read_sort_plan(tmp_path / "p.parquet", tmp_path / "moved").plan
    assert there.actions == planned.actions


def test_models_that_promise_nothing_are_refused(models, tmp_path):
    from classifiers.storage import load

    model = load(models / "personal")
    model.guarantee_ = None
    model.save(tmp_path / "careless")
    with pytest.raises(SettingsError, match="protects no class"):
        find_scheme("personal", tmp_path / "careless")
    with pytest.raises(SettingsError, match="protects no class"):
        find_scheme("whatsapp", models / "whatsapp", tmp_path / "careless")
    with pytest.raises(SettingsError, match="choose from"):
        find_scheme("nonsense")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("nowhere",), "no such folder"),
        (("gallery", "--copy", "--link"), "choose one of"),
        (("plan", "gallery", "-o", "x.csv"), "must end in .parquet"),
        (("apply", "nowhere.parquet"), "epic organize plan"),
        (("apply", "features.parquet"), "not a plan of epic organize"),
        (("undo", "gallery"), "no journal"),
        (("status", "webdav://127.0.0.1:9/x"), "no journal"),
    ],
)
def test_errors_are_said(epic, folder, features, models, tmp_path, monkeypatch, arguments, message):
    monkeypatch.chdir(tmp_path)
    before = tree(folder)
    asks = arguments[0] in ("nowhere", "gallery", "plan")
    extra = ("--model", models / "whatsapp", "--personal", models / "personal") if asks else ()
    code, _, said = epic("organize", *arguments, *extra)
    assert code == 2
    assert message in said
    assert tree(folder) == before


def test_everything_sorted_is_said(folder, scheme, tmp_path):
    only = tmp_path / "only"
    fill(only, {"screenshots/a.jpg": b"a"})
    with pytest.raises(SourceError, match="sorted already"):
        sort_pictures(only, scheme)


def test_killed_at_random(folder, features, models, tmp_path):
    """The whole command, killed after a random time; resumed or taken back."""
    kinds = {f"many/{n:04d}.jpg": ("screenshot", "notes", "photo")[n % 3] for n in range(400)}
    fill(folder, {name: f"bytes of {name}".encode() * 50 for name in kinds})
    scheme = find_scheme("whatsapp", models / "whatsapp", models / "personal")
    from epic_gallery.organize import write_sort_plan

    sorting = sort_pictures(
        folder, scheme, features=write_features(kinds, tmp_path / "many.parquet")
    )
    write_sort_plan(sorting, tmp_path / "plan.parquet")
    before = tree(folder)
    numbers = random.Random(1)
    code = "from epic_gallery.cli import main; main()"
    interrupted = 0
    for point in range(max(POINTS // 12, 1)):
        child = subprocess.Popen(
            [sys.executable, "-c", code, "organize", "apply", tmp_path / "plan.parquet"],
            stderr=subprocess.DEVNULL,
        )
        while child.poll() is None and not list(folder.glob(".epic/journal-*.jsonl")):
            time.sleep(0.005)
        time.sleep(numbers.uniform(0, 0.4))
        child.kill()
        interrupted += child.wait() != 0
        assert contents(folder) == sorted(before.values()), point
        if point % 2:
            resume(folder)
            assert contents(folder) == sorted(before.values()), point
        undo(folder)
        assert tree(folder) == before, point
        for journal in folder.glob(".epic/journal-*.jsonl"):
            journal.unlink()
    assert interrupted


def test_the_scheme_with_a_cascade(gallery, default_models, lightgbm, tmp_path):
    """The shipped model and its steps move nothing that the model alone would not."""
    import classifiers.pretrained

    if not (Path(classifiers.pretrained.__file__).parent / "personal" / "model.json").exists():
        pytest.skip("needs the shipped model personal")
    drawn, drawings = gallery
    folder = tmp_path / "phone"
    for drawing in drawings[::4]:
        (folder / drawing.path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(drawn / drawing.path, folder / drawing.path)
    scheme = find_scheme("personal")
    assert scheme.cascade is not None
    quick = sort_pictures(folder, scheme, workers=1).table.set_index("path")
    assert not (folder / ".epic").exists()
    full = sort_pictures(folder, scheme, features=tmp_path / "kept", workers=1)
    alone = full.table.set_index("path")
    both = quick["action"].notna() & alone["action"].isna()
    assert both.sum() <= 1  # As docs/cascade.md says, a few in a thousand.
    assert set(quick.index) == set(alone.index)


@pytest.mark.parametrize("whole", [False, True])
def test_the_promise_is_that_of_what_decided(gallery, epic, whole, default_models, tmp_path):
    drawn, drawings = gallery
    (tmp_path / "phone").mkdir()
    shutil.copy2(drawn / drawings[0].path, tmp_path / "phone")
    kept = ("--features", tmp_path / "kept") if whole else ()
    plan = ("--scheme", "personal", "-o", tmp_path / "plan.parquet", "--workers", 1)
    code, _, said = epic("organize", "plan", tmp_path / "phone", *plan, *kept)
    assert code == 0, said
    decides = load_pretrained("personal") if whole else load_cascade("personal").last
    assert f"in the test of the model {decides.guarantee_}" in " ".join(said.split())


@pytest.mark.parametrize("name", SCHEMES)
def test_one_table_serves_the_model_and_its_guard(name, lightgbm):
    scheme = find_scheme(name)
    for model in (scheme.model, scheme.guard):
        needed = settings_of(model)
        assert set(needed.groups) <= set(scheme.settings.groups)
        assert needed.embedding in (None, scheme.settings.embedding)


def test_the_drawn_gallery_from_pixels(gallery, models, epic, tmp_path, default_models):
    """From pictures to folders and back, with real features."""
    drawn, drawings = gallery
    folder = tmp_path / "phone"
    for drawing in drawings[::8]:
        (folder / drawing.path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(drawn / drawing.path, folder / drawing.path)
    before = tree(folder)
    # What other settings left: where features are kept, and of a plan that was interrupted.
    old = [folder / ".epic/features-00000000", tmp_path / ".p.parquet.features"]
    old[0].parent.mkdir()
    for place in old:
        dump(folder, place, settings=Settings(groups=("shape",)), engine="inline")
    arguments = ("--model", models / "whatsapp", "--personal", models / "personal")
    code, _, said = epic("organize", folder, "--yes", "--workers", 1, *arguments)
    assert code == 0, said
    assert contents(folder) == sorted(before.values())
    assert len(list(folder.glob(".epic/features-*/dump.json"))) == 1
    assert not old[0].exists()
    if "nothing is to be moved" not in said:
        assert epic("organize", "undo", folder)[0] == 0
    assert tree(folder) == before
    (few := tmp_path / "few").mkdir()
    shutil.copy2(drawn / drawings[0].path, few)
    code, _, said = epic("organize", "plan", few, "-o", tmp_path / "p.parquet", *arguments)
    assert code == 0, said
    assert not old[1].exists()
