"""Every answer has the headers that protect the page, also those to what went wrong."""

import httpx
import pytest
from serving import received, serving

from epic_gallery.service.settings import Limits

EXPECTED = {
    "content-security-policy": "default-src 'self'",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}
CONNECTIONS = 4
# The application as it is, with parts that fail: a route, a middleware inside of the guard and one
# outside of it, and what answers when something has failed.
FAILING = """
from starlette.middleware import Middleware
from starlette.routing import Route
from epic_gallery.service.guard import Guard

async def fail(request):
    raise RuntimeError("on purpose")

class Failing:
    def __init__(self, app, path):
        self.app, self.path = app, path

    async def __call__(self, scope, receive, send):
        if scope.get("path") == self.path:
            raise RuntimeError("on purpose")
        await self.app(scope, receive, send)

app = service.app
answer = app.exception_handlers[500]

async def answer_or_fail(request, error):
    if request.url.path == "/twice":
        raise RuntimeError("on purpose")
    return await answer(request, error)

for path in ("/v1/route", "/twice"):
    app.router.routes.append(Route(path, fail))
app.user_middleware.insert(0, Middleware(Failing, "/outside"))
app.user_middleware.append(Middleware(Failing, "/inside"))
app.exception_handlers[500] = answer_or_fail
"""


@pytest.fixture(scope="module")
def failing(tmp_path_factory):
    limits = Limits(max_bytes=100_000, max_connections=CONNECTIONS)
    folder = tmp_path_factory.mktemp("failing")
    with serving(folder, limits, FAILING, model="colors", workers=1) as served:
        yield served


def check(headers):
    for name, begin in EXPECTED.items():
        [value] = headers.get_list(name)
        assert value.startswith(begin), name
    assert "unsafe" not in headers["content-security-policy"]


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/", 200),
        ("GET", "/page.js", 200),
        ("GET", "/v1/models", 200),
        ("GET", "/nothing", 404),
        ("GET", "/v1/nothing", 404),
        ("GET", "/v1/classify", 405),
        ("POST", "/", 405),
        ("POST", "/v1/classify", 413),
        ("GET", "/v1/route", 500),
        ("GET", "/inside", 500),
        ("GET", "/outside", 500),
        ("GET", "/twice", 500),
    ],
)
def test_headers(failing, method, path, status):
    content = bytes(200_000) if status == 413 else b""
    answer = httpx.request(method, failing.url + path, content=content)
    assert answer.status_code == status
    check(answer.headers)
    if path != "/twice":
        assert status == 200 or answer.json()["error"]["code"]
    if status == 500:
        assert answer.headers.get("cache-control", "no-store") == "no-store"
        assert "on purpose" not in answer.text


def test_what_failed_is_counted(failing):
    key = ("epic_requests_total", "500", "page")  # It was not among the routes at the start.
    before = failing.metrics().get(key, 0)
    httpx.get(f"{failing.url}/v1/route")
    assert failing.metrics()[key] == before + 1


def parsed(raw):
    """Return status and headers of a raw answer."""
    first, *lines = raw.partition(b"\r\n\r\n")[0].split(b"\r\n")
    pairs = [tuple(line.split(b": ", 1)) for line in lines]
    return int(first.split()[1]), httpx.Headers(pairs)


def test_headers_when_it_is_no_http(failing):
    with failing.connection() as connection:
        connection.sendall(b"nonsense\r\n\r\n")
        status, headers = parsed(received(connection))
    assert status == 400
    check(headers)


def test_headers_when_there_are_too_many_connections(failing):
    held = [failing.connection() for _ in range(CONNECTIONS)]
    for connection in held:
        connection.__enter__()
    try:
        answer = httpx.get(f"{failing.url}/healthz")
    finally:
        for connection in held:
            connection.__exit__(None, None, None)
    assert answer.status_code == 503
    check(answer.headers)
