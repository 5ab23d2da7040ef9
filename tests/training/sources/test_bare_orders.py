"""Orders that nothing but their cells tells of, and other tables that must not be taken for them."""

from datetime import datetime, timedelta
from pathlib import Path

import pytest
from exported import taken

from training.sources.proposal.propose import propose

DAYS = [datetime(2024, 1, 3) + timedelta(days=2 * n) for n in range(60)]
CENTS = [1_005 + 37 * n for n in range(60)]


def rows(header: str, sep: str, form: str, more: str = "", decimal: str = ".") -> str:
    """A file with a number, a person, a day and an amount in each row."""
    return f"{header}\n" + "".join(
        sep.join([f"{7_000 + n}", f"K{n % 9}", f"{day:{form}}", f"{cents / 100:.2f}".replace(".", decimal)])
        + (f"{sep}{more}" if more else "")
        + "\n"
        for n, (day, cents) in enumerate(zip(DAYS, CENTS, strict=True))
    )


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("export_2026.csv", rows("No,Customer,Date,Total", ",", "%Y-%m-%d")),
        ("导出.csv", rows("单号,客户,日期,合计", ",", "%Y/%m/%d")),
        ("export.csv", rows("Nr;Kunde;Datum;Summe", ";", "%d.%m.%Y", decimal=",")),
        ("data.csv", rows("#,Client,Date,Amount,Note", ",", "%m/%d/%Y", "x")),
    ],
)
def test_a_number_a_person_a_day_and_money_are_orders(tmp_path: Path, name: str, content: str) -> None:
    proposal, _, tables = taken(tmp_path, {name: content})
    sold = tables["purchases"]
    assert (sold["order_id"].n_unique(), sold["member_id"].n_unique()) == (60, 9)
    assert sorted(sold["order_id"])[0] == "7000"
    assert sold["amount_cents"].sum() == sum(CENTS)
    doubt = next(one for one in proposal.unsure if "taken as orders, although" in one)
    assert "comes again (9 in 60 rows)" in doubt
    assert not any("made up as {'column': '_row'}" in one for one in proposal.unsure)


@pytest.mark.parametrize(
    ("name", "header", "more"),
    [
        ("points.csv", "No,Customer,Date,Amount", ""),
        ("export.csv", "No,Customer,Date,Total,Points balance", "3"),
        ("coupons.csv", "No,Customer,Date,Value", ""),
        ("卡券.csv", "编号,客户,日期,金额", ""),
        ("储值流水.csv", "编号,客户,日期,金额", ""),
        ("export.csv", "No,Customer,Date,Amount,Valid until", "2025-01-01"),
        ("contracts.csv", "No,Customer,Start,Fee", ""),
        ("export.csv", "No,Customer,Date,Amount,Plan", "gold"),
        ("messages.csv", "No,Customer,Date,Value", ""),
        ("export.csv", "No,Customer,Date,Value,Campaign", "Spring"),
        ("deals.csv", "No,Customer,Date,Amount", ""),
        ("export.csv", "No,Customer,Date,Amount,Stage", "Open"),
        ("tickets.csv", "No,Customer,Date,Value", ""),
        ("export.csv", "No,Customer,Date,Value,Subject", "Help"),
        ("export.csv", "No,Customer,Date,Value,Rating", "4"),
        ("angebote.csv", "Nr,Kunde,Datum,Summe", ""),
    ],
)
def test_what_speaks_of_something_else_is_none(tmp_path: Path, name: str, header: str, more: str) -> None:
    (tmp_path / name).write_text(rows(header, ",", "%Y-%m-%d", more))
    text = propose([tmp_path / name]).text
    assert "\n  purchases:" not in text


def test_numbers_without_a_sign_of_money_are_none(tmp_path: Path) -> None:
    content = "No,Customer,Date,Amount\n" + "".join(f"{n},K{n % 9},{d:%F},{n}\n" for n, d in enumerate(DAYS))
    (tmp_path / "export.csv").write_text(content)
    assert "\n  purchases:" not in propose([tmp_path / "export.csv"]).text


@pytest.mark.parametrize("change", [("K", "K1"), ("70", "7")], ids=["people once", "numbers again"])
def test_people_come_again_and_numbers_do_not(tmp_path: Path, change: tuple[str, str]) -> None:
    content = "No,Customer,Date,Total\n" + "".join(
        f"{n if change[0] == 'K' else n // 2},K{n if change[0] == 'K' else n % 9},{day:%F},9.50\n"
        for n, day in enumerate(DAYS)
    )
    (tmp_path / "export.csv").write_text(content)
    assert "\n  purchases:" not in propose([tmp_path / "export.csv"]).text


def test_beside_orders_such_a_file_stays_what_it_is(tmp_path: Path) -> None:
    orders = "order_id,customer_id,order_date,sku,quantity,price\n" + "".join(
        f"{n},K{n % 9},{day:%F},s,1,9.50\n" for n, day in enumerate(DAYS)
    )
    files = {"orders.csv": orders, "export.csv": rows("No,Customer,Date,Total", ",", "%Y-%m-%d")}
    _, _, tables = taken(tmp_path, {**files})
    assert tables["purchases"].height == 60


def test_names_in_the_place_of_ids_are_said(tmp_path: Path) -> None:
    content = rows("No,Customer,Date,Total", ",", "%Y-%m-%d")
    for n in range(9):
        content = content.replace(f"K{n},", f"Ann {'abcdefghi'[n]},")
    proposal, _, _ = taken(tmp_path, {"export.csv": content})
    assert any("people of the same name would be one member" in doubt for doubt in proposal.unsure)


def test_orders_of_nobody_say_what_they_lack(tmp_path: Path) -> None:
    content = "订单号,订单状态,商品总价(元),支付时间\n" + "".join(
        f"25-{n},已签收,{cents / 100:.2f},{day:%F %T}\n"
        for n, (day, cents) in enumerate(zip(DAYS, CENTS, strict=True))
    )
    (tmp_path / "orders_export.csv").write_text(content)
    found = propose([tmp_path / "orders_export.csv"])
    assert any("it has orders, but no column says whose" in doubt for doubt in found.unsure)


@pytest.mark.parametrize("header", ["No,Customer,Date,Total,Refunded", "单号,客户,日期,合计,退款金额"])
def test_what_was_paid_back_beside_a_sale_is_no_other_table(tmp_path: Path, header: str) -> None:
    lines = rows(header, ",", "%Y-%m-%d", "0.00").splitlines()
    back = [line.replace(",0.00", ",5.00") if n % 12 == 5 else line for n, line in enumerate(lines)]
    _, _, tables = taken(tmp_path, {"export.csv": "\n".join(back) + "\n"})
    sold = tables["purchases"]
    assert sold.filter(kind="sale")["amount_cents"].sum() == sum(CENTS)
    assert sold.filter(kind="return")["amount_cents"].sum() == -5 * 500
