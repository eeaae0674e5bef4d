"""Listing: what counts as an image, in which order, with which path and label."""

import io
import os
import pickle
import threading
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as PILImage

from epic_features.errors import ImageError, SourceError
from epic_features.settings import Settings
from epic_features.sources import (
    FileIdentity,
    check_exists,
    is_folder_per_class,
    is_single,
    references,
    shown,
)


@pytest.fixture
def tree(tmp_path):
    """A folder-per-class data set with things that are no images among them."""
    buffer = io.BytesIO()
    PILImage.new("RGB", (4, 3), "navy").save(buffer, "PNG")
    for name in (
        "memes/b.jpg",
        "memes/a.PNG",
        "memes/deeper/c.webp",
        "selfies/صورة.jpeg",
        "selfies/no_extension",
        "selfies/.hidden.jpg",
        ".thumbnails/t.jpg",
    ):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(buffer.getvalue())
    (tmp_path / "memes" / "notes.txt").write_text("no image")
    (tmp_path / "selfies" / "README").write_text("no image")
    return tmp_path


def paths(source, root=None):
    return [reference.relative_path for reference in references(source, root)]


def test_a_folder_is_listed_in_order_without_hidden_files_and_other_types(tree):
    expected = [
        "memes/a.PNG",
        "memes/b.jpg",
        "memes/deeper/c.webp",
        "selfies/no_extension",
        "selfies/صورة.jpeg",
    ]
    assert paths(tree) == expected
    assert paths(str(tree)) == expected


def test_labels_are_the_folders_below_the_root(tree):
    labels = [reference.label for reference in references(tree)]
    assert labels == ["memes"] * 3 + ["selfies"] * 2
    assert all(reference.label is None for reference in references(tree / "memes"))
    assert [r.label for r in references([tree / "memes" / "a.PNG"], tree)] == ["memes"]


def test_a_folder_with_its_own_images_is_no_class_data_set(tree):
    assert is_folder_per_class(tree)
    (tree / "loose.jpg").write_bytes(b"")
    assert not is_folder_per_class(tree)
    assert all(reference.label is None for reference in references(tree))


def test_globs_and_their_root(tree):
    assert paths(tree / "memes" / "*.jpg") == ["b.jpg"]
    assert paths(str(tree / "*" / "*.jp*g")) == ["memes/b.jpg", "selfies/صورة.jpeg"]
    assert paths(str(tree / "**" / "*.webp")) == ["memes/deeper/c.webp"]
    with pytest.raises(SourceError, match="pattern"):
        paths(tree / "*.bmp")


def test_a_root_applies_to_patterns_and_lists(tree, monkeypatch):
    assert paths(tree / "memes" / "*.jpg", tree) == ["memes/b.jpg"]
    assert paths(str(tree / "*" / "*.jpg"), tree.parent) == [f"{tree.name}/memes/b.jpg"]
    labels = [reference.label for reference in references(tree / "*" / "*.jp*g", tree)]
    assert labels == ["memes", "selfies"]
    roundabout = tree / "selfies" / ".." / "memes" / "b.jpg"
    assert paths([roundabout, tree / "memes" / "*.PNG"], tree) == ["memes/b.jpg", "memes/a.PNG"]
    monkeypatch.chdir(tree)
    assert paths("memes/*.jpg", ".") == paths("./memes/../memes/b.jpg", tree) == ["memes/b.jpg"]
    assert paths(["memes/b.jpg"]) == ["memes/b.jpg"]
    with pytest.raises(SourceError, match="below the root"):
        paths(tree / "memes" / "*.jpg", tree / "selfies")


def test_a_source_that_does_not_exist(tree):
    check_exists(tree)
    check_exists(str(tree / "*.jpg"))
    check_exists([tree / "gone"])
    with pytest.raises(SourceError, match="no such file or folder: .*gone"):
        check_exists(tree / "gone")
    assert shown(tree) == str(tree)
    assert shown([tree]) == "<images>"
    assert shown(b"abc") == "<bytes>"


def test_a_file_is_identified_without_reading_it(tree, photo):
    path = tree / "memes" / "b.jpg"
    (reference,) = references(path)
    status = path.stat()
    assert reference.identity() == FileIdentity(status.st_size, status.st_mtime_ns, None)
    copy = pickle.dumps(reference)
    assert len(copy) < 500
    os.utime(path, ns=(1, 2))
    assert pickle.loads(copy).identity() == FileIdentity(status.st_size, 2)
    path.unlink()
    with pytest.raises(ImageError, match="No such file"):
        reference.identity()
    sizes = [r.identity().size for r in references([photo, b"abc", PILImage.new("RGB", (4, 3))])]
    assert sizes == [120 * 160 * 3, 3, 36]
    assert [r.is_file for r in references([photo, tree / "memes" / "a.PNG"])] == [False, True]


