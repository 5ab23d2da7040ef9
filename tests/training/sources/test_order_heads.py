"""Orders in several files: heads and lines are joined, no money is lost or counted twice."""

import csv
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from training.sources.check import Check, check
from training.sources.proposal.propose import propose

LINES = {f"o{n}": [(f"s{k}", 1 + k, 1_050 + 100 * n + k) for k in range(1 + n % 3)] for n in range(30)}
WORTH = {order: sum(pieces * price for _, pieces, price in lines) for order, lines in LINES.items()}
OFF = {order: 90 * (n % 2) for n, order in enumerate(LINES)}
ALL = sum(WORTH.values())
Rows = list[tuple[Any, ...]]


def money(cents: int) -> str:
    return f"{cents / 100:.2f}"


def day(order: str) -> str:
    return str(datetime(2024, 1, 1, 9) + timedelta(days=int(order[1:])))


def heads(*more: Any, names: tuple[str, ...] = ("id", "customer_id", "created_at")) -> Rows:
    return [names, *((o, f"m{int(o[1:]) % 7}", day(o), *(cell(o) for cell in more)) for o in LINES)]


def lines(*more: Any, names: tuple[str, ...] = ("order_id", "sku", "qty")) -> Rows:
    return [names, *((o, *one[:2], *(cell(one) for cell in more)) for o, of in LINES.items() for one in of)]


PRICED = lines(lambda one: money(one[2]), names=("order_id", "sku", "qty", "price"))


def taken(folder: Path, **files: Rows) -> tuple[pl.DataFrame, str, Check]:
    for name, content in files.items():
        with (folder / f"{name}.csv").open("w", newline="") as file:
            csv.writer(file).writerows(content)
    found = propose([folder / f"{name}.csv" for name in files])
    (folder / "m.yaml").write_text(found.text)
    kept: dict[str, list[pl.DataFrame]] = {}
    told = check(folder / "m.yaml", keep=lambda name, frames: kept.update({name: list(frames)}))
    return pl.concat(kept["purchases"], how="diagonal_relaxed"), found.text, told


def assert_sums(purchases: pl.DataFrame, cents: int) -> None:
    assert purchases["amount_cents"].sum() == cents
    assert purchases["member_id"].n_unique() == 7
    assert purchases["order_id"].n_unique() == 30
    assert set(purchases["product_id"]) == {"s0", "s1", "s2"}


def test_lines_take_member_time_and_discount_of_their_order(tmp_path: Path) -> None:
    orders = heads(
        lambda o: money(OFF[o]),
        lambda o: money(WORTH[o] - OFF[o]),
        names=("id", "customer_id", "created_at", "discount", "total"),
    )
    purchases, text, told = taken(tmp_path, orders=orders, order_items=PRICED)
    assert_sums(purchases, ALL - sum(OFF.values()))
    assert purchases["quantity"].sum() == sum(pieces for of in LINES.values() for _, pieces, _ in of)
    assert "what an order has once is split over its lines" in text
    assert any("reach total of order_items in 30 of 30 orders" in line for line in told.lines())


def test_a_discount_beside_no_total_is_the_orders(tmp_path: Path) -> None:
    orders = heads(lambda o: money(OFF[o]), names=("id", "customer_id", "created_at", "discount"))
    assert_sums(taken(tmp_path, orders=orders, order_items=PRICED)[0], ALL - sum(OFF.values()))


def test_prices_of_a_third_file_and_refunds_of_the_order(tmp_path: Path) -> None:
    orders = heads(
        lambda o: money(100 * (o == "o4")), names=("order_no", "customer_id", "ordered_at", "refunded")
    )
    products: Rows = [("sku", "title", "price"), *((f"s{k}", f"Thing {k}", money(900 + k)) for k in range(3))]
    asked = lines(names=("order_no", "sku", "qty"))
    purchases, text, _ = taken(tmp_path, orders=orders, order_lines=asked, products=products)
    worth = sum(pieces * (900 + int(sku[1:])) for of in LINES.values() for sku, pieces, _ in of)
    assert_sums(purchases, worth - 100)
    assert "as it is today and not as it was then" in text


def test_the_total_of_an_order_is_split_where_lines_have_no_price(tmp_path: Path) -> None:
    orders = heads(
        lambda o: money(WORTH[o]),
        lambda o: money(100 * (int(o[1:]) % 5)),
        names=("id", "customer_id", "created_at", "grand_total", "refunded_amount"),
    )
    purchases, _, _ = taken(tmp_path, orders=orders, order_items=lines())
    assert_sums(purchases, ALL - sum(100 * (n % 5) for n in range(30)))


def test_heads_of_complete_lines_are_not_counted_again(tmp_path: Path) -> None:
    complete: Rows = [("order_id", "customer_id", "created_at", "sku", "qty", "price")]
    complete += [
        (o, f"m{int(o[1:]) % 7}", day(o), sku, q, money(p)) for o, of in LINES.items() for sku, q, p in of
    ]
    orders = heads(lambda o: money(WORTH[o]), names=("order_id", "customer_id", "created_at", "total"))
    assert_sums(taken(tmp_path, orders=orders, order_items=complete)[0], ALL)


def test_refunds_that_name_an_order_only(tmp_path: Path) -> None:
    orders = heads(lambda o: money(WORTH[o]), names=("id", "customer_id", "created_at", "total"))
    refunds: Rows = [
        ("order_id", "refunded_at", "amount"),
        *((f"o{n}", day("o40"), "2.50") for n in range(4)),
    ]
    purchases, _, _ = taken(tmp_path, orders=orders, order_items=PRICED, refunds=refunds)
    back = purchases.filter(kind="return")
    assert (back["amount_cents"].sum(), back["member_id"].n_unique()) == (-1_000, 4)
    assert str(back["occurred_at"].min()).startswith("2024-02-10")
    assert purchases["amount_cents"].sum() == ALL - 1_000


@pytest.mark.parametrize(
    ("shown", "said"), [("heads", "name a row of"), ("lines", "orders of orders have no line")]
)
def test_halves_that_do_not_meet_stop(tmp_path: Path, shown: str, said: str) -> None:
    orders = heads(lambda o: money(WORTH[o]), names=("id", "customer_id", "created_at", "total"))
    gone = {"heads": (orders[:20], PRICED), "lines": (orders, PRICED[:40])}[shown]
    _, _, told = taken(tmp_path, orders=gone[0], order_items=gone[1])
    (found,) = [one for one in told.findings if one.kind == "unmet"]
    assert found.is_fatal
    assert said in found.says


def test_payments_are_no_lines(tmp_path: Path) -> None:
    orders = heads(lambda o: money(WORTH[o]), names=("id", "customer_id", "created_at", "total"))
    paid: Rows = [
        ("order_id", "payment_type", "paid"),
        *((o, "card", money(50)) for o in LINES for _ in range(2)),
    ]
    text = taken(tmp_path, orders=orders, payments=paid)[1]
    assert "join:" not in text


def test_payments_of_orders_are_not_counted_again(tmp_path: Path) -> None:
    orders = heads(lambda o: money(WORTH[o]), names=("order_id", "customer_id", "order_date", "total"))
    paid: Rows = [("payment_id", "order_id", "customer_id", "paid_at", "amount")]
    paid += [(f"p{o}", o, f"m{int(o[1:]) % 7}", day(o), money(WORTH[o])) for o in LINES]
    purchases, text, _ = taken(tmp_path, orders=orders, payments=paid)
    assert purchases["amount_cents"].sum() == ALL
    assert "tells of the orders of orders.csv once more" in text
