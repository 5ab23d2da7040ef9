"""Last night's scores as a list for people: the best first, with reasons in words."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import polars as pl

from models.acting_model import require_acting_scores
from models.scorer import MORE, OK
from serving.consent import subjects
from serving.consent.consents import Consents

REASONS, PLACES = 3, 6
COLUMNS = ("subject_id", "campaign_id", "score_id", "band", "score", "probability")
ORDERS = ("probability", *MORE)


def read(published: Path, task: str) -> pl.DataFrame:
    """Return those who have a score to act on, of a task's published batch.

    ``ValueError`` where nothing was published, or by a model that was not released.
    """
    file = published / task / "scores.parquet"
    if not file.exists():
        raise ValueError(f"top {task}: {file} is not there; the pipeline's stage `score` writes it")
    require_acting_scores(file.parent)
    return pl.read_parquet(file).filter(pl.col("status") == OK)


def ranked(rows: pl.DataFrame, by: str, bands: Sequence[str], language: str) -> pl.DataFrame:
    """Sort the highest first, of some bands or all, with reasons as ``reason_1`` and on in one language.

    ``ValueError`` names the columns that ``by`` may be, and the bands that there are.
    """
    orders = [name for name in ORDERS if name in rows.columns]
    if by not in orders:
        raise ValueError(f"--by {by}: the scores of this task can be ordered by {', '.join(orders)}")
    there = rows["band"].unique().drop_nulls().sort().to_list()
    if unknown := [band for band in bands if band not in there]:
        raise ValueError(f"--band {unknown[0]}: the bands of this task are {', '.join(there)}")
    rows = rows.filter(pl.col("band").is_in(bands)) if bands else rows
    texts = pl.col("reasons").list.eval(pl.element().struct.field(language))
    reasons = [texts.list.get(at, null_on_oob=True).alias(f"reason_{at + 1}") for at in range(REASONS)]
    more = [name for name in orders if name not in COLUMNS]
    kept = [name for name in COLUMNS if name in rows.columns]
    order = rows.sort(pl.col(by), "subject_id", descending=[True, False], nulls_last=True)
    return order.select(*kept, *more, *reasons).with_columns(pl.selectors.float().round(PLACES))


def allowed(consents: Consents, task: str, rows: pl.DataFrame, now: datetime) -> pl.DataFrame:
    """Return the rows without those who have withdrawn or were erased since the night."""
    kind = subjects.kind_of(task)
    may = [consents.withdrawal(consents.known(kind, one), now) is None for one in rows["subject_id"]]
    return rows.filter(pl.Series(may, dtype=pl.Boolean))
