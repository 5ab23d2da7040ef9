"""What a member bought, in words of the lifecycle."""

import polars as pl
import pytest

from features import tables
from features.compute import compute
from features.feature import DAY
from features.groups.purchases import PURCHASES

NOW = 1000 * DAY


def of(days: list[int], column: str) -> object:
    """A feature of somebody who bought so many days ago."""
    frame = pl.DataFrame(
        {
            "member_id": ["m"] * len(days), "order_id": [f"o{at}" for at in range(len(days))],
            "occurred_at": [NOW - day * DAY for day in days], "quantity": [1] * len(days),
            "unit_price_cents": [36_500] * len(days), "kind": ["sale"] * len(days),
        },
        schema_overrides=dict.fromkeys(("member_id", "order_id", "kind"), pl.String),
    ).with_columns(pl.from_epoch("occurred_at", time_unit="s").dt.replace_time_zone("UTC"))  # fmt: skip
    absent = {
        name: pl.lit(None, dtype=spec.dtype.type)
        for name, spec in tables.columns("purchases").items()
        if name not in frame.columns
    }
    done = tables.complete("purchases", frame.with_columns(**absent))
    asked = pl.DataFrame({"row_id": [0], "member_id": ["m"], "as_of": [NOW]})
    return compute(asked, {"purchases": done}, [PURCHASES])[column][0]


@pytest.mark.parametrize(
    ("days", "stage"),
    [
        ([], "prospect"),
        ([10], "new"),
        ([400, 300, 200, 10], "mature"),
        ([400, 300, 200, 120], "mature"),  # later than a quarter, but not than twice the usual pause
        ([400, 390, 380, 200], "silent"),
        ([95], "silent"),
        ([800, 700, 400], "lost"),
    ],
)
def test_stages_follow_from_the_last_order_and_the_usual_pause(days, stage):
    assert of(days, "stage") == stage


def test_yearly_value_counts_a_quarter_at_least():
    assert of([730], "yearly_value") == pytest.approx(36_500 / 2)
    assert of([1], "yearly_value") == pytest.approx(36_500 * 365 / 90)
