"""What the service does with the folder it was started with, asked over HTTP."""

import hashlib
import json
import os
import shutil

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image as PILImage
from sorted_folder import serving_folder
from tree_of_files import tree

from epic_features.errors import SettingsError
from epic_features.sources import references
from epic_gallery.service.settings import ServiceSettings

ODD = os.fsdecode(b"caf\xe9.png")


@pytest.fixture(scope="module")
def place(whole_gallery, tmp_path_factory):
    """A folder beside which there is a secret, with links that lead there."""
    place = tmp_path_factory.mktemp("place")
    root = place / "root"
    shutil.copytree(whole_gallery[0] / "fTxtMssgs", root / "chats")
    shutil.copytree(whole_gallery[0] / "eGreetingAndMisc", root / "cards")
    shutil.copytree(whole_gallery[0] / "animated", root / "animated")
    picture = next((root / "chats").glob("*.png"))
    shutil.copy(picture, root / ODD)
    shutil.copy(picture, place / "secret.png")
    (root / "link.png").symlink_to(place / "secret.png")
    (root / "linked").symlink_to(place, target_is_directory=True)
    (root / "broken.jpg").write_bytes(b"\xff\xd8\xff and no more")
    return place


@pytest.fixture(scope="module")
def served(place, default_models, lightgbm):
    with serving_folder(place / "root", place / "kept", place) as made:
        yield made


@pytest.fixture
def api(served):
    with httpx.Client(base_url=served.url, timeout=120) as client:
        yield client


@pytest.fixture
def root(place):
    return place / "root"


def lines(response):
    assert response.status_code == 200, response.text
    return [json.loads(line) for line in response.text.splitlines()]


def planned(api, **asked):
    first, *found = lines(api.post("/v1/gallery/plan", json=asked))
    return first, {line["path"]: line for line in found}


def test_plan_apply_undo(api, root):
    before = tree(root)
    there = api.get("/v1/gallery").json()
    assert there["folder"]["name"] == "root"
    assert there["folder"]["last"] is None
    first, found = planned(api)
    assert first == {"total": len(found), "folders": ["irrelevant"], "model": "personal"}
    assert there["folder"]["pictures"] == len(found)
    assert "caf\\xe9.png" in found
    assert not {path for path in found if "link" in path}
    assert found["broken.jpg"]["error"]["code"] == "broken_picture"
    assert tree(root) == before
    for path, line in found.items():
        if "error" not in line:
            content, _ = before[ODD if path.startswith("caf") else path]
            assert line["sha256"] == hashlib.sha256(content).hexdigest()
            assert line["folder"] in (None, "irrelevant")
            assert {"en", "ar"} == set(line["reasons"][0]["text"])
    going = {path for path, line in found.items() if line.get("folder")}
    assert going
    unsure = next(path for path in found if path.startswith("animated/"))
    stays = next(path for path in sorted(going) if path.startswith("cards/"))
    changes = {unsure: "irrelevant", stays: "personal"}
    expected = (going | {unsure}) - {stays}
    asked = {"changes": changes, "moves": dict.fromkeys(expected, "irrelevant")}
    *progress, last = lines(api.post("/v1/gallery/apply", json=asked))
    assert last == {"report": {"moved": len(expected), "left": []}}
    assert progress[-1] == {"done": len(expected), "of": len(expected)}
    assert (root / stays).exists()
    assert len(list((root / "irrelevant").iterdir())) == len(expected)
    summary = api.get("/v1/gallery").json()["folder"]
    assert summary["last"]["moved"] == len(expected)
    assert summary["unfinished"] is None
    # The thumbnails of what moved can still be asked for by the names that the page knows.
    picture = api.get("/v1/gallery/thumbnail", params={"path": unsure})
    assert picture.headers["content-type"] == "image/jpeg"
    *_, last = lines(api.post("/v1/gallery/undo"))
    assert last["report"]["moved"] == len(expected)
    assert tree(root) == before
    refused = api.post("/v1/gallery/undo")
    assert refused.status_code == 400
    assert "nothing" in refused.json()["error"]["message"]


def test_changes_are_checked(api, root):
    before = tree(root)
    _, found = planned(api)
    path = next(iter(found))
    for changes in ({"../secret.png": "irrelevant"}, {path: "../.."}, {path: 3}, [path]):
        refused = api.post("/v1/gallery/apply", json={"changes": changes, "moves": {}})
        assert refused.status_code == 400, changes
    assert api.post("/v1/gallery/apply", content=b"{").status_code == 400
    assert api.post("/v1/gallery/plan", json={"model": "drawn"}).status_code == 400
    assert tree(root) == before


def test_nothing_moves_that_was_not_shown(api, root):
    before = tree(root)
    _, found = planned(api)
    going = sorted(path for path, line in found.items() if line.get("folder"))
    for moves in ({"moves": {}}, {"changes": {}}):
        api.post("/v1/gallery/apply", json=moves)
        assert tree(root) == before
    *_, last = lines(api.post("/v1/gallery/apply", json={"moves": {going[0]: "irrelevant"}}))
    assert last == {"report": {"moved": 1, "left": []}}
    # Not by the names that the page shows: one of them is not Unicode on the disk.
    assert set(before) - set(tree(root)) == {going[0]}
    lines(api.post("/v1/gallery/undo"))
    assert tree(root) == before


