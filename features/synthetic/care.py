"""Tickets: what went wrong with an order, how much effort it took the member, and who left for it."""

from dataclasses import dataclass

import numpy as np

from features.synthetic.calendar import DAY, HOUR, Flags, Floats, Ints
from features.synthetic.orders import Orders
from features.synthetic.people import People

TOPICS = ("delivery", "quality", "service", "price")
SUBTOPICS = (
    ("late", "damaged", "incomplete"),
    ("defect", "not_as_described", "skin_reaction"),
    ("unfriendly", "no_answer", "wrong_advice"),
    ("price_drop", "coupon_refused", "invoice"),
)
TICKETS = 0.05  # of the orders
TOPIC_SHARE = np.array([0.40, 0.25, 0.20, 0.15])
CENTRAL, CENTRAL_DELIVERY = 4, 2.0  # a region whose parcels come late: more tickets
TOPIC_PUSH = np.array([0.15, 0.45, 0.35, 0.08])  # hazard of leaving at once, for an ordinary effort
EFFORT_PUSH = 0.015  # of that push, for each minute of the member's time
STEP_MINUTES = 12.0
MOOD = np.array([3.9, 2.9, 3.0, 3.6])  # mean satisfaction, by topic
FEEDBACK = 0.55


@dataclass(frozen=True)
class Tickets:
    """Tickets; arrays of shape (tickets,)."""

    member: Ints
    visit: Ints  # time of the visit that led to the order that led to the ticket
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
        """Hazard of leaving when the ticket is resolved."""
        return TOPIC_PUSH[self.topic] * (0.5 + EFFORT_PUSH * self.minutes)

    def take(self, rows: Flags) -> "Tickets":
        """Only some of the tickets."""
        return Tickets(**{name: values[rows] for name, values in vars(self).items()})


def draw(bought: Orders, people: People, rng: np.random.Generator) -> Tickets:
    """Tickets on a share of the orders."""
    region = people.region[bought.member]
    odds = TICKETS * np.where(region == CENTRAL, 1 + TOPIC_SHARE[0] * (CENTRAL_DELIVERY - 1), 1.0)
    rows = np.flatnonzero(rng.random(len(odds)) < odds)
    count = len(rows)
    share = np.where(region[rows, None] == CENTRAL, TOPIC_SHARE * [CENTRAL_DELIVERY, 1, 1, 1], TOPIC_SHARE)
    share = np.cumsum(share / share.sum(axis=1, keepdims=True), axis=1)
    topic = (rng.random(count)[:, None] > share[:, :-1]).sum(axis=1)
    opened = bought.time[rows] + rng.integers(6 * HOUR, 6 * DAY, count)
    contacts = rng.poisson(0.9, count)
    minutes = np.rint(rng.gamma(1.5 * (1 + contacts), STEP_MINUTES / 1.5)).astype(np.int64) + 1
    resolved = opened + (rng.exponential(1.2, count) * (1 + contacts) * DAY).astype(np.int64) + 2 * HOUR
    mood = MOOD[topic] - 0.02 * minutes + rng.normal(0.4, 0.9, count)
    return Tickets(
        bought.member[rows],
        bought.visit[rows],
        topic,
        rng.choice(3, count, p=[0.5, 0.3, 0.2]),
        opened,
        contacts,
        minutes,
        resolved,
        np.clip(np.rint(mood), 1, 5).astype(np.int64),
        rng.random(count) < FEEDBACK,
    )


def drive_away(tickets: Tickets, left: Ints, rng: np.random.Generator) -> Ints:
    """When the members leave, now that some tickets drive them away (``left``: without tickets).

    A ticket whose order comes after the member was driven away never happens, and as it lies later, it
    does not change the earliest moment.
    """
    away = rng.random(len(tickets.push)) < -np.expm1(-tickets.push)
    sooner = left.copy()
    np.minimum.at(sooner, tickets.member[away], tickets.resolved[away])
    return sooner
