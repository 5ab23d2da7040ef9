"""Accounts become members from the moment that the binding is known; nothing earlier is rewritten."""

from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl
import pytest
from hypothesis import given as random
from hypothesis import settings
from hypothesis import strategies as st

from training.sources.judging.bindings import TIME, bindings
from training.sources.judging.identity import bind
from training.sources.source_rows import REASON, given

START = datetime(2024, 1, 1, tzinfo=UTC)
NOBODY = pl.Series([], dtype=pl.String)
SCHEMA = {
    "occurred_at": TIME,
    "recorded_at": TIME,
    "platform": pl.String,
    "account_id": pl.String,
    "member_id": pl.String,
}


def day(number: int) -> datetime:
    return START + timedelta(days=number)


def identities(*rows: tuple[int, str, str]) -> pl.DataFrame:
    """``(day known, account, owner)`` each."""
    split = [(day(at), day(at), *account.split(":"), owner) for at, account, owner in rows]
    return pl.DataFrame(split, schema=SCHEMA, orient="row")


def events(*rows: tuple[int, str]) -> pl.DataFrame:
    """``(day, member_id)`` each."""
    frame = pl.DataFrame(
        {"occurred_at": [day(at) for at, _ in rows], "member_id": [who for _, who in rows]},
        schema={"occurred_at": TIME, "member_id": pl.String},
    )
    return given("events", frame.with_columns(channel=pl.lit("web"), kind=pl.lit("visit"))).frame


def bound(links: pl.DataFrame, rows: pl.DataFrame, members: pl.Series = NOBODY) -> list[tuple[Any, ...]]:
    """Member, day known and fault of each row."""
    found = bind("events", rows, bindings(links), members)
    known = pl.coalesce("recorded_at", "occurred_at")
    return found.select("member_id", (known - START).dt.total_days(), REASON).rows()


def test_rows_of_an_account_are_its_members_but_known_with_the_binding() -> None:
    links = identities((5, "shop:1", "m1"))
    assert bound(links, events((1, "shop:1"), (9, "shop:1"), (2, "m1"))) == [
        ("m1", 5, None),
        ("m1", 9, None),
        ("m1", 2, None),
    ]


def test_chains_are_followed_and_known_with_their_last_link() -> None:
    links = identities((2, "shop:1", "phone:7"), (8, "phone:7", "app:3"), (4, "app:3", "m1"))
    assert bound(links, events((1, "shop:1"), (1, "app:3"))) == [("m1", 8, None), ("m1", 4, None)]


def test_two_ids_of_one_person_are_merged() -> None:
    links = identities((3, "member:m2", "m1"), (1, "shop:1", "m2"))
    assert bound(links, events((0, "m2"), (0, "shop:1"))) == [("m1", 3, None), ("m1", 3, None)]


def test_the_binding_known_first_counts_and_the_other_is_listed() -> None:
    links = identities((6, "shop:1", "m2"), (3, "shop:1", "m1"))
    assert bound(links, events((1, "shop:1"))) == [("m1", 3, None)]
    assert bindings(links).conflicts.rows() == [("shop:1", "m1", "m2")]


def test_the_same_binding_twice_is_no_conflict() -> None:
    links = identities(
        (6, "shop:1", "m1"), (3, "shop:1", "m1"), (4, "shop:1", "phone:7"), (5, "phone:7", "m1")
    )
    assert bindings(links).conflicts.is_empty()
    assert bound(links, events((1, "shop:1"))) == [("m1", 3, None)]


def test_a_circle_binds_nobody_and_is_listed() -> None:
    links = identities(
        (1, "shop:1", "app:2"), (2, "app:2", "shop:1"), (3, "app:9", "shop:1"), (1, "app:8", "m1")
    )
    assert bindings(links).accounts["account"].to_list() == ["app:8"]
    assert set(bindings(links).conflicts["account"]) == {"shop:1", "app:2", "app:9"}
    assert bound(links, events((5, "shop:1"), (5, "app:9"))) == [
        ("shop:1", 5, "account not bound"),
        ("app:9", 5, "account not bound"),
    ]


