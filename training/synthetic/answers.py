"""How members answer a content: true effects, and what can be known of a member's type.

With ``p = 1 / (1 + exp(-x))``, a treated member who is still with the brand answers with
``x = BASE + type's liking of the content + channel + depth of the discount + recent visits + share of
lines in the category + fatigue``; a held-out one with ``x = ORGANIC + recent visits``. After the
base-rate change both lose ``log(CHANGE_FACTOR)``. A member who fades or has left answers with ``LOST``
of that.
"""

import numpy as np

from training.synthetic.calendar import CHANGE_FACTOR, Flags, Floats, Ints
from training.synthetic.campaigns import Campaigns
from training.synthetic.orders import DISCOUNTED
from training.synthetic.people import TYPE_SHARE

BASE, ORGANIC = -2.55, -3.85
LIKING = np.array(  # rows: content, discount, quiet; columns: new_product, discount, sample, event, care_tip
    [[0.75, -0.35, 0.25, 0.65, 0.35], [-0.45, 0.95, 0.45, -0.35, -0.75], [-1.1, -0.7, -0.9, -1.1, -0.8]]
)
BY_CHANNEL = np.array([-0.3, 0.4, -0.35, 0.25])
BY_DEPTH = 0.025  # for each percent above 20, discount campaigns
BY_VISITS = 0.50  # for the logarithm of 1 + visits in 90 days
BY_CATEGORY = 1.6  # for the share of lines in the content's category
FATIGUE = -0.22  # for each message in 30 days, up to 6
LOST = 0.25  # what is left of the chance to answer from when a member fades
BLOCK, BLOCK_FATIGUE, BLOCK_QUIET = 0.0025, 0.40, 3.0
OPENED = np.array([0.40, 0.36, 0.20])  # without an answer, by type
FATIGUE_PUSH = 0.03  # hazard of beginning to fade, for each message above two in 30 days
BLOCK_PUSH = 0.5  # hazard of beginning to fade with a block


def logistic(x: Floats) -> Floats:
    """Return ``1 / (1 + exp(-x))``."""
    return 1 / (1 + np.exp(-x))


def changed(time: int, change: int) -> float:
    """Return what the base-rate change adds to the log odds at ``time``."""
    return float(np.log(CHANGE_FACTOR)) if time >= change else 0.0


def treated(
    campaigns: Campaigns, row: int, recent: Ints, share: Floats, messages: Ints, change: int,
    further: Floats | float = 0.0,
) -> Floats:  # fmt: skip
    """Return P(answer | sent, still there) for each type, shape (members, 3).

    ``further`` is of the log odds.
    """
    content, depth = campaigns.content[row], campaigns.depth[row]
    common = BASE + BY_CHANNEL[campaigns.channel[row]] + changed(campaigns.time[row], change)
    common += BY_DEPTH * (depth - 20) if content == 1 else 0.0
    own = BY_VISITS * np.log1p(recent) + BY_CATEGORY * (share - 1 / 6) + FATIGUE * np.minimum(messages, 6)
    own = own + further
    return logistic(common + own[:, None] + LIKING[:, content])


def organic(time: int, recent: Ints, change: int) -> Floats:
    """Return P(answer | held out, still there), shape (members,)."""
    return logistic(ORGANIC + BY_VISITS * 1.5 * np.log1p(recent) + changed(time, change))


def blocking(messages: Ints) -> Floats:
    """Return P(blocks | sent) for each type, shape (members, 3)."""
    level = BLOCK * np.exp(BLOCK_FATIGUE * np.minimum(messages, 6))
    return level[:, None] * np.where(np.arange(3) == 2, BLOCK_QUIET, 1.0)


class Beliefs:
    """What an observer knows of each member's type: log odds, shape (members, 3), updated in place."""

    def __init__(self, members: int) -> None:
        self.log_odds = np.tile(np.log(TYPE_SHARE), (members, 1)).astype(np.float32)

    def weights(self, members: Ints) -> Floats:
        """Return P(type) of ``members``, shape (len(members), 3)."""
        odds = self.log_odds[members].astype(np.float64)
        odds = np.exp(odds - odds.max(axis=1, keepdims=True))
        return odds / odds.sum(axis=1, keepdims=True)

    def saw_lines(self, members: Ints, discounted: Flags) -> None:
        """Learn from lines bought, with or without a discount."""
        told = np.where(discounted[:, None], np.log(DISCOUNTED), np.log1p(-DISCOUNTED))
        for kind in range(3):
            self.log_odds[:, kind] += np.bincount(members, told[:, kind], len(self.log_odds))

    def saw(self, members: Ints, likelihood: Floats) -> None:
        """Learn from something of likelihood ``likelihood`` (members, 3); each member at most once."""
        self.log_odds[members] += np.log(likelihood)
