"""What is not lost when something else comes in between: the service's answers are made up here."""

import csv
import io
import json

import pytest

CLASSES = ("animated", "real")


def _lines(*lines):
    body = "".join(f"{json.dumps(line)}\n" for line in lines)
    return {"status": 200, "content_type": "application/x-ndjson", "body": body}


def _found(label, **more):
    probabilities = {name: float(name == label) for name in CLASSES}
    sure = {"label": label, "decision": label, "confidence": 0.9, "reasons": []}
    return {**sure, "probabilities": probabilities, "sha256": "0" * 64, **more}


PLAN = (
    {"total": 2, "folders": ["animated"]},
    _found("animated", path="a.jpg", folder="animated"),
    _found("real", path="b.jpg"),
)


@pytest.fixture
def sorting(served, visit, pictures):
    """Return a function that opens the page with a folder whose plan is made up."""

    def begin(*plan, corrections=False):
        here = visit()
        page = here.page
        page.route("**/v1/gallery", lambda route: route.fulfill(json={
            "folder": {
                "name": "pile", "pictures": 2, "moving": False, "last": None, "unfinished": None
            },
            "models": ["colors"],
            "corrections": corrections,
        }))  # fmt: skip
        page.route("**/v1/gallery/plan", lambda route: route.fulfill(**_lines(*plan)))
        page.route("**/v1/gallery/thumbnail*", lambda route: route.fulfill(path=pictures[0]))
        here.show(served.link)
        page.select_option("#model", "colors")
        page.click("#sort-folder")
        here.finished()
        here.groups()  # By now every card has its place, and keeps what is focused.
        return here

    return begin


def test_nothing_else_begins_while_pictures_are_moved(sorting, pictures):
    here = sorting(*PLAN)
    page = here.page
    held = []
    page.route("**/v1/gallery/apply", lambda route: held.append(route))
    page.click("#apply")
    page.click("#confirm button[value=yes]")
    page.wait_for_selector("#undo-move:disabled", state="attached")
    wait = page.get_by_text("Pictures are being moved. Wait until that is over.").first
    page.set_input_files("#files", pictures[:1])
    wait.wait_for()
    page.click("#start-again")
    here.card("b.jpg").locator(".look").focus()
    page.keyboard.press("1")
    assert here.groups() == {"animated": 1, "real": 1}
    assert page.is_disabled("#apply")
    held[0].fulfill(**_lines({"report": {"moved": 1, "left": []}}))
    page.wait_for_selector("#undo-move:visible")
    assert page.inner_text("#result-text") == "One picture was moved."
    page.set_input_files("#files", pictures[:2])  # Now they are taken, and can be changed.
    page.get_by_text("All 2 pictures looked at").first.wait_for()
    page.locator(".card .more:visible").first.click(force=True)
    assert page.is_visible("#menu")


def test_a_move_that_fails_leaves_the_pictures_free(sorting):
    here = sorting(*PLAN)
    page = here.page
    failed = {"error": {"code": "failed", "message": "the disk is full"}}
    page.route("**/v1/gallery/apply", lambda route: route.fulfill(**_lines(failed)))
    page.click("#apply")
    page.click("#confirm button[value=yes]")
    page.get_by_text("the disk is full").first.wait_for()
    assert page.is_enabled("#apply")
    here.card("b.jpg").locator(".look").focus()
    page.keyboard.press("1")
    assert here.group_of("b.jpg") == "animated"


def test_a_change_that_the_service_has_no_room_for_is_kept_later(sorting):
    here = sorting(*PLAN, corrections=True)
    page = here.page
    full = {"error": {"code": "memory_full", "message": "try again later"}}
    answers = [
        {"status": 503, "headers": {"Retry-After": "1"}, "json": full},
        {"json": {"saved": "animated/0.jpg", "sha256": "0" * 64}},
    ]
    asked = []

    def answer(route):
        asked.append(route.request.url)
        route.fulfill(**answers.pop(0))

    page.route("**/v1/corrections*", answer)
    here.card("b.jpg").locator(".look").focus()
    with page.expect_response(lambda r: "/v1/corrections" in r.url and r.ok):
        page.keyboard.press("1")
    assert len(asked) == 2
    assert "class=animated" in asked[1]
    page.get_by_text("kept for training").wait_for()
    here.complaints.clear()  # The browser's, about the status.


