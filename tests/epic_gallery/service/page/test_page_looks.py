"""The page in both languages, on a phone, in the dark, and for those who do not see it."""

import re

import pytest

PHONE = {"viewport": {"width": 360, "height": 740}, "is_mobile": True, "has_touch": True}
ARABIC = re.compile("[\u0621-\u064a]")
CONTROLS = {"button", "link", "textbox", "searchbox", "combobox", "slider", "menuitemradio"}
ENOUGH = 4.5  # Contrast of text that WCAG 2.2 asks for (1.4.3, level AA).
TAP = 44  # CSS pixels, as in WCAG 2.2 (2.5.5).

TOO_WIDE = """() => [...document.querySelectorAll('button, h1, h2, h3, p, label, summary, dd')]
    .filter(e => e.checkVisibility() && e.scrollWidth > e.clientWidth + 1 && e.clientWidth)
    .filter(e => !e.closest('.unseen'))
    .map(e => e.id + e.className + e.textContent)"""
SMALL = f"""() => [...document.querySelectorAll('button, a, select, summary, input')]
    .filter(e => e.checkVisibility({{visibilityProperty: true}}) && !e.matches('.skip'))
    .map(e => [e.id || e.className, e.getBoundingClientRect()])
    .filter(([, box]) => box.width < {TAP - 0.5} || box.height < {TAP - 0.5})
    .map(([name, box]) => `${{name}} ${{box.width}} x ${{box.height}}`)"""
FAINT = f"""() => {{
    const context = new OffscreenCanvas(1, 1).getContext('2d', {{willReadFrequently: true}});
    const flat = colours => {{
        context.clearRect(0, 0, 1, 1);
        for (const colour of colours) {{
            context.fillStyle = colour;
            context.fillRect(0, 0, 1, 1);
        }}
        return [...context.getImageData(0, 0, 1, 1).data].slice(0, 3).map(v => v / 255);
    }};
    const luminance = rgb => rgb
        .map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
        .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
    const isText = node => node.nodeType === 3 && node.data.trim();
    const found = [];
    for (const element of document.querySelectorAll('body *')) {{
        if (!element.checkVisibility({{opacityProperty: true}})) continue;
        if (element.closest('.unseen, svg') || element.matches(':disabled, option')) continue;
        if (![...element.childNodes].some(isText)) continue;
        const grounds = [];
        for (let e = element; e; e = e.parentElement) {{
            grounds.unshift(getComputedStyle(e).backgroundColor);
        }}
        const ground = luminance(flat(grounds));
        const ink = luminance(flat([...grounds, getComputedStyle(element).color]));
        const ratio = (Math.max(ground, ink) + 0.05) / (Math.min(ground, ink) + 0.05);
        if (ratio < {ENOUGH}) found.push(`${{element.textContent}} ${{ratio}}`);
    }}
    return found;
}}"""


@pytest.fixture
def few(pictures):
    """Some of each class."""
    return [path for path in pictures if path.parent.name != "mirrored"][::3]


def states(here, files):
    """Go through what the page can show; yield the name of each state."""
    page = here.page
    yield "start"
    here.send(files)
    page.evaluate("document.getElementById('more-tools').open = true")
    page.locator(".card.loaded").first.wait_for()
    yield "cards"
    page.locator(".card .look").first.focus()
    page.keyboard.press("1")
    page.keyboard.press("2")
    page.locator(".card .look").first.focus()
    yield "changed"
    page.keyboard.press("m")
    yield "menu"
    page.keyboard.press("Escape")
    page.keyboard.press("Enter")
    yield "detail"
    page.keyboard.press("Escape")
    page.click("#save")
    yield "downloads"
    page.keyboard.press("Escape")
    page.click("#help")
    yield "help"


def unnamed(here):
    """Return the controls that a screen reader could not name."""
    session = here.page.context.new_cdp_session(here.page)
    nodes = session.send("Accessibility.getFullAXTree")["nodes"]
    shown = [node for node in nodes if not node["ignored"]]
    controls = [node for node in shown if node["role"]["value"] in CONTROLS]
    assert controls
    return [node for node in controls if not node.get("name", {}).get("value", "").strip()]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_everything_has_a_name_and_contrast(served, visit, few, theme):
    here = visit(color_scheme=theme, reduced_motion="reduce")
    here.show(served.link)
    assert here.evaluate("getComputedStyle(document.documentElement).colorScheme") == theme
    ground = here.evaluate("getComputedStyle(document.body).backgroundColor")
    bright = sum(map(int, re.findall(r"\d+", ground)[:3])) / 3
    assert (bright < 60) == (theme == "dark")
    for state in states(here, few):
        assert unnamed(here) == [], state
        assert here.evaluate(FAINT) == [], state
    here.page.keyboard.press("Escape")
    here.page.click("#theme")
    other = {"light": "dark", "dark": "light"}[theme]
    assert here.evaluate("document.documentElement.dataset.theme") == other
    here.page.reload()
    assert here.evaluate("document.documentElement.dataset.theme") == other


