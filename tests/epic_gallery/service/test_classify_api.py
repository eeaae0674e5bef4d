"""What the service says of pictures is what the library says."""

import hashlib
import json
from pathlib import Path

import httpx
import pytest
from openapi_schema_validator import OAS31Validator
from openapi_spec_validator import validate
from serving import form, received

from classifiers import pretrained
from classifiers.pretrained import load_pretrained
from classifiers.rules import load
from classifiers.workflow import settings_of
from epic_features import Extractor
from epic_gallery.cascade import load_cascade
from epic_gallery.service.app import create_app
from epic_gallery.service.looking import plain
from epic_gallery.service.settings import ServiceSettings
from epic_gallery.sorting import sort_images

ARABIC = "صورة 😀.jpg"
MODELS = (
    "personal",
    "gallery",
    "whatsapp",
    "drawn",
    "quick-personal",
    "bytes",
    "bilateral",
    "colors",
)


def some(drawn, count):
    return dict(list(drawn.items())[:count])


@pytest.fixture(scope="module")
def document(service):
    return httpx.get(f"{service.url}/openapi.json").json()


@pytest.fixture(scope="module")
def is_described(document):
    """Return a function that holds an answer against a schema of the document."""

    def check(found, schema):
        whole = {"$ref": f"#/components/schemas/{schema}", "components": document["components"]}
        OAS31Validator(whole).validate(found)

    return check


def test_labels_are_those_of_the_library(service, gallery, drawn, is_described):
    folder, _ = gallery
    files = some(drawn, 4)
    truth = sort_images(
        [folder / path for path in files], load_cascade("personal"), engine="inline"
    )
    for content, expected in zip(files.values(), truth.labels.to_pylist(), strict=True):
        answer = service.classify(content)
        assert answer.status_code == 200
        found = answer.json()
        is_described(found, "Picture")
        for key in ("label", "decision", "tier", "sha256"):
            assert found[key] == expected[key]
        for name, probability in found["probabilities"].items():
            assert probability == pytest.approx(expected[f"p_{name}"], abs=1e-6)
        assert found["sha256"] == hashlib.sha256(content).hexdigest()
        assert found["confidence"] == found["probabilities"][found["label"]]
        assert "features" not in found


def test_features_are_those_of_the_library(service, drawn):
    content = next(iter(drawn.values()))
    found = service.classify(content, features=1).json()
    settings = settings_of(load_pretrained("personal"))
    expected = plain(Extractor(settings).row(content))
    assert found["features"].keys() == expected.keys()
    for column, value in expected.items():
        # Other numbers of threads add up in another order.
        near = pytest.approx(value, rel=1e-4) if isinstance(value, float) else value
        assert found["features"][column] == near, column
    assert expected["en_avg_score"] is None or expected["ar_avg_score"] is None  # Null is kept.
    assert found["tier"] == "full"
    model = load_pretrained("personal")
    odds = model.predict_proba(Extractor(settings).table([Extractor(settings).row(content)]))[0]
    for name, probability in zip(model.classes_, odds, strict=True):
        assert found["probabilities"][name] == pytest.approx(probability, abs=1e-6)


def test_reasons_in_two_languages(service, drawn):
    for content in some(drawn, 4).values():
        found = service.classify(content).json()
        shares = [reason["share"] for reason in found["reasons"]]
        assert 0 < len(shares) <= 5
        assert shares == sorted(shares, reverse=True)
        assert sum(shares) <= 1 + 1e-9
        texts = [reason["text"] for reason in found["reasons"]]
        assert len(
            {(text["en"], r["toward"]) for text, r in zip(texts, found["reasons"], strict=True)}
        ) == len(texts)
        for text in texts:
            assert any("\u0600" < letter < "\u06ff" for letter in text["ar"])
            assert text["en"].isascii() or "°" in text["en"]
        assert {reason["toward"] for reason in found["reasons"]} <= set(found["probabilities"])
        assert found["reasons"][0]["toward"] == found["label"]


@pytest.mark.parametrize("model", MODELS)
def test_every_model_answers_with_its_classes(service, drawn, model, is_described):
    listed = httpx.get(f"{service.url}/v1/models").json()
    is_described(listed["models"][0], "Model")
    facts = {item["name"]: item for item in listed["models"]}
    assert tuple(facts) == MODELS
    assert [name for name, item in facts.items() if item["default"]] == ["personal"]
    found = service.classify(next(iter(drawn.values())), model=model).json()
    is_described(found, "Picture")
    assert set(found["probabilities"]) == set(facts[model]["classes"])
    assert sum(found["probabilities"].values()) == pytest.approx(1)


