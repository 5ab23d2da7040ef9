"""Visits, the orders they end in, and the lines of the orders.

Members visit as a Poisson process of their own rate until they fade; a share of the visits ends in
an order within a week. So the visits are the signs of life, and they rise before an order. Who pays the
full price is a little more likely to begin to fade.
"""

from dataclasses import dataclass

import numpy as np
import polars as pl

from training.synthetic import fading
from training.synthetic.calendar import DAY, HOUR, Calendar, Flags, Floats, Ints
from training.synthetic.people import CATEGORIES, CATEGORY_SHARE, People

DELAY_DAYS = np.array([0, 1, 3, 6])  # from the visit to the order; always less than a week
DELAY_SHARE = np.array([0.5, 0.2, 0.2, 0.1])
DELAY_SPREAD = 6 * HOUR  # seconds
PER_CATEGORY = 20  # products
FAVOURITE_SHARE = 0.6  # lines in the member's favourite category
DISCOUNTED = np.array([0.15, 0.65, 0.35])  # lines bought at a discount, by type of member
EXTRA_LINES = 0.8
DEPTHS = np.array([5, 10, 15, 20, 30])  # percent
RETURNED = 0.045  # lines
FULL_PRICE_PUSH = 0.03  # hazard of beginning to fade at an order, for its share of lines in full


@dataclass(frozen=True)
class Visits:
    """Signs of life, in order of time; arrays of shape (visits,)."""

    member: Ints  # row among the members
    time: Ints
    order: Ints  # time of the order, or -1
    luck: Floats  # a visit happens where it lies below what is left of the member's visits


@dataclass(frozen=True)
class Orders:
    """Orders, in order of time; arrays of shape (orders,)."""

    member: Ints
    visit: Ints  # time of the visit that led to it
    time: Ints
    category: Ints  # of all its lines where it answers a campaign, else -1
    discount: Ints  # percent of all its lines where it answers a campaign, else -1
    luck: Floats  # of the visit that led to it


@dataclass(frozen=True)
class Lines:
    """Lines of orders; arrays of shape (lines,)."""

    order: Ints  # row among the orders
    product: Ints
    quantity: Ints
    discount: Ints  # percent


def visits(people: People, calendar: Calendar, rng: np.random.Generator) -> tuple[Visits, Ints]:
    """Return the visits of everybody as if nobody ever faded, and when each would begin to by themselves."""
    fades = people.since + (rng.exponential(1 / people.hazard) * DAY).astype(np.int64)
    low = calendar.at(calendar.visits, people.since)
    high = calendar.at(calendar.visits, np.clip(people.deceased, people.since, calendar.end))
    member = np.repeat(np.arange(len(people)), rng.poisson(people.rate * (high - low)))
    time = calendar.when(low[member] + rng.random(len(member)) * (high - low)[member])
    turn = np.argsort(time, kind="stable")
    member, time = member[turn], time[turn]
    bought = rng.random(len(time)) < calendar.order_share(time)
    delay = rng.choice(DELAY_DAYS, len(time), p=DELAY_SHARE) * DAY + rng.integers(
        600, DELAY_SPREAD, len(time)
    )
    luck = rng.random(len(time))
    return Visits(member, time, np.where(bought, time + delay, -1), luck), fades


def orders(seen: Visits, people: People, rng: np.random.Generator) -> Orders:
    """Return orders from visits, and the first order of each lead that converted."""
    bought = seen.order >= 0
    came = np.flatnonzero(people.lead >= 0)
    first = people.joined[came] + rng.integers(60, 3_600, len(came))
    member = np.concatenate([seen.member[bought], came])
    time = np.concatenate([seen.order[bought], first])
    visit = np.concatenate([seen.time[bought], people.joined[came]])
    luck = np.concatenate([seen.luck[bought], np.zeros(len(came))])
    turn = np.argsort(time, kind="stable")
    own = np.full(len(turn), -1)
    return Orders(member[turn], visit[turn], time[turn], own, own, luck[turn])


