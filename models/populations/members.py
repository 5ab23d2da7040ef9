"""Members at regular cut-offs: those with the brand, and those who fell silent.

Who is which is asked of the features themselves, computed for the few that the boundaries read.
"""

from collections.abc import Collection, Iterator, Sequence
from typing import Any

import narwhals as nw
import polars as pl
from pydantic import Field

from features import catalog
from features.compute import compute
from features.feature import DAY
from features.groups.engagement import ENGAGEMENT, VISIT_CHANNELS
from features.groups.purchases import PURCHASES
from features.lifecycle import STAGE_READS
from features.lifecycle_limits import LifecycleLimits
from features.timestamps import seconds
from models.population import Boundary, Population, Spine, Tables, outside
from models.rhythm import chance, has_fallen

VISITS = ("days_since_visit", "days_since_order")
READS = ("orders", "stage", *STAGE_READS, *VISITS)
YEAR, SHORTEST = 365, 30  # days over which what is usual is counted
SILENT = nw.col("stage").is_in(["silent", "lost"])
NEVER_BOUGHT = Boundary(
    "never_bought", ("orders",), nw.col("orders") == 0, "has bought nothing so far", "迄今没有购买"
)


class CutoffSpine(Spine):
    """Members are asked about at regular cut-offs, the newest of them the newest with a closed window."""

    every_days: int = Field(30, ge=1)
    cutoffs: int = Field(18, ge=2)
    max_subjects: int | None = Field(200_000, ge=1_000)


class FallSpine(CutoffSpine):
    """Falling silent is measured by the member's own rhythm.

    The outcome is that the days with a purchase or a visit fall to ``fall`` of what is usual for the member
    (over the year before) or less, and that the days seen are at least ``odds`` times likelier with such a
    fall than with a rhythm that never changed. Without that, who comes rarely is often positive by chance,
    and a model learns who comes rarely. ``odds`` of 1 asks for nothing; it needs a window in which several
    visits would be usual.
    """

    fall: float = Field(0.2, ge=0, lt=1)
    odds: float = Field(1.0, ge=1)


class Buyers(Population):
    """Members who have bought, at regular cut-offs."""

    settings: type[Spine] = CutoffSpine
    question_key = subject = "member_id"

    def boundaries(
        self, spine: Any, limits: LifecycleLimits, features: Collection[str]
    ) -> tuple[Boundary, ...]:
        """Return who has bought nothing."""
        return (NEVER_BOUGHT,)

    def everybody(self, data: Tables, spine: CutoffSpine) -> pl.DataFrame:
        """Return when the ``first`` purchase became known."""
        return self._sales(data).select(first=pl.col("known_time").min()).collect()

    def together(self, parts: Sequence[pl.DataFrame]) -> pl.DataFrame:
        """Return the first of all."""
        return pl.concat(parts).select(pl.col("first").min())

    def past(
        self, data: Tables, spine: CutoffSpine, limits: LifecycleLimits, seed: int, end: int
    ) -> pl.DataFrame:
        """Ask at cut-offs ``every_days`` apart, the newest of them the newest whose windows are closed.

        Before the first purchase there are none. A given ``test_start`` is one of them.
        """
        first = self._everybody(data, spine)["first"].item()
        if first is None:
            raise ValueError("there are no purchases of members; nobody can be asked about")
        moments = sorted(moment for moment in self._cutoffs(spine, end) if moment > first)
        if not moments:
            raise ValueError(
                f"no cut-off lies after the first purchase and {spine.gap + spine.days} days before the "
                "extract; shorten `days` of its spine or bring longer data"
            )
        return pl.concat(list(self._inside(data, spine, limits, moments)))

    def now(self, data: Tables, spine: Any, moment: int) -> pl.DataFrame:
        """Return every member there is."""
        known = [
            data[name].filter(pl.col("known_time") < moment).select("member_id")
            for name in ("members", "purchases")
            if name in data
        ]
        rows = pl.concat(known).drop_nulls().unique().sort("member_id")
        return rows.with_columns(as_of=pl.lit(moment, dtype=pl.Int64)).collect(engine="streaming")

    def labelled(self, rows: pl.DataFrame, data: Tables, spine: Any, moment: int) -> pl.DataFrame:
        """Return the questions of one moment, with a label where it is more than the task's outcome."""
        return rows

    def _inside(
        self, data: Tables, spine: Any, limits: LifecycleLimits, moments: list[int]
    ) -> Iterator[pl.DataFrame]:
        """The questions of each moment: one at a time, so that memory does not grow with their number."""
        kinds: dict[str, dict[str, bool]] = {name: {} for name in data}
        groups = catalog.only(READS, catalog.available((PURCHASES, ENGAGEMENT), kinds, limits))
        names = [feature.name for feature in catalog.features(groups)]
        boundaries = self.boundaries(spine, limits, names)
        for moment in moments:
            asked = self._sales(data).filter(pl.col("known_time") < moment).select("member_id").unique()
            rows = asked.with_columns(as_of=pl.lit(moment, dtype=pl.Int64)).with_row_index("row_id")
            members = rows.with_columns(pl.col("row_id").cast(pl.Int64)).collect(engine="streaming")
            features = compute(members.lazy(), data, groups).collect(engine="streaming")
            found = members.join(features, on="row_id", how="left", maintain_order="left")
            inside = found.filter(outside(found, boundaries).is_null()).select("member_id", "as_of")
            yield self.labelled(inside, data, spine, moment)

    @staticmethod
    def _sales(data: Tables) -> pl.LazyFrame:
        return data["purchases"].filter(pl.col("kind") == "sale")

    @staticmethod
    def _cutoffs(spine: CutoffSpine, end: int) -> list[int]:
        last = (end - (spine.gap + spine.days) * DAY) // DAY * DAY
        if spine.test_start is not None:
            anchor = seconds(spine.test_start)
            last = anchor + (last - anchor) // (spine.every_days * DAY) * spine.every_days * DAY
        return [last - step * spine.every_days * DAY for step in range(spine.cutoffs)]


