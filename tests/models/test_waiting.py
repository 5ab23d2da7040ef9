"""Days in which nothing happens: a lead's features are those that it has when they have gone by."""

import math

import polars as pl
import pytest
from worlds import START, finished, raw_world

from features import catalog
from features.compute import compute
from features.feature import DAY
from models.events import sources
from models.histories import Source
from models.waiting import DAYS, Waiting

GROUPS = tuple(
    g for g in catalog.available(catalog.GROUPS, {"leads": {}, "events": {}}) if g.key == "lead_id"
)
READS = [feature.name for feature in catalog.features(GROUPS)]


@pytest.fixture(scope="module")
def waiting():
    own = sources(GROUPS)["events", "lead_id"]
    found = Waiting.of_leads([Source.of("events", "lead_id", own, READS)], READS)
    assert found is not None
    return found


def asked(world, moments):
    """Features of every lead at the moments."""
    leads = world["leads"].select("lead_id")
    spine = leads.join(pl.DataFrame({"as_of": moments}), how="cross").with_row_index("row_id")
    spine = spine.with_columns(pl.col("row_id").cast(pl.Int64))
    return spine.join(compute(spine, world, GROUPS), on="row_id").sort("row_id")


def same(a, b):
    return math.isclose(a, b, rel_tol=1e-9) if isinstance(a, float) and isinstance(b, float) else a == b


@pytest.mark.parametrize("seed", [3])
def test_features_are_those_of_the_days_after(waiting, seed):
    world = finished(raw_world(seed, members=40, rows=150))
    moments = [START + day * DAY for day in range(100, 400, 20)]
    now, told, empty = asked(world, moments), 0, 0
    for days in DAYS:
        then = asked(world, [moment + days * DAY for moment in moments])
        quiet = (now["touches"] == then["touches"]) & now["lead_age_days"].is_not_null()
        for before, after in zip(
            now.filter(quiet).iter_rows(named=True), then.filter(quiet).iter_rows(named=True), strict=True
        ):
            variants, frame = waiting.variants(before)
            row = next((at for at, one in enumerate(variants) if one.days == days), None)
            if row is None:  # what falls out of a window is not known
                assert before["touches"] > 0
                continue
            found = frame.row(row, named=True)
            told, empty = told + 1, empty + (before["touches"] == 0)
            wrong = [name for name, value in found.items() if not same(value, after[name])]
            assert not wrong, (days, before, found, after)
    assert told > 500
    assert 0 < empty < told


def test_a_lead_of_this_minute_can_be_waited_for(waiting):
    row = {feature.name: feature.empty for feature in catalog.features(GROUPS)} | {"lead_age_days": 0.00001}
    variants, frame = waiting.variants(row)
    assert [one.days for one in variants] == list(DAYS)
    assert frame["touches"].to_list() == [0.0] * len(DAYS)
    assert frame["lead_age_days"].round(1).to_list() == list(map(float, DAYS))


def test_other_subjects_and_models_that_read_no_touches_wait_for_nothing():
    own = sources(catalog.GROUPS)["events", "member_id"]
    names = [feature.name for group in own for feature in group.columns()]
    assert Waiting.of_leads([Source.of("events", "member_id", own, names)], names) is None
    assert Waiting.of_leads([], READS) is None
