"""The members: where they come from, what they like, how often they look in, how soon they leave."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from training.synthetic.calendar import DAY, NEVER, Calendar, Flags, Floats, Ints
from training.synthetic.leads import SOURCES as LEAD_SOURCES
from training.synthetic.leads import Leads

REGIONS = ("east", "south", "north", "west", "central")
TIERS = ("tier1", "tier2", "tier3", "tier4")
SOURCES = (*LEAD_SOURCES, "store", "shop")
CATEGORIES = ("skin_care", "make_up", "fragrance", "hair_care", "body_care", "supplement")
CATEGORY_SHARE = np.array([0.30, 0.22, 0.12, 0.14, 0.12, 0.10])
CHANNELS = ("store", "shop", "mini_program", "app")
CHANNEL_SHARE = np.array([0.25, 0.30, 0.30, 0.15])
TYPES = ("content", "discount", "quiet")
TYPE_SHARE = np.array([0.40, 0.35, 0.25])

REGION_SHARE = np.array([0.26, 0.24, 0.18, 0.17, 0.15])
TIER_SHARE = np.array([0.25, 0.30, 0.28, 0.17])
WEAK_REGION, WEAK_TIER = 3, 2  # west, tier 3: many join, few stay
WEAK_JOINS, WEAK_HAZARD = 2.0, 2.6
ALREADY_THERE = 0.30  # members who joined in the three years before the data begin

VISITS = 0.046  # visits of an average member on an average day
SHAPE = 1.4  # of the gamma spread of the visits over members
SOURCE_VISITS = np.array([0.70, 1.0, 1.15, 1.35, 0.85, 1.1, 1.0])
TIER_VISITS = np.array([1.2, 1.05, 0.9, 0.8])
FRIEND_VISITS, FRIEND_SHARE = 1.3, 0.35  # members who have a consultant on WeCom
LIFE = 1500.0  # days until an average member begins to fade, if nothing drives them away
SOURCE_HAZARD = np.array([1.6, 1.0, 0.85, 0.65, 1.2, 0.9, 1.1])
TIER_HAZARD = np.array([0.85, 0.95, 1.05, 1.15])
FRIEND_HAZARD = 0.75


@dataclass(frozen=True)
class People:
    """All members; arrays of shape (members,), codes where not said."""

    joined: Ints  # seconds since the epoch; may lie before the data begin
    since: Ints  # from when their doings are in the data
    lead: Ints  # row of the lead they come from, or -1
    region: Ints
    tier: Ints
    source: Ints
    friend: Flags
    type: Ints  # hidden
    favourite: Ints  # category, hidden
    channel: Ints  # preferred
    value: Floats  # 0 to 1, which end of the price list
    scale: Floats  # expected visits on an average day, from what is readable
    rate: Floats  # their own visits on an average day, hidden
    hazard: Floats  # of beginning to fade, a day
    birth_year: Ints
    female: Flags
    minor: Flags
    deceased: Ints  # seconds since the epoch, or never
    profiling: Ints  # code of the consent at joining
    marketing: Flags  # consent at joining
    withdrawn: Ints  # when the consent to marketing is taken back, or never
    renewed: Ints  # when it is given again, or never

    def __len__(self) -> int:
        return len(self.joined)


def home(count: int, new: bool, rng: np.random.Generator) -> tuple[Ints, Ints]:
    """Return the region and tier; the weak cell has more than its share of the new members."""
    share = np.outer(REGION_SHARE, TIER_SHARE)
    share[WEAK_REGION, WEAK_TIER] *= WEAK_JOINS if new else 1
    cell = rng.choice(share.size, count, p=(share / share.sum()).ravel())
    return cell // len(TIERS), cell % len(TIERS)


def hazards(region: Ints, tier: Ints, source: Ints, friend: Flags) -> Floats:
    """Return the chance of beginning to fade on a day, from what is readable."""
    weak = (region == WEAK_REGION) & (tier == WEAK_TIER)
    return (
        SOURCE_HAZARD[source]
        * TIER_HAZARD[tier]
        * np.where(weak, WEAK_HAZARD, 1.0)
        * np.where(friend, FRIEND_HAZARD, 1.0)
        / LIFE
    )


def _origins(count: int, leads: Leads, calendar: Calendar, rng: np.random.Generator) -> dict[str, Any]:
    """Who joined when and from where: first those who were leads, then the others."""
    came = np.flatnonzero(leads.converted < calendar.end)[: count // 2]
    there = int(ALREADY_THERE * (count - len(came)))
    new = count - len(came) - there
    total = calendar.at(calendar.visits, np.array([calendar.end]))[0]
    before = calendar.start - (rng.random(there) * 3 * 365 * DAY).astype(np.int64)
    homes = [(leads.region[came], leads.tier[came]), home(there, False, rng), home(new, True, rng)]
    share = np.array([0.12, 0.10, 0.10, 0.08, 0.06, 0.30, 0.24])
    return {
        "joined": np.concatenate([leads.converted[came], before, calendar.when(rng.random(new) * total)]),
        "lead": np.concatenate([came, np.full(there + new, -1)]),
        "region": np.concatenate([part[0] for part in homes]),
        "tier": np.concatenate([part[1] for part in homes]),
        "source": np.concatenate([leads.source[came], rng.choice(len(SOURCES), there + new, p=share)]),
        "favourite": np.concatenate(
            [leads.interest[came], rng.choice(len(CATEGORIES), there + new, p=CATEGORY_SHARE)]
        ),
    }


def _consents(joined: Ints, calendar: Calendar, rng: np.random.Generator) -> dict[str, Any]:
    """Consents at joining, and when the one to marketing is taken back and given again."""
    count = len(joined)
    since = np.maximum(joined, calendar.start)
    marketing = rng.random(count) < 0.9
    leaves = since + (rng.exponential(20 * 365, count) * DAY).astype(np.int64)
    withdrawn = np.where(marketing & (leaves < calendar.end), leaves, NEVER)
    again = since + (rng.exponential(300, count) * DAY).astype(np.int64)
    returns = ~marketing & (rng.random(count) < 0.3) & (again < calendar.end)
    return {
        "profiling": rng.choice(3, count, p=[0.93, 0.03, 0.04]),
        "marketing": marketing,
        "withdrawn": withdrawn,
        "renewed": np.where(returns, again, NEVER),
    }


def draw(count: int, leads: Leads, calendar: Calendar, rng: np.random.Generator) -> People:
    """Return ``count`` members, among them the leads that converted (at most half of all)."""
    origin = _origins(count, leads, calendar, rng)
    source, tier = origin["source"], origin["tier"]
    friend = rng.random(count) < FRIEND_SHARE
    scale = VISITS * SOURCE_VISITS[source] * TIER_VISITS[tier] * np.where(friend, FRIEND_VISITS, 1.0)
    minor = rng.random(count) < 0.003
    dies = origin["joined"] + (rng.random(count) * 4 * 365 * DAY).astype(np.int64)
    last_year = 1970 + calendar.end // (365 * DAY)
    age = np.where(
        minor, rng.integers(13, 17, count), np.clip(rng.normal(34, 9, count), 21, 80).astype(np.int64)
    )
    return People(
        **origin,
        since=np.maximum(origin["joined"], calendar.start),
        friend=friend,
        type=rng.choice(len(TYPES), count, p=TYPE_SHARE),
        channel=rng.choice(len(CHANNELS), count, p=CHANNEL_SHARE),
        value=rng.beta(2, 3, count),
        scale=scale,
        rate=scale * rng.gamma(SHAPE, 1 / SHAPE, count),
        hazard=hazards(origin["region"], tier, source, friend),
        birth_year=last_year - age,
        female=rng.random(count) < 0.78,
        minor=minor,
        deceased=np.where((rng.random(count) < 0.0015) & (dies > calendar.start), dies, NEVER),
        **_consents(origin["joined"], calendar, rng),
    )
