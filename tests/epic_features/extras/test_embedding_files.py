"""Which networks and descriptions are taken, and what is said of the others."""

from __future__ import annotations

import json

import pytest
from tiny_network import FIELDS, describe, make_network, noise

from epic_features import Extractor, Settings
from epic_features.errors import ModelFileError, ModelNotFound, SettingsError
from epic_features.extras import embedding as module
from epic_features.extras.embedding import Embedder
from epic_features.extras.preprocess import Preprocess


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"input_size": 0}, "input_size is 0 and must be a whole number"),
        ({"input_size": 8.5}, "input_size is 8.5"),
        ({"input_size": True}, "input_size is True"),
        ({"mean": [0.5, 0.5]}, "mean is .* list of 3 numbers"),
        ({"mean": "0.5"}, "mean is '0.5'"),
        ({"std": [0.5, 0, 0.5]}, "std is .* greater than 0"),
        ({"std": [0.5, None, 0.5]}, "std is"),
        ({"interpolation": "area"}, "interpolation is 'area' .* nearest, bilinear"),
        ({"crop": 1.5}, "crop is 1.5 .* at most 1"),
        ({"crop": 0}, "crop is 0"),
        ({"crop": float("nan")}, "crop is nan"),
        ({"layout": "CHW"}, "layout is 'CHW' .* NCHW, NHWC"),
        ({"output": ""}, "output is ''"),
        ({"outputs": "x"}, "unknown field 'outputs'"),
    ],
)
def test_a_wrong_field_is_named_with_its_file(network, change, message):
    describe(network, **change)
    with pytest.raises(ModelFileError, match=rf"preprocess\.json.*{message}"):
        Embedder(network)


@pytest.mark.parametrize("field", FIELDS)
def test_a_missing_field_is_named(network, field):
    rest = {name: value for name, value in FIELDS.items() if name != field}
    (network / "preprocess.json").write_text(json.dumps(rest))
    with pytest.raises(ModelFileError, match=rf"preprocess\.json lacks the field '{field}'"):
        Embedder(network)


@pytest.mark.parametrize(("text", "message"), [("[]", "not a list"), ("{", "can't read")])
def test_no_object(network, text, message):
    (network / "preprocess.json").write_text(text)
    with pytest.raises(ModelFileError, match=message):
        Embedder(network)


def test_a_saved_description_reads_back(tmp_path):
    made = Preprocess(96, (0.0, 0.5, 1.0), (1.0, 2.0, 0.5), "lanczos", None, "NHWC", "e")
    made.save(tmp_path / "p.json")
    assert Preprocess.read(tmp_path / "p.json") == made


@pytest.mark.parametrize(
    ("network_options", "fields", "message"),
    [
        ({}, {"output": "logits"}, "no output 'logits'.* it has embedding, picture"),
        ({}, {"output": "picture"}, "'picture' has the shape .* one list of numbers"),
        ({"side": 9}, {}, r"input has the shape \['n', 3, 9, 9\].* give \['n', 3, 8, 8\]"),
        ({"layout": "NHWC"}, {}, r"input has the shape \['n', 8, 8, 3\]"),
        ({"batch": 4}, {}, r"input has the shape \[4, 3, 8, 8\]"),
        ({"inputs": 2}, {}, r"wants 2 inputs \(x, y0\)"),
        ({"scale": float("inf")}, {}, "not finite"),
    ],
)
def test_a_network_of_another_kind_is_refused(network, network_options, fields, message):
    make_network(network / "means.onnx", **network_options)
    describe(network, **fields)
    with pytest.raises(ModelFileError, match=rf"means\.onnx.*{message}"):
        Embedder(network).embed([noise(9, 9)])


@pytest.mark.parametrize("content", [b"", b"hello", b"\x89PNG\r\n" + bytes(500)])
def test_not_an_onnx_file(network, content):
    (network / "means.onnx").write_bytes(content)
    with pytest.raises(ModelFileError, match=r"means\.onnx is not an ONNX file"):
        Extractor(Settings(groups=("shape",), embedding=str(network)))


def test_nothing_there(network, tmp_path):
    with pytest.raises(ModelNotFound, match=r"no network at .*absent\.onnx"):
        Embedder(tmp_path / "absent.onnx")
    with pytest.raises(SettingsError, match="'mobilenet' is neither a file or folder"):
        Embedder("mobilenet")
    (network / "preprocess.json").unlink()
    with pytest.raises(ModelFileError, match=r"preprocess\.json is missing"):
        Embedder(network)
    with pytest.raises(ModelFileError, match="holds 0 ONNX files"):
        Embedder(tmp_path)
    make_network(network / "other.onnx")
    with pytest.raises(ModelFileError, match=r"2 ONNX files \(means\.onnx, other\.onnx\)"):
        Embedder(network)


def test_names(network, tmp_path, monkeypatch):
    """A network that comes along, and one whose ONNX file is downloaded."""
    monkeypatch.setattr(module, "SHIPPED", tmp_path)
    (network / "means.onnx").rename(network / "network.onnx")
    assert Embedder("network").embed([noise(9, 9)]).shape == (1, 3)
    with pytest.raises(SettingsError, match="names are: network"):
        Embedder("other")
    network.rename(tmp_path / "yunet")
    with pytest.raises(ModelNotFound, match="epic models get yunet"):
        Embedder("yunet", model_dir=tmp_path / "cache")


def test_settings():
    with pytest.raises(SettingsError, match="'embedding' needs a network"):
        Settings(groups=("embedding",))
    assert "embedding" not in Settings(groups=("all",)).groups
    assert Settings(groups=("all",), embedding="x").groups[-1] == "embedding"
    assert "embedding" in Settings.row_fields()
