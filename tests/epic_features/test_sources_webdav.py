"""A phone's WebDAV server: listing, reading, and every way in which it may fail."""

import pickle
import time

import pytest
from webdav_server import ODD, FaultyServer, fill_phone, picture

from epic_features import dump
from epic_features.errors import ImageError, SourceError
from epic_features.settings import Settings
from epic_features.sources import Patience, check_exists, is_single, references, shown

QUICK = Patience(attempts=3, wait=0.01, timeout=1.0, total=5.0, list_timeout=1.5)


@pytest.fixture(scope="module")
def phone(tmp_path_factory):
    return fill_phone(tmp_path_factory.mktemp("phone"))


@pytest.fixture(scope="module")
def _server(phone):
    server = FaultyServer(phone)
    yield server
    server.stop()


@pytest.fixture
def server(_server):
    _server.faults.clear()
    _server.requests.clear()
    return _server


def load(url, settings=None):
    (reference,) = references([url], patience=QUICK)
    return reference.load(settings or Settings())


def rejected(url, settings=None) -> str:
    with pytest.raises(ImageError) as caught:
        load(url, settings)
    return caught.value.reason


def test_a_server_is_listed_and_read_like_the_folder_itself(server, phone):
    local = list(references(phone))
    remote = list(references(server.url, patience=QUICK))
    assert [r.relative_path for r in remote] == [r.relative_path for r in local]
    assert len(local) == len(ODD) + 6
    for here, there in zip(local, remote, strict=True):
        assert there.name == f"{server.url}/{here.relative_path}"
        assert there.identity().size == here.identity().size
        assert there.identity().mtime_ns == here.identity().mtime_ns // 10**9 * 10**9
        assert there.identity().etag
        if there.identity().size:
            image = there.load(Settings())
            assert image.encoded == here.load(Settings()).encoded
            assert image.relative_path == here.relative_path
            assert image.file_name == here.content.name
    # One list a folder (the root also for its classes), one request a file, none for identities.
    assert server.requests["PROPFIND", "/odd/"] == server.requests["GET", "/odd/%20.jpg"] == 1
    assert server.requests["GET", "/deep/README"] == 1
    assert ("PROPFIND", "/odd/%20.jpg") not in server.requests


def test_references_survive_the_way_to_another_process(server):
    reference = next(references(server.url, patience=QUICK))
    copy = pickle.dumps(reference)
    assert len(copy) < 1000
    assert pickle.loads(copy).load(Settings()).encoded == reference.load(Settings()).encoded


def test_labels_globs_single_files_and_roots(server):
    labels = {r.relative_path: r.label for r in references(f"{server.url}/deep", patience=QUICK)}
    assert labels == {"no_extension": None, "er/c.webp": None}

    def paths(source, root=None):
        return [r.relative_path for r in references(source, root, patience=QUICK)]

    assert paths(f"{server.url}/*.jpg") == ["a.jpg", "big.jpg", "empty.jpg"]
    assert paths(f"{server.url}/*/*1*.jpg") == [
        "odd/100% real.jpg",
        "odd/what? #1 [2]; (3).jpg",
    ]
    assert paths(f"{server.url}/**/c.*") == ["deep/er/c.webp"]
    assert paths(f"{server.url}/deep/*/c.webp", server.url) == ["deep/er/c.webp"]
    assert paths(f"{server.url}/deep/er/c.webp") == ["c.webp"]
    assert paths([f"{server.url}/deep/er/c.webp"]) == ["deep/er/c.webp"]
    assert paths([f"{server.url}/deep/er/c.webp"], f"{server.url}/deep/") == ["er/c.webp"]
    assert paths(f"{server.url}/odd/what? #1 [2]; (3).jpg") == ["what? #1 [2]; (3).jpg"]
    assert paths(f"{server.url}/odd/100%25%20real.jpg") == ["100% real.jpg"]
    assert is_single(f"{server.url}/a.jpg")
    assert not is_single(f"{server.url}/*.jpg")
    assert not is_single(f"{server.url}/deep")
    with pytest.raises(SourceError, match="below the root"):
        paths(f"{server.url}/deep", f"{server.url}/odd")
    with pytest.raises(SourceError, match="below the root"):
        paths(f"{server.url}/deep", "/tmp")


