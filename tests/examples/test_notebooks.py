"""The notebooks run from a clean state, show what they talk about, and hold no one's pictures."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbformat import NotebookNode

from examples.gallery import Drawing
from examples.run_notebooks import NOTEBOOKS, execute
from examples.sample import sample_gallery

# What a last cell prints of each notebook, to be judged here.
CLAIMS = {
    "1_features": "{'rows': len(frame), 'words': int(with_words.sum()), 'width': plane.shape[1]}",
    "2_train_evaluate_explain": "{'accuracy': result.accuracy, 'majority': result.majority,"
    " 'promise': model.guarantee_.hide_below, 'gone': float(gone[-1])}",
    "3_metadata_embeddings_fusion": "{n: [r.accuracy, r.majority] for n, r in results.items()}",
    "4_cleaning": "{'first': int(found[len(wrong) - 1]), 'wrong': len(wrong),"
    " 'all': len(inside), 'thrown': len(thrown.outcomes), 'alike': float(clusters.components"
    "['margin'].max()), 'there': there == set(frame.loc[labels == target, 'relative_path'])}",
}


@pytest.fixture(scope="module")
def work(
    tmp_path_factory: pytest.TempPathFactory,
    default_models: None,
    whole_gallery: tuple[Path, list[Drawing]],
) -> Path:
    """A place that the notebooks share, as they do for a person who runs them in turn."""
    return tmp_path_factory.mktemp("notebooks")


def run(number: int, work: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[NotebookNode, Any]:
    monkeypatch.setenv("EPIC_WORK", str(work))
    monkeypatch.delenv("EPIC_DATA", raising=False)
    monkeypatch.delenv("EPIC_NETWORK", raising=False)
    path = NOTEBOOKS[number - 1]
    more = f"import json; print(json.dumps({CLAIMS[path.stem]}))"
    notebook = execute(path, more)
    noise = [o["text"] for o in outputs(notebook) if o.get("name") == "stderr"]
    assert not noise, noise
    return notebook, json.loads(notebook.cells[-1].outputs[0]["text"])


def outputs(notebook: NotebookNode) -> list[Any]:
    return [output for cell in notebook.cells for output in cell.get("outputs", ())]


def pictures(notebook: NotebookNode) -> int:
    return sum("image/png" in output.get("data", {}) for output in outputs(notebook))


def shown(notebook: NotebookNode) -> str:
    return "".join(str(output.get("data", {}).get("text/html", "")) for output in outputs(notebook))


def test_features(work, monkeypatch):
    notebook, claims = run(1, work, monkeypatch)
    assert pictures(notebook) == 4  # Distributions, palettes, correlations, the map.
    assert claims["rows"] == 120
    assert claims["words"] >= 6
    assert claims["width"] == 2
    assert "rejected" in shown(notebook)
    assert 'dir="rtl"' in shown(notebook)
    assert shown(notebook).count("data:image/jpeg") >= 11


def test_train_evaluate_explain(work, lightgbm, monkeypatch):
    notebook, claims = run(2, work, monkeypatch)
    assert pictures(notebook) == 5  # Confusion, reliability, importance, reasons, thresholds.
    assert claims["accuracy"] > 2 * claims["majority"]
    assert claims["gone"] > 0.8
    assert claims["promise"] is None, "twenty photos are too few for a promise"
    assert "always the most frequent class" in shown(notebook)


def test_metadata_embeddings_fusion(work, lightgbm, monkeypatch):
    notebook, claims = run(3, work, monkeypatch)
    assert pictures(notebook) == 4  # Folds, F1 of the classes, two maps, confusion.
    assert len(claims) == 4
    assert all(accuracy > 2 * majority for accuracy, majority in claims.values())
    alone = max(claims["metadata"][0], claims["embedding"][0])
    assert claims["both (stack)"][0] > alone - 0.05


def test_cleaning(work, monkeypatch):
    notebook, claims = run(4, work, monkeypatch)
    assert pictures(notebook) == 2  # The ranking, the contact sheet.
    # As many looked at as are wrong: the doubt finds far more of them than chance would.
    assert claims["first"] > 1.4 * claims["wrong"] ** 2 / claims["all"]
    assert claims["thrown"] >= 0.8 * claims["wrong"]
    assert claims["alike"] > 0
    assert claims["there"]
    left = {path.relative_to(work) for path in work.rglob("*") if ".epic" in path.parts}
    assert not left, "only a copy of the gallery is moved about"


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_what_is_committed(path):
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    assert path.stem in CLAIMS
    assert path.stat().st_size < 500_000
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in code] == list(range(1, len(code) + 1))
    assert pictures(notebook)
    assert not [o for o in outputs(notebook) if o.get("name") == "stderr"]
    # Run with drawn pictures, and nothing of the machine that ran it is told.
    text = path.read_text(encoding="utf-8")
    assert not re.search(r"/(home|root|work|Users|tmp)/", text)
    assert set(re.findall(r"resumed=\d+", text)) <= {"resumed=0"}, "not from a clean state"
    assert "drawn" in text


def test_the_sample_of_a_folder(tmp_path, monkeypatch):
    source = tmp_path / "mine"
    for name, count in (("cats", 10), ("dogs", 3)):
        for number in range(count):
            (source / name).mkdir(parents=True, exist_ok=True)
            (source / name / f"{number}.jpg").write_bytes(b"%d" % number)
    monkeypatch.setenv("EPIC_DATA", str(source))
    monkeypatch.setenv("EPIC_WORK", str(tmp_path / "work"))
    gallery = sample_gallery(per_class=4)
    copied = sorted(path.relative_to(gallery).as_posix() for path in gallery.rglob("*.jpg"))
    assert copied == [
        "cats/0.jpg", "cats/3.jpg", "cats/6.jpg", "cats/9.jpg",
        "dogs/0.jpg", "dogs/1.jpg", "dogs/2.jpg",
    ]  # fmt: skip
    assert len(list(source.rglob("*.jpg"))) == 13
    assert sample_gallery(per_class=4) == gallery
