"""Amounts of money objects: in cents with some makers, in whole units with others, and never guessed."""

import json
from pathlib import Path
from typing import Any

import pytest
from exported import taken

from training.sources.check import check

AMOUNTS = [1990 + 7 * n for n in range(30)]


def orders(**amount: Any) -> dict[str, str | bytes]:
    """Orders as JSON lines, whose amounts are made of a number in cents."""
    rows = [
        {"order_id": f"o{n}", "customer_id": f"c{n % 5}", "created_at": f"2024-03-{n % 28 + 1:02}"}
        | {name: make(cents) if callable(make) else make for name, make in amount.items()}
        for n, cents in enumerate(AMOUNTS)
    ]
    return {"orders.jsonl": "\n".join(json.dumps(row) for row in rows)}


def cents(currency: str) -> Any:
    return lambda amount: {"amount": amount, "currency": currency}


KNOWN = {
    "square": (orders(total_money=cents("USD")), 1),
    "square, yen": (orders(total_money=cents("JPY")), 100),
    "square, dinar": (orders(total_money=cents("KWD")), 0.1),
    "stripe": (orders(object="charge", amount=lambda n: n, currency="eur"), 1),
    "adyen": (orders(pspReference="P", amount=lambda n: {"value": n, "currency": "EUR"}), 1),
    "paypal": (orders(amount=lambda n: {"value": f"{n / 100:.2f}", "currency_code": "USD"}), 1),
    "whole, as text": (orders(amount=lambda n: {"value": f"{n}.00", "currency": "USD"}), 100),
    "won": (orders(total=cents("KRW")), 100),
    "agrees": (orders(total=cents("EUR"), shown=lambda n: f"{n / 100:.2f} €"), 1),
    "name": (orders(total_price=lambda n: {"amount_cents": n, "currency": "EUR"}), 1),
}


@pytest.mark.parametrize("maker", KNOWN)
def test_what_tells_the_unit_is_taken(tmp_path: Path, maker: str) -> None:
    files, times = KNOWN[maker]
    _, _, rows = taken(tmp_path, files)
    assert rows["purchases"]["amount_cents"].to_list() == [int(times * n + 0.5) for n in AMOUNTS]
    assert not [one for one in check(tmp_path / "proposed.yaml").findings if one.is_fatal]


def test_a_unit_that_nothing_tells_stops_until_it_is_said(tmp_path: Path) -> None:
    taken(tmp_path, orders(total=cents("CNY")))
    path = tmp_path / "proposed.yaml"
    (found,) = check(path).findings
    assert (found.name, found.is_fatal) == ("purchases.minor_units", True)
    path.write_text(path.read_text().replace("times: 100", "times: 1"))
    assert not [*check(path).findings]


def test_a_factor_that_contradicts_the_maker_stops(tmp_path: Path) -> None:
    taken(tmp_path, orders(total_money=cents("USD")))
    path = tmp_path / "proposed.yaml"
    path.write_text(path.read_text().replace("times: 1\n", "times: 100\n"))
    assert [one.name for one in check(path).findings] == ["purchases.minor_units"]


def test_amounts_of_lines_in_a_list_are_read_by_their_currency(tmp_path: Path) -> None:
    items = [
        {"sku": sku, "quantity": 2, "total_money": {"amount": amount, "currency": "USD"}}
        for sku, amount in (("a", 500), ("b", 300))
    ]
    _, _, rows = taken(tmp_path, orders(line_items=items))
    assert rows["purchases"]["amount_cents"].sum() == len(AMOUNTS) * (500 + 300)


FEN = {
    "v2": ({"out_trade_no": "T", "total_fee": lambda n: n, "fee_type": "CNY"}, "total_fee"),
    "v3": ({"out_trade_no": "T", "amount": lambda n: {"total": n, "payer_total": n}}, "total"),
    "shop": ({"openid": "o", "price_info": lambda n: {"order_price": n, "freight": 0}}, "order_price"),
    "douyin": ({"doudian_open_id": "o", "order_amount": lambda n: n}, "order_amount"),
}


@pytest.mark.parametrize("maker", FEN)
def test_systems_that_count_in_fen(tmp_path: Path, maker: str) -> None:
    amounts, named = FEN[maker]
    proposal, _, rows = taken(tmp_path, orders(**amounts))
    assert rows["purchases"]["amount_cents"].to_list() == AMOUNTS
    assert any(named in doubt and "counts in the smallest unit" in doubt for doubt in proposal.unsure)
    assert not [one for one in check(tmp_path / "proposed.yaml").findings if one.is_fatal]


def test_prices_in_whole_numbers_beside_an_openid_are_asked_about(tmp_path: Path) -> None:
    taken(tmp_path, orders(openid="o", order_price=lambda n: n))
    (found,) = check(tmp_path / "proposed.yaml").findings
    assert (found.name, found.is_fatal) == ("purchases.minor_units", True)


def test_payments_that_came_to_nothing_are_left_out(tmp_path: Path) -> None:
    states = iter(["SUCCESS", "CLOSED", "SUCCESS", "NOTPAY", "REFUND", "SUCCESS"] * 5)
    made = orders(out_trade_no="T", total_fee=lambda n: n, trade_state=lambda _: next(states))
    _, _, rows = taken(tmp_path, made)
    assert rows["purchases"]["amount_cents"].to_list() == [
        n for place, n in enumerate(AMOUNTS) if place % 6 in (0, 2, 5)
    ]
