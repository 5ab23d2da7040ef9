"""Accepted and quarantined rows and those left out are what was read, and nothing else is stored."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl
import pytest
from hypothesis import given as random
from hypothesis import settings
from hypothesis import strategies as st

from features import tables
from training.sources.intake import Report, intake
from training.sources.judging.row_counts import Tally
from training.sources.source_rows import SourceRows, given

NOW = datetime(2025, 1, 1, tzinfo=UTC)
THEN = datetime(2024, 6, 1, tzinfo=UTC)
WHO = [{"occurred_at": THEN, "member_id": "m1"}, {"occurred_at": THEN, "member_id": "m2"}]
LINKS = [{"occurred_at": THEN + timedelta(9), "platform": "shop", "account_id": "1", "member_id": "m1"}]


def frame(table: str, rows: list[dict[str, Any]]) -> pl.DataFrame:
    """Rows in the contract's types; columns that no row names are not there."""
    named = {name for row in rows for name in row}
    schema = {name: spec.dtype.type for name, spec in tables.columns(table).items() if name in named}
    return pl.DataFrame(rows, schema=schema)


def taken(
    source: dict[str, list[dict[str, Any]]], chunk: int = 1_000, **options: Any
) -> tuple[dict[str, pl.DataFrame], Report]:
    """What was stored, and the report."""
    stored: dict[str, pl.DataFrame] = {}

    def store(name: str, frames: Iterator[pl.DataFrame]) -> None:
        stored[name] = pl.concat(list(frames))

    def chunks(table: str, rows: list[dict[str, Any]]) -> Iterator[SourceRows]:
        whole = given(table, frame(table, rows)).frame
        for part in whole.iter_slices(chunk):
            yield SourceRows(part, part.height, 0)

    rows = {name: chunks(name, found) for name, found in source.items()}
    return stored, intake(rows, NOW, store, **options)


def purchase(**change: Any) -> dict[str, Any]:
    line = {"occurred_at": THEN, "order_id": "o", "member_id": "m1", "quantity": 1, "unit_price_cents": 250}
    return line | change


PURCHASE = st.fixed_dictionaries({
    "occurred_at": st.sampled_from([THEN, THEN + timedelta(20), NOW + timedelta(1), None]),
    "order_id": st.sampled_from(["o1", "o2", None]),
    "member_id": st.sampled_from(["m1", "m2", "nobody", "shop:1", "shop:9", None]),
    "kind": st.sampled_from(["sale", "return", "gift", None]),
    "quantity": st.sampled_from([1, -1, 0, None]),
    "unit_price_cents": st.sampled_from([100, -1, None]),
})  # fmt: skip
CONTACT = st.fixed_dictionaries({
    "occurred_at": st.just(THEN),
    "contact_id": st.sampled_from(["k1", "k2", "k3", None]),
    "campaign_id": st.sampled_from(["c1", "c9"]),
    "member_id": st.sampled_from(["m1", "nobody"]),
    "arm": st.sampled_from(["treat", "both", None]),
})  # fmt: skip


@settings(max_examples=40, deadline=None)
@random(
    st.lists(PURCHASE, min_size=1, max_size=12),
    st.lists(CONTACT, min_size=1, max_size=8),
    st.integers(1, 5),
    st.sampled_from(["quarantine", "add"]),
)
def test_every_row_that_was_read_is_accepted_or_quarantined(
    purchases: list[dict[str, Any]], contacts: list[dict[str, Any]], chunk: int, unknown: str
) -> None:
    campaigns = [{"occurred_at": THEN, "campaign_id": "c1"}]
    source = {"members": WHO, "identities": LINKS, "campaigns": campaigns}
    source |= {"purchases": purchases, "contacts": contacts}
    stored, report = taken(source, chunk, unknown_members=unknown)
    for name, rows in source.items():
        counts = report.tables[name]
        aside = report.quarantine.filter(table=name)
        assert counts["read"] == len(rows) == counts["accepted"] + counts["quarantined"]
        assert counts["quarantined"] == aside.height == sum(counts["reasons"].values())
        assert stored[name].height == counts["accepted"] + counts.get("added", 0)
        assert aside["row"].n_unique() == aside.height
    everybody = stored["members"]["member_id"]
    assert stored["purchases"]["member_id"].is_in(everybody.implode()).all()


@pytest.mark.parametrize("chunk", [1, 2, 7])
def test_chunks_store_what_the_whole_stores(chunk: int) -> None:
    lines = [purchase(order_id=str(n), quantity=n % 4 - 1, kind=None) for n in range(12)]
    source = {"members": WHO, "identities": LINKS, "purchases": lines}
    whole, report = taken(source)
    parts, counted = taken(source, chunk)
    assert counted.tables == report.tables
    assert counted.quarantine.equals(report.quarantine)
    assert all(parts[name].equals(frame) for name, frame in whole.items())


