"""Rows of an own table that could have been there: put into the table, computed again, and told in words."""

from typing import Any

import numpy as np
import polars as pl
import pytest
from own_worlds import described, rows

from features.compute import compute
from features.feature import DAY
from features.groups.own import own_group
from features.groups.own_changes import beside
from features.own_tables import LASTS, OwnTable
from models.events import AS_OF
from models.histories import Variant
from models.own_histories import OwnSource

MEMBERS = 8
PAUSES = ("gap_mean_days", "gap_std_days", "overdue_ratio")
EXAMPLES: dict[str, tuple[dict[str, Any], ...]] = {
    "points": (
        {"points": 10.0, "cost": 50, "card": 1, "reason": "earned"},
        {"points": -20.0, "cost": 900, "card": 0, "reason": "spent"},
        {"points": 5.0, "cost": None, "card": None, "reason": None},
    ),
    "checkins": ({},),
    "warranties": ({LASTS: 30 * DAY}, {LASTS: 2 * DAY}),
}


OF_WORLD = {
    "warranties": "contracts",
    "checkins": "contracts",
}  # the same rows under a name that makes no contracts of them


def table_of(folder: Any, name: str) -> OwnTable:
    (found,) = (one for one in described(folder) if one.name == OF_WORLD.get(name, name))
    bare = {"columns": (), "has_end": False} if name == "checkins" else {}
    return found.model_copy(update={"name": name, "acts": True, "examples": EXAMPLES[name], **bare})


def seen(name: str) -> pl.DataFrame:
    """Rows of a random world before ``AS_OF``, each at its own moment, without empty cells; few of m0, m1."""
    frame = rows(3, MEMBERS)[f"own_{OF_WORLD.get(name, name)}"]
    frame = frame.drop_nulls([column for column in frame.columns if column.startswith("x_")])
    rng = np.random.default_rng(1)
    moment = pl.Series(AS_OF - rng.choice(np.arange(2, 700), len(frame), replace=False) * DAY + 3600)
    lasts = frame["end_time"] - frame["event_time"]
    frame = frame.with_columns(event_time=moment, known_time=moment, end_time=moment + lasts)
    rare = pl.col("member_id").is_in(["m0", "m1"])
    return frame.filter(~rare | (pl.int_range(pl.len()).over("member_id") < 2))


def computed(table: OwnTable, frame: pl.DataFrame, subjects: list[str]) -> pl.DataFrame:
    spine = pl.DataFrame({"row_id": range(len(subjects)), "member_id": subjects})
    spine = spine.with_columns(as_of=pl.lit(AS_OF, dtype=pl.Int64))
    return compute(spine, {table.stored: frame}, [own_group(table)]).sort("row_id")


def again(table: OwnTable, frame: pl.DataFrame, subject: str, variants: list[Variant]) -> pl.DataFrame:
    """The features of each variant, from a table in which it happened."""
    parts = []
    for at, variant in enumerate(variants):
        if not variant.emptied:
            own = frame.filter(pl.col("member_id") == subject)
            parts.append(own.with_columns(member_id=pl.lit(f"v{at}")))
        for age in variant.happening.ages if variant.happening else ():
            moment = AS_OF - round(age * DAY)
            said = dict(variant.happening.event.rows[0])  # type: ignore[union-attr]
            end = moment + said.pop(LASTS) if LASTS in said else None
            times = {"event_time": moment, "known_time": moment, "end_time": end, "member_id": f"v{at}"}
            one = {name: value for name, value in (said | times).items() if name in frame.columns}
            parts.append(pl.DataFrame([one], schema_overrides={name: frame.schema[name] for name in one}))
    return computed(table, pl.concat(parts, how="diagonal"), [f"v{at}" for at in range(len(variants))])


@pytest.mark.parametrize("name", EXAMPLES)
def test_a_changed_row_is_that_of_a_history(tmp_path: Any, name: str) -> None:
    table, frame = table_of(tmp_path, name), seen(name)
    source = OwnSource.of_table(table, {feature.name for feature in own_group(table).columns()})
    assert source is not None
    source.prepare()
    further = emptied = 0
    for subject in (f"m{at}" for at in range(MEMBERS + 1)):
        row = {"tenure_days": 5000.0} | computed(table, frame, [subject]).row(0, named=True)
        variants, told = source.variants(row)
        further += sum(not one.emptied for one in variants)
        emptied += sum(one.emptied for one in variants)
        counted = again(table, frame, subject, variants) if variants else told
        for feature in source.names:
            loose = 0.06 if feature.endswith(PAUSES) else 1e-9
            for one, two, variant in zip(told[feature], counted[feature], variants, strict=True):
                expected = pytest.approx(two, abs=loose) if isinstance(two, float) else two
                assert one == expected, (feature, variant)
    assert min(further, emptied) > 50


def test_nothing_happens_in_a_table_that_is_in_nobodys_hands(tmp_path: Any) -> None:
    table = table_of(tmp_path, "points")
    names = {feature.name for feature in own_group(table).columns()}
    contracts = table_of(tmp_path, "warranties").model_copy(update={"name": "contracts"})
    assert OwnSource.of_table(contracts, {feature.name for feature in own_group(contracts).columns()}) is None
    for changed in ({"acts": False}, {"acts": None}, {"examples": ()}, {"key": "subject_id"}):
        assert OwnSource.of_table(table.model_copy(update=changed), names) is None
    assert OwnSource.of_table(table, names - {"own_points__count"}) is None


def test_what_further_rows_change_is_carried_beside_the_inputs(tmp_path: Any) -> None:
    table = table_of(tmp_path, "points")
    start, read = "own_points__", {"own_points__points__mean_30d", "own_points__overdue_ratio", "tenure_days"}
    wanted = (
        "count",
        "count_30d",
        "count_180d",
        "days_since",
        "days_since_first",
        "gap_mean_days",
        "gap_std_days",
    )
    assert beside(table, read) == {f"{start}{name}" for name in wanted}
    assert OwnSource.of_table(table, beside(table, read) | read) is not None
    assert beside(table, {"tenure_days"}) == set()


def test_what_happens_is_said_in_both_languages(tmp_path: Any) -> None:
    table = table_of(tmp_path, "points")
    source = OwnSource.of_table(table, {feature.name for feature in own_group(table).columns()})
    assert source is not None
    (two,) = (
        one for one in source.tried if one.event.name == "1" and len(one.ages) == 2 and one.ages[-1] == 5
    )
    assert source.told(two, alone=False) == {
        "en": "2 more of “points entries” within the last 5 days, each with points “-20”, cost “9.00”, "
        "reason “spent”",
        "zh": "近 5 天内新增 2 条积分流水（每条积分为“-20”，成本为“9.00”，原因为“spent”）",
    }
    assert "nothing on record under “points entries” but 2" in source.told(two, alone=True)["en"]
