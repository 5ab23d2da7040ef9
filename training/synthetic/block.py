"""A block of members and leads: its rows of every table, and its part of the truth.

Members do not act on each other once the campaigns are planned, so a large brand is made of blocks that
share calendar, campaigns and products, and only one block at a time is held in arrays.
"""

from dataclasses import dataclass

import polars as pl

from training.synthetic import accounts, truth
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


@dataclass(frozen=True)
class Block:
    """Rows and truth of a block; ``sums`` are totals from which mean effects follow."""

    tables: Frames
    truth: Frames
    sums: dict[str, float]


def simulate_block(
    plan: Plan, members: pl.Series, leads: pl.Series, stream: Stream, block: int, blocks: int
) -> Block:
    """The block of the members and leads with the given ids."""
    world = happen(len(members), len(leads), plan.calendar, plan.campaigns, stream)

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
    return Block(tables, _truth(world, plan, members, leads, contact_ids), sums)


def _member_side(
    world: World, members: pl.Series, leads: pl.Series, number: Ids, stream: Stream, plan: Plan
) -> Frames:
    """Members, leads and what they do by themselves."""
    people, clock = world.people, plan.calendar
    second = accounts.draw(people, members, clock, number, stream("accounts"))
    events = [
        member_events(people, world.visits, world.answered, world.sent, second, stream("events")),
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
    found["lead"] = lead_truth(world.leads, world.touches, leads, plan.calendar)
    return found
