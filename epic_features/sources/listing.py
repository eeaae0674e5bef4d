"""Paths, addresses and pixels to image references, in a fixed order."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TypeAlias, overload

from epic_features.errors import ImageError, SourceError
from epic_features.sources import local, remote
from epic_features.sources.address import is_url
from epic_features.sources.names import printable
from epic_features.sources.patience import Patience
from epic_features.sources.reference import ImageLike, ImageReference, is_content
from epic_features.sources.remote import RemotePath
from epic_features.sources.whatsapp import whatsapp_images

Place: TypeAlias = Path | RemotePath


def is_single(images: ImageLike | Iterable[ImageLike]) -> bool:
    """Tell whether `images` names exactly one image rather than a collection.

    An address of a server is judged by its form: one file when its extension is an image's.
    """
    if is_url(images):
        return _kind(RemotePath.of(images), images) == "file"
    if isinstance(images, str | os.PathLike):
        path = Path(images).expanduser()
        return not path.is_dir() and not local.is_glob(path)
    return is_content(images)


def shown(source: ImageLike | Iterable[ImageLike]) -> str:
    """Return what to call a source in messages, logs and files: never with credentials."""
    if is_url(source):
        return str(RemotePath.of(source))
    if isinstance(source, str | os.PathLike):
        return printable(os.fspath(source))
    if is_content(source):
        return _content_name(source, None)
    return "<images>"


def check_exists(source: ImageLike | Iterable[ImageLike]) -> None:
    """Raise SourceError when `source` is a path or address and nothing is there.

    Patterns, pixels and iterables pass: they tell when they are listed.
    """
    if is_url(source):
        place = RemotePath.of(source)
        missing = not remote.is_glob(place) and not place.exists()
    elif isinstance(source, str | os.PathLike):
        path = Path(source).expanduser()
        missing = not path.exists() and not local.is_glob(path)
    else:
        return
    if missing:
        raise SourceError(f"no such file or folder: {shown(source)}")


def references(
    images: ImageLike | Iterable[ImageLike],
    root: str | os.PathLike[str] | None = None,
    whatsapp: bool = False,
    patience: Patience | None = None,
) -> Iterator[ImageReference]:
    """List images in a fixed order.

    The order is the one given; inside a folder files come first, then subfolders, each by name.

    Parameters
    ----------
    images : path, address, array, bytes, PIL image, folder, glob pattern, or an iterable of these
        Folders are searched below; hidden files and folders (``.thumbnails``) and files whose
        extension is not an image's are passed over; files without extension count when their
        first bytes are an image's. Addresses (``webdav://host:port/folder``, ``s3://``,
        ``zip://``, ``sftp://``, ``https://``) stand for one file when they end in an image's
        extension, else for a folder; web addresses always stand for one file.
    root : path or address, optional
        What `relative_path` and `class` refer to. By default the folder itself, the part of a glob
        pattern before its first wildcard, or the folder of a single file; a path inside an
        iterable keeps the path it was given with.
    whatsapp : bool
        List only the pictures of WhatsApp chats below each folder that is given.
    patience : Patience, optional
        How long to bear with servers.

    Yields
    ------
    ImageReference
        One per image, listed lazily.

    Raises
    ------
    SourceError
        A path does not exist, lies outside `root`, or a folder or pattern has no image; a server
        does not answer; `whatsapp` and no such folder is there.
    """
    lister = _Lister(root, whatsapp, patience)
    if isinstance(images, str | os.PathLike):
        yield from lister.listed(images, alone=True)
    elif is_content(images):
        yield ImageReference(_content_name(images, None), images)
    elif isinstance(images, Iterable):
        for position, image in enumerate(images):
            if isinstance(image, str | os.PathLike):
                try:
                    yield from lister.listed(image, alone=False)
                except SourceError as error:
                    # Among others, a bad item is rejected when its turn comes and stops nothing.
                    yield ImageReference(
                        shown(image), ImageError(shown(image), str(error), "source")
                    )
            else:
                yield ImageReference(_content_name(image, position), image)
    else:
        raise SourceError(
            f"a {type(images).__name__} is not an image; give a path, folder, glob pattern, array, "
            "bytes, PIL image or an iterable of these"
        )


class _Lister:
    """Turns paths and addresses into references below one root."""

    def __init__(
        self, root: str | os.PathLike[str] | None, whatsapp: bool, patience: Patience | None
    ) -> None:
        self._patience = patience
        self._whatsapp = whatsapp
        self._root = self._place(root) if root is not None else None
        # Whether a given root has classes is looked up once, not for each item of a list.
        self._labelled = self._root is not None and not whatsapp and is_folder_per_class(self._root)

    def listed(self, source: str | os.PathLike[str], *, alone: bool) -> Iterator[ImageReference]:
        place = self._place(source)
        kind = "WhatsApp folders below" if self._whatsapp else _kind(place, os.fspath(source))
        if kind != "file":
            top = _fixed_part(place) if kind == "pattern" else place
            yield from self._located(_nonempty(_found(place, kind), place, kind, top), top)
        elif self._root is not None:
            yield from self._located([place], self._root)
        else:
            whole = place.as_posix() if isinstance(place, Path) else place.path.strip("/")
            yield ImageReference(
                printable(str(place)), place, printable(place.name if alone else whole)
            )

    def _place(self, source: str | os.PathLike[str]) -> Place:
        if is_url(source):
            return RemotePath.of(os.fspath(source), self._patience)
        return Path(source).expanduser()

    def _located(self, places: Iterable[Place], own_root: Place) -> Iterator[ImageReference]:
        root, labelled = self._root, self._labelled
        if root is None:
            root, labelled = own_root, not self._whatsapp and is_folder_per_class(own_root)
        top = _absolute(root)
        for place in places:
            relative = _below(place, top)
            if relative is None:
                raise SourceError(f"{place} does not lie below the root {root}")
            first, slash, _ = relative.partition("/")
            label = printable(first) if labelled and slash else None
            yield ImageReference(printable(str(place)), place, printable(relative), label)


def is_folder_per_class(root: Place) -> bool:
    """Tell whether a folder is a data set with one subfolder per class.

    It is when it has two or more visible subfolders and no image of its own. Only the folder
    itself is looked at, so that listing a large tree can begin at once.
    """
    try:
        files, folders = local.entries(root) if isinstance(root, Path) else root.listing()
    except OSError:
        return False
    return len(folders) >= 2 and not files


def _kind(place: Place, source: str) -> str:
    """Tell a folder, a pattern and a file apart."""
    if isinstance(place, Path):
        if place.is_dir():
            return "folder"
        return "pattern" if local.is_glob(place) else "file"
    if remote.is_glob(place):
        return "pattern"
    return "file" if remote.is_one_file(place, source) else "folder"


def _found(place: Place, kind: str) -> Iterator[Place]:
    if kind == "folder":
        return local.walk(place) if isinstance(place, Path) else remote.walk(place)
    if kind == "pattern":
        return local.match(place) if isinstance(place, Path) else remote.match(place)
    return whatsapp_images(place)


def _fixed_part(pattern: Place) -> Place:
    if isinstance(pattern, Path):
        return local.fixed_part(pattern)
    return remote.fixed_part(pattern)


def _below(place: Place, root: Place) -> str | None:
    """Return the path of a place relative to an absolute root; None when it lies elsewhere."""
    if isinstance(place, RemotePath):
        return place.below(root) if isinstance(root, RemotePath) else None
    if isinstance(root, RemotePath):
        return None
    path = _absolute(place)
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else None


@overload
def _absolute(place: Path) -> Path: ...
@overload
def _absolute(place: RemotePath) -> RemotePath: ...
def _absolute(place: Place) -> Place:
    """Return a path from the top, without ``..``.

    Not resolved: what a link below the root points to belongs to the root.
    """
    return Path(os.path.abspath(place)) if isinstance(place, Path) else place  # noqa: PTH100


def _nonempty(places: Iterator[Place], source: Place, kind: str, top: Place) -> Iterator[Place]:
    """Pass the places on; a source without any, or that can't be listed at all, is an error."""
    empty = True
    for place in places:
        if isinstance(place, RemotePath) and place.problem and str(place) == str(top):
            raise SourceError(f"{source}: {place.problem}")
        empty = False
        yield place
    if empty:
        raise SourceError(f"no image found for the {kind} {source}; check the path")


def _content_name(image: object, position: int | None) -> str:
    kinds = {"ndarray": "array", "bytearray": "bytes", "memoryview": "bytes"}
    kind = kinds.get(type(image).__name__, type(image).__name__)
    return f"<{kind}>" if position is None else f"<{kind} {position}>"
