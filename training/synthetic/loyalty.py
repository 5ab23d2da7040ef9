"""A points programme and coupons, which move members; only where the brand is asked to have them.

Each order that no campaign led to earns points. Every 30 days the brand draws up the account of everybody:
points that were earned since then are credited, those of a year before expire, and perhaps a coupon is
issued. Who has enough for a reward, nearly enough, or points that expire at the next account, may order at
once and redeem them. Points that expire drive members away, and so does a long time without a reward.
Answers to campaigns come more often while a coupon is unused, most when it soon ends, and while a reward
waits. Before the next account nothing is credited, so that whatever moves members stands in both tables.
"""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from training.synthetic import answers
from training.synthetic.calendar import DAY, HOUR, NEVER, Calendar, Flags, Floats, Ints
from training.synthetic.orders import FAVOURITE_SHARE, Lines, Orders
from training.synthetic.people import CATEGORIES, CATEGORY_SHARE, People

if TYPE_CHECKING:
    from training.synthetic.contacts import Mailing

EVERY = 30  # days between accounts
LOTS = 12  # accounts after which points expire
CENTS_PER_POINT = 1_000
REWARD = 100  # points
NEAR = 0.75  # of a reward
LITTLE = 15  # points that nobody misses
RETURN, RETURN_NEAR, RETURN_REWARD, RETURN_EXPIRING = -4.0, 1.6, 2.6, 1.4  # log odds to order at an account
EXPIRED_PUSH = 0.30  # hazard of beginning to fade, where more than a little expires
IDLE_PUSH, IDLE = 0.03, 180 * DAY  # the same at every account after so long without a reward
ISSUED = 0.30  # accounts that bring a coupon, for who has none
TYPES = ("discount", "gift", "shipping")
TYPE_SHARE = np.array([0.5, 0.2, 0.3])
VALUES = np.array([1_000, 2_000, 5_000])  # cents
VALID = np.array([14, 30, 60])  # days
USED = 0.35  # lines bought with a coupon that use it
SOON = 20 * DAY
COUPON, COUPON_SOON, REWARD_WAITS = 0.3, 1.1, 0.5  # log odds to answer a campaign
EXPIRED, EARNED, REDEEMED = range(3)
KINDS = ("expired", "earned", "redeemed")


def return_chance(balance: Floats, expiring: Floats) -> Floats:
    """Return P(orders at an account | still there) by the points and how many of them expire at the next."""
    odds = RETURN + RETURN_REWARD * (balance >= REWARD) + RETURN_EXPIRING * (expiring > LITTLE)
    odds = odds + RETURN_NEAR * ((balance >= NEAR * REWARD) & (balance < REWARD))
    return np.asarray(answers.logistic(odds))


def pushes(expired: Floats, idle: Ints) -> Floats:
    """Return the hazard of beginning to fade at an account.

    ``idle`` are seconds since a reward, or since joining.
    """
    return EXPIRED_PUSH * (expired > LITTLE) + IDLE_PUSH * (idle > IDLE)


def accounts(start: int, end: int) -> Ints:
    """Return when accounts are drawn up; the first is number 1."""
    return np.arange(start + EVERY * DAY + 2 * HOUR, end, EVERY * DAY)


@dataclass
class Log:
    """What happened, by kind of record; every entry is a tuple of arrays of equal length."""

    points: list[tuple[Ints, ...]] = field(default_factory=list)  # member, time, kind, points, balance
    coupons: list[tuple[Ints, ...]] = field(default_factory=list)  # member, issued, ends, type, value, used
    shocks: list[tuple[Ints, Ints, Floats, Floats]] = field(default_factory=list)  # as ``History.shocks``
    lots: list[tuple[Ints, Ints, Floats, Ints]] = field(default_factory=list)  # member, time, lots, rewarded
    credits: list[tuple[Ints, Ints, Floats]] = field(default_factory=list)  # member, time, points
    orders: list[Orders] = field(default_factory=list)


@dataclass
class Coupons:
    """The latest coupon of every member; arrays of shape (members,)."""

    issued: Ints
    ends: Ints
    type: Ints
    value: Ints
    used: Ints

    @classmethod
    def none(cls, members: int) -> "Coupons":
        """Return no coupon of anybody."""
        issued, ends, kind, value = (np.full(members, -1) for _ in range(4))
        return cls(issued, ends, kind, value, np.full(members, NEVER))

    def unused(self, member: Ints, now: Ints | int) -> Flags:
        """Tell whether ``member`` could use one at ``now``."""
        return (self.issued[member] < now) & (now < self.ends[member]) & (now < self.used[member])

    def of(self, member: Ints) -> tuple[Ints, ...]:
        """Return the coupons of ``member``, who all have one, as ``Log`` keeps them."""
        return member, *(
            values[member] for values in (self.issued, self.ends, self.type, self.value, self.used)
        )


