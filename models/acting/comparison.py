"""The difference that contacts made: those drawn to be contacted against those held out, with its interval.

Compared is by the draw (who was to be held out), whatever was sent in the end, within strata, and with
the score as covariate: what it tells of the outcome without a contact is taken out of the noise (CUPED,
Deng et al. 2013). One slope for each stratum keeps the difference free of bias (Lin 2013).
"""

from dataclasses import dataclass

import numpy as np
from scipy.stats import t as student

FEWEST = 2  # rows of an arm in a stratum; smaller strata are read together
FEWEST_ANSWERS = 5  # of the held-out: with fewer, an interval is narrower than what is known
COVERS = 0.975


class ReadoutError(ValueError):
    """A campaign that cannot be read; says why."""


@dataclass(frozen=True)
class Added:
    """What the contacts added: the total over those drawn to be contacted, its interval, and a member's."""

    value: float
    low: float
    high: float
    each: float
    error: float

    def covers(self, amount: float) -> bool:
        """Tell whether a total lies in the interval."""
        return self.low <= amount <= self.high


def added(
    outcome: np.ndarray, held_out: np.ndarray, stratum: np.ndarray, score: np.ndarray | None = None
) -> Added:
    """Return what contacts added to ``outcome``, all shape (members,).

    The difference of the means of both arms in each stratum, after the covariate if there is one, times
    the contacted of the stratum; its variance by arm and stratum, Student's t by Welch and Satterthwaite.

    Raises
    ------
    ReadoutError
        Fewer than two members in an arm.
    """
    of, count = _strata(held_out, stratum)
    arm = 2 * of + held_out
    size = np.bincount(arm, minlength=2 * count)
    used = np.zeros(count)
    if score is not None:
        outcome, used = _adjusted(outcome.astype(np.float64), held_out, of, count, score.astype(np.float64))
    mean = np.bincount(arm, outcome, minlength=2 * count) / size
    spread = np.bincount(arm, (outcome - mean[arm]) ** 2, minlength=2 * count)
    free = np.maximum(size - 1 - np.repeat(used, 2), 1)
    on = size[::2]
    part = (spread / free / size) * np.repeat(on, 2).astype(np.float64) ** 2
    value, variance = float((on * (mean[::2] - mean[1::2])).sum()), float(part.sum())
    degrees = variance**2 / float((part**2 / free).sum()) if variance > 0 else 1.0
    error = float(np.sqrt(variance))
    wide = float(student.ppf(COVERS, degrees)) * error
    return Added(value, value - wide, value + wide, value / float(on.sum()), error)


def _strata(held_out: np.ndarray, stratum: np.ndarray) -> tuple[np.ndarray, int]:
    """Codes from 0 of the strata that can be read; those with an arm too small are one together."""
    if len(held_out) == 0 or min(int(held_out.sum()), int((~held_out).sum())) < FEWEST:
        raise ReadoutError(
            f"{int(held_out.sum())} held out of {len(held_out)} members: nothing can be compared with fewer "
            f"than {FEWEST} in an arm; what contacts added cannot be said of this campaign"
        )
    of = np.unique(stratum, return_inverse=True)[1]
    size = np.bincount(2 * of + held_out, minlength=2 * (int(of.max()) + 1)).reshape(-1, 2)
    small = size.min(axis=1) < FEWEST
    if not small.any():
        return of, len(size)
    together = size[small].sum(axis=0)
    if (together < FEWEST).any():  # not even together: with the largest stratum that can be read
        largest = np.where(small, 0, size.min(axis=1)).argmax()
        small[largest] = True
    of = np.unique(np.where(small[of], -1, of), return_inverse=True)[1]
    return of, int(of.max()) + 1


def _adjusted(
    outcome: np.ndarray, held_out: np.ndarray, of: np.ndarray, count: int, score: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Outcomes without what the score explains of them, and how many slopes each stratum used.

    The slope is that of both arms, each weighted by the other's size: the one of least variance for the
    difference. Strata too small for a slope of their own share one.
    """
    arm = 2 * of + held_out
    size = np.bincount(arm, minlength=2 * count)
    centred = score - (np.bincount(arm, score, minlength=2 * count) / size)[arm]
    other = size[arm ^ 1] / size[arm]
    top = np.bincount(of, other * centred * outcome, minlength=count)
    under = np.bincount(of, other * centred**2, minlength=count)
    own = size.reshape(-1, 2).min(axis=1) >= 20
    shared = top.sum() / under.sum() if under.sum() > 0 else 0.0
    slope = np.where(own & (under > 0), top / np.where(under > 0, under, 1), shared)
    overall = np.bincount(of, score, minlength=count) / np.bincount(of, minlength=count)
    return outcome - slope[of] * (score - overall[of]), own.astype(np.float64)
