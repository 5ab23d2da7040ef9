"""Who is held out, and how many must be for an effect to be seen.

Membership follows from the salt and the member alone: any system that knows both can tell it, members
who join or leave move nobody else, and a salt that is kept keeps the holdout over campaigns.
"""

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.optimize import brentq
from scipy.stats import norm

from models.acting.refusal import RefusalError
from models.phrases import LANGUAGES

TOP = float(2**64)
MOST = 0.5  # beyond half, a larger holdout shows less


class HoldoutTooSmallError(RefusalError):
    """A holdout in which the effect that is worth finding would not be seen; says what would do."""


@dataclass(frozen=True)
class Effect:
    """What is worth finding.

    Parameters
    ----------
    rate
        Share of members who answer without a contact.
    added
        Share added by a contact, positive.
    explained
        Correlation of the score with the outcome; CUPED leaves ``1 - explained**2`` of the variance.
    power
        With which probability the effect is to be found.
    level
        Probability of finding one where there is none, two-sided.
    """

    rate: float
    added: float
    explained: float = 0.0
    power: float = 0.8
    level: float = 0.05

    def __post_init__(self) -> None:
        """Refuse numbers out of range with ``ValueError``."""
        if not 0 <= self.rate < 1 or not 0 < self.added <= 1 - self.rate:
            raise ValueError(
                f"an effect of {self.added} on a rate of {self.rate}: the rate is a share from 0, the effect "
                "a positive share, and both together at most 1"
            )
        if not 0 < self.power < 1 or not 0 < self.level < 1 or not -1 < self.explained < 1:
            raise ValueError("power and level lie between 0 and 1, the correlation between -1 and 1")

    @property
    def variances(self) -> tuple[float, float]:
        """Variance of a contacted and of a held-out member's outcome."""
        contacted, left = self.rate + self.added, 1 - self.explained**2
        return left * contacted * (1 - contacted), left * self.rate * (1 - self.rate)


@dataclass(frozen=True)
class Waiting:
    """What a held-out share costs in time and in answers.

    Parameters
    ----------
    members
        Members planned for until the effect is seen.
    campaigns
        Campaigns of the stated size until then, a whole number.
    days
        Days until the last of them can be read.
    against_half
        How many times the members that half held out would need.
    missed
        Answers that the held-out would have added until then.
    """

    members: int
    campaigns: int
    days: float
    against_half: float
    missed: float


def position(ids: Sequence[str], salt: str) -> np.ndarray:
    """Return each member's place between 0 and 1: SHA-256 of ``salt:id``, its first eight bytes over 2**64.

    A standard hash and not a faster one of our own, so that another system, or one member's request,
    comes to the same place.

    Examples
    --------
    >>> position(["m1", "m2"], "spring").round(3).tolist()
    [0.488, 0.535]
    """
    begun = hashlib.sha256(f"{salt}:".encode())

    def head(member: str) -> bytes:
        own = begun.copy()
        own.update(member.encode())
        return own.digest()[:8]

    return np.frombuffer(b"".join(map(head, ids)), dtype=">u8").astype(np.float64) / TOP


def held_out(
    ids: Sequence[str], salt: str, share: float | np.ndarray, stratum: np.ndarray | None = None
) -> np.ndarray:
    """Tell who is held out, shape (members,).

    Parameters
    ----------
    share
        Between 0 and 1: one for all, or one for each stratum, shape (strata,).
    stratum
        Code of each member's stratum, shape (members,).
    """
    return position(ids, salt) < shares(len(ids), share, stratum)


def shares(members: int, share: float | np.ndarray, stratum: np.ndarray | None = None) -> np.ndarray:
    """Return with which probability each member is held out, shape (members,)."""
    each = np.asarray(share, dtype=np.float64)
    if not np.all((each >= 0) & (each < 1)):
        raise ValueError(f"a held-out share of {share}: allowed is from 0 to below 1")
    if each.ndim == 0:
        return np.full(members, float(each))
    if stratum is None:
        raise ValueError("a held-out share for each stratum needs the members' strata")
    return each[stratum]


