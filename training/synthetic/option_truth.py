"""What would come of any content over any channel, sent to any member at the end of the period.

The truth about contacts knows only what was sent. This one keeps what chances follow from (visits,
messages, categories bought, what can be known of the type), so that every channel, kind of content,
category and depth of a discount can be asked about, and a plan's regret is a number.
"""

from dataclasses import dataclass

import numpy as np
import polars as pl

from training.synthetic import answers
from training.synthetic.calendar import DAY, Floats, Ints
from training.synthetic.campaigns import CHANNELS, CONTENTS, Campaigns
from training.synthetic.contacts import Mailing
from training.synthetic.fading import ORDERS_LEFT
from training.synthetic.people import CATEGORIES, TYPES

YEAR = 365 * DAY
WEIGHTS = tuple(f"weight_{name}" for name in TYPES)
COUNTS = tuple(f"lines_{name}" for name in CATEGORIES)


@dataclass(frozen=True)
class Chances:
    """What a contact leads to, shape (members,) each.

    Parameters
    ----------
    sent, not_sent
        P(answers within the window), with the contact and without.
    blocked
        P(blocks after the contact).
    """

    sent: Floats
    not_sent: Floats
    blocked: Floats


def state(mailing: Mailing, ids: pl.Series, order_times: Ints, order_members: Ints) -> pl.DataFrame:
    """Return what chances at the end of the period follow from, a row a member; ``still`` comes later."""
    end, members = mailing.calendar.end, len(ids)
    mailing.catch_up(end)
    weights = mailing.beliefs.weights(np.arange(members))
    recent = (order_times >= end - YEAR) & (order_times < end)
    programme = mailing.programme
    own = {} if programme is None else {"liking": programme.liking(np.arange(members), end)}
    return pl.DataFrame(
        {
            **own,
            "member_id": ids,
            "visits": mailing.recent(end),
            "messages": mailing.messages(end),
            "orders": np.bincount(order_members[recent], minlength=members),
            **{name: weights[:, place] for place, name in enumerate(WEIGHTS)},
            **{name: mailing.bought_in[:, place].astype(float) for place, name in enumerate(COUNTS)},
        }
    )


def chances(
    members: pl.DataFrame, channel: str, content: str, category: str, depth: int, time: int, change: int
) -> Chances:
    """Return what sending one content to every row of ``members`` leads to.

    Parameters
    ----------
    members
        Rows of the truth ``state``: as ``state`` returns them, with ``still``, P(does not fade yet).
    depth
        Percent of discount, 0 without one.
    time, change
        When it is sent, and when the base rate changed (seconds).

    Raises
    ------
    ValueError
        A channel, content or category that the simulated brand does not have.
    """
    for value, known in ((channel, CHANNELS), (content, CONTENTS), (category, CATEGORIES)):
        if value not in known:
            raise ValueError(f"{value!r}: the simulated brand has {', '.join(known)}")
    campaign = _campaign(channel, content, category, depth, time)
    counts = members.select(COUNTS).to_numpy()
    share = (counts[:, campaign.category[0]] + 0.5) / (counts.sum(axis=1) + 3)
    visits, messages = (members[name].to_numpy() for name in ("visits", "messages"))
    further = members["liking"].to_numpy() if "liking" in members.columns else 0.0
    by_type = answers.treated(campaign, 0, visits, share, messages, change, further)
    still, weights = members["still"].to_numpy(), members.select(WEIGHTS).to_numpy()
    there = still + (1 - still) * answers.LOST
    sent = there[:, None] * by_type
    blocked = (weights * (1 - sent) * answers.blocking(messages)).sum(axis=1)
    return Chances((weights * sent).sum(axis=1), there * answers.organic(time, visits, change), blocked)


def orders_lost(members: pl.DataFrame) -> Floats:
    """Return the orders of a year that a block ends, shape (members,): it may drive a member away."""
    leaves = -np.expm1(-answers.BLOCK_PUSH)
    return leaves * (1 - ORDERS_LEFT) * members["orders"].to_numpy()


def _campaign(channel: str, content: str, category: str, depth: int, time: int) -> Campaigns:
    """One campaign to everybody, nobody held out."""

    def one(value: int) -> Ints:
        return np.array([value], dtype=np.int64)

    codes = CHANNELS.index(channel), CONTENTS.index(content), CATEGORIES.index(category)
    first, second, third = map(one, codes)
    return Campaigns(one(time), first, second, third, one(depth), one(0), np.ones(1), np.zeros(1))
