"""Rows that break the contract are found, each with its reason, and no others."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pandera.errors
import polars as pl
import pytest
from hypothesis import given as random
from hypothesis import settings
from hypothesis import strategies as st

from features import tables
from training.sources.judging.validate import referred, split, validate
from training.sources.source_rows import COLUMN, REASON, given

NOW = datetime(2025, 1, 1, tzinfo=UTC)
THEN = datetime(2024, 6, 1, tzinfo=UTC)
GOOD: dict[str, dict[str, Any]] = {
    "members": {"occurred_at": THEN, "member_id": "m"},
    "leads": {"occurred_at": THEN, "lead_id": "l"},
    "products": {"product_id": "p"},
    "purchases": {
        "occurred_at": THEN,
        "order_id": "o",
        "member_id": "m",
        "quantity": 1,
        "unit_price_cents": 5,
    },
    "events": {"occurred_at": THEN, "member_id": "m", "channel": "web", "kind": "visit"},
    "contacts": {"occurred_at": THEN, "contact_id": "k", "campaign_id": "c", "member_id": "m"},
    "responses": {"occurred_at": THEN, "member_id": "m", "kind": "answered"},
    "care": {"occurred_at": THEN, "ticket_id": "t", "member_id": "m", "kind": "feedback"},
}


def faults(table: str, *changes: dict[str, Any]) -> list[tuple[str | None, str | None]]:
    """Column and reason of each row: the good one with a change."""
    frame = pl.DataFrame([GOOD[table] | change for change in changes], infer_schema_length=None)
    marked = validate(table, given(table, frame).frame, NOW)
    return marked.select(COLUMN, REASON).rows()


@pytest.mark.parametrize("table", GOOD)
def test_good_rows_have_no_fault(table: str) -> None:
    assert faults(table, {}) == [(None, None)]


@pytest.mark.parametrize(
    ("table", "change", "fault"),
    [
        ("purchases", {"quantity": -1}, ("quantity", "negative in a sale")),
        ("purchases", {"quantity": -1, "kind": "sale"}, ("quantity", "negative in a sale")),
        ("purchases", {"quantity": 1, "kind": "return"}, ("quantity", "positive in a return")),
        ("purchases", {"quantity": 0}, ("quantity", "is 0")),
        ("purchases", {"unit_price_cents": -5}, ("unit_price_cents", "less than 0")),
        ("purchases", {"member_id": None}, ("member_id", "empty")),
        ("purchases", {"kind": "gift"}, ("kind", "not one of sale, return")),
        ("purchases", {"occurred_at": NOW + timedelta(1)}, ("occurred_at", "after the extract")),
        ("purchases", {"recorded_at": NOW + timedelta(1)}, ("recorded_at", "after the extract")),
        ("members", {"birth_year": 1850}, ("birth_year", "less than 1900")),
        ("care", {"satisfaction": 6}, ("satisfaction", "more than 5")),
        ("events", {"lead_id": "l"}, ("member_id", "both member_id and lead_id")),
        ("events", {"member_id": None}, ("member_id", "neither member_id nor lead_id")),
        ("responses", {"member_id": None}, ("member_id", "neither member_id nor lead_id")),
    ],
)
def test_a_bad_row_has_its_reason(table: str, change: dict[str, Any], fault: tuple[str, str]) -> None:
    assert faults(table, change) == [fault]


def test_returns_are_negative_and_good() -> None:
    assert faults("purchases", {"quantity": -1, "kind": "return"}) == [(None, None)]


@pytest.mark.parametrize(
    ("table", "key"), [("products", "product_id"), ("contacts", "contact_id"), ("leads", "lead_id")]
)
def test_of_equal_ids_the_first_good_row_counts(table: str, key: str) -> None:
    bad = {"occurred_at": NOW + timedelta(1)} if table != "products" else {"list_price_cents": -1}
    found = [reason for _, reason in faults(table, bad, {}, {}, {key: "other"})]
    assert found[0] is not None
    assert found[1:] == [None, "same id as an earlier row", None]


def test_ids_must_exist_where_their_table_has_rows() -> None:
    frame = given("contacts", pl.DataFrame([GOOD["contacts"], GOOD["contacts"] | {"member_id": "n"}])).frame
    empty = pl.Series(dtype=pl.String)
    known = {"members": pl.Series(["m"]), "campaigns": empty}
    assert referred("contacts", frame, known)[REASON].to_list() == [None, "not in members"]
    assert referred("contacts", frame, {"members": empty})[REASON].to_list() == [None, None]


def test_split_says_where_each_row_came_from() -> None:
    frame = pl.DataFrame([GOOD["purchases"], GOOD["purchases"] | {"quantity": 0}])
    accepted, aside = split("purchases", validate("purchases", given("purchases", frame).frame, NOW))
    assert accepted.equals(frame.head(1).cast(dict(accepted.schema)))
    assert aside.rows() == [("purchases", "purchases", 2, "quantity", "is 0")]


@pytest.mark.parametrize(
    ("frame", "sentence"),
    [
        (pl.DataFrame([GOOD["products"] | {"colour": "red"}]), "products has no columns"),
        (pl.DataFrame({"category": ["a"]}), "products needs columns"),
        (pl.DataFrame({"product_id": [THEN]}), "products.product_id: type"),
    ],
)
def test_frames_of_another_shape_are_refused(frame: pl.DataFrame, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        given("products", frame)


ROW = st.fixed_dictionaries({
    "occurred_at": st.sampled_from([THEN, None]),
    "order_id": st.sampled_from(["o", None]),
    "member_id": st.sampled_from(["m", None]),
    "kind": st.sampled_from(["sale", "return", "gift", None]),
    "quantity": st.sampled_from([1, 2, 0, -1, None]),
    "unit_price_cents": st.sampled_from([0, 100, -1, None]),
    "discount_cents": st.sampled_from([0, -1, None]),
})  # fmt: skip


@settings(max_examples=30, deadline=None)
@random(st.lists(ROW, min_size=1, max_size=6))
def test_what_is_accepted_is_what_pandera_accepts(rows: list[dict[str, Any]]) -> None:
    schema = {
        name: column.dtype.type for name, column in tables.columns("purchases").items() if name in rows[0]
    }
    for row in rows:
        frame = pl.DataFrame([row], schema=schema)
        reason = validate("purchases", given("purchases", frame).frame, NOW)[REASON].item()
        full = frame.select(
            (pl.col(name) if name in schema else pl.lit(None)).cast(spec.dtype.type).alias(name)
            for name, spec in tables.columns("purchases").items()
        )
        assert (reason in (None, "negative in a sale", "positive in a return")) == _passes(full)


def _passes(frame: pl.DataFrame) -> bool:
    try:
        tables.Purchases.validate(frame)
    except pandera.errors.SchemaError:
        return False
    return True
