"""The features' own expressions, taken apart once and computed for one subject without an engine.

An engine plans and schedules: for the few rows of a request that takes ten times as long as what is
computed. Here the trees that narwhals keeps of its expressions are read (``Expr._nodes``), every
subexpression once, into a list of steps over numpy. What is not known here raises ``Unsupported``, and an
engine computes it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import narwhals as nw

from features.operations import (
    AGGREGATES,
    ELEMENTWISE,
    WITH_ARGUMENT,
    Operation,
    Unsupported,
    Value,
)
from features.windows import difference, grouped, rank

ROW_ID = "row_id"  # one subject: all rows are in its partition
WINDOWED = (*AGGREGATES, "diff", "rank")
Slot = int


@dataclass
class Program:
    """Steps over slots, in order.

    Parameters
    ----------
    slots
        What stands in each slot before anything is computed: constants.
    inputs
        The slot of each column that is put in.
    steps
        What is computed, from which slots, into which.
    names
        The slot of each expression that was added.
    """

    slots: list[Value] = field(default_factory=list)
    inputs: dict[str, Slot] = field(default_factory=dict)
    steps: list[tuple[Slot, Operation, tuple[Slot, ...]]] = field(default_factory=list)
    names: dict[str, Slot] = field(default_factory=dict)
    _known: dict[Any, Slot] = field(default_factory=dict)

    def run(self, inputs: Mapping[str, Value]) -> list[Value]:
        """Return what stands in each slot in the end."""
        found = self.slots.copy()
        for name, slot in self.inputs.items():
            found[slot] = inputs[name]
        for slot, operation, given in self.steps:
            found[slot] = operation(*[found[at] for at in given])
        return found

    def one(self, name: str, inputs: Mapping[str, Value]) -> Value:
        """Return what was added under ``name``."""
        return self.run(inputs)[self.names[name]]

    def add(self, name: str, expr: nw.Expr) -> None:
        """Put the steps of ``expr`` in; it may read what was added before, all else is an input."""
        self.names[name] = self.expression(expr)

    def expression(self, expr: nw.Expr) -> Slot:
        """Return the slot of an expression without a name."""
        before, nodes = -1, list(getattr(expr, "_nodes", ()))
        if not nodes:
            raise Unsupported("an expression that this version of narwhals keeps otherwise")
        for node, after in zip(nodes, [*nodes[1:], None], strict=True):
            over = after.kwargs if after is not None and after.name == "over" else None
            if over is not None and node.name not in WINDOWED:
                _require_spread(over)
            counts = node.name == "cast" and after is not None and after.name == "sum"  # of truth values
            if node.name != "over" and not counts:
                before = self._node(node, before, over)
        return before

    def _node(self, node: Any, before: Slot, over: Mapping[str, Any] | None) -> Slot:
        name, given = node.name, node.kwargs
        if name == "col" and len(given["names"]) == 1:
            return self._column(given["names"][0])
        if name == "lit":
            return self._constant(given["value"])
        if name == "alias" or (name == "dt.timestamp" and given["time_unit"] == "us"):
            return before  # times are whole microseconds
        texts = name in ("coalesce", "max_horizontal")  # of which a text is a column
        asked = [self._operand(one, texts) for one in node.exprs]
        if name == "all_horizontal" and len(asked) == 1:
            return asked[0]
        slots = tuple(asked) if before < 0 else (before, *asked)
        if name in ELEMENTWISE and given.get("strategy") is None:
            return self._step((name,), ELEMENTWISE[name], slots)
        if name in WITH_ARGUMENT:
            return self._with_argument(name, given, slots)
        return self._over_rows(node, slots, over)

    def _over_rows(self, node: Any, slots: tuple[Slot, ...], over: Mapping[str, Any] | None) -> Slot:
        """Aggregates and windows; of all rows, since they are one subject's."""
        name = node.name
        order = [] if over is None else over["order_by"]
        keys = [] if over is None else [key for key in over["partition_by"] if key != ROW_ID]
        if name in AGGREGATES and not order:
            if not keys:
                return self._step((name,), AGGREGATES[name], slots)
            by = tuple(self._column(key) for key in keys)
            return self._step((name, "grouped"), partial(grouped, AGGREGATES[name]), (*slots, *by))
        if name == "diff" and len(order) == 1 and not keys:
            return self._step((name,), difference, (*slots, self._column(order[0])))
        by_least = node.kwargs == {"method": "min", "descending": False}
        if name == "rank" and by_least and over is not None and not keys and not order:
            return self._step((name,), rank, slots)
        raise Unsupported(name)

    def _with_argument(self, name: str, given: Mapping[str, Any], slots: tuple[Slot, ...]) -> Slot:
        word, operation = WITH_ARGUMENT[name]
        argument = given[word]
        return self._step((name, str(argument)), operation(argument), slots)

    def _operand(self, one: Any, texts: bool) -> Slot:
        if isinstance(one, nw.Expr):
            return self.expression(one)
        return self._column(one) if texts and isinstance(one, str) else self._constant(one)

    def _column(self, name: str) -> Slot:
        if name in self.names:
            return self.names[name]
        if name not in self.inputs:
            self.inputs[name] = self._slot(None)
        return self.inputs[name]

    def _constant(self, value: Any) -> Slot:
        if not isinstance(value, str | int | float | bool | None):
            raise Unsupported(type(value).__name__)
        key = ("lit", type(value), value)
        if key not in self._known:
            self._known[key] = self._slot(value)
        return self._known[key]

    def _step(self, kind: tuple[str, ...], operation: Operation, slots: tuple[Slot, ...]) -> Slot:
        """The slot of a step; equal ones are computed once."""
        if (*kind, slots) not in self._known:
            slot = self._known[(*kind, slots)] = self._slot(None)
            self.steps.append((slot, operation, slots))
        return self._known[(*kind, slots)]

    def _slot(self, value: Value) -> Slot:
        self.slots.append(value)
        return len(self.slots) - 1


def _require_spread(over: Mapping[str, Any]) -> None:
    """What is no aggregate and is asked for over one subject is what it is."""
    if over["order_by"] or over["partition_by"] != [ROW_ID]:
        raise Unsupported("over")
