"""What notebooks show of tables and dumps: whole, harmless, and readable."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from epic_features import DumpReport, Settings, SettingsError, dump, extract
from epic_features.extractor import Rejected
from epic_features.notebook import view

HOSTILE = '"><script>alert(1)</script><img src=http://evil.example/x onerror=alert(2)>'


class Output(HTMLParser):
    """Collects rows of cells, their attributes and every tag."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.rows: list[list[str]] = []
        self.cells: list[dict[str, str | None]] = []
        self._open = False
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.rows[-1].append("")
            self.cells.append(dict(attrs))
            self._open = True

    def handle_endtag(self, tag):
        self._open = self._open and tag not in ("td", "th")

    def handle_data(self, data):
        if self._open:
            self.rows[-1][-1] += data


def assert_harmless(text: str) -> Output:
    parsed = Output(text)
    text.encode("utf-8")
    assert not {"script", "link", "iframe", "object", "form"} & {tag for tag, _ in parsed.tags}
    assert not re.findall(r"@import|url\(", "".join(str(a) for _, a in parsed.tags))
    for _, attributes in parsed.tags:
        assert not [name for name in attributes if name.startswith("on")]
        assert (attributes.get("src") or "data:").startswith("data:")
        assert "href" not in attributes
    return parsed


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    Image.new("RGB", (60, 40), "#0000ff").save(tmp_path / "blue.png")
    Image.new("RGB", (40, 80), "#ff0000").save(tmp_path / "red.png")
    return tmp_path


@pytest.fixture
def frame(folder: Path) -> pd.DataFrame:
    return extract(folder, settings=Settings(groups=("shape", "colors")))


def test_colours_are_shown_as_colours(frame):
    columns = ["dominant_color_1", "color_to_image_ratio_1", "colors"]
    shown = assert_harmless(view(frame, columns=columns).html)
    assert shown.rows[1:] == [[" #0000ff", "1", ""], [" #ff0000", "1", ""]]
    styles = [a["style"] for _, a in shown.tags if a.get("style")]
    assert styles == [
        "background: #0000ff", "background: #0000ff; flex: 1.0000",
        "background: #ff0000", "background: #ff0000; flex: 1.0000",
    ]  # fmt: skip


def test_null_is_a_dash_and_zero_a_zero(frame):
    frame["total_lines_of_text_count"] = pd.array([0, None], "Int32")
    columns = ["total_faces_count", "total_lines_of_text_count", "en_words_original"]
    shown = Output(view(frame, columns=columns).html)
    assert shown.rows[1:] == [["–", "0", "–"], ["–", "–", "–"]]


def test_arabic_words_run_from_right_to_left(frame):
    frame["ar_words_original"] = [["صباح", "الخير"], []]
    frame["en_words_original"] = [["good"], [f"w{i}" for i in range(40)]]
    shown = Output(view(frame, columns=["ar_words_original", "en_words_original"]).html)
    arabic, english = shown.cells[2:4]
    assert (arabic["dir"], arabic["lang"]) == ("rtl", "ar")
    assert "dir" not in english
    assert shown.rows[1] == ["صباح الخير ", "good "]
    assert shown.rows[2][1].split() == [*(f"w{i}" for i in range(12)), "+28"]


def test_thumbnails_are_there_when_asked_for(frame, folder):
    assert "img" not in dict(Output(view(frame).html).tags)
    (folder / "red.png").unlink()
    shown = assert_harmless(view(frame, folder, side=16).html)
    pictures = [attributes["src"] for tag, attributes in shown.tags if tag == "img"]
    assert len(pictures) == 1
    assert pictures[0].startswith("data:image/jpeg;base64,")
    assert shown.rows[2][0] == "–"


def test_names_that_are_not_unicode(folder):
    odd = folder / "a\udcff.png"
    (folder / "blue.png").rename(odd)
    (folder / "red.png").unlink()
    frame = extract(folder, settings=Settings(groups=("shape",)))
    shown = assert_harmless(view(frame, folder).html)
    assert shown.rows[1][1] == r"a\xff.png"
    assert any(tag == "img" for tag, _ in shown.tags)
    # Findings have paths as they are on disk.
    columns = {"path": ["a\udcff.png"], "en_words_original": [["b\udcfe"]]}
    findings = pd.DataFrame(columns, dtype=object)
    shown = assert_harmless(view(findings, folder).html)
    assert shown.rows[1][1:] == [r"a\xff.png", r"b\xfe "]
    assert any(tag == "img" for tag, _ in shown.tags)


