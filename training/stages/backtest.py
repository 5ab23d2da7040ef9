"""Stage ``backtest``: the same recipe at rolling origins, refitted at each or frozen at the first.

At an origin a model may learn from rows whose outcome window had closed by then, and is asked about
the rows until the next origin. Probabilities are calibrated, and re-based, on what earlier blocks
had shown by the origin, as a running system would. The hyperparameters are those that were tuned.
"""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from features.feature import Feature
from features.timestamps import iso
from models.learners.calibration import Calibration
from models.learners.encoder import Encoder
from models.learners.recipe import Recipe
from training.data.artifacts import Dataset, Tuned, read_artifact, write_artifact
from training.data.rows import informative_features, is_fresh, read_contacted
from training.evaluation.metrics import estimates, integer_codes
from training.evaluation.recalibration import calibrated, rebased
from training.io import say, write_json
from training.params import Params
from training.results.backtested import (
    MODES,
    Backtest,
    ModeMeasures,
    Modes,
    Origin,
    RandomSplit,
    RankGap,
    Rolled,
    WayJudged,
)
from training.results.estimate import ENDS, Estimate, Measures

FEWEST, POSITIVES, JUDGED = 1000, 100, 20  # rows to learn from; of the rarer class; to be judged on
UNSPLIT: RandomSplit = {"assessed": False}
BEFORE = 0.25  # of the period before the first origin


@dataclass(frozen=True)
class Maker:
    """How every model of the back-test is made: from one bag, since ten of five would take too long."""

    features: list[Feature]
    recipe: Recipe
    rows: int

    def fit(self, past: pl.DataFrame) -> "Fitted":
        """Learn from ``past``, at most ``rows`` of it, drawn seeded."""
        some = past.sample(min(self.rows, len(past)), seed=self.recipe.seed).sort("row_id")
        encoder = Encoder.fit(some, self.features)
        booster = self.recipe.fit(encoder.transform(some), some["label"].to_numpy(), encoder.feature_types)
        return Fitted(booster, encoder, len(some))


@dataclass(frozen=True)
class Fitted:
    """A model and the number of rows that it learnt from."""

    booster: Any
    encoder: Encoder
    learnt: int

    def margin(self, rows: pl.DataFrame) -> np.ndarray:
        """Return log-odds, shape (rows,)."""
        found = self.booster.inplace_predict(self.encoder.transform(rows), predict_type="margin")
        return found.astype(np.float64)


def backtest(params: Params, name: str) -> None:
    """Write ``backtest.json`` and the points of its plot."""
    folder, out = params.build / name, params.results / name
    rows, facts = read_contacted(folder)
    best, asked = read_artifact(Tuned, folder)["best"], params.backtest
    maker = Maker(informative_features(rows, facts), Recipe.of(best, params.seed), asked.rows)
    dated = facts["dated"]
    starts = origins(rows, asked.origins) if dated else []
    rolled = _rolled(rows, starts, maker, facts, params)
    split = _random(rows, maker, facts["subject"], params) if dated else UNSPLIT
    found: Backtest = {"task": name, "data": params.data, **rolled, "random_split": split}
    write_artifact(out, Backtest, found)
    write_json(out / "plots" / "backtest.json", _points(found))
    say(f"{name}: {_sentence(found)}")


def _rolled(rows: pl.DataFrame, starts: list[int], maker: Maker, facts: Dataset, params: Params) -> Rolled:
    """Every origin and all their rows together, or why there are none."""
    if len(starts) < 2:
        return {"assessed": False, "reason": "no_backtest" if facts["dated"] else "undated"}
    blocks = _blocks(rows, starts, maker, facts["subject"], params)
    origins: list[Origin] = [
        {
            "origin": str(iso(block["origin"][0])),
            "to": str(iso(block["as_of"].max())),
            "learnt": block["learnt"][0],
            **_estimates(block, params),
        }
        for block in blocks
    ]
    return {"assessed": True, "origins": origins, "overall": _estimates(pl.concat(blocks), params)}


