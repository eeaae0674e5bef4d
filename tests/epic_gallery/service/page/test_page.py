"""Pictures sent from the page, in a real browser."""

import csv
import io
import json
import shutil
import time
from collections import Counter

import pytest
from serving import serving
from tree_of_files import tree

from epic_features.cleaning.moves import apply, undo
from epic_features.cleaning.plan import read_plan
from epic_features.errors import PlanError
from epic_gallery.service.settings import Limits


@pytest.fixture(scope="module")
def answers(served, pictures):
    """What the service says of each picture, asked without the page."""
    status, lines = served.classify_many(
        [(path.name, path.read_bytes()) for path in pictures], model="colors"
    )
    assert status == 200
    return {pictures[line["index"]]: line for line in lines}


def group_of(answer):
    return "unsure" if answer["decision"] == "unsure" else answer["label"]


def saved(visit, button, path):
    visit.page.click("#save")
    with visit.page.expect_download() as download:
        visit.page.click(button)
    download.value.save_as(path)
    return path


def test_fifty_pictures_are_sorted_into_groups(served, visit, pictures, answers):
    here = visit()
    here.show(served.link)
    assert here.page.is_hidden("#folder-card")
    here.send(pictures)
    assert here.groups() == Counter(group_of(answer) for answer in answers.values())
    assert here.page.inner_text("#status-text") == "All 50 pictures looked at"
    for path, answer in answers.items():
        card = here.card(path.name).first
        if path.name == "IMG_0010.JPG":
            percent = f"{int(100 * answer['confidence'])}%"
            assert card.locator(".percent").text_content() == percent
            told = card.locator(".look").get_attribute("aria-label")
            assert percent in told
            assert answer["reasons"][0]["text"]["en"] in told
            assert card.locator(".reason").text_content() in told
    first = here.page.locator(".card.loaded").first
    shown = "card => [card.querySelector('img').naturalWidth, card.querySelector('img').src]"
    width, address = first.evaluate(shown)
    assert 0 < width <= 1000
    # What is far away costs nothing yet; what is over costs nothing any more.
    assert here.page.locator(".card img[src]").count() < 50
    here.page.click("#start-again")
    gone = """address => new Promise(done => {
        const image = new Image();
        image.onload = () => done(false);
        image.onerror = () => done(true);
        image.src = address;
    })"""
    assert here.page.evaluate(gone, address)
    here.complaints[:] = [line for line in here.complaints if "ERR_FILE_NOT_FOUND" not in line]
    assert here.page.is_visible("#start")


