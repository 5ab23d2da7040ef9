"""What a night makes somebody look at, each for its own reason and no more."""

from datetime import date
from typing import Any

import pytest

from training.operation.watch import data_end, task_night
from training.results.nights import TaskNight


def listed(**changes: Any) -> Any:
    """A list of a day on which nothing is to be seen."""
    far = {"en": "lead age 61+", "zh": "线索天数 61+"}
    return {"assessed": True, "n": 1000, "untested": 0.01, "far": far, "fills": "good", "acted": 0.2,
            "capacity": 0.2} | changes  # fmt: skip


def before(**changes: Any) -> TaskNight:
    night: Any = task_night("lead", "3", listed(), 0.04, None)
    return night | changes


def codes(night: TaskNight) -> list[str]:
    return [found["code"] for found in night["findings"]]


@pytest.mark.parametrize(
    ("changes", "expected", "found"),
    [
        ({}, 0.041, []),
        ({"untested": 0.06}, 0.04, ["untested"]),
        ({"fills": "warn", "acted": 0.03}, 0.04, ["capacity"]),
        ({"n": 700}, 0.04, ["volume"]),
        ({"n": 1300}, 0.04, ["volume"]),
        ({}, 0.06, ["moved"]),
        ({}, 0.02, ["moved"]),
        ({"n": 1240}, 0.049, []),
    ],
)
def test_each_figure_alone_is_found(changes, expected, found):
    night = task_night("lead", "3", listed(**changes), expected, before())
    assert codes(night) == found
    assert all(one["en"] and one["zh"] for one in night["findings"])


def test_it_names_what_was_hardly_tested_in_both_languages():
    (found,) = task_night("lead", "3", listed(untested=0.84), 0.04, before())["findings"]
    assert "84 %" in found["en"].replace("\u202f", " ").replace("\xa0", " ")
    assert "lead age 61+" in found["en"]
    assert "线索天数 61+" in found["zh"]


def test_whom_the_champion_was_tested_on_must_be_known():
    """A release of before that was kept: nothing may be said of it."""
    night = task_night("lead", "3", listed(untested=0.0), 0.04, before(), tested=False)
    assert night["untested"] is None
    assert codes(night) == ["test_unknown"]


def test_another_version_is_not_held_against_the_night_before():
    assert codes(task_night("lead", "4", listed(n=100), 0.4, before())) == []
    assert codes(task_night("lead", "3", listed(n=100), 0.4, None)) == []


def test_a_list_of_nobody_is_found():
    nobody: Any = {"assessed": False, "reason": "nobody_scored", "values": {}}
    assert codes(task_night("lead", "3", nobody, None, before())) == ["nobody"]
    assert codes(task_night("lead", "3", listed(), 0.04, before(scored=0, expected=None))) == []


def test_data_may_end_the_day_before():
    assert data_end(date(2026, 3, 2), date(2026, 3, 1)) == []
    assert [one["code"] for one in data_end(date(2026, 3, 3), date(2026, 3, 1))] == ["data_end"]