def test_a_name_that_is_no_unicode_is_kept_storable(tree):
    content = (tree / "memes" / "b.jpg").read_bytes()
    (tree / "odd").mkdir()
    Path(os.fsdecode(os.fsencode(tree / "odd") + b"/caf\xe9.jpg")).write_bytes(content)
    (reference,) = references(tree / "odd")
    image = reference.load(Settings())
    assert image.relative_path == image.file_name == "caf\\xe9.jpg"
    reference.name.encode()
    assert image.encoded == content


def test_a_file_with_brackets_in_its_name_is_no_glob(tree):
    odd = tree / "memes" / "image[1].jpg"
    odd.write_bytes((tree / "memes" / "b.jpg").read_bytes())
    assert is_single(odd)
    assert paths(odd) == ["image[1].jpg"]


def test_iterables_keep_their_order_and_mix_kinds(tree, photo):
    items = [tree / "selfies", photo, (tree / "memes" / "b.jpg").read_bytes()]
    images = [reference.load(Settings()) for reference in references(iter(items))]
    assert [image.relative_path for image in images] == [
        "no_extension",
        "صورة.jpeg",
        None,
        None,
    ]
    assert images[2].width == 160
    assert images[3].format == "PNG"


def test_errors_name_the_thing(tree, tmp_path):
    empty = tmp_path / "empty"
    empty.mkdir()
    with pytest.raises(SourceError, match="empty"):
        paths(empty)
    with pytest.raises(SourceError, match="below the root"):
        paths(tree / "memes", tree / "selfies")
    with pytest.raises(SourceError, match="int"):
        paths(7)


def test_a_missing_file_gives_an_image_error(tmp_path):
    (reference,) = references(tmp_path / "gone.jpg")
    with pytest.raises(ImageError, match="No such file"):
        reference.load(Settings())


def test_a_named_pipe_is_refused_without_waiting(tmp_path):
    pipe = tmp_path / "pipe.jpg"
    os.mkfifo(pipe)
    (reference,) = references(pipe)
    caught = []

    def load():
        try:
            reference.load(Settings())
        except ImageError as error:
            caught.append(error)

    thread = threading.Thread(target=load, daemon=True)
    thread.start()
    thread.join(5)
    assert caught
    assert "regular file" in caught[0].reason


def test_large_files_are_refused_unread(tmp_path):
    path = tmp_path / "huge.jpg"
    with path.open("wb") as file:
        file.truncate(10**12)  # Sparse: reading it would take hours.
    (reference,) = references(path)
    with pytest.raises(ImageError, match="max_bytes"):
        reference.load(Settings())


def test_bad_items_of_an_iterable_fail_only_when_their_turn_comes(tree, tmp_path):
    (tmp_path / "empty").mkdir()
    good = tree / "memes" / "a.PNG"
    found = list(references([good, tmp_path / "empty", None, np.zeros((1, 1, 3), np.uint8), good]))
    reasons = []
    for reference in found:
        try:
            reference.load(Settings())
        except ImageError as error:
            reasons.append((reference.name, error.reason))
    assert [name for name, _ in reasons] == [str(tmp_path / "empty"), "<NoneType 2>"]
    assert "no image found" in reasons[0][1]
    assert "not an image" in reasons[1][1]


def test_names_that_are_not_utf8_become_printable(tree):
    good = (tree / "memes" / "a.PNG").read_bytes()
    Path(os.fsdecode(os.fsencode(str(tree)) + b"/memes/caf\xe9.jpg")).write_bytes(good)
    (reference,) = (r for r in references(tree / "memes") if "caf" in r.name)
    assert reference.relative_path == "caf\\xe9.jpg"
    assert reference.load(Settings()).file_name == "caf\\xe9.jpg"


def test_dots_in_paths_and_broken_links(tree):
    inside = tree / "selfies" / ".." / "memes"
    assert paths(inside, tree)[0] == "memes/a.PNG"
    (tree / "memes" / "broken.jpg").symlink_to(tree / "nowhere.jpg")
    (broken,) = references(tree / "memes" / "broken.jpg")
    assert "memes/broken.jpg" in paths(tree)
    with pytest.raises(ImageError, match="No such file"):
        broken.load(Settings())


def test_symbolic_link_loops_end(tree):
    (tree / "memes" / "loop").symlink_to(tree, target_is_directory=True)
    assert len(paths(tree)) == 5
