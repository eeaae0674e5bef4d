"""Settings: frozen, checked, and told apart by what can change a row."""

import dataclasses

import pytest

from epic_features.errors import SettingsError
from epic_features.settings import CORE_GROUPS, EXTRA_GROUPS, Settings


def test_frozen_hashable_and_equal():
    assert {Settings(), Settings(groups=("core",))} == {Settings()}
    with pytest.raises(dataclasses.FrozenInstanceError):
        Settings().faces = "yunet"


def test_groups_are_expanded_in_canonical_order():
    assert Settings(groups=("exif", "text", "bytes")).groups == ("text", "bytes", "exif")
    assert Settings(groups=("all",)).groups == CORE_GROUPS + EXTRA_GROUPS


@pytest.mark.parametrize(
    ("options", "known"),
    [
        ({"faces": "haar"}, "centerface, yunet, retinaface"),
        ({"ocr": "magic"}, "rapid, paddle"),
        ({"ocr": "paddle", "text": "counts"}, "leave out one of the two"),
        ({"text": "some"}, "full, counts, budget:N"),
        ({"text": "budget:0"}, "from 1 for N"),
        ({"text": "budget:-3"}, "from 1 for N"),
        ({"text": 12}, "full, counts, budget:N"),
        ({"arabic": "magic"}, "tesseract, rapid, none"),
        ({"groups": ("colours",)}, "shape, colors, faces, text"),
        ({"groups": "text"}, "tuple of names"),
        ({"groups": ()}, "groups is empty"),
        ({"groups": None}, "tuple of names"),
        ({"text_threshold": None}, "number from 0 to 1"),
        ({"face_threshold": "0.5"}, "number from 0 to 1"),
        ({"max_pixels": 10**9}, "178956970"),
        ({"text_threshold": 1.5}, "from 0 to 1"),
        ({"face_threshold": -0.1}, "from 0 to 1"),
        ({"max_pixels": 0}, "from 1"),
    ],
)
def test_wrong_values_list_the_known_ones(options, known):
    with pytest.raises(SettingsError, match=known):
        Settings(**options)


@pytest.mark.parametrize(
    ("text", "budget"), [("full", None), ("counts", 0), ("budget:1", 1), ("budget:120", 120)]
)
def test_budget(text, budget):
    assert Settings(text=text).text_budget == budget


def test_a_record_gives_the_settings_back_and_need_not_know_all_of_them():
    settings = Settings(groups=("text", "exif"), text="budget:3", faces="yunet", max_pixels=9)
    record = settings.to_dict()
    assert Settings.from_record(record) == dataclasses.replace(settings, max_pixels=100_000_000)
    del record["text"]
    assert Settings.from_record({**record, "unknown": 1}).text == "full"


def test_machine_limits_do_not_change_rows():
    fields = Settings.row_fields()
    assert "faces" in fields
    assert not {"max_pixels", "max_bytes", "model_dir"} & set(fields)


def test_the_record_of_an_older_version_is_understood():
    record = Settings(groups=("text",)).to_dict()
    del record["text"]
    assert Settings.from_record(record) == Settings(groups=("text",))
    old = record | {"ocr": "boxes"}
    assert Settings.from_record(old) == Settings(groups=("text",), text="counts")
