"""What more data, and what each group of features, would change: on the validation blocks, not the test.

Models are refitted with the parameters that were tuned, on what each validation block could have
learnt from; differences are paired on the same later rows, intervals drawn by subject.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from features.feature import Feature
from models.learners.encoder import Encoder
from models.learners.recipe import Recipe
from training.data.artifacts import Best, Tuned, read_artifact
from training.data.rows import inputs, load
from training.data.split import Split
from training.evaluation.metrics import codes, estimates
from training.io import say, write_json
from training.params import Params
from training.results.estimate import Metric

SHARES = (0.125, 0.25, 0.5)
METRICS: tuple[Metric, ...] = ("auc", "average_precision")
ALL = "everything"
Some = Callable[[pl.DataFrame], pl.DataFrame]


@dataclass(frozen=True)
class Variant:
    """Another set of inputs, or fewer training rows."""

    name: str
    features: list[Feature]
    some: Some = lambda rows: rows


def curve(params: Params, task: str) -> dict[str, Any]:
    """Write and return ``learning_curve.json``: shares of the members, and of the days, to learn from."""
    rows, facts = load(params.build / task)
    features, subject = inputs(rows, facts), facts["subject"]
    variants = [Variant(ALL, features)]
    variants += [Variant(f"{share:.1%} of subjects", features, _members(subject, share)) for share in SHARES]
    variants += [Variant(f"newest {share:.1%} of days", features, _newest(share)) for share in SHARES]
    return _write(params, task, "learning_curve", variants)


def ablate(params: Params, task: str) -> dict[str, Any]:
    """Write and return ``ablation.json``: every group of features left out, and alone."""
    rows, facts = load(params.build / task)
    features = inputs(rows, facts)
    group = {row["name"]: row["group"] for row in facts["features"]}
    names = dict.fromkeys(group[feature.name] for feature in features)
    if len(names) < 2:
        raise ValueError(f"ablate {task}: its features are of one group, {list(names)}")
    variants = [Variant(ALL, features)]
    variants += [Variant(f"without {n}", [f for f in features if group[f.name] != n]) for n in names]
    variants += [Variant(f"only {n}", [f for f in features if group[f.name] == n]) for n in names]
    return _write(params, task, "ablation", variants)


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


def _write(params: Params, task: str, name: str, variants: list[Variant]) -> dict[str, Any]:
    rows, facts = load(params.build / task)
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
    label, subject = found["label"].to_numpy(), codes(found[facts["subject"]].to_numpy())
    values, gaps = estimates(label, scores, subject, params.evaluate.resamples, params.seed)
    result = {
        "task": task, "data": params.data, "rows": len(label), "positives": int(label.sum()),
        "variants": [
            {"variant": variant.name, "inputs": len(variant.features), "learnt": learnt[variant.name]}
            | {metric: values[variant.name][metric] for metric in METRICS}
            | {
                f"loss_{metric}": gaps[variant.name][metric] if variant.name in gaps else None
                for metric in METRICS
            }
            for variant in variants
        ],
    }  # fmt: skip
    write_json(params.results / task / f"{name}.json", result)
    return result


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


def table(result: dict[str, Any]) -> str:
    """The result as text; ``*`` where a variant is worse than everything beyond noise, ``+`` better."""
    lines = [f"{result['task']} on {result['rows']:,} later rows, {result['positives']:,} positive"]
    lines.append(f"  {'':24}{'inputs':>7}{'learnt':>10}  AUC    average precision   loss against {ALL}")
    return "\n".join(lines + [_line(row) for row in result["variants"]])


def _line(row: dict[str, Any]) -> str:
    loss, ap = row["loss_average_precision"], row["average_precision"]
    said = ""
    if loss is not None:
        mark = " *" if loss["low"] > 0 else " +" if loss["high"] < 0 else ""
        said = f"{loss['value']:+.4f} [{loss['low']:+.4f}, {loss['high']:+.4f}]{mark}"
    return (
        f"  {row['variant']:24}{row['inputs']:7}{row['learnt']:10,}  {row['auc']['value']:.3f}"
        f"  {ap['value']:.3f} [{ap['low']:.3f}-{ap['high']:.3f}]  {said}"
    )
