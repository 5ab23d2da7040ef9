"""Whom a task is about: the same where it learns, in the batch and in answers."""

from datetime import UTC, datetime
from itertools import product

import numpy as np
import polars as pl
import pytest

from features import catalog, tables
from features.compute import compute
from features.feature import DAY
from features.groups.closures import CLOSURES
from features.groups.engagement import ENGAGEMENT
from features.groups.profile import LEAD_PROFILE
from features.groups.purchases import PURCHASES
from features.lifecycle_limits import LifecycleLimits
from features.outreach import enrich
from models.few_rows import FewRows
from models.population import Boundaries, Boundary, outside
from models.populations.flat import GivenSpine, GivenSubjects
from models.populations.leads import LeadSpine, OpenLeads
from models.populations.members import NEVER_BOUGHT, CutoffSpine, FallSpine, PresentMembers, SilentMembers
from models.task import Outcome, label

END = 1_780_000_000 // DAY * DAY
LIMITS = LifecycleLimits(unseen_days=30)


def stamp(days: float) -> datetime:
    """So many days before the end."""
    return datetime.fromtimestamp(END - days * DAY, UTC)


def sales(member: str, *days: float, kind: str = "sale") -> list[dict[str, object]]:
    sign = 1 if kind == "sale" else -1
    return [
        {"member_id": member, "order_id": f"{member}{at}", "occurred_at": stamp(at), "kind": kind,
         "quantity": sign, "unit_price_cents": 1_000}
        for at in days
    ]  # fmt: skip


def visits(member: str, *days: float) -> list[dict[str, object]]:
    return [{"member_id": member, "occurred_at": stamp(at), "channel": "web", "kind": "view"} for at in days]


def world() -> dict[str, pl.LazyFrame]:
    """Members of every kind, as of ``END``."""
    bought = [
        *sales("regular", 200, 170, 140, 110, 80, 50, 20),
        *sales("seen", 300, 220, 140, 60),  # slow, came by last week
        *sales("unseen", 300, 220, 140, 60),  # the same, and was not seen since
        *sales("silent", 400, 370, 340, 310, 150),
        *sales("lost", 700, 600, 500),
        *sales("returner", 30, kind="return"),
    ]
    seen = [*visits("seen", 90, 7), *visits("unseen", 90, 70), *visits("looker", 3)]
    people = [
        {"member_id": name, "occurred_at": stamp(800)}
        for name in ("regular", "seen", "unseen", "silent", "lost", "returner", "looker")
    ]
    frames = {"purchases": bought, "events": seen, "members": people}
    made = {name: tables.complete(name, pl.DataFrame(rows)) for name, rows in frames.items()}
    return {name: frame.lazy() for name, frame in enrich(made).items()}


def reasons(population: PresentMembers | SilentMembers) -> dict[str, str | None]:
    """Why each member is outside, asked now."""
    data = world()
    rows = population.now(data, None, END).with_row_index("row_id").cast({"row_id": pl.Int64})
    groups = catalog.available((PURCHASES, ENGAGEMENT), {name: {} for name in data}, LIMITS)
    frame = rows.join(compute(rows.lazy(), data, groups).collect(), on="row_id")
    names = [feature.name for feature in catalog.features(groups)]
    spine = CutoffSpine(days=60)
    found = outside(frame, population.boundaries(spine, LIMITS, names))
    return dict(zip(frame["member_id"], found, strict=True))


def test_churn_is_about_members_who_are_still_there():
    assert reasons(PresentMembers()) == {
        "regular": None, "seen": None, "unseen": "unseen", "silent": "silent", "lost": "silent",
        "returner": "never_bought", "looker": "never_bought",
    }  # fmt: skip


def test_recall_is_about_all_others_who_ever_bought():
    churn, recall = reasons(PresentMembers()), reasons(SilentMembers())
    for member, why in recall.items():
        bought = churn[member] != "never_bought"
        assert (why is None) == (bought and churn[member] is not None)
    assert recall["regular"] == "present"
    assert recall["returner"] == "never_bought"