class PresentMembers(Buyers):
    """Members with the brand: not silent by their own rhythm, and seen of late where a limit is set."""

    settings = FallSpine

    def boundaries(
        self, spine: Any, limits: LifecycleLimits, features: Collection[str]
    ) -> tuple[Boundary, ...]:
        """Return who has bought nothing, who is silent or lost, and who has not been seen."""
        silent = Boundary(
            "silent", ("stage",), SILENT,
            "is silent or lost already: a question of coming back", "已沉默或流失，应看召回评分",
        )  # fmt: skip
        gone = _unseen(limits, features)
        if gone is None:
            return NEVER_BOUGHT, silent
        unseen = Boundary(
            "unseen", VISITS, gone,
            f"has neither bought nor visited for {limits.unseen_days} days: a question of coming back",
            f"已 {limits.unseen_days} 天未购买也未到访，应看召回评分",
        )  # fmt: skip
        return NEVER_BOUGHT, silent, unseen

    def labelled(self, rows: pl.DataFrame, data: Tables, spine: FallSpine, moment: int) -> pl.DataFrame:
        """Return the questions with ``label``, whether signs of life fall to ``fall`` of what is usual.

        ``by_chance`` is the probability of that label where the member's rhythm does not change.
        """
        signs, opens = _signs_of_life(data), moment + spine.gap * DAY
        past = signs.filter(pl.col("known_time") < moment, pl.col("event_time") >= moment - YEAR * DAY)
        later = signs.filter(pl.col("event_time").is_between(opens, opens + spine.days * DAY, closed="left"))
        day = pl.col("event_time") // DAY
        usual = past.group_by("member_id").agg(days=day.n_unique(), first=pl.col("event_time").min())
        found = later.group_by("member_id").agg(days_later=day.n_unique())
        joined = rows.lazy().join(usual, on="member_id", how="left").join(found, on="member_id", how="left")
        span = ((moment - pl.col("first")) / DAY).clip(SHORTEST, YEAR)
        counted = joined.select(
            "member_id", "as_of", pl.col("days", "days_later").fill_null(0), span=span.fill_null(YEAR)
        ).collect(engine="streaming")
        rule = spine.days, spine.fall, spine.odds
        label = has_fallen(pl.col("days"), pl.col("span"), pl.col("days_later"), *rule)
        by_chance = chance(counted["days"].to_numpy(), counted["span"].to_numpy(), *rule)
        return counted.select("member_id", "as_of", label=label.cast(pl.Int8), by_chance=pl.Series(by_chance))


class SilentMembers(Buyers):
    """Members who have bought and are silent, lost or, where a limit is set, out of sight."""

    def boundaries(
        self, spine: Any, limits: LifecycleLimits, features: Collection[str]
    ) -> tuple[Boundary, ...]:
        """Return who has bought nothing and who is still with the brand."""
        gone = _unseen(limits, features)
        reads, away = (("stage",), SILENT) if gone is None else (("stage", *VISITS), SILENT | gone)
        present = Boundary(
            "present", reads, ~away,
            "is still with the brand: a question of leaving", "仍活跃，应看流失评分",
        )  # fmt: skip
        return NEVER_BOUGHT, present


def _signs_of_life(data: Tables) -> pl.LazyFrame:
    """Purchases and visits: ``member_id``, ``event_time``, ``known_time``."""
    names = ("member_id", "event_time", "known_time")
    parts = [data["purchases"].filter(pl.col("kind") == "sale").select(names)]
    if "events" in data:
        visits = data["events"].filter(pl.col("channel").is_in(VISIT_CHANNELS))
        parts.append(visits.filter(pl.col("member_id").is_not_null()).select(names))
    return pl.concat(parts)


def _unseen(limits: LifecycleLimits, features: Collection[str]) -> nw.Expr | None:
    """Whether nothing was seen of a member for too long; ``None`` where no limit is set or nothing tells."""
    days = limits.unseen_days
    if days is None or not set(VISITS) <= set(features):
        return None
    visited, bought = ((nw.col(name) <= days).fill_null(False) for name in VISITS)
    return ~(visited | bought)
