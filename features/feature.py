"""The vocabulary: a feature is an expression with a name, a unit and a sentence; a group is a
table, windows and features."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

import narwhals as nw

from features.masks import SharedMasks
from features.own_tables import OwnTable

DAY = 86_400  # seconds
FEED_END = "known_until"  # of a question: where its tables stopped being fed
NEWEST = nw.col("age") == nw.col("newest_age")


@dataclass(frozen=True)
class Selection:
    """The rows of one subject that were known at its as-of moment, perhaps only some of them.

    ``rows["amount_cents"]`` is the column where the conditions hold and empty elsewhere, ready to
    be aggregated. Beside the table's own columns and the subject's there are ``age`` (seconds
    before the as-of moment, > 0) and, for ``last``, the order in time.
    """

    shared: SharedMasks
    conditions: tuple[nw.Expr, ...] = ()

    def where(self, condition: nw.Expr) -> "Selection":
        """Return only the rows for which ``condition`` holds too."""
        return Selection(self.shared, (*self.conditions, condition))

    def within(self, days: int | None) -> "Selection":
        """Return only the rows of the last ``days`` days."""
        return self if days is None else self.where(self.shared.window(days * DAY))

    def __getitem__(self, column: str) -> nw.Expr:
        return self.of(nw.col(column))

    def of(self, value: nw.Expr) -> nw.Expr:
        """Return ``value`` where the conditions hold, empty elsewhere."""
        return nw.when(self.shared.column(self.conditions)).then(value) if self.conditions else value

    def count(self) -> nw.Expr:
        """Return how many rows."""
        if not self.conditions:
            return nw.col("age").count()
        return self.shared.column(self.conditions).cast(nw.Int32).sum()

    def distinct(self, column: str) -> nw.Expr:
        """Return how many different values, empty ones not counted."""
        value = self[column]
        return value.n_unique() - value.is_null().max().cast(nw.Int64)

    def last(self, column: str) -> nw.Expr:
        """Return the value in the newest row (the greatest of them, where several are equally new)."""
        return self.where(NEWEST)[column].max()

    def days_since(self) -> nw.Expr:
        """Return days since the newest row."""
        return self["age"].min() / DAY


@dataclass(frozen=True)
class Feature:
    """One thing known about a subject.

    Parameters
    ----------
    name
        Unique in the catalogue; ``{days}`` in it makes one feature a window of the group.
    expr
        From the rows of the subject to an aggregate; in ``Group.derived`` a plain expression over
        the group's other features; in a group without a table, over the subject's own columns.
    unit
        ``days``, ``cents``, ``orders``, ...; ``share`` for a part of 1; ``category`` for a text.
    en, zh
        What it says, as a marketer would; ``{days}`` is filled in.
    empty
        Its value for a subject without rows; ``None`` is "unknown".
    """

    name: str
    expr: Callable[[Selection], nw.Expr] | nw.Expr
    unit: str
    en: str
    zh: str
    empty: int | float | None = None

    @property
    def is_category(self) -> bool:
        return self.unit == "category"

    def at(self, days: int) -> "Feature":
        """Return this feature for one window."""

        def filled(text: str) -> str:
            return text.replace("{days}", str(days))

        return replace(self, name=filled(self.name), en=filled(self.en), zh=filled(self.zh))


@dataclass(frozen=True)
class Group:
    """Features from one table.

    Parameters
    ----------
    table
        Name in the contract; ``None``: the features are expressions over the subject's columns.
    key
        The column that joins the table's rows to the subject.
    windows
        Days; a feature with ``{days}`` in its name is computed for each.
    features, derived
        Aggregates over rows, and expressions over those aggregates (never over one another: all are
        computed at once).
    rows
        Columns made from the joined rows before they are aggregated, by name, in order; groups over
        the same table share them.
    described
        What the table is, where it is a brand's own.
    """

    name: str
    table: str | None
    key: str = "member_id"
    windows: tuple[int, ...] = ()
    features: tuple[Feature, ...] = ()
    derived: tuple[Feature, ...] = ()
    rows: Mapping[str, nw.Expr] = field(default_factory=dict)
    en: str = ""
    zh: str = ""
    described: OwnTable | None = None

    @property
    def reads(self) -> tuple[str, ...]:
        """The tables that it reads."""
        return () if self.table is None else (self.table,)

    def expanded(self) -> list[tuple[Feature, int | None]]:
        """Return every aggregate with its window, one entry a column."""
        return [
            pair
            for feature in self.features
            for pair in (
                [(feature.at(days), days) for days in self.windows]
                if "{days}" in feature.name
                else [(feature, None)]
            )
        ]

    def columns(self) -> list[Feature]:
        """Return every feature of the group as it stands in the result."""
        return [feature for feature, _ in self.expanded()] + list(self.derived)
