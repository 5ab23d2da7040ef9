"""What a campaign brought: those contacted against those held out, with 95 % intervals."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from models.acting.comparison import Added, ReadoutError, added
from models.phrases import catalogue


@dataclass(frozen=True)
class Remark:
    """What to know before numbers are believed: a key of the words in ``phrases.yaml``, and its values."""

    code: str
    values: Mapping[str, str]

    def said(self, language: str) -> str:
        """Return the sentence in ``en`` or ``zh``."""
        return str(catalogue()["acting"]["remarks"][self.code][language]).format(**self.values)


@dataclass(frozen=True)
class Campaign:
    """The members that a plan meant to contact, the held-out among them, shape (members,) each.

    Parameters
    ----------
    held_out
        Drawn to be withheld.
    contacted
        Whether something was sent.
    answered
        0 or 1.
    margin
        Money, contact cost not taken off.
    score
        Known before the campaign, such as the probability of an answer.
    predicted
        Answers that the plan expected a contact to add.
    stratum
        Codes of the strata the holdout was drawn in.
    cost
        Money spent on each.
    opted_out
        Whether the member opted out in the window.
    """

    held_out: np.ndarray
    contacted: np.ndarray
    answered: np.ndarray
    margin: np.ndarray
    score: np.ndarray
    predicted: np.ndarray
    stratum: np.ndarray
    cost: np.ndarray
    opted_out: np.ndarray

    def take(self, rows: np.ndarray) -> "Campaign":
        """Return only the rows of a mask."""
        return Campaign(*(part[rows] for part in vars(self).values()))


@dataclass(frozen=True)
class Readout:
    """One campaign, read.

    Parameters
    ----------
    answers, margin, opt_outs
        Totals added over those drawn to be contacted.
    net
        Margin added less the cost.
    plain
        Answers added without the covariate, to see what it saves.
    variance_left
        Variance of ``answers`` over that of ``plain``.
    predicted
        Answers that the plan expected.
    contacted_though_held_out, not_contacted
        Members for whom the draw was not kept.
    warnings
        None where all is well.
    """

    members: int
    held_out: int
    answers: Added
    margin: Added
    net: Added
    opt_outs: Added
    plain: Added
    variance_left: float
    predicted: float
    cost: float
    contacted_though_held_out: int
    not_contacted: int
    warnings: tuple[Remark, ...]

    @property
    def as_predicted(self) -> bool:
        """Whether what was expected lies in the interval."""
        return self.answers.covers(self.predicted)


def read(
    campaign: Campaign, days: float, window_days: float, looks: int = 1, added_answers: bool = True
) -> Readout:
    """Read a campaign.

    Parameters
    ----------
    days
        Days since the last contact.
    window_days
        Days in which an answer counts.
    looks
        How often it has been read, this time included.
    added_answers
        Whether ``predicted`` is of added answers: only then can it lie outside of their interval.

    Raises
    ------
    ReadoutError
        Shapes that differ, a number that is none, an arm of fewer than two.
    """
    _check(campaign)
    held, stratum, score = campaign.held_out, campaign.stratum, campaign.score
    answers, plain = added(campaign.answered, held, stratum, score), added(campaign.answered, held, stratum)
    margin = added(campaign.margin, held, stratum, score)
    opt_outs = added(campaign.opted_out.astype(np.float64), held, stratum)
    cost = float(campaign.cost.sum())
    net = _less(margin, cost, int((~held).sum()))
    leaked, missed = int((held & campaign.contacted).sum()), int((~held & ~campaign.contacted).sum())
    predicted = float(campaign.predicted[~held].sum())
    left = (answers.error / plain.error) ** 2 if plain.error > 0 else 1.0
    warnings = _warnings(
        campaign, answers, predicted if added_answers else None, (leaked, missed), days, window_days, looks
    )
    return Readout(
        len(held), int(held.sum()), answers, margin, net, opt_outs, plain, left, predicted, cost,
        leaked, missed, warnings,
    )  # fmt: skip


def by_group(
    campaign: Campaign, group: np.ndarray, names: Sequence[str]
) -> dict[str, tuple[Added, Added] | None]:
    """Return answers and margin added in each group, such as stages or regions; None without two in an arm.

    Parameters
    ----------
    group
        Places in ``names``, shape (members,).
    """
    found: dict[str, tuple[Added, Added] | None] = {}
    for code, name in enumerate(names):
        part = campaign.take(group == code)
        try:
            first, second = (
                added(outcome, part.held_out, part.stratum, part.score)
                for outcome in (part.answered, part.margin)
            )
            found[name] = first, second
        except ReadoutError:
            found[name] = None
    return found


def _less(margin: Added, cost: float, contacted: int) -> Added:
    """The margin added less what the contacts cost, which is known for sure."""
    value = margin.value - cost
    return Added(value, margin.low - cost, margin.high - cost, value / contacted, margin.error)


def _check(campaign: Campaign) -> None:
    shapes = {name: part.shape for name, part in vars(campaign).items()}
    if len(set(shapes.values())) != 1:
        raise ReadoutError(f"one value a member is needed, found {shapes}")
    for name in ("answered", "margin", "score", "predicted", "cost"):
        if not np.isfinite(getattr(campaign, name)).all():
            raise ReadoutError(f"{name}: a number is not finite")


def _warnings(
    campaign: Campaign, answers: Added, predicted: float | None, broken: tuple[int, int], days: float,
    window_days: float, looks: int,
) -> tuple[Remark, ...]:  # fmt: skip
    leaked, missed = broken
    held, meant = int(campaign.held_out.sum()), int((~campaign.held_out).sum())
    told = [
        (leaked, Remark("not_respected", {"leaked": f"{leaked:,}", "held": f"{held:,}"})),
        (missed, Remark("not_contacted", {"missed": f"{missed:,}", "meant": f"{meant:,}"})),
        (days < window_days, Remark("early", {"days": f"{days:g}", "window": f"{window_days:g}"})),
        (looks > 1, Remark("looks", {"looks": str(looks)})),
        (
            predicted is not None and not answers.covers(predicted),
            Remark(
                "not_as_predicted",
                {
                    "predicted": f"{predicted or 0:,.0f}",
                    "low": f"{answers.low:,.0f}",
                    "high": f"{answers.high:,.0f}",
                },
            ),
        ),
    ]
    return tuple(remark for applies, remark in told if applies)
