"""A brief and a readout in a real browser: offline, two languages, narrow, without a script, accessible."""

import shutil
from pathlib import Path

import pytest
from campaign_figures import found, told

from training.acting import pages

CHROMIUM = shutil.which("chromium")
playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
pytestmark = pytest.mark.skipif(
    CHROMIUM is None, reason="chromium is not installed (apt-get install chromium)"
)
KINDS = ("brief", "readout")


@pytest.fixture(scope="module")
def addresses(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    folder: Path = tmp_path_factory.mktemp("campaign")
    for name, html in (("brief", pages.brief(told(), "auto")), ("readout", pages.readout(found(), "auto"))):
        (folder / f"{name}.html").write_text(html)
    return {name: (folder / f"{name}.html").as_uri() for name in KINDS}


@pytest.mark.parametrize("kind", KINDS)
def test_no_request_leaves_no_error_is_logged_and_nothing_sticks_out(browser, addresses, kind):
    context = browser.new_context(offline=True, viewport={"width": 360, "height": 800})
    page, requests, errors = context.new_page(), [], []
    page.on("request", lambda request: requests.append(request.url))
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda message: errors.append(message.text))
    page.goto(addresses[kind])
    for language in ("en", "zh"):
        page.locator(f"label[for=show-{language}]").click()
        assert page.evaluate("document.documentElement.scrollWidth") <= 360
    assert [url for url in requests if not url.startswith(("file:", "data:"))] == []
    assert errors == []
    context.close()


@pytest.mark.parametrize("kind", KINDS)
def test_everything_is_read_without_a_script(browser, addresses, kind):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(addresses[kind])
    assert page.locator("#first h1").inner_text().endswith("spring")
    page.locator("label[for=show-zh]").click()
    assert "spring" in page.locator("#first h1").inner_text()
    assert "活动" in page.locator("#first h1").inner_text()
    if kind == "brief":
        assert not page.locator("[data-slider]").is_visible()
        assert page.locator("#money table").is_visible()
        assert "6,000 [4,500–7,500]" in page.locator("#money table").inner_text()
    context.close()


def test_the_slider_tells_the_points_of_the_curve(browser, addresses):
    page = browser.new_page()
    page.goto(addresses["brief"])
    out = {
        name: page.locator(f'[data-out="{name}"]') for name in ("spend", "gain", "interval", "net", "more")
    }
    assert out["spend"].text_content() == "100"  # nearest to what the plan costs
    page.locator("#budget").fill("3")
    assert {name: part.text_content() for name, part in out.items()} == {
        "spend": "150", "gain": "6,500", "interval": "4,600 – 8,000", "net": "6,350", "more": "10.0",
    }  # fmt: skip
    page.locator("#budget").fill("0")
    assert out["more"].text_content() == "–"
    page.close()


@pytest.mark.parametrize(("kind", "width", "language"), [("brief", 360, "zh"), ("readout", 1280, "en")])
def test_axe_finds_nothing_serious(browser, addresses, kind, width, language):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe is not installed")
    page = browser.new_page(viewport={"width": width, "height": 900})
    page.goto(addresses[kind])
    page.locator(f"label[for=show-{language}]").click()
    violations = axe.Axe().run(page).response["violations"]
    assert {
        row["id"]: [node["target"] for node in row["nodes"]][:3]
        for row in violations
        if row["impact"] in ("serious", "critical")
    } == {}
    page.close()


@pytest.mark.parametrize("kind", KINDS)
def test_print_has_every_section_and_no_controls(browser, addresses, kind):
    page = browser.new_page()
    page.goto(addresses[kind])
    page.emulate_media(media="print")
    sections = page.locator("main > section")
    assert sections.count() == {"brief": 9, "readout": 7}[kind]
    assert all(sections.nth(at).is_visible() for at in range(sections.count()))
    assert not page.locator(".languages").is_visible()
    assert not page.locator(".slider").count() or not page.locator(".slider").is_visible()
    page.close()
