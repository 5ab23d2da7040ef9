"""Purchases, contacts, responses and care as the contract has them."""

import numpy as np
import polars as pl

from training.synthetic import care
from training.synthetic.accounts import Accounts, owner
from training.synthetic.calendar import DAY, NEVER, Ints
from training.synthetic.care import Tickets
from training.synthetic.contacts import Contacts
from training.synthetic.frames import Ids, codes, recorded, stamps
from training.synthetic.leads import Leads
from training.synthetic.orders import RETURNED, Lines, Orders
from training.synthetic.people import CHANNELS, People


def purchases(
    people: People, bought: Orders, items: Lines, products: pl.DataFrame, prices: Ints,
    accounts: Accounts, number: Ids, rng: np.random.Generator,
) -> pl.DataFrame:  # fmt: skip
    """Return lines of orders, and of returns some days later."""
    usual = people.channel[bought.member]
    channel = np.where(rng.random(len(usual)) < 0.75, usual, rng.integers(0, len(CHANNELS), len(usual)))
    order_ids = number("o", len(usual))
    returned = np.flatnonzero(rng.random(len(items.order)) < RETURNED)
    line = np.concatenate([np.arange(len(items.order)), returned])
    back = np.arange(len(line)) >= len(items.order)
    order = items.order[line]
    time = bought.time[order] + np.where(back, rng.integers(3 * DAY, 20 * DAY, len(line)), 0)
    price, quantity = prices[items.product[line]], items.quantity[line]
    return pl.DataFrame(
        {
            "occurred_at": stamps(time),
            "recorded_at": recorded(time, rng),
            "order_id": order_ids.gather(order),
            "member_id": owner(accounts, bought.member[order], time, channel[order] - 1),
            "kind": codes(["sale", "return"], back.astype(np.int64)),
            "product_id": products["product_id"].gather(items.product[line]),
            "channel": codes(CHANNELS, channel[order]),
            "quantity": np.where(back, -quantity, quantity),
            "unit_price_cents": price,
            "discount_cents": price * quantity * items.discount[line] // 100,
        }
    )


def contacts(
    sent: Contacts, contact_ids: pl.Series, campaign_ids: pl.Series, member_ids: pl.Series
) -> pl.DataFrame:
    """Return who was chosen for which campaign, and who of them was held out."""
    return pl.DataFrame(
        {
            "occurred_at": stamps(sent.time),
            "contact_id": contact_ids,
            "campaign_id": campaign_ids.gather(sent.campaign),
            "member_id": member_ids.gather(sent.member),
            "arm": codes(["treat", "control"], sent.held_out.astype(np.int64)),
        }
    )


def responses(
    sent: Contacts, leads: Leads, campaign_ids: pl.Series, member_ids: pl.Series, lead_ids: pl.Series,
    rng: np.random.Generator,
) -> pl.DataFrame:  # fmt: skip
    """Return reactions to campaigns, and leads that converted."""
    frames = []
    for kind in ("opened", "clicked", "answered", "blocked"):
        moment = getattr(sent, kind)
        rows = np.flatnonzero(moment >= 0)
        frame = {
            "occurred_at": stamps(moment[rows]),
            "recorded_at": recorded(moment[rows], rng),
            "member_id": member_ids.gather(sent.member[rows]),
            "campaign_id": campaign_ids.gather(sent.campaign[rows]),
        }
        frames.append(pl.DataFrame(frame).with_columns(kind=pl.lit(kind)))
    won = np.flatnonzero(leads.converted < NEVER)
    converted = pl.DataFrame({"occurred_at": stamps(leads.converted[won]), "lead_id": lead_ids.gather(won)})
    frames.append(converted.with_columns(kind=pl.lit("converted")))
    names = ["occurred_at", "recorded_at", "member_id", "lead_id", "campaign_id", "kind"]
    return pl.concat(frames, how="diagonal").select(names)


def care_steps(
    tickets: Tickets, member_ids: pl.Series, number: Ids, rng: np.random.Generator
) -> pl.DataFrame:
    """Return the steps of the tickets, each a row of its own.

    The member's minutes are spread over the steps.
    """
    count = len(tickets.opened)
    ticket_ids, everyone = number("t", count), np.arange(count)
    again = np.repeat(everyone, tickets.contacts)
    between = rng.random(len(again)) * (tickets.resolved - tickets.opened)[again]
    rated = np.flatnonzero(tickets.feedback)
    steps = [
        (everyone, tickets.opened, 0),
        (again, tickets.opened[again] + between.astype(np.int64), 1),
        (everyone, tickets.resolved, 2),
        (rated, tickets.resolved[rated] + rng.integers(3_600, 3 * DAY, len(rated)), 3),
    ]
    ticket = np.concatenate([step[0] for step in steps])
    time = np.concatenate([step[1] for step in steps])
    kind = np.concatenate([np.full(len(step[0]), step[2]) for step in steps])
    each = tickets.minutes // (1 + tickets.contacts)
    first = tickets.minutes - each * tickets.contacts
    minutes = np.select([kind == 0, kind == 1], [first[ticket], each[ticket]], -1)
    subtopics = [name for group in care.SUBTOPICS for name in group]
    return pl.DataFrame(
        {
            "occurred_at": stamps(time),
            "recorded_at": recorded(time, rng),
            "ticket_id": ticket_ids.gather(ticket),
            "member_id": member_ids.gather(tickets.member[ticket]),
            "kind": codes(["opened", "contact", "resolved", "feedback"], kind),
            "topic": codes(care.TOPICS, tickets.topic[ticket]),
            "subtopic": codes(subtopics, (tickets.topic * 3 + tickets.subtopic)[ticket]),
            "satisfaction": pl.Series(np.where(kind == 3, tickets.satisfaction[ticket], -1)).replace(
                -1, None
            ),
            "minutes": pl.Series(minutes).replace(-1, None),
        }
    )
