"""What a case is worth: the money that is expected with it, beside how probable it is.

Two parts (a hurdle model): the probability that money comes at all is the model's own, calibrated;
how much comes if it does is an ``BoosterSum``. So the expected value never contradicts the probability.
"""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from models.fitted.booster_sum import BoosterSum
from models.learners.encoder import Encoder

CENTS = 100.0


@dataclass(frozen=True)
class ExpectedValue:
    """Money by row, in units of the brand's currency.

    Parameters
    ----------
    amount
        What comes if it comes at all.
    on_event
        Whether it comes with the event that the model predicts (a lead that converts), or
        without it (a member who does not leave).
    cost
        The input that holds what the subject has cost already, in cents; empty where there is none.
    currency
        Its code, None where nobody stated it.
    """

    amount: BoosterSum
    on_event: bool
    cost: str = ""
    currency: str | None = None

    def output_names(self, encoder: Encoder) -> list[str]:
        """Return names of the columns of ``outputs``."""
        risk = [] if self.on_event else ["value_at_risk"]
        return ["expected_value", *risk, *(["value_per_cost"] if self.cost in encoder.names else [])]

    def outputs(
        self, probability: np.ndarray, amount: np.ndarray, matrix: np.ndarray, encoder: Encoder
    ) -> dict[str, np.ndarray]:
        """Return columns of shape (rows,) from probability and amount.

        NaN where a cost is not known or nothing.

        ``expected_value``: probability times amount. ``value_at_risk``, where the event keeps the
        money away: what comes if it does not happen, times the probability that it does.
        ``value_per_cost``, where a cost is known: expected value for each unit spent on the subject.
        """
        expected = (probability if self.on_event else 1 - probability) * amount
        found = {"expected_value": expected}
        if not self.on_event:
            found["value_at_risk"] = probability * amount
        if self.cost in encoder.names:
            spent = matrix[:, encoder.names.index(self.cost)].astype(np.float64) / CENTS
            found["value_per_cost"] = np.divide(
                expected, spent, out=np.full(len(spent), np.nan), where=spent > 0
            )
        return found

    def save(self, folder: Path) -> None:
        """Write ``worth.json`` and the amount's files."""
        self.amount.save(folder)
        facts = {"on_event": self.on_event, "cost": self.cost, "currency": self.currency}
        (folder / "worth.json").write_text(json.dumps(facts) + "\n")

    @classmethod
    def load(cls, folder: Path) -> "ExpectedValue | None":
        """Return what ``save`` wrote; None where nothing was saved."""
        amount = BoosterSum.load(folder)
        return None if amount is None else cls(amount, **json.loads((folder / "worth.json").read_text()))
