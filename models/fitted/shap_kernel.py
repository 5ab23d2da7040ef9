"""The loop over leaves and rows behind ``tree_shap``, compiled by numba: one row is too few for arrays.

Compiled where it is imported first, in some seconds, and kept beside this file or in the user's caches.
"""

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numpy as np
from numba import njit

F = TypeVar("F", bound=Callable[..., Any])


def compiled(signature: str | None = None) -> Callable[[F], F]:
    """Compile a function, at once where it has a ``signature``; where nothing can be kept, each time anew."""

    def wrap(function: F) -> F:
        try:
            return cast(F, njit(signature, nogil=True, cache=True)(function))
        except RuntimeError:  # numba has no place to keep it
            return cast(F, njit(signature, nogil=True)(function))

    return wrap


@compiled()
def _meets(value: Any, low: Any, high: Any, missing: Any, member: Any, members: Any) -> Any:
    if np.isnan(value):
        return missing
    if member >= 0:
        return members[member, np.int64(min(max(value, 0), members.shape[1] - 1))]
    return low <= value and value < high


@compiled()
def _met(
    row: Any,
    columns: Any,
    own: Any,
    low: Any,
    high: Any,
    missing: Any,
    member: Any,
    members: Any,
    first: Any,
) -> Any:
    """Bits of a leaf's conditions that the row meets, of those on ``columns``."""
    bits = 0
    for bit in range(len(own)):
        at, value = first + bit, row[own[bit]]
        if columns[own[bit]] and _meets(value, low[at], high[at], missing[at], member[at], members):
            bits |= 1 << bit
    return bits


@compiled()
def _asks(columns: Any, own: Any) -> Any:
    for at in own:  # noqa: SIM110 - an array of answers would cost more than all the rest
        if columns[at]:
            return True
    return False


@compiled()
def _give(out: Any, feature: Any, line: Any, weight: Any) -> Any:
    for at in range(len(feature)):
        out[feature[at]] += weight * line[at]


@compiled(
    "void(float32[:,::1], float64[::1], boolean[::1], int64[::1], int64[::1], int64[::1], float32[::1], "
    "float32[::1], boolean[::1], int64[::1], boolean[:,::1], float32[::1], float64[:,::1])"
)
def added(
    matrix: Any,
    share: Any,
    columns: Any,
    start: Any,
    place: Any,
    feature: Any,
    low: Any,
    high: Any,
    missing: Any,
    member: Any,
    members: Any,
    table: Any,
    out: Any,
) -> None:
    """Add to ``out`` what each leaf that asks for any of ``columns`` adds to each row.

    ``matrix`` has ``len(share)`` lines a row of ``out``, which differ in ``columns`` alone (a mask) and count
    by their ``share``. The other arrays are those of ``tree_shap.TreeShap``.
    """
    each, others = len(share), ~columns
    for leaf in range(len(place)):
        first, end = start[leaf], start[leaf + 1]
        own, size = feature[first:end], end - first
        if not _asks(columns, own):
            continue
        for row in range(len(out)):
            before, weight = 0, 0.0  # the conditions that the lines before met, and their weight
            common = _met(matrix[row * each], others, own, low, high, missing, member, members, first)
            for line in range(row * each, (row + 1) * each):
                met = common | _met(matrix[line], columns, own, low, high, missing, member, members, first)
                if met != before:
                    _give(out[row], own, table[place[leaf] + before * size :], weight)
                    before, weight = met, 0.0
                weight += share[line - row * each]
            _give(out[row], own, table[place[leaf] + before * size :], weight)
