"""Doubt about labels: planted errors, and what may not change it."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from epic_features import Settings, extract
from epic_features.cleaning.label_errors import label_doubt, numeric_matrix
from epic_features.errors import SettingsError


def table(count: int, seed: int = 0) -> tuple[pd.DataFrame, list[str]]:
    """Documents and photos: two classes that a few columns tell apart, but not each alone."""
    rng = np.random.default_rng(seed)
    kinds = ["documents", "photos"] * (count // 2)
    document = np.array([kind == "documents" for kind in kinds])
    features = pd.DataFrame(
        {
            "width": rng.integers(500, 2000, count),
            "text_blocks_count": rng.poisson(np.where(document, 8, 2)),
            "total_faces_count": rng.poisson(np.where(document, 0.1, 1.0)),
            "brightness": np.clip(rng.normal(np.where(document, 0.8, 0.5), 0.15), 0, 1),
            "dominant_color_1": np.where(document, "#f0f0f0", "#806040"),
            "en_words_original": [
                ["word"] * int(n) for n in rng.poisson(np.where(document, 40, 3))
            ],
        }
    )
    return features, kinds


def test_planted_errors_come_first():
    features, labels = table(300)
    wrong = [5, 60, 111, 200, 299]
    for i in wrong:
        labels[i] = "photos" if labels[i] == "documents" else "documents"
    doubt = label_doubt(features, labels)
    assert ((doubt >= 0) & (doubt <= 1)).all()
    assert set(np.argsort(-doubt)[:10]) >= set(wrong)


def test_the_same_call_gives_the_same_doubt():
    features, labels = table(60)
    np.testing.assert_array_equal(label_doubt(features, labels), label_doubt(features, labels))


def test_no_image_of_a_group_judges_another():
    # Only a column that names the group tells the classes apart: useless for an unseen group.
    rng = np.random.default_rng(0)
    groups = np.repeat(np.arange(40), 10)
    label_of_group = rng.permutation(np.repeat(["a", "b"], 20))
    features = pd.DataFrame({"brightness": rng.uniform(0, 1, 40)[groups]})
    labels = label_of_group[groups]
    alone = label_doubt(features, labels)
    grouped = label_doubt(features, labels, groups.astype(str))
    assert alone.mean() < 0.2
    assert grouped.mean() > 0.35


def test_columns_without_values_and_words_do_not_matter():
    features, labels = table(60)
    more = features.assign(file_name="x", contrast=np.nan, note="x")
    np.testing.assert_array_equal(label_doubt(features, labels), label_doubt(more, labels))


def test_scaling_of_the_matrix():
    features = pd.DataFrame(
        {
            "area": [1, 3, 7, 15, 31],
            "contrast": [0.1, np.nan, 0.3, 0.1, 0.3],
            "en_words_original": [[], ["a"], ["a"], ["a"], None],
            "phash": ["00"] * 5,
        }
    )
    expected = [
        [-1, -0.5, 0, 0.5, 1],  # log2(area + 1) is 1 to 5
        [-4, 0, 0, 0, 0],  # the quartiles of 0, 1, 1, 1 are 0.75 and 1
        [-0.5, 0, 0.5, -0.5, 0.5],
        [0, 0, 0, 0, 1],
        [0, 1, 0, 0, 0],
    ]
    np.testing.assert_allclose(numeric_matrix(features).T, expected, atol=1e-12)


def test_a_table_of_extract_can_be_used(gallery):
    folder, _ = gallery
    frame = extract(folder, settings=Settings(groups=("shape", "colors", "quality", "exif")))
    doubt = label_doubt(frame, frame["class"].astype(str), folds=2)
    assert doubt.shape == (len(frame),)
    assert np.isfinite(doubt).all()


@pytest.mark.parametrize(
    ("labels", "groups", "message"),
    [
        (["a"] * 60, None, "1 classes"),
        (["a", "b"] * 29, None, "same number of rows"),
        (["a", "b"] * 30, ["g"] * 60, "1 groups"),
        (["a", "b"] * 30, ["g"] * 59, "same number of rows"),
    ],
)
def test_what_can_not_be_judged(labels, groups, message):
    features, _ = table(60)
    with pytest.raises(SettingsError, match=message):
        label_doubt(features, labels, groups)


def test_a_table_without_numbers():
    with pytest.raises(SettingsError, match="0 numeric columns"):
        label_doubt(pd.DataFrame({"file_name": ["x"] * 10}), ["a", "b"] * 5)
