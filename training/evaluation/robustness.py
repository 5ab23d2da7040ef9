"""How much a model's quality hangs on luck, on one source, on exact values, on the amount of data.

All figures are AUCs on one sample of the test rows, so that they can be compared with each other.
Refits use the chosen settings on a sample of the development rows and at most ``ROUNDS`` trees:
small, but alike.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import polars as pl

from models.fitted.model import Model
from models.learners import boosting
from models.learners.encoder import Encoder
from models.learners.recipe import Recipe
from training.data.artifacts import Best
from training.evaluation.bootstrap import bootstrap
from training.evaluation.metrics import Ranked, integer_codes, ranking
from training.params import Explain
from training.results.estimate import FiniteEstimate
from training.results.explained import (
    AdversarialAuc,
    FeatureAuc,
    Lagged,
    Moved,
    RowsAuc,
    ShuffledAuc,
    StressRuns,
)

ROUNDS = 60
PARTS, NOISE, TOP = (0.25, 0.5), 0.1, 12
ALONE, FEWEST = 20, 500  # rows scored one by one; rows for the lag test


@dataclass(frozen=True)
class Bench:
    """A sample of test rows with their labels, and what refits learn from."""

    model: Model
    past: pl.DataFrame
    test: pl.DataFrame
    settings: Best
    subject: np.ndarray
    seed: int
    size: Explain

    @classmethod
    def of(
        cls,
        model: Model,
        past: pl.DataFrame,
        test: pl.DataFrame,
        best: Best,
        subject: str,
        size: Explain,
        seed: int,
    ) -> "Bench":
        """Draw both samples, seeded, in order of rows; ``best`` is of ``tune.json``."""
        rows = test.sample(min(size.stress_rows, len(test)), seed=seed).sort("row_id")
        learnt = past.sample(min(size.refit_rows, len(past)), seed=seed).sort("row_id")
        return cls(model, learnt, rows, best, integer_codes(rows[subject].to_numpy()), seed, size)

    @property
    def label(self) -> np.ndarray:
        return self.test["label"].to_numpy().astype(np.float64)

    def auc(self, score: np.ndarray) -> FiniteEstimate:
        """Return the AUC of scores of the test rows, with its interval."""
        ranked = Ranked.of(self.label, score)
        return bootstrap(
            lambda weight: ranking(ranked, weight[ranked.order])["auc"],
            self.subject,
            self.size.resamples,
            self.seed,
        )

    def refit(
        self, labels: np.ndarray, seed: int, encoder: Encoder | None = None, rows: int | None = None
    ) -> np.ndarray:
        """Return scores of the test rows by a model fitted anew on the first ``rows`` of a seeded order."""
        encoder = encoder or self.model.encoder
        if not encoder.columns:  # without its only input a model says the same of everybody
            return np.zeros(len(self.test))
        kept = np.random.default_rng(self.seed).permutation(len(self.past))[:rows]
        recipe = Recipe.of(self.settings, seed)
        recipe = recipe.other(rounds=min(recipe.rounds, ROUNDS))
        rows = self.past[np.sort(kept)]
        booster = recipe.fit(encoder.transform(rows), labels[np.sort(kept)], encoder.feature_types)
        return booster.inplace_predict(encoder.transform(self.test), predict_type="margin")


def stress(bench: Bench, groups: dict[str, list[str]], top: list[str]) -> StressRuns:
    """Return every figure; ``groups`` names the features of each group, ``top`` the strongest features."""
    labels = bench.past["label"].to_numpy().astype(np.float64)
    score = bench.model.probability(bench.test)
    fits = [bench.refit(labels, bench.seed + step) for step in range(bench.size.seeds)]
    without = Encoder(tuple(c for c in bench.model.encoder.columns if c.name != top[0]))
    return {
        "n": len(bench.test),
        "positives": int(bench.label.sum()),
        "fit_rows": len(bench.past),
        "model": bench.auc(score),
        "seeds": [bench.auc(fit)["value"] for fit in fits],
        "learning": [*_learning(bench, labels), {"rows": len(bench.past), **bench.auc(fits[0])}],
        "shuffled": _shuffled(bench, labels),
        "without_top": {"feature": top[0], **bench.auc(bench.refit(labels, bench.seed, without))},
        "blanked": [
            {"group": group, **_changed(bench, _blank(bench.test, names), score)}
            for group, names in groups.items()
        ],
        "noise": _changed(bench, _shaken(bench), score),
        "unseen": _changed(bench, _unseen(bench), score),
        "permuted": list(_permuted(bench, top[:TOP])),
        "adversarial": adversarial(bench),
        "alone": _alone(bench, score),
        "bytes": len(bench.model.booster.save_raw("ubj")),
        "trees": bench.model.booster.num_boosted_rounds(),
    }


def _learning(bench: Bench, labels: np.ndarray) -> Iterator[RowsAuc]:
    """AUC of models that learnt from a part of the rows."""
    for part in PARTS:
        rows = round(part * len(bench.past))
        yield {"rows": rows, **bench.auc(bench.refit(labels, bench.seed, rows=rows))}


def _shuffled(bench: Bench, labels: np.ndarray) -> ShuffledAuc:
    """AUC of models that learnt labels dealt out at random: mean of several and its standard error.

    One such model finds a little by chance, this way or that; only their mean must lie near one half.
    """
    rng = np.random.default_rng(bench.seed)
    found = [
        ranking(
            Ranked.of(bench.label, bench.refit(rng.permutation(labels), bench.seed)),
            np.ones(len(bench.label)),
        )["auc"]
        for _ in range(bench.size.shuffles)
    ]
    return {"value": float(np.mean(found)), "error": float(np.std(found, ddof=1) / np.sqrt(len(found)))}


def _changed(bench: Bench, rows: pl.DataFrame, score: np.ndarray) -> Moved:
    """AUC on changed rows, and the mean change of the probability."""
    found = bench.model.probability(rows)
    return {**bench.auc(found), "moved": float(np.abs(found - score).mean())}


def _blank(rows: pl.DataFrame, names: list[str]) -> pl.DataFrame:
    return rows.with_columns(pl.lit(None, dtype=rows[name].dtype).alias(name) for name in names)


def _shaken(bench: Bench) -> pl.DataFrame:
    """Every number up to ``NOISE`` higher or lower."""
    rng = np.random.default_rng(bench.seed)
    numbers = [c.name for c in bench.model.encoder.columns if c.categories is None]
    factors = {name: rng.uniform(1 - NOISE, 1 + NOISE, len(bench.test)) for name in numbers}
    return bench.test.with_columns(pl.col(name) * pl.Series(factor) for name, factor in factors.items())


def _unseen(bench: Bench) -> pl.DataFrame:
    """Every category one that training never saw."""
    names = [c.name for c in bench.model.encoder.columns if c.categories is not None]
    return bench.test.with_columns(pl.lit("never seen").alias(name) for name in names)


def _permuted(bench: Bench, top: list[str]) -> Iterator[FeatureAuc]:
    """AUC where one feature's values are dealt out anew (Breiman 2001)."""
    for name in top:
        dealt = bench.test.with_columns(pl.col(name).shuffle(seed=bench.seed))
        yield {"feature": name, **bench.auc(bench.model.probability(dealt))}