def origins(rows: pl.DataFrame, most: int) -> list[int]:
    """Return up to ``most`` moments (seconds), evenly apart, the first with enough closed rows before it.

    Every block between two of them, and after the last, has rows of both classes to be judged on.
    """
    closed = rows.select("window_end", "label").sort("window_end")
    enough = (_rarer(closed["label"]) >= POSITIVES) & (np.arange(1, len(closed) + 1) >= FEWEST)
    if not enough.any():
        return []
    asked = rows["as_of"].to_numpy()
    moments = np.unique(asked)
    first = max(closed["window_end"][int(np.argmax(enough))], np.quantile(moments[[0, -1]], BEFORE))
    edges = np.linspace(first, moments[-1], most + 1)[:-1]
    starts = np.unique(moments[np.searchsorted(moments, edges[edges <= moments[-1]])])
    block, label = np.searchsorted(starts, asked, side="right") - 1, rows["label"].to_numpy()
    sizes = [np.bincount(label[block == at], minlength=2).min() for at in range(len(starts))]
    return [int(start) for start, size in zip(starts, sizes, strict=True) if size >= JUDGED]


def _rarer(label: pl.Series) -> np.ndarray:
    """How many of the rarer class are among the first rows, for each number of rows."""
    hits = label.cast(pl.Int64).cum_sum().to_numpy()
    return np.minimum(hits, np.arange(1, len(label) + 1) - hits)


def _blocks(
    rows: pl.DataFrame, starts: list[int], maker: Maker, subject: str, params: Params
) -> list[pl.DataFrame]:
    """For each origin the rows asked until the next, with margin and probability of each mode."""
    pasts = [rows.filter(pl.col("window_end") <= start) for start in starts]
    with ThreadPoolExecutor(params.engine.threads) as pool:
        fitted = list(pool.map(maker.fit, pasts))
    found: list[pl.DataFrame] = []
    for at, start in enumerate(starts):
        end = starts[at + 1] if at + 1 < len(starts) else None
        later = pl.col("as_of") >= start
        part = rows.filter(later if end is None else later & (pl.col("as_of") < end))
        part = part.filter(is_fresh(part))
        part = part.sample(min(maker.rows, len(part)), seed=params.seed).sort("row_id")
        margins = {"refitted": fitted[at].margin(part), "frozen": fitted[0].margin(part)}
        found.append(
            part.select("row_id", "as_of", "window_end", "label", subject=subject).with_columns(
                pl.lit(start).alias("origin"),
                pl.lit(fitted[at].learnt).alias("learnt"),
                *(pl.Series(f"{mode}_margin", margins[mode]) for mode in MODES),
                *(_probability(mode, margins[mode], found, start) for mode in MODES),
            )
        )
    return found


def _probability(mode: str, margin: np.ndarray, before: list[pl.DataFrame], origin: int) -> pl.Series:
    """Calibrated on the earlier blocks' rows whose outcome was known at ``origin``."""
    known = [block.filter(pl.col("window_end") <= origin) for block in before]
    rows = pl.concat(known) if known else pl.DataFrame()
    calibration = Calibration()
    if len(rows) and _rarer(rows["label"])[-1] >= POSITIVES:
        seen = rows.select("label", "window_end", fold="origin", margin=f"{mode}_margin")
        calibration = calibrated(seen)
        if mode == "frozen":  # the same model all the time: its own outcomes tell its level
            calibration = rebased(calibration, seen)
    return pl.Series(mode, calibration.probability(margin))


