"""Stage ``fit``: the final model on everything whose label was known before the test began."""

from pathlib import Path

import numpy as np
import polars as pl

from features.groups.own_changes import beside
from features.meaning import combined, meanings
from features.own_tables import OwnTable
from models.card import BandRow, CountedRows, QuestionFacts, made_of
from models.fitted.model import Model
from models.fitted.observed_rates import observed
from models.learners.encoder import Encoder
from models.learners.recipe import Recipe
from models.reasons import Explainer
from models.task import Band, Task
from models.task import task as task_named
from training.data.artifacts import Dataset, Tuned, read_artifact
from training.data.rows import informative_features, is_contacted, learnt, read_all, read_contacted
from training.data.split import NO_BLOCK, Split
from training.evaluation.metrics import integer_codes, rate
from training.evaluation.recalibration import calibrated
from training.io import say
from training.params import Params

SAMPLE = 1_000  # rows that tell how much each input says


def fit(params: Params, name: str) -> None:
    """Write ``model/``, and predictions for each validation block from its past only.

    ``oof.parquet`` has those that were contacted, ``oof_held_out.parquet`` those of the control arm.
    """
    folder, task = params.build / name, task_named(name)
    rows, facts = read_contacted(folder)
    recipe = Recipe.of(read_artifact(Tuned, folder)["best"], params.seed, params.fit.bags)
    past = rows.filter(pl.col("split") != "test")
    encoder = Encoder.fit(past, informative_features(rows, facts))
    oof, held_out = _out_of_fold(folder, facts, encoder, recipe, params)
    calibration = calibrated(oof)
    say(f"{name}: fit on {len(past):,} rows, {recipe.estimator}, slope {calibration.slope:.2f}")
    booster = recipe.fit(
        encoder.transform(past), past["label"].to_numpy(), encoder.feature_types, params.engine.threads
    )
    label, stated = past["label"].to_numpy(), getattr(params.economics, task.name)
    cut = bands(
        task,
        calibration.probability(oof["margin"]),
        oof["label"].to_numpy(),
        integer_codes(oof[facts["subject"]].to_numpy()),
        None if stated is None else stated.capacity,
    )
    counted: CountedRows = {
        "base_rate": float(label.mean()),
        "bins": observed(past, label, encoder),
        "learnt": learnt(past, facts),
    }
    card = made_of(card_of(task, facts, encoder, params), recipe.described(), counted, cut)
    model = Model(booster, encoder, calibration, card)
    sample = past.sample(min(SAMPLE, len(past)), seed=params.seed)
    card["weights"], card["unsure"] = weights(model, sample), Explainer(model).unsure(sample)
    model.save(folder / "model")
    oof.write_parquet(folder / "oof.parquet")
    held_out.write_parquet(folder / "oof_held_out.parquet")


def weights(model: Model, rows: pl.DataFrame) -> dict[str, float]:
    """Return the share of each input in all that the model says, from its mean absolute contribution."""
    size = np.abs(model.contributions(model.inputs(rows))[0]).mean(axis=0)
    return dict(zip(model.encoder.names, np.round(size / max(size.sum(), 1e-12), 6).tolist(), strict=True))


