"""How Sphinx makes the documentation site: ``make docs``.

The source folder is the root of the project, so that model cards, results of benchmarks and the
README are pages where they lie; nothing is copied.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from epic_features import __version__

if TYPE_CHECKING:
    from sphinx.application import Sphinx

ROOT = Path(__file__).resolve().parents[1]

project = "EPIC Features"
author = "The EPIC Features authors"
project_copyright = author
version = release = __version__

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.viewcode", "numpydoc"]
root_doc = "docs/index"
include_patterns = [
    "*.md",
    "docs/*.md",
    "docs/api/*.rst",
    "benchmarks/results/*.md",
    "classifiers/pretrained/*/README.md",
    "examples/notebooks/README.md",
    "epic_features/models/embedders/*/README.md",
]
# Folders that need not be walked through.
exclude_patterns = [".*", "demo", "dist", "build", "tests", "docs/_build"]

myst_heading_anchors = 3
myst_enable_extensions = ["html_image"]
# Results of benchmarks have no place in the contents (that all pages have one is tested); some JSON
# is shortened with three dots.
suppress_warnings = ["toc.not_included", "misc.highlighting_failure"]

# In docstrings, names stand in single backticks, too short to be found as cross-references.
default_role = "literal"
autodoc_default_options = {
    "members": True,
    "member-order": "bysource",
    # scikit-learn gives these to every estimator.
    "exclude-members": "set_fit_request, set_score_request, set_predict_request, "
    "set_predict_proba_request, set_transform_request",
}
autodoc_typehints = "none"  # The docstrings say types in words, with shapes and units.
autodoc_mock_imports = ["torch", "optuna"]
numpydoc_show_class_members = False

html_theme = "furo"
html_title = "EPIC Features"
html_static_path = ["_static"]
html_css_files = ["pages.css"]
html_copy_source = False
html_show_sphinx = False

# Pages whose lists of links are the contents of the site.
CONTENTS = ("docs/index", "docs/models")
LINK = re.compile(r"^- \[([^]]+)\]\(([^)#]+)\)", re.MULTILINE)


def add_contents(_app: Sphinx, page: str, source: list[str]) -> None:
    """Add a hidden table of contents for each list of links, so that pages are listed once."""
    if page not in CONTENTS:
        return
    parts = []
    for section in re.split(r"^## ", source[0], flags=re.MULTILINE):
        links = LINK.findall(section)
        if links:
            caption = section.partition("\n")[0]
            entries = "\n".join(f"{title} <{target}>" for title, target in links)
            head = f":hidden:\n:caption: {caption}\n" if page == root_doc else ":hidden:\n"
            parts.append(f"\n```{{toctree}}\n{head}\n{entries}\n```\n")
    source[0] += "".join(parts)


def setup(app: Sphinx) -> None:
    """Register what is done to sources."""
    app.connect("source-read", add_contents)
