"""What an order has once, although it has several lines: filled down, or spread over them."""

import polars as pl

from training.sources.mapping.cell_spec import Spread
from training.sources.mapping.source_spec import Source
from training.sources.reading.cell_types import as_text
from training.sources.reading.files import FILE
from training.sources.reading.sql import check_present, expression

CENTS = 100


def filled(frame: pl.LazyFrame, source: Source, place: str) -> pl.LazyFrame:
    """Fill empty cells with what stands on an earlier line of the same order, never with another order's.

    Raises
    ------
    ValueError
        A column that is missing.
    """
    rule = source.fill_down
    if rule is None:
        return frame
    check_present([rule.by, *rule.columns], frame, place, source.label)
    kinds = frame.collect_schema()
    if rule.by in rule.columns:  # the number itself stands on the first line only
        frame = frame.with_columns(_present(rule.by, kinds[rule.by]).forward_fill().over(FILE))
    key = as_text(pl.col(rule.by), kinds[rule.by])
    # Lines that name no order share nothing: an empty key would make one order of them all.
    return frame.with_columns(
        pl.when(key.is_not_null())
        .then(_present(name, kinds[name]).forward_fill().over(FILE, key))
        .otherwise(name)
        .alias(name)
        for name in rule.columns
    )


def _present(name: str, kind: pl.DataType) -> pl.Expr:
    """The cells of a column as they are, null where they are blank."""
    return pl.when(as_text(pl.col(name), kind).is_not_null()).then(name)


def spread_over_lines(amount: pl.Expr, rule: Spread, frame: pl.LazyFrame, place: str, file: str) -> pl.Expr:
    """Split the first amount of each order over its lines by their weights, rounded so that nothing is lost.

    Raises
    ------
    ValueError
        A column that is missing, or a weight that is no number.
    """
    check_present([rule.by], frame, place, file)
    kinds = frame.collect_schema()
    order = [pl.col(FILE), as_text(pl.col(rule.by), kinds[rule.by])]
    weight = _weight(rule, frame, place, file)
    # Free lines only: each is as good as the other.
    weight = pl.when(weight.sum().over(order) > 0).then(weight).otherwise(1.0)
    cents = (amount.drop_nulls().first().over(order) * CENTS).round()
    reached = (cents * weight.cum_sum().over(order) / weight.sum().over(order)).round()
    whole = reached - reached.shift(1).over(order).fill_null(0)
    return pl.when(order[1].is_not_null()).then(whole / CENTS).otherwise(amount)


def _weight(rule: Spread, frame: pl.LazyFrame, place: str, file: str) -> pl.Expr:
    made = expression(rule.over, frame, place, file)
    found = frame.select(made.alias("_weight")).collect_schema()["_weight"]
    if not found.is_numeric():
        raise ValueError(f"{place}: `over` is to be a number, found {found} (say CAST(... AS DOUBLE))")
    return made.cast(pl.Float64).abs().fill_null(0.0)
