"""Without totals of orders it is products that tell what a price is of."""

import random
from collections.abc import Callable
from pathlib import Path

import pytest
from exported import taken

Price = Callable[[int, int], int]  # from what a piece costs and the pieces, in cents


def lines(price: Price) -> tuple[str, int, int]:
    """Lines of thirty products and a few returns with both numbers below zero; cents sold and given back."""
    rng, rows, sold = random.Random(0), ["item,price,order,timestamp,customer,quantity"], [0, 0]
    cost = {n: rng.choice([300, 899, 1250, 4500]) for n in range(30)}
    for at in range(200):
        item, pieces, sign = rng.randrange(30), rng.randint(1, 4), -1 if at % 40 == 39 else 1
        piece = cost[item] * rng.choice([10, 10, 9]) // 10
        sold[at % 40 == 39] += piece * pieces
        day = f"2025-{rng.randint(1, 12):02}-{rng.randint(1, 28):02}T10:00:00Z"
        amount = sign * price(piece, pieces) / 100
        rows.append(f"SKU{item},{amount:.2f},O{at},{day},C{rng.randrange(60)},{sign * pieces}")
    return "\n".join(rows), sold[0], sold[1]


@pytest.mark.parametrize(
    ("price", "said"),
    [
        (lambda piece, pieces: piece, "of lines with negative pieces is taken without its sign"),
        (lambda piece, pieces: piece * pieces, "is taken as the total of its line"),
    ],
)
def test_prices_of_pieces_and_of_lines_are_told_apart_and_returns_stay(
    tmp_path: Path, price: Price, said: str
) -> None:
    content, sold, back = lines(price)
    proposal, _, tables = taken(tmp_path, {"sales_items.csv": content})
    assert any(said in one for one in proposal.unsure)
    money = tables["purchases"].group_by("kind").agg(cents="amount_cents").to_dicts()
    found = {row["kind"]: sum(row["cents"]) for row in money}
    assert {kind: abs(cents) for kind, cents in found.items()} == {"sale": sold, "return": back}
    assert tables["purchases"].height == 200


def test_a_price_that_grows_less_than_its_pieces_is_asked_about(tmp_path: Path) -> None:
    """As a price of a piece may be of what is sold in larger packs by the way."""
    content, *_ = lines(lambda piece, pieces: round(piece * pieces**0.6))
    proposal, *_ = taken(tmp_path, {"sales_items.csv": content})
    assert any("say what it means" in one and "price" in one for one in proposal.unsure)
