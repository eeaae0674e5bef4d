"""The report opens without a network and survives any class name."""

import base64
import json
import re
from html.parser import HTMLParser

import numpy as np
import pytest

from classifiers import evaluate
from classifiers.guarantee import Guarantee
from classifiers.report import write_report
from epic_features import OutputError

PNG = b"\x89PNG\r\n\x1a\n"
PROMISE = Guarantee(0.01, 0.2, 0.9, 200, 1, 0.0001, 0.03)


class Page(HTMLParser):
    """Collects the tags, the addresses and the text of a page."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.addresses, self.texts = [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.addresses += [v for k, v in attrs if k in ("src", "href", "action", "data", "srcset")]

    def handle_data(self, data):
        self.texts.append(data.strip())


def result_of(classes, folds=None, protect=()):
    random = np.random.default_rng(0)
    codes = np.arange(60) % len(classes)
    scores = random.dirichlet(np.ones(len(classes)), 60) / 2 + np.eye(len(classes))[codes] / 2
    labels = np.array(classes, object)[codes]
    return evaluate(labels, scores, classes, folds=folds, protect=protect)


def test_the_page_holds_the_figures_and_the_pictures(tmp_path):
    result = result_of(["junk", "personal"], np.arange(60) % 3, ["personal"])
    page = write_report(
        result,
        tmp_path / "new" / "report",
        title="A model",
        guarantee=PROMISE,
        importance={"features": {"width": 1.0}, "topics": {"faces": 2.0}, "parts": {"faces": 2.0}},
    )
    text = page.read_text(encoding="utf-8")
    parsed = Page(text)
    for figure in (result.accuracy, result.macro_f1, result.auc, result.junk_removed):
        assert f"{figure:.3f}" in parsed.texts
    spread = result.folds["macro_f1"]
    assert f"{spread.mean:.3f} ± {spread.deviation:.3f}" in text
    assert "1 of 200 protected images would have been hidden" in text
    assert parsed.texts.count("A model") == 2
    assert len(parsed.addresses) == 3
    for address in parsed.addresses:
        assert base64.b64decode(address.removeprefix("data:image/png;base64,")).startswith(PNG)
    names = sorted(path.name for path in page.parent.iterdir())
    assert names == [
        "confusion.png", "evaluation.json", "importance.png", "reliability.png", "report.html",
    ]  # fmt: skip
    record = json.loads((page.parent / "evaluation.json").read_text(encoding="utf-8"))
    assert record["accuracy"] == result.accuracy
    assert record["importance"]["topics"] == {"faces": 2.0}


def test_a_promise_reads_well_whether_there_is_one_or_not(tmp_path):
    none = Guarantee(0.01, None, 0.9, 30, 0, 0.0, 0.1)
    for guarantee, said in ((PROMISE, "1 of 200 protected"), (none, "only 30 protected images")):
        page = write_report(result_of(["a", "b"]), tmp_path, title="x", guarantee=guarantee)
        (note,) = [t for t in Page(page.read_text(encoding="utf-8")).texts if "protected" in t]
        assert note.startswith(f"Promise: in the test of the model {said}")
        assert note.endswith(".")


def test_the_page_asks_no_network_for_anything(tmp_path):
    text = write_report(result_of(["a", "b"]), tmp_path, title="x").read_text(encoding="utf-8")
    assert not re.findall(r"https?://|//[a-z]+\.|@import|url\(", text)
    assert not {"script", "link", "iframe", "object"} & set(Page(text).tags)
    assert "default-src 'none'" in text


HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=http://evil.example/x.png>',
    "{{ 7 * 7 }}",
    "صور العيلة",
    "a & b",
]


def test_hostile_class_names_are_only_text(tmp_path):
    page = write_report(result_of(HOSTILE), tmp_path, title=HOSTILE[0])
    parsed = Page(page.read_text(encoding="utf-8"))
    assert "script" not in parsed.tags
    assert all(address.startswith("data:image/png;base64,") for address in parsed.addresses)
    assert set(HOSTILE) <= set(parsed.texts)


@pytest.mark.parametrize("name", [r"$\frac$", "$5$", "a_b^c", "%s", "\\"])
def test_names_that_mean_something_to_matplotlib(tmp_path, name):
    page = write_report(result_of([name, "other"]), tmp_path, title=name)
    assert name in Page(page.read_text(encoding="utf-8")).texts


def test_a_report_without_extras_is_short(tmp_path):
    page = write_report(result_of(["a", "b", "c"]), tmp_path, title="x")
    text = page.read_text(encoding="utf-8")
    assert "Promise" not in text
    assert "junk removed" not in text
    assert not (tmp_path / "importance.png").exists()


def test_an_earlier_report_is_replaced_and_other_files_stay(tmp_path):
    (tmp_path / "mine.txt").write_text("precious")
    write_report(result_of(["a", "b"]), tmp_path, title="Monday")
    page = write_report(result_of(["a", "b"]), tmp_path, title="Tuesday")
    assert "Monday" not in page.read_text(encoding="utf-8")
    assert (tmp_path / "mine.txt").read_text() == "precious"


def test_a_file_in_the_way(tmp_path):
    (tmp_path / "file").write_text("precious")
    with pytest.raises(OutputError, match="can't write the report"):
        write_report(result_of(["a", "b"]), tmp_path / "file", title="x")
    assert (tmp_path / "file").read_text() == "precious"


def test_notebooks_show_an_evaluation():
    folds = np.arange(60) % 3
    result = result_of([HOSTILE[0], HOSTILE[1], "صور العيلة"], folds, [HOSTILE[0]])
    text = result._repr_html_()
    parsed = Page(text)
    assert not {"script", "link", "iframe", "img"} & set(parsed.tags)
    assert not parsed.addresses
    for figure in (result.accuracy, result.macro_f1, result.auc, result.majority):
        assert f"{figure:.3f}" in parsed.texts
    for name in result.classes:
        assert parsed.texts.count(name) == 3  # Its scores, its row and its column.
    counts = [int(cell) for cell in re.findall(r"rgba\([^)]*\)\">(\d*)<", text) if cell]
    assert counts == [count for row in result.confusion for count in row if count]


def test_shades_are_shares_of_a_row():
    labels, chosen = np.array(["a", "a", "b", "b", "b", "b"]), np.array([0, 1, 0, 1, 1, 1])
    text = evaluate(labels, np.eye(2)[chosen], ["a", "b"])._repr_html_()
    shades = re.findall(r"rgba\([\d, ]+, ([\d.]+)\)\">(\d+)<", text)
    # At most 0.75, so that figures can be read on any page.
    assert shades == [("0.38", "1"), ("0.38", "1"), ("0.19", "1"), ("0.56", "3")]


def test_an_evaluation_without_folds_or_protected_classes():
    text = result_of(["a", "b", "c"])._repr_html_()
    assert "junk removed" not in text
    assert "±" not in text
