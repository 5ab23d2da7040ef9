"""Prices, discounts and refunds are held against the totals of their orders, in proposals and by check."""

from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from training.sources.check import check
from training.sources.judging.findings import Finding
from training.sources.proposal.propose import propose
from training.sources.reading.money_columns import meaning

ORDERS = 30
Line = Callable[[int, int], float]  # order and line to an amount
MAPPING = """about: A shop.
folder: .
unknown_members: add
sources: {lines: {file: lines.csv}}
tables:
  purchases:
    - source: lines
      columns: {member_id: customer_id, order_id: order_id, occurred_at: order_date, quantity: QUANTITY,
                unit_price_cents: {column: price, times: 100}, discount_cents: {column: discount, times: 100}}
"""


def pieces(order: int, line: int) -> int:
    return 1 + (order + line) % 3


def piece_price(order: int, line: int) -> float:
    return 10.5 + (order * 7 + line) % 13


def of_lines(amount: Line, order: int) -> float:
    return round(sum(amount(order, line) for line in range(2)), 2)


def line_worth(order: int, line: int) -> float:
    return pieces(order, line) * piece_price(order, line)


def write(folder: Path, columns: dict[str, Line]) -> Path:
    """Two lines an order, with the amounts that are asked for beside the usual columns."""
    head = ["order_id", "customer_id", "order_date", "sku", *columns]
    rows = [
        [f"o{n}", f"c{n % 7}", f"2024-{n % 12 + 1:02}-11", f"s{line}"]
        + [f"{amount(n, line):.2f}" for amount in columns.values()]
        for n in range(ORDERS)
        for line in range(2)
    ]
    path = folder / "lines.csv"
    path.write_text("\n".join(",".join(row) for row in [head, *rows]) + "\n")
    return path


def proposed(folder: Path, columns: dict[str, Line]) -> tuple[int, list[str], list[Finding]]:
    """Revenue in cents of what is proposed, the doubts, and what check finds."""
    found = propose([write(folder, columns)])
    (folder / "lines.yaml").write_text(found.text)
    rows: list[pl.DataFrame] = []
    said = check(
        folder / "lines.yaml", keep=lambda name, frames: rows.extend(frames) if name == "purchases" else None
    )
    return int(pl.concat(rows)["amount_cents"].sum()), found.unsure, list(said.findings)


def cents(amount: Line) -> int:
    return round(100 * sum(of_lines(amount, order) for order in range(ORDERS)))


@pytest.mark.parametrize(
    ("total", "is_line"),
    [
        ("order_total", False),
        ("Gesamtbetrag", False),
        ("订单总额", False),
        ("line_total", True),
        ("Row Total", True),
    ],
)
@pytest.mark.parametrize("price", [piece_price, line_worth], ids=["of a piece", "of a line"])
def test_a_price_means_what_adds_up(tmp_path: Path, price: Line, total: str, is_line: bool) -> None:
    reached: Line = line_worth if is_line else lambda order, _: of_lines(line_worth, order)
    revenue, unsure, findings = proposed(tmp_path, {"quantity": pieces, "price": price, total: reached})
    assert revenue == cents(line_worth)
    assert findings == []
    assert any("taken as the total of its line" in said for said in unsure) == (price is line_worth)


def test_a_total_with_tax_and_shipping_is_no_reason_to_doubt(tmp_path: Path) -> None:
    worth = {order: of_lines(line_worth, order) for order in range(ORDERS)}
    columns: dict[str, Line] = {
        "quantity": pieces,
        "price": piece_price,
        "shipping": lambda *_: 4.9,
        "tax": lambda order, _: round(0.19 * worth[order], 2),
        "order_total": lambda order, _: worth[order] + 4.9 + round(0.19 * worth[order], 2),
    }
    revenue, unsure, findings = proposed(tmp_path, columns)
    assert (revenue, findings) == (cents(line_worth), [])
    assert any("order_total has shipping and tax beside the lines" in said for said in unsure)


def test_a_discount_of_the_order_counts_once(tmp_path: Path) -> None:
    columns: dict[str, Line] = {
        "quantity": pieces,
        "price": piece_price,
        "discount": lambda order, _: order % 4,
        "order_total": lambda order, _: of_lines(line_worth, order) - order % 4,
    }
    revenue, unsure, findings = proposed(tmp_path, columns)
    assert revenue == cents(line_worth) - 100 * sum(order % 4 for order in range(ORDERS))
    assert findings == []
    assert any("discount is taken as the order's and split over its lines" in said for said in unsure)


