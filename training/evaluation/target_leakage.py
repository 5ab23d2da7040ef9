"""Columns that look recorded after the outcome, in flat sources that do not say when a value was known.

Two signs, each measured on development rows. Neither is told a column's name or meaning.

*Outranks*: the column alone ranks the outcome better than all others together (four at least), beyond noise.
What is known before an outcome is many weak hints; what is written down with it is one strong one.
Ranking is judged inside short stretches of time, so that a column that only follows the base rate
(an interest rate, a season) does not look strong.

*Decides*: rows with one value of the column, or with any but its commonest, all have the same
outcome, and are too many for chance.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from models import boosting
from models.encoder import Encoder
from training.evaluation.metrics import Ranked, interval, ranking

ROWS, STRETCHES, ROUNDS, DRAWS = 20_000, 10, 60, 100
MANY = 4  # of few columns one is easily the strongest: so many others are needed to suspect it
SUSPICIOUS, CHANCE = 0.7, 1e-9  # AUC inside a stretch; probability of an outcome decided by luck


@dataclass(frozen=True)
class Halves:
    """Rows in two random halves: one to learn from, one to judge on, cut into stretches of time."""

    matrix: np.ndarray
    kinds: list[str]
    names: list[str]
    label: np.ndarray
    stretch: np.ndarray
    learn: np.ndarray
    seed: int

    @classmethod
    def of(cls, rows: pl.DataFrame, encoder: Encoder, seed: int) -> "Halves":
        some = rows.sample(min(ROWS, len(rows)), seed=seed).sort("as_of", "row_id")
        learn = np.random.default_rng(seed).random(len(some)) < 0.5
        stretch = np.arange(len(some)) * STRETCHES // len(some)
        label = some["label"].to_numpy().astype(np.float64)
        return cls(encoder.transform(some), encoder.feature_types, encoder.names, label, stretch, learn, seed)

    def scores(self, columns: list[int]) -> np.ndarray:
        """Of the judged half, by a small model of these columns."""
        booster, _ = boosting.train(
            boosting.DEFAULTS, self.matrix[self.learn][:, columns], self.label[self.learn],
            [self.kinds[at] for at in columns], self.seed, ROUNDS, threads=2,
        )  # fmt: skip
        return booster.inplace_predict(self.matrix[~self.learn][:, columns], predict_type="margin")

    def auc(self, score: np.ndarray, weight: np.ndarray | None = None) -> float:
        """Mean AUC inside the stretches, by the number of their pairs."""
        label, stretch = self.label[~self.learn], self.stretch[~self.learn]
        weight = np.ones(len(label)) if weight is None else weight
        found, pairs = [], []
        for inside in (np.flatnonzero(stretch == at) for at in range(STRETCHES)):
            positives, n = (weight * label)[inside].sum(), weight[inside].sum()
            if 0 < positives < n:
                ranked = Ranked.of(label[inside], score[inside])
                found.append(ranking(ranked, weight[inside][ranked.order])["auc"])
                pairs.append(positives * (n - positives))
        return float(np.average(found, weights=pairs)) if found else 0.5


def outranking(halves: Halves) -> list[dict[str, Any]]:
    """Every column's AUC alone, the highest first; for suspicious ones that of all others together.

    ``low`` is the lower end of the 95 % interval of the difference; above 0 the column outranks.
    """
    everything = list(range(len(halves.names)))
    alone = {name: halves.scores([at]) for at, name in enumerate(halves.names)}
    lines = []
    for at, name in enumerate(halves.names):
        line: dict[str, Any] = {"column": name, "alone": halves.auc(alone[name])}
        if line["alone"] >= SUSPICIOUS and len(everything) > MANY:
            others = halves.scores([other for other in everything if other != at])
            line |= {"others": halves.auc(others), "low": _lower(halves, alone[name], others)}
        lines.append(line)
    return sorted(lines, key=lambda line: -line["alone"])


def _lower(halves: Halves, one: np.ndarray, others: np.ndarray) -> float:
    rng, n = np.random.default_rng(halves.seed), len(one)
    drawn = []
    for _ in range(DRAWS):
        weight = np.bincount(rng.integers(0, n, n), minlength=n).astype(np.float64)
        drawn.append(halves.auc(one, weight) - halves.auc(others, weight))
    low, _ = interval(np.array(drawn))
    return 0.0 if low is None else low


def deciding(rows: pl.DataFrame, names: list[str]) -> list[dict[str, Any]]:
    """Columns of which a value, or any but the commonest, decides the outcome: how many rows, which way."""
    base, found = float(rows["label"].mean()), []
    if not 0 < base < 1:
        return []
    for name in names:
        groups = rows.group_by(value=pl.col(name)).agg(n=pl.len(), positives=pl.col("label").sum())
        commonest = groups.sort("n", "value", descending=True).row(0, named=True)
        rest = {
            "n": len(rows) - commonest["n"],
            "positives": int(rows["label"].sum()) - commonest["positives"],
        }
        tried = [rest, *groups.select("n", "positives").to_dicts()]
        pure = [row for row in tried if row["n"] and row["positives"] in (0, row["n"])]
        chances = [(row, (base if row["positives"] else 1 - base) ** row["n"] * len(tried)) for row in pure]
        sure = [row for row, chance in chances if chance < CHANCE]
        if sure:
            most = max(sure, key=lambda row: row["n"])
            found.append({"column": name, "rows": most["n"], "outcome": bool(most["positives"])})
    return found
