"""Everything that happens to the simulated brand, in arrays, before it is written as tables."""

from collections.abc import Callable
from dataclasses import dataclass
from zlib import crc32

import numpy as np

from training.synthetic import care, contacts, leads, orders, people
from training.synthetic.calendar import Calendar, Ints
from training.synthetic.campaigns import Campaigns
from training.synthetic.care import Tickets
from training.synthetic.contacts import Contacts
from training.synthetic.leads import Leads, Touches
from training.synthetic.loyalty import Programme
from training.synthetic.orders import Lines, Orders, Visits
from training.synthetic.people import People

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
    fades: Ints  # from when each member fades
    withdrawn: Ints  # when each took back the consent to marketing
    mailing: contacts.Mailing  # as the last campaign left it
    programme: Programme | None = None
    rewarded: Orders | None = None  # at accounts of the points programme

    @property
    def prompted(self) -> Orders:
        """Orders that no visit led to."""
        return (
            self.answered if self.rewarded is None else contacts.stack(Orders, [self.answered, self.rewarded])
        )


def streams(seed: int, block: int = 0) -> Stream:
    """Return random numbers by name, so that a change in one part leaves the others as they are."""
    return lambda name: np.random.default_rng([seed, block, crc32(name.encode())])


def happen(
    members: int, lead_count: int, calendar: Calendar, plan: Campaigns, stream: Stream,
    prices: Ints | None = None,
) -> World:  # fmt: skip
    """Let the brand's years pass for some members and leads; all blocks of them share one plan.

    Where ``prices`` (cents, by product) are given, there is a points programme.
    """
    lead = leads.draw(lead_count, calendar, stream("leads"))
    crowd = people.draw(members, lead, calendar, stream("people"))
    seen, bought, items, tickets, fades = _unprompted(crowd, calendar, stream)
    programme = None if prices is None else Programme(crowd, items, prices, calendar, stream("loyalty"))
    mailing = contacts.Mailing(crowd, seen, bought, items, fades, calendar, programme)
    sent, answered = contacts.send(mailing, plan, stream("contacts"))
    fades = mailing.fades
    bought, items = orders.keep_orders(bought, items, fades, calendar.end)
    further = {"answers": answered}
    if programme is not None:
        programme.close()
        further["rewards"] = contacts.stack(Orders, programme.log.orders)
    kept = {}
    for name, some in further.items():
        drawn = orders.lines(some, crowd, stream(name))
        kept[name], given = orders.keep_orders(some, drawn, fades, calendar.end)
        bought, items = orders.join(bought, items, kept[name], given)
    return World(
        calendar=calendar, leads=lead, touches=leads.touches(lead, calendar, stream("touches")), people=crowd,
        visits=orders.keep(seen, fades), orders=bought, lines=items, answered=kept["answers"],
        tickets=tickets.keep(fades), campaigns=plan, sent=sent, fades=fades, withdrawn=mailing.withdrawn,
        mailing=mailing, programme=programme, rewarded=kept.get("rewards"),
    )  # fmt: skip


def _unprompted(
    crowd: People, calendar: Calendar, stream: Stream
) -> tuple[Visits, Orders, Lines, Tickets, Ints]:
    """What members do before anything is sent: visits, orders, lines, all tickets, and when each fades."""
    seen, fades = orders.visits(crowd, calendar, stream("visits"))
    bought = orders.orders(seen, crowd, stream("orders"))
    items = orders.lines(bought, crowd, stream("lines"))
    tickets = care.draw(bought, seen, crowd, stream("tickets"))
    for name, member, time, push in (
        ("tickets", tickets.member, tickets.resolved, tickets.push),
        ("prices", bought.member, bought.time, orders.full_price_push(bought, items)),
    ):
        fades = care.drive_away(member, time, push, fades, stream(f"away {name}"))
    bought, items = orders.keep_orders(bought, items, fades, calendar.end)
    return orders.keep(seen, fades), bought, items, tickets, fades
