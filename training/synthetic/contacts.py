"""Sending the campaigns, one after the other: who is chosen, held out, answers, blocks, fades."""

from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from training.synthetic import answers, fading
from training.synthetic.calendar import DAY, HOUR, NEVER, Calendar, Flags, Floats, Ints
from training.synthetic.campaigns import WINDOW, Campaigns
from training.synthetic.loyalty import Programme
from training.synthetic.orders import PER_CATEGORY, Lines, Orders, Visits
from training.synthetic.people import CATEGORIES, People

ORDERS_AFTER = 0.30  # answers that lead to an order of their own
RECENT = 90 * DAY
MONTH = 30 * DAY


@dataclass(frozen=True)
class Contacts:
    """Contacts in order of their campaigns; arrays of shape (contacts,)."""

    member: Ints
    campaign: Ints
    time: Ints
    held_out: Flags
    answered: Ints  # time of the answer, or -1
    opened: Ints
    clicked: Ints
    blocked: Ints
    messages: Ints  # got in the 30 days before
    if_sent: Floats  # P(answer | sent, still there), what can be known of the type given
    if_not: Floats  # P(answer | held out, still there)
    known: Floats  # P(what was seen | fading) / P(what was seen | still there), its logarithm
    push: Floats  # hazard of beginning to fade at this contact


Record = TypeVar("Record", Contacts, Orders)


class Mailing:
    """The state of all members while the campaigns are sent."""

    def __init__(
        self, people: People, seen: Visits, bought: Orders, items: Lines, fades: Ints, calendar: Calendar,
        programme: Programme | None = None,
    ) -> None:  # fmt: skip
        self.people, self.seen, self.calendar = people, seen, calendar
        self.fades = fades.copy()
        self.withdrawn = people.withdrawn.copy()
        self.beliefs = answers.Beliefs(len(people))
        self.bought_in = np.zeros((len(people), len(CATEGORIES)), dtype=np.float32)
        self.line_member, self.line_visit = bought.member[items.order], bought.visit[items.order]
        self.line_time, self.line_luck = bought.time[items.order], bought.luck[items.order]
        self.line_category, self.line_reduced = items.product // PER_CATEGORY, items.discount > 0
        self.sent: list[tuple[int, Ints]] = []
        self.past = 0
        self.programme = programme

    def catch_up(self, now: int) -> None:
        """Take in the lines bought since the last campaign."""
        upto = int(np.searchsorted(self.line_time, now))
        part = slice(self.past, upto)
        member = self.line_member[part]
        ordered = np.ones(len(member), dtype=bool)
        real = fading.happens(self.line_visit[part], self.fades[member], self.line_luck[part], ordered)
        self.note(member[real], self.line_category[part][real], self.line_reduced[part][real])
        if self.programme is not None:
            points = self.programme.line_points[part][real]
            self.programme.bought(member[real], self.line_time[part][real], points)
        self.past = upto

    def pass_time(self, until: int) -> None:
        """Draw up the accounts of the points programme before ``until``, where there is one."""
        if self.programme is not None:
            self.programme.advance(self, until)

    def note(self, member: Ints, category: Ints, reduced: Flags) -> None:
        """Count lines by category and learn from their discounts."""
        cell = member * len(CATEGORIES) + category
        self.bought_in += np.bincount(cell, minlength=self.bought_in.size).reshape(self.bought_in.shape)
        self.beliefs.saw_lines(member, reduced)

    def recent(self, now: int) -> Ints:
        """Return visits of each member in the last 90 days."""
        low, high = np.searchsorted(self.seen.time, [now - RECENT, now])
        seen, part = self.seen, slice(low, high)
        member, ordered = seen.member[part], seen.order[part] >= 0
        real = fading.happens(seen.time[part], self.fades[member], seen.luck[part], ordered)
        return np.bincount(member[real], minlength=len(self.people))

    def messages(self, now: int) -> Ints:
        """Return messages that each member got in the last 30 days."""
        self.sent = [(time, member) for time, member in self.sent if time >= now - MONTH]
        got = np.concatenate([member for _, member in self.sent] or [np.zeros(0, dtype=np.int64)])
        return np.bincount(got, minlength=len(self.people))

    def allowed(self, now: int) -> Flags:
        """Return members that may be written to."""
        people = self.people
        consent = (people.marketing | (now >= people.renewed)) & (now < self.withdrawn)
        return (people.since < now) & consent & ~people.minor & (now < people.deceased)

    def choose(self, campaigns: Campaigns, row: int, recent: Ints, rng: np.random.Generator) -> Ints:
        """Return the members chosen for a campaign; those with a consultant more often."""
        now = int(campaigns.time[row])
        aimed = [np.ones(len(recent), dtype=bool), recent > 0, recent == 0][campaigns.audience[row]]
        weight = campaigns.reach[row] * np.where(self.people.friend, 1.5, 0.8)
        return np.flatnonzero(self.allowed(now) & aimed & (rng.random(len(recent)) < weight))


def _chances(
    mailing: Mailing, campaigns: Campaigns, row: int, member: Ints, recent: Ints, messages: Ints
) -> tuple[Floats, Floats]:
    """P(answer | sent, still there) by type, and P(answer | held out, still there)."""
    counts = mailing.bought_in[member].astype(np.float64)
    share = (counts[:, campaigns.category[row]] + 0.5) / (counts.sum(axis=1) + 3)
    change = mailing.calendar.change
    programme, now = mailing.programme, int(campaigns.time[row])
    further = 0.0 if programme is None else programme.liking(member, now)
    sent = answers.treated(campaigns, row, recent, share, messages, change, further)
    return sent, answers.organic(now, recent, change)


