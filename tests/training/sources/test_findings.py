"""What single rows do not show is found in bad tables, and not in honest ones."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from models.task import requirements
from training.sources.check import check
from training.sources.judging.findings import Finding, refuse

MAPPING = """about: A shop.
folder: .
unknown_members: add
sources:
  orders: {file: orders}
  people: {file: people.csv}
tables:
  members:
    - {source: people, columns: {member_id: who, occurred_at: at}}
  purchases:
    - source: orders
      columns: {member_id: who, order_id: no, product_id: sku, occurred_at: at, quantity: {value: 1},
                unit_price_cents: {column: price, times: 100}}
"""
FEED = """about: Leads.
folder: .
sources: {leads: {file: leads.csv}, won: {file: won.csv}}
tables:
  leads: [{source: leads, columns: {lead_id: id, occurred_at: at}}]
  responses: [{source: won, columns: {lead_id: id, occurred_at: at, kind: {value: converted}}}]
"""
START = datetime(2024, 1, 1, 9)


def lines(rows: int = 200, members: int = 40, first: int = 0) -> list[list[str]]:
    """Honest orders: a few rows a member, prices that differ."""
    return [
        [f"00{n % members:02}", f"a{n}", f"s{n % 7}", str(START + timedelta(hours=5 * n)), f"{n % 9 + 3}.50"]
        for n in range(first, first + rows)
    ]


def shop(folder: Path, orders: dict[str, list[list[str]]], people: list[str] | None = None) -> list[Finding]:
    (folder / "orders").mkdir()
    for name, rows in orders.items():
        (folder / "orders" / name).write_text("who,no,sku,at,price\n" + "\n".join(map(",".join, rows)) + "\n")
    named = people or [f"00{n:02}" for n in range(40)]
    (folder / "people.csv").write_text("who,at\n" + "".join(f"{who},2023-01-01\n" for who in named))
    (folder / "shop.yaml").write_text(MAPPING)
    return list(check(folder / "shop.yaml", requirements()).findings)


def names(found: list[Finding]) -> set[str]:
    return {one.name for one in found}


def test_an_honest_shop_has_no_finding(tmp_path: Path) -> None:
    """Two files, a good customer, twice the same line in one order, and few profiles."""
    rows = lines()
    rows += [["0007", f"b{n}", "s1", str(START + timedelta(hours=7 * n)), "9.00"] for n in range(8)]
    orders = {"one.csv": [*rows, rows[3]], "two.csv": lines(first=300)}
    assert shop(tmp_path, orders, [f"00{n:02}" for n in range(0, 40, 3)]) == []


def test_ids_in_scientific_notation(tmp_path: Path) -> None:
    rows = [["1.38E+10", *row[1:]] if n % 4 == 0 else row for n, row in enumerate(lines())]
    found = [one for one in shop(tmp_path, {"one.csv": rows}) if one.kind == "spoiled_ids"]
    assert found[0].stops
    assert "50 of 200 rows have a member_id such as 1.38E+10" in found[0].says


def test_ids_that_only_look_like_numbers(tmp_path: Path) -> None:
    assert "purchases.spoiled_ids" not in names(
        shop(tmp_path, {"one.csv": [[row[0], f"{n}e4", *row[2:]] for n, row in enumerate(lines())]})
    )


def test_lost_leading_zeros(tmp_path: Path) -> None:
    found = shop(tmp_path, {"one.csv": [[row[0].lstrip("0") or "0", *row[1:]] for row in lines()]})
    (apart,) = [one for one in found if one.kind == "keys_apart"]
    assert "0 of 40 member ids of purchases are among 40 in members" in apart.says
    assert "ithout leading zeros 40 meet" in apart.advice


@pytest.mark.parametrize("name", ["[deleted]", "N/A", "test", "77"])
def test_one_id_for_many_people(tmp_path: Path, name: str) -> None:
    rows = [[name, *row[1:]] if n % 4 == 1 else row for n, row in enumerate(lines(400))]
    found = [one for one in shop(tmp_path, {"one.csv": rows}) if one.kind == "one_id"]
    assert found[0].stops
    shown = "written as 99" if name == "77" else repr(name)  # who is somebody is not named
    assert f"member {shown} has 100 of 400 rows (25%)" in found[0].says


def test_a_second_export_of_the_same_rows(tmp_path: Path) -> None:
    found = shop(tmp_path, {"one.csv": lines(), "two.csv": lines(60, first=180)})
    assert names(found) == {"purchases.twice"}
    assert "20 of 260 rows are in several files, as in one.csv and two.csv" in found[0].says


def test_money_that_is_set_aside(tmp_path: Path) -> None:
    rows = [*lines(), ["0001", "x", "s1", "2030-99-99", "900.00"]]
    found = shop(tmp_path, {"one.csv": rows})
    assert names(found) == {"purchases.set_aside"}
    assert "of the money" in found[0].says


def test_amounts_that_cannot_be_read(tmp_path: Path) -> None:
    rows = [*lines(), ["0001", "x", "s1", "2024-02-01", '"1,900.00"']]
    (found,) = shop(tmp_path, {"one.csv": rows})
    assert "the amounts of 1 rows set aside cannot be read" in found.says
    assert not found.stops


def feed(folder: Path, won: Iterator[tuple[int, str]]) -> tuple[list[Finding], dict[str, str]]:
    leads = "".join(f"{n},{START + timedelta(hours=6 * n)}\n" for n in range(1200))
    (folder / "leads.csv").write_text(f"id,at\n{leads}")
    (folder / "won.csv").write_text("id,at\n" + "".join(f"{n},{at}\n" for n, at in won))
    (folder / "leads.yaml").write_text(FEED)
    found = check(folder / "leads.yaml", requirements())
    return list(found.findings), dict(found.tasks)


def test_honest_outcomes(tmp_path: Path) -> None:
    won = ((n, str(START + timedelta(hours=6 * n, days=n % 20))) for n in range(0, 1100, 9))
    assert feed(tmp_path, won)[0] == []


def test_outcomes_that_end_before_their_leads(tmp_path: Path) -> None:
    won = ((n, str(START + timedelta(hours=6 * n, days=n % 20))) for n in range(0, 600, 9))
    found, tasks = feed(tmp_path, won)
    assert names(found) == {"responses.outcomes_end"}
    assert "responses.outcomes_end" in tasks["lead"]
    with pytest.raises(ValueError, match=r"responses\.outcomes_end: the newest of 67 responses"):
        refuse(found, "leads")
    (tmp_path / "leads.yaml").write_text(FEED + "accept: {responses.outcomes_end: Sales closed in June.}\n")
    said = check(tmp_path / "leads.yaml", requirements())
    refuse(said.findings, "leads")
    assert said.tasks["lead"] == ""
    assert any(line.endswith("(Sales closed in June.)") for line in said.lines())


def test_a_name_that_no_finding_has_is_refused(tmp_path: Path) -> None:
    feed(tmp_path, iter([(1, "2024-02-01")]))
    (tmp_path / "leads.yaml").write_text(FEED + "accept: {responses.outcome: Right.}\n")
    with pytest.raises(ValueError, match=r"'responses\.outcome'; allowed is TABLE\.KIND of .*outcomes_end"):
        check(tmp_path / "leads.yaml")


def test_outcomes_of_the_day_without_a_clock(tmp_path: Path) -> None:
    won = ((n, f"{START + timedelta(hours=6 * n):%Y-%m-%d}") for n in range(0, 1200, 9))
    found, tasks = feed(tmp_path, won)
    assert [(one.name, one.stops) for one in found] == [("responses.whole_days", False)]
    assert "134 of 134 outcomes name a day and no time" in found[0].says
    assert tasks["lead"] == ""


def test_outcomes_that_lie_before_their_leads(tmp_path: Path) -> None:
    won = ((n, str(START + timedelta(hours=6 * n - 30))) for n in range(0, 1200, 9))
    found, _ = feed(tmp_path, won)
    assert [(one.name, one.stops) for one in found] == [("responses.outcomes_before", True)]


def test_outcomes_that_are_set_aside(tmp_path: Path) -> None:
    won = [(n, str(START + timedelta(hours=6 * n, days=n % 20))) for n in range(0, 1100, 9)]
    (found,) = feed(tmp_path, iter([*won, *((n, "2024-13-41") for n in range(1, 90, 9))]))[0]
    assert (found.name, found.stops) == ("responses.set_aside", True)
    assert "10 of 133 outcomes 'converted' are set aside" in found.says


CURRENT = """about: A shop.
folder: .
unknown_members: add
sources: {orders: {file: orders.csv, fields: {euros: {sql: "CAST(price AS DOUBLE) * 2"}}}}
tables:
  purchases:
    - source: orders
      columns: {member_id: who, order_id: no, occurred_at: at, quantity: {value: 1},
                unit_price_cents: {column: PRICE, times: 100}}
