"""The promises that the pages quote are those of the models that are shipped."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from classifiers.pretrained import load_pretrained

ROOT = Path(__file__).resolve().parents[2]
CARDS = {name: f"classifiers/pretrained/{name}/README.md" for name in ("gallery", "whatsapp")}
# What is quoted elsewhere is what `epic classify` says without a model being named.
PAGES = sorted(
    path.relative_to(ROOT).as_posix()
    for path in (*ROOT.glob("docs/*.md"), *ROOT.glob("examples/notebooks/*.ipynb"))
)


def promises(page: str) -> list[str]:
    text = (ROOT / page).read_text(encoding="utf-8")
    return re.findall(r"\d+ of \d+ protected images would have been hidden \([^)]*\)", text)


@pytest.mark.parametrize(
    ("name", "pages"),
    [
        ("personal", ["classifiers/pretrained/personal/README.md", *PAGES]),
        *((name, [card]) for name, card in CARDS.items()),
    ],
)
def test_quoted_promises(name, pages, lightgbm):
    promise = str(load_pretrained(name).guarantee_)
    quoted = {page: found for page in pages if (found := promises(page))}
    assert pages[0] in quoted
    assert quoted == {page: [promise] * len(found) for page, found in quoted.items()}
