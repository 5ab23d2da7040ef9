"""What of an order is told by a sign, a state beside its own, or an empty cell; sums are known beforehand."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from shop_orders import (
    ALL,
    HEAD,
    LEFT,
    LINES,
    TAKEN,
    WORTH,
    assert_sums,
    day,
    is_first,
    money,
    rows,
    taken,
)

FILLED = ("order_no", "customer_id", "ordered_at", "status", "sku", "qty", "price")


@pytest.mark.parametrize("name", ["cancelled_at", "Storno-Grund", "取消时间"])
def test_orders_with_a_time_or_reason_of_cancelling_are_left_out(tmp_path: Path, name: str) -> None:
    word = "2024-03-01 10:00" if "Grund" not in name else "doppelt"
    state = rows(lambda at: word if LINES[at][0] in TAKEN else "")
    kept, unsure, _ = taken(tmp_path, orders=[(*HEAD, name), *state])
    assert_sums(kept["purchases"], 31, LEFT)
    assert any("taken as cancelled, and left out" in said for said in unsure)


def test_a_reference_of_nothing_else_is_of_the_order_where_one_of_products_is_there(tmp_path: Path) -> None:
    head = ["reference", *("product_reference" if name == "sku" else name for name in HEAD)]
    kept, _, _ = taken(tmp_path, orders=[head, *((f"R{row[0]}", *row) for row in rows())])
    assert_sums(kept["purchases"], 36, ALL)
    assert {*kept["purchases"]["product_id"]} == {"s0", "s1"}


def test_a_state_after_the_sale_of_which_most_orders_have_none(tmp_path: Path) -> None:
    state = rows(lambda at: "完成", lambda at: "退款成功" if LINES[at][0] in TAKEN else "-")
    kept, _, _ = taken(tmp_path, orders=[(*HEAD, "订单状态", "售后状态"), *state])
    assert_sums(kept["purchases"], 31, LEFT)


def test_a_negative_total_beside_a_price_and_pieces_is_a_return(tmp_path: Path) -> None:
    sign = {order: -1 if order in TAKEN else 1 for order in WORTH}
    total = rows(lambda at: money(sign[LINES[at][0]] * LINES[at][3] * LINES[at][4]))
    kept, unsure, _ = taken(tmp_path, orders=[(*HEAD, "line_total"), *total])
    assert_sums(kept["purchases"], 31, LEFT - (ALL - LEFT))
    assert any("lines with a negative line_total are taken as returns" in said for said in unsure)


def test_a_discount_in_brackets_is_taken_off_the_total_before_it(tmp_path: Path) -> None:
    off = {order: 100 if order in TAKEN else 0 for order in WORTH}
    lines = [
        (o, m, day(o), s, q, money(q * p), f"({money(off[o])})" if off[o] else "0.00", money(q * p - off[o]))
        for o, m, s, q, p in LINES
    ]
    head = ("Sale ID", "Customer ID", "Date", "Item", "Qty", "Subtotal ($)", "Discounts ($)", "Total ($)")
    kept, _, _ = taken(tmp_path, sales=[head, *lines])
    assert_sums(kept["purchases"], 36, ALL - sum(off[o] for o, *_ in LINES))


def filled(last: tuple[Any, ...] | None = None) -> list[tuple[Any, ...]]:
    head = ("Order Reference", "Creation Date", "Customer", "Status", "Order Lines/Product",
            "Order Lines/Quantity", "Order Lines/Unit Price")  # fmt: skip
    lines = [
        (
            *((o, day(o), m, "Quotation" if o in TAKEN else "Sales Order") if is_first(at) else ("",) * 4),
            s,
            q,
            money(p),
        )
        for at, (o, m, s, q, p) in enumerate(LINES)
    ]
    return [head, *lines, *([last] if last else [])]


def test_the_number_of_an_order_on_its_first_line_only(tmp_path: Path) -> None:
    kept, unsure, _ = taken(tmp_path, orders=filled())
    assert_sums(kept["purchases"], 31, LEFT)
    assert kept["purchases"]["product_id"].n_unique() == len({one[2] for one in LINES})
    assert any("stand on the first line of each Order Reference only" in said for said in unsure)


def test_a_row_of_totals_goes_on_with_no_order(tmp_path: Path) -> None:
    kept, unsure, _ = taken(tmp_path, orders=filled(("", "", "", "", "", 99, "999.00")))
    assert kept["purchases"]["amount_cents"].sum() < LEFT
    assert any("of the rows have no Customer" in said for said in unsure)


def test_credit_notes_are_refunds(tmp_path: Path) -> None:
    back = [
        (f"c{o}", o, LINES[at][1], str(datetime(2024, 6, 1) + timedelta(days=at)), "10.00")
        for at, (o, *_) in enumerate(LINES)
        if o in TAKEN and is_first(at)
    ]
    head = ("credit_note_no", "reference_invoice_number", "customer_id", "credit_note_date", "total")
    kept, _, _ = taken(tmp_path, orders=[HEAD, *rows()], credit_notes=[head, *back])
    assert_sums(kept["purchases"], 36, ALL - 5 * 1_000)


@pytest.mark.parametrize("words", [("销售", "退货"), ("Sale", "Refund")])
@pytest.mark.parametrize("amount", ["price", "line_total"])
def test_returns_that_a_word_tells_and_no_sign(tmp_path: Path, words: tuple[str, str], amount: str) -> None:
    of_line = amount == "line_total"
    told = [(o, m, day(o), s, q, money(p * q if of_line else p)) for o, m, s, q, p in LINES]
    sold = [(*line, words[0]) for line in told]
    back = [(*line, words[1]) for line in told if line[0] in TAKEN]
    kept, unsure, _ = taken(tmp_path, orders=[(*HEAD[:-1], amount, "type"), *sold, *back])
    assert_sums(kept["purchases"], 36, LEFT)
    assert any(f"rows whose type is {words[1]} are taken as returns" in said for said in unsure)
