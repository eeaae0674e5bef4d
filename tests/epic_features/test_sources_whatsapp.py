"""Where WhatsApp keeps pictures, on a phone of any age, here and over WebDAV."""

import io

import pytest
from PIL import Image as PILImage
from webdav_server import FaultyServer

from epic_features.errors import SourceError
from epic_features.settings import Settings
from epic_features.sources import Patience, references

CHAT = ("IMG-1.jpg", "IMG-2.webp", "Private/IMG-3.jpg", "Sent/IMG-4.jpg")
OTHER = ("Sent/deeper/x.jpg", "Backup/x.jpg", "Sent/notes.txt", ".trashed-1.jpg")


def fill(folder, names):
    buffer = io.BytesIO()
    PILImage.new("RGB", (4, 3), "navy").save(buffer, "PNG")
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(buffer.getvalue())


def make_phone(folder, media, images="WhatsApp Images"):
    fill(folder / media / images, CHAT + OTHER)
    (folder / media / images / "Sent" / ".nomedia").touch()
    others = ("Animated Gifs", "Stickers", "Profile Photos", "Documents", "Documents/Sent")
    for name in others:
        fill(folder / media / f"WhatsApp {name}", ("no.jpg",))
    fill(folder / media / ".Statuses", ("no.jpg",))
    fill(folder / "DCIM" / "Camera", ("no.jpg",))
    fill(folder / "Pictures" / "WhatsApp Images of mine", ("no.jpg",))


def paths(source):
    return [r.relative_path for r in references(source, whatsapp=True)]


NEW = "Android/media/com.whatsapp/WhatsApp/Media"
LAYOUTS = {
    NEW: "WhatsApp Images",
    "WhatsApp/Media": "WhatsApp Images",
    "Android/media/com.whatsapp.w4b/WhatsApp Business/Media": "WhatsApp Business Images",
    "Android/media/com.whatsapp/WhatsApp/accounts/1001/Media": "WhatsApp Images",
}


@pytest.mark.parametrize("media", LAYOUTS)
def test_every_folder_on_the_way_may_be_given(tmp_path, media):
    images = LAYOUTS[media]
    make_phone(tmp_path, media, images)
    parts = [*media.split("/"), images]
    for depth in range(len(parts) + 1):
        given = tmp_path.joinpath(*parts[:depth])
        below = "/".join(parts[depth:])
        assert paths(given) == [f"{below}/{name}" if below else name for name in CHAT]


def test_two_places_on_one_phone_and_no_label(tmp_path):
    make_phone(tmp_path, NEW)
    make_phone(tmp_path, "WhatsApp/Media")
    found = list(references(tmp_path, whatsapp=True))
    assert [r.relative_path for r in found] == [
        f"{media}/WhatsApp Images/{name}" for media in (NEW, "WhatsApp/Media") for name in CHAT
    ]
    assert {r.label for r in found} == {None}
    below = list(references(tmp_path / "WhatsApp", tmp_path, whatsapp=True))
    assert [(r.relative_path, r.label) for r in below] == [
        (f"WhatsApp/Media/WhatsApp Images/{name}", None) for name in CHAT
    ]
    assert found[0].load(Settings()).width == 4


def test_the_same_over_webdav(tmp_path):
    make_phone(tmp_path, NEW)
    server = FaultyServer(tmp_path)
    try:
        for source in (server.url, f"{server.url}/{NEW}", f"{server.url}/{NEW}/WhatsApp%20Images"):
            there = [r.relative_path for r in references(source, None, True, Patience(attempts=1))]
            here = paths(tmp_path / source.replace("%20", " ").removeprefix(server.url).strip("/"))
            assert there == here
        assert ("PROPFIND", "/DCIM/") not in server.requests
    finally:
        server.stop()


def test_none_found_says_what_was_looked_for(tmp_path):
    fill(tmp_path, ("DCIM/a.jpg", "Android/media/com.other/a.jpg"))
    with pytest.raises(SourceError, match="looked for 'WhatsApp Images/'") as caught:
        paths(tmp_path)
    assert "com.whatsapp.w4b" in str(caught.value)
    (tmp_path / NEW / "WhatsApp Images").mkdir(parents=True)
    with pytest.raises(SourceError, match="no image found"):
        paths(tmp_path)
    with pytest.raises(SourceError, match="No such file"):
        paths(tmp_path / "gone")
