"""The files of the quick rules: the same answers again, and clear words about what is damaged."""

from __future__ import annotations

import json
import pickle
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone

from classifiers.pretrained import find_model, find_model_or_rule
from classifiers.rule import load_rule
from classifiers.rules import QUICK, BytesClassifier, ColorsClassifier, load
from epic_features import OutputError
from epic_features.errors import ModelFileError
from epic_features.image import Image

ROOT = Path(__file__).resolve().parents[2]
NAMES = tuple(QUICK)


@pytest.fixture(scope="module")
def rules() -> dict:
    """A small rule of each kind, learned on numbers."""
    random = np.random.default_rng(0)
    labels = np.resize(["animated", "real"], 80)
    share = np.clip(np.resize([0.6, 0.3], 80) + random.normal(0, 0.15, 80), 0, 1)
    sizes = random.integers(1, 90_000, 80)
    table = pd.DataFrame(
        {
            "byte_length": sizes,
            "hex_length": 2 * sizes,
            "base64_length": 4 * -(-sizes // 3),
            "bilateral_similarity": 1 - (1 - share) / 50,
            "top512_colors_ratio": share,
        }
    )
    return {name: kind().fit(table, labels) for name, kind in QUICK.items()}


@pytest.mark.parametrize("name", NAMES)
def test_saved_and_loaded_again(name, rules, tmp_path):
    rule = rules[name]
    rule.save(tmp_path / "one")
    again = load_rule(QUICK[name], tmp_path / "one")
    pixels = np.random.default_rng(2).integers(0, 90, (40, 50, 3)).astype(np.uint8)
    picture = Image(pixels=pixels, encoded=bytes(30_000))
    assert again.classify(picture) == rule.classify(picture)
    assert again.get_params() == rule.get_params()
    again.save(tmp_path / "two")
    one, two = ((tmp_path / place / "model.json").read_bytes() for place in ("one", "two"))
    assert one == two
    assert pickle.loads(pickle.dumps(rule)).classify(picture) == rule.classify(picture)
    assert not hasattr(clone(rule), "provenance_")


@pytest.mark.parametrize("name", NAMES)
def test_the_shipped_rules(name):
    rule = load(name)
    assert isinstance(rule, QUICK[name])
    assert find_model_or_rule(name).kind == name
    assert rule.provenance_["settings"]["groups"] == ["bytes" if name == "bytes" else "cartoon"]
    folder = ROOT / "classifiers" / "pretrained" / name
    assert sum(path.stat().st_size for path in folder.iterdir()) < 20_000
    assert (folder / "README.md").exists()


def damaged(folder: Path, change) -> None:
    """Change the file of a rule and make its checksum fit again."""
    from classifiers.rule import _digest

    path = folder / "model.json"
    record = json.loads(path.read_text())
    record.pop("sha256")
    change(record)
    path.write_text(json.dumps(record | {"sha256": _digest(record)}))


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("colors", lambda r: r["learned"].pop("scale")),
        ("colors", lambda r: r["learned"].update(scale=0)),
        ("colors", lambda r: r["learned"].update(threshold="high")),
        ("colors", lambda r: r["learned"].update(threshold=float("nan"))),
        ("colors", lambda r: r["parameters"].update(depth=3)),
        ("colors", lambda r: r.update(provenance=None)),
        ("bytes", lambda r: r["learned"]["edges"].pop("hex_length")),
        ("bytes", lambda r: r["learned"]["edges"]["hex_length"].reverse()),
        ("bytes", lambda r: r["learned"]["scores"]["hex_length"].pop()),
        ("bytes", lambda r: r["learned"].update(bias=float("inf"))),
        ("bytes", lambda r: r.update(learned=[])),
    ],
)
def test_a_damaged_file(name, change, rules, tmp_path):
    rules[name].save(tmp_path)
    damaged(tmp_path, lambda record: None)
    load_rule(QUICK[name], tmp_path)
    damaged(tmp_path, change)
    with pytest.raises(ModelFileError, match="damaged"):
        load_rule(QUICK[name], tmp_path)


def test_files_that_are_no_rule(rules, tmp_path):
    with pytest.raises(ModelFileError, match="can't read the rule"):
        load_rule(ColorsClassifier, tmp_path)
    rules["colors"].save(tmp_path)
    with pytest.raises(ModelFileError, match="is the rule 'colors', not 'bytes'"):
        load_rule(BytesClassifier, tmp_path)
    path = tmp_path / "model.json"
    text = path.read_text()
    path.write_text(text.replace('"threshold": 0.3,', '"threshold": 0.4,'))
    with pytest.raises(ModelFileError, match="checksum"):
        load_rule(ColorsClassifier, tmp_path)
    path.write_text(text.replace('"format": 1', '"format": 2'))
    with pytest.raises(ModelFileError, match="format 1; update"):
        load_rule(ColorsClassifier, tmp_path)
    for broken in ("{", "[]", ""):
        path.write_text(broken)
        with pytest.raises(ModelFileError):
            load_rule(ColorsClassifier, tmp_path)
    (tmp_path / "file").write_text("precious")
    with pytest.raises(OutputError, match="can't write the model"):
        rules["colors"].save(tmp_path / "file")


def test_names_that_are_unknown(tmp_path, lightgbm):
    with pytest.raises(ModelFileError, match="no rule 'drawn'; choose from: bytes, bilateral"):
        load("drawn")
    with pytest.raises(ModelFileError, match="drawn, bytes, bilateral, colors"):
        find_model_or_rule(str(tmp_path / "gone"))
    with pytest.raises(ModelFileError, match="holds no model"):
        find_model_or_rule(tmp_path)
    with pytest.raises(ModelFileError):  # What sorts files into folders knows no rules.
        find_model("colors")
    assert find_model_or_rule("drawn").kind == "fusion"