def test_sources_that_are_not_there(server, phone):
    check_exists(server.url)
    check_exists(f"{server.url}/deep/")
    check_exists(f"{server.url}/*.jpg")
    with pytest.raises(SourceError, match="no such file or folder: webdav://"):
        check_exists(f"{server.url}/gone")
    with pytest.raises(SourceError, match="404"):
        next(references(f"{server.url}/gone", patience=QUICK))
    with pytest.raises(SourceError, match="no image found for the pattern"):
        next(references(f"{server.url}/*.bmp", patience=QUICK))
    with pytest.raises(SourceError, match="refused"):
        next(references("webdav://127.0.0.1:9/", patience=QUICK))
    with pytest.raises(SourceError, match="choose from: webdav"):
        next(references("gopher://127.0.0.1/x"))
    reference = next(references([f"{server.url}/gone.jpg"], patience=QUICK))
    with pytest.raises(ImageError, match="404"):
        reference.identity()


@pytest.mark.parametrize("fault", [500, 502, 503, 429, "reset", "cut", "silent", "slow"])
def test_a_passing_fault_is_survived(server, phone, fault):
    server.faults["/big.jpg"] = [fault]
    assert load(f"{server.url}/big.jpg").encoded == (phone / "big.jpg").read_bytes()
    assert server.requests["GET", "/big.jpg"] == (1 if fault == "slow" else 2)


@pytest.mark.parametrize(
    ("fault", "requests", "reason"),
    [
        (500, 3, "HTTP 500) (3 attempts)"),
        (429, 3, "HTTP 429) (3 attempts)"),
        ("reset", 3, "(3 attempts)"),
        ("cut", 3, "it ended in the middle of the file (3 attempts)"),
        ("silent", 3, "did not answer within 1 seconds (3 attempts)"),
        (404, 1, "no such file on the server (HTTP 404)"),
        (410, 1, "HTTP 410"),
        (403, 1, "access is forbidden (HTTP 403)"),
        (401, 1, "user and password"),
        (418, 1, "refused (HTTP 418)"),
    ],
)
def test_a_lasting_fault_rejects_with_the_reason(server, fault, requests, reason):
    server.faults["/big.jpg"] = [fault] * 9
    assert reason in rejected(f"{server.url}/big.jpg")
    assert server.requests["GET", "/big.jpg"] == requests


def test_waits_grow_between_attempts(server):
    server.faults["/a.jpg"] = [500] * 4
    patience = Patience(attempts=4, wait=0.2, timeout=1)
    (reference,) = references([f"{server.url}/a.jpg"], patience=patience)
    started = time.monotonic()
    with pytest.raises(ImageError):
        reference.load(Settings())
    # At least half of .2 + .4 + .8 seconds.
    assert time.monotonic() - started >= 0.7


def test_a_server_that_sends_without_end_is_stopped_at_the_limit(server):
    server.faults["/a.jpg"] = ["endless"]
    reason = rejected(f"{server.url}/a.jpg", Settings(max_bytes=2**20))
    assert "max_bytes=1048576" in reason
    assert server.requests["GET", "/a.jpg"] == 1
    sent = server.requests["sent", "chunks"]
    assert sent * 2**16 < 16 * 2**20
    time.sleep(0.3)
    assert server.requests["sent", "chunks"] - sent < 100  # The connection was closed.


def test_an_announced_size_over_the_limit_is_not_read(server):
    server.faults["/a.jpg"] = ["lie"]
    assert "999999999999 bytes exceed" in rejected(f"{server.url}/a.jpg")
    (big,) = (r for r in references(server.url, patience=QUICK) if r.relative_path == "big.jpg")
    with pytest.raises(ImageError, match="max_bytes=1000"):
        big.load(Settings(max_bytes=1000))
    assert server.requests["GET", "/big.jpg"] == 0


def test_a_dripping_server_is_given_up(server):
    server.faults["/a.jpg"] = ["drip"] * 9
    patience = Patience(attempts=3, wait=0.01, timeout=1, total=1.5)
    (reference,) = references([f"{server.url}/a.jpg"], patience=patience)
    started = time.monotonic()
    with pytest.raises(ImageError, match="too slowly"):
        reference.load(Settings())
    assert time.monotonic() - started < 4


def test_a_folder_that_can_not_be_listed_is_reported_and_the_rest_goes_on(server):
    server.faults["/deep/er/"] = [500] * 3
    listed = list(references(server.url, patience=QUICK))
    (broken,) = (r for r in listed if r.relative_path == "deep/er")
    assert len(listed) == len(ODD) + 6
    with pytest.raises(ImageError, match=r"can't be listed.*HTTP 500"):
        broken.load(Settings())
    with pytest.raises(ImageError, match=r"can't be listed.*HTTP 500"):
        broken.identity()


@pytest.mark.parametrize("fault", [503, "reset", "cut", "silent"])
def test_a_list_is_asked_for_again(server, fault):
    server.faults["/odd/"] = [fault]
    assert len(list(references(f"{server.url}/odd", patience=QUICK))) == len(ODD) - 1


