"""Components of a class, and those that look like another class."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from PIL import Image as PILImage

from epic_features import SettingsError, extract
from epic_features.cleaning.clusters import contact_sheet, find_clusters, save_sheet


def embedded(seed=0):
    """Two classes far apart; seven images of the second are labelled as the first."""
    numbers = np.random.default_rng(seed)
    first = numbers.normal(0, 1, (60, 8)) + np.repeat([[0, 6], [6, 0]], 30, axis=0) @ np.eye(2, 8)
    second = numbers.normal(0, 1, (40, 8)) + 20
    labels = ["first"] * 60 + ["first"] * 7 + ["second"] * 33
    features = pd.DataFrame(
        {
            "path": [f"{n:03d}.jpg" for n in range(100)],
            "embedding": list(np.vstack([first, second])),
        }
    )
    return features, labels


def test_images_of_another_class_are_a_component_that_comes_first():
    features, labels = embedded()
    found = find_clusters(features, labels, only="first", k=3)
    top = found.components.iloc[0]
    assert (top["class"], top["images"], top["other_class"]) == ("first", 7, "second")
    assert top["margin"] > 0 > found.components["margin"].iloc[1]
    assert sorted(found.findings["path"]) == [f"{n:03d}.jpg" for n in range(60, 67)]
    assert set(found.findings["suggestion"]) == {"review"}
    assert list(found.components["images"].sort_values()) == [7, 30, 30]


def test_numbers_agree_with_their_definition():
    features, labels = embedded()
    found = find_clusters(features, labels, k=3)
    matrix = np.stack(features["embedding"])
    matrix = matrix / matrix.std() / np.sqrt(8)
    by_path = dict(zip(features["path"], matrix, strict=True))
    assert sorted(found.images["path"]) == sorted(features["path"])
    for row in found.components.itertuples(index=False):
        inside = found.images[
            (found.images["class"] == row[0]) & (found.images["component"] == row.component)
        ]
        points = np.stack([by_path[path] for path in inside["path"]])
        distances = np.linalg.norm(points - points.mean(axis=0), axis=1)
        np.testing.assert_allclose(inside["distance"], distances)
        assert (np.diff(inside["distance"]) <= 1e-12).all()
        assert row.mean_distance == pytest.approx(distances.mean())
    pd.testing.assert_frame_equal(found.components, find_clusters(features, labels, k=3).components)


def test_one_class_alone_has_no_other():
    features, _ = embedded()
    found = find_clusters(features, ["all"] * 100, k=200)
    assert len(found.components) == 100
    assert found.components["margin"].isna().all()
    assert found.findings.empty


def test_columns_of_a_feature_table_do(tmp_path):
    for n in range(6):
        shade = 250 if n < 3 else 5 + n
        PILImage.new("RGB", (40 + n, 60), (shade, shade, shade)).save(tmp_path / f"{n}.png")
    features = extract(sorted(map(str, tmp_path.glob("*.png"))), root=tmp_path)
    found = find_clusters(features, ["x"] * 6, k=2)
    groups = found.images.groupby("component")["path"].apply(set)
    assert {frozenset(group) for group in groups} == {
        frozenset({"0.png", "1.png", "2.png"}),
        frozenset({"3.png", "4.png", "5.png"}),
    }
    sheet = contact_sheet(found, tmp_path)
    save_sheet(sheet, tmp_path / "sheet.png")
    assert PILImage.open(tmp_path / "sheet.png").size == sheet.size
    colours = {c for _, c in sheet.getcolors(10**6)}
    assert {(250, 250, 250), (8, 8, 8)} <= colours


def test_a_sheet_names_arabic_classes(tmp_path):
    features, labels = embedded()
    found = find_clusters(features, labels, only="first", k=1)

    def title(name):
        sheet = contact_sheet(
            replace(found, components=found.components.assign(**{"class": name})), tmp_path
        )
        return np.asarray(sheet.convert("L"))[:24] < 128

    def width(name):
        return np.flatnonzero(title(name).any(axis=0)).max()

    # Boxes in place of letters all look the same, and this letter is 11 pixels wide when it stands
    # apart.
    assert (title("صور") != title("ورق")).any()
    assert width("ييي") - width("ي") < 16


def test_what_can_not_be_divided_is_said():
    features, labels = embedded()
    with pytest.raises(SettingsError, match="at least 1"):
        find_clusters(features, labels, k=0)
    with pytest.raises(SettingsError, match="no image of the class"):
        find_clusters(features, labels, only="third")
    with pytest.raises(SettingsError, match="numeric column"):
        find_clusters(features[["path"]], labels)
    with pytest.raises(SettingsError, match="embedding"):
        find_clusters(features.assign(embedding=[[1.0]] * 99 + [[1.0, 2.0]]), labels)
