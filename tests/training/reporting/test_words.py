"""The catalogue of the report's words."""

import re

import pytest

from models.task import task_names
from training.reporting import words
from training.reporting.render import HERE


def test_every_text_stands_in_both_languages_with_the_same_values():
    assert len(words.strings()) > 200


@pytest.mark.parametrize("texts", [["only English"], ["English", ""], ["{n} rows", "行"], "text"])
def test_a_missing_or_differing_text_is_refused(texts):
    with pytest.raises(ValueError, match=r"some\.key"):
        words._checked("some.key", texts)


def test_an_unknown_key_is_named():
    with pytest.raises(KeyError, match=r"no\.such"):
        words.said("no.such")


def test_every_key_that_a_template_names_exists():
    used = {
        key
        for path in (HERE / "templates").rglob("*.j2")
        for key in re.findall(r'\bt\("([\w.]+)"[,)]', path.read_text())
    }
    assert len(used) > 50
    assert sorted(used - set(words.strings())) == []


@pytest.mark.parametrize(
    ("found", "kind", "shown"),
    [
        ({"value": 0.8589, "low": 0.84, "high": 0.88}, "number", "0.859 [0.840–0.880]"),
        ({"value": 0.386, "low": 0.37, "high": 0.412}, "share", "39\N{NO-BREAK SPACE}% [37–41]"),
        ({"value": 2.136, "low": 2.04, "high": 2.231}, "times", "2.14× [2.04–2.23]"),
        ({"value": 2.0, "low": None, "high": None}, "number", "2.000"),
        ({"value": None, "low": None, "high": None}, "number", "–"),
        (None, "number", "–"),
        ({"value": -0.01, "low": -0.011, "high": -0.009}, "number", "−0.010 [−0.011, −0.009]"),
        ({"value": 0.001, "low": -0.004, "high": 0.005}, "number", "0.001 [−0.004, 0.005]"),
        ({"value": -12.0, "low": -1500.4, "high": 20.0}, "whole", "−12 [−1,500, 20]"),
        ({"value": -0.01, "low": -0.02, "high": 0.0}, "share", "−1.0\N{NO-BREAK SPACE}% [−2.0, 0]"),
        ({"value": -0.01, "low": -0.02, "high": 0.004}, "points", "−1.0 [−2.0, +0.4]"),
        ({"value": -0.00001, "low": -0.00002, "high": 0.1}, "number", "0.000 [0.000–0.100]"),
    ],
)
def test_an_estimate_shows_its_interval(found, kind, shown):
    assert words.estimate(found, kind) == shown


def test_no_text_puts_an_interval_together_itself():
    """Ends and what stands between them are the formatter's: they differ for negative numbers."""
    made = {key for key, texts in words.strings().items() if re.search(r"\{low\}–\{high\}\]", texts["en"])}
    assert made == set()
    for path in (HERE / "templates").rglob("*.j2"):
        assert not re.search(r"\}\}–\{\{[^}]*\}\}\]", path.read_text()), path.name


FIRST = ("verdict.", "card.", "status.")
JARGON = re.compile(r"\b(rows?|positives?|negatives?|base rate|subjects?|label)\b|正例|负例|个体|行数|\d 行")


@pytest.mark.parametrize("key", [key for key in words.strings() if key.startswith(FIRST)])
def test_the_first_screen_speaks_without_jargon(key):
    """A flat source alone has subjects: nothing else is known of them."""
    told = re.sub(r"\{\w+\}", "7", " ".join(words.strings()[key].values()))
    told = re.sub("subjects?", "", told) if key.endswith(".given") else told
    assert not JARGON.search(told)


@pytest.mark.parametrize("task", task_names())
def test_every_task_has_its_words(task):
    kinds = (
        "task", "verdict.what", "verdict.how", "verdict.whom", "verdict.n", "purpose.definition",
        "n_positives", "column.positives", "column.test_positives", "gate.positives",
    )  # fmt: skip
    needed = [f"{kind}.{task}" for kind in kinds]
    assert [key for key in needed if key not in words.strings()] == []


def test_a_task_has_its_own_words_only_where_they_are_meant():
    """A key with a task's name behind it replaces the one without: none by accident."""
    known = words.strings()
    own = {key.removesuffix(f".{task}") for task in task_names() for key in known if key.endswith(f".{task}")}
    assert {key for key in own if key in known} == {
        "n_positives", "column.positives", "column.subjects", "column.test_positives", "data.subjects",
        "gate.positives", "card.capture.note", "band.name.high", "band.name.medium", "band.name.low",
    }  # fmt: skip