def test_labels_are_corrected_by_mouse_and_by_keyboard(served, visit, pictures, tmp_path):
    here = visit()
    page = here.page
    here.show(served.link)
    here.send([path for path in pictures if path.parent.name in ("personalPhotos", "animated")])
    mouse, keyboard = page.locator("[data-group=real] .card .file").all_text_contents()[:2]
    assert here.group_of(mouse) == here.group_of(keyboard) == "real"
    here.card(mouse).hover()
    here.card(mouse).locator(".more").click()
    page.get_by_role("menuitemradio", name="Drawings").click()
    assert here.group_of(mouse) == "animated"
    assert page.inner_text("#changes") == "one change"
    here.card(keyboard).locator(".look").focus()
    page.keyboard.press("1")
    assert here.group_of(keyboard) == "animated"
    assert "chosen" in here.card(keyboard).get_attribute("class")
    changes = saved(here, "#save-corrections", tmp_path / "changes.csv").read_text("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(changes)))
    assert {row["relative_path"]: row["class"] for row in rows} == {
        mouse: "animated",
        keyboard: "animated",
    }
    page.click("#undo")
    assert here.group_of(keyboard) == "real"
    page.keyboard.press("z")
    assert here.group_of(mouse) == "real"
    assert page.is_hidden("#undo")


def _until(holds, seconds=20):
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, "it did not come about"
        time.sleep(0.05)


def test_the_keyboard_goes_everywhere(served, visit, pictures):
    here = visit()
    page = here.page
    here.show(served.link)
    here.send(pictures[:20])
    order = here.evaluate(
        "[...document.querySelectorAll('section:not([hidden]) > .grid > .card')]"
        ".map(card => card.picture.path)"
    )
    focused = "document.activeElement.closest('.card').picture.path"

    def press(key):
        page.keyboard.press(key)
        return order.index(here.evaluate(focused))

    page.locator("#order").focus()
    assert press("Tab") == 0
    assert press("ArrowRight") == 1
    assert press("ArrowLeft") == 0
    below = press("ArrowDown")
    assert below > 0
    left = "document.activeElement.getBoundingClientRect().left"
    assert here.evaluate(left) == page.locator(".card .look").first.bounding_box()["x"]
    assert press("ArrowUp") == 0
    assert press("End") == len(order) - 1
    assert press("Home") == 0
    # One stop for the cards, whatever their number: the picture, its button, and out.
    page.keyboard.press("Tab")
    assert here.evaluate("document.activeElement.className") == "more round"
    page.keyboard.press("Tab")
    assert here.evaluate("document.activeElement.closest('.card')") is None
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Enter")
    assert page.is_visible("#detail")
    assert page.inner_text("#detail-title") == order[0]
    page.keyboard.press("ArrowRight")
    assert page.inner_text("#detail-title") == order[1]
    page.keyboard.press("Escape")
    _until(
        lambda: here.evaluate(focused) == order[1]
    )  # A dialog tells a little later that it closed.
    page.keyboard.press("m")
    assert page.is_visible("#menu")
    page.keyboard.press("Escape")
    _until(lambda: here.evaluate(focused) == order[1])
    page.keyboard.press("/")
    assert here.evaluate("document.activeElement.id") == "search"
    page.keyboard.press("?")  # Typed, because this is a field.
    assert page.is_hidden("#help-dialog")
    page.locator("#help").focus()
    page.keyboard.press("?")
    assert page.is_visible("#help-dialog")


def test_filters(served, visit, pictures, answers):
    here = visit()
    page = here.page
    here.show(served.link)
    here.send(pictures)
    whole = here.groups()
    page.click(".chip[data-group=real]")
    assert here.groups() == {"real": whole["real"]}
    page.click(".chip[data-group='']")
    assert here.groups() == whole
    page.fill("#below", "60")
    below = [answer for answer in answers.values() if answer["confidence"] < 0.6]
    assert 0 < len(below) < 50
    assert here.groups() == Counter(map(group_of, below))
    page.fill("#search", "sticker")
    assert sum(here.groups().values()) == sum("sticker" in a["name"] for a in below)
    page.fill("#search", "no such name")
    assert here.groups() == {}
    page.click("#clear-filter")
    assert here.groups() == whole
    page.select_option("#order", "unsure")
    sure = here.evaluate(
        "[...document.querySelectorAll('[data-group=animated] .card')]"
        ".map(card => card.picture.confidence)"
    )
    assert sure == sorted(sure)


def test_a_plan_of_the_page_is_carried_out_by_organize(served, visit, album, pictures, tmp_path):
    root = tmp_path / "root"
    shutil.copytree(album, root)
    before = tree(root)
    here = visit()
    here.show(served.link)
    here.page.select_option("#model", "colors")
    here.page.set_input_files("#folder", root)
    here.finished()
    path = saved(here, "#save-plan", tmp_path / "plan.json")
    there = len(list((root / "animated").iterdir()))
    assert there > 0
    going = here.groups()["animated"] - there  # Those are where they belong.
    assert len(json.loads(path.read_text())["actions"]) == going
    with pytest.raises(PlanError, match="root"):
        read_plan(path)  # A page does not know where a folder is.
    report = apply(read_plan(path, root))
    assert report.count("moved") == going == len(report.outcomes)
    assert len(list((root / "animated").iterdir())) == going + there
    undo(report.journal)
    assert tree(root) == before
    rows = saved(here, "#save-list", tmp_path / "list.csv").read_text("utf-8-sig")
    found = {row["relative_path"]: row for row in csv.DictReader(io.StringIO(rows))}
    assert set(found) == {path.relative_to(album).as_posix() for path in pictures}


def test_what_is_no_picture_is_said(served, visit, pictures, tmp_path):
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(pictures[0].read_bytes()[:3000])
    text = tmp_path / "letter.png"
    text.write_bytes(b"Dear reader")
    (tmp_path / "list.txt").write_text("not sent at all")
    here = visit()
    here.show(served.link)
    here.send([broken, text, tmp_path / "list.txt", pictures[0]])
    assert here.groups() == {"animated": 1, "unread": 2}
    assert here.card("broken.jpg").locator(".reason").text_content() == (
        "the file is damaged or incomplete"
    )
    assert here.card("letter.png").locator(".reason").text_content() == "this is no picture"
    assert here.page.inner_text("#notice") == "One file that is no picture was left out."
    assert here.card("broken.jpg").locator(".more").is_hidden()


def test_a_busy_service_is_asked_again(visit, pictures, tmp_path):
    with serving(tmp_path, Limits(max_requests=1), model="colors", workers=1) as served:
        here = visit()
        here.show(served.link)
        here.page.select_option("#model", "colors")
        # It may be said for a moment only, so everything that is said is noted.
        here.page.evaluate(
            """() => {
                window.said = new Set();
                const note = () => window.said.add(document.body.innerText.includes("is busy"));
                new MutationObserver(note).observe(
                    document.body, {subtree: true, childList: true, characterData: true}
                );
            }"""
        )
        here.page.set_input_files("#files", pictures[:24])
        here.finished()
        assert here.page.evaluate("() => window.said.has(true)")
        assert sum(here.groups().values()) == 24
        assert "unread" not in here.groups()
        assert 429 in here.statuses
    assert all("429" in line for line in here.complaints)
    here.complaints.clear()  # The browser's own remarks about the refusals.


def test_a_network_that_is_gone_and_comes_back(served, visit, pictures):
    here = visit()
    here.show(served.link)
    here.page.route("**/v1/classify*", lambda route: route.abort("internetdisconnected"))
    here.page.select_option("#model", "colors")
    here.page.set_input_files("#files", pictures[:3])
    here.page.get_by_text("The computer does not answer").wait_for()
    here.page.unroute_all()
    here.page.click("#retry")
    here.finished()
    assert sum(here.groups().values()) == 3
    assert all("ERR_INTERNET_DISCONNECTED" in line for line in here.complaints)
    here.complaints.clear()


def test_the_token_is_taken_from_the_link(visit, pictures, tmp_path):
    with serving(tmp_path, model="colors", workers=1, token="a secret of the test") as served:
        assert "#token=" in served.link
        here = visit()
        here.page.goto(served.url)
        here.page.wait_for_selector("#login[open]")
        here.page.fill("#token", "a secret of the test")
        here.page.keyboard.press("Enter")
        here.page.wait_for_selector("#model option", state="attached")
        assert 401 in here.statuses
        here.complaints[:] = [line for line in here.complaints if "401" not in line]
        there = visit()
        there.show(served.link)
        assert "secret" not in there.page.url
        there.send(pictures[:2], "colors")
        assert sum(there.groups().values()) == 2
        assert not any("secret" in url for url in there.requests)
