"""Open leads: who is asked about at creation and at each age."""

from collections.abc import Collection, Sequence

import narwhals as nw
import polars as pl
from pydantic import Field

from features.compute import compute
from features.feature import DAY
from features.groups.closures import CLOSED_DAYS, CLOSURES
from features.groups.closures import TABLE as CLOSINGS
from features.lifecycle_limits import LifecycleLimits
from models.population import Boundary, Population, Spine, Tables

AT_ONCE = 0.01  # days: a question is asked a second after the age that it is about


class LeadSpine(Spine):
    """Leads are asked about at creation and again at each age while they are open."""

    ages: tuple[int, ...] = Field((0, 1, 3, 7, 14, 21, 30), min_length=1)
    max_subjects: int | None = Field(200_000, ge=1_000)


class OpenLeads(Population):
    """Leads that have not converted and are not closed, at creation and at each age, up to the oldest learnt.

    A lead that was closed and opened again is asked about before the one and after the other.
    """

    settings = LeadSpine
    question_key = subject = "lead_id"
    worked_days = 90  # a lead so much older than the newest is no longer worked on

    def boundaries(
        self, spine: LeadSpine, limits: LifecycleLimits, features: Collection[str]
    ) -> tuple[Boundary, ...]:
        """Return the ages that nothing was learnt of, and where it is known, who is closed."""
        age, oldest = nw.col("lead_age_days"), max(spine.ages)
        young = Boundary(
            "not_created", ("lead_age_days",), age.is_null(),
            "the lead did not exist yet at the moment asked about", "在评分时点该线索尚未创建",
        )  # fmt: skip
        old = Boundary(
            "too_old", ("lead_age_days",), age > oldest + AT_ONCE,
            f"the lead is older than {oldest} days", f"线索创建已超过 {oldest} 天",
        )  # fmt: skip
        closed = Boundary(
            "closed", (CLOSED_DAYS,), ~nw.col(CLOSED_DAYS).is_null(),
            "the lead was closed without converting", "线索已关闭且未转化",
        )  # fmt: skip
        return (young, closed, old) if CLOSED_DAYS in features else (young, old)

    def past(
        self, data: Tables, spine: LeadSpine, limits: LifecycleLimits, seed: int, end: int
    ) -> pl.DataFrame:
        """Ask one second after the lead became known, so that its own row counts."""
        ages = pl.DataFrame({"age_days": spine.ages})
        created = pl.col("known_time") + 1 + pl.col("age_days") * DAY
        rows = data["leads"].select("lead_id", "known_time").collect().join(ages, how="cross")
        return self.not_closed(self.still_open(rows.select("lead_id", as_of=created), data), data)

    def everybody(self, data: Tables, spine: LeadSpine) -> pl.DataFrame:
        """Return when the ``newest`` lead became known."""
        return data["leads"].select(newest=pl.col("known_time").max()).collect()

    def together(self, parts: Sequence[pl.DataFrame]) -> pl.DataFrame:
        """Return the newest of all."""
        return pl.concat(parts).select(pl.col("newest").max())

    def now(self, data: Tables, spine: LeadSpine, moment: int) -> pl.DataFrame:
        """Return the leads of the last ``worked_days`` that have not converted, closed ones included."""
        newest = self._everybody(data, spine)["newest"].item()
        young = data["leads"].filter(pl.col("known_time") >= newest - self.worked_days * DAY)
        rows = young.select("lead_id").collect().with_columns(as_of=pl.lit(moment, dtype=pl.Int64))
        return self.still_open(rows, data)

    @staticmethod
    def still_open(rows: pl.DataFrame, data: Tables) -> pl.DataFrame:
        """Return the ``rows`` of leads that have not converted before they are asked about."""
        won = data["responses"].filter(pl.col("kind") == "converted", pl.col("lead_id").is_not_null())
        first = won.group_by("lead_id").agg(won_at=pl.col("event_time").min()).collect()
        joined = rows.join(first, on="lead_id", how="left", maintain_order="left")
        is_open = pl.col("won_at").is_null() | (pl.col("won_at") >= pl.col("as_of"))
        return joined.filter(is_open).drop("won_at")

    @staticmethod
    def not_closed(rows: pl.DataFrame, data: Tables) -> pl.DataFrame:
        """Return the ``rows`` (``lead_id``, ``as_of``) of leads that, as known then, were not closed."""
        if CLOSINGS not in data:
            return rows
        asked = rows.with_row_index("row_id").with_columns(pl.col("row_id").cast(pl.Int64))
        found = compute(asked.lazy(), data, [CLOSURES]).filter(pl.col(CLOSED_DAYS).is_null())
        kept = found.collect(engine="streaming")
        return asked.join(kept, on="row_id", how="semi", maintain_order="left").drop("row_id")