def multistatus(*hrefs) -> bytes:
    response = (
        "<d:response><d:href>{}</d:href><d:propstat><d:prop>{}</d:prop></d:propstat></d:response>"
    )
    folder = "<d:resourcetype><d:collection/></d:resourcetype>"
    inner = (response.format(href, folder if href.endswith("/") else "") for href in hrefs)
    return f'<d:multistatus xmlns:d="DAV:">{"".join(inner)}</d:multistatus>'.encode()


def test_a_list_that_leads_elsewhere_is_not_followed(server):
    hostile = ("/deep/", "/", "/deep/../../etc/", "/deep/..", "/odd/x.jpg", "/deep/a%2Fb.jpg")
    server.faults["/deep/"] = [multistatus(*hostile, "/deep/good.jpg")] * 2
    listed = [r.relative_path for r in references(f"{server.url}/deep", patience=QUICK)]
    assert listed == ["good.jpg"]


def test_a_list_from_behind_a_proxy_is_understood(server):
    hrefs = ("http://inside:80/dav/deep/", "/dav/deep/a%20b.jpg", "/dav/deep/c.jpg")
    server.faults["/deep/"] = [multistatus("/dav/deep/", *hrefs[1:])] * 2
    listed = [r.relative_path for r in references(f"{server.url}/deep", patience=QUICK)]
    assert listed == ["a b.jpg", "c.jpg"]
    server.faults["/deep/"] = [multistatus(*hrefs)] * 2
    assert [r.relative_path for r in references(f"{server.url}/deep", patience=QUICK)] == listed


def test_an_xml_bomb_does_not_go_off(server):
    doubled = "".join(f'<!ENTITY e{n + 1} "{f"&e{n};" * 10}">' for n in range(9))
    bomb = (
        f'<!DOCTYPE x [<!ENTITY e0 "boom">{doubled}]><x xmlns="DAV:"><response>&e9;</response></x>'
    )
    server.faults["/deep/"] = [bomb.encode()] * 9
    with pytest.raises(SourceError, match="cut off or no XML"):
        next(references(f"{server.url}/deep", patience=QUICK))


def test_a_web_page_is_no_webdav_server(server):
    server.faults["/deep/"] = [b"<html><br></html>"] * 9
    with pytest.raises(SourceError, match="no XML"):
        next(references(f"{server.url}/deep", patience=QUICK))


def test_a_file_that_changed_after_listing_is_read_as_it_is_now(server, phone):
    path = phone / "deep" / "changing.jpg"
    path.write_bytes(picture(size=(90, 90)))
    try:
        listed = references(f"{server.url}/deep", patience=QUICK)
        (reference,) = (r for r in listed if r.relative_path == "changing.jpg")
        path.write_bytes(picture(size=(20, 20)))
        assert reference.load(Settings()).width == 20
        path.unlink()
        with pytest.raises(ImageError, match="404"):
            reference.load(Settings())
    finally:
        path.unlink(missing_ok=True)


def test_plain_web_addresses_are_single_files(server, phone):
    url = f"http://{server.host}/big.jpg"
    image = load(f"{url}?token=SECRET")
    assert image.encoded == (phone / "big.jpg").read_bytes()
    (reference,) = references([f"{url}?token=SECRET"], patience=QUICK)
    assert reference.identity().size == len(image.encoded)
    assert "SECRET" not in repr(reference) + reference.name + shown(f"{url}?token=SECRET")
    assert "HTML" in rejected(f"http://{server.host}/deep")


def test_a_dump_rejects_what_a_server_withholds_and_gets_it_later(server, tmp_path):
    server.faults["/odd/%20.jpg"] = [503] * 99
    settings = Settings(groups=("shape",))
    first = dump(f"{server.url}/odd", tmp_path / "out", settings=settings, engine="inline")
    assert (first.rows, len(first.rejected)) == (5, 1)
    assert first.rejected[0].path == f"{server.url}/odd/%20.jpg"
    assert "(HTTP 503) (4 attempts)" in first.rejected[0].reason
    server.faults.clear()
    server.requests.clear()
    second = dump(
        f"{server.url}/odd",
        tmp_path / "out",
        settings=settings,
        engine="inline",
        retry_rejected=True,
    )
    assert (second.rows, second.rejected) == (6, ())
    assert sum(n for (method, _), n in server.requests.items() if method == "GET") == 1


@pytest.mark.parametrize(
    "url", ["webdav://me:hun/ter2@host/x", "webdav://me:hunter2@", "http:///x"]
)
def test_an_address_without_sense_is_not_repeated(url):
    with pytest.raises(SourceError, match="percent|can't be understood") as caught:
        next(references(url))
    assert "hun" not in str(caught.value)