def test_figures_are_of_what_answers(service, is_described):
    listed = httpx.get(f"{service.url}/v1/models").json()["models"]
    for item in listed:
        is_described(item, "Model")
    facts = {item["name"]: item for item in listed}

    def promised(model):
        found = model.guarantee_
        whole = {"protected": found.protected, "hidden": found.hidden}
        return {**whole, "hidden_low": found.low, "hidden_high": found.high}

    cascade = load_cascade("personal")
    assert facts["personal"]["figures"] == promised(cascade.last)
    assert facts["quick-personal"]["figures"] == promised(cascade.steps[-1].model)
    assert facts["quick-personal"]["with_features"] is None
    for name in ("personal", "gallery", "whatsapp"):
        model, told = load_pretrained(name), facts[name]["with_features"]
        home = Path(pretrained.__file__).parent / name / "evaluation.json"
        assert told.items() >= promised(model).items()
        assert told["accuracy"] == json.loads(home.read_bytes())["accuracy"]
    for name in set(MODELS) - {"personal", "quick-personal"}:
        assert facts[name]["figures"] == facts[name]["with_features"]
        assert "accuracy" in facts[name]["figures"]


@pytest.mark.parametrize("rule", ["bytes", "bilateral", "colors"])
def test_quick_rules_are_those_of_the_library(service, drawn, rule):
    mine = load(rule)
    for content in some(drawn, 3).values():
        found = service.classify(content, model=rule, features=1).json()
        verdict = mine.classify(content)
        assert found["label"] == verdict.label
        assert found["probabilities"] == pytest.approx(verdict.probabilities)
        assert [reason["text"]["en"] for reason in found["reasons"]] == list(verdict.reasons)
        for column, value in verdict.values.items():
            assert found["features"][column] == pytest.approx(value)


def test_many_pictures_are_answered_one_by_one(service, drawn, small, is_described):
    files = [(path.rpartition("/")[2], content) for path, content in some(drawn, 5).items()]
    files += [
        (ARABIC, small),
        ("no picture.jpg", b"nothing"),
        ("empty.jpg", b""),
        ("cut.png", small[:-900]),
    ]
    status, lines = service.classify_many(files, model="quick-personal")
    assert status == 200
    assert sorted(line["index"] for line in lines) == list(range(len(files)))
    for line in lines:
        name, content = files[line["index"]]
        assert line["name"] == name
        is_described(line, "Rejected" if "error" in line else "Picture")
        if "error" not in line:
            assert line["sha256"] == hashlib.sha256(content).hexdigest()
    errors = {line["name"]: line["error"] for line in lines if "error" in line}
    assert {name: error["code"] for name, error in errors.items()} == {
        "no picture.jpg": "not_a_picture",
        "empty.jpg": "not_a_picture",
        "cut.png": "broken_picture",
    }
    for name, error in errors.items():
        assert error["message"].startswith(f"{name}: ")


@pytest.mark.parametrize("features", [0, 1])
def test_the_quick_model_reads_nothing(service, drawn, features):
    steps = load_cascade("personal").steps
    for content in some(drawn, 3).values():
        found = service.classify(content, model="quick-personal", features=features).json()
        assert found["tier"] in ({"full"} if features else {step.name for step in steps})
        if features:
            assert found["features"]["characters_count"] is None
            row = Extractor(steps[-1].settings).row(content)
            assert found["features"].keys() == row.keys()


def test_the_answer_begins_while_the_upload_goes_on(service, small):
    body = form([("a.png", small), ("b.png", small)])
    middle = body.index(b"b.png") + 200
    with service.connection() as connection:
        connection.sendall(
            b"POST /v1/classify?model=colors HTTP/1.1\r\nHost: localhost\r\n"
            b"Content-Type: multipart/form-data; boundary=frontier\r\n"
            b"Content-Length: %d\r\n\r\n%s" % (len(body), body[:middle])
        )
        early = received(connection, b"milliseconds")
        assert b"200 OK" in early
        assert b"a.png" in early
        assert b"b.png" not in early
        connection.sendall(body[middle:])
        assert b"b.png" in received(connection, b"0\r\n\r\n")


