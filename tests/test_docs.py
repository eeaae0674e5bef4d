"""The documentation keeps up with the code."""

import json
import re
from dataclasses import fields
from pathlib import Path

import pytest

from classifiers import load_pretrained
from classifiers.pretrained import NAMES
from classifiers.workflow import settings_of
from epic_features import Settings

ROOT = Path(__file__).resolve().parents[1]
SHIPPED = ROOT / "classifiers" / "pretrained"


def test_every_setting_is_in_the_guide_with_its_default():
    guide = (ROOT / "docs" / "guide.md").read_text(encoding="utf-8")
    listed = dict(re.findall(r"^\| `(\w+)` \| ([^|]+?) \|", guide, re.MULTILINE))
    assert set(listed) == {field.name for field in fields(Settings)}
    defaults = {f.name: str(f.default) for f in fields(Settings) if f.name != "groups"}
    assert {name: listed[name].replace(" ", "") for name in defaults} == defaults


def test_links_lead_somewhere():
    for page in (*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")):
        for target in re.findall(r"\]\(([^)#]+)\)", page.read_text(encoding="utf-8")):
            if "://" not in target:
                assert (page.parent / target).exists(), f"{page.name} links to {target}"


def test_the_two_commands_of_the_readme_exist():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for target in re.findall(r"^make (\S+)", readme, re.MULTILINE):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target


def test_the_demo_extracts_what_the_models_need():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    extracted = re.search(r"--groups (\S+) --embed backbones", makefile)
    needed = settings_of(load_pretrained("personal")).groups
    assert set(needed) <= {*Settings(groups=extracted[1].split(",")).groups, "embedding"}


def test_the_readme_gives_the_figures_of_the_models():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    promise = json.loads((SHIPPED / "personal" / "model.json").read_text())["guarantee"]
    assert f"{promise['hidden']} of {promise['protected']} personal photos" in readme


@pytest.mark.parametrize("page", ["README.md", "README.ar.md"])
@pytest.mark.parametrize("name", NAMES)
def test_both_readmes_sum_up_the_models(page, name):
    (row,) = re.findall(
        rf"^\|[^|`]*`{name}`[^|]*\|.*$", (ROOT / page).read_text(encoding="utf-8"), re.MULTILINE
    )
    result = json.loads((SHIPPED / name / "evaluation.json").read_text())
    accuracy = {"README.md": "accuracy", "README.ar.md": "الدقة"}[page]
    assert f"{accuracy} {100 * result['accuracy']:.1f} %" in row
    assert row.endswith(f"| {100 * result['majority']:.1f} % | {result['images']:,} |")
    # More is told of two of them.
    assert ("macro F1" in row, "AUC" in row) == (name == "gallery", name == "personal")
    if "macro F1" in row:
        assert f"macro F1 {result['macro_f1']:.2f}".replace("0.", ".") in row
    if "AUC" in row:
        assert f"AUC {result['auc']:.3f}".replace("0.", ".") in row
        assert f" {100 * result['junk_removed']:.0f} %" in row


def test_the_benchmark_of_labels_names_a_table_that_all_models_take():
    from benchmarks import classify

    groups = re.search(r"--groups (\S+)\s+--embed (\w+)", classify.__doc__)
    extracted = Settings(groups=groups[1].split(","), embedding=groups[2])
    for name in NAMES:
        needed = settings_of(load_pretrained(name))
        assert set(needed.groups) <= set(extracted.groups), name
        assert needed.embedding == extracted.embedding, name
