"""What the groups say beside windows and counts: tickets, roles, fatigue, interest, nurturing."""

from typing import Any

import polars as pl
import pytest

from features import tables
from features.compute import compute
from features.feature import DAY, Group
from features.groups.campaigns import HISTORY
from features.groups.care import CARE
from features.groups.engagement import ENGAGEMENT, INTEREST, LEAD_TOUCHES
from features.groups.purchases import AFFINITY
from features.outreach import enrich

NOW = 1000 * DAY


def asked(group: Group, *rows: dict[str, Any], **asking: str | int | pl.Expr) -> dict[str, Any]:
    """Features of the group's subject from rows whose ``days`` is how long ago they happened."""
    source = {"outreach": "responses"}.get(group.table or "", group.table or "")
    frame = pl.concat([tables.empty(source), *map(_row, rows)], how="diagonal_relaxed")
    done = {source: tables.complete(source, frame.with_columns(pl.lit("s").alias(group.key)))}
    spine = pl.DataFrame({"row_id": [0], group.key: ["s"], "as_of": [NOW]})
    spine = spine.with_columns(
        (value if isinstance(value, pl.Expr) else pl.lit(value)).alias(f"asked_{name}")
        for name, value in asking.items()
    )
    return compute(spine, enrich(done), [group]).row(0, named=True)


def _row(row: dict[str, Any]) -> pl.DataFrame:
    values = {name: value for name, value in row.items() if name != "days"}
    at = pl.from_epoch(pl.lit(NOW - int(row["days"] * DAY)), time_unit="s").dt.replace_time_zone("UTC")
    return pl.DataFrame([values]).with_columns(occurred_at=at.cast(pl.Datetime("us", "UTC")))


def step(ticket: str, kind: str, days: float, **more: Any) -> dict[str, Any]:
    return {"ticket_id": ticket, "kind": kind, "days": days, **more}


def test_time_to_resolve_is_of_the_tickets_that_were_resolved():
    steps = [step("a", "opened", 20), step("a", "resolved", 16), step("b", "opened", 10)]
    assert asked(CARE, *steps)["resolve_days"] == 4
    assert asked(CARE, *steps, step("b", "resolved", 8))["resolve_days"] == 3
    assert asked(CARE, step("b", "opened", 10))["resolve_days"] is None


def test_a_solution_whose_opening_is_not_known_has_no_time():
    assert asked(CARE, step("a", "resolved", 5))["resolve_days"] is None


def test_repeat_contacts_and_ratings_are_means():
    found = asked(
        CARE,
        *(step(ticket, "opened", 30) for ticket in "ab"),
        *(step("a", "contact", day) for day in (29, 28, 27)),
        step("a", "feedback", 20, satisfaction=2), step("b", "feedback", 19, satisfaction=5),
    )  # fmt: skip
    assert found["contacts_per_ticket"] == 1.5
    assert found["satisfaction_365d"] == 3.5
    assert found["last_satisfaction"] == 5


@pytest.mark.parametrize(("days", "role"), [(0, "absent"), (7, "visitor"), (8, "fan")])
def test_a_fan_comes_on_eight_days_a_quarter(days, role):
    visits = [{"channel": "app", "kind": "visit", "days": day} for day in range(1, days + 1)]
    old = [{"channel": "app", "kind": "visit", "days": 200}]
    assert asked(ENGAGEMENT, *visits, *old)["role"] == role


def test_fatigue_counts_messages_since_the_last_answer():
    world = {
        "contacts": [("c", day) for day in (50, 40, 30, 20)],
        "responses": [("answered", 35)],
    }
    contacts = pl.concat([_row({"campaign_id": c, "days": d}) for c, d in world["contacts"]])
    answers = pl.concat([_row({"kind": kind, "days": d}) for kind, d in world["responses"]])
    named = pl.lit("s").alias("member_id")
    numbered = contacts.with_row_index("contact_id").with_columns(named)
    raw = {"contacts": numbered, "responses": answers.with_columns(named)}
    done = enrich({name: tables.complete(name, frame) for name, frame in raw.items()})
    spine = pl.DataFrame({"row_id": [0], "member_id": ["s"], "as_of": [NOW]})
    assert compute(spine, done, [HISTORY])["sent_since_answer"][0] == 2
    never = {**done, "outreach": done["outreach"].filter(pl.col("kind") == "sent")}
    assert compute(spine, never, [HISTORY])["sent_since_answer"][0] == 4


def test_interest_in_a_content_that_was_never_sent_comes_from_what_was_looked_at():
    seen = [{"channel": "app", "kind": "view", "category": "tea", "days": day} for day in (3, 40)]
    other = [{"channel": "app", "kind": "cart", "category": "cups", "days": 2}]
    found = asked(INTEREST, *seen, *other, category="tea")
    assert (found["seen_same_30d"], found["seen_same_90d"], found["carts_same_90d"]) == (1, 2, 0)
    assert found["interest_affinity"] == pytest.approx(2.5 / 8)
    assert asked(INTEREST, *seen, *other, category="cups")["days_since_seen_same"] == 2


BOUGHT: tuple[dict[str, Any], ...] = tuple(
    {
        "order_id": f"o{day}", "quantity": 1, "unit_price_cents": 1000, "kind": kind,
        "discount_cents": off, "category": category, "days": day,
    }
    for day, kind, off, category in (
        (9, "sale", 200, "tea"), (700, "sale", 100, "cups"), (30, "sale", 0, "tea"), (40, "sale", None, None),
        (50, "sale", 300, "cups"), (8, "return", 200, "tea"),
    )
)  # fmt: skip


@pytest.mark.parametrize(("discount", "on", "off"), [(20, 3, 2), (0, 2, 3), (None, 0, 0)])
def test_who_buys_at_a_discount_fits_a_discount_and_else_the_full_price(discount, on, off):
    """Of a content whose discount is not known, purchases say neither."""
    found = asked(AFFINITY, *BOUGHT, category="tea", discount_percent=pl.lit(discount, dtype=pl.Int64))
    assert (found["lines_on_terms"], found["lines_off_terms"]) == (on, off)
    assert found["terms_affinity"] == pytest.approx((on + 2.5) / (on + off + 5))


def test_the_share_of_a_category_counts_lines_whose_category_is_known():
    found = asked(AFFINITY, *BOUGHT, category="tea", discount_percent=0)
    assert (found["lines_same"], found["lines_other"]) == (2, 2)
    assert found["category_share"] == pytest.approx(2.5 / 9)


def test_a_visit_is_to_a_store_or_online_and_no_message():
    touches = [{"channel": channel, "kind": "visit", "days": 5} for channel in ("store", "web", "app")]
    others = [
        {"channel": channel, "kind": "open", "days": 5} for channel in ("message", "call", "consultant")
    ]
    found = asked(ENGAGEMENT, *touches, *others, {"channel": "web", "kind": "visit", "days": 60})
    assert (found["visits_30d"], found["visits_90d"]) == (3, 4)


def test_the_pace_of_nurturing():
    touches = [
        {"channel": "consultant", "kind": kind, "days": day} for kind, day in (("talk", 4), ("reply", 3))
    ]
    found = asked(LEAD_TOUCHES, *touches)
    assert found["touches_per_day"] == pytest.approx(2 / 5)
    assert found["reply_share"] == 0.5