def test_a_plan_that_was_replaced_meanwhile_is_refused(api, root):
    before = tree(root)
    _, found = planned(api)
    moves = {path: line["folder"] for path, line in found.items() if line.get("folder")}
    for _ in lines(api.post("/v1/gallery/plan", json={"model": "whatsapp"})):
        pass
    refused = api.post("/v1/gallery/apply", json={"moves": moves})
    assert refused.status_code == 409
    assert "sort the folder again" in refused.json()["error"]["message"]
    assert tree(root) == before


def test_a_folder_that_is_gone_is_said(api, root):
    away = root.with_name("unplugged")
    root.rename(away)
    try:
        assert api.get("/v1/gallery").json()["folder"]["pictures"] == 0
        answer = api.post("/v1/gallery/undo")
        assert answer.status_code in (400, 409)
        assert "report" not in answer.json()["error"]["message"]
    finally:
        away.rename(root)


def test_corrections_are_kept_apart_from_the_pictures(tmp_path):
    for folder, kept in (("album", "album/kept"), ("kept/album", "kept"), ("album", "album")):
        with pytest.raises(SettingsError, match="must be apart"):
            ServiceSettings(folder=tmp_path / folder, corrections=tmp_path / kept)
    ServiceSettings(folder=tmp_path / "album", corrections=tmp_path / "album kept")


def test_thumbnails_stay_inside_the_folder(api, root, place):
    _, found = planned(api)
    for path in ("caf\\xe9.png", next(path for path in found if path.startswith("cards/"))):
        answer = api.get("/v1/gallery/thumbnail", params={"path": path})
        with PILImage.open(answer) as small:
            assert max(small.size) <= 480
    outside = (
        *("../secret.png", "linked/secret.png", "link.png", str(place / "secret.png")),
        *("chats/../../secret.png", "broken.jpg", ".epic/x.png", "", "\0"),
    )
    for path in outside:
        answer = api.get("/v1/gallery/thumbnail", params={"path": path})
        assert answer.status_code == 404, path
    # A picture that became a link meanwhile is not followed.
    picture = root / next(path for path in found if path.startswith("cards/"))
    kept = picture.rename(place / "kept aside")
    picture.symlink_to(place / "secret.png")
    name = picture.relative_to(root).as_posix()
    assert api.get("/v1/gallery/thumbnail", params={"path": name}).status_code == 404
    kept.replace(picture)
    assert api.get("/v1/gallery/thumbnail", params={"path": name}).status_code == 200


PATHS = st.from_regex(r"(\.\.?/|/|linked/|~)*secret\.png", fullmatch=True)


@given(path=st.text(max_size=40) | PATHS)
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
def test_no_path_leads_outside(api, path):
    encoded = path.encode("utf-8", "surrogatepass").decode("utf-8", "replace")
    answer = api.get("/v1/gallery/thumbnail", params={"path": encoded})
    assert answer.status_code in (200, 404)
    assert "secret" not in path or answer.status_code == 404


def test_corrections_are_training_data(api, root, place):
    content = next((root / "cards").glob("*.jpg")).read_bytes()
    digest = hashlib.sha256(content).hexdigest()

    def correct(content, label, **more):
        query = {"class": label, "model": "personal", **more}
        headers = {"Content-Type": "application/octet-stream"}
        return api.post("/v1/corrections", params=query, content=content, headers=headers)

    assert correct(content, "personal").json() == {
        "saved": f"personal/{digest}.jpg",
        "sha256": digest,
    }
    assert (place / "kept/personal" / f"{digest}.jpg").read_bytes() == content
    correct(content, "irrelevant")
    [kept] = references(place / "kept")
    assert kept.label == "irrelevant"
    planned(api)
    path = next(path.relative_to(root).as_posix() for path in (root / "chats").glob("*.png"))
    saved = correct(b"", "personal", path=path).json()["saved"]
    assert (place / "kept" / saved).read_bytes() == (root / path).read_bytes()
    assert {kept.label for kept in references(place / "kept")} == {"irrelevant", "personal"}
    for label in ("..", "personal/..", "", "selfies"):
        assert correct(content, label).status_code == 400, label
    assert correct(b"no picture at all", "personal").status_code == 415
    assert correct(b"", "personal", path="../secret.png").status_code == 404
    refused = correct(content, "selfies", model="gallery")
    assert refused.status_code == 400
    assert "other classes" in refused.json()["error"]["message"]
    assert api.delete(f"/v1/corrections/{digest}").json() == {"removed": True}
    assert api.delete(f"/v1/corrections/{digest}").json() == {"removed": False}
    assert api.delete("/v1/corrections/..%2f..%2fsecret.png").status_code in (404, 405)
    assert api.delete("/v1/corrections/*").status_code == 400
    assert len(list((place / "kept").rglob("*.*"))) == 1


def test_without_a_folder(service):
    with httpx.Client(base_url=service.url, timeout=60) as api:
        there = api.get("/v1/gallery").json()
        assert there["folder"] is None
        assert there["corrections"] is False
        for path in ("plan", "apply", "undo"):
            refused = api.post(f"/v1/gallery/{path}", json={})
            assert refused.status_code == 404
            assert "--folder" in refused.json()["error"]["message"]
        assert api.get("/v1/gallery/thumbnail", params={"path": "a.jpg"}).status_code == 404
        assert "--corrections" in api.post("/v1/corrections").json()["error"]["message"]


def test_another_site_moves_nothing(api):
    for path in ("gallery/apply", "gallery/undo", "gallery/plan", "corrections"):
        refused = api.post(f"/v1/{path}", headers={"Origin": "http://example.com"})
        assert refused.status_code == 403, path
