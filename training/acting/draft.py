"""What a plan is made of: members, what options would bring them, limits, and the plan in memory."""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
import polars as pl

from features.timestamps import extract_moment
from models.acting import holdout, plan
from models.acting.knapsack import NOTHING
from models.acting.options import Options, read
from models.acting.terms import Chance, Limits, Offers, open_to
from training.acting.audience import Members, members
from training.acting.effects import ADDED, Effects, effects
from training.io import read_json
from training.params import Economics, Params

TASK = "response"


@dataclass(frozen=True)
class Request:
    """What a campaign manager states.

    Parameters
    ----------
    budget
        Money; None for no limit.
    hold_out, explore
        Shares of members.
    day
        For which the plan is; None is the day of the data.
    salt
        Of the holdout; None is the data set's own, kept over campaigns.
    reach
        File of consents and addresses by channel; see ``training.acting.audience.members``.
    blind
        Plan even where the holdout is too small to see anything.
    """

    name: str
    options: Path = Path("experiments/options.yaml")
    budget: float | None = None
    hold_out: float = 0.05
    explore: float = 0.0
    day: date | None = None
    salt: str | None = None
    reach: Path | None = None
    blind: bool = False


@dataclass(frozen=True)
class Draft:
    """Everything that a plan is made of, and the plan."""

    options: Options
    people: Members
    effects: Effects
    offers: Offers
    limits: Limits
    chance: Chance
    plan: plan.Plan
    worth: float

    @property
    def free(self) -> np.ndarray:
        """Which options but care rules leave to each member, shape (members, options)."""
        return open_to(self.offers, self.people.audience, self.limits) & ~self.offers.care


def data_day(params: Params) -> date:
    """Return the day up to which the data are known."""
    return datetime.fromtimestamp(extract_moment(read_json(params.build / "ingest.json")), UTC).date()


def drafted(params: Params, request: Request, day: date) -> Draft:
    """Make the plan in memory; see ``make``."""
    stated, moment = _stated(params), extract_moment(read_json(params.build / "ingest.json")) + 1
    options = read(request.options)
    start = int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp())
    people = members(params, options, moment, max(start, moment), request.reach)
    allowed = options.allowed(people.consent, people.address)
    found = effects(params, people.subjects, options)
    worth = stated.value * stated.success
    gain = plan.gain(found.effect, np.full(len(allowed), worth), _risk(options, people), people.loss * worth)
    offers = Offers(gain, options.cost, allowed, options.channel, options.care)
    limits = Limits(
        _budget(options, request.budget, len(gain)),
        options.capacity, options.channel_capacity, options.per_fortnight,
    )  # fmt: skip
    chance = Chance(request.salt or params.data, request.name, request.hold_out, request.explore)
    made = plan.make(offers, people.audience, limits, chance)
    draft = Draft(options, people, found, offers, limits, chance, made, worth)
    if not request.blind:
        _sees_something(params, draft)
    return draft


def _stated(params: Params) -> Economics:
    if not (params.build / TASK / "scores.parquet").exists():
        raise FileNotFoundError(
            f"plan: {params.build / TASK / 'scores.parquet'} is not there; a plan is made from the scores of "
            f"{TASK}: run the night run with that task first (`dvc repro`)"
        )
    stated: Economics | None = getattr(params.economics, TASK)
    if stated is None:
        raise ValueError(
            "economics.response: state in params.yaml what an answer is worth (value, cost, capacity)"
        )
    return stated


def _budget(options: Options, stated: float | None, members: int) -> float:
    """Without a statement as much as everybody's dearest option costs, which never binds."""
    return max(float(options.cost.max()) * members, 1.0) if stated is None else stated


def _risk(options: Options, people: Members) -> np.ndarray:
    """P(opt-out) of each option; an answered complaint is no advertising."""
    risk = np.where(options.care, 0.0, people.risk[options.channel])
    return np.broadcast_to(risk, people.consent.shape[:1] + risk.shape)


def compared(draft: Draft) -> np.ndarray:
    """Return who is compared in the readout: meant to be contacted, held out or not, shape (members,)."""
    return (draft.plan.planned != NOTHING) & ~draft.plan.explores & ~draft.people.audience.complaint


def seen(params: Params, draft: Draft) -> tuple[holdout.Effect, str]:
    """Return the effect that the holdout must show, and what it is taken from."""
    test = pl.read_parquet(params.build / TASK / "test.parquet")
    explained = float(np.nan_to_num(np.corrcoef(test["probability"], test["label"])[0, 1]))
    rows = compared(draft)
    at = np.flatnonzero(rows), draft.plan.planned[rows]
    chance, effect = draft.effects.probability[at].mean(), draft.effects.effect[at].mean()
    path = params.build / TASK / "held_out.parquet"
    if draft.effects.unit == ADDED:
        rate, added, basis = chance - effect, effect, "uplift"
    elif path.exists() and len(held := pl.read_parquet(path)):
        share = float(held["label"].mean()) / float(test["label"].mean())
        rate, added, basis = chance * share, chance * (1 - share), "held out before"
    else:
        rate, added, basis = chance / 2, chance / 2, "assumed: half would answer without a contact"
    rate, added = float(np.clip(rate, 0, 0.99)), float(added)
    return holdout.Effect(rate, max(min(added, 1 - rate), 1e-6), explained), basis


def _sees_something(params: Params, draft: Draft) -> None:
    share = draft.chance.hold_out
    count = int(compared(draft).sum())
    if not count:
        return
    try:
        holdout.check(seen(params, draft)[0], count, float(np.max(share)))
    except holdout.HoldoutTooSmallError as error:
        raise holdout.HoldoutTooSmallError(
            f"the holdout is too small to see anything: {error}; or plan with --blind, and read nothing after"
        ) from None
