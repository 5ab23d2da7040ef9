"""How near plans come to the best that the simulated brand would allow; only it knows every option's truth.

Each policy keeps the same rules. What it chose is counted by the true effects: added answers times
their worth, less what blocks lose in a year, less the cost.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from features.timestamps import extract_moment
from models.acting.draft import Draft
from models.acting.plan import make
from models.acting.programme import NOTHING
from models.acting.terms import Limits, Offers, open_to
from training.acting.draft import Request, data_day, plan_draft
from training.data.artifacts import Ingest, read_artifact
from training.params import Params
from training.synthetic.option_truth import chances, orders_lost

SPENT = (0.02, 0.05, 0.1, 0.25, 0.5)  # budgets, of what the best plan would spend without one
CAPPED = 0.1  # of the members that a channel takes a day, where capacities are tried
Choice = np.ndarray


@dataclass(frozen=True)
class Trial:
    """One budget under one set of rules, and what each policy would add there, cost taken off."""

    consent: str
    capacity: str
    budget: float
    best: float
    found: dict[str, float]


def true_gain(params: Params, draft: Draft) -> np.ndarray:
    """Return the money that each option truly adds, cost not taken off, shape (members, options).

    Raises
    ------
    ValueError
        Of another data set than the simulated brand, or one built before it knew every option.
    """
    path = params.build / "truth" / "state.parquet"
    if not path.exists():
        raise ValueError(
            f"{path}: not there; only the simulated brand knows it, `memberlens ingest` writes it"
        )
    rows = pl.read_parquet(path)
    state = draft.inputs.people.subjects.to_frame("member_id").join(
        rows, on="member_id", how="left", maintain_order="left"
    )
    clock = pl.read_parquet(params.build / "truth" / "calendar.parquet")
    time, change = extract_moment(read_artifact(Ingest, params.build)), int(clock["change"][0])
    told = {
        row["option"]: chances(
            state,
            row["asked_channel"],
            row["asked_content_type"],
            row["asked_category"],
            int(row["asked_discount_percent"] or 0),
            time,
            change,
        )
        for row in draft.inputs.effects.asked.iter_rows(named=True)
    }
    # Of a year's answers a block ends those that contacts add; the others still come.
    sent, not_sent = (sum(getattr(one, name).sum() for one in told.values()) for name in ("sent", "not_sent"))
    lost = orders_lost(state) + draft.inputs.people.loss * (1 - not_sent / sent)
    found = np.zeros(draft.offers.gain.shape)
    for option, one in told.items():
        found[:, option] = draft.inputs.worth * (one.sent - one.not_sent - one.blocked * lost)
    return found


def trials(params: Params) -> Iterator[Trial]:
    """Yield 5 budgets under each of: consent as it is or everybody's; capacities as stated or tight."""
    draft = plan_draft(params, Request("truth", hold_out=0.0, blind=True), data_day(params))
    truth, rfm = true_gain(params, draft), _rfm(params, draft)
    wide = np.full(len(draft.inputs.options.channels), CAPPED * len(truth))
    uncared = draft.offers.allowed & ~draft.offers.care  # care is owed under every policy, and costs the same
    everybody = np.broadcast_to(~draft.offers.care, uncared.shape)
    for consent, allowed in (("as it is", uncared), ("everybody", everybody)):
        for capacity, channels in (("as stated", draft.limits.channel_capacity), ("tight", wide)):
            base = replace(draft.offers, allowed=allowed)
            limits = replace(draft.limits, channel_capacity=channels)
            most = make(
                replace(base, gain=truth), draft.inputs.people.audience, limits, draft.chance
            ).cost.sum()
            for share in SPENT:
                yield _trial(
                    draft, base, replace(limits, budget=share * most), truth, rfm, (consent, capacity)
                )


def _trial(
    draft: Draft, offers: Offers, limits: Limits, truth: np.ndarray, rfm: np.ndarray, names: tuple[str, str]
) -> Trial:
    audience, chance = draft.inputs.people.audience, draft.chance
    best = make(replace(offers, gain=truth), audience, limits, chance).choice
    free = open_to(offers, audience, limits)
    probability = np.where(free, draft.inputs.effects.probability, -1.0)
    likely = probability.argmax(axis=1)
    luck = np.random.default_rng(0)
    any_option = np.where(free, luck.random(free.shape), -1.0).argmax(axis=1)
    orders = {
        "top-p": (likely, -probability.max(axis=1)),
        "RFM": (likely, -rfm),
        "random": (any_option, luck.random(len(truth))),
    }
    choices = {"plan": make(offers, audience, limits, chance).choice} | {
        name: greedy(option, order, free, offers, limits) for name, (option, order) in orders.items()
    }
    found = {name: _value(choice, truth, offers) for name, choice in choices.items()}
    return Trial(*names, limits.budget, _value(best, truth, offers), found)


def _value(choice: Choice, truth: np.ndarray, offers: Offers) -> float:
    """Money truly added, less the cost."""
    at = np.flatnonzero(choice != NOTHING)
    return float((truth[at, choice[at]] - offers.cost[choice[at]]).sum())


def greedy(option: Choice, order: np.ndarray, free: np.ndarray, offers: Offers, limits: Limits) -> Choice:
    """Choose the first members of an order, each with the option given, while money and places last."""
    choice, money = np.full(len(option), NOTHING), limits.budget
    places, channels = limits.capacity.copy(), limits.channel_capacity.copy()
    for member in np.argsort(order, kind="stable"):
        own = option[member]
        room = min(places[own], channels[offers.channel[own]]) >= 1
        if free[member, own] and room and offers.cost[own] <= money:
            choice[member], money = own, money - offers.cost[own]
            places[own] -= 1
            channels[offers.channel[own]] -= 1
    return choice


def _rfm(params: Params, draft: Draft) -> np.ndarray:
    """Sum of the fifths of recency, frequency and money, shape (members,)."""
    path = params.build / "response" / "snapshot" / "snapshot.parquet"
    columns = ["subject_id", "days_since_order", "orders", "revenue"]
    rows = pl.read_parquet(path, columns=columns).unique("subject_id", keep="first")
    found = draft.inputs.people.subjects.to_frame("subject_id").join(
        rows, on="subject_id", how="left", maintain_order="left"
    )
    ranks = found.select(
        -pl.col("days_since_order").fill_null(1e9).rank(), pl.col("orders", "revenue").fill_null(0).rank()
    ).to_numpy()
    spread = ranks - ranks.min(axis=0)
    return np.ceil(5 * spread / np.maximum(spread.max(axis=0), 1)).sum(axis=1)


def text(params: Params) -> str:
    """Return each trial's shares of the best, as a table for people."""
    lines = [
        f"{'consent':11}{'capacity':11}{'budget':>9}{'best':>10}   plan  top-p    RFM random  of the best"
    ]
    for trial in trials(params):
        shares = " ".join(f"{trial.found[name] / trial.best:6.3f}" for name in trial.found)
        lines.append(f"{trial.consent:11}{trial.capacity:11}{trial.budget:9.0f}{trial.best:10.0f} {shares}")
    return "\n".join(lines)