"""


@pytest.mark.parametrize(
    ("codes", "price", "found"),
    [
        (("SEK", "DKK"), "price", {"purchases.currencies"}),
        (("SEK", "SEK"), "price", set()),
        (("SEK", "DKK"), "euros", set()),
    ],
)
def test_several_currencies(tmp_path: Path, codes: tuple[str, str], price: str, found: set[str]) -> None:
    rows = [",".join([*row, codes[n % 2]]) for n, row in enumerate(lines())]
    (tmp_path / "orders.csv").write_text("who,no,sku,at,price,order_currency\n" + "\n".join(rows) + "\n")
    (tmp_path / "shop.yaml").write_text(CURRENT.replace("PRICE", price))
    assert names(list(check(tmp_path / "shop.yaml").findings)) == found


def test_orders_that_stop_long_before_the_extract(tmp_path: Path) -> None:
    people = [f"00{n:02}" for n in range(40)]
    rows = [[*row[:3], str(START + timedelta(days=n)), row[4]] for n, row in enumerate(lines(60))]
    assert not shop(tmp_path, {"a.csv": rows}, people)
    (tmp_path / "people.csv").write_text("who,at\n" + "".join(f"{who},2024-05-01\n" for who in people))
    (end,) = check(tmp_path / "shop.yaml", requirements()).findings
    assert (end.name, end.is_fatal) == ("purchases.orders_end", True)
    assert "2024-02-29, 62 days before the extract (2024-05-01)" in end.says