def test_tables_that_are_completed_in_slices_are_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also what contacts and answers make together, in the order of the whole."""
    campaigns = [{"occurred_at": THEN, "campaign_id": name, "content_type": name} for name in ("c1", "c2")]
    who = {"occurred_at": THEN, "member_id": "m1"}
    sent = [{**who, "contact_id": f"k{n}", "campaign_id": f"c{n % 2 + 1}"} for n in range(7)]
    said = [{**who, "campaign_id": f"c{n % 2 + 1}", "kind": "answered"} for n in range(5)]
    source = {"members": WHO, "campaigns": campaigns, "contacts": sent, "responses": said}
    whole, _ = taken(source)
    monkeypatch.setattr("features.outreach.SLICE", 3)
    parts, _ = taken(source)
    assert whole["outreach"].height == 12
    assert list(parts) == list(whole)
    assert all(parts[name].equals(frame) for name, frame in whole.items())


def test_all_tables_are_stored_and_complete() -> None:
    stored, report = taken({"members": WHO})
    assert set(stored) == {*tables.TABLES, "outreach"}
    assert {"event_time", "known_time", "amount_cents"} <= set(stored["purchases"].columns)
    assert list(report.tables) == ["members"]


def test_accounts_are_bound_before_members_are_asked_for() -> None:
    stored, report = taken({"members": WHO, "identities": LINKS, "purchases": [purchase(member_id="shop:1")]})
    assert stored["purchases"]["member_id"].to_list() == ["m1"]
    assert stored["purchases"]["known_time"].to_list() == [int((THEN + timedelta(9)).timestamp())]
    assert report.tables["purchases"]["quarantined"] == 0


def test_members_who_are_only_named_are_added_from_their_first_row_on() -> None:
    lines = [
        purchase(member_id="new", occurred_at=THEN + timedelta(5)),
        purchase(member_id="new", occurred_at=THEN + timedelta(2), recorded_at=THEN + timedelta(8)),
    ]
    stored, report = taken({"members": WHO, "purchases": lines}, unknown_members="add")
    new = stored["members"].filter(member_id="new")
    assert new["event_time"].to_list() == [int((THEN + timedelta(2)).timestamp())]
    assert new["known_time"].to_list() == [int((THEN + timedelta(5)).timestamp())]
    assert report.tables["members"]["added"] == 1


def test_an_empty_cell_of_a_later_profile_means_unchanged() -> None:
    rows = [
        {"occurred_at": THEN, "member_id": "m1", "region": "north", "consent_marketing": "granted"},
        {"occurred_at": THEN + timedelta(3), "member_id": "m1", "consent_marketing": "withdrawn"},
        {"occurred_at": THEN + timedelta(4), "member_id": "m1", "region": "south"},
    ]
    stored, _ = taken({"members": rows})
    assert stored["members"].select("region", "consent_marketing").rows() == [
        ("north", "granted"),
        ("north", "withdrawn"),
        ("south", "withdrawn"),
    ]


def test_empty_cells_are_filled_with_what_was_known_and_happened_last() -> None:
    def row(at: int, known: int, **change: Any) -> dict[str, Any]:
        times = {"occurred_at": THEN + timedelta(at), "recorded_at": THEN + timedelta(known)}
        return {"member_id": "m1", **times, **change}

    rows = [
        row(0, 0, city_tier="1"),
        row(3, 3, region="north"),
        row(1, 9, region="east", city_tier="2"),  # late: newer than the tier, older than the region
        row(10, 10),
        row(11, 11, region="west"),
    ]
    stored, _ = taken({"members": rows})
    found = stored["members"].sort("known_time").select("region", "city_tier").rows()
    assert found == [(None, "1"), ("north", "1"), ("east", "2"), ("north", "2"), ("west", "2")]


def test_coverage_and_freshness_are_of_the_accepted_rows() -> None:
    lines = [purchase(), purchase(occurred_at=NOW - timedelta(2)), purchase(occurred_at=NOW + timedelta(2))]
    _, report = taken({"members": WHO, "purchases": lines})
    counts = report.tables["purchases"]
    assert (counts["first"], counts["last"]) == (THEN.isoformat(), (NOW - timedelta(2)).isoformat())
    assert counts["freshness_days"] == 2.0


def test_one_line_a_table_is_said() -> None:
    lines: list[str] = []
    taken({"members": WHO, "purchases": [purchase(quantity=0)]}, progress=lines.append)
    assert lines == [
        "members              2 read, 2 accepted, 0 quarantined",
        "purchases            1 read, 0 accepted, 1 quarantined (quantity: is 0 1)",
    ]


def test_a_row_that_disappears_stops_the_count() -> None:
    rows = given("members", frame("members", WHO))
    with pytest.raises(RuntimeError, match="2 rows became 1 accepted and 0 quarantined"):
        Tally().add(rows, rows.frame.head(1), rows.frame.clear())
