"""A plan in memory, made from inputs and what a campaign manager states, and its list."""

import math
from dataclasses import dataclass

import numpy as np
import polars as pl

from models.acting import holdout, plan
from models.acting.inputs import ADDED, Inputs
from models.acting.options import OptionsError
from models.acting.programme import NOTHING
from models.acting.reason_words import why
from models.acting.terms import Chance, Limits, Offers, PlanError, open_to
from models.phrases import LANGUAGES


@dataclass(frozen=True)
class PlanRequest:
    """What a campaign manager states.

    Parameters
    ----------
    name
        Of the plan; who explores is drawn by it.
    budget
        Money; None for no limit.
    hold_out, explore
        Shares of members.
    salt
        Of the holdout; None is the data set's own, kept over campaigns.
    only
        Names of the options that may be used; None for all.
    blind
        Plan even where the holdout is too small to see anything.
    """

    name: str
    budget: float | None = None
    hold_out: float = 0.05
    explore: float = 0.0
    salt: str | None = None
    only: tuple[str, ...] | None = None
    blind: bool = False


@dataclass(frozen=True)
class Draft:
    """Inputs, what they come to as offers, limits and chance, and the plan."""

    inputs: Inputs
    offers: Offers
    limits: Limits
    chance: Chance
    plan: plan.Plan

    @property
    def free(self) -> np.ndarray:
        """Which options but care rules leave to each member, shape (members, options)."""
        return open_to(self.offers, self.inputs.people.audience, self.limits) & ~self.offers.care


def drafted(inputs: Inputs, asked: PlanRequest) -> Draft:
    """Make the plan in memory.

    Raises
    ------
    ValueError
        One sentence that says what to change: an option that is not there or reaches nobody, a budget
        that buys nothing, shares out of range, a holdout in which nothing would be seen.
    """
    options, people = inputs.options, inputs.people
    allowed = options.allowed(people.consent, people.address) & _chosen(inputs, asked.only)
    offers = Offers(gains(inputs), options.cost, allowed, options.channel, options.care)
    limits = Limits(
        _budget(inputs, asked.budget), options.capacity, options.channel_capacity, options.per_fortnight
    )
    salt = asked.salt or str(inputs.facts["data"])
    chance = Chance(salt, asked.name, asked.hold_out, asked.explore)
    draft = Draft(inputs, offers, limits, chance, plan.make(offers, people.audience, limits, chance))
    if not asked.blind:
        _sees_something(draft)
    return draft


def _chosen(inputs: Inputs, only: tuple[str, ...] | None) -> np.ndarray:
    names = [option.name for option in inputs.options.options]
    if only is None:
        return np.ones(len(names), dtype=bool)
    unknown = [name for name in only if name not in names]
    if unknown:
        raise OptionsError(
            f"options: {len(unknown)} of those named are not there; allowed: {', '.join(names)}"
        )
    return np.isin(names, only)


def _budget(inputs: Inputs, stated: float | None) -> float:
    """Without a statement as much as everybody's dearest option costs, which never binds."""
    most = float(inputs.options.cost.max()) * len(inputs.people.subjects)
    if stated is not None and math.isinf(stated):
        raise PlanError(f"budget {stated}: allowed is a number above 0; leave it out for no limit")
    return max(most, 1.0) if stated is None else stated


def gains(inputs: Inputs) -> np.ndarray:
    """Return the money that each option adds by each member, shape (members, options); see ``plan.gain``.

    The price of an opt-out is what it ends, and rises with what a member got of late; an answered complaint
    is no advertising.
    """
    people, worth = inputs.people, inputs.worth
    risk = np.where(inputs.options.care, 0.0, people.opt_out(inputs.options.channel))
    return plan.gain(inputs.effects.effect, np.full(len(risk), worth), risk, people.loss * worth)


def compared(draft: Draft) -> np.ndarray:
    """Return who is compared in the readout: meant to be contacted, held out or not, shape (members,)."""
    complaint = draft.inputs.people.audience.complaint
    return (draft.plan.planned != NOTHING) & ~draft.plan.explores & ~complaint


def seen(draft: Draft) -> tuple[holdout.Effect, str]:
    """Return the effect that the holdout must show, and what it is taken from."""
    effects, facts = draft.inputs.effects, draft.inputs.facts
    rows = compared(draft)
    at = np.flatnonzero(rows), draft.plan.planned[rows]
    chance, effect = effects.probability[at].mean(), effects.effect[at].mean()
    if effects.unit == ADDED:
        rate, added, basis = chance - effect, effect, "uplift"
    elif facts["left_alone"] is not None:
        share = facts["left_alone"]
        rate, added, basis = chance * share, chance * (1 - share), "held out before"
    else:
        rate, added, basis = chance / 2, chance / 2, "assumed: half would answer without a contact"
    rate, added = float(np.clip(rate, 0, 0.99)), float(added)
    return holdout.Effect(rate, max(min(added, 1 - rate), 1e-6), facts["explained"]), basis


def _sees_something(draft: Draft) -> None:
    count = int(compared(draft).sum())
    if not count:
        return
    try:
        holdout.check(seen(draft)[0], count, float(np.max(draft.chance.hold_out)))
    except holdout.HoldoutTooSmallError as error:
        raise holdout.HoldoutTooSmallError.worded("too_small", why=error.said) from None


LIST = {
    **dict.fromkeys(("subject", "option", "arm"), pl.String),
    **dict.fromkeys(("probability", "expected_gain", "expected_answers", "cost"), pl.Float64),
    **dict.fromkeys(("reason", "reason_en", "reason_zh", "planned"), pl.String),
    **dict.fromkeys(("planned_answers", "score"), pl.Float64),
}  # the columns of a list


def listed(draft: Draft) -> pl.DataFrame:
    """Return the list: subjects and codes, what is expected, and why; a row a member."""
    made, effects = draft.plan, draft.inputs.effects
    names = np.array([*(option.name for option in draft.inputs.options.options), ""])  # -1 is the last
    each = np.arange(len(made.choice))

    def of(table: np.ndarray, choice: np.ndarray) -> np.ndarray:
        return np.where(choice == NOTHING, 0.0, table[each, np.maximum(choice, 0)])

    def named(choice: np.ndarray) -> pl.Series:
        return pl.Series(names[choice].tolist(), dtype=pl.String).replace("", None)

    codes = pl.Series([plan.REASONS[code] for code in made.reason], dtype=pl.String)
    return pl.DataFrame(
        {
            "subject": draft.inputs.people.subjects,
            "option": named(made.choice),
            "arm": pl.Series(_arms(draft).tolist(), dtype=pl.String),
            "probability": made.probability,
            "expected_gain": made.gain,
            "expected_answers": of(effects.effect, made.choice),
            "cost": made.cost,
            "reason": codes,
            **{
                f"reason_{word}": codes.replace_strict(
                    {code: why(code, word) for code in plan.REASONS}, return_dtype=pl.String
                )
                for word in LANGUAGES
            },
            "planned": named(made.planned),
            "planned_answers": of(effects.effect, made.planned),
            "score": of(effects.probability, made.planned),
        }
    )


def _arms(draft: Draft) -> np.ndarray:
    made = draft.plan
    given = made.choice != NOTHING
    conditions = [made.held_out, made.explores, draft.inputs.people.audience.complaint & given, given]
    return np.select(conditions, ["held_out", "explore", "care", "contact"], "none")