def adversarial(bench: Bench) -> AdversarialAuc:
    """Return how well a model tells development rows from test rows, and by which feature.

    Half of both is learnt from, the other half judged.
    """
    n = min(len(bench.past), len(bench.test))
    both = pl.concat([frame.head(n).select(bench.model.encoder.names) for frame in (bench.past, bench.test)])
    later = np.repeat([0.0, 1.0], n)
    learn = np.arange(2 * n) % 2 == 0
    matrix, kinds = bench.model.encoder.transform(both), bench.model.encoder.feature_types
    booster, _ = boosting.train(boosting.DEFAULTS, matrix[learn], later[learn], kinds, bench.seed, rounds=60)
    ranked = Ranked.of(later[~learn], booster.inplace_predict(matrix[~learn]))
    gains = booster.get_score(importance_type="total_gain")
    best = max(gains, key=lambda name: gains[name], default=None)
    names = bench.model.encoder.names
    feature = names[int(best.removeprefix("f"))] if best else None
    return {"value": ranking(ranked, np.ones(len(ranked.label)))["auc"], "feature": feature}


def lagged(
    model: Model, rows: pl.DataFrame, subject: str, current: list[str], most: int, seed: int
) -> Lagged | None:
    """Return the AUC on at most ``most`` test rows where each subject is described as at its question before.

    ``current`` names the features that belong to the question itself, not to the subject's past.
    None where too few subjects were asked before.
    """
    names = [name for name in model.encoder.names if name not in current]
    ordered = rows.sort(subject, "as_of", "row_id")
    before = ordered.with_columns(
        pl.col("as_of").shift().over(subject).alias("before"),
        *(pl.col(n).shift().over(subject) for n in names),
    )
    known = before.filter((pl.col("split") == "test") & (pl.col("before") < pl.col("as_of")))
    known = known.sample(min(most, len(known)), seed=seed).sort("row_id")
    if len(known) < FEWEST or known["label"].n_unique() < 2:
        return None
    same = rows.join(known.select("row_id"), on="row_id", how="semi").sort("row_id")
    label, ones = known["label"].to_numpy().astype(np.float64), np.ones(len(known))
    now, then = (ranking(Ranked.of(label, model.probability(frame)), ones)["auc"] for frame in (same, known))
    days = (known["as_of"] - known["before"]).median()
    return {"n": len(known), "now": now, "then": then, "days": float(days or 0) / 86_400}


def _alone(bench: Bench, score: np.ndarray) -> float:
    """Largest difference between a row scored alone and in the batch."""
    count = min(ALONE, len(bench.test))
    single = np.concatenate([bench.model.probability(bench.test[at]) for at in range(count)])
    return float(np.abs(single - score[:count]).max())
