"""Amounts of purchases beside what their source says of them: currencies, totals of orders, refunds."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

import polars as pl

from training.sources.judging.findings import Finding
from training.sources.judging.order_totals import (
    CLEARLY,
    ENOUGH,
    Discount,
    Sum,
    amount,
    best,
    by_order,
    sums,
    together,
    worth,
)
from training.sources.judging.quarantine import with_marks
from training.sources.reading.files import FILE
from training.sources.reading.money_marks import named_mark
from training.sources.source_rows import BESIDE

CODE = r"^(?:[A-Za-z]{3}|[¥￥$€£₹₩])$"
TOO_MUCH, TOO_LITTLE = (
    0.05,
    0.33,
)  # of the totals: more than a discount may explain, than tax and shipping may
MANY_REFUNDS = 0.05  # of the orders with refunds
AS_TAKEN: tuple[Discount, ...] = (
    "lines",
    "none",
)  # a total may be meant before or after the discounts that are taken


@dataclass
class Amounts:
    """What was seen of the amounts so far, chunk by chunk."""

    codes: dict[tuple[str, str], Counter[str]] = field(default_factory=dict)
    orders: dict[str, list[pl.DataFrame]] = field(default_factory=dict)
    traded: list[pl.DataFrame] = field(default_factory=list)

    def add(self, frame: pl.DataFrame, aside: pl.DataFrame) -> None:
        """Look at one chunk, whose rows are of one source."""
        good = with_marks(frame, aside).filter(~pl.col("_aside"))
        marks = {mark: named_mark(mark) for mark in frame.columns if mark.startswith(BESIDE)}
        for mark, (source, key, name) in marks.items():
            if key == "currency":
                self._codes(good[mark], source, name)
        totals = {mark: told for mark, told in marks.items() if told[1] != "currency"}
        if any(key == "total" for _, key, _ in totals.values()):
            source = next(iter(totals.values()))[0]
            renamed = {mark: f"{key}:{name}" for mark, (_, key, name) in totals.items()}
            self.orders.setdefault(source, []).append(_orders(good.rename(renamed), list(renamed.values())))
        self.traded.append(_traded(good))

    def findings(self) -> Iterator[Finding]:
        """Say which amounts cannot be taken as they are."""
        for (source, name), counts in self.codes.items():
            if len(counts) > 1:
                yield _several(source, name, counts.most_common(5), len(counts))
        for source, parts in self.orders.items():
            yield from _not_adding_up(source, together(pl.concat(parts, how="diagonal").lazy()))
        if self.traded:
            yield from _refunds(pl.concat(self.traded))

    def agreements(self) -> Iterator[str]:
        """Say which totals of orders their lines add up to."""
        for source, parts in self.orders.items():
            taken, _ = _taken(together(pl.concat(parts, how="diagonal").lazy()))
            if taken is not None and taken.share >= ENOUGH:
                beside = "".join(f" and {name.partition(':')[2]}" for name in taken.extras)
                yield (
                    f"amounts add up: prices times quantity{beside} reach {taken.total.partition(':')[2]} of "
                    f"{source} in {taken.fits:,} of {taken.orders:,} orders"
                )

    def _codes(self, cells: pl.Series, source: str, name: str) -> None:
        told = cells.filter(cells.str.contains(CODE).fill_null(False)).str.to_uppercase()
        counts = dict(told.value_counts().iter_rows())
        self.codes.setdefault((source, name), Counter()).update(counts)


def _several(source: str, name: str, told: list[tuple[str, int]], kinds: int) -> Finding:
    listed = ", ".join(f"{code} {count:,}" for code, count in sorted(told, key=lambda one: (-one[1], one[0])))
    says = f"{name} of {source} has {kinds} currencies ({listed} rows), which are added up"
    advice = (
        f"Make a field of rates, `rate: {{column: {name}, map: {{CODE: RATE}}}}`, and take the price times it"
        ", or take one currency with `where`"
    )
    return Finding("purchases", "currencies", says, advice)


def _orders(good: pl.DataFrame, columns: list[str]) -> pl.DataFrame:
    """Sums of orders that have nothing but sales; a returned line leaves an order's total as it was."""
    lines = good.select(
        *columns,
        order=pl.concat_str(FILE, pl.lit("\x1f"), "order_id"),
        quantity="quantity",
        price="unit_price_cents",
        discount=_discount(good),
        back=_is_return(good),
    )
    sold = lines.filter(pl.col("order").is_not_null() & ~pl.col("back").any().over("order"))
    return by_order(sold.drop("back"), columns)


def _discount(frame: pl.DataFrame) -> pl.Expr:
    there = pl.col("discount_cents") if "discount_cents" in frame.columns else pl.lit(0)
    return there.cast(pl.Int64).fill_null(0)


