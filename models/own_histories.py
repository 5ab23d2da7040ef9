"""Rows of features as they would be, had something else happened in a table of the brand's own.

What happens is a typical row of the table, as it was seen, once or several times after the newest that there
was. Every feature of the table follows from its rule (``features.groups.own``); where what is known of a row
does not say what it would be, nothing is said.
"""

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from features.feature import Feature
from features.groups.own import own_group
from features.groups.own_changes import PAUSES, beside, may_change
from features.own_tables import LASTS, OwnTable, slugs
from models.event_effects import lies_within, pauses_after
from models.events import Event, Happening, spread
from models.histories import Row, Source
from models.phrases import LANGUAGES, amount, catalogue, value_words

ADDED = ("count", "in_force", "ended", "sum")
LEAST = ("days_since", "days_to_end", "days_since_end", "min")
MOST = ("days_since_first", "max")
RULE = re.compile(r"(?P<rule>.+?)(?:_last(?P<newest>\d+)|_(?P<days>\d+)d)?$")
Said = tuple[np.ndarray, np.ndarray]  # values, and whether they are known


@dataclass(frozen=True)
class OwnSource(Source):
    """The features of one table, with the effect of every row that could be added on what is ``read``."""

    described: OwnTable | None = None

    @classmethod
    def of_table(cls, table: OwnTable, names: Collection[str]) -> "OwnSource | None":
        """Return the source with the features of these names; None where its rows cannot be otherwise."""
        if not may_change(table):
            return None
        found = cls(table.stored, table.key, (own_group(table),), frozenset(names), table)
        if not found.names or not beside(table, names) <= set(names):
            return None
        return found if found.is_derivable else None

    @property
    def own(self) -> OwnTable:
        """What the table is."""
        assert self.described is not None
        return self.described

    @cached_property
    def tried(self) -> list[Happening]:
        """Every typical row, so often and within so many days."""
        return spread(
            Event(str(at), self.table, self.key, (row,), self.total) for at, row in enumerate(self._rows)
        )

    @cached_property
    def _rows(self) -> list[dict[str, Any]]:
        columns = {column.name: column.stored for column in self.own.columns} | {LASTS: LASTS}
        empty = dict.fromkeys(column.stored for column in self.own.columns)  # ids, too: whose is not told
        return [empty | {columns[name]: value for name, value in row.items()} for row in self.own.examples]

    @property
    def total(self) -> str:
        """How many rows there are."""
        return f"{self.table}__count"

    def says(self, one: Happening) -> str | None:
        """Return the feature that tells how many rows there are."""
        return self.total

    def _kept(self, row: Row) -> list[int]:
        """Which of what is tried follows on what was there, with all its features known."""
        newest = row[f"{self.table}__days_since"]
        goes = [lies_within(one, row) and (newest is None or one.ages[-1] < newest) for one in self.tried]
        known = [self._said(feature, row, self._effects[feature.name])[1] for feature in self.aggregates]
        return np.flatnonzero(np.logical_and.reduce([np.array(goes, dtype=bool), *known])).tolist()

    def _beside(self, row: Row, kept: Any) -> dict[str, np.ndarray]:
        """Aggregates of what was there and of each of the ``kept`` together."""
        return {f.name: self._said(f, row, self._effects[f.name])[0][list(kept)] for f in self.aggregates}

    def _said(self, feature: Feature, row: Row, effect: np.ndarray) -> Said:
        """One aggregate with what happens, for everything that is tried."""
        before, known = row[feature.name], np.ones(len(effect), dtype=bool)
        *column, last = feature.name.removeprefix(f"{self.table}__").split("__")
        found = RULE.fullmatch(last)
        assert found is not None
        rule, newest = found["rule"], found["newest"]
        if rule in PAUSES:
            return self._pauses(PAUSES.index(rule), row, effect), known
        if before is None or rule == "last":
            return effect, known
        if rule == "distinct":
            return self._distinct(column[0], found["days"], row, effect), known
        if newest is not None:
            return self._newest(int(newest), rule, before, row, effect)
        together = _together(rule, float(before), effect)
        return (self._mean(feature.name, found["days"], row, effect) if together is None else together), known

    def _counts(self, days: str | None, row: Row) -> tuple[float, np.ndarray]:
        """How many rows there were in a window, and how many happen in it."""
        name = self.total if days is None else f"{self.total}_{days}d"
        return float(row[name] or 0), self._effects[name]

    def _mean(self, name: str, days: str | None, row: Row, effect: np.ndarray) -> np.ndarray:
        """A mean or a share: of as many cells as its sum tells, else of all rows."""
        before, (held, more) = float(row[name]), self._counts(days, row)
        total = row.get(name.replace("__mean", "__sum")) if "__mean" in name else None
        held = round(total / before) if total and before else held
        both = (held * before + more * np.nan_to_num(effect)) / np.maximum(held + more, 1)
        return np.where(np.isnan(effect) | (more == 0), before, both)

    def _newest(self, many: int, rule: str, before: float, row: Row, effect: np.ndarray) -> Said:
        """A mean or a share of the newest rows: known where none falls out, or all that do are alike."""
        held, more = self._counts(None, row)
        left = np.clip(many - more, 0, held)
        alike = rule.endswith("share") and before in (0.0, 1.0)
        known = (more >= many) | (held + more <= many) | alike
        both = (left * before + np.minimum(more, many) * np.nan_to_num(effect)) / (
            left + np.minimum(more, many)
        )
        return np.where(np.isnan(effect), before, both), known & ~(
            np.isnan(effect) & (more > 0) & (held + more > many)
        )

    def _distinct(self, column: str, days: str | None, row: Row, effect: np.ndarray) -> np.ndarray:
        """How many values: one more where a feature tells that the value was not among them."""
        window = "" if days is None else f"_{days}d"
        before = float(row[f"{self.table}__{column}__distinct{window}"])
        new = np.array([self._is_new(one, column, window, row) for one in self.tried])
        return np.where(before == 0, effect, before + ((effect > 0) & new))

    def _is_new(self, one: Happening, column: str, window: str, row: Row) -> bool:
        values = next((found.values for found in self.own.columns if found.name == column), ())
        slug = slugs(values).get(one.event.rows[0].get(f"x_{column}") or "")
        start = f"{self.table}__{column}__is_{slug}_"
        return 0 in (row.get(f"{start}share{window}"), row.get(f"{start}count"))

    def _pauses(self, at: int, row: Row, effect: np.ndarray) -> np.ndarray:
        """Mean or spread of the pauses between rows."""
        newest, first = row[f"{self.table}__days_since"], row[f"{self.table}__days_since_first"]
        if newest is None:
            return effect
        mean, spread = (row[f"{self.table}__{name}"] for name in PAUSES)
        return np.array([pauses_after(one, (newest, first), mean, spread, None)[at] for one in self.tried])

    def told(self, one: Happening, alone: bool) -> dict[str, str]:
        """Say what happens, in words by language."""
        words, count = catalogue()["counterfactual"], len(one.ages)
        clause = words["entries_alone"] if alone else words["entry" if count == 1 else "entries"]
        days = max(1, int(np.ceil(one.ages[-1])))
        found = {}
        for word in LANGUAGES:
            facts = words["between"][word].join(self._values(one, word))
            values = words["values"][word].format(facts=facts) if facts else ""
            group = getattr(self.own, word)
            found[word] = clause[word].format(group=group, count=count, days=days, values=values)
        return found

    def _values(self, one: Happening, word: str) -> Iterator[str]:
        """What the rows say, column by column."""
        clause, row = catalogue()["counterfactual"]["value"][word], one.event.rows[0]
        for column in self.own.columns:
            value = row.get(column.stored)
            if value is not None and column.kind in ("category", "number"):
                shown = (
                    value_words(value)[word]
                    if isinstance(value, str)
                    else amount(float(value), column.unit, word)
                )
                yield clause.format(name=getattr(column, word), value=shown)


def _together(rule: str, before: float, effect: np.ndarray) -> np.ndarray | None:
    """What two histories have together that add up, or of which one says it; None of a mean."""
    if rule in LEAST:
        return np.fmin(before, effect)
    if rule in MOST:
        return np.fmax(before, effect)
    if rule in ADDED or rule.endswith("_count"):
        return before + np.nan_to_num(effect)
    return None