@pytest.mark.parametrize("way", ["drop", "button"])
def test_changes_are_not_thrown_away_unasked(sorting, pictures, way):
    here = sorting(*PLAN)
    page = here.page

    def leave():
        if way == "drop":
            page.set_input_files("#files", pictures[:1])
        else:
            page.click("#start-again")

    here.card("b.jpg").locator(".look").focus()
    page.keyboard.press("1")
    leave()
    page.click("#sure button[value=no]")
    page.locator("#sure").wait_for(state="detached")
    assert here.group_of("b.jpg") == "animated"
    leave()
    page.locator("#sure").wait_for()
    page.keyboard.press("Enter")  # Loses nothing.
    page.locator("#sure").wait_for(state="detached")
    assert here.group_of("b.jpg") == "animated"
    leave()
    page.click("#sure button[value=yes]")
    here.card("b.jpg").wait_for(state="detached")


def test_a_plan_that_breaks_off_is_over(sorting):
    broken = {"error": {"code": "failed", "message": "the folder is gone"}}
    here = sorting(*PLAN[:2], broken)
    assert "the folder is gone" in here.page.inner_text("#status-text")
    assert here.page.is_hidden("#stop")
    assert here.groups() == {"animated": 1}


SLOW = {"error": {"code": "too_slow_upload", "message": "send it again"}}


def test_a_slow_upload_is_sent_again(served, visit, pictures):
    here = visit()
    answers = [
        _lines({"index": 0, "name": "x", **_found("real")}, SLOW),
        _lines({"index": 0, "name": "y", **_found("real")}),
    ]
    here.page.route("**/v1/classify*", lambda route: route.fulfill(**answers.pop(0)))
    here.show(served.link)
    here.send(pictures[:2])
    assert here.page.inner_text("#status-text") == "All 2 pictures looked at"
    assert here.groups() == {"real": 2}


def test_an_upload_that_stays_slow_ends_and_can_go_on(served, visit, pictures):
    here = visit()
    page = here.page
    tries = []

    def refuse(route):
        tries.append(route)
        route.fulfill(**_lines(SLOW))

    page.route("**/v1/classify*", refuse)
    page.clock.install()
    here.show(served.link)
    page.select_option("#model", "colors")
    page.set_input_files("#files", pictures[:2])
    for _ in range(60):
        page.clock.run_for(5_000)
        if page.is_visible("#go-on"):
            break
    page.get_by_text("the connection was too slow").first.wait_for()
    assert len(tries) == 5
    page.unroute_all()
    page.click("#go-on")
    page.get_by_text("All 2 pictures looked at").first.wait_for()
    assert sum(here.groups().values()) == 2


def test_names_that_are_formulas_are_text_in_the_list_only(sorting, tmp_path):
    name = "=HYPERLINK(1).jpg"
    here = sorting(*PLAN[:2], _found("real", path=name))
    page = here.page
    here.card(name).locator(".look").focus()
    page.keyboard.press("1")
    paths = {}
    for button in ("#save-list", "#save-corrections"):
        page.click("#save")
        with page.expect_download() as download:
            page.click(button)
        download.value.save_as(tmp_path / "saved.csv")
        rows = csv.DictReader(io.StringIO((tmp_path / "saved.csv").read_text("utf-8-sig")))
        paths[button] = [row["relative_path"] for row in rows]
    assert paths == {"#save-list": ["a.jpg", f"'{name}"], "#save-corrections": [name]}
