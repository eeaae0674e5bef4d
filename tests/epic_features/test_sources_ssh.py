"""Files over SFTP, from a server that is recognised or refused."""

import pytest

pytest.importorskip("paramiko")

from ssh_server import PASSWORD, USER, SshServer

from epic_features import extract
from epic_features.errors import ImageError, SourceError
from epic_features.settings import Settings
from epic_features.sources import Patience, references

QUICK = Patience(attempts=3, wait=0.01, timeout=3.0)
SHAPE = Settings(groups=("shape",))


@pytest.fixture(scope="module")
def _server(gallery):
    server = SshServer(gallery[0].parent)
    yield server
    server.stop()


@pytest.fixture
def server(_server, tmp_path, monkeypatch):
    known = tmp_path / "known_hosts"
    known.write_text(_server.known_hosts_line())
    monkeypatch.setenv("EPIC_KNOWN_HOSTS", str(known))
    monkeypatch.setenv("EPIC_REMOTE_PASSWORD", PASSWORD)
    return _server


def test_the_rows_are_those_of_the_folder(server, gallery):
    folder, _ = gallery
    url = f"ssh://{USER}@{server.host}/{folder.name}"
    assert extract(url, settings=SHAPE).equals(extract(folder, settings=SHAPE))
    for here, there in zip(references(folder), references(url), strict=True):
        assert there.identity().size == here.identity().size
        assert there.identity().mtime_ns == here.identity().mtime_ns // 10**9 * 10**9
        assert there.name == f"sftp://{server.host}/{folder.name}/{here.relative_path}"


def test_a_dropped_connection_is_made_again(server, gallery):
    folder, drawings = gallery
    url = f"sftp://{USER}@{server.host}/{folder.name}"
    listed = list(references(url, patience=QUICK))
    server.drop()
    assert listed[0].load(Settings()).encoded == next(references(folder)).load(Settings()).encoded
    server.drop()
    assert len(list(references(url, patience=QUICK))) == len(drawings)


def test_a_server_that_falls_silent_is_given_up(server, gallery):
    url = f"sftp://{USER}@{server.host}/{gallery[0].name}"
    reference = next(references(url, patience=Patience(attempts=2, wait=0.01, timeout=1.0)))
    server.stalled.set()
    try:
        with pytest.raises(ImageError, match=r"did not answer within 1 seconds \(2 attempts\)"):
            reference.load(Settings())
    finally:
        server.stalled.clear()
    assert reference.load(Settings()).width


def test_what_is_not_there(server, gallery):
    url = f"sftp://{USER}@{server.host}/{gallery[0].name}"
    (gone,) = references([f"{url}/gone.jpg"], patience=QUICK)
    with pytest.raises(ImageError, match="no such file"):
        gone.load(Settings())
    with pytest.raises(SourceError, match="no such file"):
        next(references(f"{url}/gone", patience=QUICK))


def test_a_wrong_password_is_refused_and_not_shown(server, gallery):
    url = f"sftp://{USER}:hunter2@{server.host}/{gallery[0].name}"
    with pytest.raises(SourceError, match="Authentication failed") as caught:
        next(references(url, patience=QUICK))
    assert "hunter2" not in str(caught.value)


def test_an_unknown_server_is_refused(server, gallery, tmp_path):
    url = f"sftp://{USER}@{server.host}/{gallery[0].name}"
    (tmp_path / "known_hosts").write_text("")
    with pytest.raises(SourceError, match="is not in .*known_hosts"):
        next(references(url, patience=Patience(attempts=2, wait=0.01, timeout=4)))
