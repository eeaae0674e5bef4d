"""A browser, a service with a page, and pictures to put on it."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from PIL import Image as PILImage
from serving import Served, serving

QUICK = "colors"


@dataclass
class Visit:
    """A page that somebody looks at.

    Attributes
    ----------
    page : Page
        Of Playwright.
    complaints : list of str
        What the browser wrote to its console.
    statuses : list of int
        HTTP statuses of the answers.
    """

    page: object
    complaints: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)

    def show(self, link: str) -> None:
        self.page.goto(link)
        self.page.wait_for_selector("#model option", state="attached")

    def send(self, files, model: str = QUICK) -> None:
        """Choose pictures and wait until all are looked at."""
        self.page.select_option("#model", model)
        self.page.set_input_files("#files", files)
        self.finished()

    def finished(self) -> None:
        self.page.wait_for_selector("#bar:not([hidden])")
        self.page.wait_for_selector("#status:not(.busy)", timeout=120_000)

    def groups(self) -> dict[str, int]:
        """Return the number of cards that can be seen, by group."""
        drawn = "new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"
        self.page.evaluate(drawn)  # Groups are counted once a frame.
        counted = {}
        for section in self.page.locator("#groups section:visible").all():
            cards = section.locator(".card:not([hidden])").count()
            counted[section.get_attribute("data-group")] = cards
        return counted

    def card(self, name: str):
        return self.page.locator(".card", has=self.page.get_by_text(name, exact=True))

    def group_of(self, name: str) -> str:
        return self.card(name).evaluate("card => card.closest('section').dataset.group")

    def evaluate(self, code: str):
        return self.page.evaluate(code)


@pytest.fixture(scope="session")
def browser():
    sync_api = pytest.importorskip("playwright.sync_api", reason="needs playwright")
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    if path is None:
        pytest.skip("needs the Debian package chromium")
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def visit(browser):
    """Return a function that opens a page, which must neither complain nor ask anybody else."""
    visits, contexts = [], []

    def begin(**options) -> Visit:
        chosen = {"viewport": {"width": 1280, "height": 860}, "locale": "en-GB", **options}
        context = browser.new_context(**chosen)
        context.set_default_timeout(60_000)
        contexts.append(context)
        made = Visit(context.new_page())
        made.page.on("pageerror", lambda error: made.complaints.append(str(error)))
        made.page.on("console", lambda message: made.complaints.append(message.text))
        made.page.on("request", lambda request: made.requests.append(request.url))
        made.page.on("response", lambda response: made.statuses.append(response.status))
        visits.append(made)
        return made

    yield begin
    for context in contexts:
        context.close()
    for made in visits:
        assert made.complaints == []
        elsewhere = ("http://127.0.0.1:", "blob:http://127.0.0.1:", "data:")
        assert [url for url in made.requests if not url.startswith(elsewhere)] == []


@pytest.fixture(scope="session")
def album(gallery, tmp_path_factory) -> Path:
    """Fifty drawn pictures: the gallery, one folder per class, and mirrored copies of it."""
    folder = tmp_path_factory.mktemp("page") / "album"
    shutil.copytree(gallery[0], folder, ignore=shutil.ignore_patterns("truth.json"))
    drawn = sorted(path for path in folder.rglob("*.*") if path.is_file())
    (folder / "mirrored").mkdir()
    for number in range(50 - len(drawn)):
        with PILImage.open(drawn[number % len(drawn)]) as picture:
            turned = picture.convert("RGB").transpose(number // len(drawn))
        turned.save(folder / "mirrored" / f"mirrored {number:02d}.jpg", quality=85)
    return folder


@pytest.fixture(scope="session")
def pictures(album) -> list[Path]:
    return sorted(path for path in album.rglob("*.*") if path.is_file())


@pytest.fixture(scope="session")
def served(tmp_path_factory, default_models, lightgbm) -> Served:
    """A service without a folder and without corrections."""
    with serving(tmp_path_factory.mktemp("served"), model=QUICK, workers=1) as made:
        yield made