def _send(mailing: Mailing, campaigns: Campaigns, row: int, rng: np.random.Generator) -> Contacts:
    """One campaign: draw what happens, update the state, return the contacts."""
    now = int(campaigns.time[row])
    mailing.catch_up(now)
    recent_of_all, messages_of_all = mailing.recent(now), mailing.messages(now)
    member = mailing.choose(campaigns, row, recent_of_all, rng)
    recent, messages, count = recent_of_all[member], messages_of_all[member], len(member)
    kind, each = mailing.people.type[member], np.arange(count)
    held_out = rng.random(count) < campaigns.held_out[row]
    time = now + rng.integers(0, 3 * HOUR, count)
    by_type, if_not = _chances(mailing, campaigns, row, member, recent, messages)
    weights = mailing.beliefs.weights(member)
    if_sent = (weights * by_type).sum(axis=1)
    there = np.where(mailing.fades[member] > time, 1.0, answers.LOST)
    answered = rng.random(count) < there * np.where(held_out, if_not, by_type[each, kind])
    opened = ~held_out & (answered | (rng.random(count) < answers.OPENED[kind]))
    block = answers.blocking(messages)
    blocked = ~held_out & ~answered & (rng.random(count) < block[each, kind])

    expected = np.where(held_out, if_not, if_sent)
    known = np.where(answered, np.log(answers.LOST), np.log1p(-answers.LOST * expected) - np.log1p(-expected))
    push = np.where(
        held_out, 0, answers.FATIGUE_PUSH * np.maximum(messages - 2, 0) + answers.BLOCK_PUSH * blocked
    )
    _learn(mailing, member, held_out, by_type, block, answered, opened, blocked, recent > 0)
    gone = rng.random(count) < -np.expm1(-push)
    mailing.fades[member[gone]] = np.minimum(mailing.fades[member[gone]], time[gone])
    mailing.withdrawn[member[blocked]] = np.minimum(mailing.withdrawn[member[blocked]], time[blocked] + DAY)
    mailing.sent.append((now, member[~held_out]))
    moments = _moments(time, answered, opened, blocked, held_out, rng)
    return Contacts(
        member, np.full(count, row), time, held_out, *moments, messages, if_sent, if_not, known, push
    )


def _learn(
    mailing: Mailing, member: Ints, held_out: Flags, by_type: Floats, block: Floats,
    answered: Flags, opened: Flags, blocked: Flags, active: Flags,
) -> None:  # fmt: skip
    """What the reaction tells about the type; silence tells nothing of members who may have gone."""
    told = np.where(
        answered[:, None],
        by_type,
        np.where(active[:, None], 1 - by_type, 1.0)
        * np.where(opened[:, None], answers.OPENED, 1 - answers.OPENED)
        * np.where(blocked[:, None], block, 1 - block),
    )
    mailing.beliefs.saw(member[~held_out], told[~held_out])


def _moments(
    time: Ints, answered: Flags, opened: Flags, blocked: Flags, held_out: Flags, rng: np.random.Generator
) -> tuple[Ints, Ints, Ints, Ints]:
    """When each answered, opened, clicked and blocked; -1 where they did not."""
    count = len(time)
    reads = time + 60 + (rng.exponential(0.25, count) * DAY).astype(np.int64)
    reacts = time + 600 + (np.minimum(rng.exponential(1.5, count), WINDOW - 0.5) * DAY).astype(np.int64)
    reads = np.where(answered, np.minimum(reads, reacts - 300), np.minimum(reads, time + 13 * DAY))
    click = opened & np.where(answered, rng.random(count) < 0.8, rng.random(count) < 0.15)
    return (
        np.where(answered, reacts, -1),
        np.where(opened, reads, -1),
        np.where(click, np.where(answered, reacts - 120, reads + 60), -1),
        np.where(blocked, reads + 30, -1),
    )


def send(mailing: Mailing, campaigns: Campaigns, rng: np.random.Generator) -> tuple[Contacts, Orders]:
    """Return all campaigns in turn, and the orders that answers lead to."""
    parts, extra = [], []
    for row in range(len(campaigns.time)):
        mailing.pass_time(int(campaigns.time[row]))
        part = _send(mailing, campaigns, row, rng)
        won = np.flatnonzero((part.answered >= 0) & ~part.held_out)
        if mailing.programme is not None:
            mailing.programme.answered(part.member[won], part.answered[won])
        won = won[rng.random(len(won)) < ORDERS_AFTER]
        member, category = part.member[won], np.full(len(won), campaigns.category[row])
        depth = np.full(len(won), campaigns.depth[row])
        mailing.note(member, category, depth > 0)
        time = part.answered[won] + rng.integers(300, 2 * DAY, len(won))
        asked, luck = np.full(len(won), -NEVER), np.zeros(len(won))
        extra.append(Orders(member, asked, time, category, depth, luck))
        parts.append(part)
    mailing.pass_time(mailing.calendar.end)
    return stack(Contacts, parts), stack(Orders, extra)


def stack(kind: type[Record], parts: list[Record]) -> Record:
    """Return one record of arrays from several."""
    names = list(vars(parts[0]))
    return kind(**{name: np.concatenate([getattr(part, name) for part in parts]) for name in names})
