"""What is generated, listed or drawn in the documentation is what the code says."""

from __future__ import annotations

import math
import re

import pytest
from docs_pages import PAGES, ROOT

import classifiers
import epic_features
from docs import make_columns, make_commands
from epic_features import cleaning
from epic_features.schema import CORE_COLUMNS, EXTRA_COLUMNS

PACKAGES = ("epic_features", "classifiers", "epic_gallery")
NUMBER = re.compile(r"(?<![\w#.])-?\d+(?:\.\d+)?(?:e-?\d+)?(?![\w.])")


def test_the_command_reference_is_up_to_date():
    written = make_commands.TARGET.read_text(encoding="utf-8")
    assert written == make_commands.reference(), "run: python -m docs.make_commands"


def test_every_column_has_an_example():
    shown = [column for part in make_columns.parts() for column in part.columns]
    assert sorted(c.name for c in shown) == sorted(c.name for c in CORE_COLUMNS + EXTRA_COLUMNS)
    assert all(part.pictures for part in make_columns.parts())
    assert sum(path.stat().st_size for path in make_columns.PICTURES.rglob("*.*")) < 1_000_000


def test_the_column_reference_is_up_to_date(default_models):
    """Words must be equal; figures may differ as much as versions of OpenCV and ONNX Runtime do."""
    written = make_columns.TARGET.read_text(encoding="utf-8").splitlines()
    now = make_columns.reference(make_columns.look()).splitlines()
    advice = "run: python -m docs.make_columns"
    assert [NUMBER.sub("0", line) for line in written] == [NUMBER.sub("0", line) for line in now], (
        advice
    )
    for old, new in zip(written, now, strict=True):
        for one, other in zip(NUMBER.findall(old), NUMBER.findall(new), strict=True):
            near = math.isclose(float(one), float(other), rel_tol=0.02, abs_tol=0.002)
            assert near, f"{advice}\n{old}\n{new}"


def test_every_page_is_in_the_contents():
    contents = (ROOT / "docs/index.md").read_text(encoding="utf-8")
    listed = set(re.findall(r"^- \[.+?\]\((\S+?)\)", contents, re.MULTILINE))
    models = set(re.findall(r"\]\((\S+?\.md)\)", PAGES["docs/models.md"].read_text("utf-8")))
    for page in (*(ROOT / "docs").glob("*.md"), *(ROOT / "docs/api").glob("*.rst")):
        name = page.relative_to(ROOT / "docs").as_posix()
        assert name == "index.md" or name in listed | models, f"{name} is not linked in index.md"
    cards = [*ROOT.glob("classifiers/pretrained/*/README.md")]
    cards += ROOT.glob("epic_features/models/embedders/*/README.md")
    assert {f"../{card.relative_to(ROOT).as_posix()}" for card in cards} <= models


@pytest.mark.parametrize("page", PAGES)
def test_anchors_are_headings(page):
    """Links into a page lead to one of its headings, as git hosts and Sphinx name them."""
    text = PAGES[page].read_text(encoding="utf-8")
    for target, anchor in re.findall(r"\]\(([^)#\s]*)#([^)\s]+)\)", text):
        if "://" in target:
            continue
        goal = PAGES[page].parent / target if target else PAGES[page]
        headings = re.findall(r"^#+ (.+)$", goal.read_text(encoding="utf-8"), re.MULTILINE)
        slugs = {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in headings}
        assert anchor in slugs, f"{page}: {target}#{anchor}"


@pytest.mark.parametrize("page", PAGES)
def test_files_that_are_named_exist(page):
    for named in re.findall(r"`(tests/[\w/]+(?:\.py)?/?)`", PAGES[page].read_text("utf-8")):
        assert (ROOT / named).exists(), f"{page} names {named}"


def test_the_drawing_names_real_modules():
    drawing = (ROOT / "docs/images/architecture.svg").read_text(encoding="utf-8")
    for name in re.findall(r'<text class="name"[^>]*>([^<]+)<', drawing):
        for part in name.split(", "):
            if part != "stages":
                places = [ROOT / package / part for package in ("", *PACKAGES)]
                assert any(place.exists() for place in places), part


@pytest.mark.parametrize("module", [epic_features, classifiers, cleaning], ids=lambda m: m.__name__)
def test_public_names_are_documented(module):
    for name in module.__all__:
        thing = getattr(module, name)
        if callable(thing):
            assert (thing.__doc__ or "").strip(), f"{module.__name__}.{name}"


def test_variables_of_the_environment_are_documented():
    pages = "".join(page.read_text(encoding="utf-8") for page in (ROOT / "docs").glob("*.md"))
    for package in PACKAGES:
        for path in (ROOT / package).rglob("*.py"):
            for name in re.findall(r'"(EPIC_[A-Z_]+)"', path.read_text(encoding="utf-8")):
                assert name in pages, f"{path.name}: {name}"
