"""What scenes brought: whom each met and acted on against those held out of it, by first meetings."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
import polars as pl
from scipy.stats import norm

from features.feature import DAY
from models.acting import holdout
from models.acting.comparison import FEWEST_ANSWERS, Added, ReadoutError
from models.acting.readout import Campaign, Readout, read

LEVEL = 0.05  # of all scenes together
LEAKED = 0.05  # share of the held-out acted on, above which the comparison is no longer believed
STRATUM_DAYS = 28  # seasons and another holdout share are compared apart
OUTCOMES = ("answered", "sales", "contacted", "opted_out", "again")
Verdict = Literal["more", "less", "small", "unclear", "few", "broken", "unsent", "waiting", "unmet"]


@dataclass(frozen=True)
class SceneReadout:
    """One scene, read.

    Parameters
    ----------
    met, held_out
        People met and, of these, held out, whose window is over.
    waiting
        People whose window is not over: they are in no figure.
    next_over
        When the next of their windows is over, seconds; None where nobody waits.
    held_answers
        Answers of the held-out.
    found
        Answers, sales (as ``margin``), opt-outs and cost; None with fewer than two in an arm.
    worth_finding
        Answers that the action should add to be worth it; None where the brand states none.
    smallest_added
        The smallest added share that these members show in four of five cases; None where none would do.
    """

    met: int
    held_out: int
    waiting: int
    next_over: int | None
    held_answers: float
    found: Readout | None
    worth_finding: float | None
    smallest_added: float | None


def scene_readout(met: pl.DataFrame, days: float, now: int, added: float | None, looks: int) -> SceneReadout:
    """Read a scene from its first meetings.

    Parameters
    ----------
    met
        A row a person: columns of ``models.acting.scene_log.first_met`` and ``OUTCOMES``; ``again`` tells
        whether something was done although the draw was to withhold it.
    days
        In which an answer counts.
    now
        Up to when outcomes are known, seconds.
    added
        The share that is worth finding, if the brand states one.
    looks
        How often the scenes have been read, this time included.
    """
    ends = pl.col("at") + int(days * DAY)
    over = met.filter(ends <= now)
    waiting = met.filter(ends > now).select(ends)["at"]
    after = None if waiting.is_empty() else int(waiting.min())
    held = over["held_out"].to_numpy()
    answers = float(over["answered"].to_numpy()[held].sum())
    try:
        found = read(_campaign(over), days, days, looks, added_answers=False)
    except ReadoutError:
        found = None
    worth = None if added is None else added * int((~held).sum())
    smallest = _smallest(answers, len(over), int(held.sum()))
    return SceneReadout(len(over), int(held.sum()), len(waiting), after, answers, found, worth, smallest)


def _campaign(met: pl.DataFrame) -> Campaign:
    """Leaked is who was sent it or acted on though held out; sales stand for the margin."""
    held, again = met["held_out"].to_numpy(), met["again"].to_numpy()
    contacted = met["contacted"].to_numpy() | (held & again)
    shares = pl.concat_str((pl.col("at") // (STRATUM_DAYS * DAY)), "share", "share_of_all", separator="|")
    stratum = met.select(shares.rank("dense")).to_series().to_numpy().astype(np.int64)
    sales, score = (met[name].cast(pl.Float64).to_numpy() for name in ("sales", "score"))
    cost = np.where(contacted, met["cost"].to_numpy(), 0.0)
    answered = met["answered"].cast(pl.Float64).to_numpy()
    opted_out = met["opted_out"].to_numpy()
    return Campaign(held, contacted, answered, sales, score, np.zeros(len(met)), stratum, cost, opted_out)


def _smallest(answers: float, members: int, held: int) -> float | None:
    """At the held-out's own rate of answers, counted as one more of two so that none is no certainty."""
    if not 2 <= held <= members - 2:
        return None
    effect = holdout.Effect((answers + 1) / (held + 2), 1e-6)
    return holdout.smallest_added(effect, members - held, held)


def verdicts(read: Mapping[str, SceneReadout]) -> dict[str, Verdict]:
    """Tell what may be claimed of each scene: one is only better if it would be so among all that are judged.

    ``small`` is told where even the upper end of the interval lies below what is worth finding.
    """
    judged = [name for name, one in read.items() if _told(one) is None]
    return {name: _told(one) or _judged(one, len(judged)) for name, one in read.items()}


def _told(one: SceneReadout) -> Verdict | None:
    """Why nothing may be claimed; None where something may."""
    if one.met == 0:
        return "waiting" if one.waiting else "unmet"
    if one.found is not None and one.found.not_contacted == one.met - one.held_out:
        return "unsent"
    if one.found is None or one.held_answers < FEWEST_ANSWERS:
        return "few"
    return "broken" if one.found.contacted_though_held_out > LEAKED * one.held_out else None


def _judged(one: SceneReadout, of: int) -> Verdict:
    assert one.found is not None
    added = one.found.answers
    if is_sure(added, of):
        return "more" if added.value > 0 else "less"
    small = one.worth_finding is not None and added.high < one.worth_finding
    return "small" if small else "unclear"


def is_sure(added: Added, of: int) -> bool:
    """Tell whether the interval leaves zero out, also among ``of`` comparisons (Bonferroni)."""
    if added.low <= 0 <= added.high or added.error <= 0:
        return False
    return bool(2 * norm.sf(abs(added.value) / added.error) * max(of, 1) < LEVEL)