def test_an_account_that_is_never_bound_is_no_member_unless_it_has_a_profile() -> None:
    links = identities((1, "shop:1", "m1"))
    rows = events((5, "shop:2"), (5, "m:5"))
    assert bound(links, rows) == [("shop:2", 5, "account not bound"), ("m:5", 5, None)]
    assert bound(links, rows, pl.Series(["shop:2"])) == [("shop:2", 5, None), ("m:5", 5, None)]


def test_a_chain_that_ends_on_an_account_binds_nobody_yet() -> None:
    links = identities((1, "shop:1", "app:2"))
    assert bound(links, events((5, "shop:1"))) == [("app:2", 5, None)]
    known = pl.concat([links, identities((1, "app:9", "m1"))])  # now "app" is a platform
    assert bound(known, events((5, "shop:1"))) == [("app:2", 5, "account not bound")]


def test_products_and_leads_are_left_alone() -> None:
    frame = events((1, "shop:1"))
    assert bind("leads", frame, bindings(identities((5, "shop:1", "m1"))), NOBODY).equals(frame)


def test_no_identities_change_nothing() -> None:
    assert bound(identities(), events((1, "shop:1"))) == [("shop:1", 1, None)]


@pytest.mark.parametrize("length", [1, 2, 3, 7, 8, 9, 64])
def test_chains_of_any_length_end_at_the_member(length: int) -> None:
    links = identities(*((1, f"a:{n}", f"a:{n + 1}" if n + 1 < length else "m") for n in range(length)))
    assert set(bindings(links).accounts["owner"]) == {"m"}
    assert bindings(links).conflicts.is_empty()


ACCOUNTS = [f"{platform}:{number}" for platform in ("shop", "app") for number in range(3)]
LINK = st.tuples(
    st.integers(0, 20), st.sampled_from(ACCOUNTS), st.sampled_from([*ACCOUNTS, "m1", "m2", "m3"])
)
EVENT = st.tuples(st.integers(0, 20), st.sampled_from([*ACCOUNTS, "m1", "m2"]))


def visible(links: pl.DataFrame, rows: pl.DataFrame, until: int) -> list[tuple[str, int]]:
    """Member and day of the rows that are known before a day."""
    found = bind("events", rows, bindings(links), NOBODY).filter(pl.col(REASON).is_null())
    known = pl.max_horizontal("occurred_at", "recorded_at")
    seen = found.filter(known < day(until))
    return sorted(seen.select("member_id", (pl.col("occurred_at") - START).dt.total_days()).rows())


@settings(max_examples=80, deadline=None)
@random(st.lists(LINK, max_size=8), st.lists(EVENT, min_size=1, max_size=8), st.integers(1, 21))
def test_a_later_binding_changes_nothing_that_was_known(
    links: list[tuple[int, str, str]], rows: list[tuple[int, str]], until: int
) -> None:
    """With bindings of the future the same rows are seen, at the same members, as without them."""
    now = [link for link in links if link[0] < until]
    platforms = identities((0, "shop:none", "m9"), (0, "app:none", "m9"))  # known from the start
    all_links = pl.concat([identities(*links), platforms])
    known_links = pl.concat([identities(*now), platforms])
    assert visible(all_links, events(*rows), until) == visible(known_links, events(*rows), until)


@settings(max_examples=40, deadline=None)
@random(st.lists(LINK, max_size=8), st.randoms())
def test_the_order_of_the_rows_does_not_matter(links: list[tuple[int, str, str]], chance: Any) -> None:
    shuffled = list(links)
    chance.shuffle(shuffled)
    one, other = bindings(identities(*links)), bindings(identities(*shuffled))
    assert one.accounts.sort("account").equals(other.accounts.sort("account"))
    assert one.conflicts.equals(other.conflicts)
