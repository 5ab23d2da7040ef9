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


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("2024-05-01 早上7:05", "2024-05-01 7:05 AM"),
        ("2024-05-01凌晨12:30", "2024-05-01 12:30 AM"),
        ("2024-05-01 凌晨0:30", "2024-05-01 12:30 AM"),
        ("2024-05-01 中午11:45", "2024-05-01 11:45 AM"),
        ("2024-05-01 中午12:10", "2024-05-01 12:10 PM"),
        ("2024-05-01 中午1:10", "2024-05-01 1:10 PM"),
        ("2024/5/1 傍晚6:15:09", "2024/5/1 6:15:09 PM"),
        ("2024/5/1 晚上8:05", "2024/5/1 8:05 PM"),
        ("2024/5/1 深夜1:05", "2024/5/1 1:05 AM"),
        ("2024年5月1日 下午15:07", "2024年5月1日 3:07 PM"),
        ("2024年5月1日 下午3点07分", "2024年5月1日 3:07 PM"),
        ("2024-05-01 午後0:30", "2024-05-01 12:30 PM"),
        ("2024-05-01 晚上12:30", "2024-05-01 晚上12:30"),  # of that day or of the next
        ("2024-05-01 上午15:07", "2024-05-01 上午15:07"),
    ],
)
def test_parts_of_the_day(written: str, read: str) -> None:
    found = pl.DataFrame({"v": [written]}).select(written_in(pl.col("v"), "%I:%M %p")).item()
    assert found == read


PARTS = ("凌晨", "早上", "上午", "中午", "下午", "晚上")
HOURS = (0, 6, 9, 11, 13, 18, 24)


@pytest.mark.parametrize("apart", [False, True], ids=["in one column", "a clock of its own"])
def test_a_file_with_parts_of_the_day(tmp_path: Path, apart: bool) -> None:
    times = [datetime(2024, 1, 5, n % 24, 7 * n % 60) + timedelta(days=3 * n) for n in range(96)]
    lines = ["订单编号,会员ID,下单日期" + ",时刻" * apart + ",实付金额"]
    for n, when in enumerate(times):
        part = next(part for part, end in zip(PARTS, HOURS[1:], strict=True) if when.hour < end)
        clock = f"{part}{(when.hour + 11) % 12 + 1}:{when:%M}"
        lines.append(f"{n + 1000},M{n % 9},{when:%Y-%m-%d}{',' if apart else ' '}{clock},20.50")
    _, _, rows = taken(tmp_path, {"订单.csv": "\n".join(lines)})
    found = rows["purchases"].sort("order_id")["occurred_at"].dt.replace_time_zone(None).to_list()
    assert sorted(found) == times


@pytest.mark.parametrize(("day", "clock"), [("ERDAT", "ERZET"), ("CPUDT", "CPUTM"), ("date", "sale_time")])
@pytest.mark.parametrize("wide", [6, 4])
def test_a_clock_in_figures_beside_its_day(tmp_path: Path, day: str, clock: str, wide: int) -> None:
    times = [datetime(2024, 1, 5) + timedelta(days=n, minutes=61 * n, seconds=17 * n) for n in range(90)]
    form = "%H%M%S"[:wide]
    rows = [
        f"{4_500_000 + n},C{n % 9},{when:%Y%m%d},{int(when.strftime(form))},3,10.50"
        for n, when in enumerate(times)
    ]
    text = f"VBELN,KUNNR,{day},{clock},KWMENG,NETPR\n" + "\n".join(rows)
    proposal, _, found = taken(tmp_path, {"orders.csv": text})
    assert any(f"{clock} is taken as the clock of {day}" in doubt for doubt in proposal.unsure)
    read = found["purchases"].sort("order_id")["occurred_at"].dt.replace_time_zone(None)
    assert read.to_list() == [
        datetime.strptime(when.strftime(f"%Y%m%d{form}"), f"%Y%m%d{form}") for when in times
    ]


@pytest.mark.parametrize("name", ["time", "delivery_time"])
def test_figures_that_are_no_clock_are_none(tmp_path: Path, name: str) -> None:
    rows = [
        f"{n},C{n % 9},202401{n % 28 + 1:02},{1000 + 7 * n},3,10.50" for n in range(90)
    ]  # minutes of 60 and more
    text = f"order_id,customer_id,date,{name},quantity,price\n" + "\n".join(rows)
    proposal, _, _ = taken(tmp_path, {"orders.csv": text})
    assert not any("taken as the clock" in doubt for doubt in proposal.unsure)


def test_halves_of_the_day_with_points() -> None:
    text = pl.Series("v", ["5/1/2024 3:07 p. m.", "5/1/2024 3:07 a.m."]).to_frame()
    assert text.select(written_in(pl.col("v"), "%I:%M %p")).to_series().to_list() == [
        "5/1/2024 3:07 pm", "5/1/2024 3:07 am",
    ]  # fmt: skip
