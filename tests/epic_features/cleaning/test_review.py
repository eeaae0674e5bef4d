"""The review page, in a real browser."""

import json
import os
import re
import shutil

import numpy as np
import pandas as pd
import pytest
from PIL import Image as PILImage
from tree_of_files import tree

from epic_features import OutputError, PlanError
from epic_features.cleaning.moves import apply, undo
from epic_features.cleaning.plan import read_plan
from epic_features.cleaning.rank import ranking
from epic_features.cleaning.review import write_review

HOSTILE = (
    "<img src=x onerror=alert(1)>.png",
    "</script><script>alert(2)</script>.png".replace("/", "∕"),
    "quote\"'&amp;.png",
    "صورة ٢.png",
    "😀.png",
    "\u202egnp.png",
    "line\u2028break.png",
    os.fsdecode(b"\xff\xfe.png"),
)


@pytest.fixture
def folder(tmp_path):
    """Twelve pictures and four plain names among hostile ones."""
    root = tmp_path / "root"
    (root / "sub").mkdir(parents=True)
    names = [*HOSTILE, "a.png", "b.jpg", "sub/c.png", "broken.png"]
    for n, name in enumerate(names):
        pixels = np.full((40 + n, 60, 3), n * 20, np.uint8)
        PILImage.fromarray(pixels).save(root / name, "PNG")
    (root / "broken.png").write_bytes(b"no picture")
    return root, names


@pytest.fixture
def findings(folder):
    _, names = folder
    written = [
        n.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace") for n in names
    ]
    return pd.DataFrame(
        {
            "path": written,
            "kind": ["near"] * 4 + ["exact"] * 4 + ["wrong_extension"] * 4,
            "value": np.linspace(0, 1, 12),
            "suggestion": ["trash", "keep", "review", "trash"] * 2
            + ["review", "rename", "trash", "trash"],
            "target": [None] * 9 + ["b.png", None, None],
            "reason": "<b>bold</b></script> & سبب",
            "group": pd.array([0, 0, 1, 1, 2, 2, 2, 2, None, None, None, None], "Int32"),
        }
    )


@pytest.fixture(scope="module")
def browser():
    sync_api = pytest.importorskip("playwright.sync_api", reason="needs playwright")
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    if path is None:
        pytest.skip("needs the Debian package chromium")
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def page(browser):
    """A page that must neither ask for anything nor complain."""
    context = browser.new_context(viewport={"width": 1000, "height": 800})
    page = context.new_page()
    complaints, requests = [], []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda message: complaints.append(message.text))
    page.on("dialog", lambda dialog: complaints.append(dialog.message))
    page.on("request", lambda request: requests.append(request.url))
    yield page
    context.close()
    assert complaints == []
    assert [url for url in requests if not url.startswith(("file:", "data:", "blob:"))] == []


def saved_plan(page, tmp_path):
    with page.expect_download() as download:
        page.click("#save")
    download.value.save_as(tmp_path / "plan.json")
    return tmp_path / "plan.json"


def test_suggestions_are_carried_out_and_undone(page, folder, findings, tmp_path):
    root, names = folder
    before = tree(root)
    assert write_review(findings, root, tmp_path / "review.html") == 12
    page.goto((tmp_path / "review.html").as_uri())
    assert page.locator(".card").count() == 12
    assert page.locator(".card img").count() == 11
    assert page.inner_text("#sum") == "6 to trash, 1 to rename, 5 to keep"
    plan = read_plan(saved_plan(page, tmp_path))
    trashed = {names[i] for i in (0, 3, 4, 7, 10, 11)}
    assert {a.path for a in plan.actions if a.action == "trash"} == trashed
    assert [(a.path, a.target) for a in plan.actions if a.action == "rename"] == [
        ("b.jpg", "b.png")
    ]
    report = apply(plan)
    assert report.count("moved") == 7, report.table
    assert not any((root / name).exists() for name in trashed)
    undo(report.journal)
    assert tree(root) == before


