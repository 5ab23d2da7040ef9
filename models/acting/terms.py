"""What a plan is asked: offers, the audience, limits, what is left to chance; and who may get what."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from models.acting.refusal import RefusalError


class PlanError(RefusalError):
    """A plan that cannot be made as asked; says what to change."""


@dataclass(frozen=True)
class Offers:
    """What each option brings each member.

    Parameters
    ----------
    gain
        Money expected to be added, the cost not yet taken off, shape (members, options).
    cost
        Money, shape (options,) or (members, options).
    allowed
        By consent and address, shape (members, options).
    channel
        Code of each option's channel, shape (options,).
    care
        Which options answer a complaint, and nothing else, shape (options,).
    """

    gain: np.ndarray
    cost: np.ndarray
    allowed: np.ndarray
    channel: np.ndarray
    care: np.ndarray

    def __post_init__(self) -> None:
        """Refuse shapes that do not fit and numbers that are none with ``PlanError``."""
        options = self.gain.shape[1]
        if self.allowed.shape != self.gain.shape or self.cost.shape not in ((options,), self.gain.shape):
            raise PlanError(f"gain {self.gain.shape}, cost {self.cost.shape}, allowed {self.allowed.shape}")
        if self.channel.shape != (options,) or self.care.shape != (options,):
            raise PlanError(f"{options} options, channel {self.channel.shape}, care {self.care.shape}")
        if not np.isfinite(self.gain).all():
            raise PlanError(
                "gain: a number is not finite; leave members without one out, or allow them nothing"
            )
        if not np.isfinite(self.cost).all() or (self.cost < 0).any():
            raise PlanError("cost: allowed are finite numbers from 0")


@dataclass(frozen=True)
class Audience:
    """The members, shape (members,) each.

    Parameters
    ----------
    ids
        As the salted hash takes them.
    stratum
        Codes, for held-out shares by stratum.
    contacts
        Contacts got in the last fortnight.
    quiet
        To be left in peace.
    complaint
        Has an open complaint: gets care or nothing.
    """

    ids: Sequence[str]
    stratum: np.ndarray
    contacts: np.ndarray
    quiet: np.ndarray
    complaint: np.ndarray


@dataclass(frozen=True)
class Limits:
    """A budget in money, members a day for each option and channel, contacts a member in 14 days."""

    budget: float
    capacity: np.ndarray
    channel_capacity: np.ndarray
    per_fortnight: int

    def __post_init__(self) -> None:
        """Refuse limits out of range with ``PlanError``."""
        if not self.budget > 0:
            raise PlanError(f"budget {self.budget}: allowed is more than 0")
        for name in ("capacity", "channel_capacity"):
            if not (getattr(self, name) >= 0).all():
                raise PlanError(f"{name}: allowed are numbers from 0")
        if self.per_fortnight < 1:
            raise PlanError(f"per_fortnight {self.per_fortnight}: allowed is a whole number from 1")


@dataclass(frozen=True)
class Chance:
    """What is left to chance.

    Parameters
    ----------
    salt
        Of the holdout; kept, the same members are held out in the next campaign.
    campaign
        Its name; who explores is drawn anew for each.
    hold_out
        Share held out: one for all, or one for each stratum, shape (strata,).
    explore
        Share, of members and of each limit, that explores.
    """

    salt: str
    campaign: str
    hold_out: float | np.ndarray = 0.05
    explore: float = 0.0

    def __post_init__(self) -> None:
        """Refuse a share out of range with ``PlanError``."""
        if not 0 <= self.explore < 1:
            raise PlanError(f"explore {self.explore}: allowed is a share from 0 to below 1")


def open_to(offers: Offers, audience: Audience, limits: Limits) -> np.ndarray:
    """Return which options every rule leaves to each member, shape (members, options).

    Care for those with a complaint; for all others the rest, where they are not to be left in peace.
    """
    left = audience.complaint[:, None] == offers.care
    peace = (audience.quiet | (audience.contacts >= limits.per_fortnight)) & ~audience.complaint
    return offers.allowed & left & ~peace[:, None]
