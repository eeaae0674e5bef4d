"""The column ``writing``: what lines look like to the recogniser, whatever they say."""

import cv2
import numpy as np
import onnx
import onnxruntime
import pyarrow.parquet as pq
import pytest
from text_drawing import blank, write

from epic_features import Extractor, Settings, dump
from epic_features.errors import ModelFileError, SettingsError
from epic_features.schema import EXTRA_COLUMNS
from epic_features.text.crops import crop, upright
from epic_features.text.ppocr import DETECTOR, RECOGNISER, Detector, Recogniser, bundled_model

LINES = ("The quick brown fox jumps", "Seven lazy dogs sleep here")


@pytest.fixture(scope="module")
def extractor():
    return Extractor(Settings(groups=("writing",)))


def page(*lines, size=40):
    picture = blank(900, 80 + 100 * len(lines))
    for number, line in enumerate(lines):
        write(picture, (40, 40 + 100 * number), line, size)
    return np.asarray(picture)


def looked_at(pixels):
    """The same numbers by the onnx package and an onnxruntime of its own."""
    model = onnx.load(bundled_model(RECOGNISER))
    nodes = list(model.graph.node)
    first = next(node.output[0] for node in nodes if node.op_type == "MaxPool")
    last = next(node.input[0] for node in nodes if node.op_type == "AveragePool")
    for name in (first, last):
        model.graph.output.append(onnx.helper.make_tensor_value_info(name, 1, None))
    session = onnxruntime.InferenceSession(model.SerializeToString())
    found = []
    for box in Detector(bundled_model(DETECTOR), 0.6)(pixels):
        line = crop(pixels, upright(box))
        width = round(line.shape[1] * 48 / line.shape[0])
        how = cv2.INTER_AREA if line.shape[0] > 48 else cv2.INTER_LINEAR
        small = cv2.resize(line, (width, 48), interpolation=how)[:, :, ::-1].astype(np.float64)
        blob = (small / 127.5 - 1).transpose(2, 0, 1)[None].astype(np.float32)
        maps = [m[0].astype(np.float64) for m in session.run([first, last], {"x": blob})]
        found.append(
            np.concatenate([f for m in maps for f in (m.mean(axis=(1, 2)), m.std(axis=(1, 2)))])
        )
    return np.mean(found, axis=0), len(found)


def test_it_is_what_the_network_sees_inside_averaged_over_the_lines(extractor):
    pixels = page(*LINES)
    expected, lines = looked_at(pixels)
    assert lines == 2
    row = extractor.row(pixels)
    assert row["total_lines_of_text_count"] == 2
    assert len(row["writing"]) == 864
    np.testing.assert_allclose(row["writing"], expected, atol=2e-3)


def test_it_tells_how_lines_are_written_and_not_what_they_say(extractor):
    one, other = (np.array(extractor.row(page(line))["writing"]) for line in LINES)
    soft = cv2.GaussianBlur(page(LINES[0]), (0, 0), 2.5)
    grainy = np.random.default_rng(0).normal(0, 25, soft.shape) + 0.6 * soft
    pixels = np.clip(grainy, 0, 255).astype(np.uint8)
    photographed = extractor.row(pixels)
    assert photographed["en_words_original"]
    assert np.linalg.norm(one - other) < np.linalg.norm(one - photographed["writing"]) / 2


def test_what_a_short_line_is_padded_with_is_not_looked_at():
    """To 160 pixels; the first layer, which looks at few pixels at once, is all but the same."""
    recognise = Recogniser(bundled_model(RECOGNISER), looks=True)
    picture = blank(80, 48)
    write(picture, (6, 4), "Hi", 32)
    line = np.asarray(picture)
    short, twice = recognise(line).look[:48], recognise(np.hstack([line, line])).look[:48]
    assert np.linalg.norm(short - twice) < 0.1 * np.linalg.norm(short)


def test_it_changes_no_other_column(gallery):
    folder, drawn = gallery
    with_it = Extractor(Settings(groups=("core", "layout", "writing")))
    without = Extractor(Settings(groups=("core", "layout")))
    for drawing in drawn[:8]:
        row = with_it.row(folder / drawing.path)
        row.pop("writing")
        assert row == without.row(folder / drawing.path)


def test_without_lines_and_without_reading_it_is_null(extractor, photo):
    assert extractor.row(photo)["writing"] is None
    counted = Extractor(Settings(groups=("writing",), text="counts")).row(page(*LINES))
    assert counted["writing"] is None
    assert counted["total_lines_of_text_count"] == 2


def test_a_budget_looks_at_what_it_reads():
    extractor = Extractor(Settings(groups=("writing",), text="budget:1"))
    small = page("wide line of small letters at the top", size=20)
    large = page("HUGE LINE", size=70)
    both = np.vstack([small, large])
    read = np.array(extractor.row(both)["writing"])
    all_read = Extractor(Settings(groups=("writing",)))
    to_large, to_both = (
        np.linalg.norm(read - all_read.row(pixels)["writing"]) for pixels in (large, both)
    )
    assert to_large < to_both / 2


def test_parquet_holds_it_as_a_list_of_fixed_size(tmp_path):
    pictures = tmp_path / "pictures"
    pictures.mkdir()
    for name, pixels in (("text.png", page(*LINES)), ("none.png", page())):
        cv2.imwrite(str(pictures / name), pixels)
    dump(pictures, tmp_path / "dump", settings=Settings(groups=("writing",)), workers=1)
    table = pq.read_table(*(tmp_path / "dump").glob("part-*.parquet")).sort_by("file_name")
    (column,) = [c for c in EXTRA_COLUMNS if c.name == "writing"]
    assert table.schema.field("writing").type == column.type
    empty, full = table["writing"].to_pylist()
    assert empty is None
    assert len(full) == 864


def test_it_is_asked_for_by_name_and_brings_the_text():
    assert "writing" not in Settings(groups=("all",)).groups
    assert Settings(groups=("writing",)).groups == ("text", "writing")
    with pytest.raises(SettingsError, match="writing"):
        Settings(groups=("writing",), ocr="paddle")


def test_another_network_is_refused():
    with pytest.raises(ModelFileError, match="rapidocr"):
        Recogniser(bundled_model("ch_ppocr_mobile_v2.0_cls_mobile.onnx"), looks=True)


def test_a_line_without_letters_has_a_look_too():
    recognise = Recogniser(bundled_model(RECOGNISER), looks=True)
    text, _, look = recognise(np.full((48, 300, 3), 127, np.uint8))
    assert text == ""
    assert np.isfinite(look).all()
