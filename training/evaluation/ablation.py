"""What more data, and what each group of features, would change: on the validation blocks, not the test.

Models are refitted with the parameters that were tuned, on what each validation block could have
learnt from; differences are paired on the same later rows, intervals drawn by subject.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import polars as pl

from features.feature import Feature
from models.learners.encoder import Encoder
from models.learners.recipe import Recipe
from training.data.artifacts import Best, Tuned, read_artifact, write_artifact
from training.data.rows import informative_features, read_contacted
from training.data.split import Split
from training.evaluation.metrics import estimates, integer_codes
from training.io import say
from training.params import Params
from training.results.ablated import Ablation, LearningCurve, VariantJudged, Variants
from training.results.estimate import ENDS, Estimate, Measures

SHARES = (0.125, 0.25, 0.5)
ALL = "everything"
Some = Callable[[pl.DataFrame], pl.DataFrame]


@dataclass(frozen=True)
class Variant:
    """Another set of inputs, or fewer training rows."""

    name: str
    features: list[Feature]
    some: Some = lambda rows: rows


def curve(params: Params, task: str) -> LearningCurve:
    """Write and return ``learning_curve.json``: shares of the members, and of the days, to learn from."""
    rows, facts = read_contacted(params.build / task)
    features, subject = informative_features(rows, facts), facts["subject"]
    variants = [Variant(ALL, features)]
    variants += [Variant(f"{share:.1%} of subjects", features, _members(subject, share)) for share in SHARES]
    variants += [Variant(f"newest {share:.1%} of days", features, _newest(share)) for share in SHARES]
    found: LearningCurve = {**_judged(params, task, variants)}
    write_artifact(params.results / task, LearningCurve, found)
    return found


def ablate(params: Params, task: str) -> Ablation:
    """Write and return ``ablation.json``: every group of features left out, and alone."""
    rows, facts = read_contacted(params.build / task)
    features = informative_features(rows, facts)
    group = {row["name"]: row["group"] for row in facts["features"]}
    names = dict.fromkeys(group[feature.name] for feature in features)
    if len(names) < 2:
        raise ValueError(f"ablate {task}: its features are of one group, {list(names)}")
    variants = [Variant(ALL, features)]
    variants += [Variant(f"without {n}", [f for f in features if group[f.name] != n]) for n in names]
    variants += [Variant(f"only {n}", [f for f in features if group[f.name] == n]) for n in names]
    found: Ablation = {**_judged(params, task, variants)}
    write_artifact(params.results / task, Ablation, found)
    return found


def _members(subject: str, share: float) -> Some:
    """Rows of ``share`` of the subjects, the same ones in every block."""

    def some(rows: pl.DataFrame) -> pl.DataFrame:
        return rows.filter(pl.col(subject).hash(seed=1) % 1000 < share * 1000)

    return some


def _newest(share: float) -> Some:
    """Rows of the newest ``share`` of the period."""

    def some(rows: pl.DataFrame) -> pl.DataFrame:
        first, last = (int(found) for found in rows.select(pl.min("as_of"), mx=pl.max("as_of")).row(0))
        return rows.filter(pl.col("as_of") >= last - share * (last - first))

    return some


def _judged(params: Params, task: str, variants: list[Variant]) -> Variants:
    rows, facts = read_contacted(params.build / task)
    best = read_artifact(Tuned, params.build / task)["best"]
    split = Split(facts["test_start_time"], tuple(facts["blocks"]))
    scores, learnt = {}, {}
    for at, variant in enumerate(variants, 1):
        found = _later(rows, split, variant, best, params)
        scores[variant.name], learnt[variant.name] = (
            found["score"].to_numpy(),
            int(found["learnt"].max() or 0),
        )
        say(f"{task}: {at}/{len(variants)} {variant.name}")
    label, subject = found["label"].to_numpy(), integer_codes(found[facts["subject"]].to_numpy())
    values, gaps = estimates(label, scores, subject, params.evaluate.resamples, params.seed)
    return {
        "task": task,
        "data": params.data,
        "rows": len(label),
        "positives": int(label.sum()),
        "variants": [
            _variant(one, learnt[one.name], values[one.name], gaps.get(one.name)) for one in variants
        ],
    }


def _variant(variant: Variant, learnt: int, found: Measures, gap: Measures | None) -> VariantJudged:
    return {
        "variant": variant.name,
        "inputs": len(variant.features),
        "learnt": learnt,
        "auc": found["auc"],
        "average_precision": found["average_precision"],
        "loss_auc": gap and gap["auc"],
        "loss_average_precision": gap and gap["average_precision"],
    }


def _later(rows: pl.DataFrame, split: Split, variant: Variant, best: Best, params: Params) -> pl.DataFrame:
    """Every row of the validation blocks with ``score`` (log-odds) and ``learnt`` (training rows)."""
    encoder = Encoder.fit(rows.filter(pl.col("split") != "test"), variant.features)

    def one(block: int) -> pl.DataFrame:
        past, later = variant.some(rows.filter(split.training(block))), rows.filter(pl.col("fold") == block)
        if past["label"].n_unique() < 2:
            raise ValueError(f"{variant.name}: too few rows to learn from before block {block + 1}")
        recipe = Recipe.of(best, params.seed)
        booster = recipe.fit(encoder.transform(past), past["label"].to_numpy(), encoder.feature_types)
        score = booster.inplace_predict(encoder.transform(later), predict_type="margin")
        return later.with_columns(score=pl.Series(score.astype(np.float64)), learnt=pl.lit(len(past)))

    with ThreadPoolExecutor(params.engine.threads) as pool:
        return pl.concat(pool.map(one, range(len(split.blocks))))


def table(result: Variants) -> str:
    """Return the result as text.

    ``*`` where a variant is worse than everything beyond noise, ``+`` better.
    """
    lines = [f"{result['task']} on {result['rows']:,} later rows, {result['positives']:,} positive"]
    lines.append(f"  {'':24}{'inputs':>7}{'learnt':>10}  AUC    average precision   loss against {ALL}")
    return "\n".join(lines + [_line(row) for row in result["variants"]])


def _line(row: VariantJudged) -> str:
    loss, ap = row["loss_average_precision"], row["average_precision"]
    said = "" if loss is None else _loss(loss)
    return (
        f"  {row['variant']:24}{row['inputs']:7}{row['learnt']:10,}  {row['auc']['value']:.3f}"
        f"  {ap['value']:.3f} [{ap['low']:.3f}-{ap['high']:.3f}]  {said}"
    )


def _loss(found: Estimate) -> str:
    value, low, high = (found[end] for end in ENDS)
    if value is None or low is None or high is None:
        return "–"
    mark = " *" if low > 0 else " +" if high < 0 else ""
    return f"{value:+.4f} [{low:+.4f}, {high:+.4f}]{mark}"
