"""The model as it is released, from a booster that was fitted on the cluster and what was counted there."""

from functools import partial
from pathlib import Path
from typing import Any, cast

import polars as pl
from xgboost import Booster

from features.timestamps import iso
from models.card import BandRow, Card, CountedRows, LearntRows, made_of
from models.fitted.model import Model
from models.learners.calibration import Calibration
from models.learners.encoder import Encoder
from models.learners.recipe import Recipe
from models.reasons import Explainer
from training.data.artifacts import Dataset
from training.data.spine import dated
from training.spark import matrix
from training.spark.place import Place
from training.stages.fit import SAMPLE, card_of, weights

BEFORE, EVERY = ("train", "valid"), ("train", "valid", "gap", "test")  # parts that are learnt from


def judged(
    session: Any,
    place: Place,
    made: Model,
    recipe: Recipe,
    bands: list[BandRow],
    rows: Path,
    drawn: Path,
) -> Model:
    """Return the model of ``made`` (booster, inputs, calibration; its card are the data set's facts)."""
    facts = cast(Dataset, made.card)
    question = card_of(place.task, facts, made.encoder, place.params)
    counted = _counted(session, place, rows, drawn, made.encoder, BEFORE)
    card = made_of(question, recipe.described(), counted, bands)
    return _worded(
        session, Model(made.booster, made.encoder, made.calibration, card), drawn, place.params.seed
    )


def final(
    session: Any,
    place: Place,
    first: Model,
    made: tuple[Booster, Calibration],
    recipe: Recipe,
    rows: Path,
    drawn: Path,
) -> Model:
    """Return the recipe fitted to every outcome that is known by now, with the card of the ``first``."""
    card: Card = {
        **first.card,
        **recipe.described(),
        **_counted(session, place, rows, drawn, first.encoder, EVERY),
    }
    found = Model(made[0], first.encoder, made[1], card)
    card["unsure"] = _worded(session, found, drawn, place.params.seed).card["unsure"]
    return Model(made[0], first.encoder, made[1], card)


def _counted(
    session: Any, place: Place, rows: Path, drawn: Path, encoder: Encoder, parts: tuple[str, ...]
) -> CountedRows:
    """What a card says of the rows that were learnt from."""
    names = [*encoder.names, "split"]
    sample = pl.read_parquet(drawn / "dataset.parquet", columns=names)
    sample = sample.filter(pl.col("split").is_in(parts))
    bins, told = matrix.observed(session, place, rows, sample, encoder, parts)
    until = iso(told.until) if dated(place.spine) else None
    learnt: LearntRows = {"rows": told.rows, "positives": told.positives, "until": until}
    return {"bins": bins, "base_rate": told.positives / told.rows, "learnt": learnt}


def _worded(session: Any, model: Model, drawn: Path, seed: int) -> Model:
    """With how much each input says, and how sure its reasons are, over some rows of the sample."""
    task = session.sparkContext.parallelize([0], 1).map(partial(_weighed, model, drawn, seed))
    return Model(model.booster, model.encoder, model.calibration, {**model.card, **task.collect()[0]})


def _weighed(model: Model, drawn: Path, seed: int, _: int) -> dict[str, Any]:
    rows = pl.read_parquet(drawn / "dataset.parquet").filter(pl.col("split").is_in(BEFORE))
    rows = rows.sample(min(SAMPLE, len(rows)), seed=seed)
    return {"weights": weights(model, rows), "unsure": Explainer(model).unsure(rows)}