def test_without_visits_orders_alone_decide():
    data = {name: frame for name, frame in world().items() if name != "events"}
    spine = FallSpine(days=30, every_days=30, cutoffs=2)
    asked = PresentMembers().past(data, spine, LIMITS, 0, END + 30 * DAY)
    now = asked.filter(pl.col("as_of") == END)["member_id"].to_list()
    assert sorted(now) == ["regular", "seen", "unseen"]


def test_falling_silent_is_measured_by_the_members_own_rhythm():
    """Both are seen once in the window: for one that is what is usual, for the other a tenth of it."""
    often, rarely = range(10, 360, 3), range(10, 360, 60)
    rows = [*sales("often", *often, -20), *sales("rarely", *rarely, -20), *sales("gone", *often)]
    data = {"purchases": tables.complete("purchases", pl.DataFrame(rows)).lazy()}
    spine = FallSpine(days=60, gap=7, fall=0.2, cutoffs=2)
    asked = PresentMembers().past(data, spine, LifecycleLimits(), 0, END + 67 * DAY)
    label = dict(asked.filter(pl.col("as_of") == END).select("member_id", "label").iter_rows())
    assert label == {"often": 1, "rarely": 0, "gone": 1}


def test_a_fall_that_chance_explains_is_none():
    """Of two who are gone, one came so rarely that a pause of sixty days says little."""
    often, rarely = range(10, 360, 5), range(10, 360, 40)
    rows = [*sales("often", *often), *sales("rarely", *rarely)]
    data = {"purchases": tables.complete("purchases", pl.DataFrame(rows)).lazy()}

    def gone(odds: float) -> dict[str, int]:
        spine = FallSpine(days=60, gap=7, odds=odds, cutoffs=2)
        asked = PresentMembers().past(data, spine, LifecycleLimits(), 0, END + 67 * DAY)
        return dict(asked.filter(pl.col("as_of") == END).select("member_id", "label").iter_rows())

    assert gone(1) == {"often": 1, "rarely": 1}
    assert gone(20) == {"often": 1, "rarely": 0}
    # 70 days in the 355 since the first and none in 60 more: 70 * log(415 / 355) = 10.93
    assert gone(np.exp(10.9))["often"] == 1
    assert gone(np.exp(11.0))["often"] == 0


def test_what_comes_later_changes_nobodys_place():
    data = world()
    later = tables.complete("purchases", pl.DataFrame(sales("silent", -1, -2)))
    more = data | {"purchases": pl.concat([data["purchases"], later.lazy()], how="diagonal")}
    spine = FallSpine(days=30, every_days=30, cutoffs=3)
    asked, again = (
        PresentMembers().past(tables_, spine, LIMITS, 0, END + 30 * DAY).sort("as_of", "member_id")
        for tables_ in (data, more)
    )
    assert asked.select("as_of", "member_id").equals(again.select("as_of", "member_id"))


@pytest.mark.parametrize(
    ("age", "reason"),
    [(None, "not_created"), (0.0, None), (30.0, None), (30.5, "too_old"), (89.0, "too_old")],
)
def test_leads_are_asked_about_up_to_the_oldest_age_that_was_learnt(age, reason):
    frame = pl.DataFrame({"lead_age_days": [age]}, schema={"lead_age_days": pl.Float64})
    boundaries = OpenLeads().boundaries(LeadSpine(days=30, ages=(0, 7, 30)), LIMITS, ["lead_age_days"])
    assert outside(frame, boundaries).to_list() == [reason]


LEAD_SPINE = LeadSpine(days=30, ages=(0, 7, 14, 21, 30))


def leads(*closures: tuple[float, str | None, float]) -> dict[str, pl.LazyFrame]:
    """A lead of 40 days ago, and its closures: how long ago, of which kind, and recorded how long ago."""
    rows = [
        {"lead_id": "a", "kind": kind, "occurred_at": stamp(at), "recorded_at": stamp(known)}
        for at, kind, known in closures
    ]
    made = {
        "leads": [{"lead_id": "a", "occurred_at": stamp(40)}],
        "responses": [{"lead_id": "b", "occurred_at": stamp(1), "kind": "converted"}],
    }
    made |= {"closures": rows} if rows else {}
    return {name: tables.complete(name, pl.DataFrame(found)).lazy() for name, found in made.items()}


