"""Rows of features as they would be, had something else happened: what came before, and events beside it.

Every row is that of a history that could have been. Counts of every window grow by the same events, the
newest of them is what days are counted from, and what is derived of features is derived anew by the
catalogue's own expressions. Where what was before would not do for an exact answer (an order between two
older ones), nothing is said.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import narwhals as nw
import numpy as np
import polars as pl
from narwhals.exceptions import ColumnNotFoundError

from features.feature import Feature, Group
from models.event_effects import (
    PAUSES,
    channels_with,
    fits,
    is_next,
    lies_within,
    pauses_with,
    unanswered,
    window_days,
)
from models.events import OTHER, TOTALS, Happening, effects, happenings
from models.phrases import WINDOW, family

Row = Mapping[str, Any]
DISTINCT = ("categories", "products", "channels", "contents")  # units: events like those before add none
NEEDS = {  # features without which it cannot be said what an event does to the others, by table and key
    ("purchases", "member_id"): (
        *("days_since_order", "days_since_first_order", "order_value", "last_category"),
        *("last_purchase_channel", *PAUSES),
    ),
    ("outreach", "member_id"): ("days_since_sent", "days_since_answer", "sent_since_answer"),
    ("events", "lead_id"): ("days_since_touch", "last_touch_channel"),
}


@dataclass(frozen=True)
class Variant:
    """One way in which a table could be otherwise.

    Parameters
    ----------
    happening
        What happens; None where only something is left out.
    emptied
        Whether nothing of what was there before is left.
    days
        How many days go by without anything (``models.waiting``).
    """

    happening: Happening | None
    emptied: bool
    days: int = 0


@dataclass(frozen=True)
class Source:
    """The groups over one table, with the effect of everything that can happen in it on what is ``read``."""

    table: str
    key: str
    groups: tuple[Group, ...]
    read: frozenset[str]

    @classmethod
    def of(cls, table: str, key: str, groups: Iterable[Group], names: Collection[str]) -> "Source | None":
        """Return the source with the features of these names; None where they do not do for rows anew."""
        found = cls(table, key, tuple(groups), frozenset(names))
        if not set(NEEDS.get((table, key), ())) <= set(found.names) or not found.tried:
            return None
        return found if found.is_derivable else None

    @property
    def is_derivable(self) -> bool:
        """Whether everything that is derived is derived of features that are read."""
        try:
            _ = self._expressions
        except ColumnNotFoundError:
            return False
        return True

    @cached_property
    def tried(self) -> list[Happening]:
        """What can happen and be told."""
        if any(f.name == "lines_on_terms" for f in self.aggregates):
            return []  # at which price something would be bought is not known
        asked = any(f.name.startswith(("sent_same_", "lines_same_")) for f in self.aggregates)
        found = [one for one in happenings(self.table, self.key) if self.says(one)]
        if asked:  # of which content the answers were is not known of a row, and features read it
            return [one for one in found if one.event.name != "answered"]
        return [one for one in found if one.event.content == OTHER]

    def says(self, one: Happening) -> str | None:
        """Return the feature that tells how often something happens in all the days in which it does."""
        own = [(name, WINDOW.search(name)) for name in self.names if family(name) == one.event.says]
        return next((name for name, days in own if days is None or int(days[1]) >= one.ages[-1]), None)

    @cached_property
    def aggregates(self) -> list[Feature]:
        """Features over rows, which what is derived is derived from."""
        found = (feature for group in self.groups for feature, _ in group.expanded())
        return [feature for feature in found if feature.name in self.read]

    @cached_property
    def derived(self) -> list[Feature]:
        """Features over those."""
        return [one for group in self.groups for one in group.derived if one.name in self.read]

    @cached_property
    def names(self) -> list[str]:
        """Every feature that is read."""
        return [feature.name for feature in (*self.aggregates, *self.derived)]

    @cached_property
    def _effects(self) -> dict[str, np.ndarray]:
        frame = effects(self.tried, list(self.groups))
        return {feature.name: _array(frame[feature.name]) for feature in self.aggregates}

    @property
    def total(self) -> str:
        """The feature that tells that there was nothing at all; empty where none does."""
        return TOTALS.get((self.table, self.key), "")

    @property
    def counts(self) -> str:
        """The feature that counts most of what there was."""
        return "events_90d" if self.total == "days_since_event" else self.total

    def prepare(self) -> None:
        """Compute the effects, which takes longer than an answer may."""
        if self.tried:
            _ = self._effects, self._expressions

    def variants(self, row: Row) -> tuple[list[Variant], pl.DataFrame]:
        """Return what could be otherwise for one row, and the features then, one line each."""
        kept = self._kept(row)
        found = [Variant(self.tried[at], False) for at in kept]
        columns = {name: [values] for name, values in self._beside(row, kept).items()}
        if row.get(self.total):
            alone = [at for at, one in enumerate(self.tried) if lies_within(one, row) and fits(one, row)]
            found += [Variant(None, True), *(Variant(self.tried[at], True) for at in alone)]
            for feature in self.aggregates:
                nothing = _array(pl.Series([feature.empty], dtype=_dtype(feature)))
                columns[feature.name] += [nothing, self._effects[feature.name][alone]]
        return found, self.finished(columns)

    def finished(self, columns: Mapping[str, Sequence[np.ndarray]]) -> pl.DataFrame:
        """Return aggregates, in parts, and what is derived of them; NaN is unknown."""
        series = [_series(feature, np.concatenate(columns[feature.name])) for feature in self.aggregates]
        return pl.DataFrame(series).with_columns(self._expressions)

    def _kept(self, row: Row) -> list[int]:
        """Which of what is tried can happen beside what was there."""
        return [at for at, one in enumerate(self.tried) if self._goes(one, row)]

    def _goes(self, one: Happening, row: Row) -> bool:
        """Whether it can happen beside what was there."""
        if not (lies_within(one, row) and fits(one, row)):
            return False
        if self.table == "purchases":
            return is_next(one, row)
        if one.event.name == "answered" and not one.ages[0] < (row["days_since_sent"] or 0.0):
            return False  # how many messages came after it is not known
        days = [f.name for f in self.aggregates if f.name.startswith("active_days_")]
        return all((row[name] or 0) + len(one.ages) <= window_days(name) for name in days)

    def _beside(self, row: Row, kept: Sequence[int]) -> dict[str, np.ndarray]:
        """Aggregates of what was there and of each of the ``kept`` together."""
        effect = {name: values[list(kept)] for name, values in self._effects.items()}
        newest = np.array([self.tried[at].ages[0] for at in kept])
        found = {f.name: _together(f, row, effect[f.name], newest) for f in self.aggregates}
        if self.table == "purchases":
            return found | self._bought(row, kept, effect)
        if self.table == "outreach":
            found["sent_since_answer"] = np.array([unanswered(self.tried[at], row) for at in kept])
        return found | channels_with(self.aggregates, row, effect)

    def _bought(
        self, row: Row, kept: Sequence[int], effect: Mapping[str, np.ndarray]
    ) -> dict[str, np.ndarray]:
        """What is like the last order or worth as much as the others, and the pauses between all."""
        found: dict[str, np.ndarray] = {}
        for feature in self.aggregates:
            if feature.is_category:
                found[feature.name] = np.full(len(kept), row[feature.name], dtype=object)
            elif feature.unit == "cents" and kept:
                worth = round(row["order_value"])
                found[feature.name] = row[feature.name] + worth * effect[feature.name]
        pauses = np.array([pauses_with(self.tried[at], row) for at in kept]).reshape(len(kept), len(PAUSES))
        return found | {name: pauses[:, at] for at, name in enumerate(PAUSES)}

    @cached_property
    def _expressions(self) -> list[pl.Expr]:
        """What the groups derive, as ``features.compute`` does; translating takes longer than computing."""
        empty = _Noted({feature.name: pl.Series([], dtype=_dtype(feature)) for feature in self.aggregates})
        added = [_expression(feature) for feature in self.derived]
        nw.from_native(empty).with_columns(*added)
        return empty.noted


class _Noted(pl.DataFrame):
    """A frame that keeps the expressions that it is given in its own language."""

    noted: list[pl.Expr]

    def with_columns(self, *exprs: Any, **named: Any) -> pl.DataFrame:
        self.noted = [one for some in exprs for one in (some if isinstance(some, list) else [some])]
        return super().with_columns(*exprs, **named)


def _expression(feature: Feature) -> nw.Expr:
    assert isinstance(feature.expr, nw.Expr)
    value = feature.expr.cast(nw.String if feature.is_category else nw.Float64).alias(feature.name)
    return value if feature.empty is None else value.fill_null(feature.empty)


def _dtype(feature: Feature) -> Any:
    return pl.String if feature.is_category else pl.Float64


def _series(feature: Feature, values: np.ndarray) -> pl.Series:
    """Values of one feature; texts as a list, since an array that begins with None is of no type."""
    given = values.tolist() if feature.is_category else values
    return pl.Series(feature.name, given, _dtype(feature), nan_to_null=not feature.is_category)


def _array(values: pl.Series) -> np.ndarray:
    """Numbers with NaN where unknown; texts with None."""
    if values.dtype == pl.String:
        return np.array(values.to_list(), dtype=object)
    return values.cast(pl.Float64).to_numpy().astype(np.float64)


def _together(feature: Feature, row: Row, effect: np.ndarray, newest: np.ndarray) -> np.ndarray:
    """One aggregate of two histories: a sum, the newest, the oldest, or the last word."""
    before = row[feature.name]
    if feature.is_category:
        last = row.get("days_since_touch")
        newer = newest < (np.inf if last is None else last)
        return np.where(newer, effect, np.full(len(effect), before, dtype=object))
    number = np.nan if before is None else float(before)
    if feature.empty is not None:
        return np.maximum(number, effect) if feature.unit in DISTINCT else number + effect
    oldest = feature.name.startswith("days_since_first_")
    return np.fmax(number, effect) if oldest else np.fmin(number, effect)
