"""The report in a real browser: offline, two languages, narrow, printed, accessible."""

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import stages

from training.params import parse
from training.stages.report import report

CHROMIUM = shutil.which("chromium")
playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
pytestmark = pytest.mark.skipif(
    CHROMIUM is None, reason="chromium is not installed (apt-get install chromium)"
)

SHOWN = """language => [...document.querySelectorAll(`[lang="${language}"]:not(.always)`)]
    .filter(part => part.getClientRects().length > 0).length"""


@pytest.fixture(scope="module")
def address(made_up: Path) -> str:
    """Where the made-up churn report is, with economics stated."""
    given = parse((Path(__file__).parents[2] / "params.yaml").read_text())
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(made_up)
        report(stages.params().model_copy(update={"economics": given.economics}), "churn")
    return (made_up / "experiments/made-up/churn/report.html").as_uri()


@pytest.fixture
def page(browser, address) -> Iterator["playwright.Page"]:
    found = browser.new_page(viewport={"width": 1280, "height": 900})
    found.goto(address)
    yield found
    found.close()


def test_no_request_leaves_and_no_error_is_logged(browser, address):
    context = browser.new_context(offline=True)
    found, requests, errors = context.new_page(), [], []
    found.on("request", lambda request: requests.append(request.url))
    found.on("pageerror", lambda error: errors.append(str(error)))
    found.on("console", lambda message: errors.append(message.text))
    found.goto(address)
    found.locator("label[for=show-zh]").click()
    assert [url for url in requests if not url.startswith(("file:", "data:"))] == []
    assert errors == []
    context.close()


def test_the_toggle_shows_one_language_at_a_time(page):
    assert page.evaluate(SHOWN, "en") > 100
    assert page.evaluate(SHOWN, "zh-CN") == 0
    page.locator("label[for=show-zh]").click()
    assert page.evaluate("document.documentElement.lang") == "zh-CN"
    assert page.title() == "模型报告：流失风险"
    assert page.evaluate(SHOWN, "en") == 0
    assert page.evaluate(SHOWN, "zh-CN") > 100
    assert page.locator("#show-zh").is_checked()


def test_the_text_of_figures_follows_the_toggle(page):
    label = page.locator("#ranking svg text", has_text="随机")
    assert not label.first.is_visible()
    page.locator("label[for=show-zh]").click()
    assert label.first.is_visible()


def test_without_scripts_both_languages_are_a_click_away(browser, address):
    context = browser.new_context(java_script_enabled=False)
    found = context.new_page()
    found.goto(address)
    english, chinese = (found.locator(f"#verdict h1 span[lang={name}]") for name in ("en", "zh-CN"))
    assert (english.is_visible(), chinese.is_visible()) == (True, False)
    assert not found.locator("[data-slider]").is_visible()
    found.locator("label[for=show-zh]").click()
    assert (english.is_visible(), chinese.is_visible()) == (False, True)
    found.locator("label[for=show-en]").click()
    assert (english.is_visible(), chinese.is_visible()) == (True, False)
    context.close()


@pytest.mark.parametrize(
    ("locale", "shown"), [("zh-CN", "zh-CN"), ("zh-TW", "zh-CN"), ("en-GB", "en"), ("de", "en")]
)
def test_it_begins_in_the_language_of_the_browser_and_remembers_the_choice(browser, address, locale, shown):
    context = browser.new_context(locale=locale)
    found = context.new_page()
    found.goto(address)
    assert found.evaluate("document.documentElement.lang") == shown
    assert found.evaluate(SHOWN, shown) > 100
    found.locator(f"label[for=show-{'en' if shown == 'zh-CN' else 'zh'}]").click()
    found.reload()
    assert found.evaluate("document.documentElement.lang") != shown
    context.close()


def test_the_keyboard_changes_the_language(page):
    page.locator("#show-en").focus()
    page.keyboard.press("ArrowDown")
    assert page.evaluate("document.documentElement.lang") == "zh-CN"


@pytest.mark.parametrize("language", ["en", "zh"])
def test_print_shows_the_language_that_was_chosen(page, language):
    page.locator(f"label[for=show-{language}]").click()
    page.emulate_media(media="print")
    other = {"en": "zh-CN", "zh": "en"}[language]
    assert page.evaluate(SHOWN, other) == 0
    assert not page.locator(".languages").is_visible()


def test_a_figure_wider_than_the_screen_says_so(page):
    page.set_viewport_size({"width": 360, "height": 800})
    cut = page.evaluate(
        """() => [...document.querySelectorAll('figure')].filter(figure => {
            const box = figure.querySelector('.drawing');
            return box.scrollWidth > box.clientWidth
                && !figure.querySelector('.swipe').getClientRects().length;
        }).length"""
    )
    assert page.locator("figure").count() > 5
    assert cut == 0


def test_no_code_in_a_table_is_broken_by_letter(page):
    page.set_viewport_size({"width": 360, "height": 800})
    page.evaluate("document.querySelectorAll('details').forEach(part => part.open = true)")
    broken = page.evaluate(
        """() => [...document.querySelectorAll('.table .code:not(.hash)')]
            .filter(part => !/[\\s,]/.test(part.textContent.trim()) && part.getClientRects().length)
            .filter(part => { const range = document.createRange(); range.selectNodeContents(part);
                return new Set([...range.getClientRects()].map(line => Math.round(line.top))).size > 1; })
            .map(part => part.textContent)"""
    )
    assert broken == []


@pytest.mark.parametrize("language", ["en", "zh-CN"])
@pytest.mark.parametrize("width", [360, 768])
def test_nothing_sticks_out_on_a_narrow_screen(page, width, language):
    page.set_viewport_size({"width": width, "height": 800})
    page.locator(f"label[for=show-{language[:2]}]").click()
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_the_slider_tells_the_precomputed_figures(page):
    section = json.loads(page.locator("#report-data").text_content())["sections"]["economics"]
    page.locator("#share").fill("35")
    events, spent = section["points"][35][0], 35 * 100 * section["assumptions"]["cost"]
    gain = section["worth_of_event"]
    told = {
        name: page.locator(f'[data-out="{name}"]').text_content()
        for name in ("share", "events", "spent", "net")
    }
    assert told["share"] == "35\N{NO-BREAK SPACE}%"
    assert told["events"] == f"{round(events):,}"
    assert told["spent"] == f"{round(spent):,}"
    assert abs(int(told["net"].replace(",", "")) - (events * gain - spent)) <= 0.5


def test_print_has_every_section_and_no_controls(page):
    page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    page.emulate_media(media="print")
    sections = page.locator("main > section")
    assert sections.count() == 23
    assert all(sections.nth(at).is_visible() for at in range(sections.count()))
    assert not page.locator(".languages").is_visible()
    assert not page.locator("[data-slider]").is_visible()
    assert page.evaluate("[...document.querySelectorAll('details')].every(part => part.open)")
    pages = re.findall(rb"/Type\s*/Page\b", page.pdf(format="A4"))
    assert len(pages) > 10


@pytest.mark.parametrize(("width", "language"), [(360, "zh-CN"), (1280, "en")])
def test_axe_finds_nothing_serious(page, width, language):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe is not installed")
    page.set_viewport_size({"width": width, "height": 900})
    page.locator(f"label[for=show-{language[:2]}]").click()
    found = axe.Axe().run(page).response["violations"]
    serious = {
        row["id"]: [node["target"] for node in row["nodes"]][:3]
        for row in found
        if row["impact"] in ("serious", "critical")
    }
    assert serious == {}
