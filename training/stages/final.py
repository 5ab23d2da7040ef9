"""Stage ``final``: the model that serves, made by the recipe that was judged.

The test stands between the model that is judged and today. What serves may be that very model, or the same
recipe fitted to every outcome that is known by now; then the back-test is the promise, since no row is left
to judge it on. How like the two say why is measured: reasons that a refit turns over are no reasons.
"""

import shutil
from pathlib import Path

import numpy as np
import polars as pl

from models.card import Card
from models.fitted.model import Model
from models.fitted.observed_rates import observed
from models.learners.recipe import Recipe
from models.reasons import Explainer
from training.data.artifacts import Tuned, read_artifact, write_artifact
from training.data.rows import closed, is_contacted, learnt, read_contacted
from training.evaluation.recalibration import calibrated, rebased
from training.io import say
from training.params import Params
from training.results.served import ReasonStability, Served

ROWS = 2_000  # of the test, whose reasons are compared
TOLD = 3  # reasons that an answer tells
LATER = 1_000  # what the refit adds to the seed: another seed is part of another fit


def final(params: Params, name: str) -> None:
    """Write ``final/`` and ``final.json``: what serves, until when it learnt, and how its reasons hold."""
    folder = params.build / name
    judged = Model.load(folder / "model")
    refitted = _refitted(judged, params, name)
    kept = params.release.learn == "before_test"
    write_served(params, name, (judged, refitted), _level(judged, folder, params) if kept else refitted)


def write_served(params: Params, name: str, pair: tuple[Model, Model], model: Model) -> None:
    """Write ``final/`` and ``final.json`` of the ``model`` that serves.

    ``pair`` are the judged model and its refit, by which it is told how reasons stand one.
    """
    folder, out = params.build / name, params.results / name
    rows = read_contacted(folder)[0].filter(pl.col("split") == "test")
    asked = rows.sample(min(ROWS, len(rows)), seed=params.seed).sort("row_id")
    reasons = stability(*pair, asked)
    card: Card = {**model.card, "reasons": reasons}
    shutil.rmtree(folder / "final", ignore_errors=True)
    Model(model.booster, model.encoder, model.calibration, card).save(folder / "final")
    found: Served = {
        "task": name,
        "data": params.data,
        "learn": params.release.learn,
        "level": params.release.level,
        "learnt": model.card["learnt"],
        "reasons": reasons,
    }
    write_artifact(out, Served, found)
    say(f"{name}: {found['learn']} serves; the same reasons after a refit {reasons['same']:.0%}")


def _refitted(judged: Model, params: Params, name: str) -> Model:
    """The recipe with another seed, on every outcome that is known by now."""
    folder = params.build / name
    every, facts = closed(folder)
    rows = every.filter(is_contacted(every))
    recipe = Recipe.of(read_artifact(Tuned, folder)["best"], params.seed + LATER, params.fit.bags)
    encoder, label = judged.encoder, rows["label"].to_numpy()
    booster = recipe.fit(encoder.transform(rows), label, encoder.feature_types, params.engine.threads)
    card: Card = {
        **judged.card,
        **recipe.described(),
        "bins": observed(rows, label, encoder),
        "base_rate": float(label.mean()),
        "learnt": learnt(rows, facts),
    }
    model = Model(booster, encoder, calibrated(_seen(folder)), card)
    sample = rows.sample(min(ROWS // 2, len(rows)), seed=params.seed)
    card["unsure"] = Explainer(model).unsure(sample)
    return Model(booster, encoder, model.calibration, card)


def _seen(folder: Path) -> pl.DataFrame:
    """Predictions of later rows: of the validation blocks and, as one block more, of the test."""
    before = pl.read_parquet(folder / "oof.parquet").select("margin", "label", "fold")
    test = pl.read_parquet(folder / "test.parquet").select("margin", "label")
    last = test.with_columns(fold=(before["fold"].max() + 1)).cast(before.schema)
    return pl.concat([before, last.select(before.columns)])


def _level(judged: Model, folder: Path, params: Params) -> Model:
    """The judged model; where its level shall follow, re-based on the newest outcomes of the test."""
    if params.release.level == "frozen":
        return judged
    known = pl.read_parquet(folder / "test.parquet").select("margin", "label", "window_end")
    return Model(judged.booster, judged.encoder, rebased(judged.calibration, known), judged.card)


def stability(first: Model, second: Model, rows: pl.DataFrame) -> ReasonStability:
    """Return how far two models tell the same reasons of rows.

    ``same`` is the share of rows of which both tell the same ``TOLD`` or fewer, ``kept`` of the first one's
    reasons that the second tells too, ``first`` of rows whose strongest reason is the same, ``none`` of rows
    of which the first one says that no single reason stands out.
    """
    told = [_told(model, rows) for model in (first, second)]
    pairs = list(zip(*told, strict=True))
    number = sum(len(one) for one, _ in pairs)
    return {
        "rows": len(rows),
        "same": float(np.mean([set(one) == set(other) for one, other in pairs])),
        "kept": sum(len(set(one) & set(other)) for one, other in pairs) / max(number, 1),
        "first": float(np.mean([one[:1] == other[:1] for one, other in pairs])),
        "none": float(np.mean([not one for one, _ in pairs])),
    }


def _told(model: Model, rows: pl.DataFrame) -> list[list[str]]:
    """Themes of the reasons of each row, the strongest first."""
    found: list[list[str]] = [[] for _ in range(len(rows))]
    for row, theme in Explainer(model).themes(rows, TOLD):
        found[row].append(theme)
    return found
