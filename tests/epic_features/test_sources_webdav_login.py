"""Servers that want a password or have a certificate; what is secret shows nowhere."""

import pyarrow.parquet as pq
import pytest
from webdav_server import ODD, PASSWORD, USER, FaultyServer, fill_phone, make_certificate

from epic_features import dump
from epic_features.errors import ImageError, SourceError
from epic_features.settings import Settings
from epic_features.sources import Patience, check_exists, references, shown

QUICK = Patience(attempts=3, wait=0.01, timeout=1.0, total=5.0, list_timeout=1.5)
LOGIN = f"{USER}:p%40ss%2Fw%25rd%20صعب"


@pytest.fixture(scope="module")
def phone(tmp_path_factory):
    return fill_phone(tmp_path_factory.mktemp("phone"))


@pytest.fixture(scope="module", params=["basic", "digest"])
def locked(phone, request):
    server = FaultyServer(phone, locked=True, digest=request.param == "digest")
    yield server
    server.stop()


def secrets_in(text) -> list[str]:
    quoted = "p%40ss%2Fw%25rd%20%D8%B5%D8%B9%D8%A8"
    return [secret for secret in (PASSWORD, quoted, "p@ss", "p%40ss") if secret in text]


def test_credentials_open_a_locked_server_and_show_nowhere(locked, caplog):
    caplog.set_level("DEBUG")
    url = f"webdav://{LOGIN}@{locked.host}"
    listed = list(references(url, patience=QUICK))
    assert len(listed) == len(ODD) + 6
    assert listed[0].load(Settings()).width == 40
    locked.faults["/a.jpg"] = [500] * 9
    with pytest.raises(ImageError) as caught:
        next(r for r in listed if r.relative_path == "a.jpg").load(Settings())
    locked.faults.clear()
    said = [str(caught.value), repr(caught.value), caplog.text, shown(url)]
    for reference in listed:
        said += [repr(reference), str(reference.content), reference.name, reference.relative_path]
    with pytest.raises(SourceError) as caught:
        next(references(f"{url}/gone", patience=QUICK))
    said.append(str(caught.value))
    assert secrets_in("\n".join(said)) == []
    assert "phone" not in shown(url)


def test_a_dump_holds_no_credentials(locked, tmp_path, capfd):
    url = f"webdav://{LOGIN}@{locked.host}"
    dumped = tmp_path / "dumped"
    dumped.mkdir()
    settings = Settings(groups=("shape",))
    dump(url, dumped / "one.parquet", settings=settings, workers=1)
    report = dump(url, dumped / "many", settings=settings, root=url, engine="inline")
    assert report.rows == len(ODD) + 5
    assert [r.path for r in report.rejected] == [f"webdav://{locked.host}/empty.jpg"]
    written = [path for path in dumped.rglob("*") if path.is_file()]
    for path in written:
        text = path.read_bytes().decode("utf-8", "replace")
        if path.suffix == ".parquet":
            text += str(pq.read_table(path).to_pydict()) + str(pq.read_metadata(path).metadata)
        assert secrets_in(text) == []
    assert len(written) >= 4
    said = capfd.readouterr()
    assert secrets_in(said.out + said.err) == []


def test_credentials_from_the_environment(locked, monkeypatch):
    with pytest.raises(SourceError, match="wants a user and password"):
        next(references(f"webdav://{locked.host}/odd", patience=QUICK))
    with pytest.raises(SourceError, match="wants a user and password"):
        check_exists(f"webdav://{locked.host}/odd")
    monkeypatch.setenv("EPIC_REMOTE_USER", USER)
    monkeypatch.setenv("EPIC_REMOTE_PASSWORD", PASSWORD)
    assert len(list(references(f"webdav://{locked.host}/odd", patience=QUICK))) == 6


def test_a_wrong_password_is_refused_at_once(locked):
    locked.requests.clear()
    with pytest.raises(SourceError, match="refuses the ones it got") as caught:
        next(references(f"webdav://{USER}:hunter2@{locked.host}/odd", patience=QUICK))
    assert "hunter2" not in str(caught.value)
    assert locked.requests["PROPFIND", "/odd/"] <= 5


def test_an_encrypted_server_is_read_when_its_certificate_is_trusted(phone, tmp_path, monkeypatch):
    make_certificate(tmp_path / "phone.pem")
    server = FaultyServer(phone, certificate=tmp_path / "phone.pem")
    try:
        with pytest.raises(SourceError, match="certificate is not trusted"):
            next(references(f"{server.url}/odd", patience=QUICK))
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "phone.pem"))
        listed = list(references(f"{server.url}/odd", patience=QUICK))
        assert len(listed) == 6
        assert listed[0].load(Settings()).width == 40
    finally:
        server.stop()
