"""Stage ``uplift``: whom a contact moves, where a control arm was held out at random.

Learners are compared on the validation blocks, each predicted from its past only; the best one is
fitted on everything known before the test and judged there, beside the order by propensity and
random orders. It ranks only if the intervals of its Qini on the test, and of the paired difference to
that of propensity, lie above zero; otherwise the ranking stays that of propensity. Shares held out are
those of each campaign. Without an arm nothing is called uplift.
"""

import shutil
from collections.abc import Iterator

import numpy as np
import polars as pl

from models.fitted.booster_sum import BoosterSum
from models.fitted.model import Model
from models.fitted.uplift import LEARNERS, LENGTHS, Trial, contact_share
from training.data.artifacts import Dataset, write_artifact
from training.data.rows import read_all
from training.data.split import Split
from training.evaluation.metrics import integer_codes
from training.evaluation.uplift_metrics import RandomisedOutcomes, at_random, judge, quintile_effects
from training.io import say
from training.params import Params
from training.results.effects import CrossFitted, EffectsJudged, LearnerJudged, Ranking, Uplift

FEWEST = 100  # rows of an arm, and events, below which nothing is judged
UNLIKE = 0.2  # standardised difference of an input between the arms that chance does not explain


class NoTrialError(Exception):
    """Why nothing may be called uplift; the message is a key of the report's words."""


def uplift(params: Params, name: str) -> None:
    """Write ``uplift/`` and ``uplift.json``."""
    folder, out = params.build / name / "uplift", params.results / name
    shutil.rmtree(folder, ignore_errors=True)  # an effect that was released before is none now
    folder.mkdir(parents=True)
    rows, facts = read_all(params.build / name)
    try:
        found, amount = _assess(rows, facts, Model.load(params.build / name / "model"), params)
    except NoTrialError as refusal:
        found = {"assessed": False, "reason": str(refusal), "ranking": "propensity"}
        amount = BoosterSum()
    if found["ranking"] == "uplift":
        amount.save(folder)
    write_artifact(folder, Ranking, {"ranking": found["ranking"], "reason": found["reason"]})
    write_artifact(out, Uplift, found)
    say(f"{name}: ranking by {found['ranking']} ({found['reason']})")


def _assess(rows: pl.DataFrame, facts: Dataset, model: Model, params: Params) -> tuple[Uplift, BoosterSum]:
    if "arm" not in rows.columns or rows["arm"].n_unique() < 2:
        raise NoTrialError("no_arm")
    trial = _trial(rows, facts, model, params)
    if _enough(trial.treated, trial.label) < FEWEST:
        raise NoTrialError("few_held_out")
    if _unlike(trial):
        raise NoTrialError("arm_not_random")
    chosen, candidates = _choose(rows, facts, trial, params)
    test = (rows["split"] == "test").to_numpy()
    if _enough(trial.treated[test], trial.label[test]) < FEWEST:
        raise NoTrialError("few_held_out")
    amount = _learn(chosen, trial.take(~test))
    scores = {
        "uplift": amount.predict(trial.matrix[test]),
        "propensity": model.probability(rows.filter(test)),
    }
    judged = _judged(_arms(trial.take(test)), scores, params)
    reason = _reason(judged)
    return {
        "assessed": True,
        "ranking": "uplift" if reason == "surely_better" else "propensity",
        "reason": reason,
        "learner": chosen,
        "candidates": candidates,
        **judged,
        "cross_fitted": _cross_fitted(chosen, trial, params),
    }, amount


def _reason(judged: EffectsJudged) -> str:
    """Why uplift ranks (``surely_better``) or not; a key of the report's words."""
    alone, paired = judged["orders"]["uplift"]["qini"]["low"], judged["difference"]["qini"]["low"]
    if alone is None or alone <= 0:
        return "includes_zero"
    return "surely_better" if paired is not None and paired > 0 else "as_good"


def _trial(rows: pl.DataFrame, facts: Dataset, model: Model, params: Params) -> Trial:
    treated = (rows["arm"] == "treat").to_numpy()
    campaign = rows["campaign_id"].to_numpy() if "campaign_id" in rows.columns else None
    return Trial(
        matrix=model.encoder.transform(rows),
        label=rows["label"].to_numpy().astype(np.float64),
        treated=treated,
        subject=integer_codes(rows[facts["subject"]].to_numpy()),
        share=contact_share(treated, campaign),
        feature_types=model.encoder.feature_types,
        seed=params.seed,
        threads=params.engine.threads,
    )


