"""Events of members: pages and stores seen around a visit, messages opened, talks with consultants."""

import numpy as np
import polars as pl

from training.synthetic.accounts import Accounts, owner
from training.synthetic.calendar import HOUR, Ints
from training.synthetic.contacts import Contacts
from training.synthetic.frames import codes, recorded, stamps
from training.synthetic.orders import Orders, Visits
from training.synthetic.people import CATEGORIES, CATEGORY_SHARE, People

CHANNELS = ("store", "web", "mini_program", "app", "message", "consultant")
KINDS = ("visit", "view", "search", "cart", "favourite", "open", "talk")
FURTHER, FURTHER_IF_ORDER = 0.35, 1.2  # pages seen after the first
TALKS = 0.12  # visits with a talk, for members who have a consultant


def _around_visits(
    people: People, seen: Visits, rng: np.random.Generator
) -> tuple[Ints, Ints, Ints, Ints, Ints]:
    """Member, time, channel, kind and category: the visit itself, and more until the order."""
    bought = seen.order >= 0
    further = rng.poisson(np.where(bought, FURTHER_IF_ORDER, FURTHER))
    visit = np.concatenate([np.arange(len(bought)), np.repeat(np.arange(len(bought)), further)])
    member, count = seen.member[visit], len(visit)
    span = np.where(bought, seen.order - seen.time, HOUR)[visit]
    later = np.arange(count) >= len(bought)
    time = seen.time[visit] + np.where(later, rng.random(count) * span, 0).astype(np.int64)
    digital = np.where(people.channel[member] == 0, rng.integers(1, 4, count), people.channel[member])
    channel = np.where((people.channel[member] == 0) & (rng.random(count) < 0.45), 0, digital)
    odds = np.where(bought[visit], 0.30, 0.08)
    kind = np.where(rng.random(count) < odds, 3, rng.choice([1, 2, 4], count, p=[0.7, 0.2, 0.1]))
    loyal = rng.random(count) < 0.6
    category = np.where(loyal, people.favourite[member], rng.choice(len(CATEGORIES), count, p=CATEGORY_SHARE))
    return member, time, channel, np.where(channel == 0, 0, kind), np.where(channel == 0, -1, category)


def member_events(
    people: People,
    seen: Visits,
    answered: Orders,
    sent: Contacts,
    accounts: Accounts,
    rng: np.random.Generator,
) -> pl.DataFrame:
    """Return all events of members.

    Those on the platform of an account that is not bound yet carry its id.
    """
    around = _around_visits(people, seen, rng)
    talk = people.friend[seen.member] & (rng.random(len(seen.time)) < TALKS)
    opened = sent.opened >= 0
    groups = [
        around,
        _alike(answered.member, answered.time - 300, 2, 1, answered.category),
        _alike(seen.member[talk], seen.time[talk] + HOUR, 5, 6),
        _alike(sent.member[opened], sent.opened[opened], 4, 5),
    ]
    member, time, channel, kind, category = (np.concatenate(parts) for parts in zip(*groups, strict=True))
    platform = np.select([channel == 1, channel == 2], [0, 1], -1)
    return pl.DataFrame(
        {
            "occurred_at": stamps(time),
            "recorded_at": recorded(time, rng),
            "member_id": owner(accounts, member, time, platform),
            "lead_id": pl.Series([None], dtype=pl.String).new_from_index(0, len(time)),
            "channel": codes(CHANNELS, channel),
            "kind": codes(KINDS, kind),
            "category": codes(CATEGORIES, category),
            "minutes": pl.Series([None], dtype=pl.Int64).new_from_index(0, len(time)),
        }
    )


def _alike(
    member: Ints, time: Ints, channel: int, kind: int, category: Ints | None = None
) -> tuple[Ints, Ints, Ints, Ints, Ints]:
    """Events of one channel and kind."""
    full = np.full(len(member), -1) if category is None else category
    return member, time, np.full(len(member), channel), np.full(len(member), kind), full