def _out_of_fold(
    folder: Path, facts: Dataset, encoder: Encoder, recipe: Recipe, params: Params
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Margins of every row of the validation blocks: those contacted, and those held out."""
    every, _ = read_all(folder)
    contacted = is_contacted(every)
    rows, held_out = every.filter(contacted), every.filter(~contacted)
    split, kinds = Split(facts["test_start_time"], tuple(facts["blocks"])), encoder.feature_types
    found: tuple[list[pl.DataFrame], list[pl.DataFrame]] = ([], [])
    for block in range(len(split.blocks)):
        past, inside = rows.filter(split.training(block)), pl.col("fold") == block
        label = past["label"].to_numpy()
        if past["label"].n_unique() < 2 or rows.filter(inside)["label"].n_unique() < 2:
            continue
        booster = recipe.fit(encoder.transform(past), label, kinds, params.engine.threads)
        for kept, part in zip(found, (rows.filter(inside), held_out.filter(inside)), strict=True):
            margin = booster.inplace_predict(encoder.transform(part), predict_type="margin")
            told = part.select("row_id", facts["subject"], "fold", "label", "as_of", "window_end")
            kept.append(told.with_columns(margin=pl.Series(margin.astype(np.float64))))
    if not found[0]:
        raise ValueError(f"fit: {NO_BLOCK}")
    return pl.concat(found[0]), pl.concat(found[1])


def card_of(task: Task, facts: Dataset, encoder: Encoder, params: Params) -> QuestionFacts:
    """Return what a card says before rows are counted: what is asked, of whom, by which features."""
    spine = facts["spine"]
    boundaries = task.boundaries(spine, params.lifecycle, [row["name"] for row in facts["features"]])
    read = {*encoder.names, *(name for boundary in boundaries for name in boundary.reads)}
    own = (OwnTable.model_validate(one) for one in facts["own_tables"])
    read |= {name for table in own for name in beside(table, read)}
    features = [row for row in facts["features"] if row["name"] in read]
    return {
        "task": task.name,
        "data": params.data,
        "key": task.question_key,
        "question": {"en": task.question_en.format(**spine), "zh": task.question_zh.format(**spine)},
        "positive": {"en": task.positive_en, "zh": task.positive_zh},
        "days": spine["days"],
        "gap": spine["gap"],
        "groups": facts["groups"],
        "features": features,
        "boundaries": [{"code": one.code, "en": one.en, "zh": one.zh} for one in boundaries],
        "own": _own_attributes(facts),
        "own_tables": facts["own_tables"],
        "lifecycle": params.lifecycle.model_dump(),
        "fingerprint": combined(meanings(features)),
        "short": [
            {"column": one["column"], "segment": one["segment"], "lacks": one["short"]}
            for one in facts["enough"]
            if one["short"]
        ],
        "max_unknown": params.score.max_unknown,
        "extracted_at": facts["extracted_at"],
        "spine": spine,
    }


def _own_attributes(facts: Dataset) -> dict[str, dict[str, bool]]:
    """For each table the brand's own attributes among the features, and whether each is a category."""
    own: dict[str, dict[str, bool]] = {}
    for row in facts["features"]:
        name = row["name"].removeprefix("content_")
        if name.startswith("x_"):
            own.setdefault(row["table"] or "campaigns", {})[name] = row["unit"] == "category"
    return own


def bands(
    task: Task, p: np.ndarray, label: np.ndarray, subject: np.ndarray, capacity: float | None = None
) -> list[BandRow]:
    """Return the task's bands, cut to the capacity,
    with their probabilities and the rate observed out of fold.

    ``low`` is the smallest probability of the band; the lowest band starts at 0.
    """
    order = np.argsort(-p, kind="stable")
    shares = task.shares(capacity)
    edges = np.round(np.cumsum([0.0, *shares]) * len(p)).astype(int)
    found, high = [], 1.0
    for band, share, start, stop in zip(task.bands, shares, edges[:-1], edges[1:], strict=True):
        part = label[order[start:stop]]
        low = 0.0 if stop == len(p) else float(p[order[max(stop - 1, 0)]])
        counts = (len(part), int(part.sum()))
        found.append(told_band(band, share, (low, high), counts, rate(part, subject[order[start:stop]])))
        high = low
    return found


def told_band(
    band: Band,
    share: float,
    ends: tuple[float, float],
    counts: tuple[int, int],
    interval: tuple[float, float],
) -> BandRow:
    """Return one band as cards have it: probabilities it lies between, rows and positives, their rate."""
    (low, high), (n, positives) = ends, counts
    return {
        "name": band.name, "en": band.en, "zh": band.zh, "share": round(share, 4),
        "low": low, "high": high,
        "n": n, "positives": positives,
        "rate": positives / n if n else None,
        "rate_low": interval[0], "rate_high": interval[1],
    }  # fmt: skip