def test_nothing_in_a_table_becomes_code(frame):
    frame["relative_path"] = HOSTILE
    frame["dominant_color_1"] = "red; background: url(http://evil.example)"
    frame["dominant_color_2"] = f"#ff0000{HOSTILE}"
    frame["en_words_original"] = frame["ar_words_original"] = [[HOSTILE]] * 2
    frame[HOSTILE] = HOSTILE
    columns = ["relative_path", "dominant_color_1", "dominant_color_2", "colors", HOSTILE]
    shown = assert_harmless(
        view(frame, columns=[*columns, "en_words_original", "ar_words_original"]).html
    )
    assert shown.rows[0][4] == HOSTILE
    assert shown.rows[1] == [
        HOSTILE, frame["dominant_color_1"][0], frame["dominant_color_2"][0], "–", HOSTILE,
        HOSTILE + " ", HOSTILE + " ",
    ]  # fmt: skip


def test_any_table_can_be_shown(frame):
    table = pd.DataFrame({"path": ["blue.png"], "value": [0.123456], "keep": [True], "v": [[1, 2]]})
    shown = Output(view(table).html)
    assert shown.rows == [["path", "value", "keep", "v"], ["blue.png", "0.123", "yes", "2 values"]]
    assert view(frame)._repr_html_() == view(frame).html
    assert repr(view(frame, rows=1)) == "<View of 1 rows>"
    assert "1 of 2 rows" in view(frame, rows=1).html
    assert Output(view(frame.head(0)).html).rows[0][0] == "relative_path"


def test_columns_that_are_named_by_anything(folder):
    table = pd.DataFrame([[1, "a", "b"]], columns=[0, ("x", None), "c\udcff"])
    shown = assert_harmless(view(table).html)
    assert shown.rows == [["0", "('x', None)", r"c\xff"], ["1", "a", "b"]]
    assert Output(view(table, columns=[0]).html).rows == [["0"], ["1"]]
    with pytest.raises(SettingsError, match="no column 1; it has 0"):
        view(table, columns=[1])


def test_lists_with_anything_in_them():
    table = pd.DataFrame({"v": [["a", None], ["a", 1], [None], []]})
    assert Output(view(table).html).rows[1:] == [["2 values"], ["2 values"], ["1 values"], [""]]


@pytest.mark.parametrize(
    ("number", "text"),
    [(999.4, "999"), (999.5, "1,000"), (-999.7, "-1,000"), (1000.4, "1,000"), (0.12345, "0.123")],
)
def test_numbers_are_short(number, text):
    assert Output(view(pd.DataFrame({"x": [number]})).html).rows[1] == [text]


@pytest.mark.parametrize("rows", [0, -1])
def test_no_rows_are_an_error(frame, rows):
    with pytest.raises(SettingsError, match=f"rows is {rows}"):
        view(frame, rows=rows)


def test_one_column_is_given_in_a_list(frame):
    with pytest.raises(SettingsError, match=r"give \['colors'\]"):
        view(frame, columns="colors")


def test_a_column_that_is_not_there(frame, folder):
    with pytest.raises(SettingsError, match="no column 'faces'; it has file_name"):
        view(frame, columns=["faces"])
    with pytest.raises(SettingsError, match="no column relative_path or path"):
        view(pd.DataFrame({"x": [1]}), folder)


def test_a_dump_report(folder, tmp_path):
    (folder / f"{HOSTILE.replace('/', '')}.jpg").write_bytes(b"no picture")
    settings = Settings(groups=("shape",))
    report = dump(folder, tmp_path / "out.parquet", settings=settings, engine="inline")
    shown = assert_harmless(report._repr_html_())
    assert ["written to", str(tmp_path / "out.parquet")] in shown.rows
    assert ["rows", "2"] in shown.rows
    assert ["rejected", "1"] in shown.rows
    assert shown.rows[-1][0] == f"{HOSTILE.replace('/', '')}.jpg"
    assert "earlier run" not in report._repr_html_()


def test_a_report_of_many_rejected_images_stays_short():
    rejected = tuple(Rejected(f"{n}.jpg", "broken") for n in range(1000))
    report = DumpReport(Path("a\udcff"), 5, rejected, 1.0, resumed=3)
    shown = assert_harmless(report._repr_html_())
    assert ["rejected", "1,000"] in shown.rows
    assert ["done by an earlier run", "3"] in shown.rows
    assert len(shown.rows) < 40
    assert "and 980 more" in report._repr_html_()
    assert "and " not in replace(report, rejected=rejected[:20])._repr_html_()


def test_pixels_in_memory_have_no_path():
    frame = extract(np.zeros((20, 30, 3), np.uint8), settings=Settings(groups=("shape",)))
    assert "–" in Output(view(frame).html).rows[1]