def test_landmarks_and_what_is_said(served, visit, few):
    here = visit()
    here.show(served.link)
    page = here.page
    for landmark in ("banner", "main", "navigation"):
        assert page.get_by_role(landmark).count() == 1
    assert page.get_by_role("heading", level=1).count() == 1
    here.send(few)
    assert page.get_by_role("search").count() == 1
    assert page.inner_text("#said") == f"All {len(few)} pictures looked at"
    for section in page.locator("#groups section:visible").all():
        heading = section.get_attribute("aria-labelledby")
        assert section.locator(f"h2#{heading}").count() == 1
        assert section.get_by_role("listitem").count() == section.locator(".card").count()
    page.locator(".card .look").first.focus()
    page.keyboard.press("1")
    page.keyboard.press("2")
    toast = page.locator("#toast[role=status]")
    assert "now in" in toast.inner_text()


def test_arabic_is_written_from_right_to_left(served, visit, few):
    here = visit(locale="ar-EG", timezone_id="Africa/Cairo")
    here.show(served.link)
    assert here.evaluate("[document.documentElement.lang, document.dir]") == ["ar", "rtl"]
    brand = here.page.locator(".brand").bounding_box()
    assert brand["x"] > 640
    for state in states(here, few):
        assert here.evaluate(TOO_WIDE) == [], state
        assert here.evaluate("document.documentElement.scrollWidth") <= 1280, state
        left = here.evaluate(
            "[...document.querySelectorAll('[data-text]')].map(e => [e.dataset.text, e.innerText])"
        )
        same = {"brand", "otherLanguage"}
        assert [k for k, text in left if k not in same and text and not ARABIC.search(text)] == []
    here.page.keyboard.press("Escape")
    assert ARABIC.search(here.page.locator(".card .reason").first.text_content())
    assert re.search("[٠-٩]", here.page.inner_text("#status-text"))
    first, second = (here.page.locator(".card .look").nth(n).bounding_box() for n in (0, 1))
    assert first["x"] > second["x"] or first["y"] < second["y"]
    here.page.locator(".card .look").first.focus()
    here.page.keyboard.press("ArrowLeft")
    order = "[...document.querySelectorAll('section:not([hidden]) .card:not([hidden])')]"
    assert here.evaluate(f"{order}.indexOf(document.activeElement.closest('.card'))") == 1
    here.page.click("#language")
    assert here.evaluate("[document.documentElement.lang, document.dir]") == ["en", "ltr"]
    assert not ARABIC.search(here.page.locator(".card .reason").first.text_content())
    here.page.reload()
    assert here.evaluate("document.documentElement.lang") == "en"


@pytest.mark.parametrize("locale", ["en-GB", "ar-EG"])
def test_a_phone(served, visit, few, locale):
    here = visit(**PHONE, locale=locale)
    here.show(served.link)
    for state in states(here, few):
        assert here.evaluate("document.documentElement.scrollWidth") <= 360, state
        assert here.evaluate(SMALL) == [], state
        assert here.evaluate(TOO_WIDE) == [], state
    here.page.keyboard.press("Escape")
    # Two pictures side by side, and their buttons are there without a mouse.
    drawn = here.page.locator("[data-group=animated] .card")
    first, second = (drawn.nth(n).bounding_box() for n in (0, 1))
    assert first["y"] == second["y"]
    assert here.page.locator(".more").first.evaluate("e => getComputedStyle(e).opacity") == "1"


def test_what_can_be_checked_by_looking_is_named_first(served, visit):
    here = visit()
    here.show(served.link)
    columns = {
        "look": "embedding:class a",
        "lines": "writing:class a",
        "no face": "total_faces_count",
        "blue": "color_1_a",
        "square": "aspect_ratio",
    }
    reasons = [
        {"column": column, "toward": "b" if text == "blue" else "a", "text": {"en": text}}
        for text, column in columns.items()
    ]
    script = """async reasons => {
        const { reasonsOf } = await import("./pictures.js");
        return reasonsOf({ label: "a", reasons }, "ar");
    }"""
    named = here.page.evaluate(script, reasons)
    assert named == ["no face", "lines", "look"]


def test_both_languages_say_the_same(served, visit):
    here = visit()
    here.show(served.link)
    words = here.evaluate(
        "Promise.all(['ar', 'en'].map(async l => (await import(`/words-${l}.js`)).default))"
    )
    arabic, english = words
    assert set(arabic) == set(english)

    def names(text):
        texts = text.values() if isinstance(text, dict) else [text]
        return {name for each in texts for name in re.findall(r"\{(\w+)\}", each)}

    for key, text in english.items():
        # Arabic says one and two in words.
        assert names(arabic[key]) == names(text), key
        if isinstance(text, dict):
            assert {"one", "two", "few", "many", "other"} <= set(arabic[key]), key
    used = here.evaluate(
        "[...document.querySelectorAll('[data-text],[data-label],[data-hint]')]"
        ".flatMap(e => [e.dataset.text, e.dataset.label, e.dataset.hint]).filter(Boolean)"
    )
    assert set(used) <= set(english)


def test_the_page_can_be_installed(served, visit):
    here = visit()
    here.show(served.link)
    manifest = here.evaluate(
        "fetch(document.querySelector('[rel=manifest]').href).then(r => r.json())"
    )
    assert manifest["display"] == "standalone"
    for icon in manifest["icons"]:
        size = here.page.evaluate(
            "src => new Promise(done => { const i = new Image(); i.src = src;"
            " i.onload = () => done(`${i.naturalWidth}x${i.naturalHeight}`) })",
            icon["src"],
        )
        assert icon["sizes"] in (size, "any")
