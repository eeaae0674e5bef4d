"""The documentation keeps up with the code."""

import json
import re
from dataclasses import fields
from pathlib import Path

from classifiers import load_pretrained
from classifiers.workflow import settings_of
from epic_features import Settings

ROOT = Path(__file__).resolve().parents[1]


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
    shipped = ROOT / "classifiers" / "pretrained"
    promise = json.loads((shipped / "personal" / "model.json").read_text())["guarantee"]
    assert f"{promise['hidden']} of {promise['protected']} personal photos" in readme
    for name in ("personal", "gallery", "whatsapp", "drawn"):
        result = json.loads((shipped / name / "evaluation.json").read_text())
        assert f"accuracy {100 * result['accuracy']:.1f} %" in readme, name
        assert f"{100 * result['majority']:.1f} % | {result['images']:,} |" in readme, name
