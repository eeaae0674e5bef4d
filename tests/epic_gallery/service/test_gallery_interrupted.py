"""Moves in the folder of the service that were interrupted, asked about over HTTP."""

import json
import shutil
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from interrupted import cut_off, cut_off_undo
from openapi_schema_validator import OAS31Validator
from serving import png, serving
from tree_of_files import contents, fill, tree

from epic_features.cleaning.lock import locked
from epic_features.cleaning.moves import apply, status
from epic_features.cleaning.plan import Action, make_plan

NAMES = [*(f"{n}.jpg" for n in range(6)), "صورة.jpg", "sub/😀.png"]
MOVES = {name: f"irrelevant/{name.rpartition('/')[2]}" for name in NAMES}


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    place = tmp_path_factory.mktemp("interrupted")
    (place / "album").mkdir()
    with serving(place, model="colors", workers=1, folder=place / "album") as made:
        yield made


@pytest.fixture
def root(served):
    """The folder, each time with the same files and without a history."""
    root = served.log.parent / "album"
    shutil.rmtree(root)
    fill(root, {name: png(8, 8, seed) for seed, name in enumerate(NAMES)})
    return root


@pytest.fixture
def api(served):
    with httpx.Client(base_url=served.url, timeout=60) as client:
        yield client


def folder(api):
    found = api.get("/v1/gallery").json()
    document = api.get("/openapi.json").json()
    schema = {"$ref": "#/components/schemas/Gallery", "components": document["components"]}
    OAS31Validator(schema).validate(found)
    return found["folder"]


def unfinished(api):
    """Return what is told of it, but for the time, which is this minute."""
    found = dict(folder(api)["unfinished"])
    begun = datetime.fromisoformat(found.pop("at"))
    assert timedelta() <= datetime.now(UTC) - begun < timedelta(minutes=10)
    return found


def report(api, what, **asked):
    answer = api.post(f"/v1/gallery/{what}", json=asked)
    assert answer.status_code == 200, answer.text
    return json.loads(answer.text.splitlines()[-1])["report"]


@pytest.mark.parametrize("number", [0, 3, 7])
def test_an_interrupted_move_goes_on(api, root, number):
    before = tree(root)
    cut_off(root, MOVES, number)
    left = len(NAMES) - number
    assert unfinished(api) == {"back": False, "moved": number, "left": left}
    assert report(api, "resume") == {"moved": left, "left": []}
    assert set(tree(root)) == set(MOVES.values())
    assert contents(root) == sorted(before.values())
    assert folder(api)["unfinished"] is None
    assert folder(api)["last"]["moved"] == len(NAMES)
    assert report(api, "undo") == {"moved": len(NAMES), "left": []}
    assert tree(root) == before


@pytest.mark.parametrize("number", [0, 3, 7])
def test_an_interrupted_move_is_taken_back(api, root, number):
    before = tree(root)
    cut_off(root, MOVES, number)
    assert report(api, "undo", unfinished=True) == {"moved": number, "left": []}
    assert tree(root) == before
    there = folder(api)
    assert (there["unfinished"], there["last"]) == (None, None)


def test_an_interrupted_undo_goes_on(api, root):
    before = tree(root)
    apply(make_plan(root, [Action(name, "move", target) for name, target in MOVES.items()]))
    cut_off_undo(root, 5)
    assert unfinished(api) == {"back": True, "moved": 2, "left": 6}
    assert report(api, "resume") == {"moved": 6, "left": []}
    assert tree(root) == before
    assert folder(api)["unfinished"] is None


def test_the_interrupted_move_is_taken_back_and_not_a_later_one(api, root):
    before = tree(root)
    cut_off(root, {name: MOVES[name] for name in NAMES[:4]}, 2)
    apply(make_plan(root, [Action(NAMES[5], "move", "later.jpg")]))
    assert unfinished(api) == {"back": False, "moved": 2, "left": 2}
    assert report(api, "undo", unfinished=True)["moved"] == 2
    assert set(tree(root)) == {*NAMES, "later.jpg"} - {NAMES[5]}
    assert folder(api)["unfinished"] is None
    assert report(api, "undo")["moved"] == 1
    assert tree(root) == before


def test_what_changed_meanwhile_is_left_alone_and_said(api, root):
    cut_off(root, MOVES, 3)
    (root / NAMES[4]).write_bytes(b"edited")
    told = report(api, "resume")
    assert told["moved"] == len(NAMES) - 4
    assert [left["path"] for left in told["left"]] == [NAMES[4]]
    assert (root / NAMES[4]).read_bytes() == b"edited"
    assert list(status(root)["state"]) == ["done"]


def test_what_another_program_moves_now_was_not_interrupted(api, root):
    cut_off(root, MOVES, 3)
    before = tree(root)
    with locked(root):
        there = folder(api)
        assert (there["moving"], there["unfinished"]) == (True, None)
        for what, asked in (("resume", {}), ("undo", {"unfinished": True})):
            answer = api.post(f"/v1/gallery/{what}", json=asked)
            assert "another process moves files" in answer.text
    assert tree(root) == before
    assert folder(api)["moving"] is False
    assert folder(api)["unfinished"]["left"] == len(NAMES) - 3


def test_without_an_interruption_there_is_nothing_to_go_on_with(api, root):
    before = tree(root)
    there = folder(api)
    assert (there["moving"], there["unfinished"], there["last"]) == (False, None, None)
    for what, asked in (
        ("resume", {}),
        ("undo", {"unfinished": True}),
        ("undo", {"unfinished": 1}),
    ):
        refused = api.post(f"/v1/gallery/{what}", json=asked)
        assert refused.status_code == 400, what
        assert refused.json()["error"]["code"] == "bad_request"
    assert api.post("/v1/gallery/resume", headers={"Origin": "http://a.example"}).status_code == 403
    assert tree(root) == before
