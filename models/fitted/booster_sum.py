"""A number that is no probability: an effect, or an amount of money, as a weighted sum of boosters."""

import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from xgboost import Booster

from models.fitted.tree_walk import FEW_ROWS, TreeWalk

VERSION = 1


@dataclass(frozen=True)
class BoosterSum:
    """``sum(weight * booster.predict)`` over ``parts``, plus ``constant``.

    The boosters read the matrix of the task's model: one encoder serves probability, effect and value.
    """

    parts: tuple[tuple[float, Booster], ...] = ()
    constant: float = 0.0

    def predict(self, matrix: np.ndarray) -> np.ndarray:
        """Return the sum of the trees of each row, shape (rows,), float64."""
        found = np.full(len(matrix), self.constant)
        is_few = 0 < len(matrix) <= FEW_ROWS
        for at, (weight, booster) in enumerate(self.parts):
            walk = self._walks[at] if is_few else None
            told = (
                booster.inplace_predict(matrix).astype(np.float64) if walk is None else walk.predict(matrix)
            )
            found += weight * told
        return found

    def prepare(self) -> None:
        """Lay out the trees for the few rows of a request."""
        _ = self._walks

    @cached_property
    def _walks(self) -> list[TreeWalk | None]:
        """For the few rows of a request."""
        return [TreeWalk.of(booster) for _, booster in self.parts]

    def times(self, factor: float) -> "BoosterSum":
        """Multiply the amount."""
        return BoosterSum(tuple((factor * w, booster) for w, booster in self.parts), factor * self.constant)

    def first(self, rounds: int) -> "BoosterSum":
        """Return the same with the first rounds of every booster only."""
        return BoosterSum(tuple((weight, booster[:rounds]) for weight, booster in self.parts), self.constant)

    def save(self, folder: Path) -> None:
        """Write ``amount.json`` and ``part-<n>.ubj``, XGBoost's native format.

        The same amount, the same bytes.
        """
        folder.mkdir(parents=True, exist_ok=True)
        facts = {
            "version": VERSION,
            "constant": self.constant,
            "weights": [weight for weight, _ in self.parts],
        }
        (folder / "amount.json").write_text(json.dumps(facts, allow_nan=False) + "\n")
        for number, (_, booster) in enumerate(self.parts):
            booster.save_model(folder / f"part-{number}.ubj")

    @classmethod
    def load(cls, folder: Path) -> "BoosterSum | None":
        """Return what ``save`` wrote; None where nothing was saved."""
        file = folder / "amount.json"
        if not file.exists():
            return None
        facts = json.loads(file.read_text())
        if facts.get("version") != VERSION:
            raise ValueError(f"{file}: version {facts.get('version')!r}, this code reads {VERSION}")
        boosters = [Booster(model_file=folder / f"part-{n}.ubj") for n in range(len(facts["weights"]))]
        return cls(tuple(zip(facts["weights"], boosters, strict=True)), facts["constant"])