def test_the_amount_of_an_order_on_each_of_its_lines_is_split(tmp_path: Path) -> None:
    revenue, unsure, _ = proposed(
        tmp_path, {"quantity": pieces, "amount": lambda order, _: of_lines(line_worth, order)}
    )
    assert revenue == cents(line_worth)
    assert any("amount is the same on all lines of 30 orders" in said for said in unsure)


def test_amounts_of_lines_below_nothing_are_returns(tmp_path: Path) -> None:
    back: Line = lambda order, line: (-1 if order == 3 else 1) * line_worth(order, line)  # noqa: E731
    revenue, _, _ = proposed(tmp_path, {"amount": back})
    assert revenue == cents(back)


def checked(folder: Path, columns: dict[str, Line], quantity: str = "quantity") -> list[Finding]:
    write(folder, columns)
    (folder / "lines.yaml").write_text(MAPPING.replace("QUANTITY", quantity))
    return list(check(folder / "lines.yaml").findings)


def nothing(*_: int) -> float:
    return 0


def test_a_mapping_that_multiplies_totals_of_lines_is_stopped(tmp_path: Path) -> None:
    columns: dict[str, Line] = {
        "quantity": pieces,
        "price": line_worth,
        "discount": nothing,
        "order_total": lambda order, _: of_lines(line_worth, order),
    }
    (found,) = checked(tmp_path, columns)
    assert (found.name, found.stops) == ("purchases.amounts", True)
    assert "prices alone in 30" in found.says
    assert "instead of" in found.says
    assert "quantity: {value: 1}" in found.advice
    assert checked(tmp_path, columns, "{value: 1}") == []


def test_a_discount_counted_on_each_line_is_stopped(tmp_path: Path) -> None:
    columns: dict[str, Line] = {
        "quantity": pieces,
        "price": piece_price,
        "discount": lambda order, _: 2 + order % 4,
        "order_total": lambda order, _: of_lines(line_worth, order) - 2 - order % 4,
    }
    (found,) = checked(tmp_path, columns)
    assert found.stops
    assert "`spread`" in found.advice


@pytest.mark.parametrize(("factor", "stops"), [(0.8, True), (1.19, False), (3.0, True)])
def test_totals_that_nothing_explains(tmp_path: Path, factor: float, stops: bool) -> None:
    """A fifth more may be tax; less than was counted is revenue that nobody paid."""
    columns: dict[str, Line] = {
        "quantity": pieces,
        "price": piece_price,
        "discount": nothing,
        "order_total": lambda order, _: factor * of_lines(line_worth, order),
    }
    (found,) = checked(tmp_path, columns)
    assert (found.name, found.stops) == ("purchases.amounts", stops)
    assert "in 0 of 30 orders" in found.says


@pytest.mark.parametrize("per_line", [True, False])
def test_refunds_above_the_sale(tmp_path: Path, per_line: bool) -> None:
    refund: Line = lambda order, line: (  # noqa: E731
        (of_lines(line_worth, order) if per_line else line_worth(order, line)) if order % 5 == 0 else 0
    )
    write(tmp_path, {"quantity": pieces, "price": piece_price, "discount": nothing, "refund": refund})
    more = """    - source: lines
      where: CAST(refund AS DOUBLE) > 0
      columns: {member_id: customer_id, order_id: order_id, occurred_at: order_date, kind: {value: return},
                quantity: {value: -1}, unit_price_cents: {column: refund, times: 100}}
"""
    (tmp_path / "lines.yaml").write_text(MAPPING.replace("QUANTITY", "quantity") + more)
    found = [one for one in check(tmp_path / "lines.yaml").findings if one.kind == "refunds"]
    assert [one.stops for one in found] == ([True] if per_line else [])
    if per_line:
        assert "6 of 6 orders with refunds give back more than they cost" in found[0].says


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("Order Total", "total"),
        ("Total (EUR)", "total"),
        ("Gesamtbetrag", "total"),
        ("total_orders", None),
        ("total_spent", None),
        ("unit_price", None),
        ("Taxes", "tax"),
        ("Versandkosten", "shipping"),
        ("运费", "shipping"),
        ("Currency Code", "currency"),
    ],
)
def test_what_columns_tell_of_amounts(name: str, key: str | None) -> None:
    assert meaning(name) == key
