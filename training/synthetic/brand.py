"""A simulated brand: member data with known mechanisms, and the truth about them."""

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass, field
from datetime import date
from itertools import starmap
from multiprocessing import get_context

import numpy as np
import polars as pl

from training.synthetic import campaigns, orders, truth
from training.synthetic.blemishes import WRONG, wrong_rows
from training.synthetic.block import Block, Frames, Plan, simulate_block
from training.synthetic.calendar import Calendar, build
from training.synthetic.churn_truth import churn_probability
from training.synthetic.frames import ids
from training.synthetic.world import Stream, streams

__all__ = ["Brand", "churn_probability", "parts", "simulate"]

BY_MEMBER = ("visits", "shocks", "lots", "credits")  # tables of truth that name members by their row
PLANNED = ("products", "campaigns")  # tables that all blocks share
BLOCK = 25_000  # members or leads that are held in arrays at once
ONE_BLOCK = 3  # parts of a brand of one block: what all share, the block, what is known at the end


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

    tables: Frames
    truth: Frames
    own: Frames = field(default_factory=dict)


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
    found = list(parts(members, leads, start, end, seed, loyalty))
    tables = _stacked([part.tables for part in found])
    if len(found) > ONE_BLOCK:
        tables |= {name: _in_time(frame) for name, frame in tables.items() if name not in PLANNED}
    return Brand(tables, _stacked([part.truth for part in found]), _stacked([part.own for part in found]))


def parts(
    members: int, leads: int, start: date, end: date, seed: int, loyalty: bool = False, processes: int = 1
) -> Iterator[Brand]:
    """Yield the brand of ``simulate`` a part at a time, so that a large one is never in memory as a whole.

    Rows of one part are in order of time; those of a table are in several parts, one under the other.
    However many ``processes`` work on a large one, it is the same.
    """
    if (end - start).days < 120:
        raise ValueError(f"brand: {start} to {end} is too short; allowed are 120 days or more")
    if members < 1 or leads < 1:
        raise ValueError(f"brand: {members} members and {leads} leads; allowed are 1 or more of each")
    common = streams(seed)
    plan = _plan(start, end, common, loyalty)
    planned = campaigns.table(plan.campaigns, plan.campaign_ids, common("plans"))
    yield Brand({"products": plan.products.sort("product_id"), "campaigns": planned.sort("occurred_at")}, {})
    first, sums, wrong = 0, dict[str, float](), {name: common(f"wrong {name}") for name in WRONG}
    for block in _blocks(plan, members, leads, seed, common, processes):
        tables, planted = _with_wrong_rows(block.tables, plan.calendar, wrong)
        found = {
            name: frame.with_columns(pl.col("member") + first) if name in BY_MEMBER else frame
            for name, frame in block.truth.items()
        }
        first += found["members"].height
        sums = {name: sums.get(name, 0.0) + value for name, value in block.sums.items()}
        yield Brand(tables, {**found, "planted": planted}, block.own)
    effects = truth.effect_truth(plan.calendar, sums)
    yield Brand({}, {"calendar": truth.calendar_truth(plan.calendar), "effects": effects})


def _plan(start: date, end: date, common: Stream, loyalty: bool) -> Plan:
    calendar = build(start, end)
    sent = campaigns.draw(calendar, common("campaigns"))
    products, prices = orders.products(common("products"))
    campaign_ids = ids("c", len(sent.time), common("campaign ids"))
    return Plan(calendar, sent, campaign_ids, products, prices, loyalty)


def _blocks(
    plan: Plan, members: int, leads: int, seed: int, common: Stream, processes: int
) -> Iterator[Block]:
    """Blocks of about equal size; the ids are shuffled over all of them."""
    count = min(-(-max(members, leads // 2) // BLOCK), members, leads)
    member_ids, lead_ids = ids("m", members, common("m ids")), ids("l", leads, common("l ids"))

    def part(series: pl.Series, block: int) -> pl.Series:
        first, last = (len(series) * edge // count for edge in (block, block + 1))
        return series[first:last]

    asked = ((plan, part(member_ids, i), part(lead_ids, i), seed, i, count) for i in range(count))
    if processes < 2 or count < 2:
        yield from starmap(_block, asked)
        return
    waiting: deque[Future[Block]] = deque()
    with ProcessPoolExecutor(processes, get_context("spawn")) as pool:
        for one in asked:
            waiting.append(pool.submit(_block, *one))
            if len(waiting) > processes:  # no more of them in memory than are worked on
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


def _block(plan: Plan, members: pl.Series, leads: pl.Series, seed: int, block: int, blocks: int) -> Block:
    return simulate_block(plan, members, leads, streams(seed, block + 1), block, blocks)


def _with_wrong_rows(
    tables: Frames, calendar: Calendar, random: Mapping[str, np.random.Generator]
) -> tuple[Frames, pl.DataFrame]:
    """The block's rows in order of time with wrong ones among them, and how many of which fault.

    The block gives up its rows, so that no table is held twice.
    """
    found, planted = {}, []
    for name in list(tables):
        frame = tables.pop(name)
        wrong = wrong_rows(name, frame, calendar, random[name]) if name in random else {}
        planted += [(name, fault, rows.height) for fault, rows in wrong.items()]
        found[name] = _in_time(pl.concat([frame, *wrong.values()]))
    schema = {"table": pl.String, "fault": pl.String, "rows": pl.Int64}
    return found, pl.DataFrame(planted, schema=schema, orient="row")


def _in_time(frame: pl.DataFrame) -> pl.DataFrame:
    """The rows in order of time; ``frame`` loses its columns one by one, so that it is not held twice."""
    order = pl.Series(
        np.argsort(frame["occurred_at"].to_physical().to_numpy(), kind="stable"), dtype=pl.UInt32
    )
    return pl.DataFrame([frame.drop_in_place(name).gather(order) for name in frame.columns])


def _stacked(parts: Sequence[Frames]) -> Frames:
    """Each table's rows, part under part; the parts give them up."""
    names = dict.fromkeys(name for part in parts for name in part)
    return {name: pl.concat([part.pop(name) for part in parts if name in part]) for name in names}
