"""Tickets: what went wrong with an order or an empty shelf, what it cost the member, and who fades for it."""

from dataclasses import dataclass

import numpy as np

from training.synthetic import fading
from training.synthetic.calendar import DAY, HOUR, Flags, Floats, Ints
from training.synthetic.orders import Orders, Visits
from training.synthetic.people import People

TOPICS = ("delivery", "quality", "service", "price", "availability")
SUBTOPICS = (
    ("late", "damaged", "incomplete"),
    ("defect", "not_as_described", "skin_reaction"),
    ("unfriendly", "no_answer", "wrong_advice"),
    ("price_drop", "coupon_refused", "invoice"),
    ("sold_out", "discontinued", "waiting_list"),
)
TICKETS = 0.05  # of the orders
TOPIC_SHARE = np.array([0.40, 0.25, 0.20, 0.15])  # of an order's tickets
EMPTY_SHELF = 4  # the topic of tickets about visits that found nothing to order
SHELF, SHELF_SHORT = 0.004, 0.06  # of such visits; in weeks of short supply
SHORT_WEEKS, SHORT_EVERY = 4, 26
CENTRAL, CENTRAL_DELIVERY = 4, 2.0  # a region whose parcels come late: more tickets
TOPIC_PUSH = np.array([0.25, 0.70, 0.55, 0.15, 0.40])  # hazard of beginning to fade, for an ordinary effort
EFFORT_PUSH = 0.015  # of that push, for each minute of the member's time
STEP_MINUTES = 12.0
MOOD = np.array([3.9, 2.9, 3.0, 3.6, 3.3])  # mean satisfaction, by topic
FEEDBACK = 0.55


@dataclass(frozen=True)
class Tickets:
    """Tickets; arrays of shape (tickets,)."""

    member: Ints
    visit: Ints  # time of the visit that led to the ticket
    luck: Floats  # of that visit
    ordered: Flags  # whether it ended in an order
    topic: Ints
    subtopic: Ints
    opened: Ints
    contacts: Ints  # further contacts until it was solved
    minutes: Ints  # of the member's time, all steps
    resolved: Ints
    satisfaction: Ints
    feedback: Flags

    @property
    def push(self) -> Floats:
        """Hazard of beginning to fade when the ticket is resolved."""
        return TOPIC_PUSH[self.topic] * (0.5 + EFFORT_PUSH * self.minutes)

    def keep(self, fades: Ints) -> "Tickets":
        """Return only those whose visit happens to members who fade from ``fades`` (by member) on."""
        rows = fading.happens(self.visit, fades[self.member], self.luck, self.ordered)
        return Tickets(**{name: values[rows] for name, values in vars(self).items()})


def draw(bought: Orders, seen: Visits, people: People, rng: np.random.Generator) -> Tickets:
    """Return tickets on a share of the orders, and of the visits that ended in none."""
    rows, topic = _about_orders(bought, people, rng)
    found = [
        (bought.member[rows], bought.visit[rows], bought.luck[rows], bought.time[rows], topic),
        _about_shelves(seen, rng),
    ]
    member, visit, luck, from_, topic = (np.concatenate(pair) for pair in zip(*found, strict=True))
    count = len(member)
    opened = from_ + rng.integers(6 * HOUR, 6 * DAY, count)
    contacts = rng.poisson(0.9, count)
    minutes = np.rint(rng.gamma(1.5 * (1 + contacts), STEP_MINUTES / 1.5)).astype(np.int64) + 1
    resolved = opened + (rng.exponential(1.2, count) * (1 + contacts) * DAY).astype(np.int64) + 2 * HOUR
    mood = MOOD[topic] - 0.02 * minutes + rng.normal(0.4, 0.9, count)
    return Tickets(
        member,
        visit,
        luck,
        topic != EMPTY_SHELF,
        topic,
        rng.choice(3, count, p=[0.5, 0.3, 0.2]),
        opened,
        contacts,
        minutes,
        resolved,
        np.clip(np.rint(mood), 1, 5).astype(np.int64),
        rng.random(count) < FEEDBACK,
    )


def _about_orders(bought: Orders, people: People, rng: np.random.Generator) -> tuple[Ints, Ints]:
    """Rows of the orders that lead to a ticket, and its topic."""
    region = people.region[bought.member]
    odds = TICKETS * np.where(region == CENTRAL, 1 + TOPIC_SHARE[0] * (CENTRAL_DELIVERY - 1), 1.0)
    rows = np.flatnonzero(rng.random(len(odds)) < odds)
    count = len(rows)
    share = np.where(region[rows, None] == CENTRAL, TOPIC_SHARE * [CENTRAL_DELIVERY, 1, 1, 1], TOPIC_SHARE)
    share = np.cumsum(share / share.sum(axis=1, keepdims=True), axis=1)
    return rows, (rng.random(count)[:, None] > share[:, :-1]).sum(axis=1)


def _about_shelves(seen: Visits, rng: np.random.Generator) -> tuple[Ints, Ints, Floats, Ints, Ints]:
    """Member, visit, its luck, when it was and the topic of tickets about an empty shelf."""
    short = seen.time // (7 * DAY) % SHORT_EVERY < SHORT_WEEKS
    asks = (seen.order < 0) & (rng.random(len(short)) < np.where(short, SHELF_SHORT, SHELF))
    rows = np.flatnonzero(asks)
    topic = np.full(len(rows), EMPTY_SHELF)
    return seen.member[rows], seen.time[rows], seen.luck[rows], seen.time[rows], topic


def drive_away(member: Ints, time: Ints, push: Floats, fades: Ints, rng: np.random.Generator) -> Ints:
    """Return when the members begin to fade, now that some of what they meet drives them away.

    ``member``, ``time`` and ``push`` are of what is met, ``fades`` is without it. What is met by a member
    who has begun to fade may never happen; as it lies later, it does not change the earliest moment.
    """
    away = rng.random(len(push)) < -np.expm1(-push)
    sooner = fades.copy()
    np.minimum.at(sooner, member[away], time[away])
    return sooner
