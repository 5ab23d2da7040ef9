"""What acting on the best of a list brings: events or, where an arm was held out, those that a contact adds.

Who is contacted and answers would in part have come without a contact. Where some were held out at random
the difference is measured, and only that is worth the money; where nobody was held out, all events of those
contacted are counted, and what would have come anyway is in them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from training.evaluation.metrics import Ranked
from training.evaluation.uplift_metrics import BASE, RandomisedOutcomes, gains

SHARES = np.linspace(0, 1, 101)
MODEL, NO_ORDER = "model", "prevalence"  # all others are simple methods that put people in order


@dataclass(frozen=True)
class ContactList:
    """Rows with what became of them, and the scores by which they may be put in order.

    Parameters
    ----------
    label
        0 or 1, shape (rows,).
    scores
        By name, the highest first in line, shape (rows,) each.
    subject, month
        Integer codes from 0 of whose row it is, and when it was asked, shape (rows,).
    arms
        The same rows as a randomised trial; None where nobody was held out.
    seed
        Of the order among equal scores.
    """

    label: np.ndarray
    scores: Mapping[str, np.ndarray]
    subject: np.ndarray
    month: np.ndarray
    arms: RandomisedOutcomes | None = None
    seed: int = 0

    @property
    def is_measured(self) -> bool:
        """Whether events are those that a contact adds."""
        return self.arms is not None

    def events(self, name: str, weight: np.ndarray | None = None) -> np.ndarray:
        """Return the events for each row of the whole list, by the share acted on, shape (101,).

        ``weight`` is how often each row counts, of a resample.
        """
        weight = np.ones(len(self.label)) if weight is None else weight
        if self.arms is None:
            ranked = self._ranked[name]
            return _caught(ranked, weight[ranked.order])
        order, dealt = self._orders[name]
        found = gains(dealt.label, dealt.treated, dealt.weight * weight[order], SHARES) / BASE
        return SHARES * found[-1] if name == NO_ORDER else found

    def at_random(self) -> np.ndarray:
        """Return the same for a list in no order, shape (101,)."""
        first = next(iter(self.scores))
        return SHARES * self.events(first)[-1]

    @cached_property
    def _ranked(self) -> dict[str, Ranked]:
        return {name: Ranked.of(self.label, score) for name, score in self.scores.items()}

    @cached_property
    def _orders(self) -> dict[str, tuple[np.ndarray, RandomisedOutcomes]]:
        """Rows in order, equal scores dealt at random: else one arm would stand before the other."""
        dealt = np.random.default_rng(self.seed).permutation(len(self.label))
        found = {}
        for name, score in self.scores.items():
            order = dealt[np.argsort(-score[dealt], kind="stable")]
            assert self.arms is not None
            found[name] = (order, self.arms.take(order))
        return found


def _caught(ranked: Ranked, weight: np.ndarray) -> np.ndarray:
    """Events among the highest shares, ties in proportion."""
    hits, rows = np.cumsum(weight * ranked.label)[ranked.ends], np.cumsum(weight)[ranked.ends]
    return np.interp(SHARES * rows[-1], np.append(0, rows), np.append(0, hits)) / rows[-1]
