"""A simulated brand: member data with known mechanisms, and the truth about them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

import numpy as np
import polars as pl

from training.synthetic import campaigns, orders, truth
from training.synthetic.blemishes import wrong_rows
from training.synthetic.block import Block, Frames, Plan, simulate_block
from training.synthetic.calendar import Calendar, build
from training.synthetic.churn_truth import churn_probability
from training.synthetic.frames import ids
from training.synthetic.world import Stream, streams

__all__ = ["Brand", "churn_probability", "simulate"]

BY_MEMBER = ("visits", "shocks", "lots", "credits")  # tables of truth that name members by their row
BLOCK = 25_000  # members or leads that are held in arrays at once


@dataclass(frozen=True)
class Brand:
    """A brand's member data, and the truth behind them.

    Parameters
    ----------
    tables
        Raw rows in the contract's shape, by table; about one in a thousand is wrong on purpose.
    truth
        Never to be read by features: ``response`` and ``lead`` (true probabilities), ``members``,
        ``visits``, ``shocks`` and ``calendar`` (from which ``churn_probability`` works), ``effects``
        (true effects by name), ``state`` (from which ``option_truth.chances`` works) and
        ``planted`` (wrong rows by table and fault).
    own
        Tables that no contract knows, as a source writes them: ``points`` and ``coupons`` where the brand
        has a loyalty programme, whose state is in the truth then (``lots``, ``credits``).
    """

    tables: dict[str, pl.DataFrame]
    truth: dict[str, pl.DataFrame]
    own: Mapping[str, pl.DataFrame] = field(default_factory=dict)


def simulate(members: int, leads: int, start: date, end: date, seed: int, loyalty: bool = False) -> Brand:
    """Return a brand with ``members`` members and ``leads`` leads over the days from ``start`` to ``end``.

    The same arguments give the same rows. Rows that happen, or become known, at ``end`` or later are not
    in the tables, except those planted to be wrong. With ``loyalty`` there are points and coupons, which
    move members (``training.synthetic.loyalty``); without, every row is what it was before there were any.

    Raises
    ------
    ValueError
        Where the period is shorter than 120 days, or there are no members or leads.
    """
    if (end - start).days < 120:
        raise ValueError(f"brand: {start} to {end} is too short; allowed are 120 days or more")
    if members < 1 or leads < 1:
        raise ValueError(f"brand: {members} members and {leads} leads; allowed are 1 or more of each")
    common = streams(seed)
    plan = _plan(start, end, common, loyalty)
    blocks = _blocks(plan, members, leads, seed, common)
    sums = {name: sum(block.sums[name] for block in blocks) for name in blocks[0].sums}
    tables = {
        "products": plan.products.sort("product_id"),
        "campaigns": campaigns.table(plan.campaigns, plan.campaign_ids, common("plans")).sort("occurred_at"),
    }
    rows, planted = _merged([block.tables for block in blocks], plan.calendar, common)
    tables |= rows
    found = _stacked([block.truth for block in blocks])
    effects = truth.effect_truth(plan.calendar, sums)
    clock = truth.calendar_truth(plan.calendar)
    own = {name: pl.concat([block.own[name] for block in blocks]) for name in blocks[0].own}
    return Brand(tables, {**found, "calendar": clock, "effects": effects, "planted": planted}, own)


def _plan(start: date, end: date, common: Stream, loyalty: bool) -> Plan:
    calendar = build(start, end)
    sent = campaigns.draw(calendar, common("campaigns"))
    products, prices = orders.products(common("products"))
    campaign_ids = ids("c", len(sent.time), common("campaign ids"))
    return Plan(calendar, sent, campaign_ids, products, prices, loyalty)


def _blocks(plan: Plan, members: int, leads: int, seed: int, common: Stream) -> list[Block]:
    """Blocks of about equal size; the ids are shuffled over all of them."""
    count = min(-(-max(members, leads // 2) // BLOCK), members, leads)
    member_ids, lead_ids = ids("m", members, common("m ids")), ids("l", leads, common("l ids"))

    def part(series: pl.Series, block: int) -> pl.Series:
        first, last = (len(series) * edge // count for edge in (block, block + 1))
        return series[first:last]

    return [
        simulate_block(plan, part(member_ids, i), part(lead_ids, i), streams(seed, i + 1), i, count)
        for i in range(count)
    ]


def _merged(parts: list[Frames], calendar: Calendar, common: Stream) -> tuple[Frames, pl.DataFrame]:
    """The blocks' rows in order of time with wrong ones among them, and how many of which fault.

    Each block gives up its rows, so that no table is held twice.
    """
    merged, planted = {}, []
    for name in list(parts[0]):
        frame = pl.concat([part.pop(name) for part in parts])
        wrong = wrong_rows(name, frame, calendar, common(f"wrong {name}"))
        planted += [(name, fault, rows.height) for fault, rows in wrong.items()]
        frame = pl.concat([frame, *wrong.values()])
        merged[name] = _in_time(frame)
    schema = {"table": pl.String, "fault": pl.String, "rows": pl.Int64}
    return merged, pl.DataFrame(planted, schema=schema, orient="row")


def _in_time(frame: pl.DataFrame) -> pl.DataFrame:
    """The rows in order of time; ``frame`` loses its columns one by one, so that it is not held twice."""
    order = pl.Series(
        np.argsort(frame["occurred_at"].to_physical().to_numpy(), kind="stable"), dtype=pl.UInt32
    )
    return pl.DataFrame([frame.drop_in_place(name).gather(order) for name in frame.columns])


def _stacked(parts: list[Frames]) -> Frames:
    """The blocks' truth one under the other; ``member`` is the row among all members."""
    first, shifted = 0, []
    for part in parts:
        rows = {name: part[name].with_columns(pl.col("member") + first) for name in BY_MEMBER if name in part}
        first += part["members"].height
        shifted.append({**part, **rows})
    return {name: pl.concat([part[name] for part in shifted]) for name in shifted[0]}
