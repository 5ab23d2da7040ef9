"""Weeks of contacts on the simulated brand, where too many messages tire members and drive them away.

Policies see the same members, scores and weekly budget: the plan, with its caps, members left in peace and
the price of an opt-out, under the brand's cap and under one contact a fortnight; and the highest
probabilities, week after week. Scores are those of the start; answers, blocks and leaving are drawn from
the truth, with the same luck for all.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from features.timestamps import extract_moment
from models.acting.draft import Draft, gains
from models.acting.plan import make
from models.acting.programme import NOTHING
from models.acting.terms import Offers
from training.acting.audience import UNHEARD
from training.acting.truth import greedy
from training.data.artifacts import Ingest, read_artifact
from training.params import Params
from training.synthetic import answers as true_answers
from training.synthetic.fading import ORDERS_LEFT
from training.synthetic.option_truth import WEIGHTS, Chances, chances

QUARTER, MONTH, FORTNIGHT = 13, 4, 2  # weeks that are remembered
WEEK, YEAR_WEEKS = 7 * 86_400, 52


@dataclass(frozen=True)
class State:
    """Members between two weeks, shape (members,) but for what is remembered.

    Parameters
    ----------
    there
        Not fading, and not gone.
    reachable
        Has blocked nothing.
    complaint
        Has an open complaint, which care answers.
    sent, heard
        Messages got, and opened or answered, by week, the last first, shape (weeks, members).
    """

    there: np.ndarray
    reachable: np.ndarray
    complaint: np.ndarray
    sent: np.ndarray
    heard: np.ndarray


@dataclass(frozen=True)
class Week:
    """What one week brought.

    Parameters
    ----------
    margin
        Money added by answers, less the cost, less the orders of those whom contacts drove away.
    contacts, cost
        Sent this week, and their money.
    reachable
        Members who are still with the brand and have blocked nothing, after the week.
    blocked
        Members who have blocked a message so far.
    """

    margin: float
    cost: float
    contacts: int
    reachable: int
    blocked: int


Policy = Callable[[Draft, State], np.ndarray]


@dataclass(frozen=True)
class World:
    """What only the brand knows: each member's type, lines and orders, and when it is."""

    members: pl.DataFrame
    type: np.ndarray
    orders: np.ndarray
    begun: int
    change: int


def world(params: Params, draft: Draft, seed: int) -> tuple[World, State]:
    """Return the truth with types and fading drawn once, and the state before the first week.

    Raises
    ------
    ValueError
        Of another data set than the simulated brand.
    """
    path = params.build / "truth" / "state.parquet"
    if not path.exists():
        raise ValueError(
            f"{path}: not there; only the simulated brand knows it, `memberlens ingest` writes it"
        )
    rows = draft.inputs.people.subjects.to_frame("member_id").join(
        pl.read_parquet(path), on="member_id", how="left", maintain_order="left"
    )
    rng = np.random.default_rng(seed)
    weights = rows.select(WEIGHTS).to_numpy().cumsum(axis=1)
    kind = (rng.random((len(rows), 1)) > weights[:, :-1]).sum(axis=1)
    there = rng.random(len(rows)) < rows["still"].to_numpy()
    known = rows.with_columns(
        pl.Series(name, (kind == place).astype(float)) for place, name in enumerate(WEIGHTS)
    )
    sent = np.zeros((QUARTER, len(rows)), dtype=np.int64)
    sent[0] = draft.inputs.people.audience.contacts
    sent[MONTH - 1] = np.maximum(rows["messages"].to_numpy() - sent[0], 0)
    clock = pl.read_parquet(params.build / "truth" / "calendar.parquet")
    begun, change = extract_moment(read_artifact(Ingest, params.build)), int(clock["change"][0])
    everybody, complaint = np.ones(len(rows), dtype=bool), draft.inputs.people.audience.complaint
    start = State(there, everybody, complaint, sent, np.zeros_like(sent))
    return World(known, kind, rows["orders"].to_numpy(), begun, change), start


def by_plan(draft: Draft, state: State) -> np.ndarray:
    """Choose as ``memberlens plan`` does: caps, peace, the price of an opt-out, the budget."""
    heard, got = state.heard.sum(axis=0), state.sent.sum(axis=0)
    audience = replace(
        draft.inputs.people.audience,
        contacts=state.sent[:FORTNIGHT].sum(axis=0),
        quiet=draft.inputs.people.audience.quiet | ((got >= UNHEARD) & (heard == 0)),
        complaint=state.complaint,
    )
    now = replace(draft.inputs.people, messages=state.sent[:MONTH].sum(axis=0))
    offers = replace(_offers(draft, state), gain=gains(replace(draft.inputs, people=now)))
    return make(offers, audience, draft.limits, draft.chance).choice


