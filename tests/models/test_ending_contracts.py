"""Contracts before their end: who is asked when, what counts as renewed, and nothing from later."""

from datetime import UTC, datetime
from typing import Any

import polars as pl
import pytest

from features import tables
from features.compute import compute
from features.feature import DAY
from features.lifecycle_limits import LifecycleLimits
from models.few_rows import FewRows
from models.population import Boundaries
from models.populations.contracts import GROUPS, READS, ContractSpine, EndingContracts
from models.task import task

NOW = 1_780_000_000 // DAY * DAY
SPINE = ContractSpine(days=30, every_days=10, grace=14)
LIMITS, ASKED = LifecycleLimits(), EndingContracts()


def contract(
    who: str,
    *days: float | None,
    line: str | None = None,
    renews: int | None = None,
    known: float | None = None,
) -> dict[str, Any]:
    """One of ``who`` that begins, ends and was cancelled, and was recorded, so many days from now."""
    begins, ends, cancelled = (
        None if day is None else datetime.fromtimestamp(NOW + day * DAY, UTC) for day in (*days, None)[:3]
    )
    recorded = None if known is None else datetime.fromtimestamp(NOW + known * DAY, UTC)
    signed = min(begins, recorded) if begins and recorded else begins
    return {
        "member_id": who, "occurred_at": signed, "recorded_at": recorded, "starts_at": begins,
        "ends_at": ends, "cancelled_at": cancelled, "line": line, "renews_days": renews,
    }  # fmt: skip


def world(*rows: dict[str, Any]) -> dict[str, pl.LazyFrame]:
    times = ("occurred_at", "recorded_at", "starts_at", "ends_at", "cancelled_at")
    types = dict.fromkeys(times, pl.Datetime("us", "UTC")) | {"line": pl.String, "renews_days": pl.Int64}
    return {
        "own_contracts": tables.complete("own_contracts", pl.DataFrame(rows, schema_overrides=types)).lazy()
    }


def past(*rows: dict[str, Any], spine: ContractSpine = SPINE) -> list[tuple[float, int]]:
    """The questions of the past: days from now, and whether the contract lapses."""
    found = ASKED.past(world(*rows), spine, LIMITS, 0, NOW).sort("as_of")
    return [((as_of - NOW) / DAY, lapses) for as_of, lapses in found.select("as_of", "label").iter_rows()]


def test_a_contract_is_asked_about_in_steps_before_its_end():
    rows = ASKED.past(world(contract("m", -400, -35)), SPINE, LIMITS, 0, NOW).sort("as_of")
    assert ((rows["as_of"] - NOW) / DAY).to_list() == [-65, -55, -45]
    assert ((rows["window_end"] - NOW) / DAY).to_list() == [-21] * 3
    assert rows["label"].to_list() == [1] * 3


def test_a_short_contract_is_asked_about_once_it_is_known():
    assert past(contract("m", -60, -35)) == [(-55, 1), (-45, 1)]


@pytest.mark.parametrize(
    ("next_one", "lapses"),
    [
        (contract("m", -35, 330), 0),
        (contract("m", -22, 343), 0),  # within the days of grace
        (contract("m", -21, 344), 1),  # on the first day after them
        (contract("m", -35, 330, line="pool"), 1),
        (contract("other", -35, 330), 1),
        (contract("m", -35, None, renews=30), 0),
        (contract("m", -300, -36), 1),  # beside it, and ends before
    ],
)  # fmt: skip
def test_it_is_renewed_where_another_of_its_line_follows_in_time(next_one, lapses):
    told = dict(past(contract("m", -400, -35), next_one))
    assert told[-45] == lapses


def test_what_is_renewed_or_cancelled_before_the_question_is_not_asked_about():
    assert [day for day, _ in past(contract("m", -400, -35), contract("m", -35, 330, known=-50))] == [
        -65,
        -55,
    ]
    assert [day for day, _ in past(contract("m", -400, -35, -50))] == [-65, -55]
    # recorded at the moment itself is not known before it
    assert [day for day, _ in past(contract("m", -400, -35, -55))] == [-65, -55]


