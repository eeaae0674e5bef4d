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
    assert Settings(groups=()).groups == ()


@pytest.mark.parametrize(
    ("options", "known"),
    [
        ({"faces": "haar"}, "centerface, yunet, retinaface"),
        ({"ocr": "magic"}, "rapid, paddle"),
        ({"arabic": "magic"}, "tesseract, rapid, none"),
        ({"groups": ("colours",)}, "shape, colors, faces, text"),
        ({"groups": "text"}, "is a string"),
        ({"text_threshold": 1.5}, "between 0 and 1"),
        ({"face_threshold": -0.1}, "between 0 and 1"),
        ({"max_pixels": 0}, "at least 1"),
    ],
)
def test_wrong_values_list_the_known_ones(options, known):
    with pytest.raises(SettingsError, match=known):
        Settings(**options)


def test_machine_limits_do_not_change_rows():
    fields = Settings.row_fields()
    assert "faces" in fields
    assert not {"max_pixels", "max_bytes", "model_dir"} & set(fields)
