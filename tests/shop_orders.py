"""Orders of a shop whose people, orders and money are known, and what comes of files of them."""

import csv
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl

from training.sources.check import Check, check
from training.sources.proposal.propose import propose

# order, member, sku, pieces, cents of a piece; three orders of two lines, one of one line
LINES = [
    (f"o{n}", f"m{n % 9}", f"s{line}", 1 + line, 1_050 + 100 * n + line)
    for n in range(36)
    for line in range(1 + (n % 4 > 0))
]
WORTH = {
    name: sum(q * p for o, _, _, q, p in LINES if o == name) for name in dict.fromkeys(r[0] for r in LINES)
}
HEAD = ("order_no", "customer_id", "ordered_at", "sku", "qty", "price")
TAKEN = {"o1", "o2", "o5", "o6", "o9"}  # what was cancelled, refunded, tried out


def day(order: str) -> str:
    return str(datetime(2024, 1, 1, 9) + timedelta(days=int(order[1:])))


def money(cents: int) -> str:
    return f"{cents / 100:.2f}"


def is_first(at: int) -> bool:
    return at == 0 or LINES[at - 1][0] != LINES[at][0]


def rows(*more: Any) -> list[tuple[Any, ...]]:
    """The usual rows, and further cells made of an order and whether it is its first line."""
    return [
        (o, m, day(o), s, q, money(p), *(cell(at) for cell in more))
        for at, (o, m, s, q, p) in enumerate(LINES)
    ]


def taken(folder: Path, **files: list[tuple[Any, ...]]) -> tuple[dict[str, pl.DataFrame], list[str], Check]:
    """What comes of files, the first row of each its header."""
    for name, content in files.items():
        with (folder / f"{name}.csv").open("w", newline="") as file:
            csv.writer(file).writerows(content)
    found = propose([folder / f"{name}.csv" for name in files])
    (folder / "m.yaml").write_text(found.text)
    kept: dict[str, pl.DataFrame] = {}

    def keep(name: str, frames: Any) -> None:
        kept[name] = pl.concat(list(frames), how="diagonal_relaxed")

    return kept, found.unsure, check(folder / "m.yaml", keep=keep)


def assert_sums(purchases: pl.DataFrame, orders: int, cents: int) -> None:
    assert purchases["member_id"].n_unique() == 9
    assert purchases.filter(pl.col("amount_cents") > 0)["order_id"].n_unique() == orders
    assert purchases["amount_cents"].sum() == cents


ALL = sum(WORTH.values())
LEFT = sum(worth for order, worth in WORTH.items() if order not in TAKEN)