class Programme:
    """The state of all members' points and coupons while time passes."""

    def __init__(
        self, people: People, items: Lines, prices: Ints, calendar: Calendar, rng: np.random.Generator
    ) -> None:
        count = len(people)
        self.people, self.rng, self.log = people, rng, Log()
        self.accounts = accounts(calendar.start, calendar.end)
        self.done = 0
        cents = prices[items.product] * items.quantity * (100 - items.discount) // 100
        self.line_points = np.rint(cents / CENTS_PER_POINT)
        self.lots, self.pending = np.zeros((count, LOTS)), np.zeros(count)
        self.rewarded = people.since.copy()
        self.coupons = Coupons.none(count)

    def bought(self, member: Ints, time: Ints, points: Floats) -> None:
        """Take in lines: their points wait for the next account, and a coupon may be used."""
        self.pending += np.bincount(member, points, len(self.pending))
        self.log.credits.append((member, time, points))
        uses = self.coupons.unused(member, time) & (self.rng.random(len(member)) < USED)
        np.minimum.at(self.coupons.used, member[uses], time[uses])

    def answered(self, member: Ints, time: Ints) -> None:
        """Let answers to campaigns use what is unused."""
        uses = self.coupons.unused(member, time)
        np.minimum.at(self.coupons.used, member[uses], time[uses])

    def liking(self, member: Ints, now: int) -> Floats:
        """Return what points and coupons add to the log odds that ``member`` answers,
        shape (len(member),).
        """
        soon = self.coupons.ends[member] - now <= SOON
        coupon = self.coupons.unused(member, now) * np.where(soon, COUPON_SOON, COUPON)
        return coupon + REWARD_WAITS * (self.lots[member].sum(axis=1) >= REWARD)

    def advance(self, mailing: "Mailing", until: int) -> None:
        """Draw up every account before ``until``; members order and begin to fade in ``mailing``."""
        while self.done < len(self.accounts) and self.accounts[self.done] < until:
            now = int(self.accounts[self.done])
            self.done += 1
            mailing.catch_up(now)
            self._account(mailing, self.done, now)

    def _account(self, mailing: "Mailing", number: int, now: int) -> None:
        """One account of everybody who is a member."""
        who = np.flatnonzero((self.people.since < now) & (now < self.people.deceased))
        expired, earned = self.lots[who, number % LOTS], self.pending[who]
        before = self.lots[who].sum(axis=1) - expired
        self.lots[who, number % LOTS], self.pending[who] = earned, 0.0
        self._note(who, np.full(len(who), now), EXPIRED, -expired, before)
        self._note(who, np.full(len(who), now + 60), EARNED, earned, before + earned)
        expiring = self.lots[who, (number + 1) % LOTS]
        chance, push = return_chance(before + earned, expiring), pushes(expired, now - self.rewarded[who])
        there = np.where(mailing.fades[who] > now, 1.0, answers.LOST)
        returns = self.rng.random(len(who)) < there * chance
        known = np.where(returns, np.log(answers.LOST), np.log1p(-answers.LOST * chance) - np.log1p(-chance))
        self.log.shocks.append((who, np.full(len(who), now), push, known))
        gone = who[self.rng.random(len(who)) < -np.expm1(-push)]
        mailing.fades[gone] = np.minimum(mailing.fades[gone], now)
        self._order(mailing, number, now, who[returns])
        self.log.lots.append((who, np.full(len(who), now), self.lots[who], self.rewarded[who]))
        self._issue(who, now)

    def _order(self, mailing: "Mailing", number: int, now: int, who: Ints) -> None:
        """Who returns orders within two days, and redeems whole rewards, or else what would expire."""
        time = now + self.rng.integers(6 * HOUR, 2 * DAY, len(who))
        balance = self.lots[who].sum(axis=1)
        whole = np.floor(balance / REWARD) * REWARD
        spent = np.where(whole > 0, whole, self.lots[who, (number + 1) % LOTS])
        left = spent.copy()
        for age in range(1, LOTS + 1):  # the oldest first
            taken = np.minimum(self.lots[who, (number + age) % LOTS], left)
            self.lots[who, (number + age) % LOTS] -= taken
            left -= taken
        self.rewarded[who[whole > 0]] = time[whole > 0]
        self._note(who, time, REDEEMED, -spent, balance - spent)
        loyal = self.rng.random(len(who)) < FAVOURITE_SHARE
        other = self.rng.choice(len(CATEGORIES), len(who), p=CATEGORY_SHARE)
        category = np.where(loyal, self.people.favourite[who], other)
        np.add.at(mailing.bought_in, (who, category), 1)
        full, asked = np.zeros(len(who), dtype=np.int64), np.full(len(who), -NEVER)
        self.log.orders.append(Orders(who, asked, time, category, full, np.zeros(len(who))))

    def _note(self, who: Ints, time: Ints, kind: int, points: Floats, balance: Floats) -> None:
        """Entries of the ledger where points changed."""
        some = points != 0
        amounts = (np.rint(values[some]).astype(np.int64) for values in (points, balance))
        self.log.points.append((who[some], time[some], np.full(int(some.sum()), kind), *amounts))

    def _issue(self, who: Ints, now: int) -> None:
        """Coupons for some of those who have none."""
        now += 2 * HOUR
        none = ~self.coupons.unused(who, now)
        who = who[none & (self.rng.random(len(who)) < ISSUED)]
        self.log.coupons.append(self.coupons.of(who[self.coupons.issued[who] >= 0]))
        count, held = len(who), self.coupons
        held.issued[who], held.used[who] = now, NEVER
        held.ends[who] = now + self.rng.choice(VALID, count) * DAY
        held.type[who] = self.rng.choice(len(TYPES), count, p=TYPE_SHARE)
        held.value[who] = self.rng.choice(VALUES, count)

    def close(self) -> None:
        """Write down the coupons that are still held."""
        self.log.coupons.append(self.coupons.of(np.flatnonzero(self.coupons.issued >= 0)))
