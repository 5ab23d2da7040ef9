"""Which subjects are asked about at which moments, and what became of them.

A spine has one row a question: ``row_id``, ``as_of`` (seconds, UTC), the subject's keys, the
content asked about (``asked_…``), the window's end and the label. Only closed windows: a row
whose window ends after the extract has no label and is left out.
"""

import polars as pl

from features.feature import DAY
from features.lifecycle_limits import LifecycleLimits
from models.population import Spine, Tables
from models.populations.contacts import ContactSpine
from models.populations.flat import GivenSpine
from models.task import Task, label


def subjects(
    task: Task, data: Tables, spine: Spine, limits: LifecycleLimits, seed: int, end: int
) -> pl.DataFrame:
    """Return all questions of a task, one row each, before labels; ``ValueError`` where there are none."""
    try:
        rows = task.population.past(data, spine, limits, seed, end)
    except ValueError as error:
        raise ValueError(f"{task.name}: {error}") from None
    numbered = rows.sort("as_of", task.question_key).with_row_index("row_id")
    return numbered.with_columns(pl.col("row_id").cast(pl.Int64))


def dated(spine: Spine) -> bool:
    """Tell whether the source says when each question was asked."""
    return not isinstance(spine, GivenSpine) or spine.dated


def labelled(task: Task, rows: pl.DataFrame, data: Tables, spine: Spine) -> pl.DataFrame:
    """Return ``rows`` with ``window_end`` and ``label``.

    A given one stands as it is, without dates at once.
    """
    if not dated(spine):
        return rows.with_columns(window_end=pl.col("as_of") + 1)
    if "window_end" in rows.columns:
        return rows
    if "label" in rows.columns:
        return rows.with_columns(window_end=pl.col("as_of") + (spine.gap + spine.days) * DAY)
    outcomes = data[task.outcome.table]
    if isinstance(spine, ContactSpine) and spine.opened_first:
        outcomes = _after_opening(outcomes)
    days = pl.lit(spine.days, dtype=pl.Int64)
    if "asked_window_days" in rows.columns:
        days = pl.coalesce("asked_window_days", days).cast(pl.Int64)
    keys = task.outcome.keys
    found = outcomes.filter(pl.col("kind") == task.outcome.kind).select("kind", "event_time", *keys).collect()
    return label(rows, found, task.outcome, days, spine.gap)


def _after_opening(responses: pl.LazyFrame) -> pl.LazyFrame:
    """Answers that came at or after an opening of the same campaign by the same member."""
    keys = ["member_id", "campaign_id"]
    opened = (
        responses.filter(pl.col("kind") == "opened").group_by(keys).agg(opened_at=pl.col("event_time").min())
    )
    return responses.join(opened, on=keys).filter(pl.col("event_time") >= pl.col("opened_at"))
