"""What features ask of rows, each condition evaluated once.

Sales of the last 90 days are found once for orders, revenue, pieces and categories, on every engine.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import reduce
from operator import and_
from typing import Any

import narwhals as nw


@dataclass(frozen=True)
class SharedMasks:
    """What features ask of the rows of one table; each condition, by identity, becomes a column."""

    _windows: dict[int, nw.Expr] = field(default_factory=dict)
    _single: dict[int, nw.Expr] = field(default_factory=dict)
    _joint: dict[tuple[str, ...], str] = field(default_factory=dict)

    def window(self, seconds: int) -> nw.Expr:
        """Return the rows of the last ``seconds`` before the moment."""
        return self._windows.setdefault(seconds, nw.col("age") <= seconds)

    def column(self, conditions: tuple[nw.Expr, ...]) -> nw.Expr:
        """Return the column that says where all of ``conditions`` hold."""
        for condition in conditions:
            self._single[id(condition)] = condition  # held: an id means one object as long as it lives
        names = tuple(f"where_{list(self._single).index(id(condition))}" for condition in conditions)
        if len(names) == 1:
            return nw.col(names[0])
        return nw.col(self._joint.setdefault(names, "_and_".join(names)))

    def added(self, rows: Any) -> Any:
        """Return ``rows`` with these columns."""
        for columns in self.steps():
            rows = rows.with_columns(**columns) if columns else rows
        return rows

    def steps(self) -> Iterator[dict[str, nw.Expr]]:
        """Yield what is added, by name: conditions, then those that are made of them."""
        yield {f"where_{at}": condition for at, condition in enumerate(self._single.values())}
        yield {name: reduce(and_, map(nw.col, parts)) for parts, name in self._joint.items()}
