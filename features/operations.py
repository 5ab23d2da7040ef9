"""What narwhals' operations do to the few rows of one subject, on numpy.

A value is a ``Column`` over the rows, or a plain scalar, with None for null. Null behaves as in Polars: it
spreads through arithmetic and comparisons, conditions are three-valued (Kleene), aggregates leave it out.
"""

import math
import operator
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial, reduce
from typing import Any, NamedTuple

import narwhals as nw
import numpy as np

Value = Any  # a Column or a scalar
Operation = Callable[..., Value]
SHORT = 64  # rows


class Unsupported(Exception):  # noqa: N818 - no error: an engine computes it
    """An operation that is not among these."""


class Column(NamedTuple):
    """Values of the rows, shape (rows,), and where they are valid; None where all are.

    What stands in an invalid place is arbitrary; of a truth value it is False.
    """

    values: np.ndarray
    valid: np.ndarray | None = None

    @classmethod
    def of(cls, values: Sequence[Any], kind: Any) -> "Column":
        """Take values, None among them; ``kind`` is numpy's type, ``object`` for texts."""
        if None not in values:
            return cls(np.array(values, dtype=kind))
        valid = np.array([value is not None for value in values], dtype=bool)
        filled = values if kind is object else [0 if value is None else value for value in values]
        return cls(np.array(filled, dtype=kind), valid)

    def known(self) -> np.ndarray:
        """Return the valid values alone."""
        return self.values if self.valid is None else self.values[self.valid]


def _parts(value: Value) -> tuple[Any, Any]:
    return value if isinstance(value, Column) else (value, None)


def _both(one: np.ndarray | None, other: np.ndarray | None) -> np.ndarray | None:
    if one is None or other is None:
        return other if one is None else one
    return one & other


def _arithmetic(op: Operation, a: Value, b: Value) -> Value:
    if a is None or b is None:
        return None
    if isinstance(a, Column):
        if isinstance(b, Column):
            return Column(op(a.values, b.values), _both(a.valid, b.valid))
        return Column(op(a.values, b), a.valid)
    return Column(op(a, b.values), b.valid) if isinstance(b, Column) else op(a, b)


def _comparison(op: Operation, a: Value, b: Value) -> Value:
    found = _arithmetic(op, a, b)
    is_partial = isinstance(found, Column) and found.valid is not None
    return Column(found.values & found.valid, found.valid) if is_partial else found


def _divided(a: Any, b: Any) -> Any:
    """True division; of scalars as of arrays, which refuse nothing."""
    if isinstance(a, np.ndarray) or isinstance(b, np.ndarray) or b:
        return a / b
    return math.nan if not a or a != a else math.copysign(math.inf, a)


def _truth(value: Value) -> tuple[Any, Any]:
    """A truth value and where it is valid, ready to be combined."""
    if value is None:
        return np.False_, np.False_
    values, valid = _parts(value)
    return values, np.True_ if valid is None else valid


def _and(a: Value, b: Value) -> Value:
    if not isinstance(a, Column) and not isinstance(b, Column):
        return False if a is False or b is False else None if a is None or b is None else True
    if a is not None and b is not None and _parts(a)[1] is None and _parts(b)[1] is None:
        return Column(_parts(a)[0] & _parts(b)[0])
    (left, some), (right, others) = _truth(a), _truth(b)
    return Column(left & right, (some & others) | (some & ~left) | (others & ~right))


def _or(a: Value, b: Value) -> Value:
    if not isinstance(a, Column) and not isinstance(b, Column):
        return True if a or b else None if a is None or b is None else False
    (left, some), (right, others) = _truth(a), _truth(b)
    return Column(left | right, (some & others) | left | right)


def _not(a: Value) -> Value:
    if not isinstance(a, Column):
        return None if a is None else not a
    return Column(~a.values if a.valid is None else ~a.values & a.valid, a.valid)


def _when(condition: Value, then: Value, otherwise: Value = None) -> Value:
    if not isinstance(condition, Column):
        return then if condition else otherwise
    values, valid = _parts(then)
    where = condition.values
    if then is None:
        then, values, where = None, 0, np.False_ & where
    if otherwise is None:
        filled = values if isinstance(then, Column) else np.broadcast_to(_array(values), where.shape)
        return Column(filled, where if valid is None else where & valid)
    return _choice(condition.values, then, otherwise)


def _array(value: Any) -> np.ndarray:
    return np.array(value, dtype=object) if isinstance(value, str) else np.asarray(value)


def _choice(where: np.ndarray, then: Value, otherwise: Value) -> Column:
    """One of two values in each place; a scalar null is valid nowhere."""
    (one, some), (other, others) = _parts(then), _parts(otherwise)
    valid = np.where(
        where,
        False if then is None else True if some is None else some,
        False if otherwise is None else True if others is None else others,
    )
    fill = one if other is None else other
    found = np.where(where, _array(fill if one is None else one), _array(fill))
    return Column(found & valid if found.dtype == bool else found, None if valid.all() else valid)


def _is_null(value: Value) -> Value:
    if not isinstance(value, Column):
        return value is None
    return Column(np.zeros(len(value.values), dtype=bool) if value.valid is None else ~value.valid)


def coalesce(*values: Value) -> Value:
    """Return the first that is there, place by place."""
    found, *others = values
    for other in others:
        if not isinstance(found, Column):
            found = other if found is None else found
        elif found.valid is not None and other is not None:
            found = _filled(found, found.valid, other)
    return found