def test_what_renews_itself_is_asked_about_before_each_renewal():
    spine = ContractSpine(days=10, every_days=10, grace=5)
    assert past(contract("m", -95, None, renews=30), spine=spine) == [(-75, 0), (-45, 0), (-15, 0)]
    assert past(contract("m", -95, None, -40, renews=30), spine=spine) == [(-75, 0), (-45, 1)]
    assert (
        past(contract("m", -95, None), spine=spine) == []
    )  # without an end and renewal there is no question


def test_of_several_lines_the_contract_that_ends_next_is_asked_about():
    car, home, next_home = (
        contract("m", *days, line=name)
        for *days, name in ((-400, -35, "car"), (-400, -30, "home"), (-30, 300, "home"))
    )
    assert past(car, home, next_home) == [(-65, 1), (-55, 1), (-45, 1)]
    next_car = contract("m", -35, 330, line="car", known=-52)
    assert past(car, home, next_home, next_car) == [(-65, 0), (-55, 0), (-50, 0), (-40, 0)]


WHY = {
    "due": (contract("due", -300, 12),),
    "later": (contract("later", -300, 31),),
    "cancelled": (contract("cancelled", -300, 12, -1),),
    "long_cancelled": (contract("long_cancelled", -300, 90, -1),),
    "renewed": (contract("renewed", -300, 12), contract("renewed", 12, 377, known=-1)),
    "rolling": (contract("rolling", -40, None, renews=30),),
    "over": (contract("over", -300, -1),),
    "endless": (contract("endless", -300, None),),
    "car_renewed": (
        contract("car_renewed", -300, 12, line="car"),
        contract("car_renewed", 12, 377, line="car", known=-1),
        contract("car_renewed", -300, 20, line="home"),
    ),
}  # fmt: skip
TOLD = {
    "due": None, "later": "ends_later", "cancelled": "cancelled", "long_cancelled": "cancelled",
    "renewed": "renewed",
    "rolling": None, "over": "no_contract", "endless": "no_contract", "car_renewed": None,
}  # fmt: skip


def test_who_is_outside_now_is_told_why_in_frames_and_in_single_rows():
    data = world(*(row for rows in WHY.values() for row in rows))
    rows = ASKED.now(data, SPINE, NOW).with_row_index("row_id").cast({"row_id": pl.Int64})
    frame = rows.join(compute(rows.lazy(), data, GROUPS).collect(), on="row_id").sort("member_id")
    boundaries = Boundaries(ASKED.boundaries(SPINE, LIMITS, READS))
    found = dict(zip(frame["member_id"], boundaries.outside(frame), strict=True))
    assert found == TOLD
    codes = boundaries.codes(FewRows.of(frame.select(boundaries.reads)))
    assert dict(zip(frame["member_id"], codes, strict=True)) == TOLD


def test_nothing_recorded_from_the_moment_on_changes_who_is_asked():
    """Each past question is inside, and still is where all rows and cancellations of later are gone."""
    rows = [row for rows in WHY.values() for row in rows] + [
        contract("m", -400, -35, -20),
        contract("m", -34, 300),
    ]
    whole = world(*rows)
    asked = ASKED.past(whole, SPINE, LIMITS, 0, NOW).with_row_index("row_id").cast({"row_id": pl.Int64})
    assert len(asked) >= 3
    boundaries = Boundaries(ASKED.boundaries(SPINE, LIMITS, READS))
    for question in asked.iter_slices(1):
        moment = question["as_of"].item()
        known = whole["own_contracts"].filter(pl.col("known_time") < moment)
        known = known.with_columns(cancel_time=pl.when(pl.col("cancel_time") < moment).then("cancel_time"))
        frame = compute(question.lazy(), {"own_contracts": known}, GROUPS).collect()
        assert boundaries.outside(frame).to_list() == [None]


def test_the_task_concerns_sources_with_such_a_table_alone():
    needs = task("lapse").requirement
    assert needs.optional
    assert needs.missing({"members"}) == "The source has no own table `contracts` with the end of each."
    assert needs.missing({"own_contracts"}) == ""