@pytest.mark.parametrize(
    ("closures", "ages"),
    [
        ((), [0, 7, 14, 21, 30]),
        (((30, "closed", 30),), [0, 7]),
        (((30, None, 30),), [0, 7]),  # closed, where nothing else is said
        (((30, "closed", 30), (20, "reopened", 20)), [0, 7, 21, 30]),
        (((30, "closed", 30), (20, "reopened", 20), (12, "closed", 12)), [0, 7, 21]),
        (((30, "closed", 12),), [0, 7, 14, 21]),  # happened on day 10 and was recorded on day 28
        (((30, "closed", 30), (20, "reopened", 12)), [0, 7, 30]),  # the reopening was recorded late
        (((30, "closed", 30), (30, "reopened", 30)), [0, 7, 14, 21, 30]),  # at one moment: opened again
        (((35, "reopened", 35),), [0, 7, 14, 21, 30]),  # of one that was never closed
    ],
)
def test_closed_leads_are_not_asked_about_while_it_is_known_that_they_are(closures, ages):
    found = OpenLeads().past(leads(*closures), LEAD_SPINE, LIMITS, 0, END).sort("as_of")
    assert [(as_of - END) // DAY + 40 for as_of in found["as_of"]] == ages
    assert found.columns == ["lead_id", "as_of"]


def test_a_closed_lead_is_there_today_and_outside_with_its_reason():
    data = leads((30, "closed", 30), (20, "reopened", 20), (12, "closed", 12))
    rows = OpenLeads().now(data, LEAD_SPINE, END).with_row_index("row_id").cast({"row_id": pl.Int64})
    groups = catalog.available((LEAD_PROFILE, CLOSURES), {"leads": {}, "closures": {}})
    frame = rows.join(compute(rows.lazy(), data, groups).collect(), on="row_id")
    names = [feature.name for feature in catalog.features(groups)]
    known = Boundaries(OpenLeads().boundaries(LeadSpine(days=30, ages=(0, 60)), LIMITS, names))
    assert frame["days_since_closed"].to_list() == [12]
    assert known.outside(frame).to_list() == known.codes(FewRows.of(frame)) == ["closed"]
    assert [one.code for one in known.each] == ["not_created", "closed", "too_old"]
    old = OpenLeads().boundaries(LeadSpine(days=30), LIMITS, ["lead_age_days"])
    assert [one.code for one in old] == ["not_created", "too_old"]  # a model that learnt from no closures


def test_a_closure_that_comes_to_be_known_later_reaches_nothing_before():
    before = leads((30, "closed", 30), (20, "reopened", 20))
    known = {name: frame.collect() for name, frame in before.items()}
    for at, recorded in ((15, 9), (9, 9), (35, 9)):
        after = leads((30, "closed", 30), (20, "reopened", 20), (at, "closed", recorded))
        for ages in ((0, 7, 14, 21, 30), (1, 11, 29, 31)):
            spine = LeadSpine(days=30, ages=ages)
            ways = (
                OpenLeads().past(data, spine, LIMITS, 0, END).filter(pl.col("as_of") <= END - 9 * DAY)
                for data in ({name: frame.lazy() for name, frame in known.items()}, after)
            )
            first, second = ways
            assert first.equals(second)


def test_a_member_is_asked_about_by_one_of_the_two_at_every_cutoff():
    rng = np.random.default_rng(3)
    rows = [row for i in range(80) for row in sales(f"m{i}", *rng.uniform(0, 600, rng.integers(1, 12)))]
    seen = [row for i in range(80) for row in visits(f"m{i}", *rng.uniform(0, 600, rng.integers(1, 30)))]
    made = {"purchases": rows, "events": seen}
    data = {name: tables.complete(name, pl.DataFrame(r)).lazy() for name, r in made.items()}
    spine = {"days": 30, "every_days": 60, "cutoffs": 6}
    here = PresentMembers().past(data, FallSpine(**spine), LIMITS, 0, END)
    away = SilentMembers().past(data, CutoffSpine(**spine), LIMITS, 0, END)
    both = pl.concat([part.select("member_id", "as_of") for part in (here, away)])
    assert len(both) == both.n_unique()
    for moment in both["as_of"].unique():
        known = pl.col("known_time") < moment
        buyers = data["purchases"].filter(known).select("member_id").unique().collect()
        assert both.filter(pl.col("as_of") == moment).height == buyers.height


def test_without_a_purchase_nobody_can_be_asked_about():
    nothing = {"purchases": tables.complete("purchases", pl.DataFrame(sales("m1", 1))[:0]).lazy()}
    with pytest.raises(ValueError, match="no purchases of members"):
        SilentMembers().past(nothing, CutoffSpine(days=30), LIMITS, 0, END)


def test_subjects_without_dates_stand_in_random_order_that_is_the_same_each_time():
    rows = {"subject_id": [f"s{at:03}" for at in range(400)], "label": [0] * 200 + [1] * 200}
    data = {"subjects": pl.LazyFrame(rows).with_columns(arm=pl.lit(None, pl.String), known_time=pl.lit(0))}
    spine = GivenSpine(dated=False)
    asked = [GivenSubjects().past(data, spine, LifecycleLimits(), 7, 1) for _ in range(2)]
    assert asked[0].equals(asked[1])
    assert asked[0]["as_of"].n_unique() == 400
    assert asked[0]["as_of"].min() > 0
    first = asked[0].sort("as_of")["label"].head(100).to_numpy().mean()
    assert 0.3 < first < 0.7  # both outcomes in every part
    assert not asked[0]["as_of"].is_sorted()


@pytest.mark.parametrize(("once", "labels"), [(True, [0, 1, 0]), (False, [1, 1, 0])])
def test_an_answer_counts_for_the_newest_of_two_sendings(once: bool, labels: list[int]) -> None:
    who = {"member_id": "m", "campaign_id": "c"}
    asked = pl.DataFrame({"row_id": [0, 1, 2], **who, "as_of": [0, 5 * DAY, 9 * DAY]})
    answered = pl.DataFrame({"event_time": [6 * DAY], **who, "kind": "answered"})
    outcome = Outcome("responses", "answered", ("member_id", "campaign_id"), once=once)
    assert label(asked, answered, outcome, pl.lit(14), 0)["label"].to_list() == labels


@pytest.mark.parametrize("population", [PresentMembers(), SilentMembers()])
def test_few_rows_are_judged_without_an_engine_as_a_frame_is(population):
    days = [None, 0.0, 60.0, 60.5, 400.0]
    rows = list(product([None, 0.0, 1.0, 7.0], [None, "new", "silent", "lost"], days, days))
    names = ("orders", "stage", "days_since_visit", "days_since_order")
    frame = pl.DataFrame(
        rows, schema=dict(zip(names, (pl.Float64, pl.String, *[pl.Float64] * 2), strict=True)), orient="row"
    )
    spine, limits = CutoffSpine(days=60), LIMITS.model_copy(update={"unseen_days": 60})
    known = Boundaries(population.boundaries(spine, limits, names))
    assert known._program is not None
    assert known.codes(FewRows.of(frame)) == known.outside(frame).to_list()
    assert len(set(known.outside(frame))) == len(known.each) + 1  # each is somebody's, and some are inside


def test_a_boundary_may_be_written_for_polars_alone():
    often = Boundary("often", ("orders",), pl.col("orders").clip(0, 3) > 2, "has ordered often", "多次购买")
    frame = pl.DataFrame({"orders": [None, 1.0, 9.0]})
    for known in (Boundaries((often,)), Boundaries((NEVER_BOUGHT, often))):
        assert known.codes(FewRows.of(frame)) == known.outside(frame).to_list() == [None, None, "often"]
