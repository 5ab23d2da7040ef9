"""Ways in which shops write orders, each against the people, orders and money that are known beforehand."""

from pathlib import Path
from typing import Any

import polars as pl
import pytest
from shop_orders import ALL, HEAD, LEFT, LINES, TAKEN, WORTH, assert_sums, day, is_first, money, rows, taken

from training.sources.reading.header import header_of
from training.sources.reading.number_format import decimal_mark


def test_order_fields_on_the_first_line_only(tmp_path: Path) -> None:
    lines = [
        (
            o,
            *((m, day(o), "cancelled" if o in TAKEN else "paid") if is_first(at) else ("", "", "")),
            s,
            q,
            money(p),
        )
        for at, (o, m, s, q, p) in enumerate(LINES)
    ]
    head = ("order_no", "customer_id", "ordered_at", "status", "sku", "qty", "price")
    kept, unsure, _ = taken(tmp_path, orders=[head, *lines])
    assert_sums(kept["purchases"], 31, LEFT)
    assert any("stand on the first line of each order_no only" in said for said in unsure)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("status", ("refunded", "completed")),
        ("is_test", ("true", "false")),
        ("订单状态", ("已退款", "交易成功")),
    ],
)
def test_orders_that_a_column_takes_back_are_left_out(
    tmp_path: Path, name: str, words: tuple[str, str]
) -> None:
    state = rows(lambda at: words[LINES[at][0] not in TAKEN])
    kept, unsure, _ = taken(tmp_path, orders=[(*HEAD, name), *state])
    assert_sums(kept["purchases"], 31, LEFT)
    assert any(f"rows whose {name} is {words[0]} are left out" in said for said in unsure)


@pytest.mark.parametrize(
    ("back", "says"),
    [
        (lambda at: money(1_000) if LINES[at][0] in TAKEN else "0.00", "the order's, split over its lines"),
        (lambda at: money(1_000) if LINES[at][0] in TAKEN and is_first(at) else "0.00", "its line's"),
    ],
)
def test_refunds_beside_the_sale(tmp_path: Path, back: Any, says: str) -> None:
    kept, unsure, _ = taken(tmp_path, orders=[(*HEAD, "refunded_amount"), *rows(back)])
    assert_sums(kept["purchases"], 36, ALL - 5 * 1_000)
    assert any(says in said for said in unsure), unsure


def test_refunds_in_a_file_of_their_own(tmp_path: Path) -> None:
    back = [
        (f"r{o}", o, m, day(o), "10.00") for at, (o, m, *_) in enumerate(LINES) if o in TAKEN and is_first(at)
    ]
    head = ("refund_id", "order_no", "customer_id", "refunded_at", "amount")
    kept, _, _ = taken(tmp_path, orders=[HEAD, *rows()], refunds=[head, *back])
    assert_sums(kept["purchases"], 36, ALL - 5 * 1_000)
    assert kept["purchases"].filter(pl.col("kind") == "return").height == 5


def test_negative_totals_of_lines_are_returns(tmp_path: Path) -> None:
    sold = [(o, m, day(o), s, q, money(q * p)) for o, m, s, q, p in LINES]
    back = [(o, m, day(o), s, f"{q}-", f"{money(q * p)}-") for o, m, s, q, p in LINES if o in TAKEN]
    kept, _, _ = taken(tmp_path, orders=[(*HEAD[:-1], "line_total"), *sold, *back])
    assert_sums(kept["purchases"], 36, LEFT)


def test_a_discount_in_per_cent(tmp_path: Path) -> None:
    off = rows(lambda at: 20 if LINES[at][0] in TAKEN else 0)
    kept, unsure, _ = taken(tmp_path, orders=[(*HEAD, "discount_percent"), *off])
    assert (
        abs(kept["purchases"]["amount_cents"].sum() - (ALL - (ALL - LEFT) / 5)) < 10
    )  # each line is rounded
    assert any("discount_percent is taken as the part of the price" in said for said in unsure)


def test_amounts_in_cents(tmp_path: Path) -> None:
    lines = [(o, m, day(o), s, q, p) for o, m, s, q, p in LINES]
    kept, _, _ = taken(tmp_path, orders=[(*HEAD[:-1], "price_cents"), *lines])
    assert_sums(kept["purchases"], 36, ALL)


def test_of_an_orders_totals_that_of_the_goods_counts(tmp_path: Path) -> None:
    first = {o: m for o, m, *_ in LINES}
    lines = [
        (o, first[o], day(o), money(w + w // 5 + 490), money(w // 5), "4.90", money(w))
        for o, w in WORTH.items()
    ]
    head = ("order_id", "customer_id", "created_at", "total", "tax", "shipping", "subtotal")
    kept, _, found = taken(tmp_path, orders=[head, *lines])
    assert_sums(kept["purchases"], 36, ALL)
    assert not found.findings


def test_the_dead_are_members_who_died(tmp_path: Path) -> None:
    people = [(f"m{n}", "2023-01-01", "ja" if n < 2 else "nein") for n in range(9)]
    head = ("Kundennummer", "angemeldet_am", "verstorben")
    kept, _, _ = taken(tmp_path, kunden=[head, *people], orders=[HEAD, *rows()])
    assert kept["members"].filter("deceased")["member_id"].sort().to_list() == ["m0", "m1"]


def test_leads_that_were_closed_are_not_all_won(tmp_path: Path) -> None:
    stages = ("won", "lost", "open")
    leads = [
        (f"l{n}", day(f"o{n}"), "ads", stages[n % 3], day(f"o{n + 5}") if n % 3 < 2 else "")
        for n in range(30)
    ]
    kept, unsure, _ = taken(
        tmp_path, leads=[("lead_id", "created_at", "source", "stage", "closed_at"), *leads]
    )
    assert kept["responses"]["lead_id"].sort().to_list() == sorted(f"l{n}" for n in range(0, 30, 3))
    assert any("nor those but \"stage\" IN ('won')" in said for said in unsure)


def test_a_first_row_with_few_cells_is_no_header() -> None:
    head = ["id", "day", "a", "b", "c", "d", "e", "f", "total"]
    body = [["A1", "2024-01-02", "3", "", "", "", "", "", "7.5"]]
    body += [[f"A{n}", "2024-01-03", "1", "2", "3", "4", "5", "6", "9.5"] for n in range(9)]
    assert header_of([head, *body]) == (1,)


@pytest.mark.parametrize(
    ("cells", "mark"),
    [
        (["149", "77", "1.299", "850"], ","),
        (["149", "77", "1.299", "12850"], "."),
        (["3", "7", "0.250", "8"], "."),
        (["149", "77", "1,299", "850"], "."),
    ],
)
def test_thousands_are_told_by_the_numbers_without_a_mark(cells: list[str], mark: str) -> None:
    assert decimal_mark(pl.Series(cells)) == (mark, True)
