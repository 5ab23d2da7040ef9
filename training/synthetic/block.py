"""A block of members and leads: its rows of every table, and its part of the truth.

Members do not act on each other once the campaigns are planned, so a large brand is made of blocks that
share calendar, campaigns and products, and only one block at a time is held in arrays.
"""

from dataclasses import dataclass

import polars as pl

from training.synthetic import accounts, loyalty_tables, loyalty_truth, truth
from training.synthetic import member_tables as of_members
from training.synthetic import trade_tables as of_trade
from training.synthetic.calendar import Calendar, Ints
from training.synthetic.campaigns import Campaigns
from training.synthetic.frames import Ids, ids, known
from training.synthetic.lead_truth import lead_truth
from training.synthetic.member_events import member_events
from training.synthetic.presence import History
from training.synthetic.world import Stream, World, happen

Frames = dict[str, pl.DataFrame]


@dataclass(frozen=True)
class Plan:
    """What all blocks share."""

    calendar: Calendar
    campaigns: Campaigns
    campaign_ids: pl.Series
    products: pl.DataFrame
    prices: Ints
    loyalty: bool = False  # whether there are points and coupons


@dataclass(frozen=True)
class Block:
    """Rows and truth of a block; ``sums`` are totals from which mean effects follow.

    ``own`` are rows of tables that no contract knows, as a source writes them.
    """

    tables: Frames
    truth: Frames
    sums: dict[str, float]
    own: Frames


def simulate_block(
    plan: Plan, members: pl.Series, leads: pl.Series, stream: Stream, block: int, blocks: int
) -> Block:
    """Return the block of the members and leads with the given ids."""
    prices = plan.prices if plan.loyalty else None
    world = happen(len(members), len(leads), plan.calendar, plan.campaigns, stream, prices)

    def number(prefix: str, count: int) -> pl.Series:
        return ids(prefix, count, stream(f"{prefix} ids"), block, blocks)

    contact_ids = number("k", len(world.sent.time))
    tables = _member_side(world, members, leads, number, stream, plan)
    tables["contacts"] = of_trade.contacts(world.sent, contact_ids, plan.campaign_ids, members)
    tables["responses"] = of_trade.responses(
        world.sent, world.leads, plan.campaign_ids, members, leads, stream("responses")
    )
    tables["care"] = of_trade.care_steps(world.tickets, members, number, stream("care"))
    sums = truth.totals(world)
    tables = {name: known(frame, plan.calendar.end) for name, frame in tables.items()}
    own = _own(world, members, plan, stream)
    return Block(tables, _truth(world, plan, members, leads, contact_ids), sums, own)


def _own(world: World, members: pl.Series, plan: Plan, stream: Stream) -> Frames:
    """The points ledger and the coupons, known before the end; nothing without a programme."""
    if world.programme is None:
        return {}
    log, end, rng = world.programme.log, plan.calendar.end, stream("loyalty rows")
    return {
        "points": loyalty_tables.points(log, members, end, rng),
        "coupons": loyalty_tables.coupons(log, members, end, rng),
    }


def _member_side(
    world: World, members: pl.Series, leads: pl.Series, number: Ids, stream: Stream, plan: Plan
) -> Frames:
    """Members, leads and what they do by themselves."""
    people, clock = world.people, plan.calendar
    second = accounts.draw(people, members, clock, number, stream("accounts"))
    events = [
        member_events(people, world.visits, world.prompted, world.sent, second, stream("events")),
        of_members.lead_events(world.leads, world.touches, leads, stream("lead events")),
    ]
    bought = (people, world.orders, world.lines, plan.products, plan.prices, second)
    return {
        "members": of_members.members(people, members, world.withdrawn, clock),
        "leads": of_members.leads(world.leads, leads, clock, stream("lead consents")),
        "identities": accounts.identities(second, people, leads, clock, number, stream("identities")),
        "purchases": of_trade.purchases(*bought, number, stream("purchases")),
        "events": pl.concat(events),
    }


def _truth(world: World, plan: Plan, members: pl.Series, leads: pl.Series, contacts: pl.Series) -> Frames:
    found = {
        "members": truth.member_truth(world.people, members, world.fades, world.withdrawn),
        "visits": truth.visit_truth(world.visits),
        "shocks": truth.shock_truth(world),
    }
    history = History.of({**found, "calendar": truth.calendar_truth(plan.calendar)})
    found["response"] = truth.response_truth(history, world.sent, contacts)
    found["state"] = truth.state_truth(history, world, members)
    if world.programme is not None:
        found |= loyalty_truth.recorded(world.programme.log)
    found["lead"] = lead_truth(world.leads, world.touches, leads, plan.calendar)
    return found
