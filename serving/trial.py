"""What a champion must pass before it answers anybody."""

import json
from pathlib import Path

import numpy as np
import polars as pl

from serving.champion import Champion
from serving.record import Question
from serving.rows import record_model

EXAMPLES = "examples.json"
TOLERANCE = 1e-6
ADDITIVE = 1e-3  # single precision inside the booster, hundreds of trees


def trial(champion: Champion, folder: Path) -> None:
    """``ValueError`` says what the champion got wrong.

    It must score a record without rows, score the released example rows as the pipeline did, and
    its contributions must add up to what it says.
    """
    _check(champion, champion.reader.features([Question(record_model()(), as_of=0)]), None)
    examples = folder / EXAMPLES
    if examples.exists():
        found = json.loads(examples.read_text())
        rows = _typed(champion, found["rows"])
        _check(champion, rows, np.asarray(found["probability"]))
    elif champion.snapshot is not None and len(champion.snapshot.frame):
        _check(champion, champion.snapshot.frame[:1], None)


def _typed(champion: Champion, rows: list[dict[str, object]]) -> pl.DataFrame:
    columns = champion.scorer.model.encoder.columns
    schema = {column.name: pl.Float64 if column.categories is None else pl.String for column in columns}
    return pl.DataFrame(rows, schema=schema)


def _check(champion: Champion, frame: pl.DataFrame, expected: np.ndarray | None) -> None:
    model = champion.scorer.model
    probability = champion.scorer.numbers(frame)["probability"].to_numpy()
    if not (np.isfinite(probability) & (probability >= 0) & (probability <= 1)).all():
        raise ValueError(f"trial: probabilities {probability.tolist()} are not between 0 and 1")
    if expected is not None and (wrong := np.abs(probability - expected).max()) > TOLERANCE:
        raise ValueError(f"trial: an example row scores {wrong:.2e} away from what was released")
    champion.scorer.explainer.reasons(frame, 3)  # words and rates are prepared before the first caller waits
    values, base = model.contributions(model.encoder.transform(frame))
    log_odds = np.log(probability) - np.log1p(-probability)
    if (wrong := np.abs(values.sum(axis=1) + base - log_odds).max()) > ADDITIVE:
        raise ValueError(f"trial: contributions miss the log-odds by {wrong:.2e}")