def _filled(column: Column, valid: np.ndarray, other: Value) -> Column:
    if isinstance(other, Column):
        return _choice(valid, column, other)
    return Column(np.where(valid, column.values, _array(other)))


def _max_horizontal(*values: Value) -> Value:
    """The greatest, null left out."""

    def greater(a: Value, b: Value) -> Value:
        if a is None or b is None:
            return b if a is None else a
        if not isinstance(a, Column) and not isinstance(b, Column):
            return max(a, b)
        if all(isinstance(v, Column) and v.valid is None and v.values.dtype == np.int64 for v in (a, b)):
            return Column(np.maximum(a.values, b.values))
        is_more = _or(_comparison(operator.ge, a, b), _is_null(b))
        return _when(is_more, a, b)

    return reduce(greater, values)


def _is_in(other: Iterable[Any]) -> Operation:
    words = tuple(other)
    return lambda value: reduce(_or, [_comparison(operator.eq, value, one) for one in words])


def _root(value: Value) -> Value:
    if isinstance(value, Column):
        return Column(np.sqrt(value.values), value.valid)
    return None if value is None else math.nan if value < 0 else math.sqrt(value)


def _cast(dtype: Any) -> Operation:
    """Between numbers and truth values; texts stay texts."""
    if dtype == nw.String:
        return _text
    kind: Any = float if dtype.is_float() else int
    array = np.float64 if kind is float else np.int64

    def cast(value: Value) -> Value:
        if isinstance(value, Column):
            return Column(value.values.astype(array, copy=False), value.valid)
        return None if value is None else kind(value)

    return cast


def _text(value: Value) -> Value:
    is_text = value.values.dtype.kind == "O" if isinstance(value, Column) else isinstance(value, str | None)
    if is_text:
        return value
    raise Unsupported("cast to String")


def _extreme(of_array: str, of_list: Callable[[list[Any]], Any], value: Value) -> Any:
    if not isinstance(value, Column):
        return value
    known = value.known()
    if not len(known):
        return None
    is_listed = known.dtype == object or _is_short(known)
    return of_list(known.tolist()) if is_listed else getattr(known, of_array)().item()


def _is_short(known: np.ndarray) -> bool:
    """Few whole numbers, which Python adds and compares in a third of numpy's time, with the same result."""
    return known.dtype == np.int64 and len(known) <= SHORT


def _sum(value: Value) -> Any:
    known = _rows(value).known()
    if known.dtype == bool:
        return int(np.count_nonzero(known))
    return sum(known.tolist()) if _is_short(known) else known.sum().item()


def _count(value: Value) -> int:
    column = _rows(value)
    return len(column.values) if column.valid is None else int(np.count_nonzero(column.valid))


def _mean(value: Value) -> float | None:
    known = _rows(value).known()
    return known.mean().item() if len(known) else None


def _n_unique(value: Value) -> int:
    column = _rows(value)
    return len(set(column.known().tolist())) + (column.valid is not None and not column.valid.all())


def _rows(value: Value) -> Column:
    """A column; of a scalar it is not known here how many rows it stands for."""
    if not isinstance(value, Column):
        raise Unsupported("an aggregate of a scalar")
    return value


def _swapped(op: Operation) -> Operation:
    return lambda a, b: op(b, a)


ARITHMETIC: Mapping[str, Operation] = {
    "add": operator.add, "sub": operator.sub, "mul": operator.mul, "truediv": _divided,
    "floordiv": operator.floordiv, "mod": operator.mod,
}  # fmt: skip
COMPARISONS = ("eq", "ne", "lt", "le", "gt", "ge")
OTHERS: Mapping[str, Operation] = {
    "__and__": _and, "__or__": _or, "__invert__": _not, "when_then": _when, "is_null": _is_null,
    "coalesce": coalesce, "fill_null": coalesce, "max_horizontal": _max_horizontal, "sqrt": _root,
}  # fmt: skip
ELEMENTWISE: Mapping[str, Operation] = (
    {f"__{name}__": partial(_arithmetic, op) for name, op in ARITHMETIC.items()}
    | {f"__r{name}__": partial(_arithmetic, _swapped(op)) for name, op in ARITHMETIC.items()}
    | {f"__{name}__": partial(_comparison, getattr(operator, name)) for name in COMPARISONS}
    | dict(OTHERS)
)
WITH_ARGUMENT: Mapping[str, tuple[str, Callable[[Any], Operation]]] = {
    "cast": ("dtype", _cast),
    "is_in": ("other", _is_in),
}
AGGREGATES: Mapping[str, Callable[[Value], Any]] = {
    "sum": _sum, "count": _count, "mean": _mean, "n_unique": _n_unique,
    "min": partial(_extreme, "min", min), "max": partial(_extreme, "max", max),
}  # fmt: skip


def listed(column: Column) -> list[Any]:
    """Return the values with None among them."""
    values = column.values.tolist()
    if column.valid is None:
        return values
    return [value if is_valid else None for value, is_valid in zip(values, column.valid, strict=True)]


def taken(value: Value, rows: Any) -> Value:
    """Take some rows of a value, by a mask or places; a scalar is the same for all."""
    if not isinstance(value, Column):
        return value
    return Column(value.values[rows], None if value.valid is None else value.valid[rows])
