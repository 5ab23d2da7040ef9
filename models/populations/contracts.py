"""Contracts that run to their end: asked about before it comes, whether another follows.

Who is asked about are members, by the contract that ends next, that no other follows yet and that is not
cancelled. Which one it is, the features themselves say (``features.groups.contracts``), so that the same
holds where a model learns and where it answers.
"""

from collections.abc import Collection
from typing import Any

import narwhals as nw
import polars as pl
from pydantic import Field

from features import catalog
from features.compute import compute
from features.feature import DAY
from features.groups.contracts import CANCELLED_DAYS, DUE_DAYS, END_DAYS, NEVER, STORED, period_end
from features.groups.own import own_group
from features.lifecycle_limits import LifecycleLimits
from features.own_tables import CONTRACTS, OwnTable
from models.population import Boundary, Population, Spine, Tables

READS = (DUE_DAYS, CANCELLED_DAYS, END_DAYS)
GROUPS = catalog.only(
    READS, [own_group(OwnTable(name=CONTRACTS, key="member_id", en="", zh="", has_end=True, through=None))]
)
TIMES = ("event_time", "known_time", "start_time", "end_time", "cancel_time", "renews_days")


class ContractSpine(Spine):
    """Contracts are asked about ``days`` before their end and every ``every_days`` from then on.

    A contract is renewed where another of the same line begins at most ``grace`` days after its end, or where
    it goes on by itself.
    """

    days: int = Field(30, ge=1)
    every_days: int = Field(7, ge=1)
    grace: int = Field(14, ge=0)
    max_subjects: int | None = Field(200_000, ge=1_000)


class EndingContracts(Population):
    """Members with a contract that ends soon, that nothing follows yet and that is not cancelled."""

    settings = ContractSpine
    question_key = subject = "member_id"

    def boundaries(
        self, spine: ContractSpine, limits: LifecycleLimits, features: Collection[str]
    ) -> tuple[Boundary, ...]:
        """Return who has no contract that ends, has cancelled or renewed it, and whose ends later."""
        due, cancelled, ends = (nw.col(name) for name in READS)
        is_due = (due <= spine.days).fill_null(False)
        gone = (cancelled <= spine.days).fill_null(False) | (due.is_null() & ~cancelled.is_null())
        return (
            Boundary(
                "no_contract", (END_DAYS,), ends.is_null(),
                "has no running contract whose end is known", "没有到期日已知的有效合同",
            ),
            Boundary(
                "cancelled", (DUE_DAYS, CANCELLED_DAYS), gone & ~is_due,
                "has cancelled already: a question of winning back", "已解约，属于赢回问题",
            ),
            Boundary(
                "renewed", (DUE_DAYS, END_DAYS), (ends <= spine.days) & ~is_due,
                "has renewed already: another contract follows", "已续约，后续合同已签订",
            ),
            Boundary(
                "ends_later", (DUE_DAYS,), ~is_due,
                f"no contract ends within {spine.days} days", f"{spine.days} 天内没有合同到期",
            ),
        )  # fmt: skip

    def past(
        self, data: Tables, spine: ContractSpine, limits: LifecycleLimits, seed: int, end: int
    ) -> pl.DataFrame:
        """Ask at steps before each end, of each moment about the contract that ends next.

        ``label`` is that nothing follows; the window closes ``grace`` days after the end.
        """
        rows = contracts(data)
        steps = pl.DataFrame({"ahead": range(spine.days, 0, -spine.every_days)})
        asked = ends(rows, end + spine.days * DAY).join(steps, how="cross")
        asked = asked.with_columns(as_of=pl.col("end") - pl.col("ahead") * DAY)
        asked = asked.filter(pl.col("as_of") > pl.col("known_time"), pl.col("as_of") < end)
        asked = asked.unique(["member_id", "as_of", "end"], keep="first", maintain_order=True)
        asked = asked.select("member_id", "line", "as_of", "end").with_row_index("row_id")
        next_ones = self._next(asked.with_columns(pl.col("row_id").cast(pl.Int64)), data, spine, limits)
        return _labelled(next_ones, rows, spine).drop("row_id", "line", "end")

    def now(self, data: Tables, spine: Any, moment: int) -> pl.DataFrame:
        """Return every member there is."""
        known = [
            data[name].filter(pl.col("known_time") < moment).select("member_id")
            for name in ("members", STORED)
            if name in data
        ]
        rows = pl.concat(known).drop_nulls().unique().sort("member_id")
        return rows.with_columns(as_of=pl.lit(moment, dtype=pl.Int64)).collect(engine="streaming")

    def _next(
        self, asked: pl.DataFrame, data: Tables, spine: ContractSpine, limits: LifecycleLimits
    ) -> pl.DataFrame:
        """Those of the questions whose contract is the one that, as known then, ends next."""
        questions = asked.lazy().select("row_id", "member_id", "as_of")
        features = compute(questions, data, GROUPS).collect(engine="streaming")
        found = asked.join(features, on="row_id", how="left", maintain_order="left")
        left = ((pl.col("end") - pl.col("as_of")) / DAY - pl.col(DUE_DAYS)).abs()
        return found.filter(left < 1 / DAY).select(asked.columns)


def contracts(data: Tables) -> pl.DataFrame:
    """Return the contracts with a number of their ``line``, and the ``reach`` that they have in the end.

    ``reach`` (seconds) is the stated end; of one that renews itself the end of the period in which it was
    cancelled, else never.
    """
    table = data[STORED]
    if "member_id" not in table.collect_schema():
        raise ValueError("the contracts are not those of members")
    rows = table.select("member_id", pl.col("line").fill_null(""), *TIMES).collect(engine="streaming")
    period = pl.col("renews_days") * DAY
    ran = (pl.col("cancel_time") - pl.col("start_time")).clip(0)
    last = period_end(pl.col("start_time"), ran, period)
    return rows.with_columns(reach=pl.coalesce("end_time", last, pl.lit(NEVER)))


def ends(rows: pl.DataFrame, until: int) -> pl.DataFrame:
    """Return one row an ``end`` (seconds) up to ``until``: of what renews itself each period's.

    Parameters
    ----------
    rows
        As of ``contracts``.
    """
    stated = rows.filter(pl.col("end_time").is_not_null()).with_columns(end="end_time")
    rolling = rows.filter(pl.col("end_time").is_null() & pl.col("renews_days").is_not_null())
    period = pl.col("renews_days") * DAY
    count = (pl.min_horizontal("reach", pl.lit(until)) - pl.col("start_time")) // period
    each = (
        rolling.with_columns(number=pl.int_ranges(1, count.clip(0) + 1))
        .explode("number")
        .drop_nulls("number")
    )
    each = each.with_columns(end=pl.col("start_time") + pl.col("number") * period).drop("number")
    return pl.concat([stated, each])


def _labelled(asked: pl.DataFrame, rows: pl.DataFrame, spine: ContractSpine) -> pl.DataFrame:
    """The questions with ``label`` and ``window_end``: whether no contract of the line reaches further."""
    window = asked.with_columns(window_end=pl.col("end") + spine.grace * DAY)
    others = rows.select("member_id", "line", "reach", begun=pl.max_horizontal("start_time", "event_time"))
    beside = window.join(others, on=["member_id", "line"]).filter(pl.col("begun") < pl.col("window_end"))
    renewed = beside.filter(pl.col("reach") > pl.col("end"))["row_id"].unique()
    label = ~pl.col("row_id").is_in(renewed.implode())
    return window.with_columns(label=label.cast(pl.Int8))
