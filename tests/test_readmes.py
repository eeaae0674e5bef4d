"""The two READMEs say the same, and the citation file fits the package."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
import yaml

import epic_features

ROOT = Path(__file__).resolve().parents[1]
ENGLISH, ARABIC = ROOT / "README.md", ROOT / "README.ar.md"


def figures(page: Path) -> list[list[str]]:
    """Return the numbers of each row of each table that has any, in order."""
    rows = re.findall(r"^\|.*\|$", page.read_text(encoding="utf-8"), re.MULTILINE)
    numbers = [re.findall(r"(?<![\w.])\.?\d[\d,.]*\b", re.sub(r"`[^`]*`", "", row)) for row in rows]
    return [sorted(row) for row in numbers if row]


def test_both_tables_hold_the_same_figures():
    assert len(figures(ENGLISH)) >= 14
    assert figures(ARABIC) == figures(ENGLISH)


def test_both_show_the_same_code():
    code = [re.findall(r"```.*?```", page.read_text(encoding="utf-8"), re.DOTALL)
            for page in (ENGLISH, ARABIC)]  # fmt: skip
    assert len(code[0]) >= 3
    assert code[0] == code[1]


def test_both_lead_to_the_same_pages():
    leads = [re.findall(r"\]\(([^)]+)\)", page.read_text(encoding="utf-8"))
             for page in (ENGLISH, ARABIC)]  # fmt: skip
    assert leads[0][0] == "README.ar.md"
    assert leads[1][0] == "README.md"
    assert leads[0][1:] == leads[1][1:]


def test_arabic_runs_from_right_to_left():
    text = ARABIC.read_text(encoding="utf-8")
    outside = re.sub(r'<div dir="rtl" lang="ar">.*?</div>', "", text, flags=re.DOTALL)
    assert not re.search("[\u0600-\u06ff]", outside)
    # Code in a right-to-left page reads from left to right only outside.
    inside = re.findall(r'<div dir="rtl" lang="ar">.*?</div>', text, re.DOTALL)
    assert not any("```" in part for part in inside)


@pytest.mark.parametrize("page", [ENGLISH, ARABIC])
def test_each_has_one_picture(page):
    assert len(re.findall(r"!\[", page.read_text(encoding="utf-8"))) == 1


def test_the_citation_file_fits_the_package():
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    # What the schema of version 1.2.0 requires, and the only other keys that are used.
    assert citation["cff-version"] == "1.2.0"
    assert {"message", "title", "authors"} <= citation.keys()
    assert set(citation) <= {
        "cff-version", "message", "type", "title", "abstract", "authors", "version",
        "date-released", "license", "keywords",
    }  # fmt: skip
    assert citation["version"] == epic_features.__version__
    assert citation["license"] == project["license"]
    assert citation["authors"] == project["authors"]


def test_the_changelog_knows_the_version():
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    headings = re.findall(r"^## \[([^\]]+)\]", text, re.MULTILINE)
    assert headings[0] in ("Unreleased", epic_features.__version__)
    assert len(headings) == len(set(headings))
    sections = set(re.findall(r"^### (\w+)", text, re.MULTILINE))
    assert sections <= {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}
