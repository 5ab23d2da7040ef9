"""Leads that cost money, consultants who answer early or late, and conversion with its true probability.

The hazard of a lead at age ``s`` is ``quality * warmth * reply(s) * touches(s) * w(s)``: quality is
readable from the lead's own columns, warmth is hidden (but warm leads look around more), ``reply`` and
``touches`` step up when the consultant answers and when the touches of the programme begin, and ``w``
falls with a mean of ``FADE`` days.
"""

from dataclasses import dataclass

import numpy as np

from training.synthetic.calendar import DAY, NEVER, Ages, Calendar, Flags, Floats, Ints, local_hour

SOURCES = ("short_video", "search", "store_code", "referral", "event")
SOURCE_SHARE = np.array([0.38, 0.22, 0.18, 0.10, 0.12])
SOURCE_QUALITY = np.array([0.4, 1.2, 1.5, 2.6, 0.8])
SOURCE_COST = np.array([9_000, 16_000, 5_000, 7_000, 12_000])  # cents
PAGES = ("home", "product", "trial_pack", "quiz")
PAGE_QUALITY = np.array([0.6, 1.4, 0.75, 1.6])
INTEREST_QUALITY = np.array([1.3, 1.1, 1.0, 0.85, 0.75, 1.0])  # by product category
TIER_QUALITY = np.array([1.1, 1.0, 1.0, 0.9])
BASE = 0.027  # conversions over the whole life of an average lead that nobody nurtures
FADE = 12.0  # days
WARM_SHARE = 0.25
WARMTH = np.array([0.5, 2.5])  # cold, warm: the hazard
VIEWS = np.array([0.06, 0.70])  # cold, warm: pages seen a day at first
VIEW_FADE = 8.0  # days
REPLY_FACTOR = np.array([1.55, 1.2, 0.95, 0.8])  # fast, slow, late, never
REPLY_HOURS = np.array([[0.05, 1.0], [1.0, 12.0], [24.0, 72.0], [2_400.0, 2_401.0]])
REPLY_DAY = np.array([0.50, 0.28, 0.14, 0.08])  # by day; at night and in a busy region it moves to late
REPLY_NIGHT = np.array([0.08, 0.45, 0.32, 0.15])
BUSY_REGION = 2  # north: too few consultants
REPLY_BUSY = np.array([0.15, 0.30, 0.35, 0.20])
PROGRAMME_SHARE = 0.6  # leads with touches planned
PROGRAMME_FACTOR = 1.6
TOUCH_DAYS = np.array([0.8, 2.7, 6.6, 11.5])


@dataclass(frozen=True)
class Leads:
    """All leads, in the order of their creation; arrays of shape (leads,), codes where not said."""

    created: Ints
    source: Ints
    page: Ints
    interest: Ints
    region: Ints
    tier: Ints
    cost: Ints
    quality: Floats  # hazard mass of the whole life, before warmth and nurturing
    warm: Ints
    reply: Ints  # class of the consultant's reply
    reply_age: Floats  # days; far away where nobody replies
    programme: Flags
    converted: Ints  # seconds since the epoch; NEVER where it never does

    def __len__(self) -> int:
        return len(self.created)

    def take(self, rows: Flags | Ints) -> "Leads":
        """Return only some of the leads."""
        return Leads(**{name: values[rows] for name, values in vars(self).items()})


def faded(age: Ages, fade: float = FADE) -> Ages:
    """Return the share of the whole mass that lies before ``age`` (days)."""
    return -np.expm1(-np.maximum(age, 0) / fade)


def mass(low: Ages, high: Ages, reply: Ages, reply_gain: Ages, touch: Ages, touch_gain: Ages) -> Ages:
    """Return the integral of ``w`` times both steps from age ``low`` to ``high``; all ages in days."""
    top, bottom = faded(high), faded(low)
    late, nurtured = np.maximum(bottom, faded(reply)), np.maximum(bottom, faded(touch))
    both = np.maximum(late, nurtured)
    return (
        (top - bottom)
        + (reply_gain - 1) * np.maximum(top - late, 0)
        + (touch_gain - 1) * np.maximum(top - nurtured, 0)
        + (reply_gain - 1) * (touch_gain - 1) * np.maximum(top - both, 0)
    )


def reply_odds(created: Ints, region: Ints) -> Floats:
    """Return the chance of each reply class, shape (leads, 4): night and a busy region make it late."""
    night = (local_hour(created) >= 21) | (local_hour(created) < 8)
    by_time = np.where(night[:, None], REPLY_NIGHT, REPLY_DAY)
    return np.where((region == BUSY_REGION)[:, None], (by_time + REPLY_BUSY) / 2, by_time)


