"""Changed rows of features are those of a history: the events are put into the tables and counted again."""

from datetime import UTC, datetime
from typing import Any

import numpy as np
import polars as pl
import pytest
from worlds import finished, raw_world

from features import catalog, tables
from features.compute import compute
from features.feature import DAY
from features.lifecycle_limits import LifecycleLimits
from models.events import AS_OF, ASKED, CONTENT, OTHER, sources
from models.histories import Source, Variant
from models.tasks import churn, lead, recall, response

MEMBERS = 8
BY_DAY = ("active_days_30d", "active_days_90d", "role")  # days on which something happened before
PAUSES = ("gap_mean_days", "gap_std_days", "gap_max_days", "overdue_ratio")


def _near(frame: pl.DataFrame) -> pl.DataFrame:
    """The rows in the two years before the moment; purchases on working days, in the afternoon."""
    rng = np.random.default_rng(5)
    days = np.array([d for d in range(1, 700) if datetime.fromtimestamp(AS_OF - d * DAY, UTC).weekday() < 5])
    moment = pl.Series(AS_OF - rng.choice(days, len(frame)) * DAY + 3600)  # never at once with what happens
    return frame.with_columns(event_time=moment, known_time=moment)


@pytest.fixture(scope="module")
def world() -> dict[str, pl.DataFrame]:
    """A random world in which the sales of a day are one order of somebody who knows where to buy."""
    found = finished(raw_world(11, MEMBERS, 300))
    found = {name: _near(frame) if "event_time" in frame.columns else frame for name, frame in found.items()}
    sales = found["purchases"].filter(pl.col("kind") == "sale", pl.col("category").is_not_null())
    sales = sales.with_columns(pl.col("channel").fill_null("shop")).unique(["member_id", "event_time"])
    return found | {"purchases": sales.with_columns(order_id=pl.int_range(pl.len()).cast(pl.String))}


def _sources(task: str) -> list[Source]:
    named = {one.TASK.name: one.TASK for one in (lead, response, churn, recall)}
    kinds: dict[str, dict[str, bool]] = {table: {} for table in (*tables.TABLES, "outreach")}
    groups = catalog.available(named[task].groups, kinds, LifecycleLimits())
    names = {feature.name for feature in catalog.features(groups)}
    found = [Source.of(table, key, own, names) for (table, key), own in sources(groups).items()]
    return [one for one in found if one is not None]


def test_a_source_knows_what_it_lacks():
    for source in _sources("churn"):
        for lacking in source.names:
            names = set(source.names) - {lacking}
            less = Source.of(source.table, source.key, source.groups, names)
            if less is not None:
                assert set(less.names) == names
                row = dict.fromkeys(names | {"content_type", "tenure_days"})
                row |= {f.name: f.empty for f in less.aggregates}
                assert less.variants(row)[1].columns


def _asked(world: dict[str, pl.DataFrame]) -> dict[str, Any]:
    full = world["campaigns"].filter(pl.all_horizontal(pl.col(CONTENT).is_not_null()))
    return full.select(tables.CONTENT).row(0, named=True)


def _row(
    world: dict[str, pl.DataFrame], subject: str, source: Source, asked: dict[str, Any]
) -> dict[str, Any]:
    """The features of a subject that the source reads, and those that say whom it is about."""
    own = {"tenure_days": 5000.0, "lead_age_days": 5000.0, "content_type": asked["content_type"]}
    own |= {f"content_{name}": asked[name] for name in ("channel", "category")}
    found = _computed({source.table: world[source.table]}, [subject], source, asked)
    return own | found.row(0, named=True)


def _computed(
    own: dict[str, pl.DataFrame], subjects: list[str], source: Source, asked: dict[str, Any]
) -> pl.DataFrame:
    spine = pl.DataFrame({"row_id": range(len(subjects)), source.key: subjects}).with_columns(
        as_of=pl.lit(AS_OF, dtype=pl.Int64),
        **{f"asked_{name}": pl.lit(value) for name, value in asked.items()},
    )
    return compute(spine, own, source.groups).sort("row_id")


def _rows(
    variant: Variant, subject: str, row: dict[str, Any], source: Source, asked: dict[str, Any],
    answered: str | None,
) -> list[dict[str, Any]]:  # fmt: skip
    """What happens, as rows of the table; messages are of a kind that was answered before, if any was."""
    found = []
    one = variant.happening
    for number, age in enumerate(() if one is None else one.ages):
        moment = AS_OF - round(age * DAY)
        for said in one.event.rows:
            new = {**said, source.key: subject, "event_time": moment, "known_time": moment}
            new |= {"order_id": f"new {subject}:{number}", "ticket_id": f"new {number}", "opened_age": None}
            if source.table == "purchases":
                new |= {"amount_cents": round(row["order_value"]), "category": row["last_category"]}
                new |= {"channel": row["last_purchase_channel"], "product_id": "p0"}
            if source.table == "outreach":
                same = said["content_category"] == ASKED
                new |= {f"content_{name}": asked[name] if same else OTHER for name in CONTENT}
                new |= {"content_content_type": answered} if answered and one.event.name == "answered" else {}
            found.append(new)
    return found


def _again(
    world: dict[str, pl.DataFrame], subject: str, row: dict[str, Any], source: Source, asked: dict[str, Any],
    variants: list[Variant],
) -> pl.DataFrame:  # fmt: skip
    """The features of a subject for each variant, from tables in which it happened."""
    table = world[source.table]
    before, parts, answered = table.filter(pl.col(source.key) == subject), [], None
    if source.table == "outreach":
        kinds = before.filter(pl.col("kind") == "answered")["content_content_type"].drop_nulls()
        answered = None if kinds.is_empty() else kinds[0]
    for at, variant in enumerate(variants):
        if not variant.emptied:
            parts.append(before.with_columns(pl.lit(f"v{at}").alias(source.key)))
        of_before = None if variant.emptied else answered
        if new := _rows(variant, f"v{at}", row, source, asked, of_before):
            there = [{k: v for k, v in one.items() if k in table.columns} for one in new]
            parts.append(pl.DataFrame(there, schema_overrides={k: table.schema[k] for k in there[0]}))
    rows = pl.concat(parts, how="diagonal") if parts else table.head(0)
    return _computed({source.table: rows}, [f"v{at}" for at in range(len(variants))], source, asked)


@pytest.mark.parametrize("task", ["lead", "response", "churn", "recall"])
def test_a_changed_row_is_that_of_a_history(world: dict[str, pl.DataFrame], task: str):
    asked, tried = _asked(world), 0
    for source in _sources(task):
        for subject in (f"{source.key[0]}{at}" for at in range(MEMBERS)):
            row = _row(world, subject, source, asked)
            variants, frame = source.variants(row)
            if not variants:
                continue
            again = _again(world, subject, row, source, asked, variants)
            tried += len(variants)
            for name in source.names:
                _same(name, frame[name].to_list(), again[name].to_list(), variants)
    assert tried > 100


def _same(name: str, said: list[Any], counted: list[Any], variants: list[Variant]) -> None:
    for one, two, variant in zip(said, counted, variants, strict=True):
        told = f"{name}: {one} != {two} ({variant})"
        if name in BY_DAY and not variant.emptied:
            assert isinstance(one, str) or one >= two, told
        elif isinstance(one, float) and two is not None:
            assert one == pytest.approx(two, abs=0.06 if name in PAUSES else 1e-9), told
        else:
            assert one == two, told