def _estimates(rows: pl.DataFrame, params: Params) -> Modes:
    """Both modes with intervals by subject, and refitted minus frozen, paired."""
    label = rows["label"].to_numpy()
    scores: dict[str, np.ndarray] = {mode: rows[mode].to_numpy() for mode in MODES}
    subject, draws = (
        integer_codes(rows["subject"].to_numpy()),
        min(params.evaluate.resamples, params.backtest.resamples),
    )
    values, differences = estimates(label, scores, subject, draws, params.seed)
    return {
        "n": len(rows),
        "positives": int(label.sum()),
        "rate": float(label.mean()),
        "refitted": _of_mode(values["refitted"]),
        "frozen": _of_mode(values["frozen"]),
        "difference": _ranks(differences["frozen"]),
    }


def _of_mode(found: Measures) -> ModeMeasures:
    return {
        "auc": found["auc"],
        "average_precision": found["average_precision"],
        "lift_10": found["lift_10"],
        "expected_over_observed": found["expected_over_observed"],
    }


def _ranks(found: Measures) -> RankGap:
    return {"auc": found["auc"], "average_precision": found["average_precision"]}


def _random(rows: pl.DataFrame, maker: Maker, subject: str, params: Params) -> RandomSplit:
    """What a split of subjects at random would have promised, beside the out-of-time figure.

    As many test rows as the test in time; what is learnt from is as much in both.
    """
    past, test = rows.filter(pl.col("split") != "test"), rows.filter(pl.col("split") == "test")
    share = len(test) / len(rows)
    drawn = pl.col(subject).hash(seed=params.seed) % 10_000 < share * 10_000
    kept = []
    for learn, judge in ((rows.filter(~drawn), rows.filter(drawn)), (past, test)):
        learn = learn.sample(min(len(past), len(learn)), seed=params.seed)
        judge = judge.sample(min(maker.rows, len(judge)), seed=params.seed).sort("row_id")
        label = judge["label"].to_numpy()
        if not 0 < label.sum() < len(label) or learn["label"].n_unique() < 2:
            return UNSPLIT
        kept.append(_way(maker.fit(learn).margin(judge), label, judge[subject], params))
    random, in_time = kept
    gap: RankGap = {
        "auc": _apart(random["auc"], in_time["auc"]),
        "average_precision": _apart(random["average_precision"], in_time["average_precision"]),
    }
    return {"assessed": True, "random": random, "out_of_time": in_time, "gap": gap}


def _way(margin: np.ndarray, label: np.ndarray, subject: pl.Series, params: Params) -> WayJudged:
    """The figures of one way to split, of margins of the rows judged."""
    scores = {"way": Calibration().probability(margin)}
    draws = params.backtest.resamples
    values, _ = estimates(label, scores, integer_codes(subject.to_numpy()), draws, params.seed)
    return {"n": len(label), "positives": int(label.sum()), **_ranks(values["way"])}


def _apart(first: Estimate, second: Estimate) -> Estimate:
    """Difference of two figures from different rows, its interval from theirs as independent."""
    ends = [found[end] for found in (first, second) for end in ENDS]
    if None in ends:
        return {"value": None, "low": None, "high": None}
    (one, low, high), (other, other_low, other_high) = np.array(ends, dtype=np.float64).reshape(2, 3)
    half = float(np.hypot((high - low) / 2, (other_high - other_low) / 2))
    gap = float(one - other)
    return {"value": gap, "low": gap - half, "high": gap + half}


def _points(found: Backtest) -> list[dict[str, Any]]:
    """For DVC's plots."""
    return [
        {"origin": row["origin"][:10], "mode": mode, "auc": row[mode]["auc"]["value"]}
        for row in found.get("origins", [])
        for mode in MODES
    ]


def _sentence(found: Backtest) -> str:
    if not found["assessed"]:
        return (
            "no dates, no back-test"
            if found["reason"] == "undated"
            else "too short a history for a back-test"
        )
    auc = {mode: found["overall"][mode]["auc"]["value"] for mode in MODES}
    return f"{len(found['origins'])} origins, AUC refitted {auc['refitted']:.3f}, frozen {auc['frozen']:.3f}"
