"""Which subjects are asked about at which moments, and what became of them.

A spine has one row a question: ``row_id``, ``as_of`` (seconds, UTC), the subject's keys, the
content asked about (``asked_…``), the window's end and the label. Only closed windows: a row
whose window ends after the extract has no label and is left out.
"""

from collections.abc import Callable, Mapping

import polars as pl

from features.feature import DAY
from models.task import Task, label
from training.data.timestamps import seconds
from training.params import ChurnSpine, LeadSpine, ResponseSpine, Spine

Tables = Mapping[str, pl.LazyFrame]


def leads(data: Tables, spine: LeadSpine, moments: list[int] | None = None) -> pl.DataFrame:
    """Every lead at creation and at each age; at given ``moments`` instead, every lead that is there.

    Asked one second after the lead became known, so that its own row counts.
    """
    rows = data["leads"].select("lead_id", created="known_time").collect()
    if moments is not None:
        return rows.select("lead_id").join(pl.DataFrame({"as_of": moments}), how="cross")
    ages = pl.DataFrame({"age_days": spine.ages})
    return rows.join(ages, how="cross").select(
        "lead_id", as_of=pl.col("created") + 1 + pl.col("age_days") * DAY
    )


def still_open(rows: pl.DataFrame, data: Tables) -> pl.DataFrame:
    """Leads that have not converted before they are asked about."""
    won = data["responses"].filter(pl.col("kind") == "converted", pl.col("lead_id").is_not_null())
    first = won.group_by("lead_id").agg(won_at=pl.col("event_time").min()).collect()
    joined = rows.join(first, on="lead_id", how="left", maintain_order="left")
    return joined.filter(pl.col("won_at").is_null() | (pl.col("won_at") >= pl.col("as_of"))).drop("won_at")


def contacts(data: Tables, spine: ResponseSpine, seed: int) -> pl.DataFrame:
    """Contacts that were sent, with their content, asked at the moment of sending."""
    frame = data["contacts"].filter(
        ~pl.col("content_content_type").is_in(list(spine.leave_out))
        | pl.col("content_content_type").is_null()
    )
    asked = [pl.col(f"content_{name}").alias(f"asked_{name}") for name in _content(data["contacts"])]
    rows = frame.select("contact_id", "campaign_id", "member_id", "arm", *asked, as_of="event_time").collect()
    rows = rows.sort("as_of", "contact_id")
    return (
        rows.sample(spine.max_rows, seed=seed).sort("as_of", "contact_id")
        if len(rows) > spine.max_rows
        else rows
    )


def _content(contacts: pl.LazyFrame) -> list[str]:
    names = contacts.collect_schema().names()
    return [name.removeprefix("content_") for name in names if name.startswith("content_")]


def members(data: Tables, spine: ChurnSpine, end: int, moments: list[int] | None = None) -> pl.DataFrame:
    """Members who bought in the last ``active_days`` days, at regular cut-offs.

    The newest cut-off is the newest whose window is closed; the others lie ``every_days`` apart
    before it, and before the first purchase there are none. A given ``test_start`` is one of them.
    """
    sales = data["purchases"].filter(pl.col("kind") == "sale").select("member_id", "event_time", "known_time")
    first = sales.select(pl.col("known_time").min()).collect().item()
    moments = moments or [moment for moment in _cutoffs(spine, end) if moment > first]
    if not moments:
        raise ValueError(
            f"churn: no cut-off lies after the first purchase and {spine.gap + spine.days} days before the "
            "extract; shorten spine.churn.days or bring longer data"
        )

    def active(moment: int) -> pl.LazyFrame:
        recent = pl.col("event_time") >= moment - spine.active_days * DAY
        found = sales.filter(recent & (pl.col("known_time") < moment)).select("member_id").unique()
        return found.with_columns(as_of=pl.lit(moment, dtype=pl.Int64))

    return pl.concat([active(moment).collect(engine="streaming") for moment in sorted(moments)])


def _cutoffs(spine: ChurnSpine, end: int) -> list[int]:
    last = (end - (spine.gap + spine.days) * DAY) // DAY * DAY
    if spine.test_start is not None:
        anchor = seconds(spine.test_start)
        last = anchor + (last - anchor) // (spine.every_days * DAY) * spine.every_days * DAY
    return [last - step * spine.every_days * DAY for step in range(spine.cutoffs)]


def given(data: Tables) -> pl.DataFrame:
    """Subjects of a flat source with their label, asked one second after their row became known."""
    rows = data["subjects"].filter(pl.col("label").is_not_null())
    rows = rows.select("subject_id", pl.col("label").cast(pl.Int8), "arm", as_of=pl.col("known_time") + 1)
    return rows.with_columns(pl.col("arm").fill_null("treat")).collect()


def subjects(task: Task, data: Tables, spine: Spine, seed: int, end: int) -> pl.DataFrame:
    """All questions of a task, one row each, before labels."""
    build: dict[str, Callable[[], pl.DataFrame]] = {
        "lead_id": lambda: still_open(leads(data, spine), data),  # type: ignore[arg-type]
        "contact_id": lambda: contacts(data, spine, seed),  # type: ignore[arg-type]
        "member_id": lambda: members(data, spine, end),  # type: ignore[arg-type]
        "subject_id": lambda: given(data),
    }
    return (
        build[task.key]()
        .sort("as_of", task.key)
        .with_row_index("row_id")
        .with_columns(pl.col("row_id").cast(pl.Int64))
    )


def labelled(task: Task, rows: pl.DataFrame, data: Tables, spine: Spine) -> pl.DataFrame:
    """``rows`` with ``window_end`` and ``label``; a given label stands as it is."""
    if "label" in rows.columns:
        return rows.with_columns(window_end=pl.col("as_of") + (spine.gap + spine.days) * DAY)
    outcomes = data[task.outcome.table]
    if isinstance(spine, ResponseSpine) and spine.opened_first:
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
