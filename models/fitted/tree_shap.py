"""Path-dependent TreeSHAP of few rows, from a booster that is prepared once.

A request waits for the contributions of one row. What a leaf adds to a row hangs only on which of the few
conditions of its path the row meets, so that it is computed once for every pattern of these and then looked
up (the idea of woodelf, Nadel and Wettenstein 2025). For one pattern the leaf's value is a product over the
features of its path (Lundberg et al. 2020), and its Shapley value the integral of the multilinear extension
along the diagonal (Owen 1972): of a polynomial, which the quadrature of Gauss and Legendre integrates
without an error.
"""

from dataclasses import dataclass
from functools import cache
from itertools import groupby
from types import ModuleType
from typing import Any, Self

import numpy as np
from xgboost import Booster

from models.fitted.booster_trees import Condition, Path, codes, paths, trees

MOST = 32_000_000  # numbers that are kept of one booster; deeper trees are left to XGBoost


@dataclass(frozen=True)
class Conditions:
    """Different conditions as arrays of shape (conditions,): many leaves ask for the same.

    ``member`` is the line of ``members`` (categories' conditions, codes + 1) that one asks for, -1 for a
    number.
    """

    feature: np.ndarray
    low: np.ndarray
    high: np.ndarray
    missing: np.ndarray
    member: np.ndarray
    members: np.ndarray

    @classmethod
    def of(cls, entries: list[tuple[int, Condition]], codes: int) -> tuple[Self, np.ndarray]:
        """Gather them, each with the place of its feature; ``codes`` of categories are known.

        Beside them, for each entry the place of its condition, shape (entries,).
        """
        places: dict[Any, int] = {}
        at = np.array([places.setdefault(_key(*entry), len(places)) for entry in entries], dtype=np.int64)
        first = np.unique(at, return_index=True)[1]
        different = [entries[place] for place in first.tolist()]
        asked = [one for _, one in different]
        members = [one.members for one in asked if one.members is not None]
        is_category = np.array([one.members is not None for one in asked], dtype=bool)
        found = cls(
            np.array([feature for feature, _ in different], dtype=np.int64),
            np.array([one.low for one in asked], dtype=np.float32),
            np.array([one.high for one in asked], dtype=np.float32),
            np.array([one.missing for one in asked], dtype=bool),
            np.where(is_category, np.cumsum(is_category) - 1, -1).astype(np.int64),
            np.array(members, dtype=bool).reshape(len(members), codes + 1),
        )
        return found, at


def _key(feature: int, one: Condition) -> tuple[Any, ...]:
    """What is the same for equal conditions of a feature."""
    return feature, one.low, one.high, one.missing, None if one.members is None else one.members.tobytes()


@dataclass(frozen=True)
class TreeShap:
    """A booster's leaves, one after another.

    Parameters
    ----------
    columns
        How many the booster has.
    conditions
        What the paths ask for.
    start
        Where the entries of each leaf begin and the last ones end, shape (leaves + 1,).
    asked, feature
        What each leaf asks for, leaf by leaf: the place of the condition and its feature, shape (entries,).
    place
        Where the lines of each leaf begin in ``table``, shape (leaves,).
    table
        What each leaf adds by each of its conditions, a line a pattern: bit ``i`` of a pattern is whether
        the ``i``-th condition is met.
    """

    columns: int
    conditions: Conditions
    start: np.ndarray
    asked: np.ndarray
    feature: np.ndarray
    place: np.ndarray
    table: np.ndarray

    @classmethod
    def of(cls, booster: Booster) -> Self | None:
        """Take the trees of ``booster`` apart; None where that takes more than ``MOST`` numbers."""
        every = trees(booster)
        known = codes(every)
        leaves = [found for tree in every for found in paths(tree, known) if found[0]]
        leaves.sort(key=_size)
        sizes = np.array([_size(found) for found in leaves], dtype=np.int64)
        if (numbers := sizes << sizes).sum() > MOST:
            return None
        entries = [entry for path, _ in leaves for entry in path.items()]
        tables = [_tables(list(alike)) for _, alike in groupby(leaves, key=_size)]
        _kernels()  # whoever prepares waits for it, and not the first caller
        conditions, asked = Conditions.of(entries, known)
        return cls(
            booster.num_features(),
            conditions,
            np.concatenate([[0], np.cumsum(sizes)]),
            asked,
            conditions.feature[asked],
            np.cumsum(numbers) - numbers,
            np.concatenate([np.empty(0, dtype=np.float32), *tables]),
        )

    def contributions(self, matrix: np.ndarray) -> np.ndarray:
        """Return SHAP values on the scale of the margin, without the base, shape of ``matrix``, float64.

        ``matrix`` is float32, as thresholds are.
        """
        out, one, kernels = np.zeros((len(matrix), self.columns)), self.conditions, _kernels()
        met, lines = np.empty(len(one.feature), dtype=bool), np.empty(len(self.place), dtype=np.int64)
        rows = np.ascontiguousarray(matrix)
        for row, told in zip(rows, out, strict=True):
            kernels.met(row, one.feature, one.low, one.high, one.missing, one.member, one.members, met)
            kernels.lines(met, self.start, self.place, self.asked, lines)
            kernels.gathered(lines, self.start, self.feature, self.table, told)
        return out

    def part(self, matrix: np.ndarray, share: np.ndarray, columns: np.ndarray) -> np.ndarray:
        """Return the same of the leaves whose paths ask for any of ``columns`` alone, a mask.

        What another value in these columns changes is what these leaves add. ``matrix`` has ``len(share)``
        lines a row, which differ in these columns alone; what is returned is their mean, weighted by
        ``share``, shape (rows, columns).
        """
        out, one = np.zeros((len(matrix) // len(share), self.columns)), self.conditions
        _kernels().added(
            np.ascontiguousarray(matrix), share, columns, self.start, self.place, self.feature,
            self.asked, one.low, one.high, one.missing, one.member, one.members, self.table, out,
        )  # fmt: skip
        return out


@cache
def _kernels() -> ModuleType:
    """Import them where they are needed: numba takes half a second, the first compilation more."""
    from models.fitted import shap_kernel

    return shap_kernel


def _size(leaf: tuple[Path, float]) -> int:
    return len(leaf[0])


def _tables(leaves: list[tuple[Path, float]]) -> np.ndarray:
    """The tables of leaves with equally many conditions, one after another."""
    share = np.array([[one.share for one in path.values()] for path, _ in leaves])
    value = np.array([value for _, value in leaves], dtype=np.float64)
    return _table(share, value, _patterns(share.shape[1])).astype(np.float32).ravel()


def _patterns(size: int) -> np.ndarray:
    """Which of ``size`` conditions are met, shape (patterns, size)."""
    return (np.arange(2**size)[:, None] >> np.arange(size)) % 2 == 1


def _table(share: np.ndarray, value: np.ndarray, patterns: np.ndarray) -> np.ndarray:
    """Shapley values of leaves of ``value``, shape (leaves, patterns, features of a path).

    ``share`` (leaves, features of a path) is what a feature that is not known leaves of the leaf's value.
    """
    points, weights = np.polynomial.legendre.leggauss((share.shape[1] + 1) // 2)
    table = np.zeros((len(share), *patterns.shape))
    for point, weight in zip((points + 1) / 2, weights / 2, strict=True):
        factor = ((1 - point) * share)[:, None] + point * patterns
        rest = factor.prod(axis=2, keepdims=True) / factor
        table += weight * rest * (patterns - share[:, None])
    return value[:, None, None] * table