def test_the_keyboard(page, folder, findings, tmp_path):
    root, names = folder
    write_review(findings, root, tmp_path / "review.html")
    page.goto((tmp_path / "review.html").as_uri())

    def chosen():
        return page.evaluate("[...document.querySelectorAll('.card')].map(c => c.dataset.choice)")

    def focused():
        return int(page.evaluate("document.activeElement.dataset.index"))

    assert focused() == 0
    page.keyboard.press("k")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("T")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Space")
    assert chosen()[:3] == ["keep", "trash", "trash"]
    page.keyboard.press("Space")
    page.keyboard.press("r")  # There is no other name to give.
    assert chosen()[2] == "keep"
    page.keyboard.press("End")
    assert focused() == 11
    page.keyboard.press("ArrowUp")
    assert focused() < 11
    page.keyboard.press("Home")
    page.keyboard.press("ArrowDown")
    assert focused() > 0
    page.reload()
    assert chosen()[:3] == ["keep", "trash", "keep"]  # Remembered.
    page.click("#none")
    assert set(chosen()) == {"keep"}
    assert page.is_disabled("#save")
    page.click("#suggested")
    assert chosen()[0] == "trash"
    page.locator(".card").nth(9).click()
    assert chosen()[9] == "trash"  # keep, rename, trash in turn.
    page.select_option("#filter", label="exact")
    assert page.locator(".card").count() == 4


def test_names_are_text_and_nothing_else(page, folder, findings, tmp_path):
    root, names = folder
    write_review(findings, root, tmp_path / "review.html", title="<script>alert(3)</script>")
    page.goto((tmp_path / "review.html").as_uri())
    shown = page.locator(".name").all_inner_texts()
    assert shown[0] == names[0]
    assert page.locator(".reason").first.inner_text() == "<b>bold</b></script> & سبب"
    assert page.inner_text("h1") == "<script>alert(3)</script>"
    assert page.evaluate("document.querySelectorAll('script').length") == 2
    # Even if something got in, the browser would not run it.
    policy = "document.querySelector('meta[http-equiv]').content"
    assert re.search(r"script-src 'sha256-[^ ]+'$", page.evaluate(policy))


def test_many_images_stay_usable(page, tmp_path):
    root = tmp_path / "many"
    root.mkdir()
    for n in range(1000):
        PILImage.new("L", (8, 8), n % 256).save(root / f"{n:04d}.png")
    table = pd.DataFrame({"path": [f"{n:04d}.png" for n in range(1000)], "value": range(1000)})
    write_review(table, root, tmp_path / "review.html")
    page.goto((tmp_path / "review.html").as_uri())
    assert page.inner_text("#page") == "page 1 of 9"
    assert page.locator(".card").count() == 120
    page.keyboard.press("PageDown")
    page.keyboard.press("t")
    page.keyboard.press("End")
    page.keyboard.press("t")
    page.keyboard.press("ArrowLeft")
    plan = json.loads(saved_plan(page, tmp_path).read_text())
    assert [action["path"] for action in plan["actions"]] == ["0120.png", "0999.png"]
    assert (
        read_plan(tmp_path / "plan.json").actions[0].mtime_ns
        == (root / "0120.png").stat().st_mtime_ns
    )


def test_several_findings_of_a_file_are_one_card(folder, tmp_path):
    root, _ = folder
    table = pd.DataFrame(
        {
            "path": ["a.png", "a.png", "gone.png"],
            "suggestion": ["review", "trash", "trash"],
            "reason": ["one", "two", "three"],
        }
    )
    assert write_review(table, root, tmp_path / "r.html") == 1
    text = (tmp_path / "r.html").read_text()
    assert '"suggestion":"trash"' in text
    assert "one; two" in text
    with pytest.raises(OutputError, match="exists"):
        write_review(table, root, tmp_path / "r.html")
    with pytest.raises(PlanError, match="nothing to review"):
        write_review(table[:0], root, tmp_path / "s.html")
    with pytest.raises(PlanError, match="right root"):
        write_review(table[2:], root, tmp_path / "s.html")


def test_a_ranking_of_names_that_are_not_unicode(tmp_path):
    folder = tmp_path / "gallery"
    folder.mkdir()
    for name in ("a\udcff.png", "b.png"):
        PILImage.new("RGB", (90, 60), "red").save(folder / name)
    table = ranking(folder, "area")
    assert write_review(table, folder, tmp_path / "review.html") == 2