def power(effect: Effect, contacted: float, held: float) -> float:
    """Return with which probability ``contacted`` and ``held`` members show the effect.

    Examples
    --------
    >>> round(power(Effect(rate=0.05, added=0.01), 50_000, 50_000), 3)
    1.0
    """
    if min(contacted, held) < 2:
        return 0.0
    on, off = effect.variances
    error = math.sqrt(on / contacted + off / held)
    return float(norm.sf(norm.isf(effect.level / 2) - effect.added / error)) if error > 0 else 1.0


def smallest_share(effect: Effect, members: int) -> float:
    """Return the smallest held-out share of ``members`` that shows the effect.

    Raises
    ------
    HoldoutTooSmallError
        Not even half held out would do; says how many members would.
    """

    def lacks(share: float) -> float:
        return power(effect, (1 - share) * members, share * members) - effect.power

    if lacks(MOST) < 0:
        raise _too_few(effect, members, MOST)
    least = min(2 / members, MOST)
    return least if lacks(least) >= 0 else float(brentq(lacks, least, MOST, xtol=1e-6))


def smallest_added(effect: Effect, contacted: float, held: float) -> float | None:
    """Return the smallest added share that the arms show with the effect's power; None where none would do.

    Examples
    --------
    >>> round(smallest_added(Effect(rate=0.05, added=0.02), 9_500, 500), 3)
    0.028
    """

    def lacks(added: float) -> float:
        return power(replace(effect, added=added), contacted, held) - effect.power

    most = 1 - effect.rate
    return None if lacks(most) < 0 else float(brentq(lacks, 1e-9, most, xtol=1e-7))


def check(effect: Effect, members: int, share: float) -> None:
    """Refuse a holdout in which the effect would not be seen.

    Raises
    ------
    HoldoutTooSmallError
        With a sentence that says how likely it is seen, and what would do.
    """
    if share <= 0:
        raise HoldoutTooSmallError.worded("holdout_none", share=_enough(effect, members))
    if power(effect, (1 - share) * members, share * members) < effect.power:
        raise _too_few(effect, members, share)


def waiting(effect: Effect, share: float, members: int, every_days: float, window_days: float) -> Waiting:
    """Tell what holding out ``share`` costs until the effect is seen.

    Parameters
    ----------
    members
        Members that a campaign is planned for, the held-out included.
    every_days
        Days between campaigns.
    window_days
        Days in which an answer counts.
    """
    if not 0 < share < 1 or members < 1:
        raise ValueError(
            f"{share} held out of {members} members: allowed are 0 < share < 1 and members from 1"
        )
    needed = _needed(effect, share)
    campaigns = math.ceil(needed / members)
    return Waiting(
        math.ceil(needed),
        campaigns,
        (campaigns - 1) * every_days + window_days,
        needed / _needed(effect, MOST),
        needed * share * effect.added,
    )


def _needed(effect: Effect, share: float) -> float:
    """Members, both arms together, who show the effect."""
    on, off = effect.variances
    z = norm.isf(effect.level / 2) + norm.isf(1 - effect.power)
    return float((z / effect.added) ** 2 * (on / (1 - share) + off / share))


def _too_few(effect: Effect, members: int, share: float) -> HoldoutTooSmallError:
    """The error that says how likely the effect is seen, and what would do."""
    found = power(effect, (1 - share) * members, share * members)
    return HoldoutTooSmallError.worded(
        "holdout_few",
        share=f"{share:.1%}", members=f"{members:,}", added=f"{effect.added:.2%}", rate=f"{effect.rate:.2%}",
        found=f"{found:.0%}", wanted=f"{effect.power:.0%}", needed=f"{math.ceil(_needed(effect, share)):,}",
        instead=_instead(effect, members, share),
    )  # fmt: skip


def _instead(effect: Effect, members: int, share: float) -> dict[str, str]:
    """What share would do, if any; nothing where ``share`` is the most already."""
    if share >= MOST:
        return dict.fromkeys(LANGUAGES, "")
    try:
        enough = _enough(effect, members)
    except HoldoutTooSmallError:
        return RefusalError.worded("no_share", members=f"{members:,}").said
    return RefusalError.worded("or_hold_out", share=enough).said


def _enough(effect: Effect, members: int) -> str:
    """The smallest share that shows the effect, rounded up: what is advised must do."""
    return f"{min(math.ceil(smallest_share(effect, members) * 1000) / 1000, MOST):.1%}"