@pytest.mark.parametrize(
    ("content", "status", "code"),
    [
        (b"", 415, "not_a_picture"),
        (b"<html>", 415, "not_a_picture"),
        (b"\xff\xd8\xff\xe0 not really", 422, "broken_picture"),
        (b"\x89PNG\r\n\x1a\n", 422, "broken_picture"),
    ],
)
def test_what_is_no_picture_and_what_is_broken(service, content, status, code, is_described):
    answer = service.classify(content)
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
    assert "; send " in answer.json()["error"]["message"]
    is_described(answer.json(), "Rejected")


def test_a_broken_picture_of_the_gallery(service, drawn):
    for content in some(drawn, 3).values():
        answer = service.classify(content[: len(content) // 2])
        assert (answer.status_code, answer.json()["error"]["code"]) == (422, "broken_picture")


@pytest.mark.parametrize(
    ("path", "headers", "body", "status", "said"),
    [
        ("?model=zebra", {}, b"", 400, "choose from: personal"),
        ("?features=2", {}, b"", 400, "features="),
        ("", {"Content-Type": "text/html"}, b"", 415, "Content-Type"),
        ("", {"Content-Type": "multipart/form-data"}, b"", 400, "boundary"),
        ("", {"Content-Type": "multipart/form-data; boundary=x"}, b"", 400, "cut off"),
        ("", {"Content-Type": "multipart/form-data; boundary=x"}, b"nonsense", 400, "malformed"),
        ("", {"Content-Type": "multipart/form-data; boundary=x"}, b"--x--\r\n", 400, "no file"),
        (
            "",
            {"Content-Type": "multipart/form-data; boundary=x"},
            b'--x\r\nContent-Disposition: form-data; name="files"\r\n\r\nhello\r\n--x--\r\n',
            400,
            "no file",
        ),
        (
            "",
            {"Content-Type": "multipart/form-data; boundary=x"},
            b"--x\r\nA: " + b"b" * 10_000 + b"\r\n\r\n\r\n--x--\r\n",
            400,
            "header size",
        ),
    ],
)
def test_requests_that_are_wrong(service, path, headers, body, status, said, is_described):
    answer = httpx.post(f"{service.url}/v1/classify{path}", headers=headers, content=body)
    assert answer.status_code == status
    is_described(answer.json(), "Problem")
    assert said in answer.json()["error"]["message"]


def test_a_form_that_is_cut_off_after_a_picture_ends_with_a_line_that_says_so(service, small):
    body = form([("a.png", small), ("b.png", small)])[:-20]
    answer = httpx.post(
        f"{service.url}/v1/classify?model=colors",
        headers={"Content-Type": "multipart/form-data; boundary=frontier"},
        content=body,
    )
    first, last = map(json.loads, answer.text.splitlines())
    assert (first["index"], first["name"]) == (0, "a.png")
    assert list(last) == ["error"]
    assert "cut off" in last["error"]["message"]


def test_the_document_is_valid_and_names_every_route(document):
    validate(document)
    described = {
        (path, method.upper()) for path, methods in document["paths"].items() for method in methods
    }
    there = {
        (route.path, method)
        for route in create_app(ServiceSettings()).routes
        for method in route.methods - {"HEAD"}
    }
    assert described == there


def test_the_page_and_what_is_not_there(service):
    assert "text/html" in httpx.get(f"{service.url}/").headers["content-type"]
    for method, path, status in (("GET", "/nothing", 404), ("GET", "/v1/classify", 405)):
        answer = httpx.request(method, f"{service.url}{path}")
        assert answer.status_code == status
        assert answer.json()["error"]["message"]
    assert httpx.get(f"{service.url}/../settings.py").status_code == 404


def test_health_and_metrics(service, small):
    assert service.health()["status"] == "ok"
    before = service.metrics()
    service.classify(small, model="colors")
    service.classify(b"nothing", model="colors")
    after = service.metrics()

    def grew(*key):
        return after[key] - before.get(key, 0)

    assert grew("epic_pictures_total", "classified", "colors") == 1
    assert grew("epic_pictures_total", "colors", "not_a_picture") == 1
    assert grew("epic_requests_total", "/v1/classify", "200") == 1
    assert grew("epic_requests_total", "/v1/classify", "415") == 1
    assert grew("epic_picture_seconds_count", "colors") == 2
    assert after["epic_workers_ready",] == after["epic_workers",] == 1
    assert after["epic_requests_in_flight",] == after["epic_pictures_waiting",] == 0
