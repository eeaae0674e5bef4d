"""A folder that is sorted from the page, and put back."""

import hashlib
import shutil

import pytest
from sorted_folder import serving_folder
from tree_of_files import tree

KINDS = ("fTxtMssgs", "eGreetingAndMisc", "academicDigital", "personalPhotos")


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    return tmp_path_factory.mktemp("sorted")


@pytest.fixture(scope="module")
def root(gallery, place):
    """A folder with pictures of a few kinds, in Arabic and English, and something else."""
    root = place / "My photos صوري"
    for kind in KINDS:
        shutil.copytree(gallery[0] / kind, root / kind)
    (root / "notes.txt").write_text("not a picture")
    return root


@pytest.fixture(scope="module")
def sorting(root, place, default_models):
    with serving_folder(root, place / "kept", place) as served:
        yield served


def digests(folder):
    return sorted(hashlib.sha256(content).hexdigest() for content, _ in tree(folder).values())


def moved(here):
    here.page.click("#apply")
    here.page.click("#confirm button[value=yes]")
    here.page.wait_for_selector("#undo-move:visible")


def test_a_folder_is_sorted_corrected_applied_and_undone(sorting, root, visit, place):
    before = tree(root)
    here = visit()
    page = here.page
    here.show(sorting.link)
    assert "My photos صوري" in page.inner_text("#folder-title")
    assert "Only those whose group you change are kept" in page.inner_text(".promises")
    page.click("#sort-folder")
    here.finished()
    groups = here.groups()
    assert groups["personal"] >= 1
    assert groups["irrelevant"] >= 5
    assert sum(groups.values()) == len(before) - 1
    page.locator(".card.loaded").first.wait_for()  # A thumbnail from the service.
    assert (
        page.inner_text("[data-group=irrelevant] .where")
        == "go to the folder \u2068irrelevant\u2069"
    )
    assert tree(root) == before

    wrong, chat = page.locator("[data-group=irrelevant] .card .file").all_text_contents()[:2]
    here.card(wrong).locator(".look").click()
    page.click("#detail .choice[data-class=personal]")
    page.keyboard.press("Escape")
    assert here.group_of(wrong) == "personal"
    going = page.locator("[data-group=irrelevant] .card").count()
    assert page.inner_text("#apply") == f"Move {going} pictures"
    [file] = [path for path in root.rglob("*.*") if path.name == wrong]
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    here.page.get_by_text("kept for training").wait_for()
    sorting.until(lambda: list((place / "kept" / "personal").glob(f"{digest}.*")))

    page.click("#apply")
    assert f"{going} pictures into" in page.inner_text("#confirm-list")
    page.click("#confirm button[value=no]")
    assert tree(root) == before
    moved(here)
    assert page.inner_text("#result-text") == f"{going} pictures were moved."
    assert file.exists()
    assert (root / "irrelevant" / chat).exists()
    assert len(list((root / "irrelevant").iterdir())) == going
    assert digests(root) == sorted(hashlib.sha256(c).hexdigest() for c, _ in before.values())
    assert page.is_disabled("#apply")
    assert here.card(chat).locator(".more").is_hidden()

    page.click("#undo-move")
    page.get_by_text(f"{going} pictures are back").wait_for()
    assert tree(root) == before
    assert page.is_enabled("#apply")
    page.locator("#undo").click()
    sorting.until(lambda: not list((place / "kept" / "personal").iterdir()))

    # Later, with another visit, the first screen offers to take it back.
    moved(here)
    assert tree(root) != before
    later = visit(locale="ar-EG")
    later.show(sorting.link)
    later.page.click("#undo-last")
    later.page.wait_for_selector("#last", state="hidden")
    assert tree(root) == before


def test_what_changed_meanwhile_stays(sorting, root, visit):
    here = visit()
    here.show(sorting.link)
    here.page.click("#sort-folder")
    here.finished()
    going = here.page.locator("[data-group=irrelevant] .card").count()
    name = here.page.locator("[data-group=irrelevant] .card .file").first.text_content()
    [file] = [path for path in root.rglob("*.*") if path.name == name]
    file.write_bytes(file.read_bytes() + b"edited")
    moved(here)
    assert here.page.inner_text("#result-text") == f"{going - 1} pictures were moved."
    here.page.click("#left summary")
    assert "it changed since the plan was made" in here.page.inner_text("#left")
    assert file.exists()
