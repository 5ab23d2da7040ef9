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
    ],
)
def test_an_estimate_shows_its_interval(found, kind, shown):
    assert words.estimate(found, kind) == shown


@pytest.mark.parametrize("task", task_names())
def test_every_task_has_its_words(task):
    needed = (f"task.{task}", f"verdict.what.{task}", f"verdict.how.{task}", f"purpose.definition.{task}")
    assert [key for key in needed if key not in words.strings()] == []
