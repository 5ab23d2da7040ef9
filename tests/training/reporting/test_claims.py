"""What the report claims follows from the figures: nothing is met on few positives, no failure is unnamed."""

import re
from functools import partial
from itertools import product
from types import SimpleNamespace
from typing import Any, get_args

import pytest

from training.reporting import words
from training.reporting.render import HERE
from training.reporting.sections.challenger import result
from training.reporting.sections.verdict import marks, possible_lift, reasons, status
from training.reporting.source import one_of
from training.results.estimate import Direction, direction

FEW, ENOUGH = 99, 100


def found(positives: int, lift: float = 3.0, base_rate: float = 0.1, **more: Any) -> dict[str, Any]:
    """Figures of a first screen where everything is as good as it can be."""
    return {
        "positives": positives,
        "possible": possible_lift(base_rate),
        "lift": {"value": lift, "low": lift - 0.1, "high": lift + 0.1},
        "capture_20": {"value": 0.5, "low": 0.4, "high": 0.6},
        "ratio": {"value": 1.0, "low": 0.99, "high": 1.01},
        "worst": {"auc": {"value": 0.8, "low": 0.7, "high": 0.9}, "positives": positives},
        "profit": {"value": 15.0, "low": 10.0, "gain": {"low": 5.0, "high": 9.0, "months": None}},
    } | more


def sections(
    positives: int, failed: tuple[str, ...] = (), gates: tuple[Any, ...] = (), owner: str = "O"
) -> Any:
    """What a source tells of these sections alone."""
    checks = [{"check": name, "result": "bad"} for name in failed]
    told = {
        "checks": {"checks": checks},
        "gates": {"gates": list(gates), "passed": all(gate["passed"] for gate in gates)},
        "ranking": {"positives": positives},
        "purpose": {"info": {"owner": owner}},
    }
    return SimpleNamespace(sections=told, section=partial(one_of, told))


def gate(name: str, passed: bool, baseline: str | None = None) -> dict[str, Any]:
    return {"gate": {"en": name, "zh": name}, "passed": passed, "baseline": baseline}


def test_nothing_is_met_on_fewer_than_100_positives():
    assert set(marks(found(ENOUGH)).values()) == {"good"}
    assert "good" not in marks(found(FEW)).values()
    assert status(sections(ENOUGH)) == "good"
    assert status(sections(FEW)) == "warn"


def test_a_month_of_few_positives_is_not_met_however_good_the_rest_is():
    worst = {"auc": {"value": 0.8, "low": 0.7, "high": 0.9}, "positives": FEW}
    told = marks(found(5_000, worst=worst))
    assert told.pop("worst") == "few"
    assert set(told.values()) == {"good"}


@pytest.mark.parametrize(("low", "mark"), [(1.0, "good"), (0.0, "warn"), (-132.0, "warn")])
def test_money_that_hangs_on_the_months_is_not_met(low, mark):
    months = {"low": low, "high": 1_086.0, "n": 10, "gained": direction(low, 1_086.0)}
    profit = {"value": 15.0, "low": 10.0, "gain": {"low": 5.0, "high": 9.0, "months": months}}
    assert marks(found(ENOUGH, profit=profit))["profit"] == mark


@pytest.mark.parametrize("gained", get_args(Direction))
def test_money_against_the_simple_method_is_said_in_one_of_three_ways(gained):
    assert {f"economics.against_simple.{gained}", f"economics.over_months.{gained}"} <= set(words.strings())


@pytest.mark.parametrize("low", [0.01, 0.0, -0.01, -0.5])
def test_better_than_the_champion_needs_a_sure_gain_and_enough_positives(low):
    assert (result(low, ENOUGH, -0.01) == "good") == (low > 0)
    assert result(low, FEW, -0.01) != "good"
    assert f"challenger.{result(low, FEW, -0.01)}" in words.strings()


@pytest.mark.parametrize(
    ("base_rate", "lift", "mark"), [(0.61, 1.63, "good"), (0.61, 1.2, "warn"), (0.1, 1.4, "warn")]
)
def test_a_lift_is_judged_by_what_the_base_rate_allows(base_rate, lift, mark):
    assert marks(found(ENOUGH, lift, base_rate))["lift"] == mark


CASES = [
    sections(positives, failed, gates)
    for positives, failed, gates in product(
        (FEW, ENOUGH),
        ((), ("alone",), ("inside", "parity")),
        ((), (gate("one", False),), (gate("two", False, "rule"), gate("three", True))),
    )
]


@pytest.mark.parametrize("case", CASES)
def test_whatever_keeps_it_from_being_recommended_is_named(case):
    named = [text["en"] for text in reasons(case)]
    assert (status(case) == "good") == (not named)
    assert [text["gate"]["en"] for text in case.sections["gates"]["gates"] if not text["passed"]] == [
        name for name in named if name in ("one", "two", "three")
    ]
    for check in case.sections["checks"]["checks"]:
        assert words.said(f"check.{check['check']}")["en"] in named


def test_every_check_that_can_fail_has_a_name():
    source = (HERE / "sections" / "checks.py").read_text()
    names = set(re.findall(r'_(?:check|warned)\("(\w+)"', source))
    assert len(names) >= 7
    assert sorted(f"check.{name}" for name in names if f"check.{name}" not in words.strings()) == []


def test_no_template_puts_the_mark_of_a_check_in_a_heading():
    for path in (HERE / "templates").rglob("*.j2"):
        for heading in re.findall(r"<h[1-6].*?</h[1-6]>", path.read_text(), re.DOTALL):
            assert "m.mark(" not in heading, path.name