def _is_return(frame: pl.DataFrame) -> pl.Expr:
    return (pl.col("kind") if "kind" in frame.columns else pl.lit("sale")).fill_null("sale") == "return"


def _not_adding_up(source: str, orders: pl.DataFrame) -> Iterator[Finding]:
    """Hold the sums of orders against their totals."""
    taken, found = _taken(orders)
    if taken is None or taken.share >= ENOUGH:
        return
    first = found[0]
    if first.share >= ENOUGH and first.share > taken.share + CLEARLY:
        yield Finding("purchases", "amounts", _says(source, orders, taken, first), _mend(first))
        return
    made, asked = (
        orders.filter(amount(orders, taken.total) > 0)
        .select(made=worth(True, taken.discount).sum(), asked=amount(orders, taken.total).sum())
        .row(0)
    )
    stops = made > (1 + TOO_MUCH) * asked or made < (1 - TOO_LITTLE) * asked
    advice = (
        "Look whether the price is that of a piece, whether discounts are taken once, and whether the total "
        "has tax and shipping, which prices of lines have not"
    )
    yield Finding("purchases", "amounts", _says(source, orders, taken), advice, stops=stops)


def _taken(orders: pl.DataFrame) -> tuple[Sum | None, list[Sum]]:
    """How lines as they are taken come nearest to a total, and all ways to add up."""
    columns = [name.partition(":")[2] for name in orders.columns if name.startswith("sum:")]
    totals = [name for name in columns if name.startswith("total:")]
    found = sums(orders, totals, [name for name in columns if name not in totals])
    return best(found, True, AS_TAKEN), found


def _says(source: str, orders: pl.DataFrame, taken: Sum, other: Sum | None = None) -> str:
    """Tell how many orders add up, with one that does not, and how much that is in all."""
    total, by = amount(orders, taken.total), worth(True, taken.discount)
    table = orders.filter(total > 0).select(id="order", made=by, asked=total)
    off = table.filter((pl.col("made") - pl.col("asked")).abs() > 0.05 * pl.col("asked"))
    row = (off if off.height else table).sort("id").row(0, named=True)
    name = taken.total.partition(":")[2]
    made, asked = table["made"].sum() / 100, table["asked"].sum() / 100
    says = (
        f"amounts do not add up: prices times quantity reach {name} of {source} in {taken.fits:,} of "
        f"{taken.orders:,} orders"
    )
    if other is not None:
        says += f", {_way(other)} in {other.fits:,}"
    return says + (
        f" (one order: {row['made'] / 100:,.2f} instead of {row['asked'] / 100:,.2f}; in all "
        f"{made:,.2f} instead of {asked:,.2f})"
    )


def _way(one: Sum) -> str:
    price = "prices times quantity" if one.by_piece else "prices alone"
    return price + (" and one discount an order" if one.discount == "once" else "")


def _mend(one: Sum) -> str:
    if not one.by_piece:
        return "The price is that of its line already: say `quantity: {value: 1}`"
    return "The discount is the order's and is counted on each line: make a field of it with `spread`"


def _traded(good: pl.DataFrame) -> pl.DataFrame:
    """What each order sold and took back; orders that are counted anew in each file tell nothing."""
    value = (pl.col("quantity") * pl.col("unit_price_cents")).abs()
    back = _is_return(good).alias("back")
    return good.group_by("order_id", back).agg(value=value.sum(), off=_discount(good).sum())


def _refunds(traded: pl.DataFrame) -> Iterator[Finding]:
    """Find orders that gave back more than they ever cost."""
    whole = traded.group_by("order_id").agg(
        sold=(pl.col("value") - pl.col("off")).filter(~pl.col("back")).sum(),
        back=pl.col("value").filter("back").sum(),
        list=pl.col("value").filter(~pl.col("back")).sum(),
    )
    both = whole.filter((pl.col("back") > 0) & (pl.col("list") > 0))
    over = both.filter(pl.col("back") > pl.max_horizontal("sold", "list") * 1.01 + 1).sort("order_id")
    if not over.height:
        return
    row = over.row(0, named=True)
    lost = (over["back"] - over["sold"]).sum() / 100
    says = (
        f"{over.height:,} of {both.height:,} orders with refunds give back more than they cost, "
        f"as one does {row['back'] / 100:,.2f} of {row['sold'] / 100:,.2f}; in all {lost:,.2f} too much"
    )
    advice = "Look whether a refund of the whole order stands on each of its lines (`spread` splits it)"
    stops = over.height >= max(MANY_REFUNDS * both.height, 2)
    yield Finding("purchases", "refunds", says, advice, stops=stops)
