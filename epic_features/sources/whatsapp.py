"""Where WhatsApp keeps the pictures of its chats on a phone or in a copy of one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from epic_features.errors import SourceError
from epic_features.sources import local, remote
from epic_features.sources.remote import RemotePath

IMAGE_FOLDERS = ("WhatsApp Images", "WhatsApp Business Images")
INNER_FOLDERS = ("Private", "Sent")

# The folders on the way from the storage of a phone to the pictures. Since Android 11 they lie
# below Android/media, before that in WhatsApp/ itself; second accounts have numbered folders.
_WAY = frozenset(
    "android/media/com.whatsapp/com.whatsapp.w4b/whatsapp/whatsapp business/accounts".split("/")
)


def whatsapp_images(source: Path | RemotePath) -> Iterator[Path | RemotePath]:
    """Yield the pictures of WhatsApp chats below a folder.

    Received ones first, then those in ``Private/`` (kept out of the gallery) and ``Sent/``. Other
    media folders are left alone: stickers, profile photos and documents are no chat pictures,
    animated GIFs are stored as video, and ``.Statuses`` belong to others and vanish in a day.

    Parameters
    ----------
    source : Path or RemotePath
        The storage of a phone, ``Android/``, ``Android/media/``, ``com.whatsapp/``, ``WhatsApp/``,
        ``WhatsApp/Media/`` or ``WhatsApp Images/`` itself.

    Raises
    ------
    SourceError
        No folder of WhatsApp pictures lies there, or the source can't be listed.
    """
    found = False
    for folder in _image_folders(source):
        found = True
        yield from _files(folder)
        for name in _subfolders(folder):
            if name.casefold() in map(str.casefold, INNER_FOLDERS):
                yield from _files(folder / name)
    if not found:
        raise SourceError(
            f"no WhatsApp pictures below {source}; looked for 'WhatsApp Images/' (or 'WhatsApp "
            "Business Images/') there and in WhatsApp/Media/, Android/media/com.whatsapp/WhatsApp/"
            "Media/ and Android/media/com.whatsapp.w4b/WhatsApp Business/Media/; give the storage "
            "of the phone or one of these folders, or leave the WhatsApp option out"
        )


def _image_folders(folder: Path | RemotePath) -> Iterator[Path | RemotePath]:
    if _is_image_folder(folder.name):
        yield folder
        return
    below_accounts = folder.name.casefold() == "accounts"
    for name in _subfolders(folder):
        on_the_way = name.casefold() in _WAY or (below_accounts and name.isdigit())
        if on_the_way or _is_image_folder(name):
            yield from _image_folders(folder / name)


def _is_image_folder(name: str) -> bool:
    return name.casefold() in map(str.casefold, IMAGE_FOLDERS)


def _subfolders(folder: Path | RemotePath) -> list[str]:
    try:
        if isinstance(folder, Path):
            return local.subfolders(folder)
        return folder.subfolders()
    except OSError as error:
        reason = getattr(error, "strerror", None) or error
        raise SourceError(f"{folder}: can't be listed: {reason}") from None


def _files(folder: Path | RemotePath) -> Iterator[Path | RemotePath]:
    """Yield the candidate files directly in a folder."""
    if isinstance(folder, Path):
        return local.walk(folder, deep=False)
    return remote.walk(folder, deep=False)
