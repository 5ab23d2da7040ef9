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
    row: Any, columns: Any, own: Any, asked: Any, low: Any, high: Any, missing: Any, member: Any, members: Any
) -> Any:
    """Bits of a leaf's conditions that the row meets, of those on ``columns``."""
    bits = 0
    for bit in range(len(own)):
        at, value = asked[bit], row[own[bit]]
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
    "void(float32[:,::1], float64[::1], boolean[::1], int64[::1], int64[::1], int64[::1], int64[::1], "
    "float32[::1], float32[::1], boolean[::1], int64[::1], boolean[:,::1], float32[::1], float64[:,::1])"
)
def added(
    matrix: Any,
    share: Any,
    columns: Any,
    start: Any,
    place: Any,
    feature: Any,
    asked: Any,
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
        own, those, size = feature[first:end], asked[first:end], end - first
        if not _asks(columns, own):
            continue
        for row in range(len(out)):
            before, weight = 0, 0.0  # the conditions that the lines before met, and their weight
            common = _met(matrix[row * each], others, own, those, low, high, missing, member, members)
            for line in range(row * each, (row + 1) * each):
                met = common | _met(matrix[line], columns, own, those, low, high, missing, member, members)
                if met != before:
                    if weight:
                        _give(out[row], own, table[place[leaf] + before * size :], weight)
                    before, weight = met, 0.0
                weight += share[line - row * each]
            _give(out[row], own, table[place[leaf] + before * size :], weight)


@compiled(
    "void(float32[::1], int64[::1], float32[::1], float32[::1], boolean[::1], int64[::1], boolean[:,::1], "
    "boolean[::1])"
)
def met(row: Any, of: Any, low: Any, high: Any, missing: Any, member: Any, members: Any, out: Any) -> None:
    """Write to ``out`` which conditions a row meets; ``of`` is the feature of each."""
    for at in range(len(out)):
        out[at] = _meets(row[of[at]], low[at], high[at], missing[at], member[at], members)


@compiled("void(boolean[::1], int64[::1], int64[::1], int64[::1], int64[::1])")
def lines(met: Any, start: Any, place: Any, asked: Any, out: Any) -> None:
    """Write to ``out`` where in the table the line of each leaf begins; ``met`` is what ``met`` writes.

    In a pass of its own: where the lines are is known before the first is read, so that the reads, which
    are far apart, overlap.
    """
    for leaf in range(len(out)):
        first, size = start[leaf], start[leaf + 1] - start[leaf]
        bits: Any = 0
        for bit in range(size):
            bits |= np.int64(met[asked[first + bit]]) << bit
        out[leaf] = place[leaf] + bits * size


@compiled("void(int64[::1], int64[::1], int64[::1], float32[::1], float64[::1])")
def gathered(lines: Any, start: Any, feature: Any, table: Any, out: Any) -> None:
    """Add to ``out`` the line of each leaf."""
    for leaf in range(len(lines)):
        first, line = start[leaf], lines[leaf]
        for bit in range(start[leaf + 1] - first):
            out[feature[first + bit]] += table[line + bit]