def pick(odds: Floats, rng: np.random.Generator) -> Ints:
    """Return one column a row, drawn with the chances ``odds`` of shape (rows, columns)."""
    return (rng.random(len(odds))[:, None] > np.cumsum(odds, axis=1)[:, :-1]).sum(axis=1)


def _age_at(target: Floats, reply: Floats, reply_gain: Floats, touch: Floats, touch_gain: Floats) -> Floats:
    """The age at which ``mass`` since creation reaches ``target``; infinite where it never does."""
    first, second = np.minimum(reply, touch), np.maximum(reply, touch)
    gain = np.where(reply <= touch, reply_gain, touch_gain)
    edges = [np.zeros_like(first), faded(first), faded(second), np.ones_like(first)]
    gains = [np.ones_like(gain), gain, reply_gain * touch_gain]
    share, left = np.full_like(target, 2.0), target.copy()
    for low, high, factor in zip(edges, edges[1:], gains, strict=False):
        here = (share > 1) & (left <= (high - low) * factor)
        share = np.where(here, low + left / factor, share)
        left = left - (high - low) * factor
    return np.where(share < 1, -FADE * np.log1p(-np.minimum(share, 1 - 1e-12)), np.inf)


def draw(count: int, calendar: Calendar, rng: np.random.Generator) -> Leads:
    """Return ``count`` leads over the calendar's period."""
    total = calendar.at(calendar.visits, np.array([calendar.end]))[0]
    created = calendar.when(np.sort(rng.random(count)) * total)
    source = rng.choice(5, count, p=SOURCE_SHARE)
    page, interest = rng.choice(4, count, p=[0.4, 0.25, 0.2, 0.15]), rng.choice(6, count)
    region, tier = rng.choice(5, count, p=[0.26, 0.24, 0.18, 0.17, 0.15]), rng.choice(4, count)
    quality = (
        BASE * SOURCE_QUALITY[source] * PAGE_QUALITY[page] * INTEREST_QUALITY[interest] * TIER_QUALITY[tier]
    )
    warm = (rng.random(count) < WARM_SHARE).astype(np.int64)
    reply = pick(reply_odds(created, region), rng)
    low, high = REPLY_HOURS[reply].T
    reply_age = low * (high / low) ** rng.random(count) / 24
    programme = rng.random(count) < PROGRAMME_SHARE
    touch = np.where(programme, TOUCH_DAYS[0], 1e6)
    target = rng.exponential(size=count) / (quality * WARMTH[warm])
    gains = np.where(programme, PROGRAMME_FACTOR, 1.0)
    age = _age_at(target, reply_age, REPLY_FACTOR[reply], touch, gains)
    converted = np.where(np.isfinite(age), created + np.where(np.isfinite(age), age, 0) * DAY, NEVER).astype(
        np.int64
    )
    cost = np.rint(SOURCE_COST[source] * rng.lognormal(0, 0.25, count)).astype(np.int64)
    return Leads(
        created, source, page, interest, region, tier, cost,
        quality, warm, reply, reply_age, programme, converted,
    )  # fmt: skip


@dataclass(frozen=True)
class Touches:
    """What happens to leads while they are open; arrays of shape (touches,)."""

    lead: Ints  # row among the leads
    time: Ints
    kind: Ints  # 0 page seen, 1 reply, 2 talk
    minutes: Ints  # the consultant's delay, for replies


def touches(leads: Leads, calendar: Calendar, rng: np.random.Generator) -> Touches:
    """Return pages seen, the consultant's reply and the talks of the programme,
    until conversion or the end.
    """
    rows = np.arange(len(leads))
    seen = rng.poisson(VIEWS[leads.warm] * VIEW_FADE)
    viewer = np.repeat(rows, seen)
    parts = [(viewer, rng.exponential(VIEW_FADE, len(viewer)), 0), (rows, leads.reply_age, 1)]
    for day in TOUCH_DAYS:
        planned = rows[leads.programme]
        jitter = rng.uniform(0, 0.15, len(planned)) if day > 1 else np.zeros(len(planned))
        parts.append((planned, day + jitter, 2))
    lead = np.concatenate([part[0] for part in parts])
    time = leads.created[lead] + (np.concatenate([part[1] for part in parts]) * DAY).astype(np.int64)
    kind = np.concatenate([np.full(len(part[0]), part[2]) for part in parts])
    minutes = np.where(kind == 1, (time - leads.created[lead]) // 60, -1)
    known = (time < leads.converted[lead]) & (time < calendar.end) & (time < leads.created[lead] + 90 * DAY)
    return Touches(lead[known], time[known], kind[known], minutes[known])
