"""Moves that were interrupted: the page says so, goes on, or takes them back."""

import re
import shutil
import signal

import pytest
from interrupted import cut_off, cut_off_undo, dying
from serving import serving
from sorted_folder import serving_folder
from test_page_looks import FAINT, SMALL, TOO_WIDE
from tree_of_files import contents, tree

from epic_features.cleaning.lock import locked
from epic_features.cleaning.moves import apply, undo
from epic_features.cleaning.plan import Action, make_plan

PHONE = {
    "viewport": {"width": 360, "height": 740},
    "is_mobile": True,
    "has_touch": True,
    "color_scheme": "dark",
}
KINDS = ("fTxtMssgs", "academicDigital", "personalPhotos")
WIDE = "document.documentElement.scrollWidth > innerWidth"


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    return tmp_path_factory.mktemp("interrupted")


@pytest.fixture(scope="module")
def root(gallery, place):
    root = place / "My photos صوري"
    for kind in KINDS:
        shutil.copytree(gallery[0] / kind, root / kind)
    return root


@pytest.fixture(scope="module")
def light(root, place):
    """A service for the same folder that begins soon; it only moves."""
    (place / "light").mkdir()
    with serving(place / "light", model="colors", workers=1, folder=root) as served:
        yield served


@pytest.fixture
def moves(root):
    """What a plan says; there are five pictures or more."""
    names = sorted(tree(root))
    return {name: f"irrelevant/{name.rpartition('/')[2]}" for name in names[:7]}


def first_screen(here):
    """Return what is said about a move that has not come to its end."""
    here.page.wait_for_selector("#unfinished:visible")
    assert here.page.is_hidden("#last")
    return here.page.inner_text("#unfinished-text")


def test_a_service_that_is_killed_while_it_moves_goes_on(root, place, light, visit, default_models):
    before = tree(root)
    (place / "killed").mkdir()
    with serving_folder(root, place / "kept", place / "killed", dying(2)) as served:
        here = visit()
        here.show(served.link)
        here.page.click("#sort-folder")
        here.finished()
        going = here.groups()["irrelevant"]
        assert going > 4
        here.page.click("#apply")
        here.page.click("#confirm button[value=yes]")
        here.page.get_by_text("The computer does not answer").first.wait_for()
        assert served.process.wait(60) == -signal.SIGKILL
        here.complaints.clear()  # The browser's, about the connection.
    assert set(tree(root)) != set(before)
    assert contents(root) == sorted(before.values())

    here = visit()
    page = here.page
    here.show(light.link)
    said = r"The move of \W\d+ \w+\W was interrupted\. 2 pictures were moved\. {} are still"
    said += r" to be moved\."
    assert re.fullmatch(said.format(going - 2), first_screen(here))
    assert page.is_disabled("#sort-folder")
    page.click("#resume-unfinished")
    page.get_by_text(f"{going} pictures were moved on").wait_for()
    assert f"{going - 2} pictures were moved." in page.inner_text("#toast")
    assert page.is_hidden("#unfinished")
    assert page.is_enabled("#sort-folder")
    assert len(list((root / "irrelevant").iterdir())) == going
    assert contents(root) == sorted(before.values())
    page.click("#undo-last")
    page.wait_for_selector("#last", state="hidden")
    assert tree(root) == before


def test_an_interrupted_move_is_taken_back_in_arabic_on_a_phone(root, moves, light, visit):
    before = tree(root)
    cut_off(root, moves, 3)
    here = visit(locale="ar-EG", **PHONE)
    page = here.page
    here.show(light.link)
    said = first_screen(here)
    assert re.match(r"توقفت عملية نقل \W\d+ \w+\W قبل أن تكتمل\. نُقلت ٣ صور\. بقيت ٤ صور", said)
    assert page.inner_text("#resume-unfinished") == "أكمل"
    assert not here.evaluate(WIDE)
    for check in (TOO_WIDE, SMALL, FAINT):
        assert here.evaluate(check) == []
    page.click("#undo-unfinished")
    page.wait_for_selector("#unfinished", state="hidden")
    assert "رجعت ٣ صور إلى أماكنها" in page.inner_text("#toast")
    assert tree(root) == before


def test_an_interrupted_undo_goes_on(root, moves, light, visit):
    before = tree(root)
    apply(make_plan(root, [Action(name, "move", target) for name, target in moves.items()]))
    cut_off_undo(root, 4)
    here = visit()
    page = here.page
    here.show(light.link)
    said = "Putting the pictures back was interrupted. 2 pictures are back in their places."
    assert first_screen(here) == f"{said} {len(moves) - 2} are still to be put back."
    assert page.is_hidden("#undo-unfinished")  # There is only one way from here.
    page.click("#resume-unfinished")
    page.wait_for_selector("#unfinished", state="hidden")
    assert tree(root) == before


def test_what_was_edited_meanwhile_is_left_alone_and_said(root, moves, light, visit):
    cut_off(root, moves, 1)
    edited = root / list(moves)[5]
    content = edited.read_bytes()
    edited.write_bytes(content + b"edited")
    here = visit()
    page = here.page
    here.show(light.link)
    first_screen(here)
    page.click("#resume-unfinished")
    page.wait_for_selector("#last-left:visible")
    page.click("#last-left summary")
    assert edited.name in page.inner_text("#last-left")
    assert "it changed since the plan was made" in page.inner_text("#last-left")
    assert edited.read_bytes() == content + b"edited"
    undo(root)
    edited.write_bytes(content)


def test_while_another_program_moves_the_page_waits(root, moves, light, visit):
    before = tree(root)
    cut_off(root, moves, 2)
    here = visit()
    page = here.page
    with locked(root):
        here.show(light.link)
        assert first_screen(here) == "Pictures are being moved. Wait until that is over."
        for button in ("#resume-unfinished", "#undo-unfinished"):
            assert page.is_hidden(button)
        assert page.is_disabled("#sort-folder")
    page.click("#undo-unfinished")  # It comes by itself.
    page.wait_for_selector("#unfinished", state="hidden")
    assert tree(root) == before
