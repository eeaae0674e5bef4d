"""Extractors that share what they have in common."""

from dataclasses import replace

import numpy as np
import pytest
from skimage import data

from epic_features import Extractor, Settings
from epic_features.extractor import Extractors

COUNTS = Settings(groups=("shape", "quality", "faces", "text"), text="counts", embedding="vcnn")


def stage_of(extractor, group):
    (found,) = (stage for stage in extractor.stages if stage.group == group)
    return found


def shared(one, other):
    """The groups of which two extractors have the same stage."""
    return {stage.group for stage in one.stages if any(stage is s for s in other.stages)}


def test_an_extractor_is_made_once():
    extractors = Extractors()
    assert extractors(COUNTS) is extractors(replace(COUNTS))
    assert extractors(COUNTS) is not Extractors()(COUNTS)


@pytest.mark.parametrize(
    ("change", "own"),
    [
        ({"groups": ("faces", "embedding")}, set()),
        ({"text": "budget:2"}, {"text"}),
        ({"groups": ("shape", "layout")}, {"text"}),
        ({"embedding": "backbones"}, {"embedding"}),
        ({"face_threshold": 0.9}, {"shape", "quality", "faces", "text", "embedding"}),
    ],
)
def test_what_agrees_is_shared(change, own):
    extractors = Extractors()
    other = extractors(replace(COUNTS, **change))
    first = extractors(COUNTS)
    both = {stage.group for stage in first.stages} & {stage.group for stage in other.stages}
    assert shared(first, other) == both - own
    assert other.settings == replace(COUNTS, **change)
    assert other.columns == Extractor(other.settings).columns


def test_rows_are_those_of_extractors_alone():
    extractors = Extractors()
    picture = np.ascontiguousarray(data.astronaut()[::2, ::2])
    for settings in (COUNTS, replace(COUNTS, text="budget:1"), replace(COUNTS, groups=("layout",))):
        made, alone = extractors(settings), Extractor(settings)
        assert made.schema == alone.schema
        assert made.schema.metadata == alone.schema.metadata
        assert made.row(picture) == alone.row(picture)