def full_price_push(bought: Orders, items: Lines) -> Floats:
    """Return the hazard of beginning to fade at each order, shape (orders,).

    None where it answers a campaign.
    """
    count = len(bought.time)
    all_, full = (np.bincount(items.order, weight, count) for weight in (None, items.discount == 0))
    return np.where(bought.category < 0, FULL_PRICE_PUSH * full / np.maximum(all_, 1), 0.0)


def lines(bought: Orders, people: People, rng: np.random.Generator) -> Lines:
    """Return what is in the orders: category by taste, product by value, discount by type of member.

    An order that answers a campaign has one line: what was offered.
    """
    further = np.where(bought.category >= 0, 0, rng.poisson(EXTRA_LINES, len(bought.time)))
    order = np.repeat(np.arange(len(bought.time)), 1 + further)
    member, count = bought.member[order], len(order)
    loyal = rng.random(count) < FAVOURITE_SHARE
    category = np.where(loyal, people.favourite[member], rng.choice(len(CATEGORIES), count, p=CATEGORY_SHARE))
    category = np.where(bought.category[order] >= 0, bought.category[order], category)
    rank = np.clip(people.value[member] + rng.normal(0, 0.15, count), 0, 0.999)
    reduced = rng.random(count) < DISCOUNTED[people.type[member]]
    depth = np.where(reduced, rng.choice(DEPTHS, count, p=[0.15, 0.3, 0.2, 0.25, 0.1]), 0)
    depth = np.where(bought.discount[order] >= 0, bought.discount[order], depth)
    quantity = 1 + (rng.random(count) < 0.18) + 2 * (rng.random(count) < 0.03)
    return Lines(order, category * PER_CATEGORY + (rank * PER_CATEGORY).astype(np.int64), quantity, depth)


def products(rng: np.random.Generator) -> tuple[pl.DataFrame, Ints]:
    """Return the price list, and the prices (cents) by row; dearer ones later in each category."""
    count = len(CATEGORIES) * PER_CATEGORY
    level = np.repeat([18_000, 12_000, 35_000, 8_000, 7_000, 15_000], PER_CATEGORY)
    place = np.tile(np.linspace(-0.9, 0.9, PER_CATEGORY), len(CATEGORIES))
    price = np.rint(level * np.exp(place) * rng.lognormal(0, 0.05, count) / 100).astype(np.int64) * 100
    frame = pl.DataFrame(
        {
            "product_id": [f"p{number:03d}" for number in rng.permutation(count)],
            "category": np.repeat(CATEGORIES, PER_CATEGORY).tolist(),
            "brand": [f"line_{number}" for number in rng.integers(1, 6, count)],
            "list_price_cents": price,
        }
    )
    return frame, price


def keep(seen: Visits, fades: Ints) -> Visits:
    """Return only the visits that happen to members who fade from ``fades`` (by member) on."""
    real = fading.happens(seen.time, fades[seen.member], seen.luck, seen.order >= 0)
    return Visits(seen.member[real], seen.time[real], seen.order[real], seen.luck[real])


def keep_orders(bought: Orders, items: Lines, fades: Ints, end: int) -> tuple[Orders, Lines]:
    """Return only the orders whose visit happens and which are made before ``end``."""
    ordered: Flags = np.ones(len(bought.time), dtype=bool)
    happened = fading.happens(bought.visit, fades[bought.member], bought.luck, ordered)
    real: Flags = happened & (bought.time < end)
    place = np.cumsum(real) - 1
    kept = real[items.order]
    orders_ = Orders(*(values[real] for values in vars(bought).values()))
    lines_ = Lines(place[items.order[kept]], items.product[kept], items.quantity[kept], items.discount[kept])
    return orders_, lines_


def join(first: Orders, first_lines: Lines, then: Orders, then_lines: Lines) -> tuple[Orders, Lines]:
    """Return both sets of orders with their lines."""
    shifted = Lines(then_lines.order + len(first.time), *list(vars(then_lines).values())[1:])
    together = [
        type(a)(*(np.concatenate(pair) for pair in zip(vars(a).values(), vars(b).values(), strict=True)))
        for a, b in ((first, then), (first_lines, shifted))
    ]
    return together[0], together[1]  # type: ignore[return-value]
