"""The report is one file, complete, in two languages, private, and the same every time."""

import json
import re
import shutil
from dataclasses import replace
from datetime import date
from pathlib import Path

import polars as pl
import pytest
import stages
from page_text import Text

from models import phrases
from models.fitted.model import Model
from models.learners.calibration import Calibration
from training.data.artifacts import write_artifact
from training.evaluation import looks
from training.params import Economics, Stated
from training.reporting import render
from training.reporting.build import NAMES, Report
from training.reporting.charts import figures
from training.reporting.source import Source
from training.review.gates import wanted_gates
from training.review.signoff import FILE, sign
from training.stages.report import AnotherPageError, keep, report, require_page, write_index, write_pages

PRIVATE = {
    "mail": r"[\w.+-]+@[\w-]+\.[\w.]+",
    "mobile number": r"(?<![\d.\w-])1[3-9]\d{9}(?!\d)",
    "identity number": r"(?<![\d.\w])\d{17}[\dXx](?!\w)",
    "raw member id": r"\bm\d{5}\b",
}


@pytest.fixture(scope="module")
def made(made_up: Path) -> Path:
    """The folder of the made-up task's report."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(made_up)
        report(stages.params(), "churn")
    return made_up / "experiments/made-up/churn"


@pytest.fixture(scope="module")
def page(made: Path) -> str:
    return (made / "report.html").read_text()


@pytest.fixture(scope="module")
def data(made: Path) -> dict:
    return json.loads((made / "report.json").read_text())


def test_every_section_stands_in_its_order(page, data):
    assert list(data["sections"]) == [name for name in NAMES if name != "challenger"]  # it stands beside
    assert re.findall(r'<section id="(\w+)"', page) == [*NAMES, "glossary"]


def test_every_section_is_held_against_its_type(data, tmp_path):
    for name, section in data["sections"].items():
        shorter = {key: section[key] for key in list(section)[:-1]}
        with pytest.raises(ValueError, match=rf"report\.json: sections\.{name}\."):
            write_artifact(tmp_path, Report, data | {"sections": data["sections"] | {name: shorter}})


def test_what_was_not_assessed_says_why(page, data):
    for name, found in data["sections"].items():
        if not found["assessed"]:
            part = page[page.index(f'<section id="{name}"') :]
            assert "Not assessed" in part[: part.index("</section>")]
            assert "未评估" in part[: part.index("</section>")]


def test_nothing_is_fetched(page):
    assert not re.search(r'(src|href)="(?:https?:)?//', page)
    assert "default-src 'none'" in page
    assert "@import" not in page
    assert not re.search(r"url\((?!#)", page)


def test_it_is_small(page):
    assert len(page.encode()) < 3_000_000


def test_both_languages_say_the_same_numbers(page):
    found = Text()
    found.feed(page)
    numbers = {
        language: sorted(n for text in texts for n in re.findall(r"\d+(?:\.\d+)?", text) if n != "0")
        for language, texts in found.texts.items()
    }
    assert len(found.texts["en"]) == len(found.texts["zh-CN"])
    assert len(numbers["en"]) > 100
    assert numbers["en"] == numbers["zh-CN"]


def test_no_hyphen_stands_for_a_minus(page):
    """Neither in the text of any language nor in a table or a figure."""
    body = re.sub(r"<(script|style|pre)\b.*?</\1>", " ", page, flags=re.DOTALL)
    text = re.sub(r"<[^>]*>", " ", body)
    assert re.findall(r"(?<![\w-])-\d[\d.]*", text) == []


def test_values_of_categories_are_told_in_chinese(page):
    """Every value that has a Chinese word is told by it: in tables, reasons and figures."""
    found = Text()
    found.feed(page)
    chinese = "\n".join([*found.texts["zh-CN"], *re.findall(r'<text lang="zh-CN"[^>]*>([^<]*)', page)])
    values = phrases.catalogue()["values"]
    assert values["west"] in chinese
    assert [value for value in values if re.search(rf"(?<![\w-]){value}(?![\w-])", chinese)] == []


def test_every_value_of_the_simulated_brand_has_a_chinese_word():
    from training.synthetic import campaigns, care, leads, member_events, people

    kinds = (
        leads.SOURCES, leads.PAGES, people.REGIONS, people.TIERS, people.CATEGORIES, people.CHANNELS,
        campaigns.CHANNELS, campaigns.CONTENTS, campaigns.OFFERS, member_events.CHANNELS, care.TOPICS,
        *care.SUBTOPICS,
    )  # fmt: skip
    values = {value for kind in kinds for value in kind} - {"app"}  # said so in Chinese, too
    assert sorted(values - set(phrases.catalogue()["values"])) == []


def test_both_languages_can_be_chosen_without_a_script(page, made):
    for text in (page, (made.parent / "index.html").read_text()):
        body = text[text.index("<body") :]
        assert re.findall(r'<input class="choice" type="radio" name="language" id="(show-\w\w)"', body) == [
            "show-en",
            "show-zh",
        ]
        assert re.findall(r'<label for="(show-\w\w)"', body) == ["show-en", "show-zh"]
        assert body.index("<input") < body.index("<header")  # what is shown follows the buttons


@pytest.mark.parametrize(
    ("language", "checked", "html"), [("auto", "en", "en"), ("en", "en", "en"), ("zh", "zh", "zh-CN")]
)
def test_the_stated_language_comes_first(data, page, language, checked, html):
    text = render.page(data, render.embedded_facts(page) | {"language": language})
    assert f'<html lang="{html}" data-first="{language}">' in text
    assert re.findall(r'id="show-(\w\w)"[^>]* checked', text) == [checked]


def test_the_data_in_the_page_are_the_report(page, data):
    text = page.split('id="report-data">')[1].split("</script>")[0]
    assert json.loads(text) == data


def test_nothing_private_stands_in_it(page, data):
    text = page.replace("crm@brand.example", "")
    assert {
        kind: re.findall(pattern, text)[:3] for kind, pattern in PRIVATE.items() if re.search(pattern, text)
    } == {}


def test_the_same_inputs_give_the_same_bytes(made, made_up, monkeypatch):
    before = {name: (made / name).read_bytes() for name in ("report.json", "report.html")}
    monkeypatch.chdir(made_up)
    figures.drawn.cache_clear()  # what is kept of the first time would be the same in any case
    report(stages.params(), "churn")
    assert {name: (made / name).read_bytes() for name in before} == before


def test_the_index_links_the_report(made):
    assert 'href="churn/report.html"' in (made.parent / "index.html").read_text()


def test_a_signature_shows_in_the_page_and_its_version_is_kept(made, made_up, monkeypatch):
    monkeypatch.chdir(made_up)
    params = stages.params()
    sign(params, "churn", "compliance", "approve_with_conditions", "C. Officer", ["only with consent"])
    write_pages(params, "churn")
    kept = keep(params, "churn")
    write_index(params)
    page, index = (made / "report.html").read_text(), (made.parent / "index.html").read_text()
    assert ("C. Officer" in page, "only with consent" in page) == (True, True)
    assert f'href="reports/{kept.name}"' in index
    assert "signatures that hold: 1" in index
    (made / "report.json").write_text((made / "report.json").read_text() + "\n")
    write_pages(params, "churn")
    assert "void: signed another version" in (made / "report.html").read_text()
    FILE.unlink()
    report(params, "churn")


@pytest.fixture
def here(made: Path, made_up: Path, monkeypatch: pytest.MonkeyPatch):
    """The parameters of the made-up report; whatever a test did to it is made good."""
    monkeypatch.chdir(made_up)
    params = stages.params()
    yield params
    FILE.unlink(missing_ok=True)
    shutil.rmtree(params.results / "reports", ignore_errors=True)
    shutil.rmtree(params.build / "churn" / "champion", ignore_errors=True)
    report(params, "churn")


def visible(html: str) -> str:
    """What a reader sees in English, one space between words."""
    found = Text()
    found.feed(html)
    return " ".join(found.texts["en"])


def test_figures_of_a_sample_say_so_on_the_first_screen_and_stand_beside_those_of_all_rows(page, data):
    sections = data["sections"] | {"data": data["sections"]["data"] | {"sample": stages.SAMPLE}}
    again = render.page(data | {"sections": sections}, render.embedded_facts(page))
    parts = visible(again).split("against all rows")
    said = "come from a sample: 1,200 of 2,400 rows, 90 of 180 subjects"
    assert [said in part for part in (*parts, visible(page))] == [True, True, False]


def test_a_sentence_that_was_changed_in_the_page_is_found(here, made):
    path = made / "report.html"
    for old, new in (
        ("</h1>", " Safe for prices and credit, too.</h1>"),
        ('"signatures":[]', '"signatures":[1]'),
    ):
        whole = path.read_text()
        assert whole.count(old) == 1
        path.write_text(whole.replace(old, new))
        with pytest.raises(AnotherPageError, match=r"report\.html: is not what report.json renders to"):
            require_page(here, "churn")
        assert keep(here, "churn").read_text() == whole  # what is kept is made again
        path.write_text(whole)
    require_page(here, "churn")


def test_state_that_moves_on_beside_a_report_makes_it_no_other_page(here, made):
    sign(here, "churn", "owner", "approve", "A. Owner")
    require_page(here, "churn")  # made before the signature, by the same report


def test_after_a_rejection_nothing_says_recommended_alone(here, made):
    sign(here, "churn", "validator", "reject", "V. Alidator")
    write_pages(here, "churn")
    keep(here, "churn")
    write_index(here)
    first = (made / "report.html").read_text().split('<section id="purpose"')[0]
    index = (made.parent / "index.html").read_text()
    for page in (first, index):
        assert "V. Alidator (Independent reviewer): rejected" in visible(page)
        left = re.sub(r"By its figures alone, before this decision: [\w ]+\.", "", visible(page))
        assert "ecommended" not in left
        assert "建议使用" not in re.sub(r"仅就数据而言（未计入上述决定）：[^。]+。", "", page)
    assert len(re.findall("reports/churn-", index)) == 1


def test_conditions_stand_on_the_first_screen_and_the_index(here, made):
    sign(here, "churn", "validator", "approve_with_conditions", "V. Alidator", ["only in the north"])
    write_pages(here, "churn")
    for path in (made / "report.html", made.parent / "index.html"):
        first = visible(path.read_text().split('<section id="purpose"')[0])
        assert "V. Alidator (Independent reviewer): approved with conditions" in first
        assert "Condition: only in the north" in first


def test_no_report_is_called_a_draft(here, made, data):
    assert data["sections"]["verdict"]["unowned"]  # nobody owns the made-up task
    assert data["sections"]["verdict"]["status"] == "warn"
    page = (made / "report.html").read_text()
    assert "No owner is named" in page
    assert "Draft" not in page


def test_neither_the_registry_nor_another_task_changes_a_report(here, made):
    """A signature is tied to the report's bytes: what cannot touch the task must leave them."""
    before = (made / "report.json").read_bytes()
    champion = replace(Source(here, "churn").model, calibration=Calibration(2.0, 0.1))
    Model(champion.booster[:2], champion.encoder, champion.calibration, champion.card).save(
        here.build / "churn" / "champion"
    )
    economics = Stated(lead=Economics(value=800, cost=99, capacity=0.2, date=date(2026, 1, 1)))
    report(here.model_copy(update={"economics": economics}), "churn")
    assert (made / "report.json").read_bytes() == before
    assert (
        "Not assessed"
        not in re.findall(
            r'<section id="challenger".*?</section>', (made / "report.html").read_text(), re.DOTALL
        )[0]
    )


def test_the_looks_at_the_test_are_told_and_many_warn(here, made):
    test = pl.read_parquet(here.build / "churn" / "test.parquet")
    assert "Models evaluated on this same test since" in visible((made / "report.html").read_text())
    kept = (made / looks.LOG).read_text()
    for number in range(wanted_gates()["test"]["looks"]):
        looks.look(made, test, f"model {number}")
    write_pages(here, "churn")
    (made / looks.LOG).unlink()
    many = visible((made / "report.html").read_text())
    write_pages(here, "churn")
    (made / looks.LOG).write_text(kept)
    assert "is not recorded here" in visible((made / "report.html").read_text())
    assert ": 21, more than 20." in many
