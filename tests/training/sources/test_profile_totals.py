"""Totals in files of people: what was done by the day of the export is no attribute of an earlier day."""

from pathlib import Path

import pytest
from exported import taken

ORDERS = "customer_id,order_id,order_date,quantity,unit_price\n" + "".join(
    f"{n % 12:04},o{n},2024-03-{n % 28 + 1:02},1,9.50\n" for n in range(60)
)


def people(header: str, row: str) -> str:
    """A file of twelve, each with its number, a day of March and an amount."""
    lines = (row.format(n=f"{n:04}", day=f"2024-03-{n + 10:02}", sum=f"{n * 9 + 9}.50") for n in range(12))
    return "\n".join([header, *lines, ""])


@pytest.mark.parametrize(
    ("header", "row"),
    [
        (
            "Customer ID,Created At,City,Total Spent,Total Orders,Last Order Date",
            "{n},2023-01-05,Bonn,{sum},5,{day}",
        ),
        ("Customer ID,Last Active,Date registered,City,Orders,AOV", "{n},{day},2023-01-05,Bonn,5,{sum}"),
        ("会员编号,注册时间,City,累计消费金额,消费次数,最近消费时间", "{n},2023-01-05,Bonn,{sum},5,{day}"),
        ("Kundennummer;Angemeldet am;City;Gesamtumsatz;Letzte Bestellung", "{n};2023-01-05;Bonn;{sum};{day}"),
    ],
)
def test_totals_of_people_are_no_attributes(tmp_path: Path, header: str, row: str) -> None:
    proposal, _, rows = taken(tmp_path, {"orders.csv": ORDERS, "customers.csv": people(header, row)})
    members = rows["members"]
    assert [name for name in members.columns if name.startswith("x_")] in ([], ["x_city"])
    assert {f"{day:%Y-%m-%d}" for day in members["occurred_at"]} == {"2023-01-05"}
    said = next(doubt for doubt in proposal.unsure if "as of the export" in doubt)
    assert "would leak" in said


def test_a_last_order_is_not_when_somebody_became_known(tmp_path: Path) -> None:
    files = {
        "orders.csv": ORDERS,
        "customers.csv": people("customer_id,last_order_date,shoe_size", "{n},{day},41"),
    }
    _, _, rows = taken(tmp_path, files)
    assert {day.year for day in rows["members"]["occurred_at"]} == {1970}
    assert "x_last_order_date" not in rows["members"].columns


def test_totals_of_known_days_stay(tmp_path: Path) -> None:
    later = people("x", "{n},2023-01-05,2024-06-30,{sum}").splitlines()[1:]
    first = people("customer_id,created_at,snapshot_date,total_spent", "{n},2023-01-05,2024-03-31,3.50")
    files = {"orders.csv": ORDERS, "customers.csv": first + "\n".join(later) + "\n"}
    _, _, rows = taken(tmp_path, files)
    told = rows["members"].drop_nulls("x_total_spent")
    assert {f"{day:%Y-%m-%d}" for day in told["occurred_at"]} == {"2024-03-31", "2024-06-30"}
    assert told.height == 24