def _arms(trial: Trial) -> RandomisedOutcomes:
    return RandomisedOutcomes(trial.label, trial.treated, trial.subject, trial.share)


def _enough(treated: np.ndarray, label: np.ndarray) -> int:
    """The smallest of: contacted, held out, events."""
    return int(min(treated.sum(), (~treated).sum(), label.sum()))


def _unlike(trial: Trial) -> bool:
    """Whether an input, or its being there, differs between the arms as no random draw would do.

    Rows count as in the estimates: where campaigns hold out different shares, their audiences differ.
    """
    values, there = np.nan_to_num(trial.matrix.astype(np.float64)), ~np.isnan(trial.matrix)
    chance = 5 / np.sqrt(min(trial.treated.sum(), (~trial.treated).sum()))
    for table in (values, there.astype(np.float64)):
        on, off = table[trial.treated], table[~trial.treated]
        spread = np.sqrt((on.var(axis=0) + off.var(axis=0)) / 2)
        means = [
            np.average(table[arm], axis=0, weights=trial.weight[arm])
            for arm in (trial.treated, ~trial.treated)
        ]
        apart = np.abs(means[0] - means[1])
        if (apart > (UNLIKE + chance) * spread + 1e-9).any():
            return True
    return False


def _choose(
    rows: pl.DataFrame, facts: Dataset, trial: Trial, params: Params
) -> tuple[str, dict[str, LearnerJudged]]:
    """Learner and length with the highest Qini over the validation blocks, and each one's estimates."""
    split, blocks, scores = Split(facts["test_start_time"], tuple(facts["blocks"])), [], []
    for block in range(len(split.blocks)):
        past = rows.select(split.training(block)).to_series().to_numpy()
        later = (rows["fold"] == block).to_numpy()
        known = trial.take(past)
        if later.any() and _enough(known.treated, known.label) >= FEWEST:
            scores.append(dict(_candidates(known, trial.matrix[later])))
            blocks.append(np.flatnonzero(later))
    if not blocks:
        raise NoTrialError("few_held_out")
    arms = _arms(trial).take(np.concatenate(blocks))
    pooled = {name: np.concatenate([part[name] for part in scores]) for name in scores[0]}
    found, _ = judge(arms, pooled, params.evaluate.resamples // 3, params.seed)
    kept: dict[str, LearnerJudged] = {
        name: {"qini": row["qini"], "uplift_30": row["uplift_30"]} for name, row in found.items()
    }
    return max(kept, key=lambda name: kept[name]["qini"]["value"] or 0.0), kept


def _candidates(known: Trial, later: np.ndarray) -> Iterator[tuple[str, np.ndarray]]:
    """Every learner at every length, by name, with what it says of later rows."""
    for name, learn in LEARNERS.items():
        amount = learn(known)
        for rounds in LENGTHS:
            yield f"{name}-{rounds}", amount.first(rounds).predict(later)


def _learn(chosen: str, trial: Trial) -> BoosterSum:
    name, rounds = chosen.split("-")
    return LEARNERS[name](trial).first(int(rounds))


def _judged(arms: RandomisedOutcomes, scores: dict[str, np.ndarray], params: Params) -> EffectsJudged:
    draws, seed = params.evaluate.resamples, params.seed
    orders, difference = judge(arms, scores, draws, seed)
    assert difference is not None  # of both orders
    return {
        "n": len(arms.label),
        "positives": int(arms.label.sum()),
        "held_out": int((~arms.treated).sum()),
        "overall": orders["uplift"].pop("overall"),
        "orders": orders | {"random": at_random(arms, draws, seed)},
        "difference": difference,
        "fifths": {name: quintile_effects(arms, score, draws, seed) for name, score in scores.items()},
    }


def _cross_fitted(chosen: str, trial: Trial, params: Params) -> CrossFitted:
    """The same learner on a random split, each half of the subjects predicted from the other."""
    subjects = int(trial.subject.max()) + 1
    side = (np.random.default_rng(params.seed).permutation(subjects) % 2 == 0)[trial.subject]
    score = np.zeros(len(side))
    for half in (side, ~side):
        score[half] = _learn(chosen, trial.take(~half)).predict(trial.matrix[half])
    found, _ = judge(_arms(trial), {"uplift": score}, params.evaluate.resamples // 3, params.seed)
    order = found["uplift"]
    return {
        "qini": order["qini"],
        "uplift_10": order["uplift_10"],
        "uplift_20": order["uplift_20"],
        "uplift_30": order["uplift_30"],
        "overall": order["overall"],
        "n": len(side),
        "positives": int(trial.label.sum()),
    }