def by_probability(draft: Draft, state: State) -> np.ndarray:
    """Choose the highest probabilities, each member's likeliest option, while money and places last."""
    offers = _offers(draft, state)
    free = offers.allowed & ~offers.care
    probability = np.where(free, draft.inputs.effects.probability, -1.0)
    likely = probability.argmax(axis=1)
    return greedy(likely, -probability.max(axis=1), free, offers, draft.limits)


def rested(draft: Draft, state: State) -> np.ndarray:
    """Choose as ``by_plan`` under a cap of one contact a fortnight."""
    return by_plan(replace(draft, limits=replace(draft.limits, per_fortnight=1)), state)


POLICIES: dict[str, Policy] = {"plan": by_plan, "rested": rested, "top_p": by_probability}


def _offers(draft: Draft, state: State) -> Offers:
    return replace(draft.offers, allowed=draft.offers.allowed & state.reachable[:, None])


def run(draft: Draft, truth: World, state: State, policy: Policy, weeks: int, seed: int) -> Iterator[Week]:
    """Yield each week's outcome of a policy from a state on."""
    begun = state
    for week in range(weeks):
        choice = policy(draft, state)
        luck = np.random.default_rng((seed, week)).random((4, len(choice)))
        state, outcome = step(draft, truth, state, choice, luck, week, begun.there)
        yield outcome


def step(
    draft: Draft, truth: World, state: State, choice: np.ndarray, luck: np.ndarray, week: int,
    began: np.ndarray,
) -> tuple[State, Week]:  # fmt: skip
    """Draw what a week's contacts lead to; return the state after it, and what it brought.

    Parameters
    ----------
    choice
        Option of each member, -1 for nothing, shape (members,).
    luck
        Uniform numbers for answers, blocks, leaving and opening, shape (4, members).
    began
        Who was there before the first week: orders of those who left since are lost.
    """
    messages = state.sent[:MONTH].sum(axis=0)
    given = choice != NOTHING
    sent, not_sent, blocks = _chances(draft, truth, state, choice, messages, week)
    answered = given & (luck[0] < sent)
    added = float(answered.sum() - (given & (luck[0] < not_sent)).sum())
    blocked = given & ~answered & (luck[1] < blocks)
    push = given * (
        true_answers.FATIGUE_PUSH * np.maximum(messages - 2, 0) + true_answers.BLOCK_PUSH * blocked
    )
    there = state.there & ~(luck[2] < -np.expm1(-push))
    opened = answered | (given & (luck[3] < true_answers.OPENED[truth.type]))
    cared = given & draft.inputs.options.care[np.maximum(choice, 0)]
    after = State(
        there, state.reachable & ~blocked, state.complaint & ~cared, _next(state.sent, given),
        _next(state.heard, opened),
    )  # fmt: skip
    cost = float(draft.inputs.options.cost[choice[given]].sum())
    lost = (1 - ORDERS_LEFT) * truth.orders[began & ~there].sum() / YEAR_WEEKS
    margin = draft.inputs.worth * (added - float(lost)) - cost
    reachable, gone = int((after.reachable & there).sum()), int((~after.reachable).sum())
    return after, Week(margin, cost, int(given.sum()), reachable, gone)


def _next(weeks: np.ndarray, now: np.ndarray) -> np.ndarray:
    """What is remembered, a week later."""
    return np.vstack([now[None, :].astype(weeks.dtype), weeks[:-1]])


def _chances(
    draft: Draft, truth: World, state: State, choice: np.ndarray, messages: np.ndarray, week: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """P(answers | sent), P(answers | not sent), P(blocks | sent) of the choice, 0 for care and nothing."""
    frame = truth.members.with_columns(messages=pl.Series(messages), still=pl.Series(state.there * 1.0))
    found = np.zeros((3, len(choice)))
    for row in draft.inputs.effects.asked.iter_rows(named=True):
        at = np.flatnonzero(choice == row["option"])
        if len(at):
            one = _asked(frame[at], row, truth.begun + week * WEEK, truth.change)
            found[:, at] = one.sent, one.not_sent, one.blocked
    return found[0], found[1], found[2]


def _asked(frame: pl.DataFrame, row: dict[str, object], time: int, change: int) -> Chances:
    names = ("asked_channel", "asked_content_type", "asked_category")
    channel, content, category = (str(row[name]) for name in names)
    depth = int(str(row["asked_discount_percent"] or 0))
    return chances(frame, channel, content, category, depth, time, change)
