"""Ways in which the lines of orders may add up to a total that stands beside them."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import product
from typing import Literal

import polars as pl

ENOUGH = 0.9  # of the orders add up: then that is how the amounts are meant
CLEARLY = 0.05  # more of the orders than by the other way
FEW = 5  # orders, before anything is said
CONSTANT = 0.95  # of the orders of several lines have one amount on all of them: it is the order's
Discount = Literal["none", "lines", "once"]


@dataclass(frozen=True)
class Sum:
    """One way to add up, and how many orders it explains.

    Parameters
    ----------
    total
        The column that is explained.
    by_piece
        Whether a price is that of one piece; else it is the line's.
    discount
        Whether a discount is taken off each line, off the order once, or not at all.
    extras
        Columns (tax, shipping) that the total has beside the lines.
    fits, orders
        Orders that add up, and all that have a total.
    """

    total: str
    by_piece: bool
    discount: Discount
    extras: tuple[str, ...]
    fits: int
    orders: int

    @property
    def share(self) -> float:
        """Of the orders, those that add up."""
        return self.fits / self.orders


def by_order(lines: pl.DataFrame | pl.LazyFrame, columns: Iterable[str]) -> pl.DataFrame:
    """Sum up lines by order, so that sums of several chunks can be summed up once more.

    Parameters
    ----------
    lines
        ``order``, and of the line, in cents: ``quantity``, ``price``, ``discount`` and each of ``columns``.
    """
    price, discount = pl.col("price"), pl.col("discount").fill_null(0)
    found = lines.lazy().select(
        "order",
        lines=pl.lit(1, pl.Int64),
        pieces=pl.col("quantity") * price,
        plain=price,
        reduced=discount,
        once=discount,
        **{f"{end}:{name}": pl.col(name) for name in columns for end in ("sum", "min", "max")},
    )
    return together(found)


def together(parts: pl.LazyFrame) -> pl.DataFrame:
    """Sum up what ``by_order`` made of several chunks."""
    names = parts.collect_schema().names()
    ends = {"sum": pl.Expr.sum, "min": pl.Expr.min, "max": pl.Expr.max, "once": pl.Expr.max}
    made = [
        ends.get(name.partition(":")[0], pl.Expr.sum)(pl.col(name)).alias(name)
        for name in names
        if name != "order"
    ]
    return parts.group_by("order", maintain_order=True).agg(made).collect()


def of_order(orders: pl.DataFrame, name: str) -> bool:
    """Tell whether an amount is the order's, and stands on each of its lines (or on its first) again."""
    several = orders.filter((pl.col("lines") > 1) & (pl.col(f"max:{name}").fill_null(0) != 0))
    same = several.filter(pl.col(f"min:{name}") == pl.col(f"max:{name}")).height
    return same >= CONSTANT * several.height


def sums(orders: pl.DataFrame, totals: Iterable[str], extras: Iterable[str]) -> list[Sum]:
    """Return all ways to add up, the one that explains the most orders first; of equals the plainest.

    Parameters
    ----------
    orders
        As ``by_order`` makes them.
    totals, extras
        Columns that may be totals, and that may be in one beside the lines.
    """
    extras = [name for name in extras if orders[f"max:{name}"].fill_null(0).max()][:3]
    reduced = bool((orders["reduced"] != 0).any())
    discounts: tuple[Discount, ...] = ("lines", "once", "none") if reduced else ("lines",)
    ways: list[tuple[tuple[str, ...], Discount, bool]] = [
        (added, off, by_piece)
        for added in _subsets(extras)
        for off in discounts
        for by_piece in (True, False)
    ]
    found = []
    added_up = {name: amount(orders, name).fill_null(0) for name in extras}
    for total in totals:
        reached = amount(orders, total)
        asked = orders.filter(reached > 0)
        if asked.height >= FEW:
            fits = asked.select(
                _gap(reached, by_piece, off, [added_up[name] for name in added])
                .le(pl.col("lines") + 0.5)
                .sum()
                .alias(str(n))
                for n, (added, off, by_piece) in enumerate(ways)
            ).row(0)
            found += [
                Sum(total, by_piece, off, added, count, asked.height)
                for (added, off, by_piece), count in zip(ways, fits, strict=True)
            ]
    return sorted(found, key=lambda one: -one.share)


def amount(orders: pl.DataFrame, name: str) -> pl.Expr:
    """Return the amount of an order: as it stands there, or the sum of its lines."""
    return pl.col(f"max:{name}") if of_order(orders, name) else pl.col(f"sum:{name}")


def worth(by_piece: bool, discount: Discount) -> pl.Expr:
    """Return the sum of an order's lines."""
    off = {"none": pl.lit(0), "lines": pl.col("reduced"), "once": pl.col("once")}[discount]
    return (pl.col("pieces") if by_piece else pl.col("plain")) - off


def _gap(total: pl.Expr, by_piece: bool, off: Discount, added: list[pl.Expr]) -> pl.Expr:
    return (worth(by_piece, off) + pl.sum_horizontal(pl.lit(0), *added) - total).abs()


def _subsets(names: list[str]) -> Iterator[tuple[str, ...]]:
    chosen = sorted(product((False, True), repeat=len(names)), key=sum)
    for picks in chosen:
        yield tuple(name for name, taken in zip(names, picks, strict=True) if taken)


def best(found: Iterable[Sum], by_piece: bool, discounts: tuple[Discount, ...]) -> Sum | None:
    """Return the first of the ways that read prices and discounts so."""
    return next((one for one in found if one.by_piece == by_piece and one.discount in discounts), None)
