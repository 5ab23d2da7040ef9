"""When a pack should be empty: pauses are found again, few of them lean on what is usual."""

import numpy as np
import polars as pl
import pytest

from models.acting.repurchase import DAY, days_of_purchase, empty_packs, pace, shrunk


def sales(rows: list[tuple[str, str, float]], quantity: int = 1) -> pl.DataFrame:
    """Member, item and day of each purchase."""
    kinds = {"member_id": pl.String, "item": pl.String, "category": pl.String, "event_time": pl.Int64}
    return pl.DataFrame(
        [(who, what, what, int(day * DAY), quantity) for who, what, day in rows],
        schema=kinds | {"quantity": pl.Int64},
        orient="row",
    )


def test_a_pack_that_lasts_thirty_days_is_empty_after_thirty():
    rows = [(f"m{who}", "cream", who + 30.0 * time) for who in range(20) for time in range(5)]
    found = empty_packs(sales(rows), int(160.5 * DAY)).sort("member_id")
    left = dict(found.select("member_id", "pack_empty_days").iter_rows())
    for who in range(20):
        overdue = 160.5 - (who + 120) - 30
        assert (f"m{who}" in left) == (overdue >= 0)
        if overdue >= 0:
            assert left[f"m{who}"] == pytest.approx(overdue, abs=0.01)
    assert set(found["pack_bought"]) == {5}


def test_who_bought_once_has_no_pack():
    assert empty_packs(sales([("a", "cream", 0.0), ("b", "cream", 1.0)]), 900 * DAY).is_empty()


def test_two_purchases_of_a_day_are_one():
    daily = days_of_purchase(sales([("a", "cream", 0.1), ("a", "cream", 0.4), ("a", "cream", 9.0)]))
    assert daily["quantity"].to_list() == [2, 1]
    assert daily["bought"].to_list() == [1, 2]


def test_few_pauses_lean_on_the_item_and_many_on_themselves():
    """One fast member with many pauses keeps most of the own pace, one with a single pause little."""
    rng, rows = np.random.default_rng(0), []
    for who in range(200):
        own, time = 30 * np.exp(rng.normal(0, 0.2)), 0.0
        for _ in range(6):
            rows.append((f"m{who:03}", "cream", time))
            time += own * np.exp(rng.normal(0, 0.4))
    for name, pauses in (("few", 1), ("many", 40)):
        rows += [(name, "cream", 8.0 * time) for time in range(pauses + 1)]
    own = dict(pace(days_of_purchase(sales(rows))).own.select("member_id", "log_days").iter_rows())
    few, many = np.exp(own["few"]), np.exp(own["many"])
    assert 8 < many < 12 < few < 30


def test_shrinking_is_nearer_to_the_truth_than_either_end():
    rng = np.random.default_rng(1)
    truth, group = rng.normal(0, 0.5, 300), np.repeat(np.arange(300), 3)
    value = truth[group] + rng.normal(0, 1, 900)
    found = shrunk(value, group, np.full(900, value.mean()))[::3]
    means = value.reshape(300, 3).mean(axis=1)
    off = [float(np.mean((guess - truth) ** 2)) for guess in (found, means, np.full(300, value.mean()))]
    assert off[0] < min(off[1:])


def test_a_double_pack_lasts_longer_where_it_does():
    rng, rows = np.random.default_rng(2), []
    for who in range(300):
        time = 0.0
        for _ in range(6):
            quantity = int(rng.integers(1, 4))
            rows.append((f"m{who}", "cream", "cream", int(time * DAY), quantity))
            time += 20 * quantity * np.exp(rng.normal(0, 0.3))
    frame = pl.DataFrame(
        rows, schema=["member_id", "item", "category", "event_time", "quantity"], orient="row"
    )
    assert pace(days_of_purchase(frame)).per_quantity == pytest.approx(1.0, abs=0.1)
    same = frame.with_columns(event_time=pl.int_range(pl.len()).over("member_id") * 20 * DAY)
    assert pace(days_of_purchase(same)).per_quantity == pytest.approx(0.0, abs=0.1)


def test_nothing_that_came_again_is_no_error():
    assert empty_packs(sales([]), 1).is_empty()
