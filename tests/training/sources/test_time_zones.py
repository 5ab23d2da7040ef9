"""Times that a column beside them names the zone of, and halves of the day in several languages."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest
from exported import taken

from training.sources.proposal.time_formats import readings
from training.sources.reading.signs import written_in

AT = [datetime(2024, 1, 5, 9, 7) + timedelta(days=6 * n, hours=n % 14) for n in range(40)]


def orders(zone: str, zones: list[str], refund: str = "") -> str:
    head = f"order_id,customer_id,ordered_at,{zone},sku,qty,price{',refunded_amount' if refund else ''}\n"
    return head + "".join(
        f"{n},c{n % 5},{when},{zones[n % len(zones)]},s,1,9.50{f',{n % 3}.00' if refund else ''}\n"
        for n, when in enumerate(AT)
    )


def test_a_zone_for_each_row(tmp_path: Path) -> None:
    content = orders("time_zone", ["Asia/Shanghai", "America/New_York"], "yes")
    _, _, rows = taken(tmp_path, {"orders.csv": content})
    sold = rows["purchases"].filter(pl.col("kind") == "sale").sort("occurred_at")
    assert sold["occurred_at"][:2].to_list() == [
        datetime(2024, 1, 5, 1, 7, tzinfo=UTC), datetime(2024, 1, 11, 15, 7, tzinfo=UTC),
    ]  # fmt: skip
    back = rows["purchases"].filter(pl.col("kind") == "return")
    assert sold.height == 40
    assert back["amount_cents"].sum() == -sum(100 * (n % 3) for n in range(40))
    assert set(back["occurred_at"]) <= set(sold["occurred_at"])


def test_zones_that_are_none_are_said(tmp_path: Path) -> None:
    proposal, _, rows = taken(tmp_path, {"orders.csv": orders("tz", ["PST", "BST"])})
    assert any("tz may name the zone of each time, and is not read" in doubt for doubt in proposal.unsure)
    assert rows["purchases"].height == 40


@pytest.mark.parametrize(
    ("halves", "form"),
    [(("上午", "下午"), "%Y/%m/%d %I:%M:%S %p"), (("午前", "午後"), "%Y年%m月%d日 %I:%M:%S %p")],
)
def test_halves_of_the_day_before_the_clock(halves: tuple[str, str], form: str) -> None:
    day = form.partition(" ")[0]
    text = pl.Series("v", [f"{when:{day}} {halves[when.hour > 11]}{when:%I:%M:%S}" for when in AT])
    assert readings(text) == ((form,),)


def test_halves_of_the_day_with_points() -> None:
    text = pl.Series("v", ["5/1/2024 3:07 p. m.", "5/1/2024 3:07 a.m."]).to_frame()
    assert text.select(written_in(pl.col("v"), "%I:%M %p")).to_series().to_list() == [
        "5/1/2024 3:07 pm", "5/1/2024 3:07 am",
    ]  # fmt: skip
