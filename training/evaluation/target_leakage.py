"""Columns that look recorded after the outcome, where a source does not say when a value was known.

Signs, each measured on development rows. None is told a column's name or meaning.

*Outranks*: the column alone ranks the outcome better than all others together (four at least), beyond noise.
What is known before an outcome is many weak hints; what is written down with it is one strong one.
Ranking is judged inside short stretches of time, so that a column that only follows the base rate
(an interest rate, a season) does not look strong. Columns that say the same (rank correlation) are
no others of each other. A strong cause of its own looks alike, and differs in one thing: among rows of
one outcome it stands in for the others, and goes against them (Berkson 1946), while what was written
from the outcome is tied to them through it and, given it, has nothing to do with them.

*Decides*: rows with one value of the column, or with any but its commonest, all have the same outcome,
and are too many for chance, given their neighbours: a model of the other values of the column and of the
columns in which no value is alike.

*Together*: several columns with signs of being filled in later (`late_columns`) outrank all others.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from models.learners import boosting
from models.learners.encoder import Encoder
from training.evaluation.bootstrap import bootstrap
from training.evaluation.metrics import Ranked, integer_codes, ranking
from training.results.audited import Against, DecidingColumn, LoneColumn, TogetherColumns

ROWS, STRETCHES, ROUNDS, DRAWS = 20_000, 10, 60, 100
MANY = 4  # of few columns one is easily the strongest: so many others are needed to suspect it
SUSPICIOUS, HIGH = 0.7, 0.8  # AUC inside a stretch
CHANCE = 1e-9  # probability of an outcome decided by luck
SAME = 0.9  # rank correlation from which on two numbers say the same
ORDERED, REPEATED = 10, 0.1  # values of a number with an order; share of rows that one of them may have
TRIED, UNSURE = 3, 0.001  # values of a column that are held against neighbours; no model is surer


@dataclass(frozen=True)
class SplitHalves:
    """Rows in two random halves by subject: one to learn from, one to judge on, in stretches of time."""

    matrix: np.ndarray
    kinds: list[str]
    names: list[str]
    label: np.ndarray
    subject: np.ndarray
    stretch: np.ndarray
    learn: np.ndarray
    seed: int

    @classmethod
    def of(cls, rows: pl.DataFrame, encoder: Encoder, key: str, seed: int) -> "SplitHalves":
        some = rows.sample(min(ROWS, len(rows)), seed=seed).sort("as_of", "row_id")
        subject = integer_codes(some[key].to_numpy())
        drawn = np.random.default_rng(seed).random(int(subject.max()) + 1) < 0.5
        stretch = np.arange(len(some)) * STRETCHES // len(some)
        label = some["label"].to_numpy().astype(np.float64)
        matrix = encoder.transform(some)
        return cls(
            matrix, encoder.feature_types, encoder.names, label, subject, stretch, drawn[subject], seed
        )

    def at(self, names: Sequence[str]) -> list[int]:
        """Return the places of columns."""
        return [self.names.index(name) for name in names]

    def scores(self, columns: list[int]) -> np.ndarray:
        """Return the scores of the judged half, by a small model of these columns."""
        return fitted(self.matrix, self.label, self.learn, ~self.learn, columns, self.kinds, self.seed)

    def auc(self, score: np.ndarray, weight: np.ndarray | None = None) -> float:
        """Return the mean AUC inside the stretches, by the number of their pairs."""
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

    def against(self, one: np.ndarray, others: list[int]) -> Against:
        """Return how good ``others`` are together, and how ``one``,
        the scores of other columns, stands to them.

        Returns
        -------
        others
            Their AUC.
        low
            The lower end of the 95 % interval of how much ``one`` exceeds it.
        tied, unsure
            Rank correlation of both, plus that among rows of one outcome, and half of its interval. Above 0
            if the outcome is all that ties them or they also go together; below 0 if they are causes apart.
        """
        rest = self.scores(others)
        judged = ~self.learn
        own = integer_codes(self.subject[judged])
        gap = bootstrap(lambda w: self.auc(one, w) - self.auc(rest, w), own, DRAWS, self.seed)
        stretch = self.stretch[judged]
        cells = (stretch, stretch * 2 + self.label[judged])
        tied = sum(_correlation(one, rest, cell) for cell in cells)
        unsure = 2 * 1.96 / float(np.sqrt(own.max() + 1))
        return {"others": self.auc(rest), "low": gap["low"] or 0.0, "tied": tied, "unsure": unsure}


def _correlation(one: np.ndarray, other: np.ndarray, cell: np.ndarray) -> float:
    """Rank correlation of two scores inside of the cells, each shape (rows,)."""
    ranks = pl.DataFrame({"one": one, "other": other, "cell": cell})
    inside = ranks.with_columns(pl.col("one", "other").rank())
    inside = inside.select(pl.col("one", "other") - pl.col("one", "other").mean().over("cell"))
    found = inside.select(pl.corr("one", "other")).item()
    return float(found) if found is not None and np.isfinite(found) else 0.0


def proven(line: Against, auc: float) -> bool:
    """Tell whether what ``against`` found is proof.

    Where ties do not tell, columns with a high AUC are meant.
    """
    if line.get("low", 0) <= 0:
        return False
    least = -line["unsure"] if auc >= HIGH else line["unsure"]
    return line["tied"] > least


def fitted(
    matrix: np.ndarray,
    label: np.ndarray,
    learn: np.ndarray,
    asked: np.ndarray,
    columns: list[int],
    kinds: list[str],
    seed: int,
) -> np.ndarray:
    """Return log-odds of the ``asked`` rows by a small model of some columns,
    learnt from the ``learn`` rows.
    """
    booster, _ = boosting.train(
        boosting.DEFAULTS, matrix[learn][:, columns], label[learn], [kinds[at] for at in columns],
        seed, ROUNDS, threads=2,
    )  # fmt: skip
    return booster.inplace_predict(matrix[asked][:, columns], predict_type="margin")


def outranking(halves: SplitHalves, candidates: Sequence[str]) -> list[LoneColumn]:
    """Return every candidate's AUC alone, the highest first; for suspicious ones that of all others together.

    The latter as of ``SplitHalves.against``.
    """
    everything, same = range(len(halves.names)), _same(halves)
    lines: list[LoneColumn] = []
    for at, name in zip(halves.at(candidates), candidates, strict=True):
        alone = halves.scores([at])
        line: LoneColumn = {"column": name, "alone": halves.auc(alone)}
        others = [other for other in everything if other != at and not same[at, other]]
        if line["alone"] >= SUSPICIOUS and len(others) >= MANY:
            line = {**line, **halves.against(alone, others)}
        lines.append(line)
    return sorted(lines, key=lambda line: -line["alone"])


def _same(halves: SplitHalves) -> np.ndarray:
    """Which numbers say the same, shape (columns, columns), bool; a category is like no other column."""
    numbers = np.array([kind == "q" for kind in halves.kinds])
    known = pl.DataFrame(np.where(np.isnan(halves.matrix), -np.inf, halves.matrix))
    ranks = known.select(pl.all().rank()).to_numpy()
    spread = ranks.std(axis=0)
    even = (ranks - ranks.mean(axis=0)) / np.where(spread > 0, spread, 1)
    return (np.abs(even.T @ even / len(even)) >= SAME) & np.outer(numbers, numbers)


def together(halves: SplitHalves, columns: Sequence[str]) -> TogetherColumns | None:
    """Return how these columns rank the outcome together, and whether all others do as well.

    None if too few.
    """
    mine = halves.at(columns)
    others = [at for at in range(len(halves.names)) if at not in mine]
    if len(mine) < 2 or len(others) < MANY:
        return None
    scores = halves.scores(mine)
    found: TogetherColumns = {"columns": list(columns), "auc": halves.auc(scores)}
    return {**found, **halves.against(scores, others)} if found["auc"] >= SUSPICIOUS else found


@dataclass(frozen=True)
class _Value:
    """Rows of a column with one value, or with any but its commonest, that share an outcome."""

    rows: int
    outcome: bool
    inside: pl.Series
    tried: int
    ordered: bool


def deciding(rows: pl.DataFrame, encoder: Encoder, names: Sequence[str], seed: int) -> list[DecidingColumn]:
    """Return columns of which a value, or any but the commonest, decides the outcome:
    how many rows, which way.

    ``sure`` is false where it is one value of many in order: that may be how things are.

    Parameters
    ----------
    rows
        One a subject.
    """
    found: list[DecidingColumn] = []
    label = rows["label"].to_numpy().astype(np.float64)
    if not 0 < label.mean() < 1:
        return []
    pure = {name: values for name in names if (values := _pure(rows, name))}
    free = [at for at, name in enumerate(encoder.names) if name not in pure]
    matrix = encoder.transform(rows) if pure else np.empty((0, 0))
    for name, values in pure.items():
        columns = [encoder.names.index(name), *free]
        known = []
        for value in values[:TRIED]:
            inside = value.inside.to_numpy()
            if _chance(matrix, label, inside, columns, encoder, seed) * value.tried < CHANCE:
                known.append(value)
        if known:
            most = min(known, key=lambda value: (value.ordered, -value.rows))
            found.append(
                {"column": name, "rows": most.rows, "outcome": most.outcome, "sure": not most.ordered}
            )
    return found


def _pure(rows: pl.DataFrame, name: str) -> list[_Value]:
    """Values whose rows all have one outcome and are too many for the base rate, most rows first."""
    base, n = float(rows["label"].to_numpy().mean()), len(rows)
    groups = rows.group_by(value=pl.col(name)).agg(n=pl.len(), positives=pl.col("label").sum())
    commonest = groups.sort("n", "value", descending=True).row(0, named=True)
    ordered = rows[name].dtype != pl.String and len(groups) >= ORDERED
    rest = {"n": n - commonest["n"], "positives": int(rows["label"].sum()) - commonest["positives"]}
    found = []
    for row in [rest, *groups.to_dicts()]:
        if row["n"] and row["positives"] in (0, row["n"]):
            chance = (base if row["positives"] else 1 - base) ** row["n"] * (len(groups) + 1)
            value = row.get("value", commonest["value"])
            same = rows[name].eq_missing(pl.Series([value], dtype=rows[name].dtype))
            one = ordered and "value" in row and value is not None and row["n"] < REPEATED * n
            inside = same if "value" in row else ~same
            if chance < CHANCE:
                found.append(_Value(row["n"], bool(row["positives"]), inside, len(groups) + 1, one))
    return sorted(found, key=lambda value: -value.rows)


def _chance(
    matrix: np.ndarray,
    label: np.ndarray,
    inside: np.ndarray,
    columns: list[int],
    encoder: Encoder,
    seed: int,
) -> float:
    """Probability that all rows inside have their one outcome, by a model of the rows outside."""
    outside = np.flatnonzero(~inside)
    learn = np.random.default_rng(seed).permutation(outside)[:ROWS]
    rate = label[learn].mean()
    if 0 < rate < 1:
        kinds = encoder.feature_types
        margin = fitted(matrix, label, learn, np.flatnonzero(inside), columns, kinds, seed)
        p = 1 / (1 + np.exp(-margin.astype(np.float64)))
    else:
        p = np.full(int(inside.sum()), rate)
    right = np.clip(np.where(label[inside] == 1, p, 1 - p), UNSURE, 1 - UNSURE)
    return float(np.exp(np.log(right).sum()))
