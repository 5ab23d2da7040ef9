"""Everything that happens to the simulated brand, in arrays, before it is written as tables."""

from collections.abc import Callable
from dataclasses import dataclass
from zlib import crc32

import numpy as np

from features.synthetic import care, contacts, leads, orders, people
from features.synthetic.calendar import Calendar, Ints
from features.synthetic.campaigns import Campaigns
from features.synthetic.care import Tickets
from features.synthetic.contacts import Contacts
from features.synthetic.leads import Leads, Touches
from features.synthetic.orders import Lines, Orders, Visits
from features.synthetic.people import People

Stream = Callable[[str], np.random.Generator]


@dataclass(frozen=True)
class World:
    """What happened."""

    calendar: Calendar
    leads: Leads
    touches: Touches
    people: People
    visits: Visits
    orders: Orders  # from visits, then from answers
    lines: Lines
    answered: Orders  # only those from answers
    tickets: Tickets
    campaigns: Campaigns
    sent: Contacts
    left: Ints  # when each member left
    withdrawn: Ints  # when each took back the consent to marketing


def streams(seed: int, block: int = 0) -> Stream:
    """Random numbers by name, so that a change in one part leaves the others as they are."""
    return lambda name: np.random.default_rng([seed, block, crc32(name.encode())])


def happen(members: int, lead_count: int, calendar: Calendar, plan: Campaigns, stream: Stream) -> World:
    """Let the brand's years pass for some members and leads; all blocks of them share one plan."""
    lead = leads.draw(lead_count, calendar, stream("leads"))
    crowd = people.draw(members, lead, calendar, stream("people"))
    seen, left = orders.visits(crowd, calendar, stream("visits"))
    bought = orders.orders(seen, crowd, stream("orders"))
    tickets = care.draw(bought, crowd, stream("tickets"))
    left = care.drive_away(tickets, left, stream("away"))
    seen = orders.keep(seen, left)
    items = orders.lines(bought, crowd, stream("lines"))
    bought, items = orders.keep_orders(bought, items, left, calendar.end)

    mailing = contacts.Mailing(crowd, seen, bought, items, left, calendar)
    sent, answered = contacts.send(mailing, plan, stream("contacts"))
    left = mailing.left
    bought, items = orders.keep_orders(bought, items, left, calendar.end)
    answered, answered_items = orders.keep_orders(
        answered, orders.lines(answered, crowd, stream("answers")), left, calendar.end
    )
    bought, items = orders.join(bought, items, answered, answered_items)
    return World(
        calendar=calendar,
        leads=lead,
        touches=leads.touches(lead, calendar, stream("touches")),
        people=crowd,
        visits=orders.keep(seen, left),
        orders=bought,
        lines=items,
        answered=answered,
        tickets=tickets.take(tickets.visit <= left[tickets.member]),
        campaigns=plan,
        sent=sent,
        left=left,
        withdrawn=mailing.withdrawn,
    )
