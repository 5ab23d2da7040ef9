"""What a champion must pass before it answers anybody."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import polars as pl

from models.scorer import MORE
from serving.champion.champion import Champion
from serving.champion.record_features import Question
from serving.contract.schema_record import record_model

EXAMPLES = "examples.json"
TOLERANCE = 1e-6
ADDITIVE = 1e-3  # single precision inside the booster, hundreds of trees


def run_acceptance_test(champion: Champion, folder: Path) -> None:
    """Try a champion before it serves; ``ValueError`` says what it got wrong.

    It must score a record without rows, score the released example rows as the pipeline did, and
    its contributions must add up to what it says.
    """
    _check(champion, champion.reader.features([Question(record_model()(), as_of=0)]), {})
    examples = folder / EXAMPLES
    if examples.exists():
        found = json.loads(examples.read_text())
        rows = _typed(champion, found["rows"])
        _check(champion, rows, {name: found[name] for name in (*MORE, "probability") if name in found})
    elif champion.snapshot is not None and len(champion.snapshot.frame):
        _check(champion, champion.snapshot.frame[:1], {})


def _typed(champion: Champion, rows: list[dict[str, object]]) -> pl.DataFrame:
    model = champion.scorer.model
    units = {row["name"]: row["unit"] for row in model.card["features"]}
    schema = {name: pl.String if units[name] == "category" else pl.Float64 for name in model.reads}
    return pl.DataFrame(rows, schema=schema)


def _check(champion: Champion, frame: pl.DataFrame, expected: Mapping[str, Sequence[float | None]]) -> None:
    model = champion.scorer.model
    numbers = champion.scorer.numbers(frame)
    probability = model.probability(frame)  # of whom the task is not about, too: numbers has none for them
    if not (np.isfinite(probability) & (probability >= 0) & (probability <= 1)).all():
        raise ValueError(f"trial: probabilities {probability.tolist()} are not between 0 and 1")
    if missing := [name for name in expected if name not in numbers.columns]:
        raise ValueError(f"trial: tells no {', '.join(missing)}, with which it was released")
    for name, released in expected.items():
        now, then = numbers[name].to_numpy(), np.asarray(released, dtype=np.float64)
        if not np.allclose(now, then, rtol=TOLERANCE, atol=TOLERANCE, equal_nan=True):
            wrong = np.nanmax(np.abs(now - then))
            raise ValueError(f"trial: {name} of an example row is {wrong:.2e} away from what was released")
    champion.scorer.prepare()  # before the first caller waits
    champion.scorer.explainer.reasons(frame, 3)  # words and rates, too
    champion.counterfactuals.prepare()
    values, base = model.contributions(model.inputs(frame))
    log_odds = np.log(probability) - np.log1p(-probability)
    if (wrong := np.abs(values.sum(axis=1) + base - log_odds).max()) > ADDITIVE:
        raise ValueError(f"trial: contributions miss the log-odds by {wrong:.2e}")
